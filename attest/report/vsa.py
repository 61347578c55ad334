"""Verdicts as verification summaries (https://slsa.dev/verification_summary/v1), for those who trust whoever verified.

What the specification has no field for stands in one extension field, which has a URI for a name as in-toto's parsing
rules want it: the policies with all files that they are made of, their trust roots, the listing, waivers in use.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote

from attest import __version__, names
from attest.evidence.model import Subject
from attest.oci import strict_json
from attest.oci.digest import Digest
from attest.policy.document import Policy
from attest.policy.rules.provenance import ProvenanceRule
from attest.policy.verdict import Fate, Outcome, Verdict
from attest.report.json import verdict_json

SLSA_VERSION: Final = "1.1"
_RESULTS: Final = {Outcome.ADMITTED: "PASSED", Outcome.DENIED: "FAILED"}
_HIGHEST: Final = 3
"""The highest level of SLSA 1's build track."""


def predicate(verdict: Verdict, policies: Sequence[Policy], *, verifier: str) -> dict[str, Any] | None:
    """The summary that ``verifier`` (a URI without fragment) may sign; None where nothing could be decided.

    ``policies`` are at least those that had a say. Of several, the digest is that of canonical JSON (RFC 8785) of an
    object whose member ``policies`` has the name, the digest and the files of each, as in the extension field.
    """
    result = _RESULTS.get(verdict.outcome)
    if result is None:
        return None
    record = verdict_json(verdict)
    return {
        "verifier": {"id": verifier, "version": {"attest": __version__}},
        "timeVerified": record["now"],
        "resourceUri": _resource(verdict.about),
        "policy": _policy(record["policies"], verifier),
        "inputAttestations": [{"digest": _digest_set(digest)} for digest in _used(verdict)],
        "verificationResult": result,
        "verifiedLevels": _levels(verdict, policies) if verdict.outcome is Outcome.ADMITTED else [result],
        "slsaVersion": SLSA_VERSION,
        names.EXTENSION_VERDICT: {
            "digest": _digest_set(Digest.of(strict_json.write(record))),
            "policies": record["policies"],
            "listing": record["listing"],
            "waivers": [
                {"policy": item["policy"], "rule": item["rule"], **item["waiver"]}
                for item in record["findings"]
                if item["waiver"] is not None
            ],
        },
    }


def _used(verdict: Verdict) -> list[Digest]:
    """What a rule looked into: nothing that was not verified, for anybody can attach that."""
    digests = {digest for finding in verdict.findings for digest in finding.evidence}
    passed_over = (Fate.OTHER, Fate.REJECTED)
    digests |= {item.digest for one in verdict.findings for item in one.considered if item.fate not in passed_over}
    return sorted(digests)


def _resource(subject: Subject) -> str:
    """The purl; of what lies in a registry its name and digest."""
    if subject.purl is None and subject.image is not None:
        return f"{subject.image}@{subject.manifest.digest}"
    return str(subject)


def _policy(policies: Sequence[Mapping[str, Any]], verifier: str) -> dict[str, Any]:
    """A policy's name means something to its verifier alone, and so does the URI."""
    uri = f"{verifier}#{','.join(quote(policy['name'], safe='') for policy in policies)}"
    if len(policies) == 1:
        return {"uri": uri, "digest": _digest_set(Digest.parse(policies[0]["digest"]))}
    together = [{key: policy[key] for key in ("name", "digest", "files")} for policy in policies]
    return {"uri": uri, "digest": _digest_set(Digest.of(strict_json.write({"policies": together})))}


def _levels(verdict: Verdict, policies: Sequence[Policy]) -> list[str]:
    """The highest that a `provenance` rule asks for and that holds: a waiver makes no rule hold."""
    asked = {
        (policy.name, rule.id): rule.slsa
        for policy in policies
        for rule in policy.rules
        if isinstance(rule, ProvenanceRule) and rule.slsa is not None
    }
    held = [
        asked[item.policy, item.rule]
        for item in verdict.findings
        if item.policy and item.rule and item.outcome is Outcome.ADMITTED and (item.policy, item.rule) in asked
    ]
    return [f"SLSA_BUILD_LEVEL_{min(max(held), _HIGHEST)}"] if held else []


def _digest_set(digest: Digest) -> dict[str, str]:
    return {digest.algorithm: digest.encoded}
