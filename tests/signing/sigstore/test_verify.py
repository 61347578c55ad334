"""What holds is verified whatever its form; whatever is exchanged in it is refused at the step that it concerns."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.x509.oid import ExtendedKeyUsageOID

from attest.errors import EnvelopeError, FormatError, UsageError, VerificationError
from attest.signing.bundle import Bundle
from attest.signing.dsse import pae
from attest.signing.keys import PublicKey
from attest.signing.proof import CertificateAuthor, KeyAuthor, Proof
from attest.signing.sigstore.artifact import Artifact
from attest.signing.sigstore.trusted_root import MEDIA_TYPES, TrustedRoot
from attest.signing.sigstore.verify import Requirements, verify, verify_with_key
from tests.signing.sigstore.forge import (
    ALICE,
    FILE,
    IDENTITY,
    IN_TOTO,
    ISSUER,
    MINUTE,
    NOW,
    STATEMENT,
    Forged,
    Log,
    Sigstore,
    b64,
    fulcio,
    keyless,
    parse,
    utf8_string,
)

SIGSTORE = Sigstore()
ROOT = SIGSTORE.root()
ARTIFACT = Artifact.of_bytes(FILE)
ENTRIES = [
    ("hashedrekord 0.0.1", FILE),
    ("hashedrekord 0.0.2", FILE),
    ("hashedrekord 0.0.2", None),
    ("dsse 0.0.1", None),
    ("dsse 0.0.2", None),
    ("intoto 0.0.2", None),
]


def p256() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def check(forged: Forged | dict[str, Any], root: TrustedRoot = ROOT, **settings: Any) -> Proof:
    bundle = parse(forged) if isinstance(forged, dict) else forged.bundle()
    return verify(bundle, root, artifact=ARTIFACT, **settings)


def refused(forged: Forged | dict[str, Any], step: str, root: TrustedRoot = ROOT, **settings: Any) -> VerificationError:
    with pytest.raises(VerificationError) as caught:
        check(forged, root, **settings)
    assert caught.value.step.startswith(step), str(caught.value)
    return caught.value


REKOR_V2 = Log(ed25519.Ed25519PrivateKey.generate(), "log2026.example")
BOTH = replace(SIGSTORE, more_logs=(REKOR_V2,))
"""Rekor v2 gives no time, so the other log vouches for one."""


def logged(forged: Forged) -> dict[str, Any]:
    """In the log of its kind."""
    v2 = forged.kind in ("hashedrekord 0.0.2", "dsse 0.0.2")
    older = replace(forged, kind="dsse 0.0.1" if forged.file is None else "hashedrekord 0.0.1") if v2 else forged
    value = older.json()
    if v2:
        signature = older.signature_in(value)
        material = value["verificationMaterial"]
        material["tlogEntries"].append(REKOR_V2.entry(forged.entry_body(signature), None))
        if forged.version == "0.1":  # wants a promise of each entry
            value["mediaType"] = value["mediaType"].replace("0.1", "0.2")
    return value


@pytest.mark.parametrize(("kind", "file"), ENTRIES)
@pytest.mark.parametrize("version", ["0.1", "0.2", "0.3"])
def test_every_kind_of_entry_in_every_version(kind: str, file: bytes | None, version: str) -> None:
    value = logged(keyless(BOTH, kind=kind, file=file, version=version))
    logs = len(value["verificationMaterial"]["tlogEntries"])
    proof = check(value, BOTH.root(), requirements=Requirements(log=logs))
    assert proof.author == CertificateAuthor(ISSUER, ALICE, {"source_repository": "https://github.com/acme/app"})
    assert proof.time == NOW + MINUTE


@pytest.mark.parametrize(("kind", "file"), ENTRIES)
def test_every_kind_of_entry_with_a_key(kind: str, file: bytes | None) -> None:
    key = p256()
    public, other = PublicKey.of(key.public_key()), PublicKey.of(p256().public_key())
    bundle = parse(logged(Forged(BOTH, key, kind=kind, file=file)))
    for root, time in ((BOTH.root(), NOW + MINUTE), (None, None)):
        proof = verify_with_key(bundle, public, root=root, requirements=Requirements(1, 1), artifact=ARTIFACT)
        assert (proof.author, proof.time) == (KeyAuthor(public), time)
    with pytest.raises(VerificationError, match=r"key or certificate"):
        verify_with_key(bundle, other, root=None, requirements=Requirements(0, 0), artifact=ARTIFACT)


def test_no_time_from_a_kind_of_rekor_v2() -> None:
    refused(keyless(SIGSTORE, kind="hashedrekord 0.0.2"), "log entry: its time")


@pytest.mark.parametrize(("kind", "file"), ENTRIES)
@pytest.mark.parametrize("member", ["signature", "content", "signer"])
def test_an_entry_for_something_else(kind: str, file: bytes | None, member: str) -> None:
    """GHSA-whqx-f9j3-ch6m: the entry is in the log, but it is another signature's, content's or signer's."""
    forged = keyless(BOTH, kind=kind, file=file)
    value = logged(forged)
    signature = forged.signature_in(value)
    other = {
        "signature": lambda: forged.entry_body(b"another signature"),
        "content": lambda: replace(forged, payload=b"another", file=None if file is None else b"another").entry_body(
            signature
        ),
        "signer": lambda: replace(forged, certificate=SIGSTORE.certificate(p256())).entry_body(signature),
    }[member]()
    entries = value["verificationMaterial"]["tlogEntries"]
    entries[-1] = SIGSTORE.log.entry(other, NOW + MINUTE) if len(entries) == 1 else REKOR_V2.entry(other, None)
    refused(value, "log entry: its ", BOTH.root())


