"""The first check that each candidate fails: what it expects, and what would help."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from attest import names
from attest.evidence.model import Candidate, Check
from attest.policy.evaluate import evaluate
from attest.policy.explained import Cell, matrix
from tests.evidence_factory import CYCLONEDX, NOW, SUBJECT, damaged, evidence, signed
from tests.policy.conftest import HEAD, Read
from tests.policy.test_absence import revocation
from tests.policy.test_evaluate import BUILDERS
from tests.policy.test_exact_provenance import BUILDER, built
from tests.policy.test_match import bom
from tests.policy.test_other_rules import vsa


def cells(read: Read, terms: str, *shown: Candidate, **more: Any) -> list[Cell]:
    policy = read(f"{HEAD}{BUILDERS}rules:\n  - {{id: it, by: [release, builder, security], {terms}}}\n{SIGNED}")
    verdict = evaluate(policy, evidence(shown, policy.identities.values(), **more), now=NOW)
    ((finding, found), *_) = matrix(verdict, [policy])
    assert finding.rule == "it"
    return found


SIGNED = "  - {id: signed, require: signature, by: [release]}\n"
PROVENANCE = "require: provenance"
VSA = "require: vsa, verifier: 'https://acme.example/v'"


@pytest.mark.parametrize(
    ("terms", "candidate", "check", "expected"),
    [
        (f"{PROVENANCE}, builders: [hosted, hardened], slsa: 3", built(), "provenance-level", "SLSA build level 3"),
        (
            f"{PROVENANCE}, builders: [hosted, hardened]",
            built(builder="https://ci.example/other"),
            "provenance-builder",
            f"built by {BUILDER} or https://ci.example/hardened",
        ),
        (
            f"{PROVENANCE}, source: 'https://a.example/x'",
            built(),
            "provenance-source",
            "built from https://a.example/x",
        ),
        (
            f"{PROVENANCE}, source: 'https://a.example/x'",
            built(repository=None),
            "provenance-source-missing",
            "built from https://a.example/x",
        ),
        (f"{PROVENANCE}, workflow: a.yml", built(), "provenance-workflow", "built by the workflow a.yml"),
        (f"{PROVENANCE}, ref: refs/heads/main", built(), "provenance-ref", "built from refs/heads/main"),
        (f"{PROVENANCE}, build_type: 'https://x'", built(), "provenance-build-type", "built as https://x"),
        (
            VSA,
            vsa(verifier={"id": "https://acme.example/w"}),
            "vsa-verifier",
            "verified by https://acme.example/v",
        ),
        (f"{VSA}, resource: 'pkg:npm/x@1'", vsa(), "vsa-resource", "about pkg:npm/x@1"),
        (
            f"{VSA}, policy: 'sha256:{'ac' * 32}'",
            vsa(),
            "vsa-policy",
            f"verified against the policy sha256:{'ac' * 32}",
        ),
        ("require: sbom, max_age: 7d", bom(NOW - timedelta(days=9)), "evidence-stale", "not older than 7 days"),
        (
            "require: sbom, max_age: 7d, min_components: 9",
            bom(NOW),
            "sbom-components",
            "fitting SBOMs by as many distinct names and keys as the rule needs",
        ),
    ],
)
def test_the_term_of_the_rule_is_told(read: Read, terms: str, candidate: Candidate, check: str, expected: str) -> None:
    (cell,) = cells(read, terms, candidate)
    assert (cell.check, cell.expected) == (check, expected)
    assert cell.fix is not None


def test_where_it_stops_before_the_rule_looks_into_it(read: Read) -> None:
    good = bom(NOW)
    stray = signed("mallory", names.PREDICATE_CYCLONEDX, CYCLONEDX)
    assert [(cell.check, cell.expected, cell.fix) for cell in cells(read, "require: sbom", good)] == [
        (None, None, None)
    ]
    (kind,) = cells(read, "require: sbom", signed("release"))
    assert (kind.check, kind.expected, kind.fix) == ("kind", "SBOM", None)
    told = {cell.check: cell for cell in cells(read, "require: sbom", good, stray, revocation("release", good))}
    assert set(told) == {"revocation", "author", "kind"}
    assert told["revocation"].expected == "evidence that nobody has revoked who may"
    assert told["author"].expected == "made by release or builder or security"
    assert told["author"].fix is not None
    latest = cells(read, "require: sbom, match: latest, absence: listing", good, bom(NOW - timedelta(days=1), note="2"))
    assert [(cell.check, cell.expected, cell.fix) for cell in latest if cell.check] == [
        ("latest", "the latest of its signer", None)
    ]


@pytest.mark.parametrize(
    ("check", "expected", "fix"),
    [
        (
            Check.READ,
            "content that can be read, with the digest by which it is listed",
            "make the store readable, or put the content back",
        ),
        (Check.FORM, "a well-formed manifest and envelope that refer to the subject", "have it made anew"),
        (
            Check.SIGNATURE,
            "a signature that holds, with its certificate, log entries and times where it has them",
            "have it signed anew, or look for who changed it",
        ),
        (Check.STATEMENT, "a statement that can be read", "have it made anew"),
        (
            Check.IDENTITY,
            "an identity that may speak about this package, at that time",
            "look at 'for' and 'until' of the identity in the policy",
        ),
        (
            Check.BINDING,
            f"a statement about {SUBJECT}, by its anchor, its digest and name, or its own bytes",
            "have a statement made that names this package",
        ),
    ],
)
def test_what_is_rejected(read: Read, check: Check, expected: str, fix: str) -> None:
    (cell,) = cells(read, "require: sbom", rejected=[damaged(check, "why")])
    assert (cell.check, cell.expected, cell.fix) == (check, expected, fix)
    (forbidden,) = cells(read, "require: no-revocation, absence: listing", rejected=[damaged(check, "why")])
    assert (forbidden.check, forbidden.expected, forbidden.fix) == (check, expected, None)


def test_findings_of_no_rule_explain_nothing(read: Read) -> None:
    policy = read(f"{HEAD}rules:\n  - {{id: it, require: sbom, by: [release]}}\n")
    verdict = evaluate(policy, evidence([signed("builder")], policy.identities.values(), complete=False), now=NOW)
    assert [(finding.rule, len(found)) for finding, found in matrix(verdict, [policy])] == [("it", 1), (None, 0)]
    ((_, (cell,)), _) = matrix(verdict, [])
    assert (cell.check, cell.expected, cell.fix) == ("kind", None, None)


def test_what_helps_is_about_what_is_wrong(read: Read) -> None:
    level, stray = cells(read, f"{PROVENANCE}, builders: [hosted, hardened], slsa: 3", built(), built(by="mallory"))
    fixes = {cell.check: cell.fix for cell in (level, stray)}
    assert set(fixes) == {"provenance-level", "author"}
    assert fixes["provenance-level"] != fixes["author"]
