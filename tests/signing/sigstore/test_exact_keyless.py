"""How a keyless signer signs: with which certificate, what, and what of it is given out.

`sigstore`'s own signer is stood in for by one that forges; timestamps are OpenSSL's. That real services do the same is
in test_keyless.
"""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import sigstore.sign
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from sigstore.dsse import Statement
from sigstore.errors import Error

from attest import names
from attest.errors import StoreUnavailable, TrustError, UsageError
from attest.signing.bundle import Bundle
from attest.signing.sigstore.deployment import Deployment
from attest.signing.sigstore.identity_token import Identity
from attest.signing.sigstore.keyless import KeylessSigner
from attest.signing.sigstore.verify import verify
from tests.private_sigstore.documents import Addresses, client_trust_config, signing_config
from tests.private_sigstore.issuer import Issuer
from tests.signing.notation.tsa import Authority
from tests.signing.sigstore import forge
from tests.signing.sigstore.forge import IN_TOTO, MINUTE, STATEMENT, Forged, Log, Sigstore, b64, rfc3339
from tests.signing.sigstore.test_exact_timestamp import Clock, Made

ALICE = "alice@example.test"
NAMELESS = STATEMENT.replace(b'"name":"a"', b'"uri":"a"')
ADDRESSES = Addresses(*(f"https://{name}.example" for name in ("fulcio", "rekor", "ctlog", "tsa", "people")))


@dataclass
class Forger:
    """`SigningContext` and what it gives: ``certified`` are the tokens that it was asked with."""

    sigstore: Sigstore
    clock: Made
    kind: str = "hashedrekord 0.0.2"
    certified: list[str] = field(default_factory=list)
    change: Callable[[dict[str, Any]], None] = lambda _: None

    @contextmanager
    def signer(self, token: object) -> Iterator[SimpleNamespace]:
        self.certified.append(str(token))
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = self.sigstore.certificate(key, at=forge.NOW - MINUTE)
        made = Forged(self.sigstore, key, kind=self.kind, certificate=certificate, at=None)

        def sign_dsse(statement: Statement) -> SimpleNamespace:
            return self.finished(replace(made, payload=statement._contents))

        def sign_artifact(message: bytes) -> SimpleNamespace:
            return self.finished(replace(made, file=message))

        yield SimpleNamespace(sign_dsse=sign_dsse, sign_artifact=sign_artifact)

    def finished(self, made: Forged) -> SimpleNamespace:
        value = made.json()
        stamp = self.clock.stamp(made.signature_in(value))
        value["verificationMaterial"]["timestampVerificationData"] = {
            "rfc3161Timestamps": [{"signedTimestamp": b64(stamp)}]
        }
        self.change(value)
        return SimpleNamespace(to_json=lambda: json.dumps(value))

    def document(self, **changes: Any) -> bytes:
        """How it is described."""
        chain = [{"rawBytes": b64(item.public_bytes(Encoding.DER))} for item in self.clock.entity.chain]
        authority = {
            "subject": {"organization": "example", "commonName": "forged"},
            "uri": ADDRESSES.tsa,
            "certChain": {"certificates": chain},
            "validFor": {"start": rfc3339(forge.NOW - 60 * MINUTE)},
        }
        root = self.sigstore.root_json() | {"timestampAuthorities": [authority]}
        return json.dumps(client_trust_config(root, signing_config(ADDRESSES) | changes)).encode()

    def deployment(self, **changes: Any) -> Deployment:
        return Deployment("forged", public=False, document=self.document(**changes))


@pytest.fixture
def forger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Forger:
    """A deployment of now, as timestamps are."""
    now = datetime.now(UTC).replace(microsecond=0)
    monkeypatch.setattr(forge, "NOW", now)
    key = ec.generate_private_key(ec.SECP256R1())
    log, ct = (Log(key, name, start=now - 60 * MINUTE) for name in ("rekor.example", "ct.example"))
    entity = Clock("Time", 60).entity
    clock = Made(entity, Authority(tmp_path / "clock", entity, chain=False))
    forger = Forger(Sigstore(log=log, ct=ct, ca_start=now - 60 * MINUTE), clock)
    monkeypatch.setattr(sigstore.sign, "SigningContext", SimpleNamespace(from_trust_config=lambda _: forger))
    return forger


@pytest.fixture(scope="module")
def issuer() -> Iterator[Issuer]:
    issuer = Issuer()
    yield issuer
    issuer.close()


@pytest.fixture
def identify(issuer: Issuer) -> Callable[[], Identity]:
    return lambda: Identity.of(issuer.token(ALICE), where="test")


def signed(signer: KeylessSigner, payload: bytes = STATEMENT, payload_type: str = IN_TOTO) -> dict[str, Any]:
    """A bundle, which must hold and be over this."""
    raw = signer.bundle(payload, payload_type)
    bundle = Bundle.parse(raw)
    assert (bundle.envelope.payload, bundle.envelope.payload_type) == (payload, payload_type)
    verify(bundle, signer._root)
    value: dict[str, Any] = json.loads(raw)
    assert value.keys() == {"mediaType", "verificationMaterial", "dsseEnvelope"}
    return value


