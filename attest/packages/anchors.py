"""The two manifests that stand for a package: pure functions of purl and digest (design.md §4)."""

from __future__ import annotations

from typing import Final

from attest import names
from attest.errors import FormatError, UsageError
from attest.oci.descriptor import EMPTY_BYTES, Descriptor
from attest.oci.manifest import Manifest, write_image
from attest.packages.digest import ArtifactDigest
from attest.packages.purl import Purl
from attest.packages.table import ecosystem

_EMPTY: Final = Descriptor.of(names.OCI_EMPTY, EMPTY_BYTES, inline=True)


def version_anchor(purl: Purl) -> Manifest:
    """The manifest that stands for a package version."""
    return _write(names.VERSION_ANCHOR, {names.ANNOTATION_PURL: str(purl)}, None)


def anchor(purl: Purl, digest: ArtifactDigest) -> Manifest:
    """The manifest that stands for one artifact; its subject is the version anchor.

    Raises `UsageError` for a digest that the ecosystem does not name its artifacts by.
    """
    ecosystem(purl.type).check_digest(digest)
    annotations = {names.ANNOTATION_PURL: str(purl), names.ANNOTATION_DIGEST: str(digest)}
    return _write(names.ANCHOR, annotations, version_anchor(purl).descriptor())


def read_version_anchor(manifest: Manifest) -> Purl:
    """The package version that ``manifest`` stands for. Raises `FormatError` unless it is that anchor to the byte."""
    purl = _purl(manifest, names.VERSION_ANCHOR)
    _check(manifest, version_anchor(purl))
    return purl


def read_anchor(manifest: Manifest) -> tuple[Purl, ArtifactDigest]:
    """The artifact that ``manifest`` stands for. Raises `FormatError` unless it is that anchor to the byte."""
    purl = _purl(manifest, names.ANCHOR)
    try:
        digest = ArtifactDigest.parse(_annotation(manifest, names.ANNOTATION_DIGEST))
        computed = anchor(purl, digest)
    except UsageError as error:
        raise _no_anchor(str(error)) from None
    _check(manifest, computed)
    return purl, digest


def _write(artifact_type: str, annotations: dict[str, str], subject: Descriptor | None) -> Manifest:
    return write_image(
        artifact_type=artifact_type, config=_EMPTY, layers=[_EMPTY], subject=subject, annotations=annotations
    )


def _purl(manifest: Manifest, artifact_type: str) -> Purl:
    if manifest.artifact_type != artifact_type:
        raise _no_anchor(f"its artifact type is {manifest.artifact_type}, not {artifact_type}")
    try:
        return Purl.parse(_annotation(manifest, names.ANNOTATION_PURL))
    except UsageError as error:
        raise _no_anchor(str(error)) from None


def _annotation(manifest: Manifest, name: str) -> str:
    value = manifest.annotations.get(name)
    if value is None:
        raise _no_anchor(f"it has no annotation {name}")
    return value


def _check(manifest: Manifest, computed: Manifest) -> None:
    if manifest.raw != computed.raw:
        raise _no_anchor(f"the anchor of what it names is {computed.digest}, this is {manifest.digest}")


def _no_anchor(why: str) -> FormatError:
    return FormatError("not an anchor", where="manifest", why=why)
