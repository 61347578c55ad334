"""What is said of evidence and of packages, for people: nobody has verified who says so."""

from __future__ import annotations

from collections.abc import Iterable

from attest.errors import FormatError
from attest.evidence.model import Candidate, Rejected
from attest.oci.digest import Digest
from attest.statements import lifecycle
from attest.statements.lifecycle import Lifecycle, Revocation, Withdrawal

_DIGEST = 19
"""How much of a digest people read, in characters."""


def content(item: Candidate | Rejected) -> Lifecycle | None:
    """The revocation, withdrawal or seal that a candidate claims to be."""
    if not isinstance(item, Candidate) or item.signed is None:
        return None
    try:
        return lifecycle.read(item.signed.statement())
    except FormatError:
        return None


def words(said: Lifecycle | None) -> str | None:
    """In words; None for any other evidence."""
    if isinstance(said, Revocation):
        revoked = ", ".join(str(item.manifest)[:_DIGEST] for item in said.evidence)
        return f"revokes {revoked}: {said.reason}"
    if isinstance(said, Withdrawal):
        return f"withdraws the package as {said.why}" + (f": {said.explanation}" if said.explanation else "")
    if said is None:
        return None
    return f"seals {len(said.evidence)} until {said.expires:%Y-%m-%dT%H:%M:%SZ}"


def revokers(items: Iterable[Candidate | Rejected]) -> list[tuple[Digest, Revocation]]:
    """Those among ``items`` that claim to be revocations."""
    found = ((item.digest, content(item)) for item in items)
    return [(digest, said) for digest, said in found if isinstance(said, Revocation)]


def revoked_by(item: Candidate | Rejected, revocations: Iterable[tuple[Digest, Revocation]]) -> list[Digest]:
    """Which of ``revocations`` name ``item``."""
    return sorted({digest for digest, said in revocations if said.names(item.digest, _statement(item))})


def _statement(item: Candidate | Rejected) -> Digest | None:
    """The digest of what is signed in it, where that can be said."""
    if not isinstance(item, Candidate) or item.signed is None:
        return None
    try:
        return Digest.of(item.signed.statement().raw)
    except FormatError:
        return None
