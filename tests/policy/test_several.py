"""Several policies for one subject: all that apply must admit, each by what it trusts itself."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest

from attest import limits, names
from attest.errors import PolicyError, UsageError
from attest.evidence.attach import attach_bundle, push_anchor
from attest.evidence.lookup import subject_of
from attest.evidence.verify import nothing_found
from attest.packages.anchors import version_anchor
from attest.packages.digest import ArtifactDigest
from attest.packages.lockfiles.lock import Entry
from attest.packages.purl import Purl
from attest.policy.codes import Code
from attest.policy.decide import Judge, decide, judges_of, unheard
from attest.policy.document import Policy
from attest.policy.policies import load_all
from attest.policy.resolve import resolve_all
from attest.policy.rules.rule import Mode
from attest.policy.undigested import judge as judge_undigested
from attest.policy.verdict import Outcome, Verdict
from attest.report.answer import Asked, Tally, piece
from attest.report.json import JsonWriter
from attest.report.junit import JunitWriter
from attest.report.sarif import SarifWriter
from attest.report.text import verdict_text
from attest.signing.sign import KeySigner, sign_statement
from attest.statements import release
from attest.stores.memory import MemoryStore
from tests.evidence_factory import DIGEST, NOW, PURL, SUBJECT, bundle_of, key, signed

REPOSITORY = "npm/left-pad"
Read = Callable[[str], Policy]


def text(name: str, by: str = "release", *, applies: str = "pkg:npm/*", more: str = "", signs: str = "") -> str:
    """A policy that wants a signature ``by`` somebody, whose key ``signs`` it (by default their own)."""
    return (
        f'version: 1\nname: {name}\napplies_to: ["{applies}"]\ntrust: {{keys_only: true}}\n'
        f"identities:\n  {by}: {{key: {signs or by}.pub}}\n"
        f"rules:\n  - {{id: signed, require: signature, by: [{by}]}}\n{more}"
    )


@pytest.fixture
def store() -> MemoryStore:
    """Signatures by `release` and by `security`."""
    store = MemoryStore()
    anchor = push_anchor(store, REPOSITORY, "1.3.0", PURL, DIGEST)
    for by in ("release", "security"):
        statement = signed(by)
        attach_bundle(
            store, REPOSITORY, anchor, bundle_of(statement).raw, predicate_type=str(statement.claims), created=NOW
        )
    return store


def ask(store: MemoryStore, *policies: Policy) -> Verdict:
    judges = [Judge(policy, policy.trust()) for policy in policies]
    return decide(store, REPOSITORY, SUBJECT, judges, now=NOW)


def told(verdict: Verdict) -> list[tuple[str | None, str | None, Code, Outcome]]:
    return [(item.policy, item.rule, item.code, item.outcome) for item in verdict.findings]


def test_all_that_apply_must_admit(store: MemoryStore, read: Read) -> None:
    first, second, strict = read(text("first")), read(text("second", "security")), read(text("strict", "alice"))
    verdict = ask(store, first, second)
    assert verdict.outcome is Outcome.ADMITTED
    assert told(verdict) == [
        ("first", "signed", Code.SIGNATURE_VERIFIED, Outcome.ADMITTED),
        ("second", "signed", Code.SIGNATURE_VERIFIED, Outcome.ADMITTED),
    ]
    assert [(item.name, item.digest, item.verified, item.rejected) for item in verdict.policies] == [
        ("first", first.digest, 1, 1),
        ("second", second.digest, 1, 1),
    ]
    assert len(verdict.evidence) == 2
    for policies in ([first, strict], [strict, first], [first, second, strict]):
        assert ask(store, *policies).outcome is Outcome.DENIED


def test_each_trusts_its_own(store: MemoryStore, read: Read) -> None:
    """One name means two people: nobody speaks for the other policy's."""
    mine, other = read(text("mine", "release")), read(text("other", "release", signs="alice"))
    assert told(ask(store, mine, other)) == [
        ("mine", "signed", Code.SIGNATURE_VERIFIED, Outcome.ADMITTED),
        ("other", "signed", Code.SIGNATURE_MISSING, Outcome.DENIED),
    ]


def test_each_waives_its_own(store: MemoryStore, read: Read) -> None:
    waiver = (
        f'waivers:\n  - {{rule: signed, subject: "{PURL}", digest: "{DIGEST}", reason: r, owner: o, '
        "expires: 2027-01-01}\n"
    )
    waiving, strict = read(text("waiving", "alice", more=waiver)), read(text("strict", "alice"))
    assert ask(store, waiving).outcome is Outcome.ADMITTED
    verdict = ask(store, waiving, strict)
    assert verdict.outcome is Outcome.DENIED
    assert [item.waived is not None for item in verdict.findings] == [True, False]


