"""Verdicts over really signed evidence: every code, every fate, and what the reasons say."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from attest import names
from attest.evidence.lookup import subject_of
from attest.evidence.model import Candidate, Check, Subject
from attest.evidence.verify import nothing_found
from attest.packages.digest import ArtifactDigest
from attest.packages.purl import Purl
from attest.policy.codes import MEANINGS, Code
from attest.policy.document import Policy
from attest.policy.evaluate import evaluate
from attest.policy.rules.rule import Mode
from attest.policy.verdict import Fate, Finding, Outcome, Verdict
from attest.statements.statement import Subject as StatementSubject
from tests.evidence_factory import (
    CYCLONEDX,
    DIGEST,
    GITHUB,
    LISTED,
    NOW,
    PURL,
    SUBJECT,
    damaged,
    evidence,
    identity,
    proven,
    signed,
    slsa_v1,
    unsigned,
    workflow,
)
from tests.policy import (
    test_absence,
    test_check,
    test_dependencies,
    test_downgrade,
    test_match,
    test_other_rules,
    test_sbom_rule,
    test_scan_rule,
    test_vex_rule,
)
from tests.policy.conftest import HEAD, Read

WORKFLOW = "https://github.com/acme/app/.github/workflows/release.yml@refs/tags/*"
BUILDERS = """\
builders:
  hosted: {identity: builder, id: "https://ci.example/builder", slsa: 2}
  hardened: {identity: builder, id: "https://ci.example/hardened", slsa: 3}
