"""What a policy needs beside its own file: what has to go along where it goes, and may not lie elsewhere."""

from __future__ import annotations

from pathlib import Path

from attest import limits
from attest.errors import PolicyError
from attest.policy import files, publisher_lock, yaml_nodes
from attest.policy.fields import Fields
from attest.policy.files import REGISTRY
from attest.policy.schema import POLICY
from attest.policy.shapes import files_of
from attest.regular_file import open_regular


def needed(policy: Path) -> dict[Path, bytes]:
    """The files that a policy names, those that these name, and every `attest.lock` that they look into, by where they
    lie; the policy itself first. What lies in registries stays there, and so does what tests need.

    Raises `PolicyError` for what cannot be read, or would be something else for somebody else.
    """
    carrying = _Carrying(None, "")
    carrying.add(policy.resolve(), str(policy), policy=True)
    return carrying.found


def check_inside(policy: Path, folder: Path, name: str) -> None:
    """Raises `PolicyError` where a policy in ``folder``, which ``name`` stands for in errors, needs what is not there:
    it would be whatever lies on this machine."""
    _Carrying(folder.resolve(), name).add(policy.resolve(), name, policy=True)


class _Carrying:
    """What was ``found`` so far."""

    def __init__(self, folder: Path | None, name: str) -> None:
        self.found: dict[Path, bytes] = {}
        self._folder = folder
        self._name = name

    def add(self, path: Path, where: str, *, policy: bool) -> None:
        if path in self.found:
            return
        if path.is_dir():
            every = files.files_in(path, where) if policy else (item for item in path.rglob("*") if not item.is_dir())
            for item in sorted(every):
                self.add(item.resolve(), where, policy=policy)
            return
        self.found[path] = data = files.content(path) if policy else _read(path, where)
        if len(self.found) > limits.POLICY_FILES or sum(map(len, self.found.values())) > limits.POLICY_CARRIED:
            why = f"at most {limits.POLICY_FILES} with {limits.POLICY_CARRIED} bytes"
            raise PolicyError("the policy needs too many files", where=where, why=why)
        if policy:
            self._add_named(path, data)

    def _add_named(self, path: Path, data: bytes) -> None:
        label = str(path) if self._folder is None else f"{self._name}/{path.relative_to(self._folder).as_posix()}"
        node = yaml_nodes.read(data, where=label)
        for item, shape in files_of(node, POLICY):
            if item.text.startswith(REGISTRY):
                continue
            target = (path.parent / item.text).resolve()
            if self._folder is not None and not target.is_relative_to(self._folder):
                raise PolicyError("a path leads out of the policy", where=item.where, why=item.text[:160])
            if self._folder is not None and not target.exists():
                raise PolicyError("the policy came without a file that it names", where=item.where, why=item.text[:160])
            if Path(item.text).is_absolute():
                raise PolicyError("an absolute path", where=item.where, why="it means something else elsewhere")
            self.add(target, item.where, policy=shape.policy)
        lock = path.parent / publisher_lock.FILE
        if lock.exists() and publisher_lock.beside(Fields(node, "policy"), path.parent) is not None:
            self.add(lock.resolve(), label, policy=False)


def _read(path: Path, where: str) -> bytes:
    try:
        with open_regular(path) as file:
            return file.read(limits.POLICY_CARRIED + 1)
    except OSError as error:
        raise PolicyError("cannot read what the policy names", where=where, why=f"{path}: {error.strerror}") from None
