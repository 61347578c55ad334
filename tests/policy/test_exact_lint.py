"""What lint finds in unusual places: names like keys, paths with colons, policies out of registries."""

from __future__ import annotations

from pathlib import Path

import pytest

from attest.policy.lint import lint
from attest.stores.memory import MemoryStore
from tests.evidence_factory import DIGEST, NOW, PURL, key
from tests.policy.conftest import HEAD
from tests.policy.test_exact_fetching import REPOSITORY, put, showing
from tests.policy.test_lint import SIGNED, found
from tests.stores.registry.scripted import Scripted


@pytest.mark.parametrize(
    ("terms", "key", "text"),
    [
        ("require: provenance", "source", "https://github.com/*"),
        ("require: provenance", "workflow", "x/*/*"),
        ("require: provenance", "ref", "refs/*"),
        ("require: provenance", "build_type", "https://x.example/*"),
        ("require: vsa, verifier: v", "resource", "pkg:*"),
    ],
)
def test_each_pattern_may_be_too_wide(keys: Path, terms: str, key: str, text: str) -> None:
    rule = f"  - {{id: wide, by: [release], {terms}, {key}: '{text}'}}\n"
    column = rule.index("'") + 1
    assert found(keys, HEAD + SIGNED + rule) == [f"gate.yaml:11:{column}: {key!r}: {text!r} matches everything"]
    assert found(keys, HEAD + SIGNED + rule.replace("*'", "a'")) == []


def test_a_check_hides_no_rule_that_can_never_hold(keys: Path) -> None:
    head = HEAD.replace("key: release.pub", "key: release.pub, until: 2026-01-01")
    check = "  - {id: it, check: \"signed.author != 'x'\"}\n"
    never = "  - {id: never, require: signature, by: [release]}\n"
    assert found(keys, head + SIGNED + check + never) == [
        "gate.yaml:12:5: rule 'never' can never hold: release ended, or may not speak about these packages"
    ]


def test_a_waiver_is_for_one_of_what_the_policy_is_about(keys: Path) -> None:
    head = HEAD.replace('["pkg:npm/*"]', '["pkg:pypi/*", "pkg:npm/*", "pkg:gem/*"]')
    waiver = f"{{rule: signed, subject: '{PURL}', digest: '{DIGEST}', reason: r, owner: o, expires: 2027-01-01}}"
    assert found(keys, f"{head}{SIGNED}waivers:\n  - {waiver}\n") == []


def test_a_builder_that_is_called_as_a_key_is(keys: Path) -> None:
    built = "  - {id: built, require: provenance, by: [builder], builders: [by, builders, identity]}\n"
    builders = "".join(f"  {name}: {{identity: builder, id: {name}}}\n" for name in ("by", "builders", "identity"))
    assert found(keys, f"{HEAD}builders:\n{builders}{SIGNED}{built}") == []


def test_who_is_named_in_any_way_is_used(keys: Path) -> None:
    head = HEAD.replace("  builder:", "  scanner: {key: alice.pub}\n  spare: {key: bob.pub}\n  builder:")
    rules = (
        "builders:\n  ci: {identity: builder, id: ci}\n"
        "rules:\n  - {id: scan, require: scan, by: security, deny: [critical], vex: {by: [scanner]}}\n"
        "resolve: {by: release}\n"
    )
    assert found(keys, head + rules) == [
        "gate.yaml:9:3: identity 'spare' is used by nothing",
        "gate.yaml:12:3: builder 'ci' is used by nothing",
    ]


def test_a_file_comes_before_what_it_extends(keys: Path, tmp_path: Path) -> None:
    """However its path is written: places end with a line and a column."""
    folder = tmp_path / "a:1:b"
    folder.mkdir()
    for name in ("release", "security", "builder"):
        (folder / f"{name}.pub").write_bytes((keys / f"{name}.pub").read_bytes())
    wide = "  - {id: built, require: provenance, by: [release], source: 'https://github.com/*'}\n"
    (folder / "base.yaml").write_text(HEAD.replace("name: gate", "name: base") + SIGNED + wide)
    more = "".join(f"# {number}\n" for number in range(20))
    own = wide.replace("id: built", "id: mine")
    child = f"version: 1\nname: child\nextends: base.yaml\n{more}rules:\n{own}"
    told = lint(child.encode(), where=f"{folder}/child.yaml", base=folder, now=NOW)
    assert [item.where for item in told] == [f"{folder}/child.yaml:25:60", f"{folder}/base.yaml:11:61"]
    assert str(told[0]) == f"{told[0].where}: {told[0].what}"


def test_what_a_policy_of_a_registry_says_is_looked_at(keys: Path) -> None:
    store = MemoryStore()
    with Scripted().running() as registry:
        registry.default = showing(store)
        text = HEAD.replace("name: gate", "name: base")
        files = {f"{name}.pub": key(name).public.pem() for name in ("release", "security", "builder")}
        wide = "  - {id: built, require: provenance, by: [release], source: 'https://github.com/*'}\n"
        manifest = put(store, (text + SIGNED + wide).encode(), files)
        named = f"oci:{registry.host}/{REPOSITORY}@{manifest.digest}"
        told = found(keys, f'version: 1\nname: child\nextends: "{named}"\n')
    assert told == [f"{named}:11:61: 'source': 'https://github.com/*' matches everything"]


def test_what_is_refused_has_its_reason_if_there_is_one(keys: Path) -> None:
    assert found(keys, HEAD) == ["gate.yaml:1:1: policy: 'rules' is missing"]
    assert found(keys, HEAD + "rules: x\n") == ["gate.yaml:9:8: policy: 'rules': expected a list: it is x"]