@pytest.mark.parametrize(("kind", "file"), [("hashedrekord 0.0.1", None), ("dsse 0.0.1", FILE), ("intoto 0.0.2", FILE)])
def test_an_entry_of_a_kind_that_does_not_fit(kind: str, file: bytes | None) -> None:
    refused(keyless(SIGSTORE, kind=kind, file=file), "log entry: its kind")


def test_the_kind_beside_an_entry_is_that_of_its_body() -> None:
    value = keyless(SIGSTORE).json()
    value["verificationMaterial"]["tlogEntries"][0]["kindVersion"]["kind"] = "intoto"
    refused(value, "log entry: its kind")


def test_a_blob_is_never_the_signed_form_of_an_envelope() -> None:
    message = pae(IN_TOTO, STATEMENT)
    forged = keyless(SIGSTORE, kind="hashedrekord 0.0.1", file=message)
    with pytest.raises(VerificationError, match="DSSEv1"):
        verify(forged.bundle(), ROOT, artifact=Artifact.of_bytes(message))


def test_a_signature_over_a_file_wants_the_file() -> None:
    forged = keyless(SIGSTORE, kind="hashedrekord 0.0.1", file=FILE)
    with pytest.raises(UsageError, match="none was given"):
        verify(forged.bundle(), ROOT)
    digest = Artifact.of_digest("sha256", hashlib.sha256(FILE).hexdigest())
    assert verify(forged.bundle(), ROOT, artifact=digest) == check(forged)
    with pytest.raises(VerificationError, match="digest"):
        verify(forged.bundle(), ROOT, artifact=Artifact.of_bytes(b"another"))


@pytest.mark.parametrize("curve", [ec.SECP384R1(), ec.SECP521R1(), None])
def test_other_keys_sign_statements_and_files(curve: ec.EllipticCurve | None) -> None:
    key = ed25519.Ed25519PrivateKey.generate() if curve is None else ec.generate_private_key(curve)
    assert check(keyless(SIGSTORE, key=key, kind="intoto 0.0.2")).time == NOW + MINUTE
    value = Forged(SIGSTORE, key, file=FILE, kind="hashedrekord 0.0.1").json()
    del value["verificationMaterial"]["tlogEntries"]
    del value["messageSignature"]["messageDigest"]
    public = PublicKey.of(key.public_key())
    verify_with_key(parse(value), public, root=None, requirements=Requirements(), artifact=ARTIFACT)
    with pytest.raises(VerificationError, match="does not hold"):
        verify_with_key(
            parse(value), public, root=None, requirements=Requirements(), artifact=Artifact.of_bytes(b"another")
        )
    wrong = Artifact.of_digest("sha256", hashlib.sha256(FILE).hexdigest())
    with pytest.raises(UsageError, match="is not enough"):
        verify_with_key(parse(value), public, root=None, requirements=Requirements(), artifact=wrong)


