"""Gradle's `gradle/verification-metadata.xml` (Gradle manual, "Dependency verification").

Each artifact of a component has a digest, or several of which any is accepted. Under `verify-signatures` Gradle also
accepts what a trusted key signed and this file does not list, and `trusted-artifacts` are not looked at by it at all:
nothing pins either of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from attest import limits
from attest.errors import LockError
from attest.formats import strict_xml
from attest.formats.strict_xml import Element
from attest.packages.lockfiles import lock
from attest.packages.lockfiles.documents import hashes, purl
from attest.packages.lockfiles.lock import Entry, Kind

_ALGORITHMS: Final = ("sha256", "sha512")
_METADATA: Final = (".pom", ".module")


def _read(data: bytes) -> Iterator[Entry]:
    root = strict_xml.read(data, where="lockfile", limit=limits.LOCKFILE)
    if root.name != "verification-metadata":
        raise LockError("not Gradle's verification metadata", where=root.where, why=f"its root is {root.name[:80]}")
    configuration = root.one("configuration")
    if configuration is not None:
        yield from _unlisted(configuration)
    components = root.one("components")
    for component in () if components is None else components.all("component"):
        for artifact in component.all("artifact"):
            yield _entry(component, artifact)


def _unlisted(configuration: Element) -> Iterator[Entry]:
    trusted = configuration.one("trusted-artifacts")
    for item in () if trusted is None else trusted.all("trust"):
        yield Entry(_shown(item), _place(item), None, gap="trusted without a digest")
    keys = configuration.one("trusted-keys")
    if keys is not None and (configuration.value("verify-signatures") or "").strip() == "true":
        for item in keys.all("trusted-key"):
            yield Entry(_shown(item), _place(item), None, gap="whatever a PGP key signs")


def _entry(component: Element, artifact: Element) -> Entry:
    group, name, version = (_attribute(component, key) for key in ("group", "name", "version"))
    file = _attribute(artifact, "name")
    shown, place = f"{group}:{name}:{version} {file}", _place(artifact)
    if file.endswith(_METADATA):
        return Entry(shown, place, None, covered="metadata, of which nothing is installed")
    known = [f"{found.name}:{value}" for key in _ALGORITHMS for found in artifact.all(key) for value in _values(found)]
    package = purl("maven", f"{group}/{name}", version, where=place)
    if not known and artifact.all("pgp"):
        return Entry(shown, place, package, gap="only the PGP key that signs it")
    return lock.entry(shown, place, package, [hashes(known, where=place)])


def _values(checksum: Element) -> Iterator[str]:
    yield _attribute(checksum, "value")
    for other in checksum.all("also-trust"):
        yield _attribute(other, "value")


def _attribute(element: Element, name: str) -> str:
    value = element.attributes.get(name)
    if not value:
        raise LockError(f"{element.name} without {name}", where=element.where)
    return value


def _shown(element: Element) -> str:
    return " ".join(f"{key}={value}" for key, value in element.attributes.items()) or element.name


def _place(element: Element) -> str:
    return f"line {element.where.rpartition(':')[2]}"


KIND: Final = Kind("verification-metadata.xml", ("verification-metadata.xml",), limits.LOCKFILE, _read)
