"""What a registry says reaches the user once, and never with a secret in it."""

from __future__ import annotations

import base64
import json
import subprocess
import sys

import pytest

from tests.cli.conftest import Workplace
from tests.stores.registry.scripted import Answer, Asked, Scripted, error, index_answer

WHEEL = "dist/acme-1.0-py3-none-any.whl"
PASSWORD = "correct-horse-battery"
PAIR = base64.b64encode(f"alice:{PASSWORD}".encode()).decode()


def test_a_warning_is_shown_once_a_command(attest: Workplace) -> None:
    """Each answer carries it, and two stores lie on the registry."""
    with Scripted().running() as registry:
        registry.default = lambda asked: index_answer(Warning='299 - "we close in May"')
        stores = [f"--store={registry.host}/{name}" for name in ("one", "two")]
        done = subprocess.run(
            [sys.executable, "-m", "attest", "list", WHEEL, *stores],
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        assert len(registry.asked) >= 4
        assert done.stderr.count("we close in May") == 1
        assert "we close in May" not in done.stdout


@pytest.mark.parametrize(
    "arguments", [["list", WHEEL, "--json"], ["tree", "pkg:pypi/acme@1.0", "--json"], ["list", WHEEL]]
)
def test_json_and_messages_hold_no_secret(
    attest: Workplace, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    """The registry repeats what it was sent where it fails, and lists by the other way."""

    def answer(asked: Asked) -> Answer:
        sent = asked.headers.get("authorization")
        if sent is None:
            return error(401, "UNAUTHORIZED", WWW_Authenticate="Basic realm=x")
        if "/referrers/" in asked.path:
            return error(403, "DENIED", f"you sent {sent}, that is {PASSWORD}")
        return index_answer(Warning=f'299 - "you sent {sent}, that is {PASSWORD}"')

    with Scripted().running() as registry:
        registry.default = answer
        monkeypatch.setenv("ATTEST_REGISTRY_HOST", registry.host)
        monkeypatch.setenv("ATTEST_REGISTRY_USER", "alice")
        monkeypatch.setenv("ATTEST_REGISTRY_PASSWORD", PASSWORD)
        said = attest(*arguments, "--store", f"{registry.host}/team")
    if "--json" in arguments:
        json.loads(said.out)
    shown = said.out + said.err
    assert "you sent Basic ***, that is ***" in shown
    assert PASSWORD not in shown
    assert PAIR not in shown
