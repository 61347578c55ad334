"""Write what was imported: the bundle on the package's anchor, and what it came from on the bundle.

A bundle's manifest holds one layer, else cosign does not see it. So the document as it was published is a manifest of
its own, whose subject is the bundle's: it is copied along with it, and does not burden the anchor's listing, of which
cosign reads every entry. Everything follows from the document and the package alone, so doing it again changes nothing.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from attest import limits, names
from attest.evidence.imports.model import Document
from attest.evidence.imports.place import Placement
from attest.oci.descriptor import EMPTY, EMPTY_BYTES, Descriptor
from attest.oci.digest import Digest
from attest.oci.manifest import Manifest, write_image
from attest.signing.bundle import Bundle
from attest.stores.protocol import Store

_JSON: Final = "application/json"
_LONGEST_TIME: Final = 12


def hang(store: Store, repository: str, placement: Placement, document: Document) -> Manifest:
    """Write both; the anchor is there already. Returns the bundle's manifest. Raises `StoreError`."""
    bundle = placement.item.bundle
    referrer, layer = referrer_of(placement)
    store.push(repository, EMPTY, EMPTY_BYTES)
    store.push(repository, layer.plain(), bundle.raw)
    store.push(repository, referrer.descriptor(), referrer.raw)
    if document.raw != bundle.raw:
        original, content = _original(document, referrer.descriptor())
        store.push(repository, content, document.raw)
        store.push(repository, original.descriptor(), original.raw)
    return referrer


def referrer_of(placement: Placement) -> tuple[Manifest, Descriptor]:
    """The bundle's manifest in the form of cosign v3 (wire-formats.md §3.1), and its layer."""
    bundle = placement.item.bundle
    kind = names.BUNDLE_V03 if bundle.version == "0.3" else f"{names.BUNDLE_PREFIX}+json;version={bundle.version}"
    annotations = {}
    if (time := _logged_at(bundle)) is not None:
        annotations[names.ANNOTATION_CREATED] = time.strftime("%Y-%m-%dT%H:%M:%SZ")
    if placement.predicate_type is None:
        annotations[names.ANNOTATION_BUNDLE_CONTENT] = names.BUNDLE_CONTENT_MESSAGE
    else:
        annotations[names.ANNOTATION_BUNDLE_CONTENT] = names.BUNDLE_CONTENT_DSSE
        annotations[names.ANNOTATION_BUNDLE_PREDICATE] = placement.predicate_type
    layer = Descriptor.of(kind, bundle.raw, inline=len(bundle.raw) <= limits.INLINE_DATA)
    config = Descriptor(EMPTY.media_type, EMPTY.digest, EMPTY.size, artifact_type=kind)
    manifest = write_image(
        artifact_type=kind, config=config, layers=[layer], subject=placement.subject.manifest, annotations=annotations
    )
    return manifest, layer


def _original(document: Document, about: Descriptor) -> tuple[Manifest, Descriptor]:
    layer = Descriptor(_JSON, Digest.of(document.raw), len(document.raw))
    manifest = write_image(
        artifact_type=names.ORIGINAL,
        config=EMPTY,
        layers=[layer],
        subject=about,
        annotations={names.ANNOTATION_FORM: document.form.value},
    )
    return manifest, layer


def _logged_at(bundle: Bundle) -> datetime | None:
    """The earliest time that a log entry gives: for people, as every `created` is. None where none gives one."""
    found = []
    for entry in bundle.material.get("tlogEntries") or ():
        text = str(entry.get("integratedTime", ""))
        if text.isascii() and text.isdigit() and len(text) <= _LONGEST_TIME and int(text):
            found.append(int(text))
    try:
        return datetime.fromtimestamp(min(found), UTC) if found else None
    except (ValueError, OverflowError, OSError):
        return None
