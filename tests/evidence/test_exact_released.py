"""Whose release statements count for a version, and what is sealed where not everything can be listed."""

from __future__ import annotations

from dataclasses import replace
from itertools import count

import pytest

from attest import names
from attest.errors import NotFound, StoreUnavailable
from attest.evidence import seal as seals
from attest.evidence.attach import push_anchor
from attest.evidence.binding import Binding
from attest.evidence.lookup import subject_of, version_of
from attest.evidence.model import Subject
from attest.evidence.released import released
from attest.evidence.trust import Trust
from attest.evidence.verify import NO_SEALS, Verified
from attest.oci.digest import Digest
from attest.packages.anchors import version_anchor
from attest.packages.digest import ArtifactDigest
from attest.packages.purl import Purl
from attest.statements.release import Artifact, Release, write
from attest.statements.statement import Statement
from attest.stores.memory import MemoryStore
from attest.stores.protocol import Referrers
from tests.evidence_factory import DIGEST, NOW, PURL, SUBJECT, evidence, identity, signed

FILE = Artifact("left-pad-1.3.0.tgz", {"sha512": DIGEST.hex, "sha256": "11" * 32})


def test_a_release_statement_belongs_to_the_version() -> None:
    """One that is about the same artifacts, and so about each of them, says nothing about which there are."""
    statement = Statement.parse(write(Release(PURL, (FILE,))))
    said = {"predicate_type": names.PREDICATE_RELEASE, "predicate": statement.predicate, "about": statement.subjects}
    whole = version_of(PURL)
    (found,) = evidence([signed("release", **said, subject=whole)], [identity("release")], subject=whole).verified  # type: ignore[arg-type]
    answer = released(PURL, [found])
    assert (found.binding, list(answer.artifacts), answer.problems) == (Binding.ANCHOR, [DIGEST], ())
    assert hash(answer) == hash(released(PURL, [found]))
    (other,) = evidence([signed("release", **said)], [identity("release")]).verified  # type: ignore[arg-type]
    refused = released(PURL, [other])
    assert (other.binding, dict(refused.artifacts)) == (Binding.NAME, {})
    assert refused.problems == (f"{other.digest}: a release statement of {PURL}",)


def said(purl: Purl, *files: Artifact, number: int = 0, names_it: str | None = None) -> Verified:
    statement, whole = Statement.parse(write(Release(purl, files or (FILE,)))), version_of(purl)
    item = signed(
        "release",
        names.PREDICATE_RELEASE,
        {**(statement.predicate or {}), "purl": names_it or str(purl)},
        about=statement.subjects,
        subject=whole,
        note=f"{purl} {number}",
    )
    (found,) = evidence([item], [identity("release")], subject=whole).verified
    return found


def test_a_statement_of_another_version_hides_none_of_this_one() -> None:
    good, other = said(PURL), Purl.parse("pkg:npm/left-pad@1.2.0")
    first = next(item for item in (said(other, number=number) for number in count()) if item.digest < good.digest)
    answer = released(PURL, [good, first])
    assert list(answer.artifacts) == [DIGEST]
    assert answer.problems == (f"{first.digest}: a release statement of {other}",)


MORE = Artifact("left-pad-1.3.0.tgz", {"sha512": DIGEST.hex, "sha384": "22" * 48})
SECOND = Artifact("second.tgz", {"sha512": "cd" * 64, "sha256": "33" * 32})
OTHER = ArtifactDigest("sha512", "cd" * 64)


def test_what_several_say_is_put_together() -> None:
    answer = released(PURL, [said(PURL), said(PURL, MORE), said(PURL, SECOND)])
    assert (sorted(answer.artifacts), answer.problems, answer.doubtful) == ([DIGEST, OTHER], (), False)
    assert answer.artifacts[DIGEST].digests == {**FILE.digests, **MORE.digests}
    assert answer.artifacts[DIGEST].name == FILE.name
    assert answer.subjects == (subject_of(PURL, DIGEST), subject_of(PURL, OTHER))
    for algorithm, value, own in (
        ("sha512", DIGEST.hex, DIGEST),
        ("sha256", "11" * 32, DIGEST),
        ("sha256", "33" * 32, OTHER),
        ("sha256", "44" * 32, None),
    ):
        assert answer.same_file(ArtifactDigest(algorithm, value)) == own


@pytest.mark.parametrize(
    ("other", "told"),
    [
        (replace(FILE, digests={**FILE.digests, "sha256": "99" * 32}), f"two sha256 digests of {FILE.name}"),
        (replace(SECOND, name=FILE.name), f"two artifacts are {FILE.name}"),
        (replace(SECOND, digests={**SECOND.digests, "sha256": "11" * 32}), f"two artifacts are sha256:{'11' * 32}"),
    ],
)
def test_what_contradicts_itself_says_nothing(other: Artifact, told: str) -> None:
    for shown in ([said(PURL), said(PURL, other)], [said(PURL, other), said(PURL)]):
        answer = released(PURL, shown)
        assert (dict(answer.artifacts), answer.problems) == (
            {},
            (f"release statements contradict each other: {told}",),
        )


def test_one_that_cannot_be_read_hides_no_other() -> None:
    broken = said(PURL, names_it="no purl")
    answer = released(PURL, [broken, said(PURL)])
    (problem,) = answer.problems
    assert list(answer.artifacts) == [DIGEST]
    assert problem.startswith(f"{broken.digest}: statement.predicate.purl: not a usable purl")


class Cut(MemoryStore):
    """Does not list everything of a version, and knows no repository by the name of seals."""

    def referrers(self, repository: str, subject: Digest, *, artifact_type: str | None = None) -> Referrers:
        if repository == names.SEALED_REPOSITORY:
            raise NotFound("no such repository")
        return replace(super().referrers(repository, subject, artifact_type=artifact_type), complete=False)


def test_a_part_is_not_sealed() -> None:
    store = Cut()
    push_anchor(store, "x", "t", PURL, DIGEST)
    tagged = [Subject(version_anchor(PURL).descriptor(), name="version")]
    with pytest.raises(StoreUnavailable, match="not all artifacts can be listed: the listing is not complete"):
        list(seals.packages(store, "x", tagged))
    assert SUBJECT.manifest in [item.manifest for item in seals.packages(store, "x", [SUBJECT])]


def test_a_store_without_a_place_for_seals_has_none() -> None:
    assert seals.read_seals(Cut(), names.SEALED_REPOSITORY, Trust(()), now=NOW) == NO_SEALS
