"""What a policy needs beside its own file: what has to go along where it goes."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from attest import limits
from attest.errors import PolicyError
from attest.policy import files, publisher_lock, yaml_nodes
from attest.policy.fields import Fields
from attest.policy.files import REGISTRY
from attest.policy.schema import POLICY
from attest.policy.shapes import files_of
from attest.regular_file import open_regular

_POLICY: Final = ".yaml"


def needed(policy: Path) -> dict[Path, bytes]:
    """The files that a policy names, those that these name, and every `attest.lock` that they look into, by where they
    lie; the policy itself first. What lies in registries stays there, and so does what tests need.

    Raises `PolicyError` for what cannot be read, or would be somewhere else for somebody else.
    """
    found: dict[Path, bytes] = {}
    _add(policy.resolve(), str(policy), found)
    return found


def _add(path: Path, where: str, found: dict[Path, bytes]) -> None:
    if path in found:
        return
    if path.is_dir():
        for item in sorted(path.rglob("*")):
            if not item.is_dir():
                _add(item.resolve(), where, found)
        return
    found[path] = data = _read(path, where)
    if len(found) > limits.POLICY_FILES or sum(map(len, found.values())) > limits.POLICY_CARRIED:
        why = f"at most {limits.POLICY_FILES} with {limits.POLICY_CARRIED} bytes are"
        raise PolicyError("too many files to be carried", where=where, why=why)
    if path.suffix == _POLICY:
        _add_named(path, data, found)


def _add_named(path: Path, data: bytes, found: dict[Path, bytes]) -> None:
    node = yaml_nodes.read(data, where=str(path))
    for item in files_of(node, POLICY):
        if item.text.startswith(REGISTRY):
            continue
        if Path(item.text).is_absolute():
            raise PolicyError(
                "an absolute path",
                where=item.where,
                why="it means something else elsewhere",
                next_step="make it relative",
            )
        _add((path.parent / item.text).resolve(), item.where, found)
    lock = path.parent / publisher_lock.FILE
    if lock.exists() and publisher_lock.beside(Fields(node, "policy"), path.parent) is not None:
        _add(lock.resolve(), str(path), found)


def _read(path: Path, where: str) -> bytes:
    if path.suffix == _POLICY:
        return files.content(path)
    try:
        with open_regular(path) as file:
            return file.read(limits.POLICY_CARRIED + 1)
    except OSError as error:
        raise PolicyError("cannot read what the policy names", where=where, why=f"{path}: {error.strerror}") from None
