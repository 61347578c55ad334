"""`pnpm-lock.yaml`, versions 5 to 9 (pnpm's `lockfile/types`): keys of `packages` are names and versions.

pnpm writes addresses into flow mappings without quotes, which libyaml does not read: they are put in quotes first.
Version 5 writes `/name/1.0.0_peers`, version 6 `/name@1.0.0(peers)`, version 9 `name@1.0.0`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from attest import limits
from attest.errors import LockError
from attest.oci.strict_json import Fields
from attest.packages.lockfiles import lock
from attest.packages.lockfiles.documents import purl, read_yaml, texts
from attest.packages.lockfiles.lock import Entry, Kind
from attest.packages.lockfiles.package_lock import sri

_AT: Final = re.compile(r"/?(?P<name>(?:@[^/@]+/)?[^/@]+)@(?P<version>[^()]+)(?:\(.*\))?")
_SLASH: Final = re.compile(r"/(?P<name>(?:@[^/@]+/)?[^/@]+)/(?P<version>[^/_()]+)(?:[/_].*)?")
_RESOLUTION: Final = re.compile(rb"^ ++resolution: \{[^\n]*+", re.MULTILINE)
_VALUE: Final = re.compile(rb"(?<=: )[^'\"\s{},\[\]][^'\s{},]*+(?=[,}])")
_LOCAL: Final = ("link:", "file:", "workspace:")
_ADDRESS: Final = "an archive from an address, whose version the file does not say"
_DEPENDENCIES: Final = ("dependencies", "devDependencies", "optionalDependencies")


def _read(data: bytes) -> Iterator[Entry]:
    document = read_yaml(_RESOLUTION.sub(_quoted, data))
    version = document.string("lockfileVersion")
    major = version.partition(".")[0]
    if major not in ("5", "6", "9"):
        raise LockError("not a pnpm-lock.yaml of a known version", where="lockfileVersion", why=f"{version:.40}")
    projects = document.optional_object("importers") or Fields({".": document.value}, "lockfile")
    for folder in projects.value:
        yield from _links(projects.object(folder))
    packages = document.optional_object("packages")
    _no_more(document.optional_object("snapshots"), packages)
    for key in () if packages is None else packages.value:
        assert packages is not None
        yield _entry(key, packages.object(key), _SLASH if major == "5" else _AT)


def _no_more(snapshots: Fields | None, packages: Fields | None) -> None:
    """Raises `LockError` for a snapshot without its package, which pnpm would install by what the snapshot says."""
    for key in () if snapshots is None else snapshots.value:
        if packages is None or key.partition("(")[0] not in packages.value:
            raise LockError("a snapshot without its package", where="snapshots", why=key[:160])


def _quoted(resolution: re.Match[bytes]) -> bytes:
    return _VALUE.sub(lambda value: b"'%b'" % value[0] if b":" in value[0] else value[0], resolution[0])


def _links(project: Fields) -> Iterator[Entry]:
    for kind in _DEPENDENCIES:
        wanted = project.optional_object(kind)
        for name in () if wanted is None else wanted.value:
            assert wanted is not None
            said = wanted.value[name]
            version = said if isinstance(said, str) else wanted.object(name).string("version")
            if version.startswith("link:"):
                yield Entry(name, f"{wanted.path}.{name}", None, gap="a link to a local directory")


def _entry(key: str, item: Fields, pattern: re.Pattern[str]) -> Entry:
    resolution = item.object("resolution")
    condition = _condition(item)
    kind = resolution.optional_string("type")
    if kind == "git" or "commit" in resolution.value:
        return Entry(key, item.path, None, gap="a git dependency", condition=condition)
    if kind == "directory" or "directory" in resolution.value:
        return Entry(key, item.path, None, gap="a local directory", condition=condition)
    if kind is not None:
        return Entry(key, item.path, None, gap=f"from {kind:.40}, not a registry", condition=condition)
    match = pattern.fullmatch(key)
    name = item.optional_string("name") or (match["name"] if match else None)
    version = item.optional_string("version") or (match["version"] if match else None)
    if name is None or version is None or "/" in version or version.startswith(_LOCAL):
        return Entry(key, item.path, None, gap=_ADDRESS, condition=condition)
    digests = sri(resolution.optional_string("integrity") or "", where=item.path)
    return lock.entry(name, item.path, purl("npm", name, version, where=item.path), [digests], condition)


def _condition(item: Fields) -> str | None:
    said = ["optional"] if item.value.get("optional") == "true" else []
    said += [f"{key} {', '.join(texts(item, key))}" for key in ("os", "cpu", "libc") if key in item.value]
    return "; ".join(said) or None


KIND: Final = Kind("pnpm-lock.yaml", ("pnpm-lock.yaml",), limits.LOCKFILE, _read)
