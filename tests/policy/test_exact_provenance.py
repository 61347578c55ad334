"""Each condition of a provenance rule by itself: what fits, what does not, and in which words."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from attest import names
from attest.errors import PolicyError
from attest.evidence.model import Candidate
from attest.policy.codes import Code
from attest.policy.verdict import Finding, Outcome
from tests.evidence_factory import GITHUB, NOW, proven, signed, workflow
from tests.policy.conftest import HEAD, Read
from tests.policy.test_evaluate import BUILDERS, judge, only

SOURCE = "https://github.com/acme/app"
TYPE = "https://ci.example/type/v1"
BUILDER = "https://ci.example/builder"
REF = "refs/tags/v1"


def built(
    *,
    builder: str | None = BUILDER,
    build_type: str = TYPE,
    by: str = "builder",
    parameters: Any = None,
    run: str | None = None,
    **flow: Any,
) -> Candidate:
    where = {"repository": SOURCE, "path": ".ci/release.yml", "ref": REF, **flow}
    predicate = {
        "buildDefinition": {
            "buildType": build_type,
            "externalParameters": {
                "workflow": {name: value for name, value in where.items() if value is not None},
                **(parameters or {}),
            },
        },
        "runDetails": {
            "builder": {} if builder is None else {"id": builder},
            "metadata": {} if run is None else {"invocationId": run},
        },
    }
    return signed(by, names.PREDICATE_SLSA_V1, predicate)


def found(read: Read, terms: str, candidate: Candidate) -> Finding:
    rule = f"rules:\n  - {{id: built, require: provenance, by: [builder, release], {terms}}}\n"
    return only(judge(read(HEAD + BUILDERS + rule), candidate))


@pytest.mark.parametrize(
    ("terms", "candidate", "told"),
    [
        ("threshold: 1", built(builder=None, repository=None), None),
        (f'source: "{SOURCE}"', built(), None),
        ('source: "https://github.com/acme/*"', built(), None),
        (f'source: "{SOURCE}"', built(repository=SOURCE + "2"), f"built from {SOURCE}2, not {SOURCE}"),
        (f'source: "{SOURCE}"', built(repository=None), "it names no source, or several"),
        ("workflow: .ci/release.yml", built(), None),
        ("workflow: .ci/*", built(), None),
        (
            "workflow: .ci/release.yml",
            built(path=".ci/evil.yml"),
            "built by the workflow .ci/evil.yml, not .ci/release.yml",
        ),
        (
            "workflow: .ci/release.yml",
            built(path=None),
            "built by the workflow none that it names, not .ci/release.yml",
        ),
        ("ref: refs/tags/*", built(), None),
        ("ref: refs/heads/main", built(), f"built from {REF}, not refs/heads/main"),
        ("ref: refs/heads/main", built(ref=None), "built from none that it names, not refs/heads/main"),
        (f'build_type: "{TYPE}"', built(), None),
        (f'build_type: "{TYPE}"', built(build_type=TYPE + "0"), f"built as {TYPE}0, not {TYPE}"),
        ("parameters: {channel: stable}", built(parameters={"channel": "stable"}), None),
        ("parameters: {channel: stable}", built(parameters={"channel": "beta"}), "channel is beta, not stable"),
        ("parameters: {channel: stable}", built(), "channel is missing, not stable"),
        ("parameters: {a: x, b: y}", built(parameters={"a": "x", "b": "y"}), None),
        ("parameters: {a: x, b: y}", built(parameters={"a": "x", "b": "z"}), "b is z, not y"),
        ("parameters: {b: y, a: x}", built(), "a is missing, not x"),
        ("builders: [hosted]", built(), None),
        ("builders: [hosted, hardened]", built(builder="https://ci.example/hardened"), None),
        (
            "builders: [hosted]",
            built(builder="https://ci.example/hardened"),
            f"built by https://ci.example/hardened, not {BUILDER} by builder",
        ),
        ("builders: [hosted]", built(by="release"), f"built by {BUILDER}, not {BUILDER} by builder"),
        ("builders: [hosted]", built(builder=None), "it names no builder"),
        ("builders: [hosted], slsa: 2", built(), None),
        ("builders: [hosted, hardened], slsa: 2", built(), None),
        (
            "builders: [hosted, hardened], slsa: 3",
            built(),
            f"the policy does not trust {BUILDER} with SLSA level 3",
        ),
    ],
)
def test_each_condition(read: Read, terms: str, candidate: Candidate, told: str | None) -> None:
    message = found(read, terms, candidate).message
    if told is None:
        assert message.startswith("provenance by builder (")
        assert "1 of 1 needed" in message
    else:
        assert message.startswith(f"provenance that does not fit: {told}; 1 referrer found")


def test_a_level_is_told_where_it_is_asked_for(read: Read) -> None:
    plain = "provenance by builder (1 of 1 needed)"
    assert found(read, "builders: [hosted]", built()).message == plain
    assert found(read, "builders: [hosted], slsa: 1", built()).message == (
        f"{plain}: SLSA build level 2, with which the policy trusts {BUILDER} when builder signs for it"
    )


CI = f"{{issuer: '{GITHUB}', subject: 'https://github.com/acme/app/.github/workflows/release.yml@refs/tags/*'}}"


@pytest.mark.parametrize(
    ("terms", "claims", "flow", "told"),
    [
        ("threshold: 1", {"source_repository": SOURCE}, {}, None),
        ("threshold: 1", {"source_repository": f"git+{SOURCE}.git"}, {}, None),
        ("threshold: 1", {"source_repository": "acme/app"}, {}, f"acme/app, and it names {SOURCE}"),
        ("threshold: 1", {"source_repository": SOURCE}, {"repository": None}, f"{SOURCE}, and it names no source"),
        ("threshold: 1", {"source_repository": SOURCE + "2"}, {}, f"{SOURCE}2, and it names {SOURCE}"),
        ("threshold: 1", {"source_repository_ref": "refs/heads/x"}, {}, None),
        ("ref: refs/tags/*", {"source_repository_ref": "refs/heads/x"}, {}, f"refs/heads/x, and it names {REF}"),
        ("ref: refs/tags/*", {"source_repository_ref": REF}, {}, None),
        ("ref: refs/tags/*", {}, {}, None),
    ],
)
def test_what_a_certificate_knows_better(
    read: Read, terms: str, claims: dict[str, str], flow: dict[str, Any], told: str | None
) -> None:
    head = HEAD.replace("keys_only: true", "root: public-good").replace("identities:", f"identities:\n  ci: {CI}")
    policy = read(f"{head}rules:\n  - {{id: built, require: provenance, by: [ci], {terms}}}\n")
    finding = only(judge(policy, proven(built(**flow), workflow(**claims))))
    if told is None:
        assert finding.code is Code.PROVENANCE_VERIFIED, finding.message
    else:
        assert finding.code is Code.PROVENANCE_CERTIFICATE
        assert finding.message.startswith(f"provenance that does not fit: its signer's certificate is for {told}")


def test_when_it_was_made(read: Read) -> None:
    for days, code in ((7, Code.PROVENANCE_VERIFIED), (8, Code.EVIDENCE_STALE)):
        ended = (NOW - timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")
        predicate = {
            "buildDefinition": {"buildType": TYPE, "externalParameters": {}},
            "runDetails": {"builder": {"id": BUILDER}, "metadata": {"finishedOn": ended}},
        }
        candidate = signed("builder", names.PREDICATE_SLSA_V1, predicate)
        assert found(read, "max_age: 7d", candidate).code is code


UNRATED = BUILDERS + '  unrated: {identity: builder, id: "https://ci.example/unrated"}\n'


def test_a_builder_without_a_level_has_none(read: Read) -> None:
    rule = "rules:\n  - {id: built, require: provenance, by: [builder], builders: [unrated, hosted], slsa: 1}\n"
    policy = read(HEAD + UNRATED + rule)
    unrated = only(judge(policy, built(builder="https://ci.example/unrated")))
    assert unrated.code is Code.PROVENANCE_LEVEL
    assert only(judge(policy, built())).code is Code.PROVENANCE_VERIFIED


def test_the_builder_is_looked_at_first(read: Read) -> None:
    candidate = built(builder="https://ci.example/other", repository=SOURCE + "2")
    assert found(read, f'builders: [hosted], source: "{SOURCE}"', candidate).code is Code.PROVENANCE_BUILDER


def test_levels(read: Read) -> None:
    best = UNRATED + '  best: {identity: builder, id: "https://ci.example/best", slsa: 4}\n'

    def rule(name: str, level: int) -> str:
        terms = f"by: [builder], builders: [{name}], slsa: {level}"
        return f"{HEAD}{best}rules:\n  - {{id: built, require: provenance, {terms}}}\n"

    for name, levels in (("hosted", (1, 2)), ("best", (1, 2, 3, 4))):
        for level in levels:
            read(rule(name, level))
    for name, level in (("hosted", 3), ("best", 0), ("best", 5), ("unrated", 1)):
        with pytest.raises(PolicyError) as refused:
            read(rule(name, level))
        is_level = level in (1, 3)
        assert ("no builder of the rule is trusted with" in str(refused.value)) is is_level


def test_what_a_check_may_ask_of_it(read: Read) -> None:
    asked = {"builder": BUILDER, "build_type": TYPE, "workflow": ".ci/release.yml", "source": SOURCE, "ref": REF}
    asked["run"] = "run-7"
    rules = "rules:\n  - {id: built, require: provenance, by: [builder]}\n" + "".join(
        f"  - {{id: {name.replace('_', '-')}, check: 'built.{name} == \"{value}\"'}}\n" for name, value in asked.items()
    )
    verdict = judge(read(HEAD + rules), built(run="run-7"))
    assert [item.outcome for item in verdict.findings] == [Outcome.ADMITTED] * 7


def test_a_builder_that_the_policy_does_not_have(read: Read) -> None:
    rule = "rules:\n  - {id: built, require: provenance, by: [builder], builders: [other]}\n"
    for head, known in ((HEAD + BUILDERS, "hosted, hardened"), (HEAD, "none")):
        with pytest.raises(PolicyError, match="no builder 'other'") as refused:
            read(head + rule)
        assert refused.value.why == f"known: {known}"


@pytest.mark.parametrize(
    ("terms", "told", "why"),
    [
        (
            "by: [release], builders: [hosted]",
            "builder 'hosted' could never count",
            "'builder' signs for it and is not in 'by'",
        ),
        (
            'by: [builder], source: "git+https://github.com/acme/app.git"',
            "'source' could never match 'git+https://github.com/acme/app.git'",
            "a source is compared without 'git+', '.git', ref and fragment",
        ),
        ("by: [builder], source: acme/app", "'source' could never match 'acme/app'", None),
    ],
)
def test_what_could_never_hold(read: Read, terms: str, told: str, why: str | None) -> None:
    with pytest.raises(PolicyError, match=told.replace("+", r"\+")) as refused:
        read(f"{HEAD}{BUILDERS}rules:\n  - {{id: built, require: provenance, {terms}}}\n")
    assert why in (None, refused.value.why)
