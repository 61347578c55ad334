"""Predicates: honest ones, each with what a case changes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from attest.evidence.model import Subject
from tests.hostile.making import Json

POLICY_DIGEST = "2a97516c354b68848cdbd8f54a226a0a55b21ed138e207ad6c5cbb9c00aa5aea"


def revocation(*manifests: str, issued: str = "2026-02-20T12:00:00Z") -> Json:
    return {"issued": issued, "evidence": [{"manifest": item} for item in manifests], "reason": "the key leaked"}


def summary(result: str = "PASSED", **changes: Any) -> Json:
    """A verification summary, about ``pkg:npm/%40acme/…`` by ``resourceUri``."""
    return {
        "verifier": {"id": "https://verifier.example"},
        "timeVerified": "2026-02-28T12:00:00Z",
        "resourceUri": "pkg:npm/%40acme/nothing@1.0.0",
        "policy": {"uri": "https://verifier.example/policy", "digest": {"sha256": POLICY_DIGEST}},
        "verificationResult": result,
        "verifiedLevels": ["SLSA_BUILD_LEVEL_3"],
        **changes,
    }


def provenance(
    *,
    builder: Json | None = None,
    build_type: str = "https://ci.example/type/v1",
    workflow: Json | None = None,
    target: str = "prod",
    **more: Any,
) -> Json:
    """SLSA v1, by the hosted builder, from a tag of acme/app."""
    honest = {"repository": "https://github.com/acme/app", "ref": "refs/tags/v1", "path": ".ci/release.yml"}
    return {
        "buildDefinition": {
            "buildType": build_type,
            "externalParameters": {"workflow": {**honest, **(workflow or {})}, "target": target},
        },
        "runDetails": {"builder": {"id": "https://ci.example/hosted"} if builder is None else builder, **more},
    }


def component(name: str, version: str = "1.0.0", **more: Any) -> Json:
    return {
        "type": "library",
        "bom-ref": name,
        "name": name,
        "version": version,
        "purl": f"pkg:npm/{name}@{version}",
        "supplier": {"name": f"who makes {name}"},
        **more,
    }


def bom(subject: Subject, components: Sequence[Json] | None = None, *, main: Json | None = None, **more: Any) -> Json:
    """CycloneDX of ``subject`` with the minimum elements; ``main`` changes the entry of the package itself."""
    assert subject.purl is not None
    itself = component(subject.purl.name, subject.purl.version or "")
    itself |= {"bom-ref": "itself", "purl": str(subject.purl), **(main or {})}
    parts = [component("left"), component("right")] if components is None else list(components)
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "metadata": {"timestamp": "2026-02-28T12:00:00Z", "authors": [{"name": "Acme"}], "component": itself},
        "components": parts,
        "dependencies": [{"ref": "itself", "dependsOn": [item["bom-ref"] for item in parts if "bom-ref" in item]}],
        **more,
    }


def licensed(*licenses: Json) -> list[Json]:
    """One component with these licences."""
    return [component("left", licenses=list(licenses))]


def expression(text: str) -> Json:
    return {"expression": text}


MIT = {"license": {"id": "MIT"}}


def scan(*findings: Json, time: str | None = "2026-02-28T12:00:00Z") -> Json:
    """A scan in in-toto's form."""
    return {
        "scanner": {"uri": "https://scanner.example", "result": list(findings)},
        "metadata": {} if time is None else {"scanStartedOn": time, "scanFinishedOn": time},
    }


def finding(severity: str | None = "9.8", id: str = "CVE-2026-0001") -> Json:
    ratings = [] if severity is None else [{"method": "cvss_score", "score": severity}]
    return {"id": id, "severity": ratings}


def vex(
    product: str,
    *,
    status: str = "not_affected",
    justification: str | None = "vulnerable_code_not_present",
    time: str = "2026-02-28T13:00:00Z",
) -> Json:
    """OpenVEX about CVE-2026-0001."""
    said = {"vulnerability": {"name": "CVE-2026-0001"}, "products": [{"@id": product}], "status": status}
    return {
        "@context": "https://openvex.dev/ns/v0.2.0",
        "@id": "https://acme.example/vex/1",
        "author": "Acme",
        "timestamp": time,
        "version": 1,
        "statements": [said | ({} if justification is None else {"justification": justification})],
    }
