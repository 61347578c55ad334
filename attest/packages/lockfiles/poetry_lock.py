"""`poetry.lock`, versions 1 and 2 (poetry's `packages/locker.py`): all files of a version; any may be chosen."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from attest import limits
from attest.errors import LockError
from attest.oci.strict_json import Fields
from attest.packages.ecosystem import names_from_file_name
from attest.packages.lockfiles import lock
from attest.packages.lockfiles.documents import hashes, purl, read_toml
from attest.packages.lockfiles.lock import Entry, Kind

_SOURCES: Final = {"git": "a git dependency", "directory": "a local directory"}


def _read(data: bytes) -> Iterator[Entry]:
    document = read_toml(data)
    metadata = document.object("metadata")
    version = metadata.string("lock-version")
    if version.split(".")[0] not in ("1", "2"):
        raise LockError("not a poetry.lock of a known version", where="metadata.lock-version", why=f"{version:.40}")
    files = metadata.optional_object("files")  # where version 1 keeps them
    for item in document.objects("package"):
        listed = item.objects("files") if files is None else _of_version(files.objects(item.string("name")), item)
        yield _entry(item, listed)


def _of_version(listed: list[Fields], item: Fields) -> list[Fields]:
    """Version 1 has one list a name: files of another version are left out, where their names say so for certain."""
    version = item.string("version")
    wanted = purl("pypi", item.string("name"), version, where=f"{item.path}.version")
    return [
        file for file in listed if all(found == wanted for found in names_from_file_name("pypi", file.string("file")))
    ]


def _entry(item: Fields, listed: list[Fields]) -> Entry:
    name, version = item.string("name"), item.string("version")
    place = f"{item.path} {name} {version}"
    source = item.optional_object("source")
    gap = None if source is None else _SOURCES.get(source.optional_string("type") or "")
    condition = _condition(item)
    if gap is not None:
        return Entry(name, place, None, gap=gap, condition=condition)
    digests = [hashes([file.string("hash")], where=f"{place} {file.string('file')}") for file in listed]
    return lock.entry(name, place, purl("pypi", name, version, where=place), digests, condition)


def _condition(item: Fields) -> str | None:
    said = ["optional"] if item.value.get("optional") is True else []
    markers: Any = item.value.get("markers")
    if isinstance(markers, dict):  # one a group of dependencies
        said += [f"{group}: {marker}" for group, marker in markers.items()]
    elif markers is not None:
        said.append(str(markers))
    return "; ".join(said) or None


KIND: Final = Kind("poetry.lock", ("poetry.lock",), limits.LOCKFILE_TOML, _read)
