"""What to type next when a rule does not hold."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Set
from datetime import datetime
from typing import Any, Final

from attest.evidence.identity import CertificateIdentity, Identity, KeyIdentity
from attest.evidence.model import Kind, Subject
from attest.policy.codes import Code
from attest.policy.rules.rule import Rule

_FILES: Final = {
    Kind.PROVENANCE: "provenance.json",
    Kind.SBOM: "sbom.json",
    Kind.SCAN: "scan.json",
    Kind.VEX: "vex.json",
    Kind.VSA: "vsa.json",
    Kind.ATTESTATION: "attestation.json",
}
_DOWNGRADES: Final = {
    Code.DOWNGRADE_MISSING,
    Code.DOWNGRADE_MALFORMED,
    Code.DOWNGRADE_SIGNER,
    Code.DOWNGRADE_BUILDER,
    Code.DOWNGRADE_SOURCE,
}
_ADVICE: Final = {
    Code.PROVENANCE_BUILDER: "build with a builder that the policy names",
    Code.PROVENANCE_LEVEL: "build with a builder that the policy trusts with that level",
    Code.PROVENANCE_SOURCE: "build from the source that the policy names",
    Code.PROVENANCE_WORKFLOW: "build with the workflow that the policy names",
    Code.PROVENANCE_REF: "build from the branch or tag that the policy names",
    Code.PROVENANCE_BUILD_TYPE: "build in the way that the policy names",
    Code.PROVENANCE_PARAMETERS: "build with the parameters that the policy names",
    Code.SCAN_FINDING: "repair what was found, or attach a VEX document by somebody whom the rule's vex names",
    Code.SCAN_MALFORMED: "scan it anew",
    Code.VEX_AFFECTED: "repair what is affected, or have it looked into, and have that said",
    Code.VSA_FAILED: "repair what the verifier found, have it verified anew",
    Code.SBOM_OTHER_PACKAGE: "make an SBOM of this package",
    Code.SBOM_CONTRADICTION: "make an SBOM of the file that is published",
    Code.SBOM_WITHOUT_PACKAGE: "make an SBOM that names this package by purl",
    Code.SBOM_COMPONENTS: "make an SBOM of all dependencies",
    Code.SBOM_MINIMUM: "make an SBOM with what is missing",
    Code.SBOM_LICENSE: "replace the component, or have its licence corrected",
    Code.DEPENDENCIES_DENIED: "replace the components that are denied, or see to what their policy wants of them",
    Code.DEPENDENCIES_UNRESOLVED: "make an SBOM with digests, or have the components' release statements signed",
    Code.DEPENDENCIES_INCONCLUSIVE: "make the store readable, have the components' release statements signed",
    Code.EVIDENCE_STALE: "make it anew",
    Code.EVIDENCE_FUTURE: "set the clock of whatever made it, make it anew",
    Code.EVIDENCE_UNDATED: "have it say when it was made",
}


def after(
    rule: Rule[Any],
    code: Code,
    subject: Subject,
    signed: Set[str],
    identities: Mapping[str, Identity],
    *,
    now: datetime,
) -> str:
    """The next command, and who is to run it; ``signed`` have done so already, and who has ended cannot."""
    named = _named(subject)
    if code in _DOWNGRADES:
        return (
            "publish it as the last admitted version was; if the change is meant, look at it with "
            f"attest policy learn {named} --diff, then write it with --replace"
        )
    document = _FILES.get(rule.kind)
    command = f"attest attach {named} {document}" if document else f"attest sign {named}"
    silent = {name: why for name in rule.by if (why := identities[name].silent(subject, now)) is not None}
    others = [name for name in rule.by if name not in signed and name not in silent]
    if silent and not others:
        return f"have the policy name somebody in 'by' who may sign it now: {'; '.join(silent.values())}"
    keys = " or ".join(name for name in others if isinstance(identities[name], KeyIdentity))
    keyless = " or ".join(name for name in others if isinstance(identities[name], CertificateIdentity))
    ways = [f"{command} --key KEY (KEY: the private key of {keys})"] if keys else []
    ways += [f"{command} --keyless (as {keyless})"] if keyless else []
    advice = _ADVICE.get(code)
    return f"{f'{advice}, then ' if advice else ''}{', or '.join(ways) or command}"


def learning(subject: Subject) -> str:
    """How the lock comes to know a package."""
    return f"look at who publishes it: attest policy learn {_named(subject)} (and commit attest.lock)"


def against(rule: Rule[Any]) -> str:
    """What is left to do with a package that somebody stands against."""
    if rule.kind is Kind.REVOCATION:
        return (
            "use another version, or replace what was revoked, remove it from the store and have the store sealed anew"
        )
    if rule.kind is Kind.ATTESTATION:
        return "use another version, or have whoever made it revoke it with attest revoke"
    return "use another version"


def unproven(code: Code) -> str:
    """How absence can be proven."""
    if code is Code.ABSENCE_LISTING:
        return "make the store readable and verify again"
    if code is Code.ABSENCE_HIDDEN:
        return "ask a store that has it all; if it was removed on purpose, have it sealed anew with attest seal"
    return "have the package or the whole store sealed with attest seal"


def _named(subject: Subject) -> str:
    """The subject as the command line takes it."""
    if subject.purl is None:
        return shlex.quote(str(subject))
    return f"{shlex.quote(str(subject.purl))} --digest {subject.digest or 'ALG:HEX'}"
