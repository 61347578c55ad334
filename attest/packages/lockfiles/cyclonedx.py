"""A CycloneDX 1.x document in JSON (ECMA-424) as a list of packages.

A component's own hashes count; without any, those of its distribution references, which may be several files.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from attest import limits
from attest.errors import LockError
from attest.oci.strict_json import Fields
from attest.packages.lockfiles import sbom
from attest.packages.lockfiles.documents import read_json
from attest.packages.lockfiles.lock import Entry, Kind

_JSON: Final = re.compile(rb'"bomFormat"\s*:\s*"CycloneDX"')


def _read(data: bytes) -> Iterator[Entry]:
    document = read_json(data)
    version = document.string("specVersion")
    if not version.startswith("1."):
        raise LockError("not CycloneDX of a known version", where="specVersion", why=f"{version:.40}, not 1.x")
    metadata = document.optional_object("metadata")
    root = None if metadata is None else metadata.optional_object("component")
    pending = list(reversed(document.objects("components")))
    if root is not None:
        yield Entry(root.string("name"), root.path, None, covered=sbom.DESCRIBED)
        pending += reversed(root.objects("components"))
    while pending:
        item = pending.pop()
        texts = [] if item.optional_string("purl") is None else [item.string("purl")]
        yield sbom.component(item.string("name"), item.path, texts, _files(item))
        pending += reversed(item.objects("components"))


def _files(item: Fields) -> list[list[tuple[str, str]]]:
    own = _hashes(item)
    if own:
        return [own]
    others = [_hashes(other) for other in item.objects("externalReferences") if other.string("type") == "distribution"]
    return [found for found in others if found]


def _hashes(item: Fields) -> list[tuple[str, str]]:
    return [(found.string("alg"), found.string("content")) for found in item.objects("hashes")]


def _is_json(data: bytes) -> bool:
    return _JSON.search(data) is not None


def _refuse(_data: bytes) -> Iterator[Entry]:
    raise LockError("a CycloneDX document in XML", where="lockfile", next_step="write it as JSON, which is read")


JSON: Final = Kind("CycloneDX", ("*.cdx.json", "*bom*.json"), limits.LOCKFILE, _read, _is_json)
XML: Final = Kind("CycloneDX XML", ("*.cdx.xml", "*bom*.xml"), limits.LOCKFILE, _refuse)
