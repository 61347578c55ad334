"""STORE as the user writes it (design.md §5), and the store behind it."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from attest.errors import UsageError
from attest.oci.reference import Reference
from attest.stores.protocol import Store

PACKAGE: Final = "{package}"
_FORMS: Final = "write oci:DIR[/{package}], oci-archive:FILE, HOST[:PORT]/PATH[/{package}], npm: or pypi:"
_PASSWORD: Final = re.compile(r"(?:(?<=^)|(?<=//))[^/@]*@")
"""What stands before a host, in an address or as one writes it for other programs."""


class Scheme(StrEnum):
    """What kind of store it is."""

    DIRECTORY = "oci"
    ARCHIVE = "oci-archive"
    REGISTRY = "registry"
    NPM = "npm"
    PYPI = "pypi"


SERVICES: Final = (Scheme.NPM, Scheme.PYPI)
"""Ecosystems' own services: read-only, and opened by `attest.evidence.services`, which knows their formats."""


@dataclass(frozen=True, slots=True)
class Location:
    """A parsed STORE: ``root`` is the directory, the file, or the registry's host; ``template`` the repository in it,
    in which ``{package}`` may be the last component."""

    text: str
    scheme: Scheme
    root: str
    template: str

    @classmethod
    def parse(cls, text: str) -> Location:
        """Raises `UsageError`."""
        head, colon, rest = text.partition(":")
        if colon and head in SERVICES:
            if rest:
                raise UsageError(
                    "a service has no path",
                    where=text,
                    why=f"its address is that in the configuration of {'npm' if head == Scheme.NPM else 'pip'}",
                    next_step=f"write {head}:",
                )
            return cls(text, Scheme(head), "", PACKAGE)
        if colon and head == Scheme.DIRECTORY:
            root, template = _split(rest, text)
            return cls(text, Scheme.DIRECTORY, _named(root, text), template)
        if colon and head == Scheme.ARCHIVE:
            if PACKAGE in rest:
                raise UsageError("an archive holds one repository", where=text, next_step=f"leave {PACKAGE} out")
            return cls(text, Scheme.ARCHIVE, _named(rest, text), "")
        return cls._registry(text)

    @classmethod
    def of(cls, reference: Reference) -> Location:
        """The registry that ``reference`` names, also one whose host is called as a scheme is."""
        return cls(f"{reference.host}/{reference.repository}", Scheme.REGISTRY, reference.host, reference.repository)

    @classmethod
    def _registry(cls, text: str) -> Location:
        path, template = _split(text, text)
        try:
            reference = Reference.parse("/".join(filter(None, (path, template.replace(PACKAGE, "x")))))
        except UsageError as error:
            shown = _PASSWORD.sub("…@", text)
            raise UsageError(f"not a store: {shown!r}", why=error.why, next_step=_FORMS) from None
        if reference.tag is not None or reference.digest is not None:
            raise UsageError("a tag or digest in a store", where=text, next_step=_FORMS)
        _, _, prefix = path.partition("/")
        return cls(text, Scheme.REGISTRY, reference.host, "/".join(filter(None, (prefix, template))))

    @property
    def per_package(self) -> bool:
        """Whether each package has a repository of its own."""
        return self.template.endswith(PACKAGE)

    def repository(self, package_repository: str) -> str:
        """Where a package lies whose own repository is ``package_repository`` (such as ``npm/semver``)."""
        return self.template.replace(PACKAGE, package_repository)


def open_store(location: Location, *, create: bool) -> Store:
    """The store; the caller closes it. ``create``: a directory or file that is missing is an empty store.

    Raises `UsageError`, also for one of `SERVICES`, which not every command reads from. Nothing is read or made before
    it is asked for.
    """
    if location.scheme is Scheme.DIRECTORY:
        from attest.stores.directory import DirectoryStore

        return DirectoryStore(Path(location.root), location.text, create=create)
    if location.scheme is Scheme.ARCHIVE:
        from attest.stores.archive import ArchiveStore

        return ArchiveStore(Path(location.root), location.text, create=create)
    if location.scheme in SERVICES:
        raise UsageError(
            "this command does not read from a service",
            where=location.text,
            next_step=f"attest import {location.text} --subject SUBJECT",
        )
    from attest.stores.registry import RegistryOptions, RegistryStore

    return RegistryStore(location.root, name=location.text, options=RegistryOptions.from_environment(os.environ))


def _split(text: str, where: str) -> tuple[str, str]:
    """What stands before ``/{package}``, and ``{package}`` or nothing."""
    before, found, after = text.partition(PACKAGE)
    if not found:
        return text, ""
    if after or not before.endswith("/"):
        raise UsageError(f"{PACKAGE} is not the last component", where=where, next_step=_FORMS)
    return before.rstrip("/") or before, PACKAGE


def _named(path: str, where: str) -> str:
    if not path:
        raise UsageError("no directory or file named", where=where, next_step=_FORMS)
    return path
