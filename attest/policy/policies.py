"""Several policies for one run: those in files, and all in a directory, each once and each with a name of its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from attest import limits
from attest.errors import PolicyError, UsageError
from attest.policy.document import Policy, load
from attest.policy.files import files_in


def load_all(names: Iterable[str], *, offline: bool = False) -> tuple[Policy, ...]:
    """The policies at ``names``, files and directories, in their order. Raises `PolicyError` and `UsageError`."""
    found: dict[str, tuple[Path, Policy]] = {}
    for path in _paths(names):
        policy = load(path, offline=offline)
        if policy.name in found:
            raise PolicyError(
                f"two policies are named {policy.name!r}",
                where=str(path),
                why=f"the other one is {found[policy.name][0]}",
                next_step="give one another name: findings are told by it",
            )
        found[policy.name] = path, policy
    return tuple(policy for _, policy in found.values())


def _paths(names: Iterable[str]) -> Iterator[Path]:
    """Each file once."""
    seen: set[Path] = set()
    for path in (path for name in names for path in _meant(Path(name))):
        if path.resolve() not in seen:
            seen.add(path.resolve())
            if len(seen) > limits.POLICIES:
                raise UsageError("too many policies", where=str(path), why=f"more than the limit of {limits.POLICIES}")
            yield path


def _meant(path: Path) -> list[Path]:
    return files_in(path, str(path)) if path.is_dir() else [path]
