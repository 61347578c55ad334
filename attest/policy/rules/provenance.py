"""``require: provenance``: built by whom, how well, and from which source."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final, Self

from attest.errors import PolicyError
from attest.evidence.identity import Signer
from attest.evidence.model import Kind
from attest.evidence.text_patterns import Pattern
from attest.evidence.verify import Verified
from attest.policy.codes import Code
from attest.policy.fields import Fields
from attest.policy.rules import terms
from attest.policy.rules.rule import Builder, Claim, Fit, Refusal, Rule, Written
from attest.signing.proof import Author, CertificateAuthor
from attest.statements.provenance import Provenance, read_provenance, repository

SLSA_MAX: Final = 4
"""The highest SLSA build level that any version of the specification names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvenanceRule(Rule[Provenance]):
    """SLSA provenance. Empty ``builders`` means that any builder will do for which a signer in ``by`` speaks."""

    KEYS: ClassVar[tuple[str, ...]] = (*terms.WANTED, "builders", "slsa", "source")
    kind: ClassVar[Kind] = Kind.PROVENANCE
    missing: ClassVar[Code] = Code.PROVENANCE_MISSING
    short: ClassVar[Code] = Code.PROVENANCE_THRESHOLD
    holds: ClassVar[Code] = Code.PROVENANCE_VERIFIED
    malformed: ClassVar[Code] = Code.PROVENANCE_MALFORMED

    builders: tuple[Builder, ...] = ()
    slsa: int | None = None
    source: Pattern | None = None

    @classmethod
    def read(cls, written: Written) -> Self:
        """Raises `PolicyError` for a builder that could never count and for a level that none is trusted with."""
        fields = written.fields
        common = terms.wanted(written)
        builders = _builders(written, common["by"]) if fields.has("builders") else ()
        slsa = fields.integer("slsa", minimum=1, maximum=SLSA_MAX) if fields.has("slsa") else None
        if slsa is not None and not any((builder.slsa or 0) >= slsa for builder in builders):
            raise PolicyError(
                f"{fields.what}: no builder of the rule is trusted with SLSA level {slsa}",
                where=fields.line_of("slsa"),
                why="a level is what the policy says of a builder, never what a predicate says of itself",
                next_step="list 'builders' in the rule, and give one of them 'slsa' in the policy's 'builders'",
            )
        return cls(**common, builders=builders, slsa=slsa, source=_source(fields))

    def content(self, item: Verified) -> Provenance:
        """Its facts."""
        return read_provenance(item.statement.predicate_type, item.statement.predicate)

    def judge(self, facts: Provenance, claim: Claim) -> Fit | Refusal:
        """Those signers who speak for a builder that fits, if the source fits."""
        fitting = self._fitting(facts, claim.signers) if self.builders else claim.signers
        if isinstance(fitting, Refusal):
            return fitting
        if self.source is not None and facts.source is None:
            return Refusal(Code.PROVENANCE_SOURCE_MISSING, "it names no source, or several")
        if self.source is not None and not self.source.matches(facts.source):
            return Refusal(Code.PROVENANCE_SOURCE, f"built from {facts.source}, not {self.source}")
        certified = _certified_source(claim.item.proof.author)
        if certified is not None and facts.source != certified:
            return Refusal(
                Code.PROVENANCE_CERTIFICATE,
                f"its signer's certificate is for {certified}, and it names {facts.source or 'no source, or several'}",
            )
        return Fit(fitting)

    def _fitting(self, facts: Provenance, signers: frozenset[Signer]) -> frozenset[Signer] | Refusal:
        if facts.builder is None:
            return Refusal(Code.PROVENANCE_BUILDER_MISSING, "it names no builder")
        names = {signer.name for signer in signers}
        found = [item for item in self.builders if item.id == facts.builder and item.identity in names]
        if not found:
            wanted = ", ".join(f"{item.id} by {item.identity}" for item in self.builders)
            return Refusal(Code.PROVENANCE_BUILDER, f"built by {facts.builder}, not {wanted}")
        if self.slsa is not None:
            found = [item for item in found if (item.slsa or 0) >= self.slsa]
            if not found:
                return Refusal(
                    Code.PROVENANCE_LEVEL, f"the policy does not trust {facts.builder} with SLSA level {self.slsa}"
                )
        speaking = {item.identity for item in found}
        return frozenset(signer for signer in signers if signer.name in speaking)


def _certified_source(author: Author) -> str | None:
    """The repository that Fulcio saw the build run for, as a source is compared; None where there is none."""
    claimed = author.claims.get("source_repository") if isinstance(author, CertificateAuthor) else None
    return None if claimed is None else repository(claimed) or claimed


def _builders(written: Written, by: tuple[str, ...]) -> tuple[Builder, ...]:
    fields, context = written.fields, written.context
    found = []
    for name in fields.strings("builders"):
        builder = context.builders.get(name)
        if builder is None:
            known = ", ".join(context.builders) or "none"
            raise PolicyError(
                f"{fields.what}: no builder {name!r}", where=fields.line_of("builders"), why=f"known: {known}"
            )
        if builder.identity not in by:
            raise PolicyError(
                f"{fields.what}: builder {name!r} could never count",
                where=fields.line_of("builders"),
                why=f"{builder.identity!r} signs for it and is not in 'by'",
            )
        found.append(builder)
    return tuple(found)


def _source(fields: Fields) -> Pattern | None:
    if not fields.has("source"):
        return None
    pattern = fields.parsed("source", Pattern.parse)
    normal = repository(pattern.text)
    if normal != pattern.text:
        raise PolicyError(
            f"{fields.what}: 'source' could never match {pattern.text!r}",
            where=fields.line_of("source"),
            why="a source is compared without 'git+', '.git', ref and fragment",
            next_step=f"write {normal}" if normal else "write a repository such as https://github.com/acme/app",
        )
    return pattern
