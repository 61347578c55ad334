"""Real scanners on OSV records that are made here: what they write is attached, and a policy decides about it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from tests.cli.conftest import Result, Workplace
from tests.peers import peer
from tests.statements.scans import osv_record

WHEEL = "dist/acme-1.0-py3-none-any.whl"
PINNED = "ansi==2.0.0\nidna==3.20\n"
POLICY = """\
version: 1
name: gate
applies_to: ["pkg:pypi/**"]
trust: {keys_only: true}
identities:
  release: {key: release.pub}
rules:
  - {id: scanned, require: scan, by: [release], TERMS}
"""
PART = "pkg:pypi/ansi@2.0.0"


class _Osv(BaseHTTPRequestHandler):
    """As OSV's own service answers a query about one version of one package."""

    def do_POST(self) -> None:
        query = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        answer: dict[str, Any] = {"vulns": [osv_record()]} if query["package"]["name"] == "ansi" else {}
        body = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def osv_service() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Osv) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/v1/query"
        finally:
            server.shutdown()
            thread.join()


def pip_audit(attest: Workplace, form: str, pinned: str) -> None:
    """Writes report.json about ``pinned`` alone; nothing is looked for in an index."""
    attest.write("requirements.txt", pinned)
    with osv_service() as url:
        service = ["--vulnerability-service", "osv", "--osv-url", url, "--cache-dir", "cache"]
        what = ["--requirement", "requirements.txt", "--disable-pip", "--no-deps"]
        how = ["--progress-spinner", "off", "--format", form, "--output", "report.json"]
        command = [sys.executable, "-m", "pip_audit", *service, *what, *how]
        here = {**os.environ, "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, env=here)
    assert done.returncode == int("ansi" in pinned), done.stderr


def osv_scanner(attest: Workplace, pinned: str, *options: str) -> None:
    """Writes report.json about ``pinned``, offline, by the database in ``osv-scanner/PyPI/all.zip``."""
    attest.write("requirements.txt", pinned)
    attest.write("osv-scanner/PyPI/all.zip", b"")
    with zipfile.ZipFile("osv-scanner/PyPI/all.zip", "w") as archive:
        archive.writestr("GHSA-1.json", json.dumps(osv_record()))
    program = peer("osv-scanner")
    command = [str(program), "--experimental-offline", "--format", "json", *options, "--lockfile", "requirements.txt"]
    environment = {**os.environ, "OSV_SCANNER_LOCAL_DB_CACHE_DIRECTORY": str(Path.cwd())}
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, env=environment)
    assert done.returncode == int("ansi" in pinned), done.stderr
    attest.write("report.json", done.stdout)


def verdict(attest: Workplace, terms: str) -> Result:
    attest.write("gate.yaml", POLICY.replace("TERMS", terms))
    return attest("verify", WHEEL, "--policy", "gate.yaml")


@pytest.mark.parametrize("form", ["json", "cyclonedx-json"])
def test_what_pip_audit_finds(attest: Workplace, form: str) -> None:
    """It never says how bad it is: any limit denies it, until VEX or another version takes it away."""
    pip_audit(attest, form, PINNED)
    attest.ok("attach", WHEEL, "report.json", "--key", "release.key")
    part = PART if form == "json" else "ansi@2.0.0"
    for terms in ("deny: [critical]", "max_score: 9.9"):
        denied = verdict(attest, terms)
        assert denied.code == 1
        assert f"found CVE-2026-1 (no known severity) in {part}" in denied.out
    assert verdict(attest, "mode: enforce").code == 0


def test_what_pip_audit_finds_nothing_in(attest: Workplace) -> None:
    pip_audit(attest, "json", "idna==3.20\n")
    attest.ok("attach", WHEEL, "report.json", "--key", "release.key")
    assert verdict(attest, "deny: [critical, high, medium, low]").code == 0


def test_without_findings_its_cyclonedx_is_an_sbom_only(attest: Workplace) -> None:
    pip_audit(attest, "cyclonedx-json", "idna==3.20\n")
    assert "vulnerabilities" not in json.loads(Path("report.json").read_bytes())
    attest.ok("attach", WHEEL, "report.json", "--key", "release.key")
    denied = verdict(attest, "deny: [critical]")
    assert denied.code == 1
    assert "no verified scan" in denied.out


@pytest.mark.parametrize(
    ("terms", "code"),
    [("deny: [critical]", 0), ("deny: [critical, high]", 1), ("max_score: 7.5", 0), ("max_score: 7.4", 1)],
)
@pytest.mark.peer("osv-scanner")
def test_what_osv_scanner_finds(attest: Workplace, terms: str, code: int) -> None:
    osv_scanner(attest, PINNED)
    attest.ok("attach", WHEEL, "report.json", "--key", "release.key")
    result = verdict(attest, terms)
    assert result.code == code
    assert (f"OSV-Scanner found GHSA-1 (high) in {PART}" in result.out) is (code == 1)


@pytest.mark.peer("osv-scanner")
def test_what_osv_scanner_finds_nothing_in(attest: Workplace) -> None:
    """A report that names no package could be of an empty directory."""
    osv_scanner(attest, "idna==3.20\n")
    said = attest.refused("attach", WHEEL, "report.json", "--key", "release.key")
    assert "a report without packages" in said
    assert "--all-packages" in said
    osv_scanner(attest, "idna==3.20\n", "--experimental-all-packages")
    attest.ok("attach", WHEEL, "report.json", "--key", "release.key")
    assert verdict(attest, "deny: [critical, high, medium, low]").code == 0


@pytest.mark.peer("osv-scanner")
def test_when_it_was_is_said_by_what_it_is_wrapped_in(attest: Workplace) -> None:
    """Neither report says when; cosign's record of a scan does."""
    osv_scanner(attest, PINNED)
    attest.ok("attach", WHEEL, "report.json", "--key", "release.key")
    denied = verdict(attest, "max_age: 7d, match: any")
    assert denied.code == 1
    assert "nothing says from when it is" in denied.out
    ended = datetime.now(UTC).isoformat()
    record = {
        "scanner": {"uri": "osv-scanner", "result": json.loads(Path("report.json").read_bytes())},
        "metadata": {"scanStartedOn": ended, "scanFinishedOn": ended},
    }
    attest.write("record.json", json.dumps(record))
    attest.ok("attach", WHEEL, "record.json", "--key", "release.key")
    assert verdict(attest, "max_age: 7d, match: any").code == 0
