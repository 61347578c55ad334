"""Patterns over package names, as a policy's `applies_to` and an identity's `for` write them (design.md §6).

``pkg:npm/@acme/*`` is every package in a scope, ``pkg:pypi/**`` every one of a type. A pattern is exact unless a ``*``
is written; ``*`` stands for one whole segment and ``**``, only at the end, for any number. So ``acme/app*`` is refused:
it would also match ``acme/app-evil``. The version is ignored unless one is written.
"""

from __future__ import annotations

from dataclasses import dataclass

from attest.errors import UsageError
from attest.packages.purl import Purl, decode
from attest.packages.row import ascii_lower
from attest.packages.table import ecosystem

_ONE = "*"
_ANY = "**"


@dataclass(frozen=True, slots=True)
class PurlPattern:
    """One pattern; ``segments`` are namespace and name, normalised like a purl's where they are exact."""

    text: str
    type: str
    segments: tuple[str, ...]
    version: str | None

    @classmethod
    def parse(cls, text: str) -> PurlPattern:
        """Raises `UsageError` with what is wrong and how to write it."""
        scheme, colon, rest = text.partition(":")
        kind, slash, path = rest.partition("/")
        if scheme != "pkg" or not colon or not slash or not path:
            raise _refused(text, "expected pkg:TYPE/NAME, such as pkg:npm/@acme/*")
        if _ONE in kind:
            raise _refused(text, "the type must be written out")
        at = path.rfind("@")
        has_version = at > 0 and path[at - 1] != "/"
        version = path[at + 1 :] if has_version else None
        segments = (path[:at] if has_version else path).split("/")
        for position, segment in enumerate(segments):
            last = position == len(segments) - 1
            if _ONE in segment and segment not in (_ONE, _ANY):
                raise _refused(text, f"{segment!r}: a '*' stands for a whole segment only")
            if segment == _ANY and not last:
                raise _refused(text, "'**' stands only at the end")
            if not segment:
                raise _refused(text, "an empty segment")
        if version is not None and _ONE in version and version != _ONE:
            raise _refused(text, f"version {version!r}: a '*' stands for the whole version only")
        if segments[-1] == _ANY and version is not None:
            raise _refused(text, "'**' takes no version")
        return cls(text, ascii_lower(kind), *_normalised(kind, segments, version, text))

    def matches(self, purl: Purl) -> bool:
        """Whether ``purl`` (normalised, as every `Purl` is) is one of those meant."""
        if purl.type != self.type or (self.version is not None and self.version not in (_ONE, purl.version)):
            return False
        segments = (*purl.namespace, purl.name)
        wanted = self.segments
        if wanted[-1] == _ANY:
            wanted = wanted[:-1]
            if len(segments) <= len(wanted):
                return False
            segments = segments[: len(wanted)]
        return len(wanted) == len(segments) and all(
            want in (_ONE, have) for want, have in zip(wanted, segments, strict=True)
        )

    def __str__(self) -> str:
        return self.text


def _normalised(kind: str, segments: list[str], version: str | None, text: str) -> tuple[tuple[str, ...], str | None]:
    """Exact parts as the ecosystem writes them: decoded and normalised by the very code that reads purls."""
    *parts, name = (segment if segment in (_ONE, _ANY) else _exact(segment, text) for segment in segments)
    namespace = tuple(parts)
    row = ecosystem(ascii_lower(kind))
    try:
        if name not in (_ONE, _ANY):
            name = row.name(name)
        if name != _ANY:
            namespace = namespace or row.namespace_default
            row.check_namespace(namespace)
        if namespace and namespace[0] != _ONE:
            namespace = row.normalise_segments(namespace)
        if version == "":
            raise ValueError("an empty version")
        if version is not None and version != _ONE:
            version = row.version(_exact(version, text))
    except ValueError as error:
        raise _refused(text, str(error)) from None
    return (*namespace, name), version


def _exact(part: str, text: str) -> str:
    """A part that is written out, decoded. A '*' in it would be taken for a wildcard later; no package has one."""
    decoded = decode(part, text)
    if _ONE in decoded:
        raise _refused(text, f"{part!r}: a '*' stands for a whole segment only, and no name has one")
    return decoded


def _refused(text: str, why: str) -> UsageError:
    return UsageError(f"not a package pattern: {text!r}", why=why)
