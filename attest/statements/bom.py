"""What every format of a software bill of materials says, in one form. Read, not judged."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from attest.errors import FormatError


@dataclass(frozen=True, slots=True)
class License:
    """One licence as it is written. ``is_expression`` is False for a name that is not said to be SPDX's."""

    text: str
    is_expression: bool = True


@dataclass(frozen=True, slots=True)
class Component:
    """One component; what is not said is None or empty. ``name`` includes a CycloneDX group.

    ``digests`` are lower-case hex by lower-case algorithm without dashes, ``sha256``. Of several ``licenses`` all hold.
    ``ref`` is how the document's own relations name it. ``identified`` says whether it has a purl, a CPE or a SWID tag.
    ``is_package`` is False for what is no package by its type, ``is_software`` for what is no software: a single file,
    data, a key.
    """

    name: str | None
    version: str | None
    purl: str | None
    supplier: str | None = None
    licenses: tuple[License, ...] = ()
    digests: Mapping[str, str] = field(default_factory=dict, hash=False)
    ref: str | None = None
    identified: bool = False
    is_package: bool = True
    is_software: bool = True

    @property
    def package_name(self) -> str | None:
        """The name, unless it is that of a file or a device."""
        return self.name if self.is_package else None

    def __str__(self) -> str:
        return self.purl or "@".join(part for part in (self.name, self.version) if part) or "a component without a name"


@dataclass(frozen=True, slots=True)
class Sbom:
    """``format`` is ``CycloneDX`` or ``SPDX``; ``described`` is what it says that it is about, ``components`` all else.

    ``related`` are the refs that stand in relations to others, beside that of being described.
    """

    format: str
    version: str
    described: tuple[Component, ...]
    components: tuple[Component, ...]
    time: datetime | None = None
    authors: tuple[str, ...] = ()
    related: frozenset[str] = frozenset()

    @property
    def everything(self) -> tuple[Component, ...]:
        return (*self.described, *self.components)


def collected(hashes: Iterable[tuple[str, str]], where: str) -> dict[str, str]:
    """Digests by algorithm. Raises `FormatError` where two of one algorithm contradict each other."""
    found: dict[str, str] = {}
    for algorithm, value in hashes:
        name, value = algorithm.lower().replace("-", ""), value.lower()
        if found.setdefault(name, value) != value:
            raise FormatError(f"two {name[:40]} digests of one component", where=where)
    return found
