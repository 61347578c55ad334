"""`make run`: the main job on packages that nobody here made, fetched by name with their own clients."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

DEMO = Path(__file__).parent.parent / "tools" / "demo.py"


def demo(directory: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(DEMO), str(directory)],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=300,
        check=False,
    )


@pytest.mark.slow
def test_the_main_job_on_real_packages(tmp_path: Path) -> None:
    shown = demo(tmp_path / "demo")
    assert shown.returncode == 0, shown.stdout + shown.stderr
    verdicts = [line.split()[0] for line in shown.stdout.splitlines() if line.startswith(("admitted", "denied", "inc"))]
    assert verdicts == ["admitted", "denied", "inconclusive", "inconclusive"]
    assert [shown.stdout.count(f"exit code {code}, as it must be") for code in (1, 3)] == [1, 2]
    assert "pkg:npm/semver@7.6.3" in shown.stdout
    assert demo(tmp_path / "demo").returncode == 0  # and again, in its own directory


def test_a_directory_of_somebody_elses_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("keep", encoding="utf-8")
    refused = demo(tmp_path)
    assert refused.returncode == 1
    assert "not of an earlier demonstration" in refused.stderr
    assert (tmp_path / "precious").read_text(encoding="utf-8") == "keep"
