"""Waivers: one rule that is not held against one artifact, for a reason, by somebody, until a day (design.md §6).

A waiver never makes a rule hold: the finding stays as it is and is shown with the waiver. It covers what the rule says
of this artifact, be it denied or in doubt, and nothing that no rule says, such as that the policy is for others.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from attest.errors import FormatError, PolicyError, UsageError
from attest.evidence.model import Subject
from attest.evidence.patterns import image_name
from attest.oci.digest import Digest
from attest.oci.reference import Reference
from attest.packages.digest import ArtifactDigest
from attest.packages.purl import Purl
from attest.policy.fields import Fields
from attest.policy.shapes import Day, Key, Line, Name, Table, fit

WAIVER: Final[Table] = {
    "rule": Key(Name(), "The id of a rule of this file.", required=True),
    "subject": Key(Line(("pkg:npm/semver@7.6.3",)), "A purl with version, or HOST/REPO of an image.", required=True),
    "digest": Key(Line(), "The artifact's digest, or that of the image's manifest.", required=True),
    "reason": Key(Line(), "Why it is waived; printed with every verdict.", required=True),
    "owner": Key(Line(), "Who answers for it.", required=True),
    "expires": Key(Day(), "The day on which it ends, at 00:00 UTC.", required=True),
}
_IMAGE: Final = "expected a purl with its version, or HOST/REPO of an image"


@dataclass(frozen=True, slots=True)
class Waiver:
    """``subject`` is a purl, or HOST/REPO of an image; ``digest`` the artifact's, or that of the image's manifest.

    It holds before ``expires``, the first moment of its day in UTC.
    """

    rule: str
    subject: str
    digest: str
    reason: str
    owner: str
    expires: datetime

    def covers(self, rule: str, subject: Subject) -> bool:
        """Whether it is about what ``rule`` says of ``subject``; one without a digest is none."""
        if self.rule != rule:
            return False
        if subject.purl is not None:
            return (self.subject, self.digest) == (str(subject.purl), str(subject.digest))
        return (self.subject, self.digest) == (subject.image, str(subject.manifest.digest))

    def holds(self, now: datetime) -> bool:
        """Whether it still has an effect."""
        return now < self.expires


@dataclass(frozen=True, slots=True)
class Waived:
    """A waiver that is about a finding, and whether it ``holds``; one that has expired is only shown."""

    waiver: Waiver
    holds: bool

    def __str__(self) -> str:
        waiver = self.waiver
        when = (
            f"waived until {waiver.expires:%Y-%m-%d}" if self.holds else f"waiver expired on {waiver.expires:%Y-%m-%d}"
        )
        return f"{when} by {waiver.owner}: {waiver.reason}"


def read(fields: Fields, rules: Collection[str]) -> tuple[Waiver, ...]:
    """The policy's `waivers`, each for one of its own ``rules``. Raises `PolicyError`."""
    if not fields.has("waivers"):
        return ()
    found: dict[tuple[str, str, str], Waiver] = {}
    for position, node in enumerate(fields.nodes("waivers"), 1):
        entry = Fields(node, f"waiver {position}")
        waiver = _waiver(entry, rules)
        key = waiver.rule, waiver.subject, waiver.digest
        if key in found:
            raise PolicyError(f"{entry.what}: the same as another one", where=entry.where)
        found[key] = waiver
    return tuple(found.values())


def find(waivers: Collection[Waiver], rule: str, subject: Subject, now: datetime) -> Waived | None:
    """The waiver of what ``rule`` says of ``subject``."""
    return next((Waived(item, item.holds(now)) for item in waivers if item.covers(rule, subject)), None)


def _waiver(fields: Fields, rules: Collection[str]) -> Waiver:
    fit(fields, WAIVER)
    rule = fields.string("rule")
    if rule not in rules:
        raise PolicyError(
            f"{fields.what}: no rule {rule!r:.80} in this file",
            where=fields.line_of("rule"),
            why=f"known: {', '.join(rules) or 'none'}; a rule is waived only where it stands",
        )
    subject = fields.parsed("subject", parse_subject)
    return Waiver(
        rule=rule,
        subject=subject,
        digest=fields.parsed("digest", digest_reader(subject)),
        reason=fields.string("reason"),
        owner=fields.string("owner"),
        expires=fields.midnight("expires"),
    )


def digest_reader(subject: str) -> Callable[[str], str]:
    """What reads the digest of ``subject``: an artifact's, or that of an image's manifest. Raises `UsageError`."""
    return _artifact if subject.startswith("pkg:") else _manifest


def parse_subject(text: str) -> str:
    """A purl in normal form, or HOST/REPO as all write it. Raises `UsageError`."""
    if "*" in text:
        raise UsageError(f"not a subject: {text[:80]!r}", why="it names one artifact and is no pattern")
    if text.startswith("pkg:"):
        return str(Purl.parse(text))
    if not Reference.has_host(text):
        raise UsageError(f"not a subject: {text[:80]!r}", why=_IMAGE)
    reference = Reference.parse(text)
    name = image_name(reference)
    if name is None or reference.tag is not None or reference.digest is not None:
        raise UsageError(f"not a subject: {text[:80]!r}", why=f"{_IMAGE}; 'digest' says which")
    return name


def _artifact(text: str) -> str:
    return str(ArtifactDigest.parse(text))


def _manifest(text: str) -> str:
    try:
        return str(Digest.parse(text))
    except FormatError as error:
        raise UsageError(error.what, why=error.why) from None
