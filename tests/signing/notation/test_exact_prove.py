"""What each check of a Notation signature finds, and what several identities together prove."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from attest.errors import TrustError, VerificationError
from attest.signing.notation.distinguished_name import DistinguishedName
from attest.signing.notation.envelope import Envelope
from attest.signing.notation.sign import EnvelopeSigner, LocalSigner, Request
from attest.signing.notation.trust_policy import Check, Level, Statement, TimestampUse, actions
from attest.signing.notation.trust_store import Anchors, GivenAnchors, StoreKind
from attest.signing.notation.verify import Outcome, Verification, check_integrity, prove, verify_signature
from attest.signing.proof import Format, X509Author
from tests.signing.notation.conftest import MEDIA, sign, target
from tests.signing.notation.pki import ACME, DAY, NOW, TSA, Entity, root
from tests.signing.notation.tsa import Authority

ROOT = root()
OTHER = root("C=US,ST=WA,O=Other,CN=Root", which=9)
LEAF = ROOT.issue(ACME)
TIME = root("C=US,ST=WA,O=Time,CN=Root", which=20)
CLOCK = TIME.issue("C=US,ST=WA,O=Time,CN=Clock", TSA, which=22)
RAW = sign(LEAF, "jws", target())
AUDIT = actions(Level.AUDIT)


def who(text: str) -> DistinguishedName:
    return DistinguishedName.parse(text)


def statement(
    *identities: str,
    name: str = "acme",
    ca: tuple[Entity, ...] = (ROOT,),
    tsa: tuple[Entity, ...] = (),
    level: Level = Level.STRICT,
    use: TimestampUse = TimestampUse.ALWAYS,
    anchors: Anchors | None = None,
) -> Statement:
    given = GivenAnchors(ca=tuple(item.certificate for item in ca), tsa=tuple(item.certificate for item in tsa))
    return Statement(name, anchors or given, tuple(map(who, identities)), actions=actions(level), timestamps=use)


def found(by: Statement, raw: bytes = RAW, now: datetime = NOW) -> Verification:
    return verify_signature(raw, MEDIA["jws"], target(), by, now=now)


def of(verification: Verification, check: Check) -> tuple[Outcome, str, str]:
    (result,) = [item for item in verification.results if item.check is check]
    return result.outcome, result.expected, result.found


@dataclass(frozen=True)
class Broken:
    """Of ``kind`` there are certificates that cannot be read."""

    kind: StoreKind

    def certificates(self, kind: StoreKind) -> tuple[x509.Certificate, ...]:
        if kind is self.kind:
            raise TrustError(f"cannot read {kind}")
        return (ROOT.certificate,)

    def has(self, kind: StoreKind) -> bool:
        return kind is self.kind


ROOT_NAME = ROOT.certificate.subject.rfc4514_string()
LEAF_NAME = LEAF.certificate.subject.rfc4514_string()


@pytest.mark.parametrize(
    ("by", "outcome", "expected", "told"),
    [
        (statement(), Outcome.PASSED, "", ""),
        (statement(ca=(OTHER, ROOT)), Outcome.PASSED, "", ""),
        (statement(ca=()), Outcome.INCONCLUSIVE, "trusted certificates of kind ca", "none"),
        (statement(ca=(OTHER,)), Outcome.FAILED, "a chain with a trusted certificate of kind ca", ROOT_NAME),
        (statement("C=US,ST=WA,O=Acme"), Outcome.PASSED, "", ""),
        (statement("C=US,ST=WA,O=Else", "C=US,ST=WA,O=Acme"), Outcome.PASSED, "", ""),
        (
            statement("C=US,ST=WA,O=Else", "C=US,ST=WA,O=More"),
            Outcome.FAILED,
            "C=US, ST=WA, O=Else or C=US, ST=WA, O=More",
            LEAF_NAME,
        ),
        (
            statement(anchors=Broken(StoreKind.CA)),
            Outcome.INCONCLUSIVE,
            "trusted certificates of kind ca",
            "cannot read ca",
        ),
    ],
)
def test_whose_it_is(by: Statement, outcome: Outcome, expected: str, told: str) -> None:
    audited = Statement(by.name, by.anchors, by.identities, actions=AUDIT)
    verification = found(audited)
    got = of(verification, Check.AUTHENTICITY)
    assert got[:2] == (outcome, expected)
    assert got[2].startswith(told)
    assert (verification.proof is not None) is (outcome is Outcome.PASSED)
    if outcome is not Outcome.PASSED:
        with pytest.raises(VerificationError) as caught:
            found(by)
        assert (caught.value.step, caught.value.expected) == (Check.AUTHENTICITY.value, expected)


def test_a_long_list_of_identities_is_told_in_part() -> None:
    by = statement(*(f"C=US,ST=WA,O=Else{number:03}" for number in range(40)), level=Level.AUDIT)
    _, expected, _ = of(found(by), Check.AUTHENTICITY)
    assert len(expected) == 320


def test_several_identities_together() -> None:
    envelope = Envelope.parse(RAW, MEDIA["jws"])
    good, same, other = statement(), statement(name="same"), statement(name="other", ca=(OTHER,))
    proof = prove(envelope, target(), [other, good, same], now=NOW)
    assert isinstance(proof.author, X509Author)
    assert (proof.author.trusted_by, proof.format, proof.time) == (
        frozenset({"acme", "same"}),
        Format.NOTATION,
        None,
    )
    with pytest.raises(VerificationError, match="a chain with a trusted certificate of kind ca"):
        prove(envelope, target(), [other], now=NOW)
    with pytest.raises(VerificationError, match="expected an author whom CAs vouch for, found none"):
        prove(envelope, target(), [], now=NOW)
    nothing = Statement("logs", GivenAnchors(), actions=AUDIT)
    with pytest.raises(VerificationError, match="expected an author whom CAs vouch for, found none"):
        prove(envelope, target(), [nothing], now=NOW)
    assert prove(envelope, target(), [nothing, good], now=NOW).author == proof.author.__class__(
        proof.author.subject, proof.author.attributes, proof.author.root, proof.author.key, frozenset({"acme"})
    )


def test_a_critical_attribute_that_is_not_known_here() -> None:
    good = Envelope.parse(RAW, MEDIA["jws"])
    assert check_integrity(good, target())[0] == LEAF.certificate
    other = replace(good, attributes=replace(good.attributes, unknown=("x" * 100,)))
    with pytest.raises(VerificationError) as caught:
        check_integrity(other, target())
    assert (caught.value.step, caught.value.found) == ("critical attributes", "x" * 80)


def stamped(folder: Path, entity: Entity = LEAF, clock: Entity = CLOCK) -> bytes:
    tsa = Authority(folder / "tsa", clock)
    signer = EnvelopeSigner(LocalSigner.of(entity.private, entity.chain, where="chain"), tsa.stamp)
    return signer.sign(Request(target(), MEDIA["jws"], NOW)).envelope


def test_a_time_counts_where_all_have_proven_one(tmp_path: Path) -> None:
    envelope = Envelope.parse(stamped(tmp_path), MEDIA["jws"])
    timed, timeless = statement(tsa=(TIME,)), statement(name="timeless")
    proof = prove(envelope, target(), [timed], now=NOW)
    assert proof.time is not None
    assert abs(proof.time - datetime.now(UTC)) < timedelta(minutes=5)
    assert prove(envelope, target(), [timed, statement(name="b", tsa=(TIME,))], now=NOW).time == proof.time
    for statements in ([timed, timeless], [timeless, timed]):
        assert prove(envelope, target(), statements, now=NOW).time is None


def test_when_a_timestamp_is_wanted(tmp_path: Path) -> None:
    end = LEAF.certificate.not_valid_after_utc
    late = statement(tsa=(TIME,), use=TimestampUse.AFTER_EXPIRY, level=Level.AUDIT)
    always = statement(tsa=(TIME,), level=Level.AUDIT)
    without = statement(level=Level.AUDIT)
    second = timedelta(seconds=1)
    missing = (Outcome.FAILED, "a timestamp", "none")
    for by, now, want in (
        (late, NOW, (Outcome.PASSED, "", "")),
        (late, end, (Outcome.PASSED, "", "")),
        (late, end + second, missing),
        (always, NOW, missing),
        (without, NOW, (Outcome.PASSED, "", "")),
    ):
        assert of(found(by, now=now), Check.AUTHENTIC_TIMESTAMP) == want
    outcome, expected, _ = of(found(without, now=end + second), Check.AUTHENTIC_TIMESTAMP)
    assert (outcome, expected) == (Outcome.FAILED, f"certificates that are valid at {(end + second).isoformat()}")
    raw = stamped(tmp_path)
    unknown = statement(tsa=(OTHER,), level=Level.AUDIT)
    assert of(found(unknown, raw), Check.AUTHENTIC_TIMESTAMP)[0] is Outcome.FAILED
    assert of(found(always, raw, end + second), Check.AUTHENTIC_TIMESTAMP)[0] is Outcome.PASSED
    broken = statement(anchors=Broken(StoreKind.TSA), level=Level.AUDIT)
    unreadable = (Outcome.INCONCLUSIVE, "trusted certificates of kind tsa", "cannot read tsa")
    assert of(found(broken, raw), Check.AUTHENTIC_TIMESTAMP) == unreadable


def test_an_authority_of_which_nobody_knows_whether_it_is_revoked(tmp_path: Path) -> None:
    """Its certificate says where to ask, and nobody asks."""
    where = x509.DistributionPoint([x509.UniformResourceIdentifier("http://crl.example/x")], None, None, None)
    clock = TIME.issue("C=US,ST=WA,O=Time,CN=Doubt", (*TSA, (x509.CRLDistributionPoints([where]), False)), which=24)
    by = statement(tsa=(TIME,), level=Level.AUDIT)
    outcome, expected, _ = of(found(by, stamped(tmp_path, clock=clock)), Check.AUTHENTIC_TIMESTAMP)
    assert (outcome, expected) == (Outcome.INCONCLUSIVE, "certificates that are known not to be revoked")
    assert of(found(by, stamped(tmp_path)), Check.AUTHENTIC_TIMESTAMP)[0] is Outcome.PASSED


def test_a_timestamp_from_before_the_certificate(tmp_path: Path) -> None:
    """It is by an authority that is trusted, and still it proves that the certificate was not valid yet."""
    young = ROOT.issue(ACME, begin=datetime.now(UTC).replace(microsecond=0) + DAY)
    signer = EnvelopeSigner(
        LocalSigner.of(young.private, young.chain, where="chain"), Authority(tmp_path / "tsa", CLOCK).stamp
    )
    raw = signer.sign(Request(target(), MEDIA["jws"], NOW + 2 * DAY)).envelope
    by = statement(tsa=(TIME,), level=Level.AUDIT)
    outcome, expected, _ = of(found(by, raw, NOW + 2 * DAY), Check.AUTHENTIC_TIMESTAMP)
    assert outcome is Outcome.FAILED
    assert expected.startswith("certificates that are valid at ")


def test_the_last_second_of_a_signature() -> None:
    raw = sign(LEAF, "jws", target(), expiry=NOW + DAY)
    assert of(found(statement(), raw, NOW + DAY - timedelta(seconds=1)), Check.EXPIRY)[0] is Outcome.PASSED
    with pytest.raises(VerificationError, match="a signature that has not expired"):
        found(statement(), raw, NOW + DAY)
