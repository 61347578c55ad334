"""Several policies for one run: those in files, and all in a directory, each once and each with a name of its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from attest import limits
from attest.errors import PolicyError, UsageError
from attest.policy.document import Policy, load, load_fetched
from attest.policy.fetching import Fetching
from attest.policy.files import REGISTRY, files_in

if TYPE_CHECKING:
    from attest.signing.keys import PublicKey

_SIGNED: Final = ", or name the key that has to have signed it: --policy-key FILE"


def load_all(names: Sequence[str], *, offline: bool = False, key: PublicKey | None = None) -> tuple[Policy, ...]:
    """The policies at ``names``, files, directories, and in registries, in their order; ``key`` must have signed those
    in registries, without it they are named by digest.

    Raises `PolicyError` and `UsageError`, for policies in registries also `StoreError`, `FormatError` and
    `VerificationError`.
    """
    if key is not None and not any(name.startswith(REGISTRY) for name in names):
        raise UsageError(
            "--policy-key is for policies in registries", next_step=f"name one: --policy {REGISTRY}HOST/REPO"
        )
    found: dict[str, tuple[str, Policy]] = {}
    for path, policy in _loaded(names, offline, key):
        if policy.name in found:
            raise PolicyError(
                f"two policies are named {policy.name!r}",
                where=path,
                why=f"the other one is {found[policy.name][0]}",
                next_step="give one another name: findings are told by it",
            )
        found[policy.name] = path, policy
    return tuple(policy for _, policy in found.values())


def _loaded(names: Iterable[str], offline: bool, key: PublicKey | None) -> Iterator[tuple[str, Policy]]:
    """Each once, with where it is."""
    seen: set[str] = set()
    for name in (one for written in names for one in _meant(written)):
        distant = name.startswith(REGISTRY)
        place = name if distant else str(Path(name).resolve())
        if place in seen:
            continue
        seen.add(place)
        if len(seen) > limits.POLICIES:
            raise UsageError("too many policies", where=name, why=f"more than the limit of {limits.POLICIES}")
        yield name, _fetched(name, offline, key) if distant else load(Path(name), offline=offline)


def _fetched(name: str, offline: bool, key: PublicKey | None) -> Policy:
    with Fetching(offline=offline) as fetching:
        if key is None:
            fetched = fetching.fetch(name, otherwise=_SIGNED)
        else:
            fetched = fetching.fetch_signed(name, key, datetime.now(UTC))
        return load_fetched(fetched, fetching)


def _meant(name: str) -> list[str]:
    if name.startswith(REGISTRY) or not Path(name).is_dir():
        return [name]
    return [str(path) for path in files_in(Path(name), name)]
