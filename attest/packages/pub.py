"""Dart and Flutter: pub. The archive has its pubspec.yaml at the root."""

from __future__ import annotations

import re
from typing import Final

from attest import limits
from attest.errors import PackageError
from attest.formats import strict_yaml
from attest.packages.archives import Archive, Container, Member
from attest.packages.row import Ecosystem, Identity, Reader

_PUBSPEC: Final = "pubspec.yaml"
_NAME: Final = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_LABELS: Final = r"[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*"
_VERSION: Final = re.compile(rf"[0-9]+\.[0-9]+\.[0-9]+(?:-{_LABELS})?(?:\+{_LABELS})?")
_NO_TEXT: Final = frozenset({"null", "true", "false"})


def _read(archive: Archive) -> Identity | None:
    found = archive.one(_PUBSPEC)
    if found is None:
        return None
    document = strict_yaml.read(found.data, where=found.name, limit=limits.PUBSPEC)
    if not isinstance(document, strict_yaml.Entries):
        raise _refused(found.name, "it is no mapping")
    name, version = _text(document, "name", _NAME, found), _text(document, "version", _VERSION, found)
    return Identity((), name, version)


def _text(document: strict_yaml.Entries, key: str, grammar: re.Pattern[str], member: Member) -> str:
    node = document.values.get(key)
    if node is None:
        raise _refused(member.name, f"it has no {key}")
    if not isinstance(node, strict_yaml.Text) or (node.plain and node.text.lower() in _NO_TEXT):
        raise _refused(node.where, f"its {key} is no text")
    if grammar.fullmatch(node.text) is None:
        raise _refused(node.where, f"its {key} is none: {node.text[:80]!r}")
    return node.text


def _refused(where: str, why: str) -> PackageError:
    return PackageError("not the pubspec of a package", where=where, why=why)


ROW: Final = Ecosystem(
    "pub", one_artifact=True, readers=(Reader("pub package", Container.TAR_GZ, _PUBSPEC, (_PUBSPEC,), _read),)
)
