"""Every code that a finding can have, with its meaning. Codes are for machines and never change their meaning."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class Code(StrEnum):
    """What a finding says. A rule's own codes stand in the order in which it checks: the later, the nearer."""

    POLICY_NOT_APPLICABLE = "policy-not-applicable"
    PUBLISHER_UNKNOWN = "publisher-unknown"
    SUBJECT_UNRESOLVED = "subject-unresolved"
    SUBJECT_UNDIGESTED = "subject-undigested"
    LISTING_INCOMPLETE = "listing-incomplete"

    SIGNATURE_MISSING = "signature-missing"
    SIGNATURE_THRESHOLD = "signature-threshold"
    SIGNATURE_VERIFIED = "signature-verified"

    PROVENANCE_MISSING = "provenance-missing"
    PROVENANCE_MALFORMED = "provenance-malformed"
    PROVENANCE_BUILDER_MISSING = "provenance-builder-missing"
    PROVENANCE_BUILDER = "provenance-builder"
    PROVENANCE_LEVEL = "provenance-level"
    PROVENANCE_SOURCE_MISSING = "provenance-source-missing"
    PROVENANCE_SOURCE = "provenance-source"
    PROVENANCE_WORKFLOW = "provenance-workflow"
    PROVENANCE_REF = "provenance-ref"
    PROVENANCE_BUILD_TYPE = "provenance-build-type"
    PROVENANCE_PARAMETERS = "provenance-parameters"
    PROVENANCE_CERTIFICATE = "provenance-certificate"
    PROVENANCE_THRESHOLD = "provenance-threshold"
    PROVENANCE_VERIFIED = "provenance-verified"

    SBOM_MISSING = "sbom-missing"
    SBOM_MALFORMED = "sbom-malformed"
    SBOM_OTHER_PACKAGE = "sbom-other-package"
    SBOM_CONTRADICTION = "sbom-contradiction"
    SBOM_WITHOUT_PACKAGE = "sbom-without-package"
    SBOM_COMPONENTS = "sbom-components"
    SBOM_MINIMUM = "sbom-minimum"
    SBOM_LICENSE = "sbom-license"
    SBOM_THRESHOLD = "sbom-threshold"
    SBOM_VERIFIED = "sbom-verified"

    DEPENDENCIES_MISSING = "dependencies-missing"
    DEPENDENCIES_MALFORMED = "dependencies-malformed"
    DEPENDENCIES_INCONCLUSIVE = "dependencies-inconclusive"
    DEPENDENCIES_UNRESOLVED = "dependencies-unresolved"
    DEPENDENCIES_DENIED = "dependencies-denied"
    DEPENDENCIES_THRESHOLD = "dependencies-threshold"
    DEPENDENCIES_VERIFIED = "dependencies-verified"

    SCAN_MISSING = "scan-missing"
    SCAN_MALFORMED = "scan-malformed"
    SCAN_FINDING = "scan-finding"
    SCAN_THRESHOLD = "scan-threshold"
    SCAN_VERIFIED = "scan-verified"

    VEX_MISSING = "vex-missing"
    VEX_MALFORMED = "vex-malformed"
    VEX_AFFECTED = "vex-affected"
    VEX_THRESHOLD = "vex-threshold"
    VEX_VERIFIED = "vex-verified"

    VSA_MISSING = "vsa-missing"
    VSA_MALFORMED = "vsa-malformed"
    VSA_VERIFIER = "vsa-verifier"
    VSA_RESOURCE = "vsa-resource"
    VSA_FAILED = "vsa-failed"
    VSA_POLICY = "vsa-policy"
    VSA_LEVEL = "vsa-level"
    VSA_THRESHOLD = "vsa-threshold"
    VSA_VERIFIED = "vsa-verified"

    DOWNGRADE_UNKNOWN = "downgrade-unknown"
    DOWNGRADE_MISSING = "downgrade-missing"
    DOWNGRADE_MALFORMED = "downgrade-malformed"
    DOWNGRADE_SIGNER = "downgrade-signer"
    DOWNGRADE_BUILDER = "downgrade-builder"
    DOWNGRADE_SOURCE = "downgrade-source"
    DOWNGRADE_ABSENT = "downgrade-absent"

    ATTESTATION_MISSING = "attestation-missing"
    ATTESTATION_THRESHOLD = "attestation-threshold"
    ATTESTATION_VERIFIED = "attestation-verified"
    DENY_FOUND = "deny-found"
    DENY_ABSENT = "deny-absent"

    CHECK_RULE = "check-rule"
    CHECK_VALUE = "check-value"
    CHECK_TRIES = "check-tries"
    CHECK_ERROR = "check-error"
    CHECK_FALSE = "check-false"
    CHECK_HOLDS = "check-holds"

    EVIDENCE_UNDATED = "evidence-undated"
    EVIDENCE_FUTURE = "evidence-future"
    EVIDENCE_STALE = "evidence-stale"

    REVOCATION_FOUND = "revocation-found"
    REVOCATION_ABSENT = "revocation-absent"
    WITHDRAWAL_FOUND = "withdrawal-found"
    WITHDRAWAL_ABSENT = "withdrawal-absent"
    ABSENCE_LISTING = "absence-listing"
    ABSENCE_UNSEALED = "absence-unsealed"
    ABSENCE_EXPIRED = "absence-expired"
    ABSENCE_HIDDEN = "absence-hidden"

    @property
    def rank(self) -> int:
        """Place in the order above."""
        return _RANKS[self]


