"""Credential helpers: programs that keep credentials for docker and others (docker-credential-helpers, README).

``docker-credential-SUFFIX get|store|erase`` speaks JSON on its standard streams. What it prints is never shown.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Mapping
from typing import Final

from attest import limits
from attest.errors import FormatError, UsageError
from attest.oci import strict_json

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_SECONDS: Final = 30
_NOT_FOUND: Final = b"credentials not found"


def program(suffix: str) -> str:
    """The helper's name. Raises `UsageError` for what is none."""
    if not _NAME.fullmatch(suffix):
        raise UsageError("not the name of a credential helper", where=repr(suffix[:80]))
    return f"docker-credential-{suffix}"


def get(suffix: str, server: str, environment: Mapping[str, str]) -> tuple[str, str] | None:
    """User name and secret; None when it knows none. Raises `UsageError`."""
    said = _run(suffix, "get", server, environment)
    if said is None:
        return None
    where = program(suffix)
    try:
        fields = strict_json.Fields(strict_json.read_object(said, where=where, limit=limits.MIB), where)
        return fields.string("Username"), fields.string("Secret")
    except FormatError:
        raise UsageError("the credential helper failed", where=where, why="its answer is malformed") from None


def store(suffix: str, server: str, username: str, secret: str, environment: Mapping[str, str]) -> None:
    """Let it keep them. Raises `UsageError`."""
    entry = json.dumps({"ServerURL": server, "Username": username, "Secret": secret})
    if _run(suffix, "store", entry, environment) is None:
        raise UsageError("the credential helper failed", where=program(suffix), why="it did not store them")


def erase(suffix: str, server: str, environment: Mapping[str, str]) -> bool:
    """Let it forget them; False when it says that it knew none. Raises `UsageError`."""
    return _run(suffix, "erase", server, environment) is not None


def _run(suffix: str, verb: str, text: str, environment: Mapping[str, str]) -> bytes | None:
    """What it printed; None when it does not have what was asked for."""
    where = program(suffix)
    try:
        done = subprocess.run(
            [where, verb],
            input=text.encode(),
            capture_output=True,
            timeout=_SECONDS,
            check=False,
            env=dict(environment),
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        why = error.strerror if isinstance(error, OSError) else f"no answer in {_SECONDS} seconds"
        raise UsageError("the credential helper did not run", where=where, why=why) from None
    if done.returncode == 0:
        return done.stdout
    if _NOT_FOUND in done.stdout:
        return None
    raise UsageError("the credential helper failed", where=where, why=f"it exited {done.returncode}")
