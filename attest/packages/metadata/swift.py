"""Swift: Package.swift (Swift Package Manager, "PackageDescription").

It is a Swift program and is not run: what counts are dependencies of the usual form, given by address and range.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from attest.errors import PackageError
from attest.packages.archives import Archive, Container
from attest.packages.metadata.facts import Metadata, Requirement, Scope, Source, bounded, line, requirement
from attest.packages.purl import Purl

_MANIFEST: Final = "Package.swift"
_INSIDE: Final = f"*/{_MANIFEST}"
_COMMENT: Final = re.compile(r'("(?:[^"\\\n]|\\.)*+"?)|//[^\n]*|/\*.*?(?:\*/|\Z)', re.DOTALL)
_PACKAGE: Final = re.compile(
    r'\.package\s*\(\s*(?:name\s*:\s*"[^"\n]*"\s*,\s*)?(?:url|id)\s*:\s*"(?P<url>[^"\n\\]+)"\s*,\s*(?P<wanted>\.\w+\s*\([^)\n]*\)|[^)\n]*)'
)
_URL: Final = re.compile(r"(?:https?://|ssh://(?:[^@/]+@)?|git@)([^/:]+)[/:](.+?)(?:\.git)?/?")
_PINNED: Final = re.compile(r'(?:exact\s*:\s*|\.exact\s*\(\s*)"([0-9][^"]*)"')


def _read(archive: Archive, _purl: Purl) -> Metadata:
    member = archive.one(_MANIFEST) or archive.one(_INSIDE)
    if member is None:
        raise PackageError("no Package.swift")
    text = _COMMENT.sub(lambda match: match[1] or " ", member.data.decode("utf-8", "replace"))
    return Metadata(requirements=bounded(_requirements(text), member.name))


def _requirements(text: str) -> Iterator[Requirement]:
    for match in _PACKAGE.finditer(text):
        url, wanted = match["url"], line(match["wanted"].replace('"', "")) or ""
        place = _URL.fullmatch(url)
        if place is None:
            yield Requirement(line(url) or "?", Scope.RUNTIME, wanted)
            continue
        *owner, name = place[2].split("/")
        exact = _PINNED.search(match["wanted"])
        version = None if exact is None else exact[1]
        shown = "/".join((place[1], *owner, name))
        yield requirement("swift", (place[1], *owner), name, Scope.RUNTIME, wanted, version=version, shown=shown)


SOURCES: Final = {Container.ZIP: Source((_MANIFEST, _INSIDE), _read)}
