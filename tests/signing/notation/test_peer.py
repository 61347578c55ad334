"""The real notation accepts what `attest` signs, and `attest` what notation signs; both refuse the same."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from attest import names
from attest.errors import EXIT_DENIED, VerificationError
from attest.evidence.attach_signature import attach_signature
from attest.oci.manifest import Manifest
from attest.signing.notation.manifest import is_signature
from attest.signing.notation.sign import EnvelopeSigner, LocalSigner, Request
from attest.signing.notation.trust_policy import TrustPolicy
from attest.signing.notation.verify import Verification, verify_signature
from attest.stores.registry import RegistryOptions, RegistryStore
from tests.signing.notation.conftest import MEDIA, subject
from tests.signing.notation.pki import ACME, CA, KINDS, NOW, Entity, root
from tests.signing.notation.program import Notation
from tests.stores.registry import real

REPOSITORY = "acme/app"


@pytest.fixture(params=["olareg", "distribution"])
def registry(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[RegistryStore]:
    """One with the referrers API, one with fallback tags."""
    with getattr(real, request.param)(tmp_path / "registry") as host:
        yield RegistryStore(host, name=host, options=RegistryOptions())


def chain_of(kind: str) -> tuple[Entity, Entity]:
    """A root and what it issued, by way of an intermediate CA."""
    authority = root()
    return authority, authority.issue("C=US,ST=WA,O=Acme,CN=Issuing", CA, which=2).issue(ACME, kind=kind)


def reference(store: RegistryStore, manifest: Manifest) -> str:
    return f"{store.name}/{REPOSITORY}@{manifest.digest}"


def attach(store: RegistryStore, manifest: Manifest, entity: Entity, media: str) -> None:
    signer = EnvelopeSigner(LocalSigner.of(entity.private, entity.chain, where="chain"))
    signed = signer.sign(Request(manifest.descriptor(), MEDIA[media], NOW))
    attach_signature(store, REPOSITORY, manifest.descriptor(), signed, created=NOW)


def verify(store: RegistryStore, manifest: Manifest, notation: Notation) -> Verification:
    """What we say about the only signature, under notation's own configuration."""
    (found,) = store.referrers(REPOSITORY, manifest.digest).items
    signature = Manifest.parse(store.fetch(REPOSITORY, found.descriptor))
    assert is_signature(signature)
    (layer,) = signature.layers
    assert layer.media_type in names.NOTATION_ENVELOPES
    statement = TrustPolicy.load(notation.home).statement(f"{store.name}/{REPOSITORY}")
    assert statement is not None
    raw = store.fetch(REPOSITORY, layer.plain())
    return verify_signature(raw, layer.media_type, manifest.descriptor(), statement, now=NOW)


@pytest.mark.peer("notation", "olareg", "distribution")
@pytest.mark.parametrize("media", MEDIA)
@pytest.mark.parametrize(
    "kind", [kind if kind in ("rsa-2048", "ec-256") else pytest.param(kind, marks=pytest.mark.slow) for kind in KINDS]
)
@pytest.mark.parametrize("maker", ["attest", "notation"])
def test_both_verify_what_either_signs(
    registry: RegistryStore, notation: Notation, kind: str, media: str, maker: str
) -> None:
    authority, signer = chain_of(kind)
    manifest = subject(registry, REPOSITORY)
    if maker == "attest":
        attach(registry, manifest, signer, media)
    else:
        notation.sign(reference(registry, manifest), signer, media, "--force-referrers-tag=false")
    accepted = "x509.subject: O=Acme, C=US, ST=WA, CN=Release"
    refused = {
        "another identity": ({"ca:acme": [authority.certificate]}, "x509.subject: C=US, ST=WA, O=Acme, CN=Other"),
        "another CA": ({"ca:other": [root(which=5).certificate]}, accepted),
        "a store of another kind": ({"signingAuthority:acme": [authority.certificate]}, accepted),
    }
    notation.trust({"ca:acme": [authority.certificate]}, trustedIdentities=[accepted])
    assert notation.accepts(reference(registry, manifest))
    verification = verify(registry, manifest, notation)
    assert verification.proof is not None
    assert verification.proof.author.subject == "CN=Release,O=Acme,ST=WA,C=US"  # type: ignore[union-attr]
    for stores, identity in refused.values():
        notation.trust(stores, trustedIdentities=[identity])
        assert not notation.accepts(reference(registry, manifest))
        with pytest.raises(VerificationError, match="authenticity") as refusal:
            verify(registry, manifest, notation)
        assert refusal.value.exit_code == EXIT_DENIED


@pytest.mark.peer("notation", "olareg", "distribution")
@pytest.mark.parametrize("media", MEDIA)
def test_neither_accepts_a_signature_over_another_manifest(
    registry: RegistryStore, notation: Notation, media: str
) -> None:
    authority, signer = chain_of("ec-256")
    manifest, other = subject(registry, REPOSITORY), subject(registry, REPOSITORY, "another")
    signed = EnvelopeSigner(LocalSigner.of(signer.private, signer.chain, where="chain")).sign(
        Request(other.descriptor(), MEDIA[media], NOW)
    )
    attach_signature(registry, REPOSITORY, manifest.descriptor(), signed, created=NOW)
    notation.trust({"ca:acme": [authority.certificate]})
    assert not notation.accepts(reference(registry, manifest))
    with pytest.raises(VerificationError, match="signed target") as refusal:
        verify(registry, manifest, notation)
    assert str(manifest.digest) in refusal.value.expected
    assert str(other.digest) in refusal.value.found
