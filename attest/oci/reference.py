"""References: which manifest in which repository (distribution-spec "Pulling manifests", distribution/reference)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from attest.errors import FormatError, UsageError
from attest.oci.digest import Digest

_COMPONENT: Final = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_REPOSITORY: Final = re.compile(rf"{_COMPONENT}(?:/{_COMPONENT})*")
_TAG: Final = re.compile(r"[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}")
_LABEL: Final = r"(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])"
_HOST: Final = re.compile(rf"(?:{_LABEL}(?:\.{_LABEL})*|\[[0-9a-fA-F:]+\])(?::[0-9]{{1,5}})?")
DOCKER_HUB: Final = "docker.io"
_HUB_NAMES: Final = (DOCKER_HUB, "index.docker.io", "registry-1.docker.io")
NAME_MAX: Final = 255
"""Longest host and repository together, in characters: the cap of most clients."""


def hub(host: str) -> str:
    """One name for Docker Hub's three."""
    return DOCKER_HUB if host in _HUB_NAMES else host


def is_repository(text: str) -> bool:
    """Whether ``text`` fits the distribution-spec's <name>."""
    return len(text) <= NAME_MAX and _REPOSITORY.fullmatch(text) is not None


def is_tag(text: str) -> bool:
    """Whether ``text`` fits the distribution-spec's <reference> as a tag."""
    return _TAG.fullmatch(text) is not None


@dataclass(frozen=True, slots=True)
class Reference:
    """A repository of some store and, at most, a tag and a digest within it; the digest decides.

    ``repository`` is ``""`` for a store that is one repository (a single layout, an archive). ``host`` is ``""`` for
    what lies on disk or in memory.
    """

    repository: str
    tag: str | None = None
    digest: Digest | None = None
    host: str = ""

    @classmethod
    def parse(cls, text: str) -> Reference:
        """Read ``HOST/REPO[:TAG][@DIGEST]``; HOST has a ``.``, a ``:`` or is ``localhost`` (design.md §5).

        Raises `UsageError`.
        """
        name, at, digest_text = text.partition("@")
        host, slash, rest = name.partition("/")
        if not slash or not (_is_host(host)):
            raise UsageError(
                f"not a reference: {text!r}", why="expected HOST/REPO[:TAG][@DIGEST], HOST with a '.' or ':'"
            )
        repository, colon, tag = rest.partition(":")
        if not is_repository(repository) or len(host) + 1 + len(repository) > NAME_MAX:
            raise UsageError(f"not a repository name: {repository!r}", where=text, why="see distribution-spec <name>")
        if colon and not is_tag(tag):
            raise UsageError(f"not a tag: {tag!r}", where=text, why="see distribution-spec <reference>")
        try:
            digest = Digest.parse(digest_text) if at else None
        except FormatError as error:
            raise UsageError(error.what, where=text, why=error.why) from None
        return cls(repository, tag if colon else None, digest, host)

    @staticmethod
    def has_host(text: str) -> bool:
        """Whether ``text`` begins as a reference does: with a HOST and a ``/``."""
        host, slash, _ = text.partition("/")
        return bool(slash) and _is_host(host)

    def __str__(self) -> str:
        text = f"{self.host}/{self.repository}" if self.host else self.repository
        if self.tag is not None:
            text += f":{self.tag}"
        if self.digest is not None:
            text += f"@{self.digest}"
        return text


def _is_host(text: str) -> bool:
    return _HOST.fullmatch(text) is not None and ("." in text or ":" in text or text == "localhost")
