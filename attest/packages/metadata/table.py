"""What a package file says about itself: by its ecosystem and what holds its members together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from attest import limits
from attest.errors import PackageError
from attest.packages import containers
from attest.packages.archives import Container
from attest.packages.files import PackageFile, reopened
from attest.packages.metadata import (
    apk,
    brew,
    cargo,
    cocoapods,
    conda,
    cpan,
    deb,
    gem,
    golang,
    hex,
    maven,
    npm,
    nuget,
    pub,
    pypi,
    rpm,
    swift,
)
from attest.packages.metadata.facts import Metadata, Source

SOURCES: Final[Mapping[str, Mapping[Container, Source]]] = {
    "apk": apk.SOURCES,
    "brew": brew.SOURCES,
    "cargo": cargo.SOURCES,
    "cocoapods": cocoapods.SOURCES,
    "conda": conda.SOURCES,
    "cpan": cpan.SOURCES,
    "deb": deb.SOURCES,
    "gem": gem.SOURCES,
    "golang": golang.SOURCES,
    "hex": hex.SOURCES,
    "maven": maven.SOURCES,
    "npm": npm.SOURCES,
    "nuget": nuget.SOURCES,
    "pub": pub.SOURCES,
    "pypi": pypi.SOURCES,
    "rpm": rpm.SOURCES,
    "swift": swift.SOURCES,
}


def metadata(package: PackageFile) -> Metadata:
    """Read the metadata of a package file that `identify` knows.

    Raises `PackageError` for metadata that is malformed or of a file that is no longer the same, `UsageError` for a
    file that cannot be read.
    """
    with reopened(package) as file:
        kind = containers.container(file)
        source = None if kind is None else SOURCES[package.purl.type].get(kind)
        if kind is None or source is None:
            raise PackageError("no metadata is known in such a file")
        archive = containers.walk(file, package.size, kind, source.members, member_max=limits.PACKAGE_METADATA)
        return source.read(archive, package.purl)
