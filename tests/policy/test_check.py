"""`check`: what it may name, what it is true of, and what hiding evidence does."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attest import limits, names
from attest.errors import PolicyError
from attest.evidence.model import Candidate
from attest.policy import expressions
from attest.policy.codes import Code
from attest.policy.document import Policy
from attest.policy.evaluate import evaluate
from attest.policy.lint import lint
from attest.policy.verdict import Fate, Finding, Outcome
from attest.signing.proof import Author
from tests.evidence_factory import CYCLONEDX, GITHUB, NOW, evidence, proven, signed, slsa_v1, workflow
from tests.policy.conftest import HEAD, Read
from tests.policy.test_absence import seal
from tests.policy.test_other_rules import vsa
from tests.statements.scans import grype

CODES = {
    Code.CHECK_RULE,
    Code.CHECK_VALUE,
    Code.CHECK_TRIES,
    Code.CHECK_ERROR,
    Code.CHECK_FALSE,
    Code.CHECK_HOLDS,
}
"""All are produced here."""
RUN = "https://github.com/acme/app/actions/runs/{}/attempts/1"
KEYLESS = f"""\
version: 1
name: gate
applies_to: ["pkg:npm/*"]
trust: {{root: public-good}}
identities:
  release:
    issuer: {GITHUB}
    subject: https://github.com/acme/app/.github/workflows/release.yml@refs/tags/*
"""
RULES = """\
rules:
  - {id: built, require: provenance, by: [release]}
  - {id: sbom, require: sbom, by: [release]}
