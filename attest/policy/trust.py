"""What a policy trusts besides its identities (design.md §6, `trust`): a Sigstore trust root, or keys only.

Reading the policy asks nobody: a root in a file is read with it, as keys are; one with a name is loaded by `load`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from attest.errors import PolicyError, TrustError
from attest.evidence.trust import Sigstore, Trust
from attest.policy.ages import parse_age
from attest.policy.fields import Fields
from attest.policy.shapes import File, Key, Line, Table, Truth, Whole, fit

if TYPE_CHECKING:
    from attest.policy.document import Policy
    from attest.signing.sigstore.trusted_root import TrustedRoot

INSTANCES: Final = ("public-good", "staging")
"""The roots that have a name; whatever else is written is a file."""

_MOST: Final = 16
KEYS_ONLY: Final[Table] = {
    "keys_only": Key(Truth(), "true: identities are keys, and no certificate of Sigstore's is trusted.", required=True)
}
ROOT: Final[Table] = {
    "root": Key(File(INSTANCES), "Sigstore's trusted root: public-good, staging, or a file.", required=True),
    "root_max_age": Key(Line(("30d",)), "How old what is known of a root with a name may be, in days or hours."),
    "log": Key(Whole(0, _MOST), "In how many transparency logs a certificate's signature stands at least; 1."),
    "timestamp": Key(Whole(1, _MOST), "By how many its time is proven at least; 1."),
}
_EITHER: Final = "write trust: {root: public-good}, or a file, or trust: {keys_only: true}"


@dataclass(frozen=True, slots=True)
class RootTerms:
    """Which trust root, how old what is known of it may be, and how much a certificate's signature needs under it.

    ``root`` is a name out of `INSTANCES`, or what was in the file. ``log`` is the least number of transparency logs,
    ``timestamp`` that of authorities and logs that prove a time.
    """

    root: str | TrustedRoot
    max_age: timedelta | None
    log: int
    timestamp: int


def read(fields: Fields, base: Path) -> RootTerms | None:
    """The policy's `trust`; None where it trusts keys only. Raises `PolicyError`."""
    if not fields.has("trust"):
        raise PolicyError("policy: 'trust' is missing", where=fields.where, next_step=_EITHER)
    trust = Fields(fields.node("trust"), "'trust'")
    if trust.has("keys_only"):
        fit(trust, KEYS_ONLY)
        if not trust.boolean("keys_only"):
            raise PolicyError("'trust': 'keys_only' must be true", where=trust.line_of("keys_only"), next_step=_EITHER)
        return None
    trust.only("keys_only", *ROOT)
    if not trust.has("root"):
        raise PolicyError("'trust': 'root' is missing", where=trust.where, next_step=_EITHER)
    fit(trust, ROOT)
    name = trust.string("root")
    max_age = trust.parsed("root_max_age", parse_age) if trust.has("root_max_age") else None
    if max_age is not None and name not in INSTANCES:
        raise PolicyError(
            "'trust': 'root_max_age' is for roots with a name",
            where=trust.line_of("root_max_age"),
            why="nothing says how old a file is",
            next_step=f"take it out, or name {' or '.join(INSTANCES)}",
        )
    return RootTerms(
        root=name if name in INSTANCES else _file(trust, base / name),
        max_age=max_age,
        log=trust.integer("log") if trust.has("log") else 1,
        timestamp=trust.integer("timestamp") if trust.has("timestamp") else 1,
    )


def load(policies: Iterable[Policy], *, offline: bool, now: datetime) -> Iterator[Trust]:
    """Each policy's identities, and its trust root as it is known now: one with a name is asked for once.

    Raises `TrustError`.
    """
    known: dict[tuple[str, timedelta | None], TrustedRoot] = {}
    for policy in policies:
        terms = policy.root
        if terms is None:
            yield policy.trust()
            continue
        from attest.signing.sigstore.verify import Requirements

        root = terms.root
        if isinstance(root, str):
            from attest.signing.sigstore.roots import load_root

            key = root, terms.max_age
            if key not in known:
                known[key] = load_root(root, offline=offline, max_age=terms.max_age, now=now)
            root = known[key]
        yield policy.trust(Sigstore(root, Requirements(log=terms.log, timestamp=terms.timestamp)))


def _file(fields: Fields, path: Path) -> TrustedRoot:
    from attest.signing.sigstore.roots import read_document
    from attest.signing.sigstore.trusted_root import TrustedRoot

    try:
        return TrustedRoot.parse(read_document(path))
    except TrustError as error:
        raise PolicyError(
            f"'trust': 'root': {path}: {error.what}", where=fields.line_of("root"), why=error.why
        ) from None
