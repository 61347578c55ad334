"""What is wrong with policies that can be read, with line and column."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from attest import limits
from attest.policy.lint import lint
from tests.evidence_factory import DIGEST, NOW, PURL
from tests.policy.conftest import HEAD

SIGNED = "rules:\n  - {id: signed, require: signature, by: [release, security, builder]}\n"


def found(keys: Path, text: str, now: datetime = NOW) -> list[str]:
    return [str(item) for item in lint(text.encode(), where="gate.yaml", base=keys, now=now)]


def test_nothing(keys: Path) -> None:
    assert found(keys, HEAD + SIGNED) == []


def test_names_that_nothing_uses(keys: Path) -> None:
    text = HEAD + (
        "  spare: {key: alice.pub}\n"
        "builders:\n"
        "  hosted: {identity: builder, id: 'https://ci.example/a'}\n"
        "  other: {identity: security, id: 'https://ci.example/b'}\n"
        "rules:\n"
        "  - {id: built, require: provenance, by: [builder], builders: [hosted]}\n"
        "resolve: {by: [release]}\n"
    )
    assert found(keys, text) == [
        "gate.yaml:9:3: identity 'spare' is used by nothing",
        "gate.yaml:12:3: builder 'other' is used by nothing",
    ]


def test_rules_that_can_never_hold(keys: Path) -> None:
    def gate(terms: str, head: str = HEAD) -> str:
        return head.replace("key: release.pub", f"key: release.pub, {terms}") + (
            "rules:\n"
            "  - {id: both, require: signature, by: [release, security], threshold: 2}\n"
            "  - {id: one, require: signature, by: [release, builder]}\n"
        )

    never = ["gate.yaml:10:5: rule 'both' can never hold: release ended, or may not speak about these packages"]
    end = datetime(2026, 12, 1, tzinfo=UTC)
    assert found(keys, gate("until: 2026-12-01"), now=end) == never
    assert found(keys, gate("until: 2026-12-01")) == []
    timed = HEAD.replace("keys_only: true", "root: public-good")
    assert found(keys, gate("until: 2026-12-01", timed), now=end) == []
    assert found(keys, gate("for: ['pkg:pypi/**']")) == never
    assert found(keys, gate("for: ['registry.example/acme/*']")) == never
    assert found(keys, gate("for: ['pkg:pypi/**', 'pkg:npm/x']")) == []


def test_a_rule_that_wants_nothing_needs_somebody_who_may_say_so(keys: Path) -> None:
    text = (
        HEAD.replace("key: security.pub", "key: security.pub, until: 2026-01-01")
        + SIGNED
        + "  - {id: stands, require: no-withdrawal, by: [security], absence: listing}\n"
    )
    (only,) = found(keys, text)
    assert only.startswith("gate.yaml:11:5: rule 'stands' can never hold: security ended")


@pytest.mark.parametrize(("day", "count"), [("2026-11-21", 1), ("2026-11-22", 0)])
def test_waivers_that_have_expired(keys: Path, day: str, count: int) -> None:
    waiver = f"rule: signed, subject: '{PURL}', digest: '{DIGEST}', reason: late, owner: al, expires: {day}"
    told = f"gate.yaml:12:5: the waiver of 'signed' for {PURL} expired on {day}, and has no effect"
    assert found(keys, f"{HEAD}{SIGNED}waivers:\n  - {{{waiver}}}\n") == [told] * count


@pytest.mark.parametrize(
    ("source", "wide"),
    [
        ("https://github.com/*/*", True),
        ("https://github.com/*", True),
        ("https://git.example:8443/*/*", True),
        ("https://github.com/acme/*", False),
        ("https://github.com/acme/app", False),
    ],
)
def test_patterns_that_anybody_matches(keys: Path, source: str, wide: bool) -> None:
    rule = f"  - {{id: built, require: provenance, by: [release], source: '{source}'}}\n"
    expected = [f"gate.yaml:11:61: 'source': {source!r} matches everything"]
    assert found(keys, HEAD + SIGNED + rule) == (expected if wide else [])


@pytest.mark.parametrize(
    ("own", "wanted", "meet"),
    [
        ("pkg:npm/@acme/*", "pkg:npm/@acme/x", True),
        ("pkg:npm/@acme/*", "pkg:npm/@other/*", False),
        ("pkg:npm/@acme/*", "pkg:npm/*", False),
        ("pkg:npm/@acme/*", "pkg:npm/*/x", True),
        ("pkg:npm/@acme/*", "pkg:npm/**", True),
        ("pkg:npm/**", "pkg:npm/x", True),
        ("pkg:npm/x@1", "pkg:npm/x@2", False),
        ("pkg:npm/x@1", "pkg:npm/x@*", True),
        ("pkg:npm/x@1", "pkg:npm/x", True),
        ("registry.example/acme/*", "registry.example/acme/app", True),
        ("registry.example/acme/*", "registry.example/other/**", False),
        ("registry.example/acme/**", "registry.example/*/app/x", True),
        ("registry.example/acme", "registry.example/acme/**", False),
        ("registry.example/*", "pkg:npm/**", False),
    ],
)
def test_patterns_that_nothing_meets(keys: Path, own: str, wanted: str, meet: bool) -> None:
    for one, other in ((own, wanted), (wanted, own)):
        head = HEAD.replace("pkg:npm/*", other).replace("key: release.pub", f"key: release.pub, for: ['{one}']")
        head = head.replace("  security: {key: security.pub}\n  builder: {key: builder.pub}\n", "")
        told = found(keys, head + "rules:\n  - {id: signed, require: signature, by: [release]}\n")
        assert bool(told) is not meet, told


def test_a_builder_whose_signer_may_not_speak(keys: Path) -> None:
    text = (
        HEAD.replace("key: builder.pub", "key: builder.pub, for: ['pkg:pypi/**']")
        + "builders:\n  ci: {identity: builder, id: ci}\n"
        + SIGNED
        + "  - {id: built, require: provenance, by: [release, builder], builders: [ci]}\n"
    )
    assert found(keys, text) == [
        "gate.yaml:13:5: rule 'built' can never hold: builder ended, or may not speak about these packages"
    ]


def test_a_waiver_of_what_is_for_others(keys: Path) -> None:
    terms = f"digest: '{DIGEST}', reason: late, owner: al, expires: 2027-01-01"
    waiver = f"{{rule: signed, subject: 'pkg:pypi/idna@3.10', {terms}}}"
    told = "gate.yaml:12:5: the waiver of 'signed' for pkg:pypi/idna@3.10 is for what the policy does not apply to"
    assert found(keys, f"{HEAD}{SIGNED}waivers:\n  - {waiver}\n") == [f"{told}, and has no effect"]


def test_what_it_extends_is_looked_at(keys: Path, tmp_path: Path) -> None:
    for name in ("release", "security", "builder"):
        (tmp_path / f"{name}.pub").write_bytes((keys / f"{name}.pub").read_bytes())
    waiver = f"{{rule: signed, subject: '{PURL}', digest: '{DIGEST}', reason: r, owner: o, expires: 2026-01-01}}"
    wide = "  - {id: built, require: provenance, by: [release], source: 'https://github.com/*/*'}\n"
    spare = HEAD.replace("rules:", "").replace("name: gate", "name: base") + "  spare: {key: release.pub}\n"
    (tmp_path / "base.yaml").write_text(f"{spare}{SIGNED}{wide}waivers:\n  - {waiver}\n")
    child = (
        "version: 1\nname: child\nextends: base.yaml\nidentities:\n  own: {key: security.pub, for: ['pkg:pypi/**']}\n"
        "rules:\n  - {id: mine, require: signature, by: [own]}\n  - {id: more, require: sbom, by: [release]}\n"
    )
    told = [str(item) for item in lint(child.encode(), where="child.yaml", base=tmp_path, now=NOW)]
    base = tmp_path / "base.yaml"
    assert told == [
        "child.yaml:7:5: rule 'mine' can never hold: own ended, or may not speak about these packages",
        f"{base}:12:61: 'source': 'https://github.com/*/*' matches everything",
        f"{base}:14:5: the waiver of 'signed' for {PURL} expired on 2026-01-01, and has no effect",
    ]
    (tmp_path / "base.yaml").write_text("version: 1\nname: base\nextends: child.yaml\n")
    (cycle,) = lint(child.encode(), where="child.yaml", base=tmp_path, now=NOW)
    expected = "the policy extends itself: child.yaml extends base.yaml extends child.yaml"
    assert str(cycle) == f"{base}:3:1: {expected}"


@pytest.mark.parametrize(
    "text",
    [
        "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nrules: *c\n",
        "rules: " + "[" * 10_000 + "\n",
        "rules: " + "{a: " * 10_000 + "\n",
        "identities: [a]\nrules: {}\n",
        "version: 1\nname: [gate]\n",
    ],
)
def test_hostile_files_are_refused_at_once(keys: Path, text: str) -> None:
    (refused,) = found(keys, text)
    assert refused.startswith("gate.yaml:")


def test_what_is_refused_is_told_with_its_column(keys: Path) -> None:
    (unknown,) = found(keys, HEAD + SIGNED.replace("by:", "bye:"))
    assert unknown.startswith("gate.yaml:10:38: rule 'signed': unknown key 'bye': nearest: by")
    assert found(keys, "a: &x [*x]\n") == ["gate.yaml:1:4: anchors are not read"]
    (broken,) = found(keys, "a: [\n")
    assert broken.startswith("gate.yaml:")


def test_all_of_it_in_the_order_of_the_file(keys: Path) -> None:
    text = HEAD.replace("key: release.pub", "key: release.pub, until: 2026-01-01") + (
        "rules:\n  - {id: signed, require: signature, by: [release]}\n"
    )
    assert [item.split(":")[1] for item in found(keys, text)] == ["7", "8", "10"]


def test_too_many_rules_are_refused(keys: Path) -> None:
    rules = "".join(f"- {{id: r{number}, require: signature, by: [release]}}\n" for number in range(10_000))
    (refused,) = found(keys, f"{HEAD}rules:\n{rules}")
    assert str(limits.POLICY) in refused


def test_who_may_speak_and_is_too_few(keys: Path) -> None:
    """Nobody has ended, and still there are not enough: only who builds counts."""
    built = "  - {id: built, require: provenance, by: [release, security], builders: [ci], threshold: 2}\n"
    head = HEAD + "builders:\n  ci: {identity: release, id: ci}\n" + SIGNED
    few = "gate.yaml:13:5: rule 'built' can never hold: it needs 2, and only 1 can ever count"
    assert found(keys, head + built) == [few]
    ended = head.replace("key: release.pub", "key: release.pub, until: 2026-01-01")
    assert found(keys, ended + built) == [few.replace("only 1", "only 0")]


@pytest.mark.parametrize("mode", ["audit", "warn"])
def test_revocations_that_take_nothing_away(keys: Path, mode: str) -> None:
    shown = f"  - {{id: shown, require: no-revocation, by: [release, security], absence: listing, mode: {mode}}}\n"
    told = "gate.yaml:11:5: rule 'shown' has the mode {}: what {} revoked goes on counting, for only an enforced rule"
    told += " changes that"
    assert found(keys, HEAD + SIGNED + shown) == [told.format(mode, "release, security")]
    enforced = "  - {id: real, require: no-revocation, by: [security], absence: listing}\n"
    assert found(keys, HEAD + SIGNED + shown + enforced) == [told.format(mode, "release")]
    assert found(keys, HEAD + SIGNED + shown + enforced.replace("[security]", "[release, security]")) == []
    assert found(keys, HEAD + SIGNED + shown.replace(mode, "enforce")) == []


SCANNED = (
    HEAD
    + SIGNED
    + """\
  - {id: built, require: provenance, by: [release]}
  - {id: bom, require: sbom, by: [release]}
