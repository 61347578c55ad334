"""The rules, one module each: how it is written, and which verified evidence fits it."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any, Final

from attest.policy.publisher_lock import NO_DOWNGRADE
from attest.policy.rules.attestation import AttestationRule, DenyRule
from attest.policy.rules.dependencies import DependenciesRule
from attest.policy.rules.downgrade import NoDowngradeRule
from attest.policy.rules.lifecycle import NoRevocationRule, NoWithdrawalRule
from attest.policy.rules.provenance import ProvenanceRule
from attest.policy.rules.rule import Rule
from attest.policy.rules.sbom import SbomRule
from attest.policy.rules.scan import ScanRule
from attest.policy.rules.signature import SignatureRule
from attest.policy.rules.vex import VexRule
from attest.policy.rules.vsa import VsaRule

RULES: Final[MappingProxyType[str, type[Rule[Any]]]] = MappingProxyType(
    {
        "signature": SignatureRule,
        "provenance": ProvenanceRule,
        "sbom": SbomRule,
        "dependencies": DependenciesRule,
        "scan": ScanRule,
        "vex": VexRule,
        "vsa": VsaRule,
        "attestation": AttestationRule,
        "deny": DenyRule,
        NO_DOWNGRADE: NoDowngradeRule,
        "no-revocation": NoRevocationRule,
        "no-withdrawal": NoWithdrawalRule,
    }
)
"""By what stands after `require`."""
