"""Software bills of materials: which format a document is in, and what is less than the minimum in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from attest.errors import FormatError
from attest.statements import cyclonedx, spdx2, spdx3
from attest.statements.bom import Component, License, Sbom

__all__ = ["Component", "License", "Sbom", "missing_minimum", "read_sbom"]

_READERS: Final[Mapping[str, Callable[[Mapping[str, Any]], Sbom]]] = {
    "bomFormat": cyclonedx.read,
    "spdxVersion": spdx2.read,
    "@context": spdx3.read,
}


def read_sbom(document: Mapping[str, Any] | None) -> Sbom:
    """Facts of a document that is already JSON. Raises `FormatError` where it is neither CycloneDX nor SPDX, or not
    what its format's schema wants of the members that are read."""
    if document is None:
        raise FormatError("the SBOM has no content")
    for member, read in _READERS.items():
        if member in document:
            return read(document)
    raise FormatError("neither CycloneDX nor SPDX", why="no bomFormat, spdxVersion or @context")


def missing_minimum(sbom: Sbom) -> Iterator[str]:
    """What the minimum elements want and the document does not have (NTIA, The Minimum Elements For a Software Bill of
    Materials, 2021-07-12, "Data Fields"), in words."""
    if sbom.time is None:
        yield "no time at which it was made"
    if not sbom.authors:
        yield "no author"
    if not sbom.described:
        yield "nothing that it says it describes"
    for wanted, has in _OF_EACH.items():
        without = [component for component in sbom.everything if not has(component)]
        if without:
            more = f" and {len(without) - 1} more" if len(without) > 1 else ""
            yield f"no {wanted} of {str(without[0])[:160]}{more}"
    if sbom.components and not any(component.ref in sbom.related for component in sbom.described):
        yield "no dependencies of what it describes"


_OF_EACH: Final[Mapping[str, Callable[[Component], object]]] = {
    "name": lambda component: component.name,
    "version": lambda component: component.version,
    "supplier": lambda component: component.supplier,
    "purl, CPE or SWID tag": lambda component: component.identified,
}
