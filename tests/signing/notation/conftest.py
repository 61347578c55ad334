from __future__ import annotations

from pathlib import Path

import pytest

from attest import names
from attest.oci.descriptor import EMPTY, EMPTY_BYTES, Descriptor
from attest.oci.digest import Digest
from attest.oci.manifest import Manifest, write_image
from attest.signing.notation.sign import EnvelopeSigner, LocalSigner, Request
from attest.stores.protocol import Store
from tests.signing.notation.pki import NOW, Entity
from tests.signing.notation.program import Notation

MEDIA = {"jws": names.NOTATION_JWS, "cose": names.NOTATION_COSE}


@pytest.fixture
def notation(tmp_path: Path) -> Notation:
    home = tmp_path / "config" / "notation"
    home.mkdir(parents=True)
    return Notation(home)


def target(text: str = "release") -> Descriptor:
    """A manifest's descriptor that nobody needs to store."""
    data = text.encode()
    return Descriptor(names.OCI_MANIFEST, Digest.of(data), len(data))


def subject(store: Store, repository: str, text: str = "release") -> Manifest:
    """A manifest in a store, to be signed."""
    store.push(repository, EMPTY, EMPTY_BYTES)
    manifest = write_image(artifact_type="application/vnd.acme", config=EMPTY, layers=[EMPTY], annotations={"t": text})
    store.push(repository, manifest.descriptor(), manifest.raw)
    return manifest


def sign(entity: Entity, media: str, what: Descriptor, **more: object) -> bytes:
    """An envelope; ``media`` is ``jws`` or ``cose``."""
    request = Request(what, MEDIA[media], more.get("signing_time", NOW), more.get("expiry"))  # type: ignore[arg-type]
    signer = EnvelopeSigner(LocalSigner.of(entity.private, entity.chain, where="chain"))
    return signer.sign(request).envelope
