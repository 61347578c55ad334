"""What each kind of statement is called, wherever it is told."""

from __future__ import annotations

import pytest

from attest import names
from attest.evidence.model import Kind
from attest.policy.found import noun
from tests.evidence_factory import signed
from tests.policy.conftest import HEAD, Read
from tests.policy.test_absence import judge, of


@pytest.mark.parametrize(
    ("predicate_type", "kind", "word"),
    [
        (names.PREDICATE_COSIGN_SIGN, Kind.SIGNATURE, "signature"),
        (names.PREDICATE_SLSA_V1, Kind.PROVENANCE, "provenance"),
        (names.PREDICATE_CYCLONEDX, Kind.SBOM, "SBOM"),
        (names.PREDICATE_SCAN, Kind.SCAN, "scan"),
        (names.PREDICATE_OPENVEX, Kind.VEX, "VEX document"),
        (names.PREDICATE_VSA, Kind.VSA, "verification summary"),
        (names.PREDICATE_RELEASE, Kind.RELEASE, "release statement"),
        (names.PREDICATE_REVOCATION, Kind.REVOCATION, "revocation"),
        (names.PREDICATE_WITHDRAWAL, Kind.WITHDRAWAL, "withdrawal"),
        (names.PREDICATE_SEAL, Kind.SEAL, "seal"),
    ],
)
def test_by_its_predicate_type(predicate_type: str, kind: Kind, word: str) -> None:
    assert (Kind.of(predicate_type), noun(predicate_type)) == (kind, word)


def test_what_a_rule_is_not_about(read: Read) -> None:
    policy = read(f"{HEAD}rules:\n  - {{id: it, require: signature, by: [release]}}\n")
    other = signed("release", "https://acme.example/t")
    (considered,) = of(judge(policy, other), "it").considered
    assert considered.reason == "attestation, not signature"
