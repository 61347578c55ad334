"""Go: go.mod (go.dev/ref/mod, "go.mod files"). A version in it is the lowest that will do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from attest.packages.archives import Archive, Container
from attest.packages.metadata.facts import Metadata, Requirement, Scope, Source, bounded, requirement
from attest.packages.purl import Purl

_GO_MOD: Final = "**/*@v*/go.mod"
_INDIRECT: Final = "indirect"


def _read(archive: Archive, _purl: Purl) -> Metadata:
    member = archive.one(_GO_MOD)
    if member is None:
        return Metadata()
    text = member.data.decode("utf-8", "replace")
    return Metadata(requirements=bounded(_requirements(text), member.name))


def _requirements(text: str) -> Iterator[Requirement]:
    """Lines ``require PATH VERSION``, or ``PATH VERSION`` in a block of them."""
    block = ""
    for written in text.split("\n"):
        code, _, comment = written.partition("//")
        words = code.split()
        if words[1:] == ["("]:
            block = words[0]
        elif words == [")"]:
            block = ""
        elif words and (block == "require" or (not block and words[0] == "require")):
            path, *rest = words if block else words[1:]
            *namespace, name = path.strip('"`').split("/")
            condition = _INDIRECT if comment.strip().startswith(_INDIRECT) else None
            wanted = f">= {rest[0]}" if rest else ""
            shown = "/".join((*namespace, name))
            yield requirement("golang", tuple(namespace), name, Scope.RUNTIME, wanted, condition=condition, shown=shown)


SOURCES: Final = {Container.ZIP: Source((_GO_MOD,), _read)}