"""
)


@pytest.mark.parametrize(
    ("check", "idle"),
    [
        ("built.run == built.run", True),
        ("built.run == bom.run || true", True),
        ("size(built.run) > -1", True),
        ("bom.components >= 0 || bom.components < 0", True),
        ("built.run != 'x' || built.run == 'x'", True),
        ("built.time == built.time", True),
        ("built.signers == built.signers", True),
        ("built.run == bom.run", False),
        ("built.run != bom.run", False),
        ("built.run != 'https://x.example/1'", False),
        ('!built.source.startsWith("https://x.example/")', False),
        ("!(built.run in ['x', 'y'])", False),
        ("!('mallory' in built.signers)", False),
        ("!('mallory' in built.signers && 'carol' in built.signers)", False),
        ("size(built.run) < 1000", False),
        ("size(built.run) != 7", False),
        ("size(built.signers) < 20", False),
        ("bom.components != 1234", False),
        ("bom.components < 5000000", False),
        ("built.time - bom.time < duration('24h')", False),
        ("built.time > timestamp('2026-11-21T00:00:00Z')", False),
        ("bom.components + 1 > bom.components", True),
        ("timestamp(built.run) == timestamp(built.run)", False),
    ],
)
def test_checks_that_deny_nothing(keys: Path, check: str, idle: bool) -> None:
    told = "gate.yaml:13:21: rule 'it' was true of all values that were tried: it seems to deny nothing"
    assert (
        found(keys, f'{SCANNED}  - {{id: it, check: "{check.replace(chr(34), chr(92) + chr(34))}"}}\n') == [told] * idle
    )
