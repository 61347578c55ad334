"""``require: provenance``: built by whom, how well, and from which source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Final, Self

from attest.errors import PolicyError
from attest.evidence.identity import Signer
from attest.evidence.model import Kind
from attest.evidence.text_patterns import Pattern
from attest.evidence.verify import Verified
from attest.policy.codes import Code
from attest.policy.expressions import Type, Value
from attest.policy.fields import Fields
from attest.policy.rules import terms
from attest.policy.rules.rule import Builder, Claim, Fit, Refusal, Rule, Written
from attest.policy.shapes import Key, Line, Name, Several, Table, Texts, Whole
from attest.signing.proof import Author, CertificateAuthor
from attest.statements.provenance import Provenance, read_provenance, repository

SLSA: Final = Whole(1, 4)
"""The SLSA build levels that any version of the specification names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvenanceRule(Rule[Provenance]):
    """SLSA provenance. Empty ``builders`` means that any builder will do for which a signer in ``by`` speaks."""

    KEYS: ClassVar[Table] = {
        **terms.WANTED,
        "builders": Key(Several(Name()), "Names out of the policy's builders; one of them must have built it."),
        "slsa": Key(SLSA, "The SLSA build level that the policy must trust the builder with."),
        "source": Key(Line(("https://github.com/acme/app",)), "The repository, as an https address; a pattern."),
        "workflow": Key(Line(), "The path of the workflow in the source; a pattern."),
        "ref": Key(Line(("refs/tags/*",)), "The branch or tag; a pattern."),
        "build_type": Key(Line(), "The build type's URI; a pattern."),
        "parameters": Key(Texts(), "External parameters of the build, each with its exact value."),
    }
    SAYS: ClassVar[Mapping[str, Type]] = {
        "builder": Type.TEXT,
        "build_type": Type.TEXT,
        "source": Type.TEXT,
        "ref": Type.TEXT,
        "workflow": Type.TEXT,
        "run": Type.TEXT,
    }
    kind: ClassVar[Kind] = Kind.PROVENANCE
    missing: ClassVar[Code] = Code.PROVENANCE_MISSING
    short: ClassVar[Code] = Code.PROVENANCE_THRESHOLD
    holds: ClassVar[Code] = Code.PROVENANCE_VERIFIED
    malformed: ClassVar[Code] = Code.PROVENANCE_MALFORMED

    builders: tuple[Builder, ...] = ()
    slsa: int | None = None
    source: Pattern | None = None
    workflow: Pattern | None = None
    ref: Pattern | None = None
    build_type: Pattern | None = None
    parameters: tuple[tuple[str, str], ...] = ()

    @classmethod
    def read(cls, written: Written) -> Self:
        """Raises `PolicyError` for a builder that could never count and for a level that none is trusted with."""
        fields = written.fields
        common = terms.wanted(written)
        builders = _builders(written, common["by"]) if fields.has("builders") else ()
        slsa = fields.integer("slsa") if fields.has("slsa") else None
        if slsa is not None and not any((builder.slsa or 0) >= slsa for builder in builders):
            raise PolicyError(
                f"{fields.what}: no builder of the rule is trusted with SLSA level {slsa}",
                where=fields.line_of("slsa"),
                why="a level is what the policy says of a builder, never what a predicate says of itself",
                next_step="list 'builders' in the rule, and give one of them 'slsa' in the policy's 'builders'",
            )
        return cls(
            **common,
            builders=builders,
            slsa=slsa,
            source=_source(fields),
            workflow=_pattern(fields, "workflow"),
            ref=_pattern(fields, "ref"),
            build_type=_pattern(fields, "build_type"),
            parameters=_parameters(fields),
        )

    def content(self, item: Verified) -> Provenance:
        """Its facts."""
        return read_provenance(item.statement.predicate_type, item.statement.predicate)

    def made_at(self, content: Provenance) -> datetime | None:
        """When the build ended."""
        return content.time

    def says(self, content: Provenance) -> Mapping[str, Value | None]:
        """What `SAYS` lists, of which a certificate may know better."""
        return {
            "builder": content.builder,
            "build_type": content.build_type,
            "source": content.source,
            "ref": content.ref,
            "workflow": content.workflow,
            "run": content.run,
        }

    def judge(self, content: Provenance, claim: Claim) -> Fit | Refusal:
        """Those signers who speak for a builder that fits, if all that the rule asks of the build fits."""
        fitting = self._fitting(content, claim.signers) if self.builders else Fit(claim.signers)
        if isinstance(fitting, Refusal):
            return fitting
        if self.source is not None and content.source is None:
            return Refusal(Code.PROVENANCE_SOURCE_MISSING, "it names no source, or several")
        asked = (
            (self.source, content.source, Code.PROVENANCE_SOURCE, "built from"),
            (self.workflow, content.workflow, Code.PROVENANCE_WORKFLOW, "built by the workflow"),
            (self.ref, content.ref, Code.PROVENANCE_REF, "built from"),
            (self.build_type, content.build_type, Code.PROVENANCE_BUILD_TYPE, "built as"),
        )
        for wanted, found, code, told in asked:
            if wanted is not None and not wanted.matches(found):
                return Refusal(code, f"{told} {found[:160] if found else 'none that it names'}, not {wanted}")
        for name, value in self.parameters:
            if content.parameters.get(name) != value:
                return Refusal(
                    Code.PROVENANCE_PARAMETERS,
                    f"{name} is {content.parameters.get(name, 'missing')[:160]}, not {value}",
                )
        return self._certified(content, claim.item.proof.author) or fitting

    def _certified(self, facts: Provenance, author: Author) -> Refusal | None:
        """A certificate that names a source, and a ref where the rule asks for one, must name the same."""
        claims = author.claims if isinstance(author, CertificateAuthor) else {}
        source, ref = claims.get("source_repository"), claims.get("source_repository_ref")
        certified = None if source is None else repository(source) or source
        told = "its signer's certificate is for"
        if certified is not None and facts.source != certified:
            found = facts.source or "no source, or several"
            return Refusal(Code.PROVENANCE_CERTIFICATE, f"{told} {certified}, and it names {found}")
        if self.ref is not None and ref is not None and facts.ref != ref:
            return Refusal(Code.PROVENANCE_CERTIFICATE, f"{told} {ref}, and it names {facts.ref}")
        return None

    def _fitting(self, facts: Provenance, signers: frozenset[Signer]) -> Fit | Refusal:
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
        levels = tuple(
            f"SLSA build level {item.slsa}, with which the policy trusts {item.id} when {item.identity} signs for it"
            for item in found
            if item.slsa is not None and self.slsa is not None
        )
        return Fit(frozenset(signer for signer in signers if signer.name in speaking), levels)


def _pattern(fields: Fields, key: str) -> Pattern | None:
    return fields.parsed(key, Pattern.parse) if fields.has(key) else None


def _parameters(fields: Fields) -> tuple[tuple[str, str], ...]:
    """By dotted path, as text."""
    if not fields.has("parameters"):
        return ()
    entry = Fields(fields.node("parameters"), f"{fields.what}: 'parameters'")
    return tuple((name, entry.string(name)) for name in sorted(entry.keys))


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
