"""Where a package lies: an injective mapping into OCI's grammars of repositories and tags (design.md §4)."""

from __future__ import annotations

import hashlib
import re
from typing import Final

from attest.oci.reference import is_repository, is_tag
from attest.packages.purl import Purl
from attest.packages.row import ascii_lower

REPOSITORY_MAX: Final = 160
"""Longest repository as it is, in characters; leaves 95 of the usual 255 for host and prefix."""

_PLAIN_MAX: Final = 64
_COMPONENT_SLUG: Final = 30
_TAG_SLUG: Final = 90
_RESERVED: Final = frozenset({"blobs", "index.json", "oci-layout"})  # a layout's own files, beside which others may lie
_HASHED: Final = re.compile(r"--[0-9a-fA-F]{32}\Z")
_FALLBACK: Final = re.compile(r"sha(?:256|512)-[0-9a-fA-F]", re.IGNORECASE)
_OTHERS: Final = re.compile(r"[^a-z0-9]+")


def repository(purl: Purl) -> str:
    """The package's repository in a store with one a package, such as ``npm/semver``."""
    components = [_component(part) for part in (purl.type, *purl.namespace, purl.name)]
    path = "/".join(components)
    if len(path) <= REPOSITORY_MAX:
        return path
    return f"{components[0]}/{_hashed(_slug(purl.name, _COMPONENT_SLUG), purl.package)}"


def tag(purl: Purl) -> str:
    """The version's tag in the package's repository."""
    version = purl.version
    if is_tag(version) and _may_stay(version) and not _FALLBACK.match(version):
        return version
    slug = _slug(version, _TAG_SLUG)
    return _hashed("x" if _FALLBACK.match(slug) else slug, version)


def shared_tag(purl: Purl) -> str:
    """The tag in one repository for everything; always hashed."""
    return _hashed(_slug(str(purl), _TAG_SLUG), str(purl))


def hint(purl: Purl, *, per_package: bool) -> str:
    """The version's tag in a store that has one repository a package, or one for everything."""
    return tag(purl) if per_package else shared_tag(purl)


def index_tag(purl: Purl) -> str:
    """The tag of an index of the version's anchors by platform, beside the version's own; always hashed.

    No version and no purl holds a NUL, so that it is never the tag of another version.
    """
    return _hashed(_slug(f"platforms {purl.version}", _TAG_SLUG), f"platforms\0{purl}")


def _component(text: str) -> str:
    return text if is_repository(text) and _may_stay(text) else _hashed(_slug(text, _COMPONENT_SLUG), text)


def _may_stay(text: str) -> bool:
    return len(text) <= _PLAIN_MAX and text not in _RESERVED and not _HASHED.search(text)


def _slug(text: str, longest: int) -> str:
    """What people recognise; many texts have the same."""
    return _OTHERS.sub("-", ascii_lower(text)).strip("-")[:longest].rstrip("-") or "x"


def _hashed(slug: str, identity: str) -> str:
    """The slug, and 128 bits of the hash of what is meant."""
    return f"{slug}--{hashlib.sha256(identity.encode('utf-8')).hexdigest()[:32]}"
