"""Where Cargo gets crates from (The Cargo Book, "Configuration", "Source Replacement", "Registries").

Which source stands for crates.io, or which index a registry has, stands in ``config.toml`` of ``.cargo`` folders, the
nearest to the working directory first, and in ``CARGO_HOME``. What replaces nothing is Cargo's own and said nowhere. Of
a source and a registry of one name the source replaces others, and `crates-io` is no registry (tried with 1.95).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from attest import limits
from attest.errors import FormatError, UsageError
from attest.formats import strict_toml
from attest.stores.services.clients import data, http
from attest.stores.services.fetcher import Address

_WHERE: Final = "cargo"
_CRATES_IO: Final = "crates-io"
_LOCAL: Final = ("directory", "local-registry", "git")


def cargo_index(environment: Mapping[str, str], home: Path, folder: Path, registry: str | None = None) -> Address:
    """The index that Cargo reads in ``folder``: of ``registry``, by default of what stands for crates.io.

    Raises `UsageError` where no configuration names one, or it is none on the network.
    """
    files = list(_files(environment, home, folder))
    name = registry or _CRATES_IO
    seen: set[str] = set()
    while True:
        if name in seen:
            raise UsageError("sources replace each other", where=_WHERE, why=" → ".join(sorted(seen)))
        seen.add(name)
        replaced = _said(files, "source", name, "replace-with")
        if replaced is None:
            break
        name = replaced
    index = None if name == registry else _said(files, "source", name, "registry")
    if index is None and name != _CRATES_IO:
        index = _variable(environment, name) or _said(files, "registries", name, "index")
    if index is None:
        raise UsageError(
            "no registry is configured",
            where=_WHERE,
            why=_without_index(files, name),
            next_step="see source replacement in The Cargo Book",
        )
    return Address(http(index.removeprefix("sparse+"), _WHERE))


def _without_index(files: list[dict[str, Any]], name: str) -> str:
    if name == _CRATES_IO:
        return "nothing replaces Cargo's own, whose address no configuration says"
    local = next((kind for kind in _LOCAL if _said(files, "source", name, kind)), None)
    return f"the source {name} is a {local}" if local else f"Cargo's configuration has no index of {name}"


def _variable(environment: Mapping[str, str], name: str) -> str | None:
    return environment.get(f"CARGO_REGISTRIES_{name.upper().replace('-', '_')}_INDEX")


def _said(files: list[dict[str, Any]], *keys: str) -> str | None:
    """The nearest file's value: tables are merged key by key."""
    for file in files:
        value: Any = file
        for key in keys:
            value = value.get(key) if isinstance(value, dict) else None
        if isinstance(value, str):
            return value
    return None


def _files(environment: Mapping[str, str], home: Path, folder: Path) -> Iterator[dict[str, Any]]:
    """From the strongest to the weakest. Of two in one folder Cargo reads the one without extension."""
    own = Path(environment.get("CARGO_HOME") or home / ".cargo")
    for place in dict.fromkeys([*(path / ".cargo" for path in (folder, *folder.parents)), own]):
        for path in (place / "config", place / "config.toml"):
            found = data(path)
            if found:
                try:
                    yield strict_toml.read(found, where=str(path), limit=limits.KEY_FILE)
                except FormatError as error:
                    raise UsageError("cannot read Cargo's configuration", where=str(path), why=error.why) from None
                break