_RANKS: Final = {code: rank for rank, code in enumerate(Code)}

MEANINGS: Final[Mapping[Code, str]] = MappingProxyType(
    {
        Code.POLICY_NOT_APPLICABLE: "the policy's applies_to does not name this package",
        Code.PUBLISHER_UNKNOWN: "the rule is about the package's publisher, and attest.lock pins none",
        Code.SUBJECT_UNRESOLVED: "only the store says which artifacts the package has",
        Code.SUBJECT_UNDIGESTED: "the lockfile pins no digest for an entry, so that it does not say what is installed",
        Code.LISTING_INCOMPLETE: "not all evidence could be listed, so that something may be missing",
        Code.SIGNATURE_MISSING: "no verified signature by any of the rule's identities",
        Code.SIGNATURE_THRESHOLD: "verified signatures by fewer distinct names and keys than the rule needs",
        Code.SIGNATURE_VERIFIED: "verified signatures by as many distinct names and keys as the rule needs",
        Code.PROVENANCE_MISSING: "no verified provenance by any of the rule's identities",
        Code.PROVENANCE_MALFORMED: "the signed predicate is not the SLSA provenance that it claims to be",
        Code.PROVENANCE_BUILDER_MISSING: "the provenance names no builder",
        Code.PROVENANCE_BUILDER: "builder and signer are none of the rule's builders",
        Code.PROVENANCE_LEVEL: "the policy trusts that builder with a lower SLSA level than the rule needs",
        Code.PROVENANCE_SOURCE_MISSING: "the provenance names no source, or several",
        Code.PROVENANCE_SOURCE: "the provenance names another source",
        Code.PROVENANCE_WORKFLOW: "the provenance names another workflow, or none",
        Code.PROVENANCE_REF: "the provenance names another branch or tag, or none",
        Code.PROVENANCE_BUILD_TYPE: "the provenance has another build type, or none",
        Code.PROVENANCE_PARAMETERS: "the provenance has other parameters than the rule wants",
        Code.PROVENANCE_CERTIFICATE: "the certificate of who signed the provenance names another source than it does",
        Code.PROVENANCE_THRESHOLD: "fitting provenance by fewer distinct names and keys than the rule needs",
        Code.PROVENANCE_VERIFIED: "fitting provenance by as many distinct names and keys as the rule needs",
        Code.SBOM_MISSING: "no verified SBOM by any of the rule's identities",
        Code.SBOM_MALFORMED: "the signed predicate is not the CycloneDX or SPDX document that it claims to be",
        Code.SBOM_OTHER_PACKAGE: "the SBOM says that it describes another package",
        Code.SBOM_CONTRADICTION: "the SBOM gives this package another digest than it has",
        Code.SBOM_WITHOUT_PACKAGE: "this package is not in the SBOM",
        Code.SBOM_COMPONENTS: "the SBOM lists fewer components than the rule needs",
        Code.SBOM_MINIMUM: "the SBOM does not have the minimum elements that the rule needs",
        Code.SBOM_LICENSE: "the SBOM lists a licence that the rule does not allow",
        Code.SBOM_THRESHOLD: "fitting SBOMs by fewer distinct names and keys than the rule needs",
        Code.SBOM_VERIFIED: "fitting SBOMs by as many distinct names and keys as the rule needs",
        Code.DEPENDENCIES_MISSING: "no verified SBOM by any of the rule's identities says what the components are",
        Code.DEPENDENCIES_MALFORMED: "the SBOM cannot be read, or lists no components",
        Code.DEPENDENCIES_INCONCLUSIVE: "components in doubt: not all of their evidence could be looked at",
        Code.DEPENDENCIES_UNRESOLVED: "components of which nobody says which files they are who may say so",
        Code.DEPENDENCIES_DENIED: "components that their policy does not admit",
        Code.DEPENDENCIES_THRESHOLD: "fitting SBOMs by fewer distinct names and keys than the rule needs",
        Code.DEPENDENCIES_VERIFIED: "all components are admitted by their policy",
        Code.SCAN_MISSING: "no verified scan by any of the rule's identities",
        Code.SCAN_MALFORMED: "the signed predicate is not a scan in a form that is read, or the scan did not end well",
        Code.SCAN_FINDING: "a scan found what the rule denies, and no VEX document that counts takes it away",
        Code.SCAN_THRESHOLD: "fitting scans by fewer distinct names and keys than the rule needs",
        Code.SCAN_VERIFIED: "fitting scans by as many distinct names and keys as the rule needs",
        Code.VEX_MISSING: "no verified VEX document by any of the rule's identities",
        Code.VEX_MALFORMED: "the signed predicate is no VEX document that is read, or speaks of no vulnerability",
        Code.VEX_AFFECTED: "a VEX document says that the package is affected, or leaves it open",
        Code.VEX_THRESHOLD: "fitting VEX documents by fewer distinct names and keys than the rule needs",
        Code.VEX_VERIFIED: "VEX documents of which nothing stands open",
        Code.VSA_MISSING: "no verified verification summary by any of the rule's identities",
        Code.VSA_MALFORMED: "the signed predicate is not the verification summary that it claims to be",
        Code.VSA_VERIFIER: "the verification summary is by another verifier",
        Code.VSA_RESOURCE: "the verification summary is about another resource",
        Code.VSA_FAILED: "the verification summary says that the verification failed",
        Code.VSA_POLICY: "the verification summary is about another policy",
        Code.VSA_LEVEL: "the verification summary names none of the levels that the rule needs, or not all",
        Code.VSA_THRESHOLD: "fitting verification summaries by fewer distinct names and keys than the rule needs",
        Code.VSA_VERIFIED: "fitting verification summaries by as many distinct names and keys as the rule needs",
        Code.DOWNGRADE_UNKNOWN: "attest.lock does not say what the last admitted version of the release line was like",
        Code.DOWNGRADE_MISSING: "nothing of the kind that the last admitted version of the release line had",
        Code.DOWNGRADE_MALFORMED: "the signed predicate is not the SLSA provenance that it claims to be",
        Code.DOWNGRADE_SIGNER: "signed by somebody else than the last admitted version of the release line",
        Code.DOWNGRADE_BUILDER: "built by another builder than the last admitted version of the release line",
        Code.DOWNGRADE_SOURCE: "built from another source than the last admitted version of the release line",
        Code.DOWNGRADE_ABSENT: "the same as the last admitted version of the release line",
        Code.ATTESTATION_MISSING: "no verified attestation of the rule's type by any of its identities",
        Code.ATTESTATION_THRESHOLD: "attestations by fewer distinct names and keys than the rule needs",
        Code.ATTESTATION_VERIFIED: "attestations by as many distinct names and keys as the rule needs",
        Code.DENY_FOUND: "an attestation of a type that the rule denies is there",
        Code.DENY_ABSENT: "no attestation of the type that the rule denies is there, and none is hidden",
        Code.CHECK_RULE: "a rule that the expression names does not hold, so that there is nothing to compare",
        Code.CHECK_VALUE: "the evidence that counts has no value for something that the expression names",
        Code.CHECK_TRIES: "so much evidence counts that the expression could not be tried for all combinations of it",
        Code.CHECK_ERROR: "the expression comes to nothing, as a time that is none does",
        Code.CHECK_FALSE: "the expression is true of no combination of the evidence that counts",
        Code.CHECK_HOLDS: "the expression is true of evidence that counts",
        Code.EVIDENCE_UNDATED: "nothing proves or says when the evidence was made, and the rule limits its age",
        Code.EVIDENCE_FUTURE: "the evidence says that it is from the future, so that its age is not known",
        Code.EVIDENCE_STALE: "the evidence is older than the rule allows",
        Code.REVOCATION_FOUND: "evidence that is there was revoked by one of the rule's identities",
        Code.REVOCATION_ABSENT: "nothing that is there was revoked, and nothing that could say so is hidden",
        Code.WITHDRAWAL_FOUND: "the package was withdrawn by one of the rule's identities",
        Code.WITHDRAWAL_ABSENT: "the package was not withdrawn, and nothing that could say so is hidden",
        Code.ABSENCE_LISTING: "the store did not list everything, so that absence is not proven",
        Code.ABSENCE_UNSEALED: "no seal of this package by any of the rule's identities, so that absence is not proven",
        Code.ABSENCE_EXPIRED: "the latest seals of this package have expired, so that absence is not proven",
        Code.ABSENCE_HIDDEN: "evidence that is sealed was not shown, so that absence is not proven",
    }
)
