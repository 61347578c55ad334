"""`by: publisher` and `require: no-downgrade`: what `attest.lock` says decides, and what it does not say denies."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from attest import names
from attest.errors import PolicyError
from attest.evidence.identity import principal
from attest.evidence.lookup import subject_of
from attest.evidence.model import Candidate, Subject
from attest.evidence.trust import Trust
from attest.policy.codes import Code
from attest.policy.document import Policy, parse
from attest.policy.evaluate import evaluate
from attest.policy.publisher_lock import FILE, Admitted, Pinned, PublisherLock, write
from attest.policy.publishers import KeyPublisher, of_author
from attest.policy.trial import run
from attest.policy.verdict import Finding, Outcome, PolicyFile
from attest.signing.proof import KeyAuthor
from tests.evidence_factory import DIGEST, NOW, PURL, SUBJECT, evidence, key, proven, signed, slsa_v1, workflow
from tests.policy.conftest import HEAD, PINNED, Read

SIGNED = "  - {id: signed, require: signature, by: publisher}\n"
SAME = "  - {id: same, require: no-downgrade, by: [publisher, release]}\n"
OTHER = replace(PURL, name="right-pad")
CODES = {code for code in Code if code.value.startswith(("publisher-", "downgrade-"))}
"""All of them are here."""
IDS = {"source_repository_identifier": "11", "source_repository_owner_identifier": "7"}


def policy_of(read: Read, rules: str = SIGNED) -> Policy:
    return read(f"{HEAD}rules:\n{rules}")


def in_folder(folder: Path, keys: Path, pinned: Pinned, rules: str) -> Policy:
    for file in keys.glob("*.pub"):
        (folder / file.name).write_bytes(file.read_bytes())
    (folder / FILE).write_bytes(write({PURL.package: pinned}))
    return parse(f"{HEAD}rules:\n{rules}".encode(), where="gate.yaml", base=folder)


def judge(policy: Policy, *candidates: Candidate, subject: Subject = SUBJECT, complete: bool = True) -> Finding:
    found = evidence(candidates, policy.identities.values(), subject=subject, complete=complete)
    return evaluate(policy, found, now=NOW).findings[0]


def built(name: str = "security", **changes: Any) -> Candidate:
    return signed(name, names.PREDICATE_SLSA_V1, slsa_v1(**changes))


class TestByPublisher:
    def test_who_is_pinned_counts(self, read: Read) -> None:
        finding = judge(policy_of(read), signed("security"))
        assert finding.outcome is Outcome.ADMITTED
        assert finding.message == "signature by publisher (1 of 1 needed)"

    @pytest.mark.parametrize("name", ["release", "mallory"])
    def test_nobody_else_does(self, read: Read, name: str) -> None:
        assert judge(policy_of(read), signed(name)).code is Code.SIGNATURE_MISSING

    def test_a_package_without_entry_is_denied(self, read: Read) -> None:
        other = subject_of(OTHER, DIGEST)
        finding = judge(policy_of(read), signed("security", subject=other), subject=other)
        assert (finding.outcome, finding.code) == (Outcome.DENIED, Code.PUBLISHER_UNKNOWN)
        assert finding.message == "attest.lock pins no publisher of pkg:npm/right-pad"
        assert finding.remedy is not None
        assert f"attest policy learn pkg:npm/right-pad@1.3.0 --digest {DIGEST}" in finding.remedy

    @pytest.mark.parametrize(
        "rule",
        [
            "require: signature, by: [release, publisher]",
            "require: no-withdrawal, by: [release, publisher], absence: listing",
            "require: signature, by: [release, publisher], match: all, absence: listing",
        ],
    )
    def test_whoever_stands_beside(self, read: Read, rule: str) -> None:
        """Nobody could be told from the publisher who is not known: neither for the package nor against it."""
        other = subject_of(OTHER, DIGEST)
        policy = policy_of(read, f"  - {{id: it, {rule}}}\n{SIGNED}")
        finding = judge(policy, signed("release", subject=other), subject=other, complete=False)
        assert (finding.outcome, finding.code) == (Outcome.DENIED, Code.PUBLISHER_UNKNOWN)

    def test_his_revocation_counts(self, read: Read) -> None:
        from tests.policy.test_absence import good, revocation

        rules = SIGNED + "  - {id: not-revoked, require: no-revocation, by: publisher, absence: listing}\n"
        policy = policy_of(read, rules)
        found = evidence([good(), signed("security"), revocation("security", good())], policy.identities.values())
        assert evaluate(policy, found, now=NOW).findings[1].code is Code.REVOCATION_FOUND

    def test_the_lock_is_recorded(self, read: Read, keys: Path) -> None:
        policy = policy_of(read)
        verdict = evaluate(policy, evidence([], policy.identities.values()), now=NOW)
        assert verdict.policies[0].files == (
            PolicyFile("attest.lock", PublisherLock.of({PURL.package: PINNED}).digest),
        )
        assert read(f"{HEAD}rules:\n  - {{id: it, require: signature, by: release}}\n").files == ()

    def test_whatever_looks_into_the_lock_has_it_recorded(self, read: Read) -> None:
        rules = "rules:\n  - {id: it, require: signature, by: release}\n"
        assert len(read(f"{HEAD}{rules}resolve: {{by: [publisher]}}\n").files) == 1
        assert len(read(f"{HEAD}builders: {{ci: {{identity: publisher, id: x}}}}\n{rules}").files) == 1

    def test_without_a_lock_there_is_no_policy(self, tmp_path: Path, keys: Path) -> None:
        for file in keys.glob("*.pub"):
            (tmp_path / file.name).write_bytes(file.read_bytes())
        with pytest.raises(PolicyError, match="attest policy learn"):
            parse(f"{HEAD}rules:\n{SIGNED}".encode(), where="gate.yaml", base=tmp_path)
        parse(f"{HEAD}rules:\n  - {{id: it, require: signature, by: release}}\n".encode(), where="p", base=tmp_path)

    def test_the_name_is_taken(self, read: Read) -> None:
        with pytest.raises(PolicyError, match=r"gate.yaml:9: 'identities': 'publisher' is whomever"):
            read(f"{HEAD}  publisher: {{key: alice.pub}}\nrules:\n{SIGNED}")

    def test_it_is_looked_up_and_not_compared_with_all(self, keys: Path, tmp_path: Path) -> None:
        """Whoever many packages are pinned, one subject is verified against one of them."""
        many = {f"pkg:npm/p{number}": Pinned(KeyPublisher(key(f"k{number}").public)) for number in range(50)}
        (tmp_path / FILE).write_bytes(write({**many, PURL.package: PINNED}))
        for file in keys.glob("*.pub"):
            (tmp_path / file.name).write_bytes(file.read_bytes())
        policy = parse(f"{HEAD}rules:\n{SIGNED}".encode(), where="gate.yaml", base=tmp_path)
        trust = Trust(tuple(policy.identities.values())).about(SUBJECT)
        assert len(trust.keys) == 4

    def test_a_workflow(self, keys: Path, tmp_path: Path) -> None:
        author = workflow("refs/tags/v9", **IDS)
        policy = in_folder(tmp_path, keys, Pinned(of_author(workflow(**IDS), {})), SIGNED)
        assert judge(policy, proven(signed("x"), author)).outcome is Outcome.ADMITTED
        moved = workflow("refs/tags/v9", **{**IDS, "source_repository_owner_identifier": "666"})
        assert judge(policy, proven(signed("x"), moved)).code is Code.SIGNATURE_MISSING
        told = policy.identities["publisher"].about(SUBJECT).differs(moved)
        assert told == "publisher: expected source_repository_owner_identifier '7', found '666'"


class TestNoDowngrade:
    def test_the_same_as_before(self, read: Read) -> None:
        finding = judge(policy_of(read, SAME), built())
        assert (finding.outcome, finding.code) == (Outcome.ADMITTED, Code.DOWNGRADE_ABSENT)
        assert finding.message == "provenance by publisher (1 of 1 needed; as far as the store lists): as 1.2.0 was"

    @pytest.mark.parametrize(
        ("candidates", "code"),
        [
            ((), Code.DOWNGRADE_MISSING),
            ((signed("security"),), Code.DOWNGRADE_MISSING),
            ((built("release"),), Code.DOWNGRADE_SIGNER),
            ((built(builder="https://ci.example/other"),), Code.DOWNGRADE_BUILDER),
            ((built(builder=None),), Code.DOWNGRADE_BUILDER),
            ((built(source="https://github.com/evil/app"),), Code.DOWNGRADE_SOURCE),
            ((built(source=None),), Code.DOWNGRADE_SOURCE),
            ((built(), built(source="https://github.com/evil/app")), Code.DOWNGRADE_SOURCE),
            ((signed("security", names.PREDICATE_SLSA_V1, {}),), Code.DOWNGRADE_MALFORMED),
        ],
    )
    def test_anything_less(self, read: Read, candidates: tuple[Candidate, ...], code: Code) -> None:
        finding = judge(policy_of(read, SAME), *candidates)
        assert (finding.outcome, finding.code) == (Outcome.DENIED, code)
        assert finding.remedy is not None
        assert "--replace" in finding.remedy

    def test_only_what_is_asked(self, read: Read) -> None:
        same = SAME.replace("release]", "release], same: [source]")
        assert judge(policy_of(read, same), built("release", builder="https://x.example")).outcome is Outcome.ADMITTED
        assert judge(policy_of(read, same), built(source=None)).code is Code.DOWNGRADE_SOURCE

    def test_one_that_fits_is_enough_where_the_rule_says_so(self, read: Read) -> None:
        some = SAME.replace("release]", "release], match: any")
        assert judge(policy_of(read, some), built(), built(source=None)).outcome is Outcome.ADMITTED

    def test_what_may_be_missing(self, read: Read) -> None:
        assert judge(policy_of(read, SAME), built(), complete=False).outcome is Outcome.INCONCLUSIVE

    @pytest.mark.parametrize("version", ["2.0.0", "0.1.0"])
    def test_a_release_line_that_is_not_known(self, read: Read, version: str) -> None:
        subject = subject_of(replace(PURL, version=version), DIGEST)
        finding = judge(policy_of(read, SAME), built(), subject=subject)
        assert (finding.outcome, finding.code) == (Outcome.DENIED, Code.DOWNGRADE_UNKNOWN)
        assert f"no version of the release line {'2' if version == '2.0.0' else '0.1'}" in finding.message

    def test_another_package(self, read: Read) -> None:
        by_release = SAME.replace("publisher, ", "")
        subject = subject_of(OTHER, DIGEST)
        assert judge(policy_of(read, by_release), subject=subject).code is Code.DOWNGRADE_UNKNOWN
        assert judge(policy_of(read, SAME), subject=subject).code is Code.PUBLISHER_UNKNOWN

    def test_what_was_not_there_is_not_asked(self, keys: Path, tmp_path: Path) -> None:
        who = principal(KeyAuthor(key("security").public))
        policy = in_folder(tmp_path, keys, replace(PINNED, lines={"1": Admitted("1.2.0", who)}), SAME)
        assert judge(policy, signed("security")).message.startswith("signature by publisher (1 of 1 needed")
        assert judge(policy, built(source=None)).outcome is Outcome.ADMITTED
        assert judge(policy, signed("security", names.PREDICATE_CYCLONEDX, {})).code is Code.DOWNGRADE_MISSING
        assert judge(policy, signed("release")).code is Code.DOWNGRADE_SIGNER

    def test_a_missing_value_is_not_like_another(self, keys: Path, tmp_path: Path) -> None:
        who = principal(KeyAuthor(key("security").public))
        same = SAME.replace("release]", "release], same: [builder, source]")
        policy = in_folder(tmp_path, keys, replace(PINNED, lines={"1": Admitted("1.2.0", who)}), same)
        finding = judge(policy, built(builder=None, source=None))
        assert (finding.outcome, finding.code) == (Outcome.DENIED, Code.DOWNGRADE_UNKNOWN)
        assert "records no builder and no source of 1.2.0" in finding.message

    def test_a_certificate_for_another_source(self, keys: Path, tmp_path: Path) -> None:
        author = workflow("refs/tags/v9", repository="acme/app", **IDS)
        stranger = replace(author, claims={**author.claims, "source_repository": "https://github.com/evil/app"})
        last = Admitted("1.2.0", principal(author), None, "https://github.com/acme/app")
        policy = in_folder(tmp_path, keys, Pinned(of_author(author, {}), {"1": last}), SAME)
        assert judge(policy, proven(built(), author)).outcome is Outcome.ADMITTED
        assert judge(policy, proven(built(), stranger)).outcome is Outcome.DENIED

    def test_whose_certificate_is_for_another_source(self, keys: Path, tmp_path: Path) -> None:
        author = workflow("refs/tags/v9", **IDS)
        last = Admitted("1.2.0", principal(author), None, "https://github.com/acme/app")
        (tmp_path / FILE).write_bytes(write({PURL.package: replace(PINNED, lines={"1": last})}))
        text = (
            'version: 1\nname: gate\napplies_to: ["pkg:npm/*"]\ntrust: {root: public-good}\nidentities:\n'
            f'  ci: {{issuer: "{author.issuer}", subject: "{author.subject}"}}\n'
            "rules:\n  - {id: same, require: no-downgrade, by: ci}\n"
        )
        policy = parse(text.encode(), where="gate.yaml", base=tmp_path)
        assert judge(policy, proven(built(), author)).outcome is Outcome.ADMITTED
        stranger = replace(author, claims={**author.claims, "source_repository": "https://github.com/evil/app"})
        finding = judge(policy, proven(built(), stranger))
        assert finding.code is Code.DOWNGRADE_SOURCE
        assert "signed for https://github.com/evil/app, not https://github.com/acme/app as 1.2.0 was" in finding.message

    def test_the_latest_by_its_own_time(self, read: Read) -> None:
        def at(day: int, **changes: Any) -> Candidate:
            facts = slsa_v1(**changes)
            details = {**facts["runDetails"], "metadata": {"finishedOn": f"2026-11-{day}T00:00:00Z"}}
            return signed("security", names.PREDICATE_SLSA_V1, {**facts, "runDetails": details})

        latest = policy_of(read, SAME.replace("release]", "release], match: latest, absence: listing"))
        assert judge(latest, at(19, source=None), at(20)).outcome is Outcome.ADMITTED
        assert judge(latest, at(19), at(20, source=None)).code is Code.DOWNGRADE_SOURCE

    @pytest.mark.parametrize("written", ["same: [name]", "same: []", "threshold: 2", "same: signer"])
    def test_what_cannot_be_written(self, read: Read, written: str) -> None:
        with pytest.raises(PolicyError, match="rule 'same'"):
            policy_of(read, SAME.replace("release]", f"release], {written}"))


class TestInCases:
    """`tests` of a policy: whoever the lock pins can be made up, too."""

    def test_the_publisher_signs(self, read: Read) -> None:
        case = f'{{subject: "{PURL}", digest: "{DIGEST}", evidence: [{{by: publisher, type: signature}}], expect: '
        tests = f"tests:\n  - {case}{{admitted: true}}, name: a}}\n"
        (item,) = run(read(f"{HEAD}rules:\n{SIGNED}{tests}"), offline=True, now=NOW)
        assert item.wrong is None
        (item,) = run(read(f"{HEAD}rules:\n{SIGNED}{tests.replace('left-pad', 'other')}"), offline=True, now=NOW)
        assert "nobody can sign as publisher: attest.lock has no entry for pkg:npm/other@1.3.0" in str(item.wrong)

    def test_a_workflow_on_any_ref(self, keys: Path, tmp_path: Path) -> None:
        case = f'{{subject: "{PURL}", digest: "{DIGEST}", evidence: [{{by: publisher, type: signature}}], expect: '
        tests = f"tests:\n  - {case}{{admitted: true}}, name: a}}\n"
        policy = in_folder(tmp_path, keys, Pinned(of_author(workflow(**IDS), {})), SIGNED + tests)
        (item,) = run(policy, offline=True, now=NOW)
        assert item.wrong is None
