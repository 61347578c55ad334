"""The rules of `conftest.py`, seen on a small suite that runs in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

CONFTEST = Path(__file__).with_name("conftest.py")


def run_suite(folder: Path, test: str, *arguments: str, env: Mapping[str, str] | None = None) -> tuple[int, str]:
    (folder / "conftest.py").write_text(CONFTEST.read_text())
    (folder / "pytest.ini").write_text("[pytest]\nmarkers = slow\nxfail_strict = true\n")
    (folder / "test_one.py").write_text(f"import os\nfrom pathlib import Path\nimport pytest\n{test}")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-rs", *arguments],
        cwd=folder,
        env={**os.environ, "CI": "", **(env or {})},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


IN_CI = {"CI": "true"}
SKIPS = """
@pytest.mark.skip(reason="by mark")
def test_mark(): pass

@pytest.mark.skipif(True, reason="by condition")
def test_condition(): pass

def test_call(): pytest.skip("by call")

@pytest.fixture
def cosign(): pytest.skip("by fixture")

def test_fixture(cosign): pass
"""
REASONS = ("by mark", "by condition", "by call", "by fixture")


@pytest.mark.parametrize("workers", [(), pytest.param(("-n", "1"), marks=pytest.mark.slow)])
def test_a_skip_shows_locally_and_fails_in_ci(tmp_path: Path, workers: tuple[str, ...]) -> None:
    code, output = run_suite(tmp_path, SKIPS, *workers)
    assert (code, "4 skipped" in output, [r for r in REASONS if r not in output]) == (0, True, [])

    code, output = run_suite(tmp_path, SKIPS, *workers, env=IN_CI)
    assert (code, "skipped" in output.splitlines()[-1]) == (1, False)
    assert [reason for reason in REASONS if f"CI=true skips nothing: {reason}" not in output] == []


def test_a_whole_module_is_not_skipped_either(tmp_path: Path) -> None:
    code, output = run_suite(tmp_path, "pytest.skip('all of it', allow_module_level=True)", env=IN_CI)
    assert (code, "CI=true skips nothing: all of it" in output) == (2, True)


def test_an_expected_failure_and_an_allowed_reason_are_no_failures_in_ci(tmp_path: Path) -> None:
    expected = "@pytest.mark.xfail(reason='known')\ndef test_it(): assert False\n"
    allowed = 'def test_b(): pytest.skip("the project\'s shared material is not beside this clone")\n'
    code, output = run_suite(tmp_path, expected + allowed, env=IN_CI)
    assert (code, "1 skipped, 1 xfailed" in output) == (0, True)


def test_slow_tests_wait_to_be_asked(tmp_path: Path) -> None:
    suite = "@pytest.mark.slow\ndef test_slow(): pass\ndef test_fast(): pass\n"
    assert "1 passed, 1 deselected" in run_suite(tmp_path, suite)[1]
    assert "2 passed" in run_suite(tmp_path, suite, "--slow")[1]
    assert "2 passed" in run_suite(tmp_path, suite, env=IN_CI)[1]


def test_missing_peers_are_said_where_to_get(tmp_path: Path) -> None:
    suite = "def test_it(): pytest.skip('cosign is not in x: run `make peers`')"
    assert "real programs are missing" in run_suite(tmp_path, suite)[1]
    assert "real programs are missing" not in run_suite(tmp_path, SKIPS)[1]


def test_no_test_sees_the_users_home_or_settings(tmp_path: Path) -> None:
    suite = (
        "def test_it():\n"
        "    assert list(Path.home().iterdir()) == []\n"
        "    assert 'ATTEST_STORE' not in os.environ\n"
        "    assert 'DOCKER_CONFIG' not in os.environ\n"
        "    assert 'PYTHONUNBUFFERED' not in os.environ\n"
        "    assert os.environ['ATTEST_PEERS'] == os.environ['EXPECTED']\n"
    )
    users = tmp_path / "user"
    (users / ".docker").mkdir(parents=True)
    seen = {"HOME": str(users), "ATTEST_STORE": "oci:x", "DOCKER_CONFIG": "y", "PYTHONUNBUFFERED": "1"}
    code, output = run_suite(
        tmp_path, suite, env={**seen, "ATTEST_PEERS": "", "EXPECTED": f"{users}/.cache/attest-peers"}
    )
    assert code == 0, output
    code, output = run_suite(tmp_path, suite, env={**seen, "ATTEST_PEERS": "/peers", "EXPECTED": "/peers"})
    assert code == 0, output
