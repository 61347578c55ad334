"""Other engines' patterns, as far as they can be said here without meaning more.

A regular expression that is not anchored, a `.` that is any character, a `*` that is any number of segments: each is
taken for the narrower thing that is written here, or is not taken at all.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from attest.errors import UsageError
from attest.evidence.patterns import ImagePattern
from attest.evidence.text_patterns import identity_pattern
from attest.oci.reference import Reference
from attest.policy.convert.model import Ledger, NotCarried, Options
from attest.policy.convert.source import Source

_EVERYTHING: Final = frozenset({"*", "**", "*/*", "**/*", "*:*"})
_TAG: Final = re.compile(r":(?P<tag>[^/:]*)\Z")
_SEGMENT: Final = re.compile(r"\[\^/\][+*]")
_LAST: Final = re.compile(r"\.[*+]")
_REPEATED: Final = re.compile(r".[*+?{]")
_ESCAPED: Final = re.compile(r"\\([./@:+~_-])")
_PLAIN: Final = re.compile(r"[A-Za-z0-9./@:_~%#=, -]")
_REFS: Final = ("refs/tags/", "refs/heads/")


def images(text: str, where: str) -> str | None:
    """A glob over images as a pattern of `applies_to`; None where it means every image. Raises `NotCarried`."""
    glob = text.strip()
    if glob in _EVERYTHING:
        return None
    if "@" in glob:
        raise NotCarried(where, f"images {text[:160]!r}: a digest cannot stand in a pattern")
    tag = _TAG.search(glob)
    if tag is not None and "/" in glob:
        if tag["tag"] != "*":
            raise NotCarried(where, f"images {text[:160]!r}: a tag cannot stand in a pattern")
        glob = glob[: tag.start()]
    host = glob.partition("/")[0]
    if host == glob:
        glob = f"docker.io/library/{glob}"
    elif not Reference.has_host(f"{host}/x"):
        glob = f"docker.io/{glob}"
    *segments, last = glob.split("/")
    if last == "*":
        last = "**"
    glob = "/".join((*segments, last))
    try:
        ImagePattern.parse(glob)
    except UsageError as error:
        raise NotCarried(where, f"images {text[:160]!r}: {error.why or error.what}") from None
    return glob


def applies_to(globs: Iterable[tuple[str, str]], options: Options, ledger: Ledger) -> tuple[str, ...]:
    """What a policy is for, from globs and their places; of several that cannot be said the others remain."""
    found: dict[str, None] = {}
    for glob, where in globs:
        try:
            meant = images(glob, where)
            if meant is None and not options.images:
                raise NotCarried(where, "every image: name those that you mean with --images")
            found |= dict.fromkeys(options.images if meant is None else (meant,))
        except NotCarried as error:
            ledger.left.append(error.left)
    return tuple(found)


def globs(entries: Iterable[Source], ledger: Ledger) -> Iterator[tuple[str, str]]:
    """Of entries that have a ``glob`` and nothing else."""
    for entry in entries:
        try:
            entry.only("glob")
        except NotCarried as error:
            ledger.left.append(error.left)
        else:
            yield entry.text("glob") or "", entry.where


def subject(*, exact: str | None, regex: str | None, wildcards: bool, where: str) -> str:
    """Whom a certificate names, as a pattern here. Raises `NotCarried`."""
    if exact:
        if "*" not in exact and "?" not in exact:
            return _checked(exact, exact, where)
        if not wildcards:
            raise NotCarried(where, f"subject {exact[:160]!r}: a '*' in it would be a pattern here")
        if "?" in exact:
            raise NotCarried(where, f"subject {exact[:160]!r}: a '?' is any character")
        return _checked(_from_wildcards(exact, where), exact, where)
    if regex:
        return _checked(_from_regex(regex, where), regex, where)
    raise NotCarried(where, "any subject would be accepted")


def issuer(*, exact: str | None, regex: str | None, where: str) -> str:
    """The one issuer. Raises `NotCarried`."""
    text = exact or (_from_regex(regex, where) if regex else None)
    if not text:
        raise NotCarried(where, "any issuer would be accepted")
    if "*" in text or "?" in text:
        raise NotCarried(where, f"issuer {text[:160]!r}: an issuer is exact here")
    return text


def _from_wildcards(text: str, where: str) -> str:
    """`*` stands for anything, also for several segments; it is taken where one segment is what follows."""
    before = text.removesuffix("*")
    if "*" in before or not before.endswith(_REFS):
        raise NotCarried(where, f"subject {text[:160]!r}: write '*' for whole segments, as in …@refs/tags/*")
    return text


def _from_regex(regex: str, where: str) -> str:
    rest = regex.removeprefix("^")
    if rest.endswith("$") and not rest.endswith("\\$"):
        rest = rest[:-1]
    found = ""
    while rest:
        if match := _ESCAPED.match(rest):
            found += match[1]
        elif match := _SEGMENT.match(rest) or (_LAST.fullmatch(rest) if found.endswith(_REFS) else None):
            found += "*"
        elif (match := _PLAIN.match(rest)) and not _REPEATED.match(rest):
            found += match[0]
        else:
            raise NotCarried(where, f"regular expression {regex[:160]!r}: at {rest[:20]!r} it is no pattern here")
        rest = rest[match.end() :]
    return found


def _checked(pattern: str, written: str, where: str) -> str:
    try:
        identity_pattern(pattern)
    except UsageError as error:
        raise NotCarried(where, f"subject {written[:160]!r}: {error.why or error.what}") from None
    return pattern
