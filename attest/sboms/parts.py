"""Two accounts of one part, put together so that nothing that either says is lost."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from attest.packages.metadata.facts import Scope
from attest.sboms.bill import Part

_STRONGEST: Final = (Scope.RUNTIME, Scope.OPTIONAL, Scope.BUILD, Scope.DEVELOPMENT)


def add(parts: dict[str, Part], part: Part, otherwise: str) -> str:
    """Put ``part`` among others by ref, and return the ref that it has there.

    It is one with that of its ref, or stands by the ref ``otherwise`` where the two contradict each other.
    """
    known = parts.get(part.ref)
    if known is not None and contradict(known, part):
        part = replace(part, ref=otherwise)
        known = parts.get(otherwise)
    parts[part.ref] = part if known is None else both(known, part)
    return part.ref


def contradict(one: Part, other: Part) -> bool:
    """Whether two parts of the same ref cannot both be right: in version, supplier, or a digest of one algorithm."""
    suppliers = {part.supplier for part in (one, other) if part.supplier is not None}
    return (
        one.version != other.version
        or len(suppliers) > 1
        or any(one.digests.get(algorithm, value) != value for algorithm, value in other.digests.items())
    )


def both(one: Part, other: Part) -> Part:
    """One part, for two of the same ref that do not contradict each other.

    It is needed for whatever either is needed for; the licences of both hold.
    """
    scopes = [part.needed for part in (one, other) if part.needed is not None]
    return replace(
        one,
        digests={**one.digests, **other.digests},
        licenses=tuple(dict.fromkeys((*one.licenses, *other.licenses))),
        supplier=one.supplier or other.supplier,
        needed=min(scopes, key=_STRONGEST.index, default=None),
        notes=tuple(dict.fromkeys((*one.notes, *other.notes))),
    )
