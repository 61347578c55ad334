"""``require: no-downgrade``: published as the last admitted version of the same release line was.

What that version was like stands in `attest.lock`. What it did not have is not asked of this one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Self

from attest.evidence.identity import principal
from attest.evidence.model import Kind, Subject
from attest.evidence.verify import Verified
from attest.policy.codes import Code
from attest.policy.nouns import NOUNS
from attest.policy.publisher_lock import FILE, Admitted, PublisherLock, release_line
from attest.policy.rules import terms
from attest.policy.rules.rule import Claim, Fit, Refusal, Rule, Scene, Written
from attest.policy.shapes import Choice, Key, Several, Table
from attest.signing.proof import CertificateAuthor
from attest.statements.provenance import Provenance, read_provenance, repository


class Same(StrEnum):
    """What has to be the same."""

    SIGNER = "signer"
    BUILDER = "builder"
    SOURCE = "source"


@dataclass(frozen=True, slots=True, kw_only=True)
class NoDowngradeRule(Rule[Provenance | None]):
    """``last`` is what the lock says of the subject's release line, None before it is asked and where it says nothing.

    Provenance is looked at where that version had some, else signatures as well.
    """

    KEYS: ClassVar[Table] = {
        "match": terms.WANTED["match"],
        "absence": terms.WANTED["absence"],
        "same": Key(Several(Choice(Same)), "What has to be as it was; all if not written."),
    }
    kind: ClassVar[Kind] = Kind.PROVENANCE
    missing: ClassVar[Code] = Code.DOWNGRADE_MISSING
    short: ClassVar[Code] = Code.DOWNGRADE_MISSING
    holds: ClassVar[Code] = Code.DOWNGRADE_ABSENT
    malformed: ClassVar[Code] = Code.DOWNGRADE_MALFORMED

    lock: PublisherLock
    same: tuple[Same, ...] = tuple(Same)
    last: Admitted | None = None

    @classmethod
    def read(cls, written: Written) -> Self:
        """``same`` says what must be the same; without it all. Raises `PolicyError`."""
        fields, lock = written.fields, written.context.lock
        assert lock is not None  # it is read for every policy that has this rule
        same = fields.each("same", Same) if fields.has("same") else tuple(Same)
        return cls(**terms.wanted(written, forbids=True), lock=lock, same=same)

    def about(self, subject: Subject) -> Self:
        """With what the lock says of the subject's release line."""
        pinned = self.lock.find(subject)
        if pinned is None or subject.purl is None:
            return self
        return replace(self, last=pinned.lines.get(release_line(subject.purl.version)))

    def unanswerable(self, scene: Scene) -> Refusal | None:
        """Of an unknown release line, or one of which nothing is recorded that would have to be the same."""
        nobody = super(NoDowngradeRule, self).unanswerable(scene)
        if nobody is not None:
            return nobody
        subject = scene.subject
        if self.last is None:
            line = "" if subject.purl is None else f" of the release line {release_line(subject.purl.version)}"
            return Refusal(Code.DOWNGRADE_UNKNOWN, f"{FILE} has no version{line} to compare with")
        if not any(self.last.fields.get(what) for what in self.same):
            return Refusal(
                Code.DOWNGRADE_UNKNOWN, f"{FILE} records no {' and no '.join(self.same)} of {self.last.version}"
            )
        return None

    @property
    def noun(self) -> str:
        """Provenance, if that is what it looks at."""
        return NOUNS[Kind.PROVENANCE if self._of_build else Kind.SIGNATURE]

    @property
    def _of_build(self) -> bool:
        last = self.last
        return last is not None and any(
            last.fields.get(what) and what in self.same for what in (Same.BUILDER, Same.SOURCE)
        )

    def looks_at(self, item: Verified) -> bool:
        """Provenance; signatures where nothing is known of the build."""
        return item.kind is Kind.PROVENANCE or (item.kind is Kind.SIGNATURE and not self._of_build)

    def content(self, item: Verified) -> Provenance | None:
        """The facts of provenance."""
        if item.kind is Kind.SIGNATURE:
            return None
        return read_provenance(item.statement.predicate_type, item.statement.predicate)

    def made_at(self, content: Provenance | None) -> datetime | None:
        """When the build ended."""
        return None if content is None else content.time

    def judge(self, content: Provenance | None, claim: Claim) -> Fit | Refusal:
        """Each that is like the last admitted version in all that is recorded of that."""
        last, author = self.last, claim.item.proof.author
        assert last is not None  # else the rule cannot be answered
        if Same.SIGNER in self.same and principal(author) != last.signer:
            return _differs(Code.DOWNGRADE_SIGNER, "signed by", principal(author), last.signer, last)
        builder = None if content is None else content.builder
        if Same.BUILDER in self.same and last.builder is not None and builder != last.builder:
            return _differs(Code.DOWNGRADE_BUILDER, "built by", builder, last.builder, last)
        source = None if content is None else content.source
        if Same.SOURCE in self.same and last.source is not None:
            if source != last.source:
                return _differs(Code.DOWNGRADE_SOURCE, "built from", source, last.source, last)
            certified = author.claims.get("source_repository") if isinstance(author, CertificateAuthor) else None
            if certified is not None and repository(certified) != last.source:
                return _differs(Code.DOWNGRADE_SOURCE, "signed for", certified, last.source, last)
        return Fit(claim.signers, (f"as {last.version} was",))


def _differs(code: Code, told: str, found: str | None, wanted: str, last: Admitted) -> Refusal:
    return Refusal(code, f"{told} {(found or 'none that it names')[:200]}, not {wanted[:200]} as {last.version} was")
