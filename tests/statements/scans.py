"""One finding, as every format has it: CVE-2026-1 (also GHSA-1), high, 7.5, in pkg:npm/ansi@2.0.0, fixed in 2.0.1."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attest import names

TIME = "2026-11-20T12:00:00.123456789Z"
PART = "pkg:npm/ansi@2.0.0"


def sarif(level: str | None = "error", score: str | None = "7.5", **result: Any) -> dict[str, Any]:
    rule = {"id": "CVE-2026-1"} | ({} if score is None else {"properties": {"security-severity": score}})
    found = {"ruleId": "CVE-2026-1", "message": {"text": "x"}, **result} | ({} if level is None else {"level": level})
    run = {
        "tool": {"driver": {"name": "Lint", "rules": [rule]}},
        "invocations": [{"executionSuccessful": True, "endTimeUtc": TIME}],
        "results": [found],
    }
    return {"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": [run]}


def trivy(severity: str = "HIGH", score: float | None = 7.5, **more: Any) -> dict[str, Any]:
    found = {
        "VulnerabilityID": "CVE-2026-1",
        "VendorIDs": ["GHSA-1"],
        "PkgName": "ansi",
        "PkgIdentifier": {"PURL": PART},
        "FixedVersion": "2.0.1",
        "Severity": severity,
        "CVSS": {} if score is None else {"nvd": {"V3Score": score, "V2Score": 5}, "ghsa": {"V3Score": 6.1}},
    }
    results = [{"Target": "package-lock.json", "Class": "lang-pkgs", "Vulnerabilities": [found]}]
    return {"SchemaVersion": 2, "CreatedAt": TIME, "ArtifactName": "left-pad", "Results": results, **more}


def grype(severity: str = "High", score: float | None = 7.5) -> dict[str, Any]:
    match = {
        "vulnerability": {
            "id": "CVE-2026-1",
            "severity": severity,
            "cvss": [] if score is None else [{"version": "3.1", "metrics": {"baseScore": score}}],
            "fix": {"versions": ["2.0.1"], "state": "fixed"},
        },
        "relatedVulnerabilities": [{"id": "GHSA-1"}],
        "artifact": {"name": "ansi", "version": "2.0.0", "purl": PART},
    }
    return {"matches": [match], "descriptor": {"name": "grype", "version": "0.90.0", "timestamp": TIME}}


def osv_record(**more: Any) -> dict[str, Any]:
    """An OSV record as GitHub's advisories are: of PyPI's `ansi`, with a vector that is 7.5."""
    vector = {"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N"}
    span = {"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2.0.1"}]}
    return {
        "schema_version": "1.6.0",
        "id": "GHSA-1",
        "modified": "2026-01-01T00:00:00Z",
        "published": "2026-01-01T00:00:00Z",
        "aliases": ["CVE-2026-1"],
        "summary": "x",
        "severity": [vector],
        "affected": [{"package": {"ecosystem": "PyPI", "name": "ansi"}, "ranges": [span]}],
        "database_specific": {"severity": "HIGH"},
        **more,
    }


def osv_scanner(severity: str = "HIGH", score: str = "7.5", ecosystem: str = "npm") -> dict[str, Any]:
    record = osv_record(id="CVE-2026-1", aliases=["GHSA-1"], database_specific={"severity": severity})
    found = {
        "package": {"name": "ansi", "version": "2.0.0", "ecosystem": ecosystem},
        "vulnerabilities": [record],
        "groups": [{"ids": ["CVE-2026-1"], "aliases": ["CVE-2026-1", "GHSA-1"], "max_severity": score}],
    }
    results = [{"source": {"path": "package-lock.json", "type": "lockfile"}, "packages": [found]}]
    return {"results": results, "experimental_config": {"licenses": {"summary": False, "allowlist": None}}}


def pip_audit(**more: Any) -> dict[str, Any]:
    found = {"id": "CVE-2026-1", "fix_versions": ["2.0.1"], "aliases": ["GHSA-1"], "description": "x"}
    return {"dependencies": [{"name": "ansi", "version": "2.0.0", "vulns": [found], **more}], "fixes": []}


def vulns(*ratings: tuple[str, str]) -> dict[str, Any]:
    severity = [{"method": method, "score": value} for method, value in ratings or (("nvd", "high"), ("cvss", "7.5"))]
    scanner = {"uri": "pkg:github/acme/scanner@1", "result": [{"id": "CVE-2026-1", "severity": severity}]}
    return {"scanner": scanner, "metadata": {"scanStartedOn": TIME, "scanFinishedOn": TIME}}


def vulns_01() -> dict[str, Any]:
    """With what is found in `vulnerability`, as the text of version 0.1 says and its example does not."""
    document = vulns()
    document["scanner"]["result"] = [{"vulnerability": item} for item in document["scanner"]["result"]]
    return document


def cosign(result: dict[str, Any]) -> dict[str, Any]:
    scanner = {"uri": "pkg:github/acme/scanner@1", "version": "1", "db": {}, "result": result}
    return {"invocation": {}, "scanner": scanner, "metadata": {"scanStartedOn": TIME, "scanFinishedOn": TIME}}


def cyclonedx(severity: str | None = "high", score: float | None = 7.5, analysis: Any = None) -> dict[str, Any]:
    rating = {"method": "CVSSv31", "severity": severity, "score": score}
    found = {
        "id": "CVE-2026-1",
        "references": [{"id": "GHSA-1"}],
        "ratings": [{key: value for key, value in rating.items() if value is not None}],
        "affects": [{"ref": "part"}],
    } | ({} if analysis is None else {"analysis": analysis})
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "metadata": {"timestamp": TIME},
        "components": [{"type": "library", "bom-ref": "part", "name": "ansi", "version": "2.0.0", "purl": PART}],
        "vulnerabilities": [found],
    }


SCANS: Mapping[str, tuple[str, dict[str, Any]]] = {
    "SARIF": (names.PREDICATE_SCAN, sarif()),
    "Trivy": (names.PREDICATE_SCAN, trivy()),
    "Grype": (names.PREDICATE_SCAN, grype()),
    "in-toto 0.1": (names.PREDICATES_VULNS[0], vulns_01()),
    "in-toto 0.2": (names.PREDICATES_VULNS[1], vulns()),
    "cosign, Trivy": (names.PREDICATE_COSIGN_VULN, cosign(trivy())),
    "cosign, Grype": (names.PREDICATE_COSIGN_VULN, {**cosign({}), "scanners": [{"result": grype()}]}),
    "cosign, OSV-Scanner": (names.PREDICATE_COSIGN_VULN, cosign(osv_scanner())),
    "CycloneDX": (names.PREDICATE_CYCLONEDX, cyclonedx()),
}


def openvex(status: str = "not_affected", product: Any = PART, *, time: str = TIME, **members: Any) -> dict[str, Any]:
    more = {"justification": "vulnerable_code_not_present"} if status == "not_affected" else {}
    statement = {
        "vulnerability": {"name": "CVE-2026-1"},
        "products": [product if isinstance(product, dict) else {"@id": product}],
        "status": status,
        **more,
        **members,
    }
    return {
        "@context": "https://openvex.dev/ns/v0.2.0",
        "@id": "https://acme.example/vex/1",
        "author": "Acme",
        "timestamp": time,
        "version": 1,
        "statements": [{key: value for key, value in statement.items() if value is not None}],
    }


def csaf(status: str = "known_not_affected", purl: str = PART, *, label: str | None = "component_not_present") -> Any:
    flags = [] if label is None else [{"label": label, "product_ids": ["P"]}]
    product = {"name": "ansi", "product_id": "P", "product_identification_helper": {"purl": purl}}
    return {
        "document": {"category": "csaf_vex", "csaf_version": "2.0", "tracking": {"current_release_date": TIME}},
        "product_tree": {"branches": [{"category": "product_version", "name": "2.0.0", "product": product}]},
        "vulnerabilities": [{"cve": "CVE-2026-1", "product_status": {status: ["P"]}, "flags": flags}],
    }
