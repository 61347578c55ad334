"""``require: vsa``: somebody whom the policy trusts with it has verified this very resource, and it passed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Self

from attest.errors import FormatError, UsageError
from attest.evidence.model import Kind, Subject
from attest.evidence.text_patterns import Pattern
from attest.evidence.verify import Verified
from attest.oci.digest import Digest
from attest.packages.purl import package_named
from attest.policy.codes import Code
from attest.policy.expressions import Type, Value
from attest.policy.rules import terms
from attest.policy.rules.rule import Claim, Fit, Refusal, Rule, Written
from attest.policy.shapes import Key, Line, Several, Table
from attest.statements.vsa import Summary, read_summary


@dataclass(frozen=True, slots=True, kw_only=True)
class VsaRule(Rule[Summary]):
    """``verifier`` is exact: who signs is one thing, for which verifier another. Without ``resource`` the summary is
    about the subject's own purl, or the image's name. All ``levels`` are needed; ``policy`` is a digest."""

    KEYS: ClassVar[Table] = {
        **terms.WANTED,
        "verifier": Key(Line(), "The verifier's URI, exact.", required=True),
        "resource": Key(Line(), "About what the summary is; the subject if not written. A pattern."),
        "policy": Key(Line(), "The digest of the policy that was verified, as sha256:…."),
        "levels": Key(Several(Line(("SLSA_BUILD_LEVEL_3",))), "The levels that it must say were reached, all of them."),
    }
    SAYS: ClassVar[Mapping[str, Type]] = {"resource": Type.TEXT, "levels": Type.TEXTS}
    kind: ClassVar[Kind] = Kind.VSA
    missing: ClassVar[Code] = Code.VSA_MISSING
    short: ClassVar[Code] = Code.VSA_THRESHOLD
    holds: ClassVar[Code] = Code.VSA_VERIFIED
    malformed: ClassVar[Code] = Code.VSA_MALFORMED

    verifier: str
    resource: Pattern | None = None
    policy: Digest | None = None
    levels: tuple[str, ...] = ()

    @classmethod
    def read(cls, written: Written) -> Self:
        """Raises `PolicyError`."""
        fields = written.fields
        return cls(
            **terms.wanted(written),
            verifier=fields.string("verifier"),
            resource=fields.parsed("resource", Pattern.parse) if fields.has("resource") else None,
            policy=fields.parsed("policy", _digest) if fields.has("policy") else None,
            levels=fields.strings("levels") if fields.has("levels") else (),
        )

    def content(self, item: Verified) -> Summary:
        """What it says."""
        return read_summary(item.statement.predicate)

    def made_at(self, content: Summary) -> datetime | None:
        """When it was verified."""
        return content.time

    def says(self, content: Summary) -> Mapping[str, Value | None]:
        """About what, and which levels as they are written."""
        return {"resource": content.resource, "levels": content.levels}

    def judge(self, content: Summary, claim: Claim) -> Fit | Refusal:
        """All signers of one that passed."""
        if content.verifier != self.verifier:
            return Refusal(Code.VSA_VERIFIER, f"verified by {content.verifier[:160]}, not {self.verifier}")
        if not self._is_resource(content.resource, claim.scene.subject):
            wanted = self.resource or claim.scene.subject
            return Refusal(Code.VSA_RESOURCE, f"it is about {content.resource[:160]}, not {wanted}")
        if not content.passed:
            return Refusal(Code.VSA_FAILED, f"{self.verifier} says that the verification failed")
        if self.policy is not None and content.policy.get(self.policy.algorithm) != self.policy.encoded:
            found = content.policy.get(self.policy.algorithm)
            named = f"{self.policy.algorithm}:{found[:160]}" if found else "none"
            return Refusal(Code.VSA_POLICY, f"the policy that it names is {named}, not {self.policy}")
        lacking = [level for level in self.levels if not content.has(level)]
        if lacking:
            has = ", ".join(content.levels)[:160] or "no level"
            return Refusal(Code.VSA_LEVEL, f"it says {has}, not {' and '.join(lacking)}")
        said = ", ".join(content.levels)[:160]
        return Fit(claim.signers, (f"{self.verifier} says {said}",) if said else ())

    def _is_resource(self, resource: str, subject: Subject) -> bool:
        if self.resource is not None:
            return self.resource.matches(resource)
        if subject.purl is None:
            names = (subject.image, f"{subject.image}@{subject.manifest.digest}")
            return subject.image is not None and resource in names
        return package_named(resource) == subject.purl


def _digest(text: str) -> Digest:
    try:
        return Digest.parse(text)
    except FormatError as error:
        raise UsageError(error.what, why=error.why) from None
