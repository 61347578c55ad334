"""Rules of the whole suite: what runs when, that CI skips nothing, and that no test sees the user's home.

Slow tests run with ``--slow`` and with ``CI=true``. With ``CI=true`` a skip is a failure, unless `SKIPS_ALLOWED`
has its reason.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Generator, Iterator
from functools import cache
from pathlib import Path

import pytest
from hypothesis import settings

from tests.private_sigstore import stack
from tests.soft_token import SoftToken, soft_token_in

CI = os.environ.get("CI") == "true"

SKIPS_ALLOWED = {
    "the project's shared material is not beside this clone": "those who clone the repository alone do not have it",
}
"""Reasons for which a test may be skipped even in CI, each with why."""

KEPT = ("ATTEST_PEERS",)
FOREIGN = ("ATTEST_", "COSIGN_", "DOCKER_", "NOTATION_", "ORAS_", "PYTHON", "REGCTL_", "SIGSTORE_", "XDG_")
"""Variables by which the user's own settings would reach `attest` and its peers, or change how Python behaves."""

# What a password makes is slow on purpose, 64 MiB and a tenth of a second: once for each password and salt.
hashlib.scrypt = cache(hashlib.scrypt)  # type: ignore[assignment]

# A deadline measures how busy the machine is; CI draws the same examples each time.
settings.register_profile("local", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("ci" if CI else "local")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--slow", action="store_true", default=CI, help="run the slow tests too")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--slow"):
        return
    slow = [item for item in items if item.get_closest_marker("slow")]
    if slow:
        config.hook.pytest_deselected(items=slow)
        items[:] = [item for item in items if not item.get_closest_marker("slow")]


def not_allowed(longrepr: object) -> str | None:
    """Why a skip with this representation fails in CI; None if it may be."""
    reason = longrepr[2] if isinstance(longrepr, tuple) else str(longrepr)
    reason = str(reason).removeprefix("Skipped: ")
    return None if reason in SKIPS_ALLOWED else f"skipped, and CI=true skips nothing: {reason}"


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if CI and report.skipped and not hasattr(report, "wasxfail") and (why := not_allowed(report.longrepr)):
        report.outcome = "failed"
        report.longrepr = why
    return report


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    if CI and report.outcome == "skipped" and (why := not_allowed(report.longrepr)):
        report.outcome = "failed"
        report.longrepr = why
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    skipped = terminalreporter.stats.get("skipped", [])
    if any("make peers" in str(report.longrepr) for report in skipped):
        terminalreporter.section("real programs are missing")
        terminalreporter.write_line("`make peers` builds them (needs Go; minutes, once); then nothing is skipped.")


@pytest.fixture(scope="session", autouse=True)
def scratch_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """An empty home directory for the whole session, without the user's own settings in the environment."""
    peers = os.environ.get("ATTEST_PEERS") or str(Path.home() / ".cache" / "attest-peers")
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        for name in os.environ:
            if name.startswith(FOREIGN) and name not in KEPT:
                patch.delenv(name)
        patch.setenv("HOME", str(home))
        patch.setenv("ATTEST_PEERS", peers)
        yield home


@pytest.fixture(scope="session")
def private_sigstore(tmp_path_factory: pytest.TempPathFactory) -> Iterator[stack.PrivateSigstore]:
    """A deployment of one's own for keyless signatures; one a worker."""
    with stack.running(tmp_path_factory.mktemp("sigstore")) as running:
        yield running


@pytest.fixture(scope="session")
def soft_token(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SoftToken]:
    """A PKCS#11 token with keys; one a worker."""
    with soft_token_in(tmp_path_factory.mktemp("softhsm")) as token:
        yield token
