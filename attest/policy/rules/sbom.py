"""``require: sbom``: a bill of materials of this package, as complete as the rule says, with allowed licences."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import islice
from typing import Any, ClassVar, Final, Self

from attest.evidence.model import Kind, Subject
from attest.evidence.naming import by_component, by_components
from attest.evidence.verify import Verified
from attest.packages.purl import Purl
from attest.policy.codes import Code
from attest.policy.expressions import Type, Value
from attest.policy.fields import Fields
from attest.policy.licenses import LICENSES, Licenses, read_licenses
from attest.policy.rules import terms
from attest.policy.rules.rule import Claim, Fit, Refusal, Rule, Written
from attest.policy.shapes import Choice, Key, Record, Table, Truth, Whole
from attest.statements.sbom import Sbom, missing_minimum, read_sbom
from attest.statements.vulnerabilities import has_vulnerabilities

_SHOWN: Final = 3
_COMPONENTS: Final = 1_000_000


class Minimum(StrEnum):
    """How complete it has to be."""

    NTIA = "ntia"
    """The minimum elements that the NTIA published in 2021."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleOfSboms(Rule[Sbom]):
    """What rules about SBOMs have in common: what one is, and from when."""

    kind: ClassVar[Kind] = Kind.SBOM

    def looks_at(self, item: Verified) -> bool:
        """Not at lists of vulnerabilities, which are in CycloneDX's format too."""
        return item.kind is self.kind and lists_components(item.statement.predicate)

    def content(self, item: Verified) -> Sbom:
        """Its facts."""
        return read_sbom(item.statement.predicate)

    def made_at(self, content: Sbom) -> datetime | None:
        """When the document was made."""
        return content.time


@dataclass(frozen=True, slots=True, kw_only=True)
class SbomRule(RuleOfSboms):
    """A CycloneDX or SPDX document that is not another package's, and does not contradict what this package is.

    With ``includes_package`` or a ``minimum`` the package itself must be in it.
    """

    KEYS: ClassVar[Table] = {
        **terms.WANTED,
        "minimum": Key(Choice(Minimum), "How complete the document has to be."),
        "includes_package": Key(Truth(), "Whether the package itself has to be in it."),
        "min_components": Key(Whole(1, _COMPONENTS), "How many components it lists at least."),
        "licenses": Key(Record(LICENSES), "Which licences its components may have."),
    }
    SAYS: ClassVar[Mapping[str, Type]] = {"components": Type.NUMBER}
    missing: ClassVar[Code] = Code.SBOM_MISSING
    short: ClassVar[Code] = Code.SBOM_THRESHOLD
    holds: ClassVar[Code] = Code.SBOM_VERIFIED
    malformed: ClassVar[Code] = Code.SBOM_MALFORMED

    minimum: Minimum | None = None
    includes_package: bool = False
    min_components: int = 0
    licenses: Licenses | None = None

    @classmethod
    def read(cls, written: Written) -> Self:
        """Raises `PolicyError`."""
        fields = written.fields
        licenses = None
        if fields.has("licenses"):
            licenses = read_licenses(Fields(fields.node("licenses"), f"{fields.what}: 'licenses'"))
        minimum = fields.choice("minimum", Minimum, Minimum.NTIA) if fields.has("minimum") else None
        count = fields.integer("min_components") if fields.has("min_components") else 0
        return cls(
            **terms.wanted(written, forbids=licenses is not None),
            minimum=minimum,
            includes_package=fields.has("includes_package") and fields.boolean("includes_package"),
            min_components=count,
            licenses=licenses,
        )

    def says(self, content: Sbom) -> Mapping[str, Value | None]:
        """How many components it lists."""
        return {"components": len(content.components)}

    def judge(self, content: Sbom, claim: Claim) -> Fit | Refusal:
        """All signers of a document that names no other package of the same ecosystem and has what the rule wants."""
        subject = claim.scene.subject
        if subject.purl is not None:
            refusal = self._package(content, subject, subject.purl)
            if refusal is not None:
                return refusal
        count = len(content.components)
        if count < self.min_components:
            return Refusal(Code.SBOM_COMPONENTS, f"it lists {count} components, and {self.min_components} are needed")
        missing = list(missing_minimum(content)) if self.minimum is not None else []
        if missing:
            return Refusal(Code.SBOM_MINIMUM, f"it has {'; '.join(missing)} (minimum: {self.minimum})")
        if self.licenses is not None:
            objections = list(islice(self.licenses.objections(content), _SHOWN + 1))
            if objections:
                more = "; and more" if len(objections) > _SHOWN else ""
                return Refusal(Code.SBOM_LICENSE, "; ".join(objections[:_SHOWN]) + more)
        return Fit(claim.signers)

    def _package(self, sbom: Sbom, subject: Subject, purl: Purl) -> Refusal | None:
        named = set(by_components(sbom.described, purl.type))
        if named and purl not in named:
            others = ", ".join(sorted(str(other) for other in named))
            return Refusal(Code.SBOM_OTHER_PACKAGE, f"the SBOM describes {others}")
        contradiction = _contradiction(sbom, subject, purl)
        if contradiction is not None:
            return Refusal(Code.SBOM_CONTRADICTION, contradiction)
        wanted = self.includes_package or self.minimum is not None
        if wanted and not any(by_component(item, purl.type) == purl for item in sbom.everything):
            return Refusal(Code.SBOM_WITHOUT_PACKAGE, f"{purl} is not in it")
        return None


def lists_components(predicate: Mapping[str, Any] | None) -> bool:
    """Whether an SBOM is one, and no list of vulnerabilities."""
    return predicate is None or "components" in predicate or not has_vulnerabilities(predicate)


def _contradiction(sbom: Sbom, subject: Subject, purl: Purl) -> str | None:
    """An SBOM that gives the package's own entry another digest was made of another file."""
    digest = subject.digest
    if digest is None:
        return None
    for item in sbom.everything:
        given = item.digests.get(digest.algorithm)
        # which package it is takes a hundred times longer to say
        if given is not None and given != digest.hex and by_component(item, purl.type) == purl:
            return f"the SBOM is of a file with {digest.algorithm} {given[:160]}, and this one has {digest.hex}"
    return None
