from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from attest.errors import KeyFileError
from attest.signing.password import new_password, password_for

ASK = "from attest.signing.password import {0}; print(repr({0}('release.key'){1}))"


@pytest.fixture(autouse=True)
def no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ATTEST_PASSWORD", "COSIGN_PASSWORD"):
        monkeypatch.delenv(name, raising=False)


def test_the_first_variable_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COSIGN_PASSWORD", "theirs")
    assert password_for("k")() == new_password("k") == b"theirs"
    monkeypatch.setenv("ATTEST_PASSWORD", "ours é")
    assert password_for("k")() == new_password("k") == "ours é".encode()


def test_an_empty_variable_is_an_empty_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COSIGN_PASSWORD", "theirs")
    monkeypatch.setenv("ATTEST_PASSWORD", "")
    assert password_for("k")() == new_password("k") == b""


def test_no_variable_and_no_terminal_names_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    with Path(os.devnull).open() as nothing:
        monkeypatch.setattr(sys, "stdin", nothing)
        for ask in (password_for("release.key"), lambda: new_password("release.key")):
            with pytest.raises(KeyFileError) as caught:
                ask()
            assert caught.value.next_step == "set ATTEST_PASSWORD"
            assert caught.value.where == "release.key"


def on_a_terminal(program: str, typed: bytes) -> tuple[str, str]:
    """What the program printed to a pipe and what it showed on the terminal."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", program],
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    shown = b""
    for line in typed.splitlines(keepends=True):
        while not shown.endswith(b": "):
            shown += os.read(ours, 1024)
        os.write(ours, line)
        shown += b"|"
    output, _ = process.communicate(timeout=20)
    try:
        while more := os.read(ours, 1024):
            shown += more
    except OSError:  # the other end is closed
        pass
    os.close(ours)
    return output.decode(), shown.decode()


def test_a_terminal_is_asked_without_echo() -> None:
    output, shown = on_a_terminal(ASK.format("password_for", "()"), b"secret\n")
    assert output == "b'secret'\n"
    assert shown.startswith("Password for release.key: ")
    assert "secret" not in shown


def test_a_new_password_is_asked_for_twice() -> None:
    output, shown = on_a_terminal(ASK.format("new_password", ""), b"secret\nsecret\n")
    assert output == "b'secret'\n"
    assert "The same again: " in shown
    output, shown = on_a_terminal(ASK.format("new_password", ""), b"secret\nsecreT\n")
    assert output == ""
    assert "the two passwords differ" in shown
