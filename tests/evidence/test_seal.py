"""Seals of whole stores: where they lie, which are read, and what a sealer lists."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attest import limits, names
from attest.errors import StoreUnavailable
from attest.evidence import seal as seals
from attest.evidence.attach import attach_bundle, push_anchor
from attest.evidence.collect import collect
from attest.evidence.lookup import subject_of
from attest.evidence.model import Candidate, Check, Collection, Rejected, Subject
from attest.evidence.trust import Trust
from attest.evidence.verify import NO_SEALS, StoreSeals
from attest.oci.descriptor import Descriptor
from attest.oci.digest import Digest
from attest.oci.manifest import Manifest
from attest.packages.anchors import version_anchor
from attest.packages.digest import ArtifactDigest
from attest.packages.purl import Purl
from attest.signing.sign import KeySigner, sign_statement
from attest.statements import lifecycle
from attest.statements.lifecycle import Seal
from attest.statements.statement import Subject as StatementSubject
from attest.stores.memory import MemoryStore
from attest.stores.protocol import Referrers
from tests.evidence_factory import NOW, SUBJECT, identity, key, packed, signed

REPOSITORY = names.SEALED_REPOSITORY
TRUST = Trust((identity("security"),))
ANCHORS = [Digest("sha256", f"{number:064x}") for number in range(800)]


class Counting(MemoryStore):
    """Counts what it is asked."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: Counter[str] = Counter()

    def referrers(self, repository: str, subject: Digest, *, artifact_type: str | None = None) -> Referrers:
        self.asked["referrers"] += 1
        return super().referrers(repository, subject, artifact_type=artifact_type)

    def fetch(self, repository: str, descriptor: Descriptor) -> bytes:
        self.asked["fetch"] += 1
        return super().fetch(repository, descriptor)


def bundle_of(name: str, sequence: int = 1, issued: datetime = NOW, *, anchors: list[Digest] | None = None) -> bytes:
    listed = dict.fromkeys(anchors or ANCHORS[:1], frozenset[Digest]())
    subjects = [StatementSubject(None, {item.algorithm: item.encoded}) for item in listed]
    kind, statement = lifecycle.write(subjects, Seal(sequence, issued, issued + timedelta(days=7), listed))
    return sign_statement(statement, KeySigner(key(name)), payload_type=lifecycle.payload_type(kind))


def hang(store: MemoryStore, bundle: bytes, created: datetime = NOW) -> Manifest:
    subject = seals.push_whole_store(store, REPOSITORY)
    return attach_bundle(
        store, REPOSITORY, subject.manifest, bundle, predicate_type=names.PREDICATE_SEAL, created=created
    )


def sequences(read: StoreSeals) -> list[int]:
    return sorted(item.content.sequence for item in read.proven if isinstance(item.content, Seal))


def test_what_stands_for_a_store_is_the_same_everywhere() -> None:
    digest = seals.whole_store().manifest.digest
    assert str(digest) == "sha256:a9c9a7e446814481a5a76b8850ad5016f0982d4c9c387ae18bd75bffc087720b"
    store = MemoryStore()
    assert seals.push_whole_store(store, REPOSITORY) == seals.push_whole_store(store, REPOSITORY)
    assert list(store.tags(REPOSITORY)) == [names.SEALED_REPOSITORY]


def test_a_seal_of_800_packages_is_one_listing_and_its_content() -> None:
    store = Counting()
    hang(store, bundle_of("security", anchors=ANCHORS))
    store.asked.clear()
    (sealed,) = seals.read_seals(store, REPOSITORY, TRUST, now=NOW).proven
    assert isinstance(sealed.content, Seal)
    assert len(sealed.content.evidence) == 800
    assert store.asked == {"referrers": 1, "fetch": 2}


def test_only_the_youngest_are_read() -> None:
    store = Counting()
    for number in range(1, 2 * limits.SEALS + 1):
        hang(store, bundle_of("security", number), NOW + timedelta(seconds=number))
    store.asked.clear()
    read = seals.read_seals(store, REPOSITORY, TRUST, now=NOW)
    assert sequences(read) == list(range(limits.SEALS + 1, 2 * limits.SEALS + 1))
    assert store.asked["referrers"] == 1


def test_a_store_without_seals_has_none() -> None:
    assert seals.read_seals(MemoryStore(), REPOSITORY, TRUST, now=NOW) == NO_SEALS


def test_a_store_that_cannot_be_asked_says_why() -> None:
    class Down(MemoryStore):
        def referrers(self, repository: str, subject: Digest, *, artifact_type: str | None = None) -> Referrers:
            raise StoreUnavailable("no answer")

    read = seals.read_seals(Down(), REPOSITORY, TRUST, now=NOW)
    assert (read.proven, read.problems) == ((), ("no answer",))