def exchange(*path: str | int, value: Any) -> Callable[[dict[str, Any]], None]:
    def change(bundle: dict[str, Any]) -> None:
        target: Any = bundle["verificationMaterial"]["tlogEntries"][0]
        for part in path[:-1]:
            target = target[part]
        target[path[-1]] = value

    return change


def test_a_time_needs_a_promise() -> None:
    value = keyless(SIGSTORE, at=None).json()
    value["verificationMaterial"]["tlogEntries"][0]["integratedTime"] = str(int((NOW + MINUTE).timestamp()))
    refused(value, "time: how many vouch for one")


@pytest.mark.parametrize(
    ("change", "step"),
    [
        (exchange("integratedTime", value=str(int(NOW.timestamp()))), "log entry: the signed entry timestamp"),
        (exchange("logIndex", value="8"), "log entry: the signed entry timestamp"),
        (exchange("inclusionPromise", "signedEntryTimestamp", value=b64(b"x" * 70)), "log entry: the signed entry"),
        (exchange("inclusionProof", "logIndex", value="0"), "log entry: the inclusion proof"),
        (exchange("inclusionProof", "logIndex", value="3"), "log entry: the inclusion proof"),
        (exchange("inclusionProof", "treeSize", value="4"), "log entry: the "),
        (exchange("inclusionProof", "rootHash", value=b64(b"x" * 32)), "log entry: the inclusion proof"),
        (exchange("inclusionProof", "hashes", value=[]), "log entry: the inclusion proof"),
        (exchange("logId", "keyId", value=b64(b"x" * 32)), "log entry: how many logs"),
    ],
)
def test_the_entry_is_in_the_log_as_it_says(change: Callable[[dict[str, Any]], None], step: str) -> None:
    value = keyless(SIGSTORE).json()
    change(value)
    refused(value, step)


def checkpointed(make: Callable[[str], str]) -> dict[str, Any]:
    value = keyless(SIGSTORE).json()
    checkpoint = value["verificationMaterial"]["tlogEntries"][0]["inclusionProof"]["checkpoint"]
    checkpoint["envelope"] = make(checkpoint["envelope"])
    return value


def test_cosignatures_are_passed_over() -> None:
    def cosigned(note: str) -> str:
        text, _, own = note.partition("\n\n")
        return f"{text}\n\n\u2014 witness.example {b64(b'hash' + b's' * 64)}\n{own}"

    assert check(checkpointed(cosigned)).time == NOW + MINUTE


@pytest.mark.parametrize(
    "make",
    [
        lambda note: note.replace("\u2014 rekor.example", "\u2014 rekor.example.evil"),
        lambda note: note.replace("\n3\n", "\n4\n"),
        lambda note: note.partition("\n\n")[0] + f"\n\n\u2014 rekor.example {b64(SIGSTORE.log.id[:4] + b's' * 70)}\n",
        lambda note: note.partition("\n\n")[0] + f"\n\n\u2014 rekor.example {b64(b'hash' + b's' * 70)}\n",
        lambda note: note.replace(b64(SIGSTORE.log.id[:3])[:4], "AAAA"),
    ],
    ids=["name", "size", "signature", "key id", "another key id"],
)
def test_a_checkpoint_that_is_not_the_logs(make: Callable[[str], str]) -> None:
    refused(checkpointed(make), "log entry: the checkpoint")


