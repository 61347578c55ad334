"""`requirements.txt` with hashes (pip documentation, "Requirements File Format", "Secure installs").

Lines are joined, and comments removed, as pip does it; each requirement is read by `packaging`. A file that another one
names is not followed: it is a lockfile of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from attest import limits
from attest.errors import LockError
from attest.packages.lockfiles import lock
from attest.packages.lockfiles.documents import hashes, purl
from attest.packages.lockfiles.lock import Entry, Kind

if TYPE_CHECKING:
    from packaging.requirements import Requirement

_COMMENT: Final = re.compile(r"(?:^|\s)#.*$")
_COMMENT_ALONE: Final = re.compile(r"\s*#")
_FILES: Final = ("-r", "--requirement")
_EDITABLE: Final = ("-e", "--editable")
_SETTINGS: Final = (
    *("-i", "--index-url", "--extra-index-url", "--no-index", "-f", "--find-links", "--trusted-host"),
    *("-c", "--constraint"),  # they narrow what a requirement allows: one that is pinned here means one version anyway
    *("--no-binary", "--only-binary", "--prefer-binary", "--require-hashes", "--pre", "--use-feature"),
)
_HASH: Final = "--hash"


def _read(data: bytes) -> Iterator[Entry]:
    for number, line in _joined(data):
        place = f"line {number}"
        words = line.split()
        if words[0].startswith("-"):
            yield from _option(words[0].partition("=")[0], line, place)
        else:
            yield _entry(words, place)


def _joined(data: bytes) -> Iterator[tuple[int, str]]:
    """Logical lines, none empty, each with the number of its first physical one."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise LockError("not UTF-8", where="lockfile", why=f"byte {error.start}") from None
    start = 0
    parts: list[str] = []
    lines = text.splitlines()
    for number, line in enumerate(lines, 1):
        start = start if parts else number
        alone = _COMMENT_ALONE.match(line) is not None  # a comment ends what a backslash continued
        continued = line.endswith("\\") and not alone
        parts.append(line.strip("\\") if continued else f" {line}" if alone else line)
        if continued and number < len(lines):
            continue
        joined, parts = _COMMENT.sub("", "".join(parts)).strip(), []
        if joined:
            yield start, joined


def _option(name: str, line: str, place: str) -> Iterator[Entry]:
    if name in _EDITABLE:
        yield Entry(line, place, None, gap="an editable install of a local directory or a repository")
    elif name in _FILES:
        raise LockError(
            "names another file", where=place, why=line[:160], next_step="compile both into one file with all pins"
        )
    elif name not in _SETTINGS:
        raise LockError("not an option of a requirements file", where=place, why=name[:80])


def _entry(words: list[str], place: str) -> Entry:
    from packaging.requirements import InvalidRequirement, Requirement

    end = next((position for position, word in enumerate(words) if word.startswith("-")), len(words))
    text = " ".join(words[:end])
    try:
        requirement = Requirement(text)
    except InvalidRequirement as error:
        if "/" in text or text.endswith((".whl", ".tar.gz", ".zip")):
            return Entry(text, place, None, gap="an archive or a directory, not a package of a registry")
        raise LockError("not a requirement", where=place, why=str(error).splitlines()[0]) from None
    condition = None if requirement.marker is None else str(requirement.marker)
    version = _pinned(requirement)
    if version is None:
        gap = "no pinned version" if requirement.url is None else "an archive from an address"
        return Entry(requirement.name, place, None, gap=gap, condition=condition)
    digests = [hashes([item], where=place) for item in _hashes(words[end:], place)]
    return lock.entry(requirement.name, place, purl("pypi", requirement.name, version, where=place), digests, condition)


def _pinned(requirement: Requirement) -> str | None:
    clauses = list(requirement.specifier)
    if len(clauses) != 1 or clauses[0].operator not in ("==", "===") or clauses[0].version.endswith(".*"):
        return None
    return clauses[0].version


def _hashes(options: list[str], place: str) -> Iterator[str]:
    """The values of ``--hash=ALGORITHM:HEX`` and ``--hash ALGORITHM:HEX``; other options do not name files."""
    waiting = False
    for word in options:
        name, equals, value = word.partition("=")
        if waiting:
            yield word
            waiting = False
        elif name == _HASH and equals:
            yield value
        elif name == _HASH:
            waiting = True
        elif not name.startswith("--"):
            raise LockError("not an option of a requirement", where=place, why=word[:80])
    if waiting:
        raise LockError("--hash without a value", where=place)


KIND: Final = Kind(
    "requirements.txt", ("requirements*.txt", "*-requirements.txt", "*.requirements.txt"), limits.LOCKFILE, _read
)