"""


def with_rules(*terms: str) -> str:
    return HEAD + BUILDERS + "rules:\n" + "".join(f"  - {{{term}}}\n" for term in terms)


SIGNED = with_rules("id: signed, require: signature, by: [release, security]")
TWICE = with_rules("id: signed, require: signature, by: [release, security, builder], threshold: 2")
SBOM = with_rules("id: sbom, require: sbom, by: [release, security]")
SBOMS = with_rules("id: sbom, require: sbom, by: [release, security], threshold: 2")
BUILT = with_rules(
    "id: built, require: provenance, by: [builder], builders: [hosted, hardened], slsa: 3,"
    ' source: "https://github.com/acme/app"'
)
KEYLESS = (
    BUILT.replace("keys_only: true", "root: public-good")
    .replace("identities:", f"identities:\n  ci: {{issuer: '{GITHUB}', subject: '{WORKFLOW}'}}")
    .replace("by: [builder], builders: [hosted, hardened], slsa: 3", "by: [ci]")
)
BY_TWO = with_rules("id: built, require: provenance, by: [builder, release], threshold: 2")


def judge(policy: Policy, *candidates: Candidate, **terms: Any) -> Verdict:
    return evaluate(policy, evidence(candidates, policy.identities.values(), **terms), now=NOW)


def only(verdict: Verdict) -> Finding:
    (finding,) = verdict.findings
    return finding


def provenance(
    builder: str | None = "https://ci.example/hardened",
    source: str | None = "https://github.com/acme/app",
    by: str = "builder",
) -> Candidate:
    return signed(by, names.PREDICATE_SLSA_V1, slsa_v1(builder, source))


def sbom(
    by: str = "release", document: Mapping[str, Any] = CYCLONEDX, kind: str = names.PREDICATE_CYCLONEDX
) -> Candidate:
    return signed(by, kind, document)


OTHER = {**CYCLONEDX, "metadata": {"component": {"type": "library", "purl": "pkg:npm/right-pad@1.3.0"}}}

CASES: dict[Code, tuple[str, Callable[[], list[Candidate]], Outcome, str]] = {
    Code.SIGNATURE_MISSING: (
        SIGNED,
        list,
        Outcome.DENIED,
        "no verified signature by release or security; nothing is attached",
    ),
    Code.SIGNATURE_VERIFIED: (
        SIGNED,
        lambda: [signed("release")],
        Outcome.ADMITTED,
        "signature by release (1 of 1 needed)",
    ),
    Code.SIGNATURE_THRESHOLD: (
        TWICE,
        lambda: [signed("release"), signed("release", note="again")],
        Outcome.DENIED,
        "signature by release only (1 of 2 needed, distinct names and distinct keys); 2 referrers found: "
        "2 verified signatures by release",
    ),
    Code.PROVENANCE_MISSING: (
        BUILT,
        lambda: [provenance(by="release")],
        Outcome.DENIED,
        "no verified provenance by builder; 1 referrer found: 1 verified provenance by release",
    ),
    Code.PROVENANCE_MALFORMED: (
        BUILT,
        lambda: [signed("builder", names.PREDICATE_SLSA_V1, {"builder": {"id": "x"}})],
        Outcome.DENIED,
        "provenance that does not fit: not SLSA v1 provenance: it has no buildDefinition or no runDetails; "
        "1 referrer found: 1 verified provenance by builder that does not fit",
    ),
    Code.PROVENANCE_BUILDER_MISSING: (
        BUILT,
        lambda: [provenance(builder=None)],
        Outcome.DENIED,
        "provenance that does not fit: it names no builder; "
        "1 referrer found: 1 verified provenance by builder that does not fit",
    ),
    Code.PROVENANCE_BUILDER: (
        BUILT,
        lambda: [provenance(builder="https://ci.example/hardened/")],
        Outcome.DENIED,
        "provenance that does not fit: built by https://ci.example/hardened/, not https://ci.example/builder by "
        "builder, https://ci.example/hardened by builder; "
        "1 referrer found: 1 verified provenance by builder that does not fit",
    ),
    Code.PROVENANCE_LEVEL: (
        BUILT,
        lambda: [provenance(builder="https://ci.example/builder")],
        Outcome.DENIED,
        "provenance that does not fit: the policy does not trust https://ci.example/builder with SLSA level 3; "
        "1 referrer found: 1 verified provenance by builder that does not fit",
    ),
    Code.PROVENANCE_SOURCE_MISSING: (
        BUILT,
        lambda: [provenance(source=None)],
        Outcome.DENIED,
        "provenance that does not fit: it names no source, or several; "
        "1 referrer found: 1 verified provenance by builder that does not fit",
    ),
    Code.PROVENANCE_SOURCE: (
        BUILT,
        lambda: [provenance(source="https://github.com/acme/app-evil"), provenance(builder=None)],
        Outcome.DENIED,
        "provenance that does not fit: built from https://github.com/acme/app-evil, not https://github.com/acme/app; "
        "2 referrers found: 2 verified provenance by builder that does not fit",
    ),
    Code.PROVENANCE_CERTIFICATE: (
        KEYLESS,
        lambda: [proven(provenance(), workflow(source_repository="https://github.com/acme/app-evil"))],
        Outcome.DENIED,
        "provenance that does not fit: its signer's certificate is for https://github.com/acme/app-evil, and it names "
        "https://github.com/acme/app; 1 referrer found: 1 verified provenance by ci that does not fit",
    ),
    Code.PROVENANCE_THRESHOLD: (
        BY_TWO,
        lambda: [provenance()],
        Outcome.DENIED,
        "provenance by builder only (1 of 2 needed, distinct names and distinct keys); "
        "1 referrer found: 1 verified provenance by builder",
    ),
    Code.PROVENANCE_VERIFIED: (
        BUILT,
        lambda: [provenance(source="git+https://github.com/acme/app.git@refs/tags/v1")],
        Outcome.ADMITTED,
        "provenance by builder (1 of 1 needed): SLSA build level 3, with which the policy trusts "
        "https://ci.example/hardened when builder signs for it",
    ),
    Code.SBOM_MISSING: (
        SBOM,
        lambda: [
            unsigned(names.CYCLONEDX_JSON, CYCLONEDX),
            sbom("mallory"),
            signed("release"),
        ],
        Outcome.DENIED,
        "no verified SBOM by release or security; 3 referrers found: 1 SBOM by no key that the policy names, "
        "1 unsigned SBOM, 1 verified signature by release",
    ),
    Code.SBOM_MALFORMED: (
        SBOM,
        lambda: [sbom(document={"bomFormat": "CycloneDX"})],
        Outcome.DENIED,
        "SBOM that does not fit: not CycloneDX 1.x: specVersion is None; "
        "1 referrer found: 1 verified SBOM by release that does not fit",
    ),
    Code.SBOM_OTHER_PACKAGE: (
        SBOM,
        lambda: [sbom(document=OTHER)],
        Outcome.DENIED,
        "SBOM that does not fit: the SBOM describes pkg:npm/right-pad@1.3.0; "
        "1 referrer found: 1 verified SBOM by release that does not fit",
    ),
    Code.SBOM_THRESHOLD: (
        SBOMS,
        lambda: [sbom(), sbom("security", OTHER)],
        Outcome.DENIED,
        "SBOM by release only (1 of 2 needed, distinct names and distinct keys); 2 referrers found: "
        "1 verified SBOM by release, 1 verified SBOM by security that does not fit",
    ),
    Code.SBOM_VERIFIED: (SBOM, lambda: [sbom("security")], Outcome.ADMITTED, "SBOM by security (1 of 1 needed)"),
}


@pytest.mark.parametrize("code", CASES, ids=str)
def test_a_rules_code_and_message(read: Read, code: Code) -> None:
    text, candidates, outcome, message = CASES[code]
    verdict = judge(read(text), *candidates())
    assert only(verdict).code is code
    assert only(verdict).message == message
    assert verdict.outcome is only(verdict).outcome is outcome
    assert (only(verdict).remedy is None) == (outcome is Outcome.ADMITTED)


def test_every_code_is_produced_here_and_means_something() -> None:
    of_the_subject = {Code.POLICY_NOT_APPLICABLE, Code.LISTING_INCOMPLETE, Code.SUBJECT_UNRESOLVED}  # tested below
    of_lockfiles = {Code.SUBJECT_UNDIGESTED}
    elsewhere = of_the_subject | of_lockfiles | set(test_absence.CODES) | test_match.CODES | set(test_sbom_rule.CODES)
    elsewhere |= (
        set(test_scan_rule.CODES)
        | set(test_other_rules.CODES)
        | test_downgrade.CODES
        | test_check.CODES
        | test_dependencies.CODES
        | test_vex_rule.CODES
    )
    assert set(CASES) | elsewhere == set(Code) == set(MEANINGS)


def test_a_policy_for_other_packages_denies(read: Read) -> None:
    policy = read(SIGNED.replace("pkg:npm/*", "pkg:npm/@acme/*"))
    verdict = judge(policy, signed("release"))
    assert verdict.outcome is Outcome.DENIED
    assert only(verdict).code is Code.POLICY_NOT_APPLICABLE
    assert only(verdict).message == "policy gate is not for this package: it applies to pkg:npm/@acme/*"


def test_what_is_no_package_is_denied(read: Read) -> None:
    image = Subject(SUBJECT.manifest, name="registry.example/app")
    verdict = judge(read(SIGNED), signed("release", subject=image), subject=image)
    assert (verdict.outcome, only(verdict).code) == (Outcome.DENIED, Code.POLICY_NOT_APPLICABLE)
    assert (verdict.subject, verdict.purl) == ("registry.example/app", None)
    assert verdict.digest == str(SUBJECT.manifest.digest)


def test_an_incomplete_listing_makes_a_missing_signature_a_doubt(read: Read) -> None:
    verdict = judge(read(SIGNED), complete=False, problems=("page 2 failed",))
    rule, listing = verdict.findings
    assert verdict.outcome is rule.outcome is Outcome.INCONCLUSIVE
    assert rule.code is Code.SIGNATURE_MISSING
    assert rule.message == "no verified signature by release or security; nothing could be found"
    assert (listing.code, listing.mode, listing.rule) == (Code.LISTING_INCOMPLETE, Mode.WARN, None)
    assert listing.message == "not all evidence could be listed: page 2 failed"


def test_what_holds_on_an_incomplete_listing_holds(read: Read) -> None:
    verdict = judge(read(SIGNED), signed("release"), complete=False)
    assert verdict.outcome is Outcome.ADMITTED
    assert [finding.code for finding in verdict.findings] == [Code.SIGNATURE_VERIFIED, Code.LISTING_INCOMPLETE]


def test_a_store_that_cannot_be_asked_is_a_doubt(read: Read) -> None:
    verdict = evaluate(read(SIGNED), nothing_found(SUBJECT, "connection refused"), now=NOW)
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert (verdict.listed_at, verdict.complete, verdict.problems) == (None, False, ("connection refused",))


def test_an_artifact_that_only_the_store_named_is_a_doubt(read: Read) -> None:
    verdict = judge(read(SIGNED), signed("release"), subject=replace(SUBJECT, looked_up=True))
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert [finding.code for finding in verdict.findings] == [Code.SIGNATURE_VERIFIED, Code.SUBJECT_UNRESOLVED]
    verdict = judge(read(SIGNED), subject=replace(SUBJECT, looked_up=True))
    assert verdict.outcome is Outcome.DENIED


def test_a_policy_may_only_warn_of_that(read: Read) -> None:
    verdict = judge(read("unresolved: warn\n" + SIGNED), signed("release"), subject=replace(SUBJECT, looked_up=True))
    assert verdict.outcome is Outcome.ADMITTED
    assert verdict.findings[-1].code is Code.SUBJECT_UNRESOLVED
    assert verdict.findings[-1].mode is Mode.WARN


@pytest.mark.parametrize("mode", ["warn", "audit"])
def test_a_rule_that_is_only_shown_changes_nothing(read: Read, mode: str) -> None:
    shown = f"id: sbom, require: sbom, by: [security], mode: {mode}"
    policy = read(with_rules("id: signed, require: signature, by: [release]", shown))
    verdict = judge(policy, signed("release"))
    assert verdict.outcome is Outcome.ADMITTED
    assert [finding.outcome for finding in verdict.findings] == [Outcome.ADMITTED, Outcome.DENIED]
    assert judge(policy, sbom("security")).outcome is Outcome.DENIED


def test_every_enforced_rule_must_hold(read: Read) -> None:
    policy = read(with_rules("id: a, require: signature, by: [release]", "id: b, require: sbom, by: [release]"))
    assert judge(policy, signed("release")).outcome is Outcome.DENIED
    assert judge(policy, sbom()).outcome is Outcome.DENIED
    assert judge(policy, signed("release"), sbom()).outcome is Outcome.ADMITTED


def test_a_threshold_counts_names_with_keys(read: Read) -> None:
    policy = read(TWICE)
    assert judge(policy, *(signed("release", note=str(n)) for n in range(5))).outcome is Outcome.DENIED
    assert judge(policy, signed("release"), signed("security")).outcome is Outcome.ADMITTED


def test_one_key_under_two_names_signs_once(read: Read) -> None:
    policy = read(TWICE.replace("security.pub", "release.pub"))
    verdict = judge(policy, signed("release"), signed("release", note="again"))
    assert only(verdict).code is Code.SIGNATURE_THRESHOLD
    assert only(verdict).message.startswith("signature by release, security only (1 of 2 needed")
    assert judge(policy, signed("release"), signed("builder")).outcome is Outcome.ADMITTED


def test_no_other_statement_is_a_signature(read: Read) -> None:
    verdict = judge(read(SIGNED), sbom(), provenance(by="release"), signed("release", "https://example.com/x"))
    assert only(verdict).code is Code.SIGNATURE_MISSING


def test_an_identity_that_has_ended_does_not_count(read: Read) -> None:
    policy = read(SIGNED.replace("release.pub", "release.pub, until: 2026-11-22"))
    found = evidence([signed("release")], policy.identities.values())
    day = datetime(2026, 11, 22, tzinfo=UTC)
    assert evaluate(policy, found, now=day - timedelta(microseconds=1)).outcome is Outcome.ADMITTED
    assert evaluate(policy, found, now=day).outcome is Outcome.DENIED
    verdict = judge(read(SIGNED.replace("release.pub", "release.pub, until: 2026-11-20")), signed("release"))
    assert "1 signature by an identity that may not speak here (release ended on 2026-11-20)" in only(verdict).message


def test_an_identity_speaks_for_its_packages_only(read: Read) -> None:
    policy = read(SIGNED.replace("release.pub", "release.pub, for: ['pkg:npm/@acme/*']"))
    verdict = judge(policy, signed("release"))
    assert verdict.outcome is Outcome.DENIED
    assert "by an identity that may not speak here (release speaks only for pkg:npm/@acme/*)" in only(verdict).message


def test_evidence_verified_for_another_policys_identities_does_not_count(read: Read) -> None:
    foreign = evidence([signed("mallory")], [identity("release", "mallory")])
    assert len(foreign.verified) == 1
    assert evaluate(read(SIGNED), foreign, now=NOW).outcome is Outcome.DENIED


def test_a_signature_for_another_name_of_the_same_bytes(read: Read) -> None:
    evil = subject_of(Purl.parse("pkg:npm/evil@1.3.0"), DIGEST)
    about = [
        StatementSubject(str(evil), {"sha256": evil.manifest.digest.encoded}),
        StatementSubject(str(evil), {"sha512": DIGEST.hex}),
    ]
    verdict = judge(read(SIGNED), signed("release", about=about))
    assert verdict.outcome is Outcome.DENIED
    assert only(verdict).message.endswith(
        "1 referrer found: 1 signature that does not belong to this package "
        "(the signed content names another package: pkg:npm/evil@1.3.0)"
    )


def test_a_signature_for_other_bytes_of_the_same_name(read: Read) -> None:
    other = subject_of(PURL, ArtifactDigest("sha512", "cd" * 64))
    about = [
        StatementSubject(str(PURL), {"sha256": other.manifest.digest.encoded}),
        StatementSubject(str(PURL), {"sha512": "cd" * 64}),
    ]
    assert judge(read(SIGNED), signed("release", about=about)).outcome is Outcome.DENIED


def test_a_builder_is_its_id_and_its_signer(read: Read) -> None:
    policy = read(BUILT.replace("by: [builder],", "by: [builder, release],"))
    assert judge(policy, provenance(by="builder")).outcome is Outcome.ADMITTED
    verdict = judge(policy, provenance(by="release"))
    assert (verdict.outcome, only(verdict).code) == (Outcome.DENIED, Code.PROVENANCE_BUILDER)


def test_only_the_name_that_speaks_for_a_builder_counts(read: Read) -> None:
    same_key = BUILT.replace("release.pub", "builder.pub").replace("by: [builder],", "by: [builder, release],")
    assert only(judge(read(same_key), provenance())).message.startswith("provenance by builder (1 of 1 needed): SLSA")


def test_a_level_is_never_the_predicates_own(read: Read) -> None:
    claim = {**slsa_v1("https://ci.example/builder"), "slsaLevel": 4, "verifiedLevels": ["SLSA_BUILD_LEVEL_4"]}
    verdict = judge(read(BUILT), signed("builder", names.PREDICATE_SLSA_V1, claim))
    assert only(verdict).code is Code.PROVENANCE_LEVEL


def test_two_signers_of_provenance_count_apart(read: Read) -> None:
    verdict = judge(read(BY_TWO), provenance(by="builder"), provenance(by="release"))
    assert verdict.outcome is Outcome.ADMITTED
    assert only(verdict).message == "provenance by builder, release (2 of 2 needed)"


def test_one_fitting_document_is_enough_whatever_lies_beside_it(read: Read) -> None:
    bad = [provenance(builder=None), provenance(source="https://github.com/evil/app"), provenance(by="mallory")]
    verdict = judge(read(BUILT), *bad, provenance())
    assert verdict.outcome is Outcome.ADMITTED
    assert len(only(verdict).evidence) == 1


SPDX = {
    "spdxVersion": "SPDX-2.3",
    "documentDescribes": ["SPDXRef-a"],
    "packages": [{"SPDXID": "SPDXRef-a", "name": "left-pad", "versionInfo": "1.3.0"}],
}


@pytest.mark.parametrize(
    ("kind", "document", "admitted"),
    [
        (names.PREDICATE_SPDX, SPDX, True),
        (f"{names.PREDICATE_SPDX}/v2.3", SPDX, True),
        (names.PREDICATE_SPDX, {**SPDX, "packages": [{**SPDX["packages"][0], "versionInfo": "1.2.0"}]}, False),  # type: ignore[dict-item]
        (names.PREDICATE_CYCLONEDX, {"bomFormat": "CycloneDX", "specVersion": "1.5"}, True),
        (names.PREDICATE_CYCLONEDX, {**OTHER, "metadata": {"component": {"purl": "pkg:cargo/x@1"}}}, True),  # PEP 770
        (names.PREDICATE_CYCLONEDX, {**OTHER, "metadata": {"component": {"purl": f"{PURL}?arch=x#src"}}}, True),
        (names.PREDICATE_CYCLONEDX, {**OTHER, "metadata": {"component": {"purl": "pkg:npm/left-pad@1.3.1"}}}, False),
        (names.PREDICATE_CYCLONEDX, {}, False),
        ("https://cyclonedx.org/bomb", CYCLONEDX, False),
    ],
)
def test_which_documents_are_an_sbom_of_the_package(
    read: Read, kind: str, document: Mapping[str, Any], admitted: bool
) -> None:
    assert (judge(read(SBOM), sbom(document=document, kind=kind)).outcome is Outcome.ADMITTED) == admitted


def test_every_candidate_has_a_fate_under_every_rule(read: Read) -> None:
    policy = read(with_rules("id: a, require: signature, by: [release]", "id: b, require: sbom, by: [release]"))
    candidates = {
        "signature": signed("release"),
        "of another": signed("security"),
        "sbom": sbom(document=OTHER),
        "unsigned": unsigned(names.CYCLONEDX_JSON, CYCLONEDX),
        "foreign": signed("mallory"),
    }
    verdict = judge(policy, *candidates.values())
    named = {candidate.digest: name for name, candidate in candidates.items()}
    first, second = ({named[item.digest]: (item.fate, item.reason) for item in f.considered} for f in verdict.findings)
    rejected = {
        "unsigned": (Fate.REJECTED, "signed: carries no signature"),
        "foreign": (Fate.REJECTED, "author: by no key that the policy names"),
    }
    assert first == rejected | {
        "signature": (Fate.COUNTED, "bound by anchor"),
        "of another": (Fate.OTHER, "by security, who may not speak in this rule"),
        "sbom": (Fate.OTHER, "SBOM, not signature"),
    }
    assert second == rejected | {
        "signature": (Fate.OTHER, "signature, not SBOM"),
        "of another": (Fate.OTHER, "signature, not SBOM"),
        "sbom": (Fate.UNFIT, "the SBOM describes pkg:npm/right-pad@1.3.0"),
    }
    assert verdict.findings[0].evidence == (candidates["signature"].digest,)
    assert verdict.evidence == tuple(sorted(named))
    assert (verdict.policies[0].verified, verdict.policies[0].rejected) == (3, 2)


def test_what_a_verdict_records(read: Read) -> None:
    policy = read(SIGNED)
    verdict = judge(policy, signed("release"))
    assert (verdict.subject, verdict.purl, verdict.digest) == (str(PURL), str(PURL), str(DIGEST))
    assert [(item.name, item.digest) for item in verdict.policies] == [("gate", policy.digest)]
    assert (verdict.now, verdict.listed_at, verdict.complete, verdict.problems) == (NOW, LISTED, True, ())


def test_damage_is_named(read: Read) -> None:
    verdict = judge(
        read(SIGNED),
        rejected=[
            damaged(Check.READ, "listed but not there", names.PREDICATE_COSIGN_SIGN),
            damaged(Check.FORM, "not JSON", names.BUNDLE_V03),
            damaged(Check.FORM, "x", "text/" + "y" * 300),
            damaged(Check.READ, "x"),
        ],
    )
    assert only(verdict).message.endswith(
        f"4 referrers found: 1 malformed bundle (not JSON), 1 malformed text/{'y' * 155}… document (x), "
        "1 unreadable document (x), 1 unreadable signature (listed but not there)"
    )


def test_many_kinds_of_evidence_are_not_all_named(read: Read) -> None:
    verdict = judge(read(SIGNED), *(unsigned(f"text/{n}", {}) for n in range(9)))
    assert only(verdict).message.endswith("1 unsigned text/5 document, and 3 more kinds")


@pytest.mark.parametrize(
    ("text", "candidates", "remedy"),
    [
        (SIGNED, [], "attest sign {} --key KEY (KEY: the private key of release or security)"),
        (TWICE, ["release"], "attest sign {} --key KEY (KEY: the private key of security or builder)"),
        (SBOM, [], "attest attach {} sbom.json --key KEY (KEY: the private key of release or security)"),
        (BUILT, [], "attest attach {} provenance.json --key KEY (KEY: the private key of builder)"),
    ],
)
def test_the_next_command(read: Read, text: str, candidates: list[str], remedy: str) -> None:
    verdict = judge(read(text), *(signed(name) for name in candidates))
    assert only(verdict).remedy == remedy.format(f"{PURL} --digest {DIGEST}")


def test_whoever_has_ended_or_may_not_speak_is_not_asked(read: Read) -> None:
    ended = SIGNED.replace("{key: release.pub}", "{key: release.pub, until: 2026-11-21}")
    assert only(judge(read(ended))).remedy == (
        f"attest sign {PURL} --digest {DIGEST} --key KEY (KEY: the private key of security)"
    )
    nobody = ended.replace("{key: security.pub}", '{key: security.pub, for: ["pkg:npm/other"]}')
    assert only(judge(read(nobody), signed("release"))).remedy == (
        "have the policy name somebody in 'by' who may sign it now: "
        "release ended on 2026-11-21; security speaks only for pkg:npm/other"
    )