def test_one_that_is_for_others_has_no_say(store: MemoryStore, read: Read) -> None:
    mine, other = read(text("mine")), read(text("other", "alice", applies="pkg:pypi/*"))
    verdict = ask(store, mine, other)
    assert verdict.outcome is Outcome.ADMITTED
    assert [item.name for item in verdict.policies] == ["mine"]


def test_where_none_applies_nothing_is_admitted(store: MemoryStore, read: Read) -> None:
    policies = [read(text(name, applies=f"pkg:{name}/*")) for name in ("pypi", "cargo")]
    verdict = ask(store, *policies)
    (finding,) = verdict.findings
    assert (verdict.outcome, finding.code, finding.policy) == (Outcome.DENIED, Code.POLICY_NOT_APPLICABLE, None)
    assert finding.message == (
        "policy pypi is not for this package: it applies to pkg:pypi/*; "
        "policy cargo is not for this package: it applies to pkg:cargo/*"
    )
    assert [item.name for item in verdict.policies] == ["pypi", "cargo"]


def test_what_could_not_be_listed_is_told_once(read: Read) -> None:
    judges = [Judge(policy, policy.trust()) for policy in (read(text("first")), read(text("second")))]
    verdict = unheard(judges, nothing_found(SUBJECT, "refused"), now=NOW)
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert [(item.policy, item.code) for item in verdict.findings] == [
        ("first", Code.SIGNATURE_MISSING),
        ("second", Code.SIGNATURE_MISSING),
        (None, Code.LISTING_INCOMPLETE),
    ]


def test_what_one_needs_all_get(store: MemoryStore, read: Read) -> None:
    """A policy that needs absence has everything looked at; one alone is content with the first answer."""
    revoking = "  - {id: live, require: no-revocation, by: [security], absence: listing}\n"
    plain, absent = read(text("plain")), read(text("absent", "security", more=revoking))
    assert ask(store, plain).whole is False
    assert ask(store, plain, absent).whole is True
    assert ask(store, plain, absent).outcome is Outcome.ADMITTED


# --- what is printed


def test_reports_name_the_policy(store: MemoryStore, read: Read) -> None:
    first, strict = read(text("first")), read(text("strict", "alice"))
    verdict = ask(store, first, strict)
    lines = verdict_text(verdict).splitlines()
    assert lines[1].startswith("  ✓ first: signed   signature-verified: ")
    assert lines[2].startswith("  ✗ strict: signed  signature-missing: ")
    assert lines[4:] == [
        f"  policy first  {first.digest}",
        "    1 verified, 1 rejected",
        f"  policy strict  {strict.digest}",
        "    0 verified, 2 rejected",
        lines[-1],
    ]
    assert lines[-1].startswith("  evidence: 2 found; listed ")
    asked = Asked(("first", "strict"))
    (result,) = json.loads(f"[{SarifWriter(asked).verdict(verdict)}]")
    assert result["properties"] == {"policy": "strict", "rule": "signed"}
    writer = JunitWriter(asked, NOW)
    pieces = [piece(writer, verdict)]
    tally = Tally(asked)
    (suite,) = ElementTree.fromstring("".join(writer.whole(tally.counted(pieces), tally)))
    (case,) = suite.iter("testcase")
    assert (suite.get("name"), case.get("classname")) == ("attest first, strict", "first, strict")
    assert str(case[0].text).startswith("strict: signed: signature-missing: ")
    written = json.loads(JsonWriter(asked).verdict(verdict))
    assert [item["name"] for item in written["policies"]] == ["first", "strict"]
    assert [item["policy"] for item in written["findings"]] == ["first", "strict"]


def test_one_result_a_policy(store: MemoryStore, read: Read) -> None:
    """The same rule of two policies is two findings for a code host."""
    verdict = ask(store, read(text("one", "alice")), read(text("two", "alice")))
    results = json.loads(f"[{SarifWriter(Asked(('one', 'two'))).verdict(verdict)}]")
    prints = {result["partialFingerprints"]["attestFinding/v1"] for result in results}
    assert len(results) == len(prints) == 2


# --- entries without digest, and artifacts that are looked up


