"""Patterns over subjects, as a policy's `applies_to` and an identity's `for` write them (design.md §6).

Packages match by purl (`attest.packages.patterns`), images by HOST/REPO: ``registry.example/acme/*`` is every
repository right below ``acme``, with ``**`` every one below it. A pattern is exact unless a ``*`` is written; it
stands for one whole segment, and ``**``, only at the end, for one or more. The host is always written out.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from attest.errors import UsageError
from attest.evidence.model import Subject
from attest.oci.reference import DOCKER_HUB, Reference, hub
from attest.packages.patterns import PurlPattern

_ONE: Final = "*"
_ANY: Final = "**"
_STANDS_FOR_ANY: Final = "x"
_NO_VERSION: Final = "a pattern names no tag and no digest"
_FORMS: Final = "expected pkg:TYPE/NAME or HOST/REPO, such as pkg:npm/@acme/* or registry.example/acme/*"


def image_name(reference: Reference) -> str | None:
    """HOST/REPO by which all who mean one repository name it; None for what lies in no registry."""
    if not reference.host:
        return None
    host = hub(reference.host.lower())
    short = host == DOCKER_HUB and "/" not in reference.repository
    return f"{host}/{'library/' if short else ''}{reference.repository}"


@dataclass(frozen=True, slots=True)
class ImagePattern:
    """One pattern; ``segments`` are the host and those of the repository."""

    text: str
    segments: tuple[str, ...]

    @classmethod
    def parse(cls, text: str) -> ImagePattern:
        """Raises `UsageError` with what is wrong and how to write it."""
        host, *segments = text.split("/")
        for position, segment in enumerate(segments):
            if _ONE in segment and segment not in (_ONE, _ANY):
                raise _refused(text, f"{segment!r}: a '*' stands for a whole segment only")
            if segment == _ANY and position != len(segments) - 1:
                raise _refused(text, "'**' stands only at the end")
        if "@" in text:
            raise _refused(text, _NO_VERSION)
        exact = "/".join((host, *(_STANDS_FOR_ANY if _ONE in segment else segment for segment in segments)))
        if not Reference.has_host(exact):
            raise _refused(text, _FORMS)
        try:
            reference = Reference.parse(exact)
        except UsageError as error:
            raise _refused(text, error.why or error.what) from None
        if reference.tag is not None:
            raise _refused(text, _NO_VERSION)
        name = image_name(reference)
        assert name is not None  # it has a host
        host, *written = name.split("/")
        if segments == [_ANY]:
            written = [_ANY]  # not only Docker Hub's own
        return cls(text, (host, *written[: len(written) - len(segments)], *segments))

    def matches(self, image: str) -> bool:
        """Whether ``image``, as `image_name` gives it, is one of those meant."""
        have, want = tuple(image.split("/")), self.segments
        if want[-1] == _ANY:
            want = want[:-1]
            if len(have) <= len(want):
                return False
            have = have[: len(want)]
        return len(have) == len(want) and all(wanted in (_ONE, found) for wanted, found in zip(want, have, strict=True))

    def __str__(self) -> str:
        return self.text


SubjectPattern = PurlPattern | ImagePattern


def parse_pattern(text: str) -> SubjectPattern:
    """Raises `UsageError`."""
    if text.startswith("pkg:") or not Reference.has_host(text):
        return PurlPattern.parse(text)
    return ImagePattern.parse(text)


def matches_any(patterns: Iterable[SubjectPattern], subject: Subject) -> bool:
    """Whether one of the patterns means ``subject``; a directory's manifest, which has no name, none does."""
    return any(
        subject.purl is not None and pattern.matches(subject.purl)
        if isinstance(pattern, PurlPattern)
        else subject.image is not None and pattern.matches(subject.image)
        for pattern in patterns
    )


def _refused(text: str, why: str) -> UsageError:
    return UsageError(f"not an image pattern: {text!r}", why=why)