"""
SAME_RUN = '  - {id: same-run, check: "built.run == sbom.run"}\n'


def by_run(number: int, **claims: str) -> Author:
    return workflow(run_invocation_uri=RUN.format(number), **claims)


def built(author: Author | None = None, *, run: str | None = None, by: str = "release", **more: Any) -> Candidate:
    predicate = slsa_v1()
    predicate["runDetails"]["metadata"] = {} if run is None else {"invocationId": run}
    candidate = signed(by, names.PREDICATE_SLSA_V1, {**predicate, **more})
    return candidate if author is None else proven(candidate, author)


def sbom(author: Author | None = None, *, by: str = "release", note: str = "") -> Candidate:
    candidate = signed(by, names.PREDICATE_CYCLONEDX, CYCLONEDX, note=note)
    return candidate if author is None else proven(candidate, author)


def judge(policy: Policy, *candidates: Candidate, complete: bool = True) -> Finding:
    """The finding of the one check."""
    found = evaluate(policy, evidence(candidates, policy.identities.values(), complete=complete), now=NOW).findings
    checks = [item for item in found if item.rule == policy.checks[0].id]
    assert len(policy.checks) == len(checks) == 1
    return checks[0]


def checking(read: Read, text: str, rules: str = RULES, head: str = HEAD) -> Policy:
    return read(f"{head}{rules}  - {{id: it, check: {text!r}}}\n")


def test_evidence_of_one_run(read: Read) -> None:
    policy = read(KEYLESS + RULES + SAME_RUN)
    build, bom = built(by_run(7)), sbom(by_run(7))
    finding = judge(policy, build, bom)
    assert (finding.code, finding.outcome) == (Code.CHECK_HOLDS, Outcome.ADMITTED)
    assert finding.message == "built.run == sbom.run holds"
    assert set(finding.evidence) == {build.digest, bom.digest}
    assert {item.fate for item in finding.considered} == {Fate.COUNTED}


def test_evidence_of_two_runs(read: Read) -> None:
    policy = read(KEYLESS + RULES + SAME_RUN)
    finding = judge(policy, built(by_run(7)), sbom(by_run(8)))
    assert (finding.code, finding.outcome) == (Code.CHECK_FALSE, Outcome.DENIED)
    assert finding.message == (
        f"built.run == sbom.run does not hold: built.run is {RUN.format(7)}; sbom.run is {RUN.format(8)}"
    )
    assert finding.remedy == "attach evidence of which it is true"
    assert finding.evidence == ()
    assert [item.fate for item in finding.considered] == [Fate.UNFIT, Fate.UNFIT]


def test_one_combination_is_enough(read: Read) -> None:
    policy = read(KEYLESS + RULES + SAME_RUN)
    good = built(by_run(7)), sbom(by_run(7))
    others = built(by_run(5)), sbom(by_run(6), note="other"), sbom(workflow(), note="no run")
    finding = judge(policy, *others, *good)
    assert finding.outcome is Outcome.ADMITTED
    assert set(finding.evidence) == {item.digest for item in good}


def test_two_that_lack_a_value_are_not_equal(read: Read) -> None:
    policy = read(KEYLESS + RULES + SAME_RUN)
    finding = judge(policy, built(workflow()), sbom(workflow()))
    assert (finding.code, finding.outcome) == (Code.CHECK_VALUE, Outcome.DENIED)
    assert finding.message == "built.run == sbom.run says nothing, for built.run has no value"


@pytest.mark.parametrize("text", ["true || built.run == 'a'", "sbom.components == 1 || built.run == 'a'"])
def test_a_missing_value_denies_also_where_the_answer_would_not_depend_on_it(read: Read, text: str) -> None:
    finding = judge(checking(read, text), built(), sbom())
    assert finding.code is Code.CHECK_VALUE


@pytest.mark.parametrize("run", ["", "a\0b", "a" * (limits.EXPRESSION_VALUE + 1)])
def test_a_value_that_cannot_be_compared_is_none(read: Read, run: str) -> None:
    finding = judge(checking(read, "built.run != 'x'"), built(run=run), sbom())
    assert finding.code is Code.CHECK_VALUE


def test_what_a_certificate_says_is_taken_before_what_the_document_says(read: Read) -> None:
    policy = read(KEYLESS + RULES + SAME_RUN)
    assert judge(policy, built(by_run(7), run=RUN.format(8)), sbom(by_run(8))).outcome is Outcome.DENIED
    assert judge(policy, built(by_run(7), run=RUN.format(8)), sbom(by_run(7))).outcome is Outcome.ADMITTED
    assert judge(checking(read, "built.run == '17-1'"), built(run="17-1"), sbom()).outcome is Outcome.ADMITTED


def test_only_what_counts_under_the_rule_is_asked(read: Read) -> None:
    """Not what is by somebody else, of another kind, or does not fit; nor what nobody signed."""
    rules = """\
builders:
  ci: {identity: builder, id: "https://ci.example/builder", slsa: 3}
rules:
  - {id: built, require: provenance, by: [builder], builders: [ci]}
"""
    policy = checking(read, "built.run == '7'", rules)
    fitting = built(run="6", by="builder")
    unfit = built(run="7", by="builder", buildDefinition={"buildType": "x:y"}, runDetails={"builder": {"id": "x"}})
    for stranger in (built(run="7"), built(run="7", by="mallory"), unfit):
        finding = judge(policy, fitting, stranger)
        assert (finding.code, finding.message) == (
            Code.CHECK_FALSE,
            "built.run == '7' does not hold: built.run is 6",
        )
        assert judge(policy, stranger).code is Code.CHECK_RULE
    assert judge(policy, fitting, built(run="7", by="builder")).outcome is Outcome.ADMITTED


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("'release' in built.signers && size(built.signers) == 1", True),
        ("built.author == sbom.author", True),
        ("built.author.startsWith('key:sha256:') && size(built.author) == 75", True),
        ("built.type == 'https://slsa.dev/provenance/v1'", True),
        ("built.digest != sbom.digest && sbom.digest.startsWith('sha256:')", True),
        ("built.source == 'https://github.com/acme/app'", True),
        ("built.builder.startsWith('https://ci.example/') && built.workflow == '.ci/release.yml'", True),
        ("built.build_type == 'https://ci.example/type/v1'", True),
        ("sbom.components == 1", True),
        ("scanned.tool == 'Grype' && scanned.findings > 0", True),
        ("scanned.time < timestamp('2026-11-21T00:00:00Z')", True),
        ("'SLSA_BUILD_LEVEL_3' in summed.levels && summed.resource.startsWith('pkg:npm/')", True),
        ("summed.time - scanned.time < duration('24h')", True),
        ("size(summed.levels) > 2", False),
        ("built.author != sbom.author", False),
    ],
)
def test_what_may_be_asked(read: Read, text: str, expected: bool) -> None:
    rules = (
        RULES
        + """\
  - {id: scanned, require: scan, by: [release]}
  - {id: summed, require: vsa, by: [security], verifier: "https://acme.example/v"}
