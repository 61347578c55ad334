"""A CycloneDX or SPDX 2 document in JSON as a list of packages: by purl and hashes, whoever made it.

A purl's qualifiers are not part of its version here (design.md §4). For Go the makers disagree on what they call
SHA-256, so such a hash is never taken for `dirHash1`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from attest import limits
from attest.errors import UsageError
from attest.oci.strict_json import Fields
from attest.packages.digest import ArtifactDigest
from attest.packages.lockfiles import lock
from attest.packages.lockfiles.documents import hashes, read_json
from attest.packages.lockfiles.lock import Entry, Kind
from attest.packages.purl import Purl

_ALGORITHMS: Final = {"SHA-256": "sha256", "SHA-512": "sha512", "SHA256": "sha256", "SHA512": "sha512"}
_CYCLONEDX: Final = re.compile(rb'"bomFormat"\s*:\s*"CycloneDX"')
_SPDX: Final = re.compile(rb'"spdxVersion"\s*:\s*"SPDX-2')


def _cyclonedx(data: bytes) -> Iterator[Entry]:
    document = read_json(data)
    metadata = document.optional_object("metadata")
    root = None if metadata is None else metadata.optional_object("component")
    if root is not None:
        yield Entry(root.string("name"), root.path, None, covered="what the document describes")
    pending = list(reversed(document.objects("components")))
    while pending:
        component = pending.pop()
        yield _entry(
            component.string("name"),
            component,
            component.optional_string("purl"),
            [(item.string("alg"), item.string("content")) for item in component.objects("hashes")],
        )
        pending += reversed(component.objects("components"))


def _spdx(data: bytes) -> Iterator[Entry]:
    document = read_json(data)
    described = {
        item.string("relatedSpdxElement")
        for item in document.objects("relationships")
        if item.string("relationshipType") == "DESCRIBES"
    }
    for package in document.objects("packages"):
        name = package.string("name")
        references = package.objects("externalRefs")
        purls = [item.string("referenceLocator") for item in references if item.string("referenceType") == "purl"]
        if package.string("SPDXID") in described:
            yield Entry(name, package.path, None, covered="what the document describes")
        elif len(purls) > 1:
            yield Entry(name, package.path, None, gap=f"{len(purls)} purls")
        else:
            checksums = package.objects("checksums")
            known = [(item.string("algorithm"), item.string("checksumValue")) for item in checksums]
            yield _entry(name, package, purls[0] if purls else None, known)


def _entry(name: str, item: Fields, text: str | None, known: list[tuple[str, str]]) -> Entry:
    if text is None:
        return Entry(name, item.path, None, gap="no purl")
    try:
        purl = Purl.parse(re.split(r"[?#]", text, maxsplit=1)[0])
    except UsageError as error:
        return Entry(name, item.path, None, gap=f"{error.what}: {error.why}")
    texts = [f"{_ALGORITHMS[algorithm]}:{content}" for algorithm, content in known if algorithm in _ALGORITHMS]
    digests: list[ArtifactDigest] = hashes(texts, where=item.path)
    return lock.entry(name, item.path, purl, [digests])


def _is_cyclonedx(data: bytes) -> bool:
    return _CYCLONEDX.search(data) is not None


def _is_spdx(data: bytes) -> bool:
    return _SPDX.search(data) is not None


CYCLONEDX: Final = Kind("CycloneDX", ("*.cdx.json", "*bom*.json"), limits.LOCKFILE, _cyclonedx, _is_cyclonedx)
SPDX: Final = Kind("SPDX", ("*.spdx.json", "*bom*.json"), limits.LOCKFILE, _spdx, _is_spdx)
