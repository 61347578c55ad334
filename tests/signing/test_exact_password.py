"""Who is asked for a password, and what comes of the answers. What a real terminal shows is in test_password."""

from __future__ import annotations

import getpass
import io
import sys
from collections.abc import Callable
from typing import TextIO

import pytest

from attest.errors import KeyFileError
from attest.signing.password import new_password, password_for

Typed = Callable[..., list[str]]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> Typed:
    """Say what will be typed, and get the list to which each question is added."""
    for name in ("ATTEST_PASSWORD", "COSIGN_PASSWORD"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(sys, "stdin", Terminal())

    def say(*answers: str | None) -> list[str]:
        asked: list[str] = []
        left = iter(answers)

        def ask(prompt: str, stream: TextIO) -> str:
            assert stream is sys.stderr
            asked.append(prompt)
            if (answer := next(left)) is None:
                raise EOFError
            return str(answer)

        monkeypatch.setattr(getpass, "getpass", ask)
        return asked

    return say


def test_a_password_is_asked_for_once(typed: Typed) -> None:
    asked = typed("s\u00e9cret")
    ask = password_for("release.key")
    assert asked == []
    assert ask() == "s\u00e9cret".encode()
    assert asked == ["Password for release.key: "]


def test_a_new_password_is_asked_for_twice(typed: Typed) -> None:
    asked = typed("secret", "secret")
    assert new_password("release.key") == b"secret"
    assert asked == ["New password for release.key: ", "The same again: "]
    for first, second in (("secret", "Secret"), ("secret", ""), ("", "secret")):
        typed(first, second)
        with pytest.raises(KeyFileError, match="the two passwords differ") as caught:
            new_password("release.key")
        assert (caught.value.where, caught.value.next_step) == ("release.key", "start again")


def test_nothing_is_typed(typed: Typed) -> None:
    for ask in (password_for("release.key"), lambda: new_password("release.key")):
        typed(None)
        with pytest.raises(KeyFileError, match="no password was given") as caught:
            ask()
        assert (caught.value.where, caught.value.next_step) == ("release.key", "set ATTEST_PASSWORD")


@pytest.mark.parametrize(("name", "value"), [("ATTEST_PASSWORD", "ours"), ("COSIGN_PASSWORD", "")])
def test_nobody_is_asked_what_a_variable_says(
    typed: Typed, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    asked = typed("typed", "typed")
    monkeypatch.setenv(name, value)
    assert password_for("release.key")() == new_password("release.key") == value.encode()
    assert asked == []
