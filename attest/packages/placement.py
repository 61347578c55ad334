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
    return f"{components[0]}/{_hashed(purl.name, purl.package, _COMPONENT_SLUG)}"


def tag(purl: Purl) -> str:
    """The version's tag in the package's repository."""
    version = purl.version
    if is_tag(version) and _may_stay(version) and _FALLBACK.match(version) is None:
        return version
    return _hashed(version, version, _TAG_SLUG)


def shared_tag(purl: Purl) -> str:
    """The tag in one repository for everything; always hashed."""
    return _hashed(str(purl), str(purl), _TAG_SLUG)


def _component(text: str) -> str:
    return text if is_repository(text) and _may_stay(text) else _hashed(text, text, _COMPONENT_SLUG)


def _may_stay(text: str) -> bool:
    return len(text) <= _PLAIN_MAX and text not in _RESERVED and _HASHED.search(text) is None


def _hashed(shown: str, identity: str, slug_max: int) -> str:
    """A slug for people and 128 bits of the hash of what is meant."""
    slug = _OTHERS.sub("-", ascii_lower(shown)).strip("-")[:slug_max].rstrip("-") or "x"
    return f"{slug}--{hashlib.sha256(identity.encode('utf-8')).hexdigest()[:32]}"
