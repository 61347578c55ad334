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


def all_json(collection: Collection) -> list[dict[str, Any]]:
    """Each of `everything` as the schemas `list` and `tree` have it."""
    from attest.evidence import claims

    items = everything(collection)
    revocations = claims.revokers(items)
    return [
        {
            "digest": str(item.digest),
            "type": item.claims,
            "claimedSigner": item.claimed_signer,
            "damage": item.damage,
            "says": claims.words(claims.content(item)),
            "revokedBy": [str(digest) for digest in claims.revoked_by(item, revocations)] if revocations else [],
            "found": [{"store": place.store, "where": place.where.value} for place in item.found.places],
        }
        for item in items
    ]


def describe(shown: dict[str, Any], *, whole: bool = False) -> str:
    """One line for people, from what `all_json` says: type, signer or damage, digest, and where it was found."""
    from attest.report.style import Style

    where = "+".join(sorted({place["where"] for place in shown["found"]}))
    line = f"{short_type(shown['type'])}  {state(shown)}  {shown['digest'][: None if whole else 19]}  {where}"
    return Style.of(sys.stdout, colour=False).safe(line)


def short_type(claimed: str | None) -> str:
    """The claimed type without what all types begin with: `slsa.dev/provenance/v1`, `cyclonedx+json`."""
    text = claimed or "unknown type"
    return next((text.removeprefix(prefix) for prefix in _COMMON_PREFIXES if text.startswith(prefix)), text)


def state(shown: dict[str, Any]) -> str:
    """Whose signature it claims to carry, `unsigned`, or what is wrong with it; and what is said against it."""
    if shown["damage"]:
        return f"damaged: {shown['damage']}"
    signed = f"signed by {shown['claimedSigner']}" if shown["claimedSigner"] else "unsigned"
    revoked = f"REVOKED by {', '.join(digest[:19] for digest in shown['revokedBy'])}" if shown["revokedBy"] else None
    return ", ".join(part for part in (shown["says"], signed, revoked) if part)