"""
    )
    candidates = built(), sbom(), vsa(), signed("release", names.PREDICATE_SCAN, grype())
    finding = judge(checking(read, text, rules), *candidates)
    assert finding.code is (Code.CHECK_HOLDS if expected else Code.CHECK_FALSE)


def test_what_a_certificate_can_be_asked_for(read: Read) -> None:
    author = by_run(7, source_repository_digest="c0ffee", source_repository_ref="refs/tags/v1")
    rules = "rules:\n  - {id: signed, require: signature, by: [release]}\n"
    text = "signed.source == 'https://github.com/acme/app' && signed.ref == 'refs/tags/v1' && signed.commit == 'c0ffee'"
    finding = judge(checking(read, text, rules, KEYLESS), proven(signed("x"), author))
    assert finding.outcome is Outcome.ADMITTED


def test_a_rule_that_does_not_hold_says_nothing(read: Read) -> None:
    policy = checking(read, "built.author == sbom.author")
    finding = judge(policy, built())
    assert (finding.code, finding.outcome) == (Code.CHECK_RULE, Outcome.DENIED)
    assert finding.message == "built.author == sbom.author says nothing, for sbom does not hold"


def test_a_rule_that_is_only_shown_must_hold_too(read: Read) -> None:
    policy = checking(
        read, "sbom.components > 0", RULES.replace("sbom, by: [release]", "sbom, by: [release], mode: audit")
    )
    assert judge(policy, built()).code is Code.CHECK_RULE
    assert judge(policy, built(), sbom()).outcome is Outcome.ADMITTED


def test_modes(read: Read) -> None:
    policy = read(HEAD + RULES + "  - {id: it, check: 'sbom.components > 5', mode: warn}\n")
    verdict = evaluate(policy, evidence([built(), sbom()], policy.identities.values()), now=NOW)
    assert [item.outcome for item in verdict.findings] == [Outcome.ADMITTED, Outcome.ADMITTED, Outcome.DENIED]
    assert verdict.outcome is Outcome.ADMITTED


def test_a_waiver_is_about_a_check_too(read: Read) -> None:
    from tests.evidence_factory import DIGEST, PURL

    waiver = (
        f"waivers:\n  - {{rule: it, subject: '{PURL}', digest: '{DIGEST}', reason: r, owner: o, expires: 2027-01-01}}\n"
    )
    policy = read(HEAD + RULES + "  - {id: it, check: 'sbom.components > 5'}\n" + waiver)
    verdict = evaluate(policy, evidence([built(), sbom()], policy.identities.values()), now=NOW)
    assert verdict.outcome is Outcome.ADMITTED
    assert verdict.findings[2].outcome is Outcome.DENIED
    assert verdict.findings[2].waived is not None


def test_what_comes_to_nothing_is_denied_with_a_code_of_its_own(read: Read) -> None:
    finding = judge(checking(read, "timestamp(built.run) < timestamp('2026-01-01T00:00:00Z')"), built(run="x"), sbom())
    assert (finding.code, finding.outcome) == (Code.CHECK_ERROR, Outcome.DENIED)
    assert "it has no answer" in finding.message


def test_what_cannot_be_tried_in_whole_is_a_doubt(read: Read) -> None:
    rules = "rules:\n  - {id: a, require: provenance, by: [release]}\n  - {id: b, require: provenance, by: [release]}\n"
    policy = checking(read, "a.run + b.run == 'none'", rules)
    many = [built(run=str(number)) for number in range(32)]
    assert judge(policy, *many[:31]).code is Code.CHECK_FALSE
    finding = judge(policy, *many)
    assert (finding.code, finding.outcome) == (Code.CHECK_TRIES, Outcome.INCONCLUSIVE)


def test_equal_values_are_tried_once(read: Read) -> None:
    rules = "rules:\n  - {id: a, require: sbom, by: [release]}\n  - {id: b, require: sbom, by: [release]}\n"
    many = [sbom(note=str(number)) for number in range(40)]
    assert judge(checking(read, "a.components + b.components == 3", rules), *many).code is Code.CHECK_FALSE


def test_an_incomplete_listing_leaves_doubt(read: Read) -> None:
    policy = checking(read, "built.run == '7'")
    assert judge(policy, built(run="6"), sbom(), complete=False).outcome is Outcome.INCONCLUSIVE
    assert judge(policy, built(), sbom(), complete=False).outcome is Outcome.INCONCLUSIVE
    assert judge(policy, built(), complete=False).outcome is Outcome.INCONCLUSIVE
    assert judge(policy, built(run="7"), sbom(), complete=False).outcome is Outcome.ADMITTED


def test_a_rule_that_needs_absence_has_it_proven_before_it_is_asked(read: Read) -> None:
    rules = """\
