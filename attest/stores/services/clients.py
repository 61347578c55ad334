"""What ecosystems' clients say of themselves: their files, and their own answers. No address stands in this project."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from attest import limits
from attest.errors import UsageError

_SECONDS: Final = 30.0


def data(path: Path) -> bytes:
    """A configuration file; one that is not there is empty. Raises `UsageError`."""
    try:
        with path.open("rb") as file:
            found = file.read(limits.KEY_FILE + 1)
    except (FileNotFoundError, NotADirectoryError):
        return b""
    except OSError as error:
        raise UsageError("cannot read the configuration", where=str(path), why=error.strerror) from None
    if len(found) > limits.KEY_FILE:
        raise UsageError("not a configuration file", where=str(path), why=f"more than {limits.KEY_FILE} bytes")
    return found


def text(path: Path) -> str:
    """As `data`, in UTF-8."""
    try:
        return data(path).decode("utf-8")
    except UnicodeDecodeError:
        raise UsageError("cannot read the configuration", where=str(path), why="it is not UTF-8") from None


def http(url: str, where: str) -> str:
    """The address, which must be one of HTTP. Raises `UsageError`."""
    if not url.startswith(("https://", "http://")):
        raise UsageError("not the address of a service", where=where, why=repr(url[:160]))
    return url


def asked(client: str, *question: str, environment: Mapping[str, str] | None = None) -> str | None:
    """What the program answers, if it is there and answers anything."""
    program = shutil.which(client, path=None if environment is None else environment.get("PATH", ""))
    if program is None:
        return None
    try:
        done = subprocess.run(
            [program, *question],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
            env=environment,
        )
    except (OSError, subprocess.TimeoutExpired, UnicodeDecodeError):
        return None
    said = done.stdout.strip()
    return said if done.returncode == 0 and said not in ("", "undefined", "null") else None