def certificate(bundle: dict[str, Any]) -> bytes:
    return base64.b64decode(bundle["verificationMaterial"]["certificate"]["rawBytes"])


@pytest.mark.parametrize(
    ("payload", "payload_type", "way"),
    [
        (STATEMENT, IN_TOTO, "sign_dsse"),
        (NAMELESS, IN_TOTO, "sign_artifact"),
        (STATEMENT, "application/vnd.in-toto.revocation+json", "sign_artifact"),
        (b"\xff", "application/octet-stream", "sign_artifact"),
    ],
)
def test_every_payload_is_signed(
    forger: Forger,
    identify: Callable[[], Identity],
    monkeypatch: pytest.MonkeyPatch,
    payload: bytes,
    payload_type: str,
    way: str,
) -> None:
    """By `sigstore` as a statement where it takes it, otherwise as the message that DSSE makes of it."""
    ways: list[str] = []
    forger.change = lambda value: ways.append("sign_dsse" if "dsseEnvelope" in value else "sign_artifact")
    signed(KeylessSigner(forger.deployment(), identify), payload, payload_type)
    assert ways == [way]


def test_one_certificate_until_it_is_renewed(
    forger: Forger, identify: Callable[[], Identity], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 10_000.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    signer = KeylessSigner(forger.deployment(), identify)
    assert len(forger.certified) == 1
    first = certificate(signed(signer))
    now += 480
    assert certificate(signed(signer)) == first
    now += 1
    second = certificate(signed(signer))
    assert second != first
    now += 480
    assert certificate(signed(signer)) == second
    assert len(forger.certified) == 2


def test_an_entry_of_another_kind_is_not_given_out(forger: Forger, identify: Callable[[], Identity]) -> None:
    signer = KeylessSigner(forger.deployment(), identify)

    def other(name: str, value: str) -> Callable[[dict[str, Any]], None]:
        def change(bundle: dict[str, Any]) -> None:
            bundle["verificationMaterial"]["tlogEntries"][0]["kindVersion"][name] = value

        return change

    def twice(bundle: dict[str, Any]) -> None:
        bundle["verificationMaterial"]["tlogEntries"] *= 2

    for change in (other("kind", "dsse"), other("version", "0.0.1"), twice):
        forger.change = change
        with pytest.raises(TrustError, match="the log made an entry of another kind") as caught:
            signer.bundle(NAMELESS, IN_TOTO)
        assert caught.value.where == "forged"


@pytest.mark.parametrize("payload", [STATEMENT, NAMELESS])
def test_what_nobody_could_verify_is_not_given_out(
    forger: Forger, identify: Callable[[], Identity], payload: bytes
) -> None:
    signer = KeylessSigner(forger.deployment(), identify)

    def untimed(bundle: dict[str, Any]) -> None:
        del bundle["verificationMaterial"]["timestampVerificationData"]

    forger.change = untimed
    with pytest.raises(TrustError, match="nobody could verify the signature that was made") as caught:
        signer.bundle(payload, IN_TOTO)
    assert caught.value.where == "forged"
    assert "time: how many vouch" in (caught.value.why or "")


def older() -> dict[str, Any]:
    (log,) = signing_config(ADDRESSES)["rekorTlogUrls"]
    return {"rekorTlogUrls": [log | {"majorApiVersion": 1}]}


@pytest.mark.parametrize("changes", [{}, {"tsaUrls": []}])
def test_a_log_that_takes_statements_only(
    forger: Forger, identify: Callable[[], Identity], changes: dict[str, Any]
) -> None:
    """Rekor v1, which says itself when a signature was made."""
    signer = KeylessSigner(forger.deployment(**older(), **changes), identify)
    signed(signer)
    for payload, payload_type in ((NAMELESS, IN_TOTO), (STATEMENT, "text/plain")):
        with pytest.raises(UsageError, match="the log cannot hold this signature") as caught:
            signer.bundle(payload, payload_type)
        assert caught.value.where == "forged"


def test_a_log_without_times_needs_an_authority_for_them(forger: Forger, identify: Callable[[], Identity]) -> None:
    with pytest.raises(TrustError, match="cannot sign with this deployment") as caught:
        KeylessSigner(forger.deployment(tsaUrls=[]), identify)
    assert caught.value.where == "forged"
    assert "it names no timestamp authority for now" in (caught.value.why or "")
    assert forger.certified == []


def test_what_goes_wrong_is_of_this_deployment(forger: Forger, identify: Callable[[], Identity]) -> None:
    signer = KeylessSigner(forger.deployment(), identify)

    def fails(_: object) -> None:
        raise Error("no time")

    forger.change = fails
    with pytest.raises(StoreUnavailable, match="the signature cannot be completed") as caught:
        signer.bundle(STATEMENT, names.IN_TOTO_PAYLOAD)
    assert (caught.value.where, caught.value.why) == ("forged", "no time")
