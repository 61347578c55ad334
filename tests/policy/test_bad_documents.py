"""Documents that are not what they claim: a reason under every rule, never an exception, and never a pass."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attest import names
from attest.oci import strict_json
from attest.policy.document import Policy, parse
from attest.policy.evaluate import evaluate
from attest.policy.verdict import Outcome, Verdict
from tests.evidence_factory import NOW, bundle_of, evidence, signed, slsa_v1
from tests.policy import test_sbom_rule
from tests.policy.conftest import HEAD
from tests.policy.test_other_rules import build, vsa
from tests.statements.scans import SCANS, csaf, openvex
from tests.statements.test_scan import JSON, places

RULES = """\
rules:
  - {id: bom, require: sbom, by: [release], minimum: ntia, licenses: {allow: [MIT]}, max_age: 900d}
  - {id: scan, require: scan, by: [release], deny: [critical, high], vex: {by: [release]}}
  - {id: vsa, require: vsa, by: [release], verifier: 'https://acme.example/v'}
  - {id: built, require: provenance, by: [release], source: 'https://github.com/acme/app', parameters: {a.b: c}}
  - {id: late, require: scan, by: [release], match: latest, absence: listing, max_score: 7}
"""
GOOD: list[tuple[str, dict[str, Any]]] = [
    (names.PREDICATE_CYCLONEDX, test_sbom_rule.cyclonedx()),
    (names.PREDICATE_SPDX, test_sbom_rule.spdx2()),
    (names.PREDICATE_SPDX, test_sbom_rule.spdx3()),
    *SCANS.values(),
    (names.PREDICATE_OPENVEX, openvex()),
    (names.PREDICATE_CSAF, csaf()),
    (names.PREDICATE_SLSA_V1, slsa_v1()),
    *(
        (kind, strict_json.read_object(bundle_of(made).envelope.payload, where="x", limit=9999)["predicate"])
        for kind, made in ((names.PREDICATE_VSA, vsa()), (names.PREDICATE_SLSA_V1, build()))
    ),
]


def policy_of(keys: Path) -> Policy:
    return parse((HEAD + RULES).encode(), where="p", base=keys)


def judge(keys: Path, kind: str, predicate: dict[str, Any]) -> Verdict:
    policy = policy_of(keys)
    return evaluate(policy, evidence([signed("release", kind, predicate)], policy.identities.values()), now=NOW)


@st.composite
def damaged(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """A good document with anything at one of its places."""
    kind, good = draw(st.sampled_from(GOOD))
    document: dict[str, Any] = strict_json.read_object(strict_json.write(good), where="x", limit=1 << 20)
    *path, last = draw(st.sampled_from(places(document)[1:]))
    inner: Any = document
    for key in path:
        inner = inner[key]
    inner[last] = draw(JSON)
    return kind, document


@given(damaged())
def test_any_damage_is_judged(keys: Path, made: tuple[str, dict[str, Any]]) -> None:
    verdict = judge(keys, *made)
    assert verdict.outcome is Outcome.DENIED
    assert all(
        finding.message and (finding.remedy or finding.outcome is Outcome.ADMITTED) for finding in verdict.findings
    )


@pytest.mark.parametrize("kind", sorted({kind for kind, _ in GOOD}))
@pytest.mark.parametrize("predicate", [{}, {"x": 1}, {"bomFormat": "CycloneDX"}, {"Data": "{}"}])
def test_nothing_of_a_kind_fits_no_rule(keys: Path, kind: str, predicate: dict[str, Any]) -> None:
    assert {finding.outcome for finding in judge(keys, kind, predicate).findings} == {Outcome.DENIED}


@pytest.mark.parametrize("kind", [names.PREDICATE_CYCLONEDX, names.PREDICATE_SCAN])
def test_deep_and_wide_documents(keys: Path, kind: str) -> None:
    deep: dict[str, Any] = {"name": "x"}
    for _ in range(50):
        deep = {"name": "x", "components": [deep]}
    bom = {"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [deep], "vulnerabilities": []}
    wide = {**bom, "components": [{"name": str(n), "purl": f"pkg:npm/x@{n}"} for n in range(20_000)]}
    for document in (bom, wide):
        assert judge(keys, kind, document).outcome is Outcome.DENIED
