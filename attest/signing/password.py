"""Passwords of key files: from the environment, or from whoever sits at the terminal."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

from attest.errors import KeyFileError

VARIABLES: Final = ("ATTEST_PASSWORD", "COSIGN_PASSWORD")
"""The first that is set counts, an empty one included: cosign's keys may have an empty password."""


def password_for(path: str | Path) -> Callable[[], bytes]:
    """What `load_private` calls if the key turns out to be encrypted.

    The returned function raises `KeyFileError` where there is neither a variable nor a terminal.
    """

    def password() -> bytes:
        found = _from_environment()
        return _ask(f"Password for {path}: ", where=str(path)) if found is None else found

    return password


def new_password(path: str | Path) -> bytes:
    """The password for a key about to be written; on a terminal it is asked for twice. Raises `KeyFileError`."""
    found = _from_environment()
    if found is not None:
        return found
    password = _ask(f"New password for {path}: ", where=str(path))
    if _ask("The same again: ", where=str(path)) != password:
        raise KeyFileError("the two passwords differ", where=str(path), next_step="start again")
    return password


def _from_environment() -> bytes | None:
    for name in VARIABLES:
        value = os.environ.get(name)
        if value is not None:
            return os.fsencode(value)
    return None


def _ask(prompt: str, *, where: str) -> bytes:
    if not sys.stdin.isatty():
        raise KeyFileError(
            "a password is needed and there is no terminal to ask on", where=where, next_step=f"set {VARIABLES[0]}"
        )
    from getpass import getpass

    try:
        return getpass(prompt, stream=sys.stderr).encode()
    except EOFError:
        raise KeyFileError("no password was given", where=where, next_step=f"set {VARIABLES[0]}") from None
