"""An OCI image index of a version's anchors, for clients that select by platform (image-spec, image-index.md).

It is a pure function of what it lists, and a hint as tags are: nothing is verified by it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from attest import names
from attest.oci.descriptor import Descriptor
from attest.oci.manifest import Manifest, write_index
from attest.packages.anchors import anchor
from attest.packages.digest import ArtifactDigest
from attest.packages.platforms import platforms
from attest.packages.purl import Purl


@dataclass(frozen=True, slots=True)
class Member:
    """An artifact; its file's name and what it is for, as its ecosystem writes it, where that is known."""

    digest: ArtifactDigest
    name: str | None = None
    platform: str | None = None


def anchor_index(purl: Purl, members: Iterable[Member]) -> Manifest:
    """The index: an artifact stands in it once a platform that OCI can name, else once without.

    Those without come last, for there are clients that take them for ``linux/amd64``.
    """
    found = sorted((entry for member in members for entry in _entries(purl, member)), key=_order)
    return write_index(found, annotations={names.ANNOTATION_PURL: str(purl)})


def _entries(purl: Purl, member: Member) -> Iterator[Descriptor]:
    said = {
        names.ANNOTATION_DIGEST: str(member.digest),
        names.ANNOTATION_TITLE: member.name,
        names.ANNOTATION_PLATFORM: member.platform,
    }
    annotations = {name: value for name, value in said.items() if value is not None}
    plain = replace(anchor(purl, member.digest).descriptor(), annotations=annotations, artifact_type=names.ANCHOR)
    known = platforms(purl.type, member.platform)
    if not known:
        yield plain
    for platform in known:
        yield replace(plain, platform=platform.json())


def _order(entry: Descriptor) -> tuple[bool, list[str], str, str]:
    platform = entry.platform or {}
    parts = [platform.get(member, "") for member in ("os", "architecture", "variant")]
    return entry.platform is None, parts, entry.annotations.get(names.ANNOTATION_TITLE, ""), str(entry.digest)
