"""The artifacts of a version: by annotation where it is right, by reading where it is not, and what may be missing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from attest import names
from attest.evidence.attach import store_anchor
from attest.evidence.lookup import artifacts, subject_of
from attest.oci.descriptor import Descriptor
from attest.oci.digest import Digest
from attest.packages.anchors import anchor
from attest.packages.digest import ArtifactDigest
from attest.packages.purl import Purl
from attest.stores.memory import MemoryStore
from attest.stores.protocol import Found, Place, Referrers, Where
from tests.evidence_factory import NOW

REPOSITORY = "npm/x"
PURL, OTHER = Purl.parse("pkg:npm/x@1.0.0"), Purl.parse("pkg:npm/y@1.0.0")
FIRST, SECOND = ArtifactDigest("sha512", "ab" * 64), ArtifactDigest("sha512", "cd" * 64)


class Listing(MemoryStore):
    """A store that lists what it is told to."""

    def __init__(self, *items: Descriptor, complete: bool = True, problems: tuple[str, ...] = ()) -> None:
        super().__init__()
        self.answer = Referrers(
            tuple(Found(item, (Place("x", Where.LAYOUT),)) for item in items), complete, NOW, problems
        )

    def referrers(self, repository: str, subject: Digest, *, artifact_type: str | None = None) -> Referrers:
        return self.answer


def listed(purl: Purl, digest: ArtifactDigest, annotations: Mapping[str, str] | None = None) -> Descriptor:
    descriptor = anchor(purl, digest).listing_descriptor()
    return descriptor if annotations is None else replace(descriptor, annotations=annotations)


def test_what_the_listing_says_itself_is_not_fetched() -> None:
    found = artifacts(Listing(listed(PURL, FIRST), listed(PURL, SECOND)), REPOSITORY, PURL)
    assert found.subjects == (subject_of(PURL, FIRST), subject_of(PURL, SECOND))
    assert found.problems == ()


def test_what_the_listing_does_not_say_is_read() -> None:
    store = Listing(listed(PURL, FIRST, {}), listed(PURL, SECOND, {names.ANNOTATION_DIGEST: str(FIRST)}))
    for digest in (FIRST, SECOND):
        store_anchor(store, REPOSITORY, PURL, digest)
    found = artifacts(store, REPOSITORY, PURL)
    assert (found.subjects, found.problems) == ((subject_of(PURL, FIRST), subject_of(PURL, SECOND)), ())


def test_what_is_no_anchor_is_no_artifact() -> None:
    signature = replace(listed(PURL, FIRST, {}), artifact_type=names.BUNDLE_V03)
    found = artifacts(Listing(signature, listed(PURL, SECOND)), REPOSITORY, PURL)
    assert (found.subjects, found.problems) == ((subject_of(PURL, SECOND),), ())


def test_an_anchor_of_another_package_is_a_problem_and_hides_nothing() -> None:
    stray = listed(OTHER, FIRST)
    store = Listing(stray, listed(PURL, SECOND))
    store_anchor(store, REPOSITORY, OTHER, FIRST)
    found = artifacts(store, REPOSITORY, PURL)
    assert found.subjects == (subject_of(PURL, SECOND),)
    assert found.problems == (f"{stray.digest}: an anchor of another package: {OTHER}",)


def test_an_incomplete_listing_says_so_once() -> None:
    assert artifacts(Listing(complete=False), REPOSITORY, PURL).problems == ("the listing is not complete",)
    known = Listing(complete=False, problems=("page 2 failed",))
    assert artifacts(known, REPOSITORY, PURL).problems == ("page 2 failed",)
    assert artifacts(Listing(), REPOSITORY, PURL).problems == ()


def test_nobody_has_read_the_file_unless_that_is_said() -> None:
    assert not subject_of(PURL, FIRST).read_from_file
    assert subject_of(PURL, FIRST, read_from_file=True).read_from_file
