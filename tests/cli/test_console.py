"""Colours and progress are for terminals; pipes, files and NO_COLOR get plain bytes."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Workplace

ESCAPE = "\033["
SLOW_LOOP = """
import time
from attest.cli.console import progress
for item in progress([0, 1, 2], 3, "waiting"):
    time.sleep(0.6)
"""


SLOW_WAIT = """
import time
from attest.cli.console import waiting
with waiting("patience"):
    time.sleep({seconds})
"""


def on_a_terminal(*argv: str, **environment: str) -> str:
    """Everything that the program writes to a terminal."""
    ours, theirs = pty.openpty()
    try:
        child = subprocess.Popen(
            argv, stdin=theirs, stdout=theirs, stderr=theirs, env={**os.environ, "TERM": "xterm", **environment}
        )
        os.close(theirs)
        written = b""
        try:
            while chunk := os.read(ours, 65536):
                written += chunk
        except OSError:  # Linux says EIO where the other end is closed
            pass
        child.wait()
    finally:
        os.close(ours)
    return written.decode()


@pytest.fixture
def verify(attest: Workplace) -> list[str]:
    wheel = "dist/acme-1.0-py3-none-any.whl"
    attest.ok("sign", wheel, "--key", "release.key")
    return [sys.executable, "-m", "attest", "verify", wheel, "--policy", "policy.yaml"]


def test_a_terminal_gets_colours(verify: list[str]) -> None:
    assert f"{ESCAPE}1;32madmitted" in on_a_terminal(*verify)


@pytest.mark.parametrize("setting", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_a_terminal_that_wants_none(verify: list[str], setting: dict[str, str]) -> None:
    assert ESCAPE not in on_a_terminal(*verify, **setting)


def test_a_pipe_gets_plain_text(verify: list[str]) -> None:
    written = subprocess.run(verify, capture_output=True, text=True, check=True)
    assert written.stdout.startswith("admitted  pkg:pypi/acme@1.0  sha256:")
    assert ESCAPE not in written.stdout
    assert written.stderr == ""


def test_json_is_plain_on_a_terminal_too(verify: list[str]) -> None:
    assert ESCAPE not in on_a_terminal(*verify, "--json")


def test_progress_on_a_terminal_after_a_second() -> None:
    assert "waiting" in on_a_terminal(sys.executable, "-c", SLOW_LOOP)


def test_what_cannot_be_counted_shows_that_it_goes_on_after_a_second() -> None:
    assert "patience" in on_a_terminal(sys.executable, "-c", SLOW_WAIT.format(seconds=2))
    assert on_a_terminal(sys.executable, "-c", SLOW_WAIT.format(seconds=0)) == ""


@pytest.mark.parametrize("program", [SLOW_LOOP, SLOW_WAIT.format(seconds=1.5)], ids=["counted", "not counted"])
def test_no_progress_into_a_pipe(program: str) -> None:
    written = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert (written.stdout, written.stderr) == ("", "")


def test_a_reader_that_leaves_is_no_error(verify: list[str]) -> None:
    command = " ".join([*verify[:3], "list", verify[4], "--json"])
    done = subprocess.run(
        ["sh", "-c", f"{command} | head -c 1"], capture_output=True, text=True, cwd=Path.cwd(), check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_a_denial_is_never_success_because_the_reader_has_gone(attest: Workplace) -> None:
    verify = f"{sys.executable} -m attest verify dist/acme-1.0-py3-none-any.whl --policy policy.yaml"
    script = f"set -o pipefail; ({verify}; echo $? > code) | true"
    for _ in range(3):
        subprocess.run(["bash", "-c", script], check=False, timeout=30)
        assert Path("code").read_text(encoding="ascii").strip() in ("1", "3")


@pytest.mark.parametrize("redirection", [">/dev/full", ">&-"])
def test_output_that_cannot_be_written(attest: Workplace, redirection: str) -> None:
    command = f"{sys.executable} -m attest verify dist/acme-1.0-py3-none-any.whl --policy policy.yaml {redirection}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert done.returncode in (1, 3)
    assert "Traceback" not in done.stderr


def test_a_terminal_without_the_marks(verify: list[str]) -> None:
    tree = [*verify[:3], "tree", verify[4]]
    done = subprocess.run(
        tree, capture_output=True, text=True, env={**os.environ, "PYTHONIOENCODING": "ascii"}, check=True
    )
    assert "\\u2514\\u2500 sigstore.dev/cosign/sign/v1" in done.stdout


def test_what_others_wrote_gives_no_orders_to_the_terminal(attest: Workplace) -> None:
    attest.write("evil.whl", "no package")
    hostile = "\x1b]0;owned\x07"
    said = attest("verify", f"pkg:npm/x@1{hostile}", "--policy", "policy.yaml")
    assert said.code == 2
    assert "\x1b" not in said.err


def test_starting_imports_nothing_heavy() -> None:
    heavy = ("sigstore", "cryptography", "requests", "rich", "ruamel", "in_toto_attestation", "packaging", "nacl")
    code = f"import sys, attest.cli.main as m; m.build_parser(); print([n for n in {heavy!r} if n in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_verifying_with_a_key_imports_no_sigstore(verify: list[str]) -> None:
    code = (
        "import sys; from attest.cli.main import main; code = main(sys.argv[1:]);"
        "print([n for n in ('sigstore', 'requests', 'tuf', 'in_toto_attestation') if n in sys.modules]); sys.exit(code)"
    )
    done = subprocess.run([sys.executable, "-c", code, *verify[3:]], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
