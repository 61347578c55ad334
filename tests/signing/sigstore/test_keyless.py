"""Signatures without a key, made with a whole deployment: every kind of statement, read back by two verifiers."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sigstore.errors import VerificationError as SigstoreRefusal
from sigstore.models import Bundle as SigstoreBundle
from sigstore.models import TrustedRoot as SigstoreRoot
from sigstore.verify import Verifier
from sigstore.verify.policy import Identity as SigstorePolicy

from attest import names
from attest.errors import EnvelopeError, StoreUnavailable, TrustError, UsageError, VerificationError
from attest.signing.bundle import Bundle
from attest.signing.dsse import pae
from attest.signing.proof import CertificateAuthor
from attest.signing.sign import sign_statement
from attest.signing.sigstore import keyless
from attest.signing.sigstore.deployment import Deployment, load_deployment
from attest.signing.sigstore.identity_token import Identity
from attest.signing.sigstore.keyless import KeylessSigner
from attest.signing.sigstore.trusted_root import TrustedRoot
from attest.signing.sigstore.verify import verify
from attest.statements.statement import Subject, write_statement
from tests.private_sigstore.stack import PrivateSigstore

pytestmark = [pytest.mark.slow, pytest.mark.peer("ctlog", "fulcio", "rekor-server", "tsa")]

ALICE = "alice@example.test"
SHA256 = Subject("pkg:pypi/acme@1.0", {"sha256": "ab" * 32})


def statement(*subjects: Subject) -> bytes:
    return write_statement(subjects, "https://example.test/tested/v1", {"result": "good"})


NAMELESS = json.dumps(
    {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"digest": {"sha256": "ab" * 32}}],
        "predicateType": "https://example.test/tested/v1",
    }
).encode()

PAYLOADS = {
    "sha256": (statement(SHA256), names.IN_TOTO_PAYLOAD),
    "sha512": (statement(Subject("pkg:npm/x@1.0.0", {"sha512": "cd" * 64})), names.IN_TOTO_PAYLOAD),
    "golang": (statement(SHA256, Subject("pkg:golang/x.test/m@v1", {"dirHash1": "ab" * 32})), names.IN_TOTO_PAYLOAD),
    "nuget": (statement(SHA256, Subject("pkg:nuget/x@1", {"nugetContentHash": "ab" * 64})), names.IN_TOTO_PAYLOAD),
    "swift": (statement(SHA256, Subject("pkg:swift/x.test/o/m@1", {"gitCommit": "ab" * 20})), names.IN_TOTO_PAYLOAD),
    "nameless": (NAMELESS, names.IN_TOTO_PAYLOAD),
    "revocation": (statement(SHA256), "application/vnd.in-toto.revocation+json"),
    "not JSON": (b"\xff\x00 bytes", "application/octet-stream"),
    "not ASCII": (b"{}", "application/\u00e9"),
}


@pytest.fixture
def deployment(private_sigstore: PrivateSigstore) -> Deployment:
    return load_deployment(private_sigstore.client_trust_config, offline=True, now=datetime.now(UTC))


@pytest.fixture
def root(private_sigstore: PrivateSigstore) -> TrustedRoot:
    return TrustedRoot.parse(private_sigstore.trusted_root.read_bytes())


def identify(sigstore: PrivateSigstore, email: str = ALICE) -> Callable[[], Identity]:
    return lambda: Identity.of(sigstore.token(email), where="test")


@pytest.fixture(scope="module")
def signer(private_sigstore: PrivateSigstore) -> KeylessSigner:
    deployment = load_deployment(private_sigstore.client_trust_config, offline=True, now=datetime.now(UTC))
    return KeylessSigner(deployment, identify(private_sigstore))


def certificate(bundle: bytes) -> str:
    found = json.loads(bundle)["verificationMaterial"]["certificate"]["rawBytes"]
    assert isinstance(found, str)
    return found


@pytest.mark.parametrize("kind", PAYLOADS)
def test_every_statement_is_signed(
    private_sigstore: PrivateSigstore, signer: KeylessSigner, root: TrustedRoot, kind: str
) -> None:
    payload, payload_type = PAYLOADS[kind]
    raw = signer.bundle(payload, payload_type)
    document = json.loads(raw)
    assert document["mediaType"] == names.BUNDLE_V03
    (entry,) = document["verificationMaterial"]["tlogEntries"]
    assert entry["kindVersion"] == {"kind": "hashedrekord", "version": "0.0.2"}

    bundle = Bundle.parse(raw)
    assert (bundle.envelope.payload, bundle.envelope.payload_type) == (payload, payload_type)
    proof = verify(bundle, root)
    assert proof.author == CertificateAuthor(private_sigstore.issuer.people, ALICE, {"token_subject": ALICE})
    assert proof.time is not None
    assert abs((datetime.now(UTC) - proof.time).total_seconds()) < 60

    accept = SigstorePolicy(identity=ALICE, issuer=private_sigstore.issuer.people)
    theirs = Verifier(trusted_root=SigstoreRoot.from_file(str(private_sigstore.trusted_root)))
    if payload_type.isascii():
        assert theirs.verify_dsse(SigstoreBundle.from_json(raw), accept) == (payload_type, payload)
    else:  # where DSSE counts the bytes of the type, `sigstore` 4.5.1 counts its characters
        with pytest.raises(SigstoreRefusal, match="invalid signature"):
            theirs.verify_dsse(SigstoreBundle.from_json(raw), accept)


def test_another_deployment_says_nothing(private_sigstore: PrivateSigstore, signer: KeylessSigner) -> None:
    raw = signer.bundle(*PAYLOADS["golang"])
    with pytest.raises(VerificationError):
        verify(Bundle.parse(raw), TrustedRoot.parse(private_sigstore.other_trusted_root.read_bytes()))


def test_the_envelope_belongs_to_the_signature(signer: KeylessSigner, root: TrustedRoot) -> None:
    """What is put around a signature afterwards is nevertheless what was signed."""
    document = json.loads(signer.bundle(*PAYLOADS["golang"]))
    other = json.loads(signer.bundle(*PAYLOADS["nuget"]))
    document["dsseEnvelope"]["payload"] = other["dsseEnvelope"]["payload"]
    with pytest.raises(VerificationError):
        verify(Bundle.parse(json.dumps(document).encode()), root)


def test_one_certificate_for_many_signatures(signer: KeylessSigner) -> None:
    signed = {certificate(signer.bundle(*PAYLOADS[kind])) for kind in ("sha256", "golang", "revocation")}
    assert len(signed) == 1


def test_an_old_certificate_is_renewed(
    private_sigstore: PrivateSigstore, deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = iter(["first@example.test", "second@example.test"])
    signer = KeylessSigner(deployment, lambda: Identity.of(private_sigstore.token(next(people)), where="test"))
    first = certificate(signer.bundle(*PAYLOADS["sha256"]))
    monkeypatch.setattr(keyless, "_RENEW_AFTER", 0.0)
    assert certificate(signer.bundle(*PAYLOADS["sha256"])) != first


def test_a_message_of_dsse_is_no_statement(signer: KeylessSigner) -> None:
    with pytest.raises(EnvelopeError):
        sign_statement(pae(names.IN_TOTO_PAYLOAD, statement(SHA256)), signer)


def changed(deployment: Deployment, change: Callable[[dict[str, Any]], None]) -> Deployment:
    document = json.loads(deployment.document)
    change(document["signingConfig"])
    return Deployment("changed", public=False, document=json.dumps(document).encode())


@pytest.mark.parametrize("member", ["caUrls", "rekorTlogUrls", "tsaUrls"])
def test_a_service_that_is_not_named(private_sigstore: PrivateSigstore, deployment: Deployment, member: str) -> None:
    without = changed(deployment, lambda config: config.update({member: []}))
    with pytest.raises(TrustError, match="cannot sign with this deployment"):
        KeylessSigner(without, identify(private_sigstore))


@pytest.mark.parametrize(
    ("service", "what"),
    [
        ("fulcio", "Fulcio gave no certificate"),
        ("rekor", "Rekor did not log the signature"),
        ("tsa", "the signature cannot be completed"),
    ],
)
def test_a_service_that_is_down(
    private_sigstore: PrivateSigstore,
    deployment: Deployment,
    service: str,
    what: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    address = getattr(private_sigstore.addresses, service).encode()
    down = Deployment("down", public=False, document=deployment.document.replace(address, b"http://127.0.0.1:9"))
    with pytest.raises(StoreUnavailable, match=what) as raised:
        KeylessSigner(down, identify(private_sigstore)).bundle(*PAYLOADS["sha256"])
    assert "Connection refused" in str(raised.value)


@pytest.mark.parametrize("service", ["fulcio", "rekor"])
def test_a_service_that_never_answers(
    private_sigstore: PrivateSigstore, deployment: Deployment, service: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keyless, "_ANSWER_SECONDS", 2.0)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}".encode()
        document = deployment.document.replace(getattr(private_sigstore.addresses, service).encode(), address)
        with pytest.raises(StoreUnavailable, match="no answer within 2 s"):
            KeylessSigner(Deployment("silent", public=False, document=document), identify(private_sigstore)).bundle(
                *PAYLOADS["sha256"]
            )


@pytest.mark.parametrize("service", ["fulcio", "rekor"])
def test_a_service_that_answers_nonsense(
    private_sigstore: PrivateSigstore, deployment: Deployment, service: str
) -> None:
    """The identity provider answers 404, and JSON without what is looked for."""
    address = getattr(private_sigstore.addresses, service).encode()
    document = deployment.document.replace(address, private_sigstore.issuer.people.encode() + b"/nobody")
    with pytest.raises((StoreUnavailable, UsageError)):
        KeylessSigner(Deployment("odd", public=False, document=document), identify(private_sigstore)).bundle(
            *PAYLOADS["sha256"]
        )


def test_rekor_v1_takes_no_message_for_a_statement(private_sigstore: PrivateSigstore, deployment: Deployment) -> None:
    def older(config: dict[str, Any]) -> None:
        config["rekorTlogUrls"][0]["majorApiVersion"] = 1

    signer = KeylessSigner(changed(deployment, older), identify(private_sigstore))
    for kind in ("golang", "nuget", "swift", "nameless", "revocation"):
        with pytest.raises(UsageError, match="Rekor v1"):
            signer.bundle(*PAYLOADS[kind])
    for kind in ("sha256", "sha512"):  # these it would hold; what runs here is no Rekor v1
        with pytest.raises(StoreUnavailable, match="Rekor did not log the signature: HTTP 404"):
            signer.bundle(*PAYLOADS[kind])


def test_a_stranger_is_refused(private_sigstore: PrivateSigstore, deployment: Deployment) -> None:
    token = private_sigstore.token(iss="http://127.0.0.1:9")
    with pytest.raises(UsageError, match=r"Fulcio refuses the identity alice@example\.test") as raised:
        KeylessSigner(deployment, lambda: Identity.of(token, where="test"))
    assert token not in str(raised.value)


def test_a_certificate_of_another_log_is_refused(private_sigstore: PrivateSigstore, deployment: Deployment) -> None:
    document = json.loads(deployment.document)
    document["trustedRoot"] = json.loads(private_sigstore.other_trusted_root.read_text())
    other = Deployment("other", public=False, document=json.dumps(document).encode())
    with pytest.raises(TrustError, match="the certificate is not one of this deployment"):
        KeylessSigner(other, identify(private_sigstore))


@pytest.mark.parametrize("part", ["tlogs", "timestampAuthorities"])
def test_what_nobody_could_verify_is_not_given_out(
    private_sigstore: PrivateSigstore, deployment: Deployment, part: str
) -> None:
    """The trusted root names another log, or another authority, than those that answered."""
    document = json.loads(deployment.document)
    document["trustedRoot"][part] = json.loads(private_sigstore.other_trusted_root.read_text())[part]
    mixed = Deployment("mixed", public=False, document=json.dumps(document).encode())
    signer = KeylessSigner(mixed, identify(private_sigstore))
    with pytest.raises(TrustError, match="nobody could verify the signature that was made"):
        signer.bundle(*PAYLOADS["golang"])


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("not json", "cannot read the trust configuration"),
        ('{"mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1"}', "not a trust configuration"),
        (
            '{"mediaType": "application/vnd.dev.sigstore.clienttrustconfig.v0.1+json"}',
            "cannot sign with this deployment",
        ),
    ],
)
def test_a_file_that_is_no_trust_configuration(tmp_path: Path, text: str, why: str) -> None:
    (tmp_path / "config.json").write_text(text)
    with pytest.raises(TrustError, match=why):
        load_deployment(tmp_path / "config.json", offline=True, now=datetime.now(UTC)).client_trust_config()
