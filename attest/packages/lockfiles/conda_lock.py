"""`conda-lock.yml`, version 1 (conda-lock's `lockfile/v1/models.py`): one entry a package and platform, also of pip."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from attest import limits
from attest.errors import LockError
from attest.oci.strict_json import Fields
from attest.packages.lockfiles import lock
from attest.packages.lockfiles.documents import hashes, purl, read_yaml
from attest.packages.lockfiles.lock import Entry, Kind

_TYPES: Final = {"conda": "conda", "pip": "pypi"}


def _read(data: bytes) -> Iterator[Entry]:
    document = read_yaml(data)
    version = document.string("version")
    if version != "1":
        raise LockError("not a conda-lock.yml of a known version", where="version", why=f"{version:.40}, not 1")
    for item in document.objects("package"):
        yield _entry(item)


def _entry(item: Fields) -> Entry:
    name, version = item.string("name"), item.string("version")
    place = f"{item.path} {name} {version}"
    type = _TYPES.get(item.string("manager"))
    if type is None:
        raise LockError("not a manager that conda-lock knows", where=place, why=item.string("manager")[:80])
    condition = item.string("platform")
    if item.string("url").startswith("git+"):
        return Entry(name, place, None, gap="a git dependency", condition=condition)
    known = item.optional_object("hash")
    sha256 = None if known is None else known.optional_string("sha256")
    digests = [] if not sha256 else hashes([f"sha256:{sha256}"], where=place)
    return lock.entry(name, place, purl(type, name, version, where=place), [digests], condition)


KIND: Final = Kind("conda-lock.yml", ("conda-lock.yml", "*.conda-lock.yml"), limits.LOCKFILE, _read)
