"""One package an ecosystem that says all it can, as its tools write it; and in short what is to be read out of it."""

from __future__ import annotations

import bz2
import gzip
import json
import struct
from collections.abc import Iterable
from pathlib import Path

from attest.packages.files import PackageFile, identify
from attest.packages.metadata.facts import Metadata
from attest.packages.metadata.table import metadata
from attest.packages.purl import Purl
from tests.packages.build import tar, tgz, wheel_members, write, zipped
from tests.packages.makers import (
    CONTROL,
    INDEX,
    PKGINFO,
    apk,
    deb,
    hex_package,
)
from tests.packages.samples import NUSPEC, bottle, nupkg
from tests.packages.test_maven import PROPERTIES, jar

Told = tuple[str, str, str, str | None]
"""Scope, name, range with its condition, purl."""


def short(found: Metadata) -> list[Told]:
    """The requirements in one line each."""
    return [
        (
            item.scope.value,
            item.name,
            str(item),
            None if item.package is None else str(item.package) if item.package.version else item.package.package,
        )
        for item in found.requirements or ()
    ]


def packed(folder: Path, data: bytes, purl: str | None = None, name: str = "file") -> PackageFile:
    return identify(write(folder, data, name), None if purl is None else Purl.parse(purl))


def read(folder: Path, data: bytes, purl: str | None = None) -> Metadata:
    return metadata(packed(folder, data, purl))


def npm(**fields: object) -> bytes:
    return tgz([("package/package.json", json.dumps({"name": "@acme/app", "version": "1.0.0", **fields}).encode())])


def wheel(headers: str, version: str = "2.3") -> bytes:
    text = f"Metadata-Version: {version}\nName: foo-bar\nVersion: 1.0\n{headers}\n\nText\n"
    return zipped(wheel_members(metadata=text.encode()))


def sdist(headers: str, version: str = "2.3") -> bytes:
    text = f"Metadata-Version: {version}\nName: foo-bar\nVersion: 1.0\n{headers}\n\nText\n"
    return tgz([("foo_bar-1.0/PKG-INFO", text.encode())])


def crate(toml: str) -> bytes:
    return tgz([("foo-1.0.0/Cargo.toml", f'[package]\nname = "foo"\nversion = "1.0.0"\n{toml}'.encode())])


def gem(yaml: str) -> bytes:
    head = "--- !ruby/object:Gem::Specification\nname: demo\nversion: !ruby/object:Gem::Version\n  version: 1.0.0\n"
    return tar([("metadata.gz", gzip.compress((head + yaml).encode(), mtime=0))])


def pom(inside: str) -> bytes:
    head = "<project><groupId>org.example.acme</groupId><artifactId>widget</artifactId><version>1.4.0</version>"
    return jar(PROPERTIES, f"{head}{inside}</project>".encode())


def module(go_mod: str | None) -> bytes:
    prefix = "example.com/acme/widget@v1.0.0/"
    declared = [] if go_mod is None else [(f"{prefix}go.mod", f"module example.com/acme/widget\n{go_mod}".encode())]
    return zipped([(f"{prefix}a.go", b"package a\n"), *declared])


def manifest(inside: str) -> bytes:
    return zipped(nupkg(NUSPEC.replace(b"</metadata>", f"{inside}</metadata>".encode())))


def control(fields: str) -> bytes:
    return deb(CONTROL + fields.encode())


def texts(*values: str) -> bytes:
    return b"".join(value.encode() + b"\0" for value in values)


def numbers(*values: int) -> bytes:
    return struct.pack(f">{len(values)}I", *values)


def required(
    names: Iterable[tuple[str, int, str]], tags: tuple[int, int, int] = (1049, 1048, 1050)
) -> list[tuple[int, int, int, bytes]]:
    """Entries of a header: names, flags and versions of capabilities."""
    listed = list(names)
    name, flags, version = tags
    return [
        (name, 8, len(listed), texts(*(item[0] for item in listed))),
        (flags, 4, len(listed), numbers(*(item[1] for item in listed))),
        (version, 8, len(listed), texts(*(item[2] for item in listed))),
    ]


def pkginfo(fields: str) -> bytes:
    return apk(PKGINFO + fields.encode())


def conda(about: object = None, **fields: object) -> bytes:
    """A package in the old format."""
    members = [("info/index.json", json.dumps({**INDEX, **fields}).encode())]
    if about is not None:
        members.append(("info/about.json", json.dumps(about).encode()))
    return bz2.compress(tar(members))


def pubspec(text: str) -> bytes:
    return tgz([("pubspec.yaml", f"name: acme_widget\nversion: 1.0.0\n{text}".encode())])


def config(terms: str) -> bytes:
    return hex_package(f'{{<<"name">>,<<"acme_widget">>}}.\n{{<<"version">>,<<"1.0.0">>}}.\n{terms}'.encode())


def formula(lines: str, receipt: object = None) -> bytes:
    members = [(name, data) for name, data in bottle(None) if not name.endswith(".rb")]
    members.insert(0, ("widget/1.0_1/.brew/widget.rb", f"class Widget < Formula\n{lines}end\n".encode()))
    if receipt is not None:
        members.append(("widget/1.0_1/INSTALL_RECEIPT.json", json.dumps(receipt).encode()))
    return tgz(members)


def distribution(**meta: object) -> bytes:
    document = {"name": "Acme-Widget", "version": "1.02", **meta}
    members = [("Makefile.PL", b""), ("META.json", json.dumps(document).encode())]
    return tgz([(f"Acme-Widget-1.02/{name}", data) for name, data in members])


def sources(swift: str) -> bytes:
    return zipped([("widget/Package.swift", swift.encode()), ("widget/a.swift", b"")])


def tgz_of(name: str, version: str) -> bytes:
    """An npm package that says nothing else."""
    return tgz([("package/package.json", json.dumps({"name": name, "version": version}).encode())])