rules:
  - {id: built, require: provenance, by: [release, security], match: latest, absence: seal}
"""
    policy = checking(read, "built.run == '7'", rules)
    item = built(run="7")
    assert judge(policy, item).outcome is Outcome.INCONCLUSIVE
    assert judge(policy, item, seal("security", item)).outcome is Outcome.ADMITTED
    later = built(run="8")
    assert judge(policy, item, seal("security", item, later)).outcome is Outcome.INCONCLUSIVE


REFUSED = {
    "unknown": (
        "built.rum == sbom.run",
        "gate.yaml:12: rule 'it': 'check': at character 6: undeclared reference to 'built.rum'",
    ),
    "types": (
        "built.run == sbom.components",
        "at character 11: found no matching overload for '_==_' applied to '(string, int)'",
    ),
    "syntax": ("built.run ==", "at character 13: Syntax error"),
    "nothing": ("1 == 1", "it names nothing"),
    "no answer": ("built.run", "it is neither true nor false: its type is string"),
    "loop": ("built.signers.exists(x, x == 'a')", "at character 15: there is no exists(), no loop"),
    "long": (" " * limits.EXPRESSION + "built.run == 'x'", "1016 characters: more than the limit of 1000"),
    "nothing wanted": ("gone.time == built.time", "undeclared reference to 'gone.time'"),
    "two": ("a_b.run == built.run", "undeclared reference to 'a_b.run'"),
    "itself": ("it.run == built.run", "undeclared reference to 'it.run'"),
    "a check": ("other.run == built.run", "undeclared reference to 'other.run'"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_when_the_policy_is_read(read: Read, name: str) -> None:
    text, message = REFUSED[name]
    more = """\
  - {id: gone, require: no-withdrawal, by: [release], absence: seal}
  - {id: a-b, require: sbom, by: [release]}
  - {id: a_b, require: sbom, by: [release]}
  - {id: other, check: "sbom.components > 0"}
