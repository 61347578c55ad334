"""What is missing of what signs a document is told, and what is there is collected all the same."""

from __future__ import annotations

from dataclasses import replace

from attest import names
from attest.errors import StoreUnavailable
from attest.evidence.attach import attach_bundle, attach_document, push_anchor
from attest.evidence.collect import collect
from attest.oci.digest import Digest
from attest.stores.memory import MemoryStore
from attest.stores.protocol import Referrers
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
