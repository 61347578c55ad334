"""Homebrew: the tap is the namespace; the default one, homebrew/core, is written out.

A bottle is a keg, NAME/VERSION, with the formula it was built from in ``.brew``. The receipt beside that names the tap,
but is left out of the bottles of homebrew/core (``brew bottle --only-json-tab``): then the user has to name it.
"""

from __future__ import annotations

import re
from typing import Final

from attest import limits
from attest.errors import PackageError
from attest.oci import strict_json
from attest.packages.archives import Archive, Container, Member
from attest.packages.row import Ecosystem, Identity, Reader

_BOTTLE: Final = re.compile(
    r"(?:[0-9a-f]{64}--)?"  # as attestations made afterwards have it: the hash of the URL
    r"(?P<name>[A-Za-z0-9@+._]+(?:-[A-Za-z0-9@+._]+)*)--(?P<version>[A-Za-z0-9+_.~-]+)"
    r"\.(?P<tag>[a-z0-9_]+)\.bottle(?:\.[0-9]+)?\.tar\.gz"
)
_FORMULA: Final = "*/*/.brew/*.rb"
_RECEIPT: Final = "*/*/INSTALL_RECEIPT.json"
_NAME: Final = re.compile(r"[A-Za-z0-9@+._-]+")
_VERSION: Final = re.compile(r"[A-Za-z0-9+_.~-]+")
_TAP: Final = re.compile(r"[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+")


def _file_name(file_name: str) -> tuple[str, str] | None:
    """NAME--VERSION.TAG.bottle[.REBUILD].tar.gz; a bottle of another tap than the default has the same name."""
    match = _BOTTLE.fullmatch(file_name)
    return None if match is None else (match["name"], match["version"])


def _tag(file_name: str) -> str | None:
    """What the bottle was built for; "all" of one that is the same everywhere."""
    match = _BOTTLE.fullmatch(file_name)
    return None if match is None else match["tag"]


def _read(archive: Archive) -> Identity | None:
    formula, receipt = archive.one(_FORMULA), archive.one(_RECEIPT)
    if formula is None:
        return None
    name, version, _, file = formula.path
    if file != f"{name}.rb" or _NAME.fullmatch(name) is None or _VERSION.fullmatch(version) is None:
        raise PackageError("a bottle that contradicts itself", where=formula.name[:200], why="its formula is another")
    if not archive.prefix.removeprefix("./").startswith(f"{name}/{version}/"):
        raise PackageError("a bottle with more than one keg", why=f"there is something beside {name}/{version}"[:200])
    return Identity(None if receipt is None else _tap(receipt), name, version)


def _tap(receipt: Member) -> tuple[str, ...] | None:
    """The tap that the receipt names; None where it names none, as for a formula given by its path."""
    document = strict_json.read_object(receipt.data, where=receipt.name, limit=limits.PACKAGE_METADATA)
    fields = strict_json.Fields(document, receipt.name)
    source = fields.optional_object("source")
    tap = None if source is None else source.optional_string("tap")
    if tap is not None and _TAP.fullmatch(tap) is None:
        raise PackageError("not the receipt of a bottle", where=receipt.name[:200], why=f"{tap[:80]!r} is no tap")
    return None if tap is None else tuple(tap.split("/"))


ROW: Final = Ecosystem(
    "brew",
    namespace="the tap, USER/REPOSITORY",
    namespace_min=2,
    namespace_max=2,
    namespace_default=("homebrew", "core"),
    file_name=_file_name,
    name_platform=_tag,
    readers=(Reader("bottle", Container.TAR_GZ, "NAME/VERSION/.brew/NAME.rb", (_FORMULA, _RECEIPT), _read),),
)
