"""Conda: channel, subdir and build are told apart by the digest.

Both formats have ``info/index.json``: ``.tar.bz2`` beside the files to install, ``.conda`` in an archive of its own,
which is a member of a zip (conda-build, "Conda package specification"). What is to be installed is not unpacked there.
"""

from __future__ import annotations

import re
from typing import Final

from attest import limits
from attest.errors import PackageError
from attest.oci import strict_json
from attest.packages.archives import Archive, Container, Member
from attest.packages.containers import nested
from attest.packages.row import Ecosystem, Identity, Reader

_INDEX: Final = "info/index.json"
_INFO: Final = "info-*.tar.zst"
_FORMAT: Final = "metadata.json"
_FORMAT_KEY: Final = "conda_pkg_format_version"
_FORMAT_READ: Final = 2
_NAME: Final = re.compile(r"[A-Za-z0-9_.][A-Za-z0-9_.-]*")
_VERSION: Final = re.compile(r"[A-Za-z0-9_.!+~]+")
_BUILD: Final = re.compile(r"[A-Za-z0-9_.+]+")
_SUBDIR: Final = re.compile(r"[a-z0-9]+(?:-[a-z0-9_]+)?")
_ANY: Final = "noarch"


def _file_name(file_name: str) -> tuple[str, str] | None:
    """NAME-VERSION-BUILD.conda; neither version nor build has a ``-``. Any tarball may end in ``.tar.bz2``."""
    name, *rest = file_name.removesuffix(".conda").rsplit("-", 2)
    if not file_name.endswith(".conda") or len(rest) != 2:
        return None
    certain = _NAME.fullmatch(name) and _VERSION.fullmatch(rest[0]) and _BUILD.fullmatch(rest[1])
    return (name, rest[0]) if certain else None


def _read(archive: Archive) -> Identity | None:
    found = archive.one(_INDEX)
    return None if found is None else _identity(found)[0]


def _read_zip(archive: Archive) -> Identity | None:
    packed, written = archive.one(_INFO), archive.one(_FORMAT)
    if packed is None or written is None:
        return None
    if _document(written).integer(_FORMAT_KEY) != _FORMAT_READ:
        raise PackageError("a conda package of an unknown version", where=_FORMAT, why=f"only {_FORMAT_READ} is read")
    found = nested(packed, (_INDEX,)).one(_INDEX)
    if found is None:
        raise PackageError("not the metadata of a conda package", where=packed.name[:200], why=f"no {_INDEX}")
    identity, canonical = _identity(found)
    if packed.name != _INFO.replace("*", canonical):
        raise PackageError(
            "a conda package that contradicts itself",
            where=packed.name[:200],
            why=f"its content says {canonical[:200]}",
        )
    return identity


def _identity(member: Member) -> tuple[Identity, str]:
    """What the index says, and NAME-VERSION-BUILD."""
    fields = _document(member)
    name, version, build = (
        _matching(fields.string(key), key, grammar, member)
        for key, grammar in (("name", _NAME), ("version", _VERSION), ("build", _BUILD))
    )
    subdir = fields.optional_string("subdir")  # old packages have none
    if subdir is not None:
        _matching(subdir, "subdir", _SUBDIR, member)
    return Identity((), name, version, None if subdir == _ANY else subdir), f"{name}-{version}-{build}"


def _document(member: Member) -> strict_json.Fields:
    document = strict_json.read_object(member.data, where=member.name, limit=limits.PACKAGE_METADATA)
    return strict_json.Fields(document, member.name)


def _matching(value: str, key: str, grammar: re.Pattern[str], member: Member) -> str:
    if grammar.fullmatch(value) is None:
        raise PackageError(
            "not the metadata of a conda package", where=member.name, why=f"its {key} is none: {value[:80]!r}"
        )
    return value


ROW: Final = Ecosystem(
    "conda",
    file_name=_file_name,
    readers=(
        Reader("conda package", Container.TAR_BZ2, _INDEX, (_INDEX,), _read),
        Reader("conda package", Container.ZIP, f"{_INDEX} in info-NAME.tar.zst", (_INFO, _FORMAT), _read_zip),
    ),
)
