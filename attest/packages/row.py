"""What one ecosystem says about its packages: the row of design.md §4's table, as code."""

from __future__ import annotations

import string
from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO, Final

from attest.errors import UsageError
from attest.packages.archives import Archive, Container
from attest.packages.digest import SHA256, ArtifactDigest

MANY: Final = 2**31
"""As ``namespace_max``: as many segments as one likes."""


@dataclass(frozen=True, slots=True)
class Identity:
    """What a file says about itself, not normalised.

    A part that is None stands nowhere in such a file, as the vendor of a Debian package: the purl that the user gives
    says it. ``platform`` is what the file is for as the ecosystem writes it, such as a wheel's tag; None where that
    makes no difference or is not said.
    """

    namespace: tuple[str, ...] | None
    name: str | None
    version: str | None
    platform: str | None = None


@dataclass(frozen=True, slots=True)
class Reader:
    """One kind of package file.

    ``looks_for`` names the metadata for people. ``members`` are the patterns of the archive members that ``read`` needs
    (see `attest.packages.archives`). ``read`` answers None where this is another kind of file, and raises
    `PackageError` where it is of this kind and contradicts itself.
    """

    kind: str
    container: Container
    looks_for: str
    members: tuple[str, ...]
    read: Callable[[Archive], Identity | None]


def exact(text: str) -> str:
    """The normalisation of most rows."""
    return text


def joined(namespace: tuple[str, ...], name: str) -> str:
    """What most registries call a package: the parts with slashes between."""
    return "/".join((*namespace, name))


def alone(_namespace: tuple[str, ...], name: str) -> str:
    """What a package is called where a registry has one namespace only, as a vendor's mirror has."""
    return name


_LOWER: Final = {ord(char): char.lower() for char in string.ascii_uppercase}


def ascii_lower(text: str) -> str:
    """Lower case of A-Z only, so that no anchor depends on the version of a Unicode table."""
    return text.lower() if text.isascii() else text.translate(_LOWER)


@dataclass(frozen=True, slots=True)
class Ecosystem:
    """One row.

    ``algorithms`` are those an artifact may be named by, the one computed from a file first; ``digest`` computes it,
    in hex, from a file and its size, raising `PackageError`; None: it is the hash of the whole file. ``one_artifact``:
    a version has one artifact only, so its tag names the anchor. ``namespace`` says in words what the namespace is;
    ``first_segment`` normalises its first segment, as ``name`` and ``version`` do theirs: each raises `ValueError` with
    the reason for what the ecosystem cannot hold. ``file_name`` answers name and version where the ecosystem's grammar
    of file names makes both certain, else None; ``name_platform`` what a file of such a name is for, where no file says
    so itself. ``registry_name`` is what the registry itself calls the package, of
    namespace and name as they are written there.
    """

    type: str
    algorithms: tuple[str, ...] = (SHA256,)
    digest: Callable[[BinaryIO, int], str] | None = None
    one_artifact: bool = False
    namespace: str = "the namespace"
    namespace_min: int = 0
    namespace_max: int = 0
    namespace_default: tuple[str, ...] = ()
    first_segment: Callable[[str], str] = exact
    name: Callable[[str], str] = exact
    version: Callable[[str], str] = exact
    file_name: Callable[[str], tuple[str, str] | None] | None = None
    name_platform: Callable[[str], str | None] | None = None
    registry_name: Callable[[tuple[str, ...], str], str] = joined
    readers: tuple[Reader, ...] = ()

    def normalise(self, namespace: tuple[str, ...], name: str, version: str) -> tuple[tuple[str, ...], str, str]:
        """The three parts as this ecosystem writes them. Raises `ValueError` with the reason."""
        namespace = namespace or self.namespace_default
        self.check_namespace(namespace)
        return self.normalise_segments(namespace), self.name(name), self.version(version)

    def check_namespace(self, namespace: tuple[str, ...]) -> None:
        """Raise `ValueError` unless there are as many segments as there must be."""
        if not namespace and self.namespace_min:
            raise ValueError(f"{self.type} needs {self.namespace} as namespace")
        if namespace and not self.namespace_max:
            raise ValueError(f"{self.type} has no namespaces")
        if not self.namespace_min <= len(namespace) <= self.namespace_max:
            raise ValueError(f"the namespace is {self.namespace}, not {'/'.join(namespace)!r}")

    def normalise_segments(self, segments: tuple[str, ...]) -> tuple[str, ...]:
        """The first segments of a namespace, perhaps all. Raises `ValueError`."""
        return (self.first_segment(segments[0]), *segments[1:]) if segments else ()

    def check_digest(self, digest: ArtifactDigest) -> None:
        """Raise `UsageError` unless this ecosystem names its artifacts by this algorithm."""
        if digest.algorithm not in self.algorithms:
            wanted = " or ".join(self.algorithms)
            raise UsageError(
                f"not a {self.type} digest: {str(digest)[:160]}",
                why=f"{self.type} artifacts are named by {wanted}",
                next_step=f"give --digest {self.algorithms[0]}:HEX",
            )