@pytest.mark.parametrize(
    "make",
    [
        lambda note: note.rstrip("\n"),
        lambda note: note.replace("\n\n", "\n"),
        lambda note: note.partition("\n")[2],
        lambda note: note.partition("\n\n")[0] + "\n\n",
        lambda note: note + "no signature\n",
        lambda note: note.replace("\n3\n", "\n03\n"),
        lambda note: "\n" + note,
        lambda _: "",
    ],
)
def test_what_is_no_checkpoint(make: Callable[[str], str]) -> None:
    with pytest.raises((FormatError, VerificationError), match="checkpoint"):
        check(checkpointed(make))


@pytest.mark.parametrize(
    ("sigstore", "step"),
    [
        (replace(SIGSTORE, log=replace(SIGSTORE.log, end=NOW + MINUTE)), None),
        (replace(SIGSTORE, log=replace(SIGSTORE.log, start=NOW + MINUTE)), None),
        (replace(SIGSTORE, log=replace(SIGSTORE.log, end=NOW)), "log entry: the time of its log"),
        (replace(SIGSTORE, log=replace(SIGSTORE.log, start=NOW + 2 * MINUTE)), "log entry: the time of its log"),
        (replace(SIGSTORE, ct=replace(SIGSTORE.ct, end=NOW)), None),
        (replace(SIGSTORE, ct=replace(SIGSTORE.ct, end=NOW - MINUTE)), "certificate: which log"),
        (replace(SIGSTORE, ct=Log(p256(), "ct.example")), "certificate: which log"),
        (replace(SIGSTORE, ca_end=NOW + MINUTE), None),
        (replace(SIGSTORE, ca_end=NOW), "certificate: the time of its authority"),
        (replace(SIGSTORE, ca_start=NOW + 2 * MINUTE), "certificate: the time of its authority"),
        (replace(SIGSTORE, ca_key=p256()), "certificate: the path"),
        (replace(SIGSTORE, log=Log(p256())), "log entry: how many logs"),
        (Sigstore(), "log entry: how many logs"),
    ],
)
def test_windows_and_keys_of_the_trusted_root(sigstore: Sigstore, step: str | None) -> None:
    """A window's ends are within it."""
    if step is None:
        assert check(keyless(SIGSTORE), sigstore.root()).time == NOW + MINUTE
    else:
        refused(keyless(SIGSTORE), step, sigstore.root())


@pytest.mark.parametrize("media_type", MEDIA_TYPES)
def test_every_version_of_a_trusted_root(media_type: str) -> None:
    assert check(keyless(SIGSTORE), replace(SIGSTORE, media_type=media_type).root()).time == NOW + MINUTE


def test_rekor_v2_signs_its_tree_with_ed25519_and_gives_no_time() -> None:
    log = Log(ed25519.Ed25519PrivateKey.generate(), "log2026.example")
    sigstore = replace(SIGSTORE, log=log)
    refused(keyless(sigstore, kind="hashedrekord 0.0.2", at=None), "time: how many", sigstore.root())
    key = p256()
    forged = Forged(sigstore, key, kind="hashedrekord 0.0.2", at=None)
    public = PublicKey.of(key.public_key())
    proof = verify_with_key(forged.bundle(), public, root=sigstore.root(), requirements=Requirements(1, 0))
    assert proof.time is None
    ended = replace(sigstore, log=replace(log, end=NOW)).root()
    with pytest.raises(VerificationError, match="no verified time"):
        verify_with_key(forged.bundle(), public, root=ended, requirements=Requirements(1, 0))
    with pytest.raises(VerificationError, match="how many vouch"):
        verify_with_key(forged.bundle(), public, root=sigstore.root(), requirements=Requirements(1, 1))


@pytest.mark.parametrize("at", [NOW - MINUTE, NOW + 11 * MINUTE, NOW + timedelta(days=400)])
def test_the_certificate_is_valid_when_it_is_used(at: Any) -> None:
    refused(keyless(SIGSTORE, at=at), "certificate: the signer's certificate at the time of signing")


def with_identity(*extensions: x509.ExtensionType, **settings: Any) -> Forged:
    key = p256()
    return keyless(SIGSTORE, key=key, certificate=SIGSTORE.certificate(key, extensions or IDENTITY, **settings))


