"""What is missing of what signs a document is told, and what is there is collected all the same."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from attest import names
from attest.errors import StoreUnavailable
from attest.evidence.attach import attach_bundle, attach_document, push_anchor
from attest.evidence.collect import collect
from attest.oci.descriptor import Descriptor
from attest.oci.digest import Digest
from attest.oci.reference import Reference
from attest.stores.memory import MemoryStore
from attest.stores.protocol import Found, Place, Referrers, Where
from tests.evidence.test_stages import layer, simple_payload, tag
from tests.evidence_factory import DIGEST, NOW, PURL, SUBJECT, bundle_of, signed

REPOSITORY = "npm/left-pad"


class Deaf(MemoryStore):
    """Does not list what hangs on some manifests."""

    def __init__(self) -> None:
        super().__init__()
        self.to: set[Digest] = set()

    def referrers(self, repository: str, subject: Digest, *, artifact_type: str | None = None) -> Referrers:
        if subject in self.to:
            raise StoreUnavailable("no answer", where=str(subject))
        return super().referrers(repository, subject, artifact_type=artifact_type)


def test_signatures_over_a_document_that_cannot_be_listed() -> None:
    store = Deaf()
    anchor = push_anchor(store, REPOSITORY, "1.3.0", PURL, DIGEST)
    documents = [
        attach_document(store, REPOSITORY, anchor, text, media_type="text/x", title="x", created=NOW)
        for text in (b"one", b"two")
    ]
    for document in documents:
        about = document.descriptor()
        bundle = bundle_of(signed("release", subject=replace(SUBJECT, manifest=about))).raw
        attach_bundle(store, REPOSITORY, about, bundle, predicate_type=names.PREDICATE_COSIGN_SIGN, created=NOW)
    whole = collect(store, REPOSITORY, SUBJECT, documents=True)
    assert (whole.complete, whole.problems) == (True, ())
    assert [item.signed is None for item in whole.candidates] == [False, False]
    store.to.add(documents[0].digest)
    part = collect(store, REPOSITORY, SUBJECT, documents=True)
    assert (part.complete, part.problems) == (False, (f"{documents[0].digest}: no answer",))
    assert {item.digest for item in part.candidates if item.signed is None} == {documents[0].digest}


def test_what_hangs_on_a_document_and_signs_nothing_makes_no_signature_of_it() -> None:
    store = MemoryStore()
    anchor = push_anchor(store, REPOSITORY, "1.3.0", PURL, DIGEST)
    document = attach_document(store, REPOSITORY, anchor, b"one", media_type="text/x", title="x", created=NOW)
    attach_document(store, REPOSITORY, document.descriptor(), b"two", media_type="text/x", title="x", created=NOW)
    found = collect(store, REPOSITORY, SUBJECT, documents=True)
    assert [(item.digest, item.signed) for item in found.candidates] == [(document.digest, None)]
    assert found.whole


class InTwoWays(MemoryStore):
    """Lists in two ways, of which the first is not whole."""

    def listings(self, repository: str, subject: Digest) -> Iterator[Referrers]:
        for complete in (False, True):
            yield replace(self.referrers(repository, subject), complete=complete, problems=() if complete else ("cut",))


def test_one_whole_answer_does_not_complete_another() -> None:
    store = InTwoWays()
    push_anchor(store, REPOSITORY, "1.3.0", PURL, DIGEST)
    found = collect(store, REPOSITORY, SUBJECT)
    assert (found.complete, found.problems) == (False, ("cut",))


class Telling(Deaf):
    """Says of what it cannot show so already when it lists it."""

    def __init__(self) -> None:
        super().__init__()
        self.tells: tuple[str, ...] = ()

    def referrers(self, repository: str, subject: Digest, *, artifact_type: str | None = None) -> Referrers:
        return replace(super().referrers(repository, subject, artifact_type=artifact_type), problems=self.tells)

    def fetch(self, repository: str, descriptor: Descriptor) -> bytes:
        if descriptor.digest in self.to:
            raise StoreUnavailable("no answer")
        return super().fetch(repository, descriptor)


def test_what_listing_has_told_reading_does_not_tell_again() -> None:
    store = Telling()
    anchor = push_anchor(store, REPOSITORY, "1.3.0", PURL, DIGEST)
    one, other = (
        attach_document(store, REPOSITORY, anchor, text, media_type="text/x", title="x", created=NOW).digest
        for text in (b"one", b"two")
    )
    store.to = {one, other}
    store.tells = (f"{one}: it is: away", "something else")
    found = collect(store, REPOSITORY, SUBJECT)
    assert found.problems == (f"{one}: it is: away", "something else", f"{other}: no answer")


class Counting(MemoryStore):
    """Lists one manifest that a tag of cosign's names too, and counts how often that is read."""

    def __init__(self) -> None:
        super().__init__()
        self.fetched = 0
        payload = simple_payload()
        tag(self, "sig", (layer(payload), payload), (replace(layer(payload + b" "), annotations={}), payload + b" "))
        self.tagged = self.resolve(Reference(REPOSITORY, f"sha256-{SUBJECT.manifest.digest.encoded}.sig"))

    def fetch(self, repository: str, descriptor: Descriptor) -> bytes:
        self.fetched += descriptor.digest == self.tagged.digest
        return super().fetch(repository, descriptor)

    def referrers(self, repository: str, subject: Digest, *, artifact_type: str | None = None) -> Referrers:
        return Referrers((Found(self.tagged, (Place("x", Where.API),)),), True, NOW)


def test_what_was_refused_in_part_is_not_read_again_for_its_tag() -> None:
    store = Counting()
    found = collect(store, REPOSITORY, SUBJECT)
    assert (len(found.candidates), len(found.rejected), store.fetched) == (1, 1, 1)
