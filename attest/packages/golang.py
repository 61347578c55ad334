"""Go: the module path in its exact case, and go.sum's h1 hash in hex.

A module's zip says its name in front of every member, MODULE@VERSION/ (go.dev/ref/mod, "Module zip files").
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from attest.errors import PackageError
from attest.packages.archives import Archive, Container, Member
from attest.packages.digest import DIR_HASH_1
from attest.packages.dirhash import dir_hash_1
from attest.packages.row import MANY, Ecosystem, Identity, Reader

_GO_MOD: Final = "**/*@v*/go.mod"
_ELEMENT: Final = r"[A-Za-z0-9_~-](?:[A-Za-z0-9._~-]*[A-Za-z0-9_~-])?"
_PATH: Final = re.compile(rf"(?=[a-z0-9-]+\.[a-z0-9.-]+(?:/|\Z)){_ELEMENT}(?:/{_ELEMENT})*")
_PREFIX: Final = re.compile(
    r"(?P<path>[^@]+)@"
    r"(?P<version>v(?:0|[1-9][0-9]*)\.(?:0|[1-9][0-9]*)\.(?:0|[1-9][0-9]*)(?:-[0-9A-Za-z.-]+)?(?:\+incompatible)?)/"
)
_QUOTES: Final = '"`'
_UPPER: Final = re.compile("[A-Z]")


def _read(archive: Archive) -> Identity | None:
    match = _PREFIX.match(archive.prefix)
    if match is None:
        return None
    prefix, path, version = match[0], match["path"], match["version"]
    if _PATH.fullmatch(path) is None:
        raise PackageError("not the path of a Go module", where=prefix[:200])
    if archive.links:
        raise PackageError("a Go module with a link", where=prefix[:200], why="a module has files only")
    go_mod = archive.one(_GO_MOD)
    if go_mod is not None:
        _check(go_mod, prefix, path)
    *namespace, name = path.split("/")
    return Identity(tuple(namespace), name, version)


def _check(go_mod: Member, prefix: str, path: str) -> None:
    if go_mod.name != f"{prefix}go.mod":
        raise PackageError("a go.mod that is not at the module's root", where=go_mod.name[:200])
    declared = list(_declared(go_mod))
    if declared != [path]:
        raise PackageError(
            "a Go module that contradicts itself",
            where=go_mod.name[:200],
            why=f"it declares {', '.join(map(repr, declared))[:200] or 'no module path'}",
            next_step="if it is the replacement of another module, name it by purl, with --digest",
        )


def _declared(go_mod: Member) -> Iterator[str]:
    """The paths after ``module``, on its line or in its block (go.dev/ref/mod, "Lexical elements")."""
    block = False
    for line in go_mod.data.decode("utf-8", "replace").split("\n"):
        words = line.partition("//")[0].split()
        if words[:1] == ["module"]:
            words.pop(0)
            block = words == ["("]
        elif not block:
            continue
        elif words == [")"]:
            block = False
        if words not in ([], ["("], [")"]):
            yield " ".join(words).strip(_QUOTES)


def _escaped(namespace: tuple[str, ...], name: str) -> str:
    """The path as module proxies and the module cache write it, for file systems without case."""
    return _UPPER.sub(lambda match: f"!{match[0].lower()}", "/".join((*namespace, name)))


ROW: Final = Ecosystem(
    "golang",
    algorithms=(DIR_HASH_1,),
    digest=dir_hash_1,
    one_artifact=True,
    namespace="the module path",
    namespace_max=MANY,
    registry_name=_escaped,
    readers=(Reader("Go module", Container.ZIP, "MODULE@VERSION/ before every member", (_GO_MOD,), _read),),
)