URI = x509.SubjectAlternativeName([x509.UniformResourceIdentifier("https://github.com/acme/app")])
OTHER = x509.SubjectAlternativeName(
    [x509.OtherName(x509.ObjectIdentifier("1.3.6.1.4.1.57264.1.7"), utf8_string("foo!oidc.local"))]
)


@pytest.mark.parametrize(
    ("extensions", "subject"),
    [
        ((URI, fulcio(8, utf8_string(ISSUER))), "https://github.com/acme/app"),
        ((URI, fulcio(1, ISSUER.encode())), "https://github.com/acme/app"),
        ((OTHER, fulcio(8, utf8_string(ISSUER))), "foo!oidc.local"),
    ],
)
def test_identities(extensions: tuple[x509.ExtensionType, ...], subject: str) -> None:
    assert check(with_identity(*extensions)).author == CertificateAuthor(ISSUER, subject, {})


@pytest.mark.parametrize(
    "extensions",
    [
        (URI,),
        (URI, fulcio(1, b"https://one"), fulcio(8, utf8_string("https://two"))),
        (URI, fulcio(8, ISSUER.encode())),
        (URI, fulcio(8, utf8_string(ISSUER) + b"\x00")),
        (URI, fulcio(8, b"\x0c\x81\x02ab")),
        (URI, fulcio(8, b"\x0c\x02\xff\xff")),
        (URI, fulcio(8, b"\x0c")),
        (
            x509.SubjectAlternativeName([x509.RFC822Name(ALICE), x509.RFC822Name("eve@example.test")]),
            fulcio(8, utf8_string(ISSUER)),
        ),
        (x509.SubjectAlternativeName([x509.DNSName("example.test")]), fulcio(8, utf8_string(ISSUER))),
    ],
)
def test_what_is_no_identity(extensions: tuple[x509.ExtensionType, ...]) -> None:
    refused(with_identity(*extensions), "identity: ")


def test_certificates_of_another_profile() -> None:
    refused(with_identity(sct=False), "certificate: which log")
    refused(with_identity(purpose=ExtendedKeyUsageOID.SERVER_AUTH), "certificate: what its key")
    usage = x509.KeyUsage(False, True, False, False, False, False, False, False, False)
    refused(with_identity(usage=usage), "certificate: what its key")
    refused(with_identity(*IDENTITY, x509.BasicConstraints(True, None)), "certificate: ")


def test_a_timestamp_of_certificates_by_another_key() -> None:
    """In the name of the log that the trusted root has."""
    impostor = replace(SIGSTORE, ct=Impostor(p256(), "ct.example"))
    key = p256()
    refused(keyless(SIGSTORE, key=key, certificate=impostor.certificate(key)), "certificate: its timestamp")


class Impostor(Log):
    @property
    def id(self) -> bytes:
        return SIGSTORE.ct.id


def test_the_digest_beside_a_signature_is_the_files() -> None:
    for digest in ({"algorithm": "SHA2_256", "digest": b64(b"x" * 32)}, {"algorithm": "MD5", "digest": b64(b"x" * 16)}):
        value = keyless(SIGSTORE, kind="hashedrekord 0.0.1", file=FILE).json()
        value["messageSignature"]["messageDigest"] = digest
        refused(value, "signature: the digest beside it")


def test_superfluous_certificates_are_passed_over() -> None:
    """npm's bundles of 2023 carry the root; a root that somebody puts in is trusted for nothing."""
    for version in ("0.1", "0.2", "0.3"):
        forged = keyless(SIGSTORE, version=version, chain=SIGSTORE.authority())
        assert check(forged).time == NOW + MINUTE
        other = Sigstore(log=SIGSTORE.log, ct=SIGSTORE.ct)
        refused(keyless(other, version=version, chain=other.authority()), "certificate: the path")


