"""What becomes of a candidate: verified with signers and binding, or rejected by the first check that fails."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from attest import names
from attest.evidence.binding import Binding
from attest.evidence.identity import KeyIdentity, Signer
from attest.evidence.model import Candidate, Check, Kind
from attest.evidence.verify import Verified
from attest.packages.patterns import PurlPattern
from attest.signing.bundle import write_key_bundle
from attest.signing.dsse import Envelope, Signature, pae
from attest.statements.statement import Subject as StatementSubject
from tests.evidence_factory import (
    CYCLONEDX,
    DIGEST,
    PURL,
    SUBJECT,
    bundle_of,
    damaged,
    evidence,
    identity,
    key,
    packed,
    signed,
    slsa_v1,
    unsigned,
)

MIDNIGHT = datetime(2026, 11, 21, tzinfo=UTC)


def rejection(candidates: list[Candidate], identities: list[KeyIdentity]) -> tuple[Check, str]:
    found = evidence(candidates, identities)
    assert found.verified == ()
    (rejected,) = found.rejected
    return rejected.check, rejected.reason


@pytest.mark.parametrize(
    ("candidate", "kind"),
    [
        (signed("release"), Kind.SIGNATURE),
        (signed("release", names.PREDICATE_CYCLONEDX, CYCLONEDX), Kind.SBOM),
        (signed("release", "https://cyclonedx.org/bom/v1.6", CYCLONEDX), Kind.SBOM),
        (signed("release", names.PREDICATE_SLSA_V1, slsa_v1()), Kind.PROVENANCE),
        (signed("release", "https://cyclonedx.org/bom-not", CYCLONEDX), Kind.ATTESTATION),
    ],
)
def test_verified(candidate: Candidate, kind: Kind) -> None:
    (verified,) = evidence([candidate], [identity("release")]).verified
    assert isinstance(verified, Verified)
    assert (verified.kind, verified.binding) == (kind, Binding.ANCHOR)
    assert verified.signers == (Signer("release", f"key:sha256:{key('release').public.fingerprint}"),)


def test_two_names_of_one_key_are_one_principal() -> None:
    (verified,) = evidence([signed("release")], [identity("a", "release"), identity("b", "release")]).verified
    assert [signer.name for signer in verified.signers] == ["a", "b"]
    assert len({signer.principal for signer in verified.signers}) == 1


def test_unsigned() -> None:
    document = unsigned(names.CYCLONEDX_JSON, CYCLONEDX)
    assert rejection([document], [identity("release")]) == (Check.SIGNED, "carries no signature")


def test_signed_by_a_stranger() -> None:
    found = rejection([signed("stranger")], [identity("release")])
    assert found == (Check.AUTHOR, "by no key that the policy names")


def test_an_identity_that_has_ended() -> None:
    ended = [identity("release", until=MIDNIGHT)]
    assert rejection([signed("release")], ended) == (Check.IDENTITY, "release ended on 2026-11-21")
    assert evidence([signed("release")], ended, now=MIDNIGHT - timedelta(microseconds=1)).verified
    assert not evidence([signed("release")], ended, now=MIDNIGHT).verified


def test_an_identity_for_other_packages() -> None:
    other = identity("release", packages=(PurlPattern.parse("pkg:npm/@acme/*"),))
    found = rejection([signed("release")], [other])
    assert found == (Check.IDENTITY, "release speaks only for pkg:npm/@acme/*")


def test_one_name_may_speak_where_another_of_the_same_key_may_not() -> None:
    both = [identity("ended", "release", until=MIDNIGHT), identity("release")]
    (verified,) = evidence([signed("release")], both).verified
    assert [signer.name for signer in verified.signers] == ["release"]


def test_a_genuine_signature_for_another_package_with_the_same_bytes() -> None:
    moved = signed("release", about=[StatementSubject("pkg:npm/right-pad@1.3.0", {"sha512": DIGEST.hex})])
    found = rejection([moved], [identity("release")])
    assert found == (Check.BINDING, "the signed content names another package: pkg:npm/right-pad@1.3.0")


def test_a_genuine_signature_for_the_same_name_with_other_bytes() -> None:
    moved = signed("release", about=[StatementSubject(str(PURL), {"sha512": "cd" * 64})])
    check, reason = rejection([moved], [identity("release")])
    assert (check, reason) == (Check.BINDING, f"no subject has the digest {SUBJECT.manifest.digest} or {DIGEST}")


@pytest.mark.parametrize("payload_type", ["application/vnd.in-toto+json ", "text/plain", ""])
def test_another_payload_type_is_another_protocol(payload_type: str) -> None:
    statement = json.loads(bundle_of(signed("release")).envelope.payload)
    payload = json.dumps(statement).encode()
    signature = Signature(key("release").sign(pae(payload_type, payload)))
    bundle = write_key_bundle(Envelope(payload_type, payload, (signature,)), key("release").public)
    check, reason = rejection([packed(bundle, names.PREDICATE_COSIGN_SIGN)], [identity("release")])
    assert (check, reason) == (Check.STATEMENT, f"not an in-toto statement: the payload type is {payload_type}".strip())


def test_what_the_manifest_says_of_its_content_is_not_believed() -> None:
    bundle = bundle_of(signed("release", names.PREDICATE_CYCLONEDX, CYCLONEDX))
    (verified,) = evidence([packed(bundle.raw, names.PREDICATE_COSIGN_SIGN)], [identity("release")]).verified
    assert verified.kind is Kind.SBOM


def test_good_evidence_is_not_hidden_by_bad() -> None:
    bad = [damaged(Check.READ, "gone"), damaged(Check.FORM, "not JSON")]
    found = evidence(
        [signed("stranger"), signed("release"), unsigned("text/x", {})], [identity("release")], rejected=bad
    )
    assert len(found.verified) == 1
    assert sorted(item.check for item in found.rejected) == ["author", "form", "read", "signed"]


def test_the_same_collection_gives_the_same_set() -> None:
    candidates = [signed("release", note=str(number)) for number in range(4)]
    forward, backward = (evidence(order, [identity("release")]) for order in (candidates, candidates[::-1]))
    assert forward == backward
    assert len(forward.verified) == 4
