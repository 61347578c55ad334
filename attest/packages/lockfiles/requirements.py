"""`requirements.txt` with hashes (pip documentation, "Requirements File Format", "Secure installs").

Lines are joined, and comments removed, as pip does it; each requirement is read by `packaging`. A file that
names another one is refused, as the other one is not followed.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from attest import limits
from attest.errors import LockError
from attest.packages.lockfiles import lock
from attest.packages.lockfiles.documents import hashes, purl
from attest.packages.lockfiles.lock import Entry, Kind
from attest.packages.specifiers import objection

if TYPE_CHECKING:
    from packaging.requirements import Requirement

_COMMENT: Final = re.compile(r"(?:^|\s)#.*$")
_CODING: Final = re.compile(rb"coding[:=]\s*([-\w.]+)")
_UTF_8: Final = (b"utf-8", b"utf8")
_COMMENT_ALONE: Final = re.compile(r"\s*#")
_FILES: Final = ("-r", "--requirement")
_EDITABLE: Final = ("-e", "--editable")
_SETTINGS: Final = (
    *("-i", "--index-url", "--extra-index-url", "--no-index", "-f", "--find-links", "--trusted-host"),
    *("-c", "--constraint"),  # they narrow what a requirement allows: one that is pinned here means one version anyway
    *("--no-binary", "--only-binary", "--prefer-binary", "--require-hashes", "--pre", "--use-feature"),
)
_HASH: Final = "--hash"
_OF_REQUIREMENTS: Final = (_HASH, "--global-option", "-C", "--config-setting", "--config-settings")


def _read(data: bytes) -> Iterator[Entry]:
    for number, line in _joined(data):
        place = f"line {number}"
        words = line.split()
        end = next((position for position, word in enumerate(words) if word.startswith("-")), len(words))
        options = _split(words[end:], place)
        if end == 0:
            yield from _options(options, line, place)
        else:
            yield _entry(" ".join(words[:end]), options, place)


def _split(words: list[str], place: str) -> list[str]:
    """Options as pip takes them: as a shell would."""
    try:
        return shlex.split(" ".join(words))
    except ValueError as error:
        raise LockError("not an option of a requirements file", where=place, why=str(error)) from None


def _joined(data: bytes) -> Iterator[tuple[int, str]]:
    """Logical lines, none empty, each with the number of its first physical one."""
    for head in data.split(b"\n")[:2]:  # pip decodes the file as it says (PEP 263)
        coding = _CODING.search(head) if head.startswith(b"#") else None
        if coding is not None and coding[1].lower() not in _UTF_8:
            raise LockError("not UTF-8", where="lockfile", why=f"it says {coding[0].decode(errors='replace')}")
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


def _options(options: list[str], line: str, place: str) -> Iterator[Entry]:
    """A line may have several."""
    for word in options:
        name = word.partition("=")[0]
        if name in _EDITABLE:
            yield Entry(line, place, None, gap="an editable install of a local directory or a repository")
        elif name in _FILES:
            raise LockError(
                "names another file", where=place, why=line[:160], next_step="compile both into one file with all pins"
            )
        elif name.startswith("-") and name not in _SETTINGS:
            raise LockError("not an option of a requirements file", where=place, why=name[:80])


def _entry(text: str, options: list[str], place: str) -> Entry:
    from packaging.requirements import InvalidRequirement, Requirement

    why = objection(text)
    if why is not None:
        raise LockError("not a requirement", where=place, why=why)
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
    digests = [hashes([item], where=place) for item in _hashes(options, place)]
    return lock.entry(requirement.name, place, purl("pypi", requirement.name, version, where=place), digests, condition)


def _pinned(requirement: Requirement) -> str | None:
    clauses = list(requirement.specifier)
    if len(clauses) != 1 or clauses[0].operator not in ("==", "===") or clauses[0].version.endswith(".*"):
        return None
    return clauses[0].version


def _hashes(options: list[str], place: str) -> Iterator[str]:
    """The values of ``--hash=ALGORITHM:HEX`` and ``--hash ALGORITHM:HEX``; the others that there are name no files.

    Names are written in full: pip also takes ``--has`` for ``--hash``.
    """
    left = iter(options)
    for word in left:
        name, equals, value = word.partition("=")
        if name not in _OF_REQUIREMENTS:
            raise LockError("not an option of a requirement", where=place, why=word[:80])
        found = value if equals else next(left, None)
        if found is None:
            raise LockError(f"{name} without a value", where=place)
        if name == _HASH:
            yield found


KIND: Final = Kind(
    "requirements.txt", ("requirements*.txt", "*-requirements.txt", "*.requirements.txt"), limits.LOCKFILE, _read
)