@pytest.mark.parametrize(
    ("purl", "policy", "mode"),
    [
        ("pkg:npm/left-pad@1.3.0", "npm", Mode.WARN),
        ("pkg:pypi/idna@3.10", "pypi", Mode.ENFORCE),
        ("pkg:cargo/syn@1.0.0", "pypi", Mode.ENFORCE),
        (None, "pypi", Mode.ENFORCE),
    ],
)
def test_without_digest(read: Read, purl: str | None, policy: str, mode: Mode) -> None:
    policies = [
        read(text("npm", more="undigested: warn\n")),
        read(text("pypi", applies="pkg:pypi/*")),
    ]
    entry = Entry("x", "line 1", None if purl is None else Purl.parse(purl), (), gap="a git dependency")
    finding = judge_undigested(policies, entry)
    assert (finding.policy, finding.mode) == (policy, mode)


def test_what_all_say_is_released(read: Read) -> None:
    """An artifact that one policy's release statements name and the other's do not is only looked up."""
    other = ArtifactDigest("sha512", "cd" * 64)
    store = MemoryStore()
    push_anchor(store, REPOSITORY, "1.3.0", PURL, DIGEST)
    for by, digests in {"release": (DIGEST, other), "security": (DIGEST,)}.items():
        files = tuple(release.Artifact(f"{digest.hex[:4]}.tgz", {"sha512": digest.hex}) for digest in digests)
        statement = release.write(release.Release(PURL, files))
        bundle = sign_statement(statement, KeySigner(key(by)))
        anchor = version_anchor(PURL).descriptor()
        attach_bundle(store, REPOSITORY, anchor, bundle, predicate_type=names.PREDICATE_RELEASE, created=NOW)
    policies = [read(text(by, by, more=f"resolve: {{by: [{by}]}}\n")) for by in ("release", "security")]
    judges = [Judge(policy, policy.trust()) for policy in policies]
    subjects, problems = resolve_all(store, REPOSITORY, PURL, judges, [], now=NOW)
    assert {subject.digest: subject.looked_up for subject in subjects} == {DIGEST: False, other: True}
    assert problems == ()
    silent = read(text("silent", "alice"))
    some = [judges[1], Judge(silent, silent.trust())]
    subjects, _ = resolve_all(store, REPOSITORY, PURL, some, [subject_of(PURL, other)], now=NOW)
    assert {subject.digest: subject.looked_up for subject in subjects} == {DIGEST: True, other: True}
    subjects, _ = resolve_all(store, REPOSITORY, PURL, judges[:1], [], now=NOW)
    assert {subject.digest: subject.looked_up for subject in subjects} == {DIGEST: False, other: False}


# --- which files


@pytest.fixture
def folder(keys: Path, tmp_path: Path) -> Path:
    for name in ("release", "security"):
        (tmp_path / f"{name}.pub").write_bytes((keys / f"{name}.pub").read_bytes())
    (tmp_path / "b.yaml").write_text(text("second", "security"))
    (tmp_path / "a.yaml").write_text(text("first"))
    (tmp_path / "notes.txt").write_text("no policy")
    return tmp_path


def test_a_directory_is_all_its_policies(folder: Path) -> None:
    assert [policy.name for policy in load_all([str(folder)])] == ["first", "second"]
    assert [policy.name for policy in load_all([str(folder / "b.yaml"), str(folder)])] == ["second", "first"]
    found = judges_of(load_all([str(folder)]), offline=True, now=NOW)
    assert [judge.trust.keys for judge in found] == [(key("release").public,), (key("security").public,)]


@pytest.mark.parametrize("name", ["c.yml", "C.YAML", "c.Yml"])
def test_a_policy_is_read_however_its_name_ends(folder: Path, name: str) -> None:
    """One that was left out without a word would not be asked."""
    (folder / name).write_text(text("third"))
    assert {policy.name for policy in load_all([str(folder)])} == {"first", "second", "third"}


def test_a_name_means_one_policy(folder: Path) -> None:
    (folder / "c.yaml").write_text(text("first", "security"))
    with pytest.raises(PolicyError, match="two policies are named 'first'") as caught:
        load_all([str(folder)])
    assert caught.value.where == str(folder / "c.yaml")


def test_no_policy_is_no_answer(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    empty = folder / "empty"
    empty.mkdir()
    with pytest.raises(PolicyError, match="no policy in the directory"):
        load_all([str(empty)])
    with pytest.raises(PolicyError, match="cannot read the policy"):
        load_all([str(folder / "none.yaml")])
    monkeypatch.setattr(limits, "POLICIES", 1)
    with pytest.raises(UsageError, match="too many policies"):
        load_all([str(folder)])
