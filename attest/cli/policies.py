"""Policies that options name: in files, and in registries."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from attest.errors import UsageError
from attest.policy.files import REGISTRY

if TYPE_CHECKING:
    from attest.policy.document import Policy


def load(arguments: argparse.Namespace, *options: Sequence[str], offline: bool = False) -> list[tuple[Policy, ...]]:
    """The policies that each option names; ``--policy-key`` is for all of them that are in registries.

    Raises what `policy.policies.load_all` raises, and `KeyFileError`.
    """
    from attest.policy.policies import load_all
    from attest.signing.key_files import load_public

    key = None if arguments.policy_key is None else load_public(arguments.policy_key)
    distant = [any(name.startswith(REGISTRY) for name in names) for names in options]
    return [
        load_all(names, offline=offline, key=key if has or not any(distant) else None)
        for names, has in zip(options, distant, strict=True)
    ]


def on_disk(names: Iterable[str], *, next_step: str) -> list[Path]:
    """Their paths, for commands that work on files. Raises `UsageError` for a policy in a registry."""
    found = list(dict.fromkeys(names))
    for name in found:
        if name.startswith(REGISTRY):
            raise UsageError("a policy in a registry, where a file is wanted", where=name, next_step=next_step)
    return [Path(name) for name in found]
