"""How `list` and `tree` describe one referrer: by what it claims, for nothing of it has been verified."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from attest.evidence.model import Candidate, Collection, Rejected

_COMMON_PREFIXES: Final = ("https://", "http://", "application/vnd.", "application/")


def everything(collection: Collection) -> list[Candidate | Rejected]:
    """Good and damaged, by digest."""
    return sorted((*collection.candidates, *collection.rejected), key=lambda item: item.digest)


def as_json(item: Candidate | Rejected) -> dict[str, Any]:
    """As the schemas `list` and `tree` have it."""
    return {
        "digest": str(item.digest),
        "type": item.claims,
        "claimedSigner": item.claimed_signer,
        "damage": item.damage,
        "found": [{"store": place.store, "where": place.where.value} for place in item.found.places],
    }


def describe(shown: dict[str, Any]) -> str:
    """One line for people, from what `as_json` says: type, signer or damage, and where it was found."""
    from attest.report.style import Style

    where = "+".join(sorted({place["where"] for place in shown["found"]}))
    line = f"{short_type(shown['type'])}  {state(shown)}  {shown['digest'][:19]}  {where}"
    return Style.of(sys.stdout, colour=False).safe(line)


def short_type(claimed: str | None) -> str:
    """The claimed type without what all types begin with: `slsa.dev/provenance/v1`, `cyclonedx+json`."""
    text = claimed or "unknown type"
    return next((text.removeprefix(prefix) for prefix in _COMMON_PREFIXES if text.startswith(prefix)), text)


def state(shown: dict[str, Any]) -> str:
    """Whose signature it claims to carry, `unsigned`, or what is wrong with it."""
    if shown["damage"]:
        return f"damaged: {shown['damage']}"
    return f"signed by {shown['claimedSigner']}" if shown["claimedSigner"] else "unsigned"
