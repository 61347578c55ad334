"""Which findings of a scan are taken away, by whose VEX documents (design.md §6, `vex`).

Only identities that the policy names are heard, about this very product and this very vulnerability. Of what they say
the latest counts. What is not dated, or is from the future, takes nothing away, and may be the latest.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from attest.errors import FormatError
from attest.evidence.model import Subject
from attest.packages.purl import package_named
from attest.policy.rules.rule import Scene
from attest.statements.findings import Finding
from attest.statements.vex import is_vex, read_vex
from attest.statements.vex_statements import VexStatement

_EVER: Final = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Heard:
    """What the identities that a rule names have said, each with the time from which it counts."""

    said: tuple[tuple[datetime, VexStatement], ...]
    subject: Subject

    @classmethod
    def of(cls, by: tuple[str, ...], scene: Scene) -> Heard:
        """From all verified evidence. A document that cannot be read says nothing."""
        return cls(tuple(_said(by, scene)), scene.subject)

    def clears(self, finding: Finding) -> bool:
        """Whether the latest of what is said about it takes it away."""
        about = [(when, item) for when, item in self.said if self._applies(item, finding)]
        if not about:
            return False
        last = max(when for when, _ in about)
        return all(item.clears for when, item in about if when == last)

    def leaves_open(self, item: VexStatement) -> bool:
        """Whether ``item`` is about the subject or a part of it, and the latest of what is said about that does not
        take it away."""
        names = sorted(item.vulnerabilities)
        components = (None, *sorted(item.parts or item.products))
        findings = (Finding(names[0], tuple(names[1:]), component=component) for component in components if names)
        return any(self._applies(item, finding) and not self.clears(finding) for finding in findings)

    def _applies(self, item: VexStatement, finding: Finding) -> bool:
        if not item.vulnerabilities & finding.names:
            return False
        component = None if finding.component is None else package_named(finding.component)
        if item.parts:
            return self._is_subject(item) and component is not None and component in map(package_named, item.parts)
        return self._is_subject(item) or (component is not None and component in map(package_named, item.products))

    def _is_subject(self, item: VexStatement) -> bool:
        """Without products it is about what it is attached to."""
        return not item.products or any(map(self._names_subject, item.products))

    def _names_subject(self, product: str) -> bool:
        subject, manifest = self.subject, str(self.subject.manifest.digest)
        if product in (manifest, str(subject.digest)):
            return True
        package = package_named(product)
        if package is None:
            return False
        return package == subject.purl or (package.type == "oci" and package.version == manifest)


def _said(by: tuple[str, ...], scene: Scene) -> Iterator[tuple[datetime, VexStatement]]:
    standing, identities = scene.standing, scene.by(by)
    for item in scene.evidence.verified:
        statement = item.statement
        if not is_vex(statement.predicate_type, statement.predicate):
            continue
        if not standing.speaks(identities, item) or standing.against(item) is not None:
            continue
        try:
            vex = read_vex(statement.predicate)
        except FormatError:
            continue
        for one in vex.statements:
            times = [time for time in (one.time, item.proof.time) if time is not None]
            if times and max(times) <= standing.now:
                yield min(times), one
            elif not one.clears:
                yield _EVER, one
