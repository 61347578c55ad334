"""Policies in registries: an OCI artifact whose first layer is the policy, the others the files that it needs.

Every layer has the relative path of its file as title, so that paths in the policy mean the same as where it was
written. The manifest has no time in it: the same files are the same artifact.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Final

from attest import limits, names
from attest.errors import FormatError, VerificationError
from attest.evidence.collect import collect
from attest.evidence.identity import KeyIdentity
from attest.evidence.model import Kind, Subject
from attest.evidence.trust import Trust
from attest.evidence.verify import verify
from attest.oci.descriptor import EMPTY, EMPTY_BYTES, Descriptor
from attest.oci.digest import Digest
from attest.oci.manifest import Manifest, write_image
from attest.policy.standing import Standing
from attest.signing.keys import PublicKey
from attest.statements.statement import Statement
from attest.stores.protocol import Store

_LONGEST: Final = 512


def push(store: Store, repository: str, policy: tuple[str, bytes], needed: Mapping[str, bytes]) -> Manifest:
    """Store a policy, and the files that it needs by their relative paths. Raises `StoreError` and `FormatError`."""
    files = [(names.POLICY_DOCUMENT, *policy), *((names.POLICY_FILE, *item) for item in sorted(needed.items()))]
    layers = []
    store.push(repository, EMPTY, EMPTY_BYTES)
    for media_type, path, data in files:
        layer = Descriptor(media_type, Digest.of(data), len(data), {names.ANNOTATION_TITLE: path})
        store.push(repository, layer.plain(), data)
        layers.append(layer)
    manifest = write_image(artifact_type=names.POLICY, config=EMPTY, layers=layers)
    _checked(manifest)
    store.push(repository, manifest.descriptor(), manifest.raw)
    return manifest


def pull(store: Store, repository: str, descriptor: Descriptor, folder: Path) -> Path:
    """Put a policy and its files into an empty folder; where the policy is.

    Raises `StoreError`, and `FormatError` for what is no policy, or would lie elsewhere.
    """
    manifest = Manifest.parse(store.fetch(repository, descriptor), media_type=descriptor.media_type)
    paths = _checked(manifest)
    for path, layer in zip(paths, manifest.layers, strict=True):
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        with place.open("xb") as file:
            file.write(store.fetch(repository, layer.plain()))
    return folder / paths[0]


def check_signed(
    store: Store, repository: str, descriptor: Descriptor, key: PublicKey, *, now: datetime, name: str | None = None
) -> None:
    """Raises `VerificationError` unless ``key`` signed exactly this manifest, and did not revoke that; `StoreError`.

    ``name`` is the ``HOST/REPO:TAG`` that has to stand in what was signed, None where a digest was named: a tag alone
    says nothing of which of its policies somebody meant to lie there.
    """
    signer = KeyIdentity("policy-key", key)
    subject = Subject(descriptor, name=str(descriptor.digest))
    evidence = verify(collect(store, repository, subject), Trust((signer,)), now=now)
    standing = Standing.of(evidence.verified, (signer,), subject, now)
    signed = [item for item in evidence.verified if item.kind is Kind.SIGNATURE and standing.against(item) is None]
    meant = sorted({text for item in signed for text in _named(item.statement, descriptor)})
    if signed and (name is None or name in meant):
        return
    if signed:
        raise VerificationError(
            f"the policy {descriptor.digest} is signed by the key that was named, and not for {name}",
            expected=f"a signature for {name}",
            found=", ".join(meant) or "one that says no name",
            next_step="have it pushed there with attest policy push --key, or name it by digest",
        )
    others = len(evidence.verified) + len(evidence.rejected)
    raise VerificationError(
        f"the policy {descriptor.digest} is not signed by the key that was named",
        expected=f"a signature by key sha256:{key.fingerprint}",
        found=f"{others} that are none" if others else "nothing attached",
        next_step="get the policy from whom you trust, or name it by the digest that they gave you",
    )


def _named(statement: Statement, descriptor: Descriptor) -> Iterator[str]:
    """By which names a manifest was signed."""
    digest = descriptor.digest
    yield from (
        item.name[:_LONGEST]
        for item in statement.subjects
        if item.name is not None and item.matches(digest.algorithm, digest.encoded)
    )


def _checked(manifest: Manifest) -> list[str]:
    """The relative paths of its files. Raises `FormatError`."""
    layers = manifest.layers
    if manifest.artifact_type != names.POLICY or not layers or layers[0].media_type != names.POLICY_DOCUMENT:
        raise FormatError("not a policy", where=str(manifest.digest), why=f"its type is {manifest.artifact_type}")
    if any(layer.media_type != names.POLICY_FILE for layer in layers[1:]):
        raise FormatError("a policy with a layer of another type", where=str(manifest.digest))
    size = sum(layer.size for layer in layers)
    if size > limits.POLICY_CARRIED or len(layers) > limits.POLICY_FILES:
        raise FormatError(
            "the policy carries too much",
            where=str(manifest.digest),
            why=f"{len(layers)} files with {size} bytes; at most {limits.POLICY_FILES} and {limits.POLICY_CARRIED}",
        )
    paths = [_path(layer) for layer in layers]
    if len(set(paths)) != len(paths):
        raise FormatError("a policy with two files of one name", where=str(manifest.digest))
    return paths


def _path(layer: Descriptor) -> str:
    title = layer.annotations.get(names.ANNOTATION_TITLE, "")
    path = PurePosixPath(title)
    if str(path) != title or path.is_absolute() or ".." in path.parts or title == "." or "\\" in title or "\0" in title:
        raise FormatError("not a relative path", where="policy", why=repr(title[:160]))
    return title