def test_what_is_no_seal_or_by_nobody_named_is_a_problem_and_nothing_else() -> None:
    store = MemoryStore()
    hang(store, bundle_of("security"))
    strange = hang(store, bundle_of("mallory", 2**52))
    subject = seals.whole_store()
    withdrawal = lifecycle.Withdrawal(NOW, lifecycle.Why.YANKED)
    kind, statement = lifecycle.write([StatementSubject(None, {"sha256": subject.manifest.digest.encoded})], withdrawal)
    other = sign_statement(statement, KeySigner(key("security")), payload_type=lifecycle.payload_type(kind))
    attach_bundle(store, REPOSITORY, subject.manifest, other, predicate_type=kind, created=NOW)
    attach_bundle(store, REPOSITORY, subject.manifest, b"{}", predicate_type=kind, created=NOW)
    read = seals.read_seals(store, REPOSITORY, TRUST, now=NOW)
    assert sequences(read) == [1]
    assert [problem.partition(": ")[0] for problem in read.problems] == [str(strange.digest)]


def test_a_sealer_lists_what_is_there_but_no_older_seals() -> None:
    good, garbage, gone = signed("release"), signed("mallory"), signed("release", note="gone")
    older = packed(bundle_of("security"), "https://example.com/it-lies")
    collection = Collection(
        SUBJECT,
        (good, garbage, older),
        (Rejected(gone.found, Check.READ, "not there"), Rejected(signed("x", note="y").found, Check.FORM, "broken")),
        True,
        (),
        NOW,
        whole=True,
    )
    broken = collection.rejected[1].digest
    assert seals.sealable(collection) == {good.digest, garbage.digest, broken}
    with pytest.raises(StoreUnavailable, match="page 2 failed"):
        seals.sealable(replace(collection, complete=False, problems=("page 2 failed",)))


def seal_candidate(name: str, sequence: int) -> Candidate:
    return packed(bundle_of(name, sequence), names.PREDICATE_SEAL, note=str(sequence))


@given(mine=st.lists(st.integers(1, 2**53 - 2), max_size=3), theirs=st.lists(st.integers(1, 2**53 - 2), max_size=3))
def test_a_sequence_grows_whatever_strangers_write(mine: list[int], theirs: list[int]) -> None:
    earlier = [seal_candidate("security", number) for number in mine]
    earlier += [seal_candidate("mallory", number) for number in theirs]
    milliseconds = int(NOW.timestamp() * 1000)
    number = seals.sequence(earlier, key("security").public, NOW)
    assert number == max([milliseconds, *(known + 1 for known in mine)])
    assert seals.sequence(earlier, None, NOW) == milliseconds
    assert seals.sequence([signed("security")], key("security").public, NOW) == milliseconds


def test_two_sealers_at_once_leave_two_seals() -> None:
    store = MemoryStore()
    for anchors in (ANCHORS[:1], ANCHORS[:2]):
        hang(store, bundle_of("security", 7, anchors=anchors))
    assert sequences(seals.read_seals(store, REPOSITORY, TRUST, now=NOW)) == [7, 7]


def test_the_packages_of_a_repository_are_the_versions_and_artifacts_of_what_is_tagged() -> None:
    store = MemoryStore()
    wheels = [(Purl.parse("pkg:pypi/acme@1.0"), ArtifactDigest("sha256", character * 64)) for character in "ab"]
    tarball = (Purl.parse("pkg:npm/acme@1.0.0"), ArtifactDigest("sha512", "c" * 128))
    for number, (purl, digest) in enumerate([*wheels, tarball]):
        push_anchor(store, "all", f"t{number}", purl, digest)
    seals.push_whole_store(store, "all")
    image = Manifest.parse(version_anchor(wheels[0][0]).raw.replace(b"attest.version", b"attest.imagine"))
    store.push("all", image.descriptor(), image.raw)
    tagged = [
        Subject(version_anchor(wheels[0][0]).descriptor(), name="version"),
        Subject(subject_of(*tarball).manifest, name="anchor"),
        Subject(seals.whole_store().manifest, name="sealed"),
        Subject(image.descriptor(), name="image"),
    ]
    found = list(seals.packages(store, "all", tagged))
    assert sorted(map(str, found)) == ["image", *["pkg:npm/acme@1.0.0"] * 2, *["pkg:pypi/acme@1.0"] * 3]
    assert {item.digest for item in found} == {wheels[0][1], wheels[1][1], tarball[1], None}
    sealed = {item.manifest.digest: seals.sealable(collect(store, "all", item)) for item in found}
    anchors = {item: subject_of(*item).manifest.digest for item in (*wheels, tarball)}
    assert sealed == {
        version_anchor(wheels[0][0]).digest: {anchors[item] for item in wheels},  # none can be hidden
        version_anchor(tarball[0]).digest: {anchors[tarball]},
        image.digest: set(),
        **{anchor: set() for anchor in anchors.values()},
    }


def test_the_subjects_of_a_seal_are_the_manifests_each_once() -> None:
    subjects = seals.seal_subjects([SUBJECT, SUBJECT, Subject(seals.whole_store().manifest)])
    assert [subject.name for subject in subjects] == [str(SUBJECT), None]
    assert all(list(subject.digests) == ["sha256"] for subject in subjects)
