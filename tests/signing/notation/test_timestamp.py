"""Countersignatures by OpenSSL's timestamp authority, as notation and `attest` see them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from attest import names
from attest.errors import EnvelopeError, VerificationError
from attest.evidence.attach_signature import attach_signature
from attest.oci.manifest import Manifest
from attest.signing.notation import timestamp
from attest.signing.notation.envelope import Envelope
from attest.signing.notation.manifest import is_signature
from attest.signing.notation.sign import EnvelopeSigner, LocalSigner, Request, Signed
from attest.signing.notation.trust_policy import Statement, TimestampUse, TrustPolicy
from attest.signing.notation.trust_store import GivenAnchors
from attest.signing.notation.verify import Outcome, verify_signature
from attest.stores.registry import RegistryOptions, RegistryStore
from tests.signing.notation.conftest import MEDIA, subject, target
from tests.signing.notation.pki import ACME, CA, CODE, DAY, LEAF, NOW, TSA, Entity, Extensions, pem, root
from tests.signing.notation.program import Notation, policy_statement
from tests.signing.notation.tsa import Authority
from tests.stores.registry import real

REPOSITORY = "acme/app"
SECOND = timedelta(seconds=1)
YEAR = timedelta(days=366)
ROOT = root("C=US,ST=WA,O=Time,CN=Root", which=20)
ISSUING = ROOT.issue("C=US,ST=WA,O=Time,CN=Issuing", CA, which=21)


def authority(folder: Path, extensions: Extensions = TSA, *, kind: str = "ec-256", **settings: Any) -> Authority:
    entity = ISSUING.issue("C=US,ST=WA,O=Time,CN=Clock", extensions, kind=kind, which=22)
    return Authority(folder / "tsa", entity, **settings)


def sign(entity: Entity, media: str, tsa: Authority | None, what: Any = None) -> bytes:
    signer = EnvelopeSigner(LocalSigner.of(entity.private, entity.chain, where="chain"), tsa.stamp if tsa else None)
    return signer.sign(Request(what or target(), MEDIA[media], NOW)).envelope


def statement(signers: Entity, use: TimestampUse = TimestampUse.ALWAYS, tsa: Entity = ROOT) -> Statement:
    anchors = GivenAnchors(ca=(signers.certificate,), tsa=(tsa.certificate,))
    return Statement("acme", anchors, timestamps=use)


@pytest.mark.parametrize("media", MEDIA)
@pytest.mark.parametrize("use", TimestampUse)
def test_a_timestamp_outlives_the_certificate(tmp_path: Path, media: str, use: TimestampUse) -> None:
    signers = root()
    raw = sign(signers.issue(ACME), media, authority(tmp_path))
    late = NOW + YEAR
    found = verify_signature(raw, MEDIA[media], target(), statement(signers, use), now=late)
    assert found.proof is not None
    assert found.proof.time is not None
    assert abs(found.proof.time - datetime.now(UTC)) < timedelta(minutes=2)
    without = Statement("acme", GivenAnchors(ca=(signers.certificate,)))
    with pytest.raises(VerificationError, match="authenticTimestamp"):
        verify_signature(raw, MEDIA[media], target(), without, now=late)


def test_a_missing_timestamp_is_missed_where_one_is_wanted(tmp_path: Path) -> None:
    signers = root()
    raw = sign(signers.issue(ACME), "jws", None)
    with pytest.raises(VerificationError, match="expected a timestamp, found none"):
        verify_signature(raw, MEDIA["jws"], target(), statement(signers), now=NOW)
    after = verify_signature(raw, MEDIA["jws"], target(), statement(signers, TimestampUse.AFTER_EXPIRY), now=NOW)
    assert after.proof is not None
    assert after.proof.time is None


@pytest.mark.parametrize(
    ("settings", "accuracy"),
    [
        (
            {"accuracy": "secs:1, millisecs:500, microsecs:100"},
            timedelta(seconds=1, milliseconds=500, microseconds=100),
        ),
        ({"accuracy": "millisecs:500"}, timedelta(milliseconds=500)),
        ({"accuracy": "secs:2"}, timedelta(seconds=2)),
        ({"accuracy": "microsecs:7", "policy": "0.4.0.2023.1.1"}, timedelta(microseconds=7)),
        ({"accuracy": ""}, timedelta(0)),
        ({"accuracy": "", "policy": "0.4.0.2023.1.1"}, SECOND),
    ],
)
def test_a_moment_is_a_range(tmp_path: Path, settings: dict[str, str], accuracy: timedelta) -> None:
    token = authority(tmp_path, TSA, **settings).stamp(b"signature")
    found = timestamp.verify(token, b"signature", [ROOT.certificate])
    assert found.latest - found.earliest == 2 * accuracy
    assert [item.subject for item in found.chain] == [
        item.subject for item in (found.chain[0], ISSUING.certificate, ROOT.certificate)
    ]


@pytest.mark.parametrize("hash", ["sha256", "sha512"])
def test_the_signing_certificate_may_be_named_by_any_good_hash(tmp_path: Path, hash: str) -> None:
    token = authority(tmp_path, hash=hash).stamp(b"signature")
    assert timestamp.verify(token, b"signature", [ROOT.certificate]).chain


def test_the_signing_certificate_must_be_named_in_the_new_way(tmp_path: Path) -> None:
    token = authority(tmp_path, hash="sha1").stamp(b"signature")
    with pytest.raises(VerificationError, match="no such attribute"):
        timestamp.verify(token, b"signature", [ROOT.certificate])


def test_only_the_signature_is_stamped(tmp_path: Path) -> None:
    token = authority(tmp_path).stamp(b"signature")
    with pytest.raises(VerificationError, match="one over something else"):
        timestamp.verify(token, b"another", [ROOT.certificate])


def test_only_trusted_authorities_count(tmp_path: Path) -> None:
    token = authority(tmp_path).stamp(b"signature")
    stranger = root("C=US,ST=WA,O=Time,CN=Root", which=23)
    with pytest.raises(VerificationError, match="a chain up to a trusted root"):
        timestamp.verify(token, b"signature", [stranger.certificate])


@pytest.mark.parametrize("position", range(0, 100, 7))
def test_a_flipped_bit_is_noticed(tmp_path: Path, position: int) -> None:
    """Or it was in a copy of the root, which nobody needs."""
    good = authority(tmp_path).stamp(b"signature")
    token = bytearray(good)
    token[len(token) * position // 100] ^= 1
    try:
        found = timestamp.verify(bytes(token), b"signature", [ROOT.certificate])
    except (VerificationError, EnvelopeError):
        return
    assert found == timestamp.verify(good, b"signature", [ROOT.certificate])


@pytest.mark.parametrize("garbage", [b"", b"x", b"\x30\x00", b"\x30\x80\x00\x00", b"\x30\x84\xff\xff\xff\xff"])
def test_garbage_is_refused(garbage: bytes) -> None:
    with pytest.raises(EnvelopeError):
        timestamp.verify(garbage, b"signature", [ROOT.certificate])


def test_the_authority_may_have_left_its_root_out(tmp_path: Path) -> None:
    entity = ISSUING.issue("C=US,ST=WA,O=Time,CN=Clock", TSA, which=22)
    whole = Authority(tmp_path / "tsa", Entity(entity.key, entity.certificate, entity.above[:1]))
    assert timestamp.verify(whole.stamp(b"x"), b"x", [ROOT.certificate]).chain[-1] == ROOT.certificate
    alone = Authority(tmp_path / "alone", entity, chain=False)
    with pytest.raises(VerificationError, match="a chain up to a trusted root"):
        timestamp.verify(alone.stamp(b"x"), b"x", [ROOT.certificate])


def test_a_token_with_many_certificates_is_not_searched(tmp_path: Path) -> None:
    entity = ISSUING.issue("C=US,ST=WA,O=Time,CN=Clock", TSA, which=22)
    twins = tuple(ROOT.issue("C=US,ST=WA,O=Time,CN=Issuing", CA, which=30 + number).certificate for number in range(16))
    crowded = Authority(tmp_path / "tsa", Entity(entity.key, entity.certificate, (*entity.above, *twins)))
    with pytest.raises(EnvelopeError, match="certificates: more than the limit of 16"):
        timestamp.verify(crowded.stamp(b"x"), b"x", [ROOT.certificate])


def test_a_timestamp_must_lie_within_the_certificates_life(tmp_path: Path) -> None:
    """The certificate had expired when the token was made."""
    signers = root()
    entity = signers.issue(ACME, begin=NOW - DAY, end=NOW - DAY / 4)
    signer = EnvelopeSigner(LocalSigner.of(entity.private, entity.chain, where="chain"), authority(tmp_path).stamp)
    made = signer.sign(Request(target(), MEDIA["jws"], NOW - DAY / 2))
    with pytest.raises(VerificationError, match="authenticTimestamp: expected certificates that are valid at"):
        verify_signature(made.envelope, made.media_type, target(), statement(signers), now=NOW)


def test_a_stripped_timestamp_is_missed(tmp_path: Path) -> None:
    signers = root()
    raw = sign(signers.issue(ACME), "jws", authority(tmp_path))
    token = Envelope.parse(raw, MEDIA["jws"]).timestamp
    assert token is not None
    stripped = sign(signers.issue(ACME), "jws", None)
    with pytest.raises(VerificationError, match="found none"):
        verify_signature(stripped, MEDIA["jws"], target(), statement(signers), now=NOW + YEAR)


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RegistryStore]:
    with real.olareg(tmp_path_factory.mktemp("registry")) as host:
        yield RegistryStore(host, name=host, options=RegistryOptions())


@pytest.mark.peer("notation", "olareg")
@pytest.mark.parametrize("media", MEDIA)
def test_notation_accepts_our_timestamps(
    registry: RegistryStore, notation: Notation, tmp_path: Path, media: str
) -> None:
    signers = root()
    manifest = subject(registry, REPOSITORY, f"ours {media} {tmp_path.name}")
    raw = sign(signers.issue(ACME), media, authority(tmp_path), manifest.descriptor())
    attach_signature(registry, REPOSITORY, manifest.descriptor(), Signed(raw, MEDIA[media], ("0" * 64,)), created=NOW)
    reference = f"{registry.name}/{REPOSITORY}@{manifest.digest}"
    notation.trust({"ca:acme": [signers.certificate], "tsa:time": [ROOT.certificate]})
    assert notation.accepts(reference)
    notation.trust({"ca:acme": [signers.certificate], "tsa:other": [root(which=24).certificate]})
    assert not notation.accepts(reference)


@pytest.mark.peer("notation", "olareg")
@pytest.mark.parametrize("media", MEDIA)
def test_we_accept_timestamps_of_notation(
    registry: RegistryStore, notation: Notation, tmp_path: Path, media: str
) -> None:
    signers = root()
    manifest = subject(registry, REPOSITORY, f"theirs {media} {tmp_path.name}")
    reference = f"{registry.name}/{REPOSITORY}@{manifest.digest}"
    (tmp_path / "root.pem").write_bytes(pem([ROOT.certificate]))
    with authority(tmp_path).served() as url:
        more = ("--timestamp-url", url, "--timestamp-root-cert", str(tmp_path / "root.pem"))
        notation.sign(reference, signers.issue(ACME), media, "--force-referrers-tag=false", *more)
    (found,) = registry.referrers(REPOSITORY, manifest.digest).items
    signature = Manifest.parse(registry.fetch(REPOSITORY, found.descriptor))
    assert is_signature(signature)
    (layer,) = signature.layers
    assert layer.media_type in names.NOTATION_ENVELOPES
    raw = registry.fetch(REPOSITORY, layer.plain())
    verified = verify_signature(raw, layer.media_type, manifest.descriptor(), statement(signers), now=NOW + YEAR)
    assert verified.proof is not None
    assert verified.proof.time is not None
    with pytest.raises(VerificationError, match="a chain up to a trusted root"):
        verify_signature(raw, layer.media_type, manifest.descriptor(), statement(signers, tsa=root(which=24)), now=NOW)


BAD_CLOCKS: dict[str, Extensions] = {
    "a usage that is not critical": (*LEAF, (TSA[2][0], False)),
    "code signing": CODE,
    "no extended usage": LEAF,
    "a key of a size that is not used": TSA,
}


@pytest.mark.peer("notation", "olareg")
@pytest.mark.parametrize("clock", ["good", *BAD_CLOCKS])
def test_both_judge_authorities_alike(registry: RegistryStore, notation: Notation, tmp_path: Path, clock: str) -> None:
    """OpenSSL itself will not sign with some: then nobody need judge them."""
    signers = root()
    kind = "rsa-2056" if "size" in clock else "ec-256"
    manifest = subject(registry, REPOSITORY, f"clock {clock} {tmp_path.name}")
    try:
        raw = sign(
            signers.issue(ACME),
            "jws",
            authority(tmp_path, BAD_CLOCKS.get(clock, TSA), kind=kind),
            manifest.descriptor(),
        )
    except AssertionError:
        assert clock != "good"
        return
    attach_signature(registry, REPOSITORY, manifest.descriptor(), Signed(raw, MEDIA["jws"], ("0" * 64,)), created=NOW)
    notation.trust({"ca:acme": [signers.certificate], "tsa:time": [ROOT.certificate]})
    notation.policy([policy_statement(trustStores=["ca:acme", "tsa:time"])])
    configured = TrustPolicy.load(notation.home).statement(f"{registry.name}/{REPOSITORY}")
    assert configured is not None
    theirs = notation.accepts(f"{registry.name}/{REPOSITORY}@{manifest.digest}")
    try:
        found = verify_signature(raw, MEDIA["jws"], manifest.descriptor(), configured, now=NOW)
        mine = all(result.outcome is Outcome.PASSED for result in found.results)
    except VerificationError:
        mine = False
    assert mine == theirs == (clock == "good")
