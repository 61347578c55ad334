"""Learning: nothing is guessed, and nothing that changes is taken for what it was."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attest import names
from attest.errors import UsageError
from attest.evidence.identity import KeyIdentity
from attest.evidence.lookup import subject_of
from attest.evidence.model import Collection, Kind, Subject
from attest.evidence.trust import Trust
from attest.evidence.verify import verify
from attest.oci.descriptor import EMPTY
from attest.policy import learn as learning
from attest.policy.document import parse
from attest.policy.evaluate import evaluate
from attest.policy.learn import Anybody, Change, Learned, Observed, Seen, learn, merge, observe, version_order
from attest.policy.learned_policy import Files, write_policy
from attest.policy.publisher_lock import Admitted, Pinned
from attest.policy.publishers import KeyPublisher, of_author
from attest.policy.verdict import Outcome
from attest.signing.proof import Author, CertificateAuthor, KeyAuthor
from attest.stores.archive import ArchiveStore
from attest.stores.memory import MemoryStore
from tests.evidence_factory import DIGEST, LISTED, NOW, PURL, SUBJECT, evidence, key, proven, signed, slsa_v1, workflow

IDS = {"source_repository_identifier": "11", "source_repository_owner_identifier": "7"}
RELEASE = workflow("refs/tags/v1.3.0", **IDS)
OTHER = workflow("refs/tags/v1.3.0", name="other", **IDS)
KEY = KeyAuthor(key("release").public)
PACKAGE = "pkg:npm/left-pad"
BUILDER, SOURCE = "https://ci.example/builder", "https://github.com/acme/app"


def at(version: str, name: str = "left-pad") -> Subject:
    return replace(SUBJECT, purl=replace(PURL, version=version, name=name))


def seen(author: Author, kind: Kind = Kind.SIGNATURE, builder: str | None = None, source: str | None = None) -> Seen:
    return Seen(kind, author, of_author(author, {}), builder, source)


def built(author: Author, builder: str = BUILDER, source: str = SOURCE) -> Seen:
    return seen(author, Kind.PROVENANCE, builder, source)


def one(*items: Observed, signers: tuple[str, ...] = ()) -> Pinned:
    found = learn(items, signers)
    assert not found.unlearned
    assert list(found.packages) == [PACKAGE]
    return found.packages[PACKAGE]


def left(*items: Observed, signers: tuple[str, ...] = ()) -> Any:
    found = learn(items, signers)
    assert not found.packages
    assert not found.observed
    (item,) = found.unlearned
    return item


class TestOnePublisherAPackage:
    def test_of_its_signature_and_provenance(self) -> None:
        pinned = one(Observed(SUBJECT, (seen(RELEASE), built(RELEASE))))
        assert pinned.publisher == of_author(RELEASE, {})
        who = "certificate:https://token.actions.githubusercontent.com https://github.com/acme/app/.github/workflows/release.yml"
        assert pinned.lines == {"1": Admitted("1.3.0", who, BUILDER, SOURCE)}

    def test_on_different_refs_it_is_one(self) -> None:
        later = workflow("refs/tags/v2.0.0", **IDS)
        pinned = one(Observed(SUBJECT, (built(RELEASE),)), Observed(at("2.0.0"), (seen(later),)))
        assert {line: item.version for line, item in pinned.lines.items()} == {"1": "1.3.0", "2": "2.0.0"}
        assert pinned.lines["2"].builder is None

    def test_several_are_not_guessed(self) -> None:
        item = left(Observed(SUBJECT, (seen(RELEASE), seen(KEY))))
        assert item.package == PACKAGE
        assert item.why == "several publish it"
        path = "https://github.com/acme/app/.github/workflows/release.yml"
        assert item.candidates == (path, f"sha256:{KEY.key.fingerprint}")

    def test_nor_are_those_of_different_versions(self) -> None:
        item = left(Observed(SUBJECT, (seen(RELEASE),)), Observed(at("1.2.0"), (seen(OTHER),)))
        assert len(item.candidates) == 2

    @pytest.mark.parametrize("author", [RELEASE, KEY])
    def test_one_of_several_by_its_name(self, author: Author) -> None:
        both = Observed(SUBJECT, (seen(RELEASE), seen(KEY), built(RELEASE)))
        publisher = of_author(author, {})
        pinned = one(both, signers=(learning.name_of(publisher),))
        assert pinned.publisher == publisher
        assert (pinned.lines["1"].builder is None) == (author is KEY)

    def test_a_name_that_is_not_there_is_refused(self) -> None:
        for found in ((seen(RELEASE),), (seen(RELEASE), seen(KEY)), ()):
            with pytest.raises(UsageError, match="--signer: 'nobody' published nothing of this"):
                learn([Observed(SUBJECT, found)], ("nobody",))
        with pytest.raises(UsageError, match="nobody"):
            learn([Observed(SUBJECT, (seen(KEY),))], (f"sha256:{KEY.key.fingerprint}", "nobody"))

    def test_unless_it_may_only_be_out_of_reach(self) -> None:
        item = left(Observed(SUBJECT, (seen(KEY),), unreadable="no answer"), signers=("nobody",))
        assert item.unreadable

    def test_nothing_is_no_publisher(self) -> None:
        assert "no signature and no provenance" in left(Observed(SUBJECT, ())).why
        assert left(Observed(SUBJECT, (), problems=("provenance x: bad",))).why == "provenance x: bad"

    def test_what_may_be_missing_is_not_learned(self) -> None:
        item = left(Observed(SUBJECT, (seen(KEY),), unreadable="page 2 failed"), Observed(at("2.0"), (seen(KEY),)))
        assert item.unreadable
        assert "page 2 failed" in item.why

    def test_a_manifest_without_name(self) -> None:
        assert "no name" in left(Observed(Subject(EMPTY, name="oci:x"), (seen(KEY),))).why

    @pytest.mark.parametrize(
        ("other", "what"),
        [
            (built(RELEASE, "https://ci.example/other"), "builders"),
            (built(RELEASE, source="https://x.example/a/b"), "sources"),
        ],
    )
    def test_two_stories_of_one_version(self, other: Seen, what: str) -> None:
        assert f"version 1.3.0 has several {what}" in left(Observed(SUBJECT, (built(RELEASE), other))).why

    def test_the_latest_version_of_a_line_counts(self) -> None:
        items = [Observed(at(version), (seen(KEY),)) for version in ("1.10.0", "1.9.9", "1.10.0-rc.1")]
        assert one(*items).lines["1"].version == "1.10.0"

    def test_an_image_has_no_release_lines(self) -> None:
        found = learn([Observed(Subject(EMPTY, name="x", image="registry.example/acme/app"), (seen(KEY),))])
        assert found.packages == {"registry.example/acme/app": Pinned(KeyPublisher(KEY.key))}


class TestWhatChanged:
    OLD: Mapping[str, Pinned] = {PACKAGE: one(Observed(SUBJECT, (built(RELEASE),)))}

    def test_nothing(self) -> None:
        merged = merge(self.OLD, self.OLD)
        assert (merged.new, merged.changed, merged.packages) == ([], [], dict(self.OLD))

    def test_a_new_package(self) -> None:
        merged = merge({}, self.OLD)
        path = "https://github.com/acme/app/.github/workflows/release.yml"
        assert merged.new == [Change(PACKAGE, None, None, path)]
        assert not merged.changed

    def test_others_stay(self) -> None:
        merged = merge({"pkg:npm/other": Pinned(KeyPublisher(KEY.key))}, self.OLD)
        assert sorted(merged.packages) == [PACKAGE, "pkg:npm/other"]

    def test_a_later_version_of_the_same_kind(self) -> None:
        merged = merge(self.OLD, learn([Observed(at("1.4.0"), (built(RELEASE),))]).packages)
        assert (merged.new, merged.changed) == ([], [])
        assert merged.packages[PACKAGE].lines["1"].version == "1.4.0"

    def test_an_older_version_takes_nothing_back(self) -> None:
        merged = merge(self.OLD, learn([Observed(at("1.2.0"), (seen(RELEASE),))]).packages)
        assert (merged.new, merged.changed) == ([], [])
        assert merged.packages[PACKAGE].lines["1"] == self.OLD[PACKAGE].lines["1"]

    def test_a_new_release_line(self) -> None:
        merged = merge(self.OLD, learn([Observed(at("2.0.0"), (seen(RELEASE),))]).packages)
        assert merged.new == [Change(PACKAGE, "lines.2", None, "2.0.0")]
        assert sorted(merged.packages[PACKAGE].lines) == ["1", "2"]

    def test_field_by_field(self) -> None:
        transferred = workflow("refs/tags/v1.3.1", **{**IDS, "source_repository_owner_identifier": "66"})
        found = learn([Observed(at("1.3.1"), (built(transferred, "https://ci.example/other"),))])
        assert merge(self.OLD, found.packages).changed == [
            Change(PACKAGE, "publisher.source_repository_owner_identifier", "7", "66"),
            Change(PACKAGE, "lines.1.builder", BUILDER, "https://ci.example/other"),
        ]

    def test_provenance_that_is_gone(self) -> None:
        found = learn([Observed(at("1.3.1"), (seen(RELEASE),))])
        assert merge(self.OLD, found.packages).changed == [
            Change(PACKAGE, "lines.1.builder", BUILDER, None),
            Change(PACKAGE, "lines.1.source", SOURCE, None),
        ]

    def test_another_kind_of_publisher(self) -> None:
        changed = merge(self.OLD, learn([Observed(SUBJECT, (seen(KEY),))]).packages).changed
        assert Change(PACKAGE, "publisher.key", None, f"sha256:{KEY.key.fingerprint}") in changed
        assert any(item.field == "publisher.workflow" and item.new is None for item in changed)


@given(st.lists(st.integers(0, 999), min_size=1, max_size=4), st.sampled_from(["-rc.1", "a1", ".dev0", "~beta"]))
def test_the_next_version_is_later(numbers: list[int], before: str) -> None:
    version, following = (".".join(map(str, parts)) for parts in (numbers, [*numbers[:-1], numbers[-1] + 1]))
    assert version_order(version) < version_order(following)
    assert version_order(version + before) < version_order(version) < version_order(following + before)
    assert version_order(f"v{version}.0") == version_order(version)


def test_the_order_of_versions() -> None:
    order = ["beta", "latest", "0.9", "1.0.0a1", "1.0.0-rc.1", "1.0", "1.0.1~beta", "1.0.1", "1.0.10", "1:0.1"]
    mixed = order[::-1]
    assert sorted(mixed, key=version_order) == order


def test_numbers_of_any_length() -> None:
    nines = "9" * 5000
    order = [nines[:-1], f"0{nines}", f"1{nines}", f"1:{nines}", f"{nines}:1", f"0{nines}:2"]
    mixed = order[::-1]
    assert sorted(mixed, key=version_order) == order
    assert version_order(f"1.{nines}.0{'0' * 5000}") == version_order(f"1.{nines}")


class TestWhatIsSeen:
    """What `observe` takes for somebody's: the same verification, of whomever."""

    def look(self, *candidates: Any, identities: tuple[Any, ...] = (Anybody("anybody"),)) -> Observed:
        collection = Collection(SUBJECT, tuple(candidates), (), True, (), LISTED, whole=True)
        return learning.observed_in(verify(collection, Trust(identities), now=NOW), {}, now=NOW)

    def test_signatures_and_provenance_of_anybody(self) -> None:
        found = self.look(
            proven(signed("x"), RELEASE),
            proven(signed("x", names.PREDICATE_SLSA_V1, slsa_v1()), RELEASE),
            proven(signed("x", names.PREDICATE_CYCLONEDX, {"bomFormat": "CycloneDX"}), OTHER),
            signed("mallory"),
        )
        assert set(found.seen) == {seen(RELEASE), built(RELEASE)}
        assert found.problems == ()

    def test_keys_must_be_given(self) -> None:
        assert not self.look(signed("release")).seen
        known = (KeyIdentity("key-1", key("release").public),)
        assert self.look(signed("release"), signed("mallory"), identities=known).seen == (seen(KEY),)

    def test_provenance_that_its_certificate_contradicts(self) -> None:
        lie = slsa_v1(source="https://github.com/evil/app")
        found = self.look(proven(signed("x", names.PREDICATE_SLSA_V1, lie), RELEASE))
        assert not found.seen
        assert "another source than its signer's certificate" in found.problems[0]

    def test_a_certificate_that_writes_its_source_in_another_way(self) -> None:
        other = replace(RELEASE, claims={**RELEASE.claims, "source_repository": "https://GitHub.com/acme/app.git"})
        assert self.look(proven(signed("x", names.PREDICATE_SLSA_V1, slsa_v1()), other)).seen

    def test_malformed_provenance(self) -> None:
        found = self.look(proven(signed("x", names.PREDICATE_SLSA_V1, {}), RELEASE))
        assert not found.seen
        assert "buildDefinition" in found.problems[0]

    def test_a_statement_about_another_package(self) -> None:
        assert not self.look(
            proven(signed("x", subject=subject_of(replace(PURL, version="9.9"), DIGEST)), RELEASE)
        ).seen

    def test_a_store_that_cannot_be_asked(self, tmp_path: Path) -> None:
        found = observe(
            ArchiveStore(tmp_path / "none.tar", "oci-archive:none.tar"), "", SUBJECT, Trust(()), {}, now=NOW
        )
        assert not found.seen
        assert found.unreadable is not None

    def test_a_store_with_nothing(self) -> None:
        found = observe(MemoryStore(), "npm/left-pad", SUBJECT, Trust(()), {}, now=NOW)
        assert (found.seen, found.problems) == ((), ())


