"""Files that somebody else may have named: a pipe or a device among them would be waited for, or read, for ever."""

from __future__ import annotations

import os
import stat
from errno import EINVAL, EISDIR
from pathlib import Path
from typing import BinaryIO


def open_regular(path: Path) -> BinaryIO:
    """Open a regular file, or a link to one, for reading. Raises `OSError`, also for anything else, at once."""
    held = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)  # a pipe is opened without its writer
    try:
        mode = os.fstat(held).st_mode
        if stat.S_ISDIR(mode):
            raise OSError(EISDIR, os.strerror(EISDIR))
        if not stat.S_ISREG(mode):
            raise OSError(EINVAL, "it is not a regular file")
        return os.fdopen(held, "rb")
    except OSError:
        os.close(held)
        raise
