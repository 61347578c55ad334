"""``--output``: what a command makes goes to a file, all of it or nothing, or to stdout."""

from __future__ import annotations

import os
import secrets
import sys
from contextlib import suppress
from pathlib import Path

from attest.errors import UsageError


def check(*outputs: str | Path | None) -> None:
    """Before what takes long: whether `write` could write there, as far as that can be seen. Raises `UsageError`."""
    for path in (Path(output) for output in outputs if output is not None):
        if path.is_dir():
            raise UsageError("cannot write the file", where=str(path), why="it is a directory")
        if path.exists() and not path.is_file():
            continue
        if not path.parent.is_dir():
            raise UsageError(
                "cannot write the file",
                where=str(path),
                why="there is no such directory",
                next_step=f"make the directory {path.parent} first",
            )
        if not os.access(path.parent, os.W_OK | os.X_OK):
            raise UsageError("cannot write the file", where=str(path), why="nothing may be written into its directory")


def write(data: bytes, output: str | Path | None) -> None:
    """To ``output``, or to stdout as text where there is none. Who reads the file meanwhile sees it as it was.

    Raises `UsageError`.
    """
    if output is None:
        sys.stdout.write(data.decode())
        return
    path = Path(output)
    try:
        if path.exists() and not path.is_file():  # a pipe or a device takes nobody's place
            path.write_bytes(data)
        else:
            _replace(path, data)
    except OSError as error:
        raise UsageError("cannot write the file", where=str(path), why=error.strerror) from None


def _replace(path: Path, data: bytes) -> None:
    beside = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666), "wb") as file:
            file.write(data)
        os.replace(beside, path)
    except BaseException:
        with suppress(OSError):
            beside.unlink()
        raise