class TestThePolicy:
    FILES = Files({"root": "root.json"}, {KEY.key.fingerprint: "release.pub"}, {})

    def policy(self, keys: Path, *items: Observed, files: Files | None = None) -> Any:
        learned: Learned = learn(items)
        assert not learned.unlearned
        text = write_policy("learned", learned.observed, files or Files({"keys_only": True}, self.FILES.keys, {}))
        assert "*" not in text
        return parse(text.encode(), where="learned.yaml", base=keys)

    def test_of_a_key(self, keys: Path) -> None:
        policy = self.policy(keys, Observed(SUBJECT, (seen(KEY), built(KEY))))
        good = [signed("release"), signed("release", names.PREDICATE_SLSA_V1, slsa_v1())]
        bad = [signed("release"), signed("release", names.PREDICATE_SLSA_V1, slsa_v1(builder="https://x.example"))]
        assert [rule.id for rule in policy.rules] == ["signed", "built"]
        outcomes = [
            evaluate(policy, evidence(each, policy.identities.values()), now=NOW).outcome for each in (good, bad)
        ]
        assert outcomes == [Outcome.ADMITTED, Outcome.DENIED]

    def test_only_what_all_have_is_asked(self, keys: Path) -> None:
        policy = self.policy(keys, Observed(SUBJECT, (seen(KEY), built(KEY))), Observed(at("1.4.0"), (seen(KEY),)))
        assert [rule.id for rule in policy.rules] == ["signed"]
        with pytest.raises(UsageError, match="no policy fits all"):
            self.policy(keys, Observed(SUBJECT, (built(KEY),)), Observed(at("1.4.0"), (seen(KEY),)))
        with pytest.raises(UsageError, match="no policy fits all"):
            write_policy("learned", (), self.FILES)

    def test_of_certificates_whole_with_their_refs(self) -> None:
        later = workflow("refs/tags/v1.4.0", **IDS)
        learned = learn([Observed(SUBJECT, (built(RELEASE),)), Observed(at("1.4.0"), (built(later),))])
        text = write_policy("learned", learned.observed, self.FILES)
        assert text.splitlines() == [
            "# Written by attest policy learn: exactly what was observed.",
            "version: 1",
            'name: "learned"',
            'applies_to: ["pkg:npm/left-pad"]',
            'trust: {root: "root.json"}',
            "identities:",
            *(
                line
                for number, ref in ((1, "v1.3.0"), (2, "v1.4.0"))
                for line in (
                    f"  publisher-{number}:",
                    '    issuer: "https://token.actions.githubusercontent.com"',
                    f'    subject: "https://github.com/acme/app/.github/workflows/release.yml@refs/tags/{ref}"',
                    '    claims: {source_repository: "https://github.com/acme/app", source_repository_identifier: "11",'
                    ' source_repository_owner_identifier: "7"}',
                    '    for: ["pkg:npm/left-pad"]',
                )
            ),
            "builders:",
            '  builder-1: {identity: publisher-1, id: "https://ci.example/builder"}',
            '  builder-2: {identity: publisher-2, id: "https://ci.example/builder"}',
            "rules:",
            "  - {id: built, require: provenance, by: [publisher-1, publisher-2], builders: [builder-1, builder-2],"
            ' source: "https://github.com/acme/app"}',
        ]

    def test_of_several_sources_none_is_asked(self, keys: Path) -> None:
        other = built(KEY, source="https://github.com/acme/other")
        policy = self.policy(keys, Observed(SUBJECT, (built(KEY),)), Observed(at("1.4.0", "right-pad"), (other,)))
        (rule,) = policy.rules
        assert rule.source is None

    def test_of_a_subject_without_ids(self) -> None:
        person = CertificateAuthor("https://accounts.example", "me@acme.example", {})
        text = write_policy("learned", learn([Observed(SUBJECT, (seen(person),))]).observed, self.FILES)
        assert "claims" not in text
        assert '    subject: "me@acme.example"' in text.splitlines()

    def test_a_star_is_never_written(self) -> None:
        star = CertificateAuthor("https://i.example", "https://h.example/acme/*", {})
        with pytest.raises(UsageError, match="would be a pattern"):
            write_policy("learned", learn([Observed(SUBJECT, (seen(star),))]).observed, self.FILES)
