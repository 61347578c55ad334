"""Homebrew: the formula in a bottle, and its receipt (Homebrew docs, "Formula Cookbook").

A formula is a Ruby program and is not run: what counts are the lines of the usual form. The receipt of a bottle from
another tap than the default lists what was there when it was built, with versions.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from attest import limits
from attest.errors import PackageError
from attest.oci import strict_json
from attest.packages.archives import Archive, Container
from attest.packages.metadata.facts import (
    Metadata,
    Requirement,
    Scope,
    Source,
    address,
    bounded,
    line,
    requirement,
)
from attest.packages.purl import Purl

_FORMULA: Final = "*/*/.brew/*.rb"
_RECEIPT: Final = "*/*/INSTALL_RECEIPT.json"
_FIELD: Final = re.compile(r' {2}(desc|homepage|license) "([^"#\\]*)" *')
_ANY: Final = re.compile(r' {2}license (any_of|all_of): *\[((?: *"[^"#\\]*" *,?)+)\] *')
_TEXT: Final = re.compile(r'"([^"]*)"')
_NEEDS: Final = re.compile(r' {2,}(?:depends_on|uses_from_macos) "([^"#\\]+)"(?: *=> *([^#]*))?(?:,.*)?(?: *#.*)?')
_OPENED: Final = re.compile(r" {2}(on_\w+|head|stable|bottle|resource|test)\b.* do\b.*")
_CLOSED: Final = "  end"
_DEFAULT_TAP: Final = ("homebrew", "core")


def _read(archive: Archive, _purl: Purl) -> Metadata:
    formula, receipt = archive.one(_FORMULA), archive.one(_RECEIPT)
    if formula is None:
        raise PackageError("no formula")
    written = formula.data.decode("utf-8", "replace").split("\n")
    fields: dict[str, str] = {}
    for text in written:
        match = _FIELD.fullmatch(text)
        if match is not None:
            fields.setdefault(match[1], match[2])
        match = _ANY.fullmatch(text)
        if match is not None:
            word = " OR " if match[1] == "any_of" else " AND "
            fields.setdefault("license", word.join(_TEXT.findall(match[2])))
    document: Mapping[str, Any] = {}
    if receipt is not None:
        document = strict_json.read_object(receipt.data, where=receipt.name, limit=limits.PACKAGE_METADATA)
    built = document.get("runtime_dependencies")
    found = list(_declared(written))
    if isinstance(built, list):
        found = [
            *_built(built, receipt.name if receipt else ""),
            *(item for item in found if item.scope is Scope.BUILD),
        ]
    license = line(fields.get("license"))
    return Metadata(
        licenses=() if license is None else (license,),
        description=line(fields.get("desc")),
        homepage=address(fields.get("homepage")),
        requirements=bounded(found, formula.name),
    )


def _declared(written: list[str]) -> Iterator[Requirement]:
    block: str | None = None
    for text in written:
        opened = _OPENED.fullmatch(text)
        if opened is not None:
            block = opened[1]
        elif text == _CLOSED:
            block = None
        match = _NEEDS.fullmatch(text)
        if match is not None:
            tags = match[2] or ""
            scope = Scope.RUNTIME
            if ":build" in tags or ":test" in tags:
                scope = Scope.BUILD if ":build" in tags else Scope.DEVELOPMENT
            elif ":optional" in tags or ":recommended" in tags:
                scope = Scope.OPTIONAL
            yield _requirement(match[1], scope, "", None, block)


def _built(items: list[Any], where: str) -> Iterator[Requirement]:
    for item in items:
        name = item.get("full_name") if isinstance(item, dict) else None
        if not isinstance(name, str):
            raise PackageError("not the receipt of a bottle", where=f"{where}: runtime_dependencies")
        version = line(item.get("pkg_version")) or line(item.get("version"))
        condition = "indirect" if item.get("declared_directly") is False else None
        yield _requirement(name, Scope.RUNTIME, f"built with {version}" if version else "", version, condition)


def _requirement(name: str, scope: Scope, wanted: str, version: str | None, condition: str | None) -> Requirement:
    *tap, last = name.split("/")
    return requirement(
        "brew", tuple(tap) or _DEFAULT_TAP, last, scope, wanted, version=version, condition=condition, shown=name
    )


SOURCES: Final = {Container.TAR_GZ: Source((_FORMULA, _RECEIPT), _read)}
