"""Timestamps by an authority of the trusted root: which count, for what, and how many of them."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from rfc3161_client import HashAlgorithm, TimestampRequestBuilder

from attest.errors import UsageError, VerificationError
from attest.signing.bundle import Bundle
from attest.signing.keys import PublicKey
from attest.signing.proof import KeyAuthor, Proof
from attest.signing.sigstore.material import Material
from attest.signing.sigstore.timestamp import time_of, verify_timestamps
from attest.signing.sigstore.trusted_root import TrustedRoot
from attest.signing.sigstore.verify import Requirements, verify, verify_with_key
from tests.signing.notation.pki import CA, DAY, TSA, Entity
from tests.signing.notation.pki import NOW as TODAY
from tests.signing.notation.pki import der as encoded
from tests.signing.notation.pki import root as authority_root
from tests.signing.notation.tokens import Token, integer, seq
from tests.signing.notation.tsa import Authority
from tests.signing.sigstore import forge
from tests.signing.sigstore.forge import Forged, b64, keyless, rfc3339

SIGSTORE = forge.Sigstore()
SIGNATURE = b"the bytes of a signature"
HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Clock:
    """One authority: root, one that issues, and the one that signs."""

    name: str
    which: int

    @property
    def entity(self) -> Entity:
        top = authority_root(f"C=US,ST=WA,O={self.name},CN=Root", which=self.which)
        issuing = top.issue(f"C=US,ST=WA,O={self.name},CN=Issuing", CA, which=self.which + 1)
        return issuing.issue(f"C=US,ST=WA,O={self.name},CN=Clock", TSA, which=self.which + 2)


@dataclass(frozen=True)
class Made:
    """An authority that answers."""

    entity: Entity
    authority: Authority

    def stamp(self, data: bytes) -> bytes:
        """A TimeStampResp over ``data``, as bundles have them."""
        request = TimestampRequestBuilder().data(data).hash_algorithm(HashAlgorithm.SHA256).nonce(nonce=True)
        return self.authority.answer(request.build().as_bytes())


@pytest.fixture
def clock(tmp_path: Path) -> Made:
    entity = Clock("Time", 60).entity
    return Made(entity, Authority(tmp_path / "one", entity, chain=False))


@pytest.fixture
def other(tmp_path: Path) -> Made:
    entity = Clock("Other", 70).entity
    return Made(entity, Authority(tmp_path / "other", entity, chain=False))


def root(
    *chains: Sequence[x509.Certificate], start: datetime = TODAY - DAY, end: datetime | None = None
) -> TrustedRoot:
    value: dict[str, Any] = SIGSTORE.root_json()
    valid = {"start": rfc3339(start)} | ({} if end is None else {"end": rfc3339(end)})
    value["timestampAuthorities"] = [
        {
            "uri": "https://tsa.example",
            "certChain": {"certificates": [{"rawBytes": b64(item.public_bytes(Encoding.DER))} for item in chain]},
            "validFor": valid,
        }
        for chain in chains
    ]
    return TrustedRoot.parse(json.dumps(value).encode())


def test_a_time_by_an_authority_of_the_root(clock: Made, other: Made) -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    stamp = clock.stamp(SIGNATURE)
    trusted = root(other.entity.chain, clock.entity.chain)
    (found,) = verify_timestamps([stamp], SIGNATURE, trusted)
    assert found.source == "authority 1"
    assert before <= found.time <= datetime.now(UTC)
    assert time_of(stamp) == found.time
    both = verify_timestamps([stamp, other.stamp(SIGNATURE)], SIGNATURE, trusted)
    assert [item.source for item in both] == ["authority 1", "authority 0"]
    twice = verify_timestamps([stamp, clock.stamp(SIGNATURE)], SIGNATURE, trusted)
    assert {item.source for item in twice} == {"authority 1"}


def test_an_authority_that_is_named_twice_is_one(clock: Made) -> None:
    trusted = root(clock.entity.chain, clock.entity.chain)
    found = verify_timestamps([clock.stamp(SIGNATURE), clock.stamp(SIGNATURE)], SIGNATURE, trusted)
    assert [item.source for item in found] == ["authority 0", "authority 0"]


def test_what_proves_nothing_is_passed_over(clock: Made, other: Made) -> None:
    stamp = clock.stamp(SIGNATURE)
    assert verify_timestamps([stamp], SIGNATURE, root(other.entity.chain)) == []
    assert verify_timestamps([stamp], SIGNATURE, root()) == []
    assert verify_timestamps([stamp], b"another signature", root(clock.entity.chain)) == []
    assert verify_timestamps([], SIGNATURE, root(clock.entity.chain)) == []


def test_the_authority_was_trusted_then(clock: Made) -> None:
    stamp = clock.stamp(SIGNATURE)
    moment = time_of(stamp)
    for start, end, holds in (
        (moment, moment, True),
        (moment - HOUR, None, True),
        (moment - HOUR, moment - timedelta(seconds=1), False),
        (moment + timedelta(seconds=1), None, False),
    ):
        trusted = root(clock.entity.chain, start=start, end=end)
        assert bool(verify_timestamps([stamp], SIGNATURE, trusted)) is holds


def test_the_chain_may_be_given_from_its_root_alone(tmp_path: Path) -> None:
    """Then whoever signed comes with the timestamp."""
    top, impostor = (authority_root("C=US,ST=WA,O=Time,CN=Root", which=which) for which in (80, 81))
    entity = top.issue("C=US,ST=WA,O=Time,CN=Clock", TSA, which=82)
    stamp = Made(entity, Authority(tmp_path / "one", entity, chain=False)).stamp(SIGNATURE)
    assert len(verify_timestamps([stamp], SIGNATURE, root([top.certificate]))) == 1
    assert len(verify_timestamps([stamp], SIGNATURE, root(entity.chain))) == 1
    assert verify_timestamps([stamp], SIGNATURE, root([impostor.certificate])) == []
    assert verify_timestamps([stamp], SIGNATURE, root([entity.certificate, impostor.certificate])) == []
    another = top.issue("C=US,ST=WA,O=Time,CN=Clock", TSA, which=83)
    assert verify_timestamps([stamp], SIGNATURE, root(another.chain)) == []


def test_what_is_no_timestamp_or_stands_there_twice(clock: Made) -> None:
    stamp = clock.stamp(SIGNATURE)
    trusted = root(clock.entity.chain)
    with pytest.raises(VerificationError, match="expected each one once, found the same one twice"):
        verify_timestamps([stamp, stamp], SIGNATURE, trusted)
    for data in (b"", b"no timestamp", stamp[:-1]):
        with pytest.raises(VerificationError, match="expected an RFC 3161 response"):
            verify_timestamps([data], SIGNATURE, trusted)
        with pytest.raises(VerificationError, match="expected an RFC 3161 response"):
            time_of(data)


def test_what_can_only_be_read_in_part_proves_nothing() -> None:
    """Neither its status nor the certificates that it carries are signed: anybody can put something else there."""
    entity = Clock("Time", 60).entity
    top, token = encoded(entity.above[-1]), Token(entity, signature=SIGNATURE).made()
    version = b"\xa0\x03\x02\x01\x02"
    worse = [top.replace(version, version[:-1] + b"\x09", 1), top[:-1].replace(b"\x0c", b"\x05", 1) + top[-1:]]
    for status, raw, holds in (
        (0, token, 1),
        (1, token, 0),
        (2, token, 0),
        (7, token, 0),
        *((0, token.replace(top, other), 0) for other in worse),
    ):
        assert len(verify_timestamps([seq(seq(integer(status)), raw)], SIGNATURE, root(entity.chain))) == holds


def test_without_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rfc3161_client", None)
    with pytest.raises(UsageError, match="timestamps cannot be verified here"):
        time_of(b"")


def stamped(forged: Forged, *clocks: Made) -> Bundle:
    value = forged.json()
    signature = forged.signature_in(value)
    stamps = [{"signedTimestamp": b64(clock.stamp(signature))} for clock in clocks]
    value["verificationMaterial"]["timestampVerificationData"] = {"rfc3161Timestamps": stamps}
    return forge.parse(value)


def test_a_key_has_its_time_from_an_authority(clock: Made, other: Made) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    made = replace(Forged(SIGSTORE, key), at=None, kind="dsse 0.0.1")
    bundle = stamped(made, clock)
    own, trusted = PublicKey.of(key.public_key()), root(clock.entity.chain)
    (stamp,) = Material.of(bundle).timestamps

    def proof(wanted: Requirements, by: TrustedRoot = trusted) -> Proof:
        return verify_with_key(bundle, own, root=by, requirements=wanted)

    found = proof(Requirements(0, 1))
    assert (found.author, found.time) == (KeyAuthor(own), time_of(stamp))
    with pytest.raises(VerificationError, match="at least 2"):
        proof(Requirements(0, 2))
    stranger = root(other.entity.chain)
    with pytest.raises(VerificationError):
        proof(Requirements(0, 1), stranger)


def test_a_certificate_is_valid_at_each_time_that_is_proven(clock: Made) -> None:
    """Logged while the certificate held, and stamped today, when it does not any more."""
    bundle = stamped(keyless(SIGSTORE), clock)
    with pytest.raises(VerificationError, match="the signer's certificate at the time of signing"):
        verify(bundle, root(clock.entity.chain))
    unknown = verify(bundle, root())
    assert unknown.time == forge.NOW + forge.MINUTE