def test_intermediates_may_come_with_the_bundle() -> None:
    value = SIGSTORE.root_json()
    del value["certificateAuthorities"][0]["certChain"]["certificates"][0]
    root = TrustedRoot.parse(json.dumps(value).encode())
    refused(keyless(SIGSTORE), "certificate: the path", root)
    assert check(keyless(SIGSTORE, chain=SIGSTORE.authority()[:1]), root).time == NOW + MINUTE


def test_thresholds_count_distinct_logs() -> None:
    second = Log(p256(), "second.example")
    sigstore = replace(SIGSTORE, more_logs=(second,))
    forged = keyless(sigstore)
    value = forged.json()
    entries = value["verificationMaterial"]["tlogEntries"]
    entries.append(entries[0])
    two = Requirements(log=2, timestamp=2)
    refused(value, "log entry: how many logs", sigstore.root(), requirements=two)
    refused(value, "time: how many vouch", sigstore.root(), requirements=Requirements(log=1, timestamp=2))
    body = json.loads(base64.b64decode(entries[0]["canonicalizedBody"]))
    entries[1] = second.entry(body, NOW + 2 * MINUTE)
    assert check(value, sigstore.root(), requirements=two).time == NOW + MINUTE
    refused(value, "log entry: how many logs", requirements=two)
    entries[1]["inclusionPromise"] = entries[0]["inclusionPromise"]
    refused(value, "log entry: the signed entry timestamp", sigstore.root())


def test_each_verified_time_is_within_the_certificate() -> None:
    second = Log(p256(), "second.example")
    sigstore = replace(SIGSTORE, more_logs=(second,))
    value = keyless(sigstore).json()
    entries = value["verificationMaterial"]["tlogEntries"]
    body = json.loads(base64.b64decode(entries[0]["canonicalizedBody"]))
    entries.append(second.entry(body, NOW + 20 * MINUTE))
    refused(value, "certificate: the signer's certificate at the time of signing", sigstore.root())


def test_key_and_certificate_are_not_taken_for_one_another() -> None:
    key = p256()
    refused(Forged(SIGSTORE, key), "verification material")
    with pytest.raises(VerificationError, match="verification material"):
        verify_with_key(
            keyless(SIGSTORE).bundle(), PublicKey.of(key.public_key()), root=ROOT, requirements=Requirements()
        )


def test_versions_want_what_they_want() -> None:
    assert check(keyless(SIGSTORE, version="0.1", proof=False)).time == NOW + MINUTE
    for forged in (
        keyless(SIGSTORE, version="0.1", at=None),
        keyless(SIGSTORE, version="0.2", proof=False),
        keyless(SIGSTORE, version="0.3", proof=False),
    ):
        with pytest.raises(EnvelopeError, match="must have one"):
            check(forged)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("logIndex",), "-1"),
        (("logIndex",), "1.0"),
        (("logIndex",), "99999999999999999999"),
        (("integratedTime",), True),
        (("inclusionProof", "hashes"), [1]),
        (("inclusionProof", "hashes"), "text"),
        (("inclusionProof", "checkpoint"), None),
        (("logId",), None),
        (("kindVersion",), {}),
        (("canonicalizedBody",), "e30=\n"),
        (("canonicalizedBody",), "W10="),
        (("canonicalizedBody",), "e30="),
    ],
)
def test_malformed_material(path: tuple[str, ...], value: Any) -> None:
    bundle = keyless(SIGSTORE, at=None, version="0.2").json()
    exchange(*path, value=value)(bundle)
    with pytest.raises((FormatError, VerificationError)):
        check(bundle)


def test_limits() -> None:
    value = keyless(SIGSTORE).json()
    value["verificationMaterial"]["tlogEntries"] *= 33
    with pytest.raises(EnvelopeError, match="more than the limit of 32"):
        check(value)
    with pytest.raises(FormatError, match="more than the limit"):
        Bundle.parse(b" " * (100 * 1024 * 1024))


def test_a_damaged_certificate_is_malformed() -> None:
    value = keyless(SIGSTORE).json()
    value["verificationMaterial"]["certificate"]["rawBytes"] = b64(b"\x30\x03\x02\x01\x01")
    with pytest.raises(EnvelopeError, match="certificate"):
        check(value)
