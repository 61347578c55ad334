"""npm's `package-lock.json` and `npm-shrinkwrap.json`, lockfileVersion 1 to 3 (npm docs, package-lock-json).

Versions 2 and 3 list every folder under `packages`; version 1 nests `dependencies`. Version 2 has both and npm 7 and
later read `packages`, which is what is read here. They do so whatever the version says (tried with npm 11), so version
1 must not have it.

That a package is bundled in another one's archive is only said by the lockfile: where it is not there, npm fetches it
from the registry, by name and version alone (tried with npm 11). So it needs a digest like any other.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from attest import limits
from attest.errors import LockError, UsageError
from attest.oci.strict_json import Fields
from attest.packages.digest import ArtifactDigest
from attest.packages.lockfiles import lock
from attest.packages.lockfiles.documents import purl, read_json
from attest.packages.lockfiles.lock import Entry, Kind

_TYPE: Final = "npm"
_PLACES: Final = ("file:", "link:", "workspace:")
_BUNDLED: Final = "no digest: it is said to be bundled in the archive of another package"
_GIT: Final = ("git:", "git+", "github:", "gitlab:", "bitbucket:", "gist:")
_ARCHIVE: Final = re.compile(
    r"https?://(?!(?:www\.)?(?:github\.com|gist\.github\.com|gitlab\.com|bitbucket\.org|git\.sr\.ht)[:/])"
    r"[a-z0-9.-]+(?::[0-9]+)?/[!-\[\]-~]*|file:.*\.(?:tgz|tar\.gz)"
)
"""What npm holds against the entry's integrity. Of all else it clones or copies it does not, so neither of an address
at the hosts of `hosted-git-info`; written so narrowly that no two readers of addresses can see another host."""


def _read(data: bytes) -> Iterator[Entry]:
    document = read_json(data)
    version = document.integer("lockfileVersion")
    if version in (2, 3):
        return _packages(document.object("packages"))
    if version == 1 and "packages" in document.value:
        raise LockError("version 1 with 'packages'", where="packages", why="npm 7 and later install what that lists")
    if version == 1:
        return _dependencies(document.optional_object("dependencies"))
    raise LockError("not a lockfile of a known version", where="lockfileVersion", why=f"{version}, not 1, 2 or 3")


def _packages(packages: Fields) -> Iterator[Entry]:
    for folder in packages.value:
        entry = packages.object(folder)
        if "\\" in folder:  # npm takes it for a slash
            raise LockError("a backslash in a folder", where="packages", why=folder[:160])
        _, found, name = folder.rpartition("node_modules/")
        if not found and folder and entry.value.keys() & {"resolved", "integrity"}:
            yield _gap(folder, entry, "an archive outside node_modules")
        elif not found:
            covered = "a local directory, which a link names" if folder else "the project itself"
            yield Entry(folder or entry.optional_string("name") or "", entry.path, None, covered=covered)
        elif entry.value.get("link") is True:
            yield _gap(name, entry, "a link to a local directory")
        else:
            yield _entry(entry.optional_string("name") or name, entry, bundled=entry.value.get("inBundle") is True)


def _dependencies(dependencies: Fields | None) -> Iterator[Entry]:
    pending = _named(dependencies)
    while pending:
        name, entry = pending.pop()
        yield _entry(name, entry, bundled=entry.value.get("bundled") is True)
        pending += _named(entry.optional_object("dependencies"))


def _named(dependencies: Fields | None) -> list[tuple[str, Fields]]:
    """The last one first, so that they are taken in the order of the file."""
    if dependencies is None:
        return []
    return [(name, dependencies.object(name)) for name in reversed(list(dependencies.value))]


def _entry(name: str, entry: Fields, *, bundled: bool) -> Entry:
    version = entry.optional_string("version") or ""
    if version.startswith("npm:"):  # an alias, as version 1 writes it
        name, _, version = version.removeprefix("npm:").rpartition("@")
    origin = entry.optional_string("resolved")
    local = (origin or "").startswith(_PLACES) and "integrity" not in entry.value
    if version.startswith(_PLACES) or local:
        return _gap(name, entry, "a local file")
    if (origin or version).startswith(_GIT) or version.startswith(_GIT):
        return _gap(name, entry, "a git dependency")
    if origin is not None and _ARCHIVE.fullmatch(origin) is None:
        return _gap(name, entry, "from where npm checks no integrity")
    if "://" in version:
        return _gap(name, entry, "an archive from an address, whose version the file does not say")
    package = purl(_TYPE, name, version, where=entry.path)
    integrity = entry.optional_string("integrity")
    if bundled and integrity is None:
        return Entry(name, entry.path, package, gap=_BUNDLED, condition=_condition(entry))
    digests = sri(integrity or "", where=entry.path)
    return lock.entry(name, entry.path, package, [digests], _condition(entry))


def _gap(name: str, entry: Fields, why: str) -> Entry:
    return Entry(name, entry.path, None, gap=why, condition=_condition(entry))


def sri(text: str, *, where: str) -> Iterable[ArtifactDigest]:
    """The digests of a `Subresource Integrity` text that are strong enough; options after `?` mean nothing.

    Raises `LockError` for one that is malformed.
    """
    for item in text.split():
        value = item.partition("?")[0]
        if not value.startswith(("sha256-", "sha512-")):
            continue  # sha1, md5, and sha384, by which no ecosystem names anything
        try:
            yield ArtifactDigest.parse(value)
        except UsageError as error:
            raise LockError("not an integrity value", where=where, why=error.why) from None


def _condition(entry: Fields) -> str | None:
    said = [f"{key} {', '.join(map(str, value))}" for key in ("os", "cpu", "libc") if (value := _list(entry, key))]
    if entry.value.get("optional") is True:
        said.insert(0, "optional")
    return "; ".join(said) or None


def _list(entry: Fields, name: str) -> list[Any]:
    value = entry.value.get(name)
    return value if isinstance(value, list) else [] if value is None else [value]


KIND: Final = Kind("package-lock.json", ("package-lock.json", "npm-shrinkwrap.json"), limits.LOCKFILE, _read)
