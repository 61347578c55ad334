"""Each check of a Notation signature that must pass before anybody is trusted, and each way to prove its time."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from attest.errors import VerificationError
from attest.oci.descriptor import Descriptor
from attest.oci.digest import Digest
from attest.signing.notation import algorithms, jws
from attest.signing.notation.algorithms import RSA
from attest.signing.notation.certificates import key_fingerprint, thumbprint
from attest.signing.notation.distinguished_name import DistinguishedName
from attest.signing.notation.envelope import Attributes, Envelope, Scheme, write_payload
from attest.signing.notation.revocation import Fetch
from attest.signing.notation.trust_policy import Action, Check, Level, Statement, TimestampUse, actions
from attest.signing.notation.trust_store import GivenAnchors
from attest.signing.notation.verify import Outcome, Result, Verification, check_integrity, verify_signature
from attest.signing.proof import Format, Proof, X509Author
from tests.signing.notation.conftest import MEDIA, sign, target
from tests.signing.notation.pki import ACME, CA, CODE, DAY, NOW, TSA, Entity, der, root
from tests.signing.notation.test_exact_crl import revocations
from tests.signing.notation.tokens import Token

SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)
ROOT = root(end=NOW + 3 * DAY)
ISSUING = ROOT.issue("C=US,ST=WA,O=Acme,CN=Issuing", CA, which=5, end=NOW + 3 * DAY)
LEAF = ISSUING.issue(ACME, end=NOW + DAY)
TIME = root("C=US,ST=WA,O=Time,CN=Root", which=20)
CLOCK = TIME.issue("C=US,ST=WA,O=Time,CN=Clock", TSA, which=22)
LIST = x509.CRLDistributionPoints(
    [x509.DistributionPoint([x509.UniformResourceIdentifier("http://crl.example")], None, None, None)]
)
TARGET = target()
GOOD = Envelope.parse(sign(LEAF, "jws", TARGET), MEDIA["jws"])
SUBJECT = LEAF.certificate.subject.rfc4514_string()


def made(
    entity: Entity = LEAF, *, scheme: Scheme = Scheme.X509, signed: datetime = NOW, token: Token | bytes | None = None
) -> bytes:
    """A signature with what nobody but a test writes."""
    attributes = Attributes("application/vnd.cncf.notary.payload.v1+json", scheme, signed)
    row = algorithms.algorithm_of(entity.key.public_key())
    assert row is not None
    header, payload = jws.protect(attributes, row), write_payload(TARGET)
    signature = algorithms.sign(row, entity.key, jws.message(header, payload))
    stamp = replace(token, signature=signature).made() if isinstance(token, Token) else token
    return jws.write(header, payload, signature, [der(item) for item in entity.chain], agent="a", timestamp=stamp)


def statement(
    *identities: str,
    level: Level = Level.AUDIT,
    use: TimestampUse = TimestampUse.ALWAYS,
    tsa: bool = False,
    **changed: Any,
) -> Statement:
    anchors = GivenAnchors((ROOT.certificate,), (ROOT.certificate,), (TIME.certificate,) if tsa else ())
    names = tuple(map(DistinguishedName.parse, identities))
    return Statement("acme", changed.get("anchors", anchors), names, actions=actions(level), timestamps=use)


def verified(raw: bytes, by: Statement, now: datetime = NOW, fetch: Fetch | None = None) -> Verification:
    return verify_signature(raw, MEDIA["jws"], TARGET, by, now=now, fetch=fetch)


def of(verification: Verification, check: Check) -> tuple[Outcome, str, str]:
    (result,) = [item for item in verification.results if item.check is check]
    return result.outcome, result.expected, result.found


PASSED = Outcome.PASSED, "", ""
AT = Check.AUTHENTIC_TIMESTAMP


def refused(envelope: Envelope, what: Descriptor = TARGET) -> tuple[str, str, str]:
    with pytest.raises(VerificationError) as error:
        check_integrity(envelope, what)
    return error.value.step, error.value.expected, error.value.found


def test_what_holds_without_trust() -> None:
    assert check_integrity(GOOD, TARGET) == LEAF.chain
    assert check_integrity(GOOD, replace(TARGET, annotations={"a": "b"})) == LEAF.chain


def test_another_content() -> None:
    other = replace(GOOD.attributes, content_type="x" * 200)
    expected = "application/vnd.cncf.notary.payload.v1+json"
    assert refused(replace(GOOD, attributes=other)) == ("content type", expected, "x" * 160)


def test_the_key_names_the_algorithm() -> None:
    step = "signature algorithm"
    assert refused(replace(GOOD, algorithm=RSA[0])) == (step, "ES256 for EC on secp256r1", "PS256")
    small = ROOT.issue(ACME, kind="rsa-2056")
    for row in (RSA[0], GOOD.algorithm):
        envelope = replace(GOOD, algorithm=row, chain=tuple(map(der, small.chain)))
        assert refused(envelope) == (step, "a key that may sign", str(row))


def test_the_leaf_made_the_signature() -> None:
    for changed in (
        replace(GOOD, signature=bytes(64)),
        replace(GOOD, signature=b""),
        replace(GOOD, message=GOOD.message + b"x"),
        replace(GOOD, chain=GOOD.chain[1:]),
    ):
        by = x509.load_der_x509_certificate(changed.chain[0]).subject.rfc4514_string()
        assert refused(changed) == ("signature", f"one by {by}", "one that is not")
    long = ROOT.issue("O=" + "o" * 64 + ",OU=" + "u" * 64 + ",CN=" + "c" * 64, which=6)
    name = long.certificate.subject.rfc4514_string()
    assert refused(replace(GOOD, chain=tuple(map(der, long.chain))))[1] == f"one by {name[:160]}"


def test_the_chain_is_checked() -> None:
    step, expected, _ = refused(replace(GOOD, chain=GOOD.chain[:2]))
    assert (step, expected.partition(",")[0]) == ("certificate chain", "a chain up to its root")


def test_the_first_attribute_that_is_not_known() -> None:
    other = replace(GOOD.attributes, unknown=("x" * 100, "y"))
    expected = ("critical attributes", "only such that are known here", "x" * 80)
    assert refused(replace(GOOD, attributes=other)) == expected


@pytest.mark.parametrize(
    "other",
    [
        replace(TARGET, media_type="application/" + "x" * 90),
        replace(TARGET, digest=Digest.of(b"other")),
        replace(TARGET, size=TARGET.size + 1),
    ],
)
def test_what_is_signed(other: Descriptor) -> None:
    def words(item: Descriptor) -> str:
        return f"{item.digest} ({item.media_type[:80]}, {item.size} bytes)"

    assert refused(GOOD, other) == ("signed target", words(other), words(TARGET))


@pytest.mark.parametrize("scheme", Scheme)
def test_what_is_proven(scheme: Scheme) -> None:
    """By a signing authority the time, too."""
    chain = LEAF.chain
    author = X509Author(
        SUBJECT,
        (("C", "US"), ("ST", "WA"), ("O", "Acme"), ("CN", "Release")),
        thumbprint(chain[2]),
        key_fingerprint(chain[0]),
        frozenset({"acme"}),
    )
    signed = NOW - HOUR
    found = verified(made(scheme=scheme, signed=signed), statement(level=Level.STRICT))
    assert found == Verification(
        tuple(Result(check, Action.ENFORCE, Outcome.PASSED) for check in (Check.INTEGRITY, Check.AUTHENTICITY))
        + tuple(Result(check, Action.ENFORCE, Outcome.PASSED) for check in (Check.EXPIRY, AT, Check.REVOCATION)),
        Proof(author, Format.NOTATION, signed if scheme is Scheme.SIGNING_AUTHORITY else None),
    )


def test_whose_roots_are_asked() -> None:
    """Those of authorities for authorities only."""
    ca, authority = GivenAnchors((ROOT.certificate,)), GivenAnchors((), (ROOT.certificate,))
    for scheme, anchors, kind in (
        (Scheme.X509, ca, None),
        (Scheme.X509, authority, "ca"),
        (Scheme.SIGNING_AUTHORITY, authority, None),
        (Scheme.SIGNING_AUTHORITY, ca, "signingAuthority"),
    ):
        expected = PASSED if kind is None else (Outcome.INCONCLUSIVE, f"trusted certificates of kind {kind}", "none")
        found = verified(made(scheme=scheme), statement(anchors=anchors))
        assert of(found, Check.AUTHENTICITY) == expected
        assert (found.proof is None) is (kind is not None)


def test_a_long_subject_is_cut() -> None:
    long = ROOT.issue("C=US,ST=WA,O=" + "o" * 64 + ",OU=" + "u" * 64 + ",CN=" + "c" * 64)
    wanted = [f"C=US,ST=WA,O={character * 64}" for character in "abcdef"]
    name, expected = long.certificate.subject.rfc4514_string(), " or ".join(wanted).replace(",", ", ")
    found = verified(made(long), statement(*wanted))
    assert of(found, Check.AUTHENTICITY) == (Outcome.FAILED, expected[:320], name[:160])


def test_when_an_authority_signed() -> None:
    begin, end = NOW - DAY, NOW + DAY
    by = statement()
    for moment, why in (
        (begin, None),
        (end, None),
        (begin - SECOND, f"{SUBJECT} is valid from {begin.isoformat()}"),
        (end + SECOND, f"{SUBJECT} expired at {end.isoformat()}"),
    ):
        found = of(verified(made(scheme=Scheme.SIGNING_AUTHORITY, signed=moment), by, NOW + 30 * DAY), AT)
        valid = f"certificates that are valid at {moment.isoformat()}"
        assert found == (PASSED if why is None else (Outcome.FAILED, valid, why))


def test_a_timestamp_is_wanted_as_soon_as_one_certificate_has_expired() -> None:
    raw, stamped = made(), made(token=Token(CLOCK))
    by = statement(tsa=True, use=TimestampUse.AFTER_EXPIRY)
    end = LEAF.certificate.not_valid_after_utc
    missing = (Outcome.FAILED, "a timestamp", "none")
    for now, plain, time in ((end, PASSED, None), (end + SECOND, missing, NOW), (NOW + 30 * DAY, missing, NOW)):
        assert of(verified(raw, by, now), AT) == plain
        found = verified(stamped, by, now)
        assert of(found, AT) == PASSED
        assert found.proof is not None
        assert found.proof.time == time


def test_timestamps_that_prove_nothing() -> None:
    by = statement(tsa=True)
    outcome, expected, told = of(verified(made(token=b"garbage"), by), AT)
    assert (outcome, expected) == (Outcome.FAILED, "a timestamp that can be read")
    assert "not DER" in told
    other = Token(root("C=US,O=Other,CN=Root", TSA, which=25))
    outcome, expected, _ = of(verified(made(token=other), by), AT)
    assert (outcome, expected) == (Outcome.FAILED, "a chain up to a trusted root of a tsa store")


def test_what_counts_of_a_timestamp() -> None:
    """It must lie within the life of all certificates, and then its authority must not be revoked."""
    doubt = TIME.issue("C=US,ST=WA,O=Time,CN=Doubt", (*TSA, (LIST, False)), which=24)
    late = NOW + 2 * DAY
    by = statement(tsa=True)
    outside = (
        Outcome.FAILED,
        f"certificates that are valid at {late.isoformat()}",
        f"{SUBJECT} expired at {LEAF.certificate.not_valid_after_utc.isoformat()}",
    )
    for clock in (CLOCK, doubt):
        assert of(verified(made(token=Token(clock, moment=late)), by), AT) == outside
    outcome, expected, _ = of(verified(made(token=Token(doubt)), by), AT)
    assert (outcome, expected) == (Outcome.INCONCLUSIVE, "certificates that are known not to be revoked")
    assert of(verified(made(token=Token(CLOCK)), by), AT) == PASSED


def test_what_is_told_of_revocation() -> None:
    listed = root().issue(ACME, (*CODE, (LIST, False)))
    authority = Entity(listed.key, listed.above[0])
    entry = x509.RevokedCertificateBuilder(listed.certificate.serial_number, NOW).build()
    builder = x509.CertificateRevocationListBuilder(authority.certificate.subject, NOW - HOUR, NOW + HOUR)
    digest = listed.certificate.signature_hash_algorithm
    assert digest is not None
    bad = builder.add_revoked_certificate(entry).sign(root().key, digest)  # type: ignore[arg-type]
    good = revocations()
    name = listed.certificate.subject.rfc4514_string()
    for page, expected in (
        (good, PASSED),
        (bad, (Outcome.FAILED, "certificates that are not revoked", f"{name}, says http://crl.example")),
    ):
        raw = page.public_bytes(Encoding.DER)
        found = verified(made(listed), statement(), fetch=lambda _url, _body, raw=raw: raw)  # type: ignore[misc]
        assert of(found, Check.REVOCATION) == expected
    unknown = (Outcome.INCONCLUSIVE, "certificates that are known not to be revoked", f"{name}: nothing is fetched")
    assert of(verified(made(listed), statement()), Check.REVOCATION) == unknown


def test_what_is_skipped() -> None:
    """Of revocation nothing is asked; at the level `skip` nothing is even read."""
    listed = ROOT.issue(ACME, (*CODE, (LIST, False)))
    skipping = actions(Level.STRICT) | {Check.REVOCATION: Action.SKIP}
    found = verified(made(listed), replace(statement(), actions=skipping))
    assert found.results[-1] == Result(Check.REVOCATION, Action.SKIP, Outcome.SKIPPED)
    assert found.proof is not None
    nothing = tuple(Result(check, Action.SKIP, Outcome.SKIPPED) for check in Check)
    assert verified(b"garbage", statement(level=Level.SKIP)) == Verification(nothing, None)
