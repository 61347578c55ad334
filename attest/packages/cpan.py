"""CPAN: the name is that of the distribution (Foo-Bar, not Foo::Bar), the author's id is the namespace.

A distribution does not say who uploads it, and its installers read META.json before META.yml (CPAN::Meta::Spec).
"""

from __future__ import annotations

import re
from typing import Final

from attest import limits
from attest.errors import PackageError
from attest.formats import strict_yaml
from attest.oci import strict_json
from attest.packages.archives import Archive, Container, Member
from attest.packages.row import Ecosystem, Identity, Reader

_JSON: Final = "*/META.json"
_YAML: Final = "*/META.yml"
_BUILDERS: Final = ("*/Makefile.PL", "*/Build.PL")
_PATTERNS: Final = (_JSON, _YAML, *_BUILDERS)
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.+-]*")
_VERSION: Final = re.compile(r"v?[0-9][0-9A-Za-z_.]*(?:-TRIAL)?")
_TRIAL: Final = "-TRIAL"
"""What Dist::Zilla puts behind the version of a release for testers, in the directory and not in the metadata."""

_AUTHOR: Final = re.compile(r"[A-Z][A-Z0-9-]*")


def _author(text: str) -> str:
    if _AUTHOR.fullmatch(text) is None:
        raise ValueError(f"{text!r} is no author id, which is in upper case")
    return text


def _name(name: str) -> str:
    if "::" in name:
        raise ValueError(f"{name!r} is a module, not a distribution")
    return name


def _read(archive: Archive) -> Identity | None:
    found = archive.one(_JSON) or archive.one(_YAML)
    if found is None or not any(archive.one(builder) for builder in _BUILDERS):
        return None
    name, version = _json(found) if found.path[1] == "META.json" else _yaml(found)
    if _NAME.fullmatch(name) is None or _VERSION.fullmatch(version) is None:
        raise _refused(found, f"name or version is none: {name[:80]!r}, {version[:80]!r}")
    folder = found.path[0]
    if folder == f"{name}-{version}{_TRIAL}":
        version += _TRIAL
    if folder != f"{name}-{version}":
        raise PackageError(
            "a distribution that contradicts itself",
            where=found.name[:200],
            why=f"its directory should be {f'{name}-{version}'[:200]!r}",
        )
    return Identity(None, name, version)


def _json(member: Member) -> tuple[str, str]:
    document = strict_json.read_object(member.data, where=member.name, limit=limits.PACKAGE_METADATA)
    fields = strict_json.Fields(document, member.name)
    return fields.string("name"), fields.string("version")


def _yaml(member: Member) -> tuple[str, str]:
    """Every scalar is text here, as for CPAN::Meta::YAML."""
    document = strict_yaml.read(member.data, where=member.name, limit=limits.CPAN_META, by_program=True)
    values = document.values if isinstance(document, strict_yaml.Entries) else {}
    name, version = values.get("name"), values.get("version")
    if not isinstance(name, strict_yaml.Text) or not isinstance(version, strict_yaml.Text):
        raise _refused(member, "it has no name and version")
    return name.text, version.text


def _refused(member: Member, why: str) -> PackageError:
    return PackageError("not the metadata of a distribution", where=member.name[:200], why=why)


ROW: Final = Ecosystem(
    "cpan",
    one_artifact=True,
    namespace="the author's id",
    namespace_min=1,
    namespace_max=1,
    first_segment=_author,
    name=_name,
    readers=tuple(
        Reader("CPAN distribution", container, "NAME-VERSION/META.json or META.yml", _PATTERNS, _read)
        for container in (Container.TAR_GZ, Container.ZIP)
    ),
)
