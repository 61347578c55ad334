"""`fixtures/hostile/`: every subject gets the verdict that its table says, for the reason that it says."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from functools import cache
from typing import Any

import pytest

from attest import names
from attest.cli import main as cli
from attest.cli.verdicts import exit_code
from attest.evidence.lookup import subject_of
from attest.evidence.model import Subject
from attest.oci.descriptor import Descriptor
from attest.oci.digest import Digest
from attest.oci.reference import Reference
from attest.packages.digest import ArtifactDigest
from attest.packages.purl import Purl
from attest.policy.codes import Code
from attest.policy.decide import Judge, decide, judges_of, with_seals
from attest.policy.policies import load_all
from attest.policy.verdict import Verdict
from attest.stores.location import Location, open_store
from tests.hostile.__main__ import FIXTURES, made

TABLE = json.loads((FIXTURES / "corpus.json").read_bytes())
CASES: list[Mapping[str, Any]] = TABLE["cases"]
REFUSED = [case for case in CASES if "error" in case["expect"]]
DECIDED = [case for case in CASES if "error" not in case["expect"]]
ANY_DAY = [case for case in DECIDED if "now" not in case and case["subject"].startswith("pkg:")]


def named(case: Mapping[str, Any]) -> str:
    return f"{case['group']}-{case['name']}"


@cache
def judges_by(paths: tuple[str, ...]) -> tuple[Judge, ...]:
    return judges_of(load_all([str(FIXTURES / path) for path in paths]), offline=True, now=moment(TABLE["now"]))


def place(case: Mapping[str, Any], policy: str | None, rule: str | None) -> str:
    """What a finding is about, as the table says it."""
    return f"{policy}: {rule}" if policy is not None and len(case["policies"]) > 1 else rule or "-"


def asking(case: Mapping[str, Any]) -> list[str]:
    """The command line."""
    asked = ["--lock", str(FIXTURES / case["lock"])] if "lock" in case else [case["subject"]]
    if "digest" in case and "lock" not in case:
        asked += ["--digest", case["digest"]]
    policies = [word for path in case["policies"] for word in ("--policy", str(FIXTURES / path))]
    return ["verify", *asked, *policies, "--offline", "--json", "--store", f"oci-archive:{FIXTURES / case['store']}"]


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def verdict_of(case: Mapping[str, Any], *, everything: bool) -> Verdict:
    now = moment(case.get("now", TABLE["now"]))
    with closing(open_store(Location.parse(f"oci-archive:{FIXTURES / case['store']}"), create=False)) as store:
        if case["subject"].startswith("pkg:"):
            subject = subject_of(Purl.parse(case["subject"]), ArtifactDigest.parse(case["digest"]))
        else:
            subject = Subject(Descriptor(names.OCI_MANIFEST, Digest.parse(case["digest"]), 0))
            manifest = store.resolve(Reference("", digest=subject.manifest.digest))
            subject = replace(subject, manifest=manifest, name=case["subject"], image=case["subject"])
        judges = with_seals(judges_by(tuple(case["policies"])), store, "", now=now)
        return decide(store, "", subject, judges, now=now, everything=everything)


@pytest.mark.parametrize("case", [case for case in DECIDED if "digest" in case and "lock" not in case], ids=named)
def test_verdict(case: Mapping[str, Any]) -> None:
    expected = case["expect"]
    for everything in (False, True):
        verdict = verdict_of(case, everything=everything)
        found = {place(case, item.policy, item.rule): item.code.value for item in verdict.findings}
        assert (verdict.outcome.value, found) == (expected["outcome"], expected["findings"])
        assert exit_code([verdict.outcome]) == expected["exit"]


@pytest.mark.parametrize("case", ANY_DAY, ids=named)
def test_command(case: Mapping[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    expected = case["expect"]
    assert cli.main(asking(case)) == expected["exit"]
    answer = json.loads(capsys.readouterr().out)
    findings = [finding for verdict in answer["verdicts"] for finding in verdict["findings"]]
    findings += [item["finding"] for item in answer["withoutDigest"]]
    found = {place(case, finding["policy"], finding["rule"]): finding["code"] for finding in findings}
    assert found == expected["findings"]
    assert answer["outcome"] == expected["outcome"]


@pytest.mark.parametrize("case", REFUSED, ids=named)
def test_refused(case: Mapping[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(asking(case)) == case["expect"]["exit"] == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert case["expect"]["error"] in captured.err


def test_it_is_what_its_script_makes() -> None:
    """`python -m tests.hostile` writes it anew."""
    files = made()
    there = {
        str(path.relative_to(FIXTURES))
        for folder in ("stores", "locks", "policies/keys")
        for path in (FIXTURES / folder).rglob("*")
        if path.is_file()
    } | {"corpus.json", "policies/attest.lock"}
    assert there == files.keys()
    assert [path for path, data in files.items() if (FIXTURES / path).read_bytes() != data] == []


def test_it_is_a_corpus() -> None:
    """One trick a subject, enough of them, some that must be admitted in every group, and every code there is."""
    assert len(CASES) >= 60
    assert not [name for name, count in Counter(case["name"] for case in CASES).items() if count > 1]
    groups = {case["group"] for case in CASES}
    good = {case["group"] for case in CASES if case["expect"]["outcome"] == "admitted"}
    assert groups - good == {"statements"}, "their honest twin is that of `signers`"
    seen = {code for case in CASES for code in case["expect"].get("findings", {}).values()}
    assert {code.value for code in Code} - seen == set()
    assert all(case["trick"] for case in CASES)
    assert all(case["naive"] for case in CASES if case["expect"]["outcome"] != "admitted")


def test_every_policy_has_its_cases() -> None:
    assert {f"policies/{path.name}" for path in (FIXTURES / "policies").glob("*.yaml")} == {
        path for case in CASES for path in case["policies"]
    }
