"""`Pipfile.lock` (pipenv; pipfile-spec 6): hashes of all files of a version, any of which may be chosen."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from attest import limits
from attest.errors import LockError
from attest.oci.strict_json import Fields
from attest.packages.lockfiles import lock
from attest.packages.lockfiles.documents import hashes, purl, read_json, texts
from attest.packages.lockfiles.lock import Entry, Kind
from attest.packages.specifiers import objection

_SPECIFICATION: Final = 6
_VERSION_CONTROL: Final = ("git", "hg", "svn", "bzr")
_ADDRESSES: Final = {"file", "url"}
_EXTRA: Final = re.compile(r"[A-Za-z0-9._-]+")


def _read(data: bytes) -> Iterator[Entry]:
    document = read_json(data)
    version = document.object("_meta").integer("pipfile-spec")
    if version != _SPECIFICATION:
        raise LockError("not a Pipfile.lock of a known version", where="_meta.pipfile-spec", why=f"{version}, not 6")
    for group in document.value:
        if group != "_meta":
            packages = document.object(group)
            for name in packages.value:
                yield _entry(name, packages.object(name))


def _entry(name: str, item: Fields) -> Entry:
    condition = _condition(item)
    vcs = next((kind for kind in _VERSION_CONTROL if kind in item.value), None)
    if vcs is not None:
        return Entry(name, item.path, None, gap=f"a {vcs} dependency", condition=condition)
    if "path" in item.value or item.value.get("editable") is True:
        return Entry(name, item.path, None, gap="a local directory", condition=condition)
    if item.value.keys() & _ADDRESSES:  # pipenv looks at no hash of it
        return Entry(name, item.path, None, gap="an archive from an address", condition=condition)
    version = item.optional_string("version") or ""
    if not version.startswith("=="):
        return Entry(name, item.path, None, gap="no pinned version", condition=condition)
    package = purl("pypi", name, version.removeprefix("=="), where=item.path)
    digests = [hashes([text], where=item.path) for text in texts(item, "hashes")]
    return lock.entry(name, item.path, package, digests, condition)


def _condition(item: Fields) -> str | None:
    """pipenv writes markers and extras into a requirement for pip as they are: they must not say more.

    Raises `LockError`.
    """
    from packaging.markers import InvalidMarker, Marker

    said = [text for key in ("os_markers", "markers") if (text := item.optional_string(key))]
    for text in said:
        why = objection(text)
        if why is not None:
            raise LockError("not a marker", where=item.path, why=why)
        try:
            Marker(text)
        except InvalidMarker:
            raise LockError("not a marker", where=item.path, why=text[:160]) from None
    if not all(map(_EXTRA.fullmatch, texts(item, "extras"))):
        raise LockError("not an extra", where=f"{item.path}.extras")
    return "; ".join(said) or None


KIND: Final = Kind("Pipfile.lock", ("Pipfile.lock",), limits.LOCKFILE, _read)
