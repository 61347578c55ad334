"""Package URLs as `attest` writes them: type, namespace, name and version, nothing else (design.md §4).

Text is never brought to a Unicode normal form: two spellings are two packages, as for most registries, and an anchor
must not depend on the version of a Unicode table (docs/decisions/0003).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from attest import limits
from attest.errors import UsageError
from attest.packages.row import ascii_lower
from attest.packages.table import ecosystem

_TYPE: Final = re.compile(r"[a-z][a-z0-9.+-]*")
_PLAIN: Final = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-_~:")
_NEEDS_NONE: Final = re.compile(r"[A-Za-z0-9.\-_~:]*")
_CONTROL: Final = re.compile("[\x00-\x1f\x7f-\x9f]")
_ESCAPE: Final = re.compile(rb"%([0-9A-Fa-f]{2})?")
_LONGEST: Final = 16
"""More characters than one of a name, and what stands beside it, are written as: four bytes, each as %XX."""
_SHAPE: Final = "write pkg:TYPE/NAMESPACE/NAME@VERSION, such as pkg:npm/semver@7.6.3"


@dataclass(frozen=True, slots=True, order=True)
class Purl:
    """A package version, normalised by its ecosystem's row if built by `parse` or `of`. ``str()`` is canonical."""

    type: str
    namespace: tuple[str, ...]
    name: str
    version: str

    @classmethod
    def parse(cls, text: str) -> Purl:
        """Read a purl as people and lockfiles write it, and normalise it.

        Raises `UsageError` for anything but type, namespace, name and version, all but the namespace present.
        """
        if _CONTROL.search(text) or " " in text:
            raise _refused(text, "it holds a space or a control character", "write a space as %20")
        scheme, colon, rest = text.partition(":")
        if not colon or ascii_lower(scheme) != "pkg":
            raise _refused(text, "it does not begin with pkg:", _SHAPE)
        if "?" in rest or "#" in rest:
            raise _refused(
                text,
                "qualifiers and subpaths do not belong to a package version",
                "drop everything from the '?' or '#' on; the digest says which file is meant",
            )
        kind, _, path = rest.lstrip("/").partition("/")  # purl-spec: slashes after the scheme mean nothing
        *namespace, last = path.split("/")
        name, at, version = last.rpartition("@")
        if not at or not name:
            raise _refused(text, "it has no version", _SHAPE)
        return cls._of(
            kind,
            tuple(decode(segment, text) for segment in namespace),
            decode(name, text),
            decode(version, text),
            text,
        )

    @classmethod
    def of(cls, type: str, namespace: tuple[str, ...], name: str, version: str) -> Purl:
        """The package version with these parts, none of them encoded, normalised. Raises `UsageError`."""
        return cls._of(type, namespace, name, version, f"pkg:{'/'.join((type, *namespace, name))}@{version}")

    @classmethod
    def _of(cls, type: str, namespace: tuple[str, ...], name: str, version: str, text: str) -> Purl:
        if len(text) > limits.PURL:
            raise _refused(text, f"{len(text)} characters, more than {limits.PURL}", "name one package version")
        kind = ascii_lower(type)
        if _TYPE.fullmatch(kind) is None:
            raise _refused(text, f"{type[:40]!r} is no type", _SHAPE)
        for segment in (*namespace, name):
            if segment in ("", ".", ".."):
                raise _refused(text, f"{segment!r} is no segment of a name", _SHAPE)
            if "/" in segment:
                raise _refused(text, "a segment holds an encoded '/'", "write the '/' itself")
        if not version:
            raise _refused(text, "it has no version", _SHAPE)
        for part in (*namespace, name, version):
            _check_text(part, text)
        try:
            purl = cls(kind, *ecosystem(kind).normalise(namespace, name, version))
        except ValueError as error:
            raise _refused(text, str(error), "write the name as the ecosystem itself does") from None
        longest = sum(map(len, (purl.type, *purl.namespace, purl.name, purl.version))) * _LONGEST
        if longest > limits.PURL and len(str(purl)) > limits.PURL:
            raise _refused(text, f"written out more than {limits.PURL} characters", "name one package version")
        return purl

    @property
    def package(self) -> str:
        """The purl without its version: what all versions of the package share."""
        return "/".join((f"pkg:{self.type}", *map(_encode, self.namespace), _encode(self.name)))

    @property
    def registry_name(self) -> str:
        """What the registry calls the package; where names are normalised, perhaps in other letter case."""
        return ecosystem(self.type).registry_name(self.namespace, self.name)

    def __str__(self) -> str:
        return f"{self.package}@{_encode(self.version)}"


@lru_cache(limits.COMPONENTS)  # many SBOMs list the same
def package_named(text: str) -> Purl | None:
    """The package version that a purl of others names, whatever its qualifiers and subpath say; None if it is none."""
    try:
        return Purl.parse(text.partition("#")[0].partition("?")[0])
    except UsageError:
        return None


def _encode(text: str) -> str:
    if _NEEDS_NONE.fullmatch(text):
        return text
    return "".join(chr(byte) if byte in _PLAIN else f"%{byte:02X}" for byte in text.encode("utf-8"))


def decode(segment: str, text: str) -> str:
    """One percent-encoded segment of the purl or pattern ``text``. Raises `UsageError`."""
    if segment.isascii() and "%" not in segment:
        return segment
    try:
        return _ESCAPE.sub(_byte, segment.encode("utf-8")).decode("utf-8")
    except UnicodeError:
        raise _refused(text, "not UTF-8", "write names in UTF-8, each byte as %XX") from None
    except ValueError as error:
        raise _refused(text, str(error), "write a '%' as %25") from None


def _byte(match: re.Match[bytes]) -> bytes:
    if match[1] is None:
        raise ValueError("a '%' without two hex digits")
    return bytes.fromhex(match[1].decode("ascii"))


def _check_text(part: str, text: str) -> None:
    if part.isascii() and part.isprintable():
        return
    if _CONTROL.search(part):
        raise _refused(text, "it holds a control character", "no package name has one")
    try:
        part.encode("utf-8")
    except UnicodeEncodeError:
        raise _refused(text, "it holds half of a surrogate pair", "write names in UTF-8") from None


def _refused(text: str, why: str, next_step: str) -> UsageError:
    return UsageError(f"not a usable purl: {text[:200]!r}", why=why, next_step=next_step)
