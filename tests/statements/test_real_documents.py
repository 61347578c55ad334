"""Documents that others' programs really write: SBOMs in installed wheels (PEP 770), and SARIF by a real scanner."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from importlib.metadata import distributions
from pathlib import Path

from attest import limits, names
from attest.oci import strict_json
from attest.policy.licenses import Licenses
from attest.statements.findings import Severity
from attest.statements.sbom import missing_minimum, read_sbom
from attest.statements.scan import read_scan


def embedded() -> list[Path]:
    """All SBOMs of the distributions that are installed here; `cryptography` has two."""
    return [
        Path(str(file.locate()))
        for distribution in distributions()
        for file in distribution.files or ()
        if ".dist-info/sboms/" in str(file) and file.suffix == ".json"
    ]


def test_sboms_in_wheels() -> None:
    found = embedded()
    assert len(found) >= 2
    for path in found:
        sbom = read_sbom(strict_json.read_object(path.read_bytes(), where=path.name, limit=limits.EVIDENCE_BLOB))
        assert sbom.format == "CycloneDX"
        assert sbom.everything  # one that needs nothing is about itself only
        missing = " ".join(missing_minimum(sbom))
        assert "supplier" in missing or not missing  # few say everything
        unread = list(Licenses(deny=frozenset({"AGPL-3.0-only"})).objections(sbom))
        assert unread == []


def test_what_bandit_finds(tmp_path: Path) -> None:
    code, report = tmp_path / "code.py", tmp_path / "report.sarif"
    code.write_text('import subprocess\n\nsubprocess.call("ls " + input(), shell=True)\n')
    command = [sys.executable, "-m", "bandit", "--quiet", "--format", "sarif", "--output", str(report), str(code)]
    assert subprocess.run(command, capture_output=True, timeout=60, check=False).returncode == 1
    document = strict_json.read_object(report.read_bytes(), where="report", limit=limits.EVIDENCE_BLOB)
    scan = read_scan(names.PREDICATE_SCAN, document)
    assert scan.tool == "Bandit"
    assert scan.time is not None
    assert scan.time <= datetime.now(UTC)
    assert {item.id: item.worst for item in scan.findings} == {"B404": Severity.LOW, "B602": Severity.HIGH}
