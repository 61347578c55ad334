"""Cargo: Cargo.toml as `cargo package` writes it (The Cargo Book, "The manifest format", "Specifying dependencies")."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from attest import limits
from attest.errors import PackageError
from attest.formats import strict_toml
from attest.packages.archives import Archive, Container
from attest.packages.metadata.facts import (
    Metadata,
    Requirement,
    Scope,
    Source,
    address,
    bounded,
    line,
    lines,
    mapping,
    people,
    requirement,
)
from attest.packages.purl import Purl

_EXACT: Final = re.compile(r"=\s*([0-9]+\.[0-9]+\.[0-9]+(?:[-+][0-9A-Za-z.+-]+)?)")
_TABLES: Final = (
    (("dependencies",), Scope.RUNTIME),
    (("build-dependencies", "build_dependencies"), Scope.BUILD),
    (("dev-dependencies", "dev_dependencies"), Scope.DEVELOPMENT),
)


def _read(archive: Archive, _purl: Purl) -> Metadata:
    member = archive.one("*/Cargo.toml")
    if member is None:
        raise PackageError("no Cargo.toml")
    document = strict_toml.read(member.data, where=member.name, limit=limits.CARGO_TOML)
    package = mapping(document.get("package"), member.name)
    license = line(package.get("license"))
    authors = package.get("authors")
    return Metadata(
        licenses=() if license is None else (license.replace("/", " OR "),),  # as it was written before expressions
        authors=people(authors if isinstance(authors, list) else []),
        description=line(package.get("description")),
        homepage=address(package.get("homepage")),
        repository=address(package.get("repository")),
        requirements=bounded(_requirements(document, member.name), member.name),
    )


def _requirements(document: Mapping[str, object], where: str) -> Iterator[Requirement]:
    yield from _tables(document, None, where)
    for condition, tables in mapping(document.get("target"), where).items():
        yield from _tables(mapping(tables, f"{where}: target"), condition, where)


def _tables(tables: Mapping[str, object], condition: str | None, where: str) -> Iterator[Requirement]:
    for names, scope in _TABLES:
        for table in names:
            for name, wanted in mapping(tables.get(table), f"{where}: {table}").items():
                yield _requirement(name, wanted, scope, condition, f"{where}: {table}.{name[:80]}")


def _requirement(name: str, wanted: object, scope: Scope, condition: str | None, where: str) -> Requirement:
    if isinstance(wanted, str):
        wanted = {"version": wanted}
    fields = mapping(wanted, where)
    renamed = fields.get("package")
    called = renamed if isinstance(renamed, str) else name
    if fields.get("optional") is True and scope is Scope.RUNTIME:
        scope = Scope.OPTIONAL
    version = (lines(fields.get("version")) or ("",))[0]
    elsewhere = next((key for key in ("git", "path", "registry-index", "registry") if key in fields), None)
    if elsewhere is not None:
        place = line(f"{version} {elsewhere} {fields[elsewhere]}")
        return Requirement(line(called) or "?", scope, place or "", line(condition))
    exact = _EXACT.fullmatch(version)
    return requirement(
        "cargo", (), called, scope, version, version=None if exact is None else exact[1], condition=condition
    )


SOURCES: Final = {Container.TAR_GZ: Source(("*/Cargo.toml",), _read)}