"""
    with pytest.raises(PolicyError) as caught:
        read(f'{HEAD}{RULES}  - {{id: it, check: "{text}"}}\n{more}')
    assert message in str(caught.value)


def test_what_may_be_asked_is_told(read: Read) -> None:
    with pytest.raises(PolicyError) as caught:
        checking(read, "sbom.rum == 'x'")
    assert caught.value.next_step == (
        "write a name of one of its rules, a dot, and what it may be asked "
        "(sbom: author, commit, components, digest, ref, run, signers, source, time, type)"
    )


@pytest.mark.parametrize("key", ["by: [release]", "require: sbom", "match: all", "threshold: 2"])
def test_a_check_has_no_other_keys(read: Read, key: str) -> None:
    with pytest.raises(PolicyError, match=f"rule 'it': unknown key '{key.partition(':')[0]}'"):
        read(f"{HEAD}{RULES}  - {{id: it, check: 'sbom.components > 0', {key}}}\n")


def test_a_check_alone_is_no_policy(read: Read) -> None:
    with pytest.raises(PolicyError, match="no rule that wants evidence is enforced"):
        checking(read, "sbom.components > 0", "rules:\n  - {id: sbom, require: sbom, by: [release], mode: warn}\n")


def test_an_id_stands_once(read: Read) -> None:
    with pytest.raises(PolicyError, match="the rule id 'sbom' stands twice"):
        read(f"{HEAD}{RULES}  - {{id: sbom, check: 'sbom.components > 0'}}\n")


def test_a_check_may_stand_before_what_it_names(read: Read) -> None:
    rules = RULES.replace("rules:\n", "rules:\n  - {id: it, check: 'sbom.components == 1'}\n")
    assert judge(read(HEAD + rules), built(), sbom()).outcome is Outcome.ADMITTED


def test_a_thousand_checks_are_read_in_time(read: Read) -> None:
    many = "".join(f"  - {{id: c{number}, check: 'built.run == sbom.run'}}\n" for number in range(998))
    assert len(read(HEAD + RULES + many).checks) == 998


def test_lint_tells_the_place(keys: Any) -> None:
    text = f"{HEAD}{RULES}  - {{id: it, check: built.rum == sbom.run}}\n"
    (complaint,) = lint(text.encode(), where="gate.yaml", base=keys, now=NOW + timedelta())
    assert str(complaint) == (
        "gate.yaml:12:21: rule 'it': 'check': at character 6: undeclared reference to 'built.rum'"
    )
    assert lint(f"{HEAD}{RULES}{SAME_RUN}".encode(), where="p", base=keys, now=NOW)


values = st.sampled_from(["1", "2", "3", None])


@given(builds=st.lists(values, max_size=4), more=st.lists(values, max_size=3), equal=values)
def test_counted_another_way(
    read_policy: Mapping[str, Policy], builds: list[str | None], more: list[str | None], equal: str | None
) -> None:
    """It holds iff there is one build with the value; more evidence never makes it worse."""
    wanted = equal or "3"
    policy = read_policy[wanted]
    some = [built(run=run) for run in builds]
    both = [*some, *(built(run=run) for run in more)]
    outcomes = [judge(policy, *items, sbom()).outcome for items in (some, both)]
    assert [outcome is Outcome.ADMITTED for outcome in outcomes] == [wanted in builds, wanted in [*builds, *more]]


@pytest.fixture(scope="module")
def read_policy(keys: Any) -> dict[str, Policy]:
    from attest.policy.document import parse

    text = HEAD + RULES + "  - {id: it, check: \"built.run == '%s'\"}\n"
    return {value: parse((text % value).encode(), where="p", base=keys) for value in "123"}


def test_without_the_library_the_extra_is_named(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cel_expr_python", None)
    monkeypatch.setattr(expressions, "_library", expressions._library.__wrapped__)
    with pytest.raises(PolicyError) as caught:
        read(HEAD + RULES + SAME_RUN)
    assert str(caught.value) == (
        "gate.yaml:12: 'check' needs the package cel-expr-python, which is not installed "
        "(next: in a clone of attest: pip install '.[cel]')"
    )
    assert read(HEAD + RULES).checks == ()
