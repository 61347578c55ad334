"""The files that a policy is made of: its own, and those that it extends (docs/decisions/0021-composed-policies.md).

``extends`` names a file, a directory (all ``*.yaml`` and ``*.yml`` in it), a policy in a registry by its digest, or
several of these. Each file is read once, however many extend it; relative paths begin at the file that they stand in.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from attest import limits
from attest.errors import AttestError, PolicyError
from attest.oci.digest import Digest
from attest.policy import yaml_nodes
from attest.policy.fields import Fields
from attest.policy.yaml_nodes import Items
from attest.regular_file import open_regular

REGISTRY: Final = "oci:"
"""What begins the name of a policy in a registry."""
_SUFFIXES: Final = (".yaml", ".yml")


@dataclass(frozen=True, slots=True)
class Fetched:
    """A policy from a registry at ``path``, with all its files in ``folder``. ``name`` has the digest."""

    name: str
    path: Path
    folder: Path


Fetch = Callable[[str], Fetched]
"""From the name of a policy in a registry, with its digest. Raises `AttestError`."""


@dataclass(frozen=True, slots=True)
class File:
    """One file as it was read. ``name`` is the same wherever it lies: it begins at the directory of the first file.

    ``base`` is where its relative paths begin; ``parents`` are the files that it extends, ``ancestors`` those and all
    that they extend: each once, none before those that it extends.
    """

    name: str
    digest: Digest
    base: Path
    fields: Fields
    parents: tuple[File, ...]
    ancestors: tuple[File, ...]


def content(path: Path) -> bytes:
    """The bytes of a policy file; of one that is too large enough to be refused. Raises `PolicyError`."""
    try:
        with open_regular(path) as file:
            return file.read(limits.POLICY + 1)
    except OSError as error:
        hint = "check the name; policies/ has some to begin with" if isinstance(error, FileNotFoundError) else None
        raise PolicyError("cannot read the policy", where=str(path), why=error.strerror, next_step=hint) from None


def files_in(directory: Path, where: str) -> list[Path]:
    """The ``*.yaml`` and ``*.yml`` in a directory, by name, at least one. Raises `PolicyError`, at ``where``."""
    try:
        found = sorted(path for path in directory.iterdir() if path.suffix.lower() in _SUFFIXES)
    except OSError as error:
        raise PolicyError("cannot read the directory", where=where, why=f"{directory}: {error.strerror}") from None
    if not found:
        why = f"there is no *.yaml and no *.yml in {directory}"
        raise PolicyError("no policy in the directory", where=where, why=why)
    return found


def read(data: bytes, *, where: str, base: Path, columns: bool, fetch: Fetch) -> File:
    """A policy file and all that it extends; ``where`` names it in errors. Raises `PolicyError`."""
    path = base / Path(where).name
    return _Reader(columns, fetch).first(data, where, path, base, "")


def read_fetched(fetched: Fetched, fetch: Fetch) -> File:
    """A policy from a registry and all that it extends. Raises `PolicyError`."""
    return _Reader(False, fetch).first(
        content(fetched.path), fetched.name, fetched.path, fetched.folder, f"{fetched.name}/"
    )


@dataclass(slots=True)
class _Reader:
    """Reads depth first. ``known`` has what was read, by where it lies; ``chain`` what is being read, by its name."""

    columns: bool
    fetch: Fetch
    known: dict[Path, File] = field(default_factory=dict)
    chain: dict[Path, str] = field(default_factory=dict)
    fetched: dict[str, Fetched] = field(default_factory=dict)
    size: int = 0

    def first(self, data: bytes, where: str, path: Path, top: Path, prefix: str) -> File:
        self.chain[path.resolve()] = prefix + path.name
        return self._file(data, where, path.parent, prefix + path.name, top, prefix)

    def _file(self, data: bytes, where: str, base: Path, name: str, top: Path, prefix: str) -> File:
        """``top`` is where names of files begin that lie where this one lies, after ``prefix``."""
        self.size += len(data)
        fields = Fields(yaml_nodes.read(data, where=where, columns=self.columns), "policy")
        parents = tuple(
            parent for text, place in _written(fields) for parent in self._parents(text, place, base, top, prefix)
        )
        ancestors = {item.name: item for parent in parents for item in (*parent.ancestors, parent)}
        return File(name, Digest.of(data), base, fields, parents, tuple(ancestors.values()))

    def _parents(self, text: str, place: str, base: Path, top: Path, prefix: str) -> Iterator[File]:
        if text.startswith(REGISTRY):
            fetched = self._fetched(text, place)
            yield self._parent(fetched.path, place, fetched.folder, f"{fetched.name}/", fetched.name)
            return
        path = base / text
        for item in files_in(path, place) if path.is_dir() else [path]:
            yield self._parent(item, place, top, prefix, None)

    def _parent(self, path: Path, place: str, top: Path, prefix: str, name: str | None) -> File:
        key = path.resolve()
        name = name or prefix + Path(os.path.relpath(key, top.resolve())).as_posix()
        if key in self.chain:
            chain = list(self.chain.values())
            cycle = [*chain[list(self.chain).index(key) :], self.chain[key]]
            raise PolicyError("the policy extends itself", where=place, why=" extends ".join(cycle))
        if key in self.known:
            return self.known[key]
        if len(self.chain) > limits.POLICY_DEPTH:
            raise _too_much(f"files that extend one another {limits.POLICY_DEPTH} deep", place)
        if len(self.known) >= limits.POLICY_FILES:
            raise _too_much(f"{limits.POLICY_FILES} files", place)
        try:
            data = content(path)
        except PolicyError as error:
            raise PolicyError(f"'extends': {error.what}", where=place, why=f"{error.where}: {error.why}") from None
        if self.size + len(data) > limits.POLICY_TOTAL:
            raise _too_much(f"{limits.POLICY_TOTAL} bytes", place)
        self.chain[key] = name
        where = name if prefix else str(path)
        self.known[key] = self._file(data, where, path.parent, name, top, prefix)
        del self.chain[key]
        return self.known[key]

    def _fetched(self, text: str, place: str) -> Fetched:
        if text in self.fetched:
            return self.fetched[text]
        try:
            self.fetched[text] = self.fetch(text)
        except AttestError as error:
            raise PolicyError(
                f"'extends': {text}: {error.what}", where=place, why=error.why, next_step=error.next_step
            ) from None
        return self.fetched[text]


def _written(fields: Fields) -> list[tuple[str, str]]:
    """What stands in `extends`, each with its place."""
    if not fields.has("extends"):
        return []
    if not isinstance(fields.node("extends"), Items):
        return [(fields.string("extends"), fields.line_of("extends"))]
    texts = fields.strings("extends")
    return list(zip(texts, (node.where for node in fields.nodes("extends")), strict=True))


def _too_much(what: str, place: str) -> PolicyError:
    return PolicyError("the policy extends too much", where=place, why=f"more than the limit of {what}")
