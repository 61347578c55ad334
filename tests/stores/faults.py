"""Interrupt a process before and after each of its file operations: by SIGKILL, or by an error of the system."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from attest.oci.digest import Digest

OPERATIONS = ("mkdir", "write", "fsync", "rename", "unlink")
"""All of `os` by which `attest.stores.durable` changes anything on disk."""

Strike = Callable[[str], None]


@contextmanager
def watched(strike: Strike, *, after: bool = True) -> Iterator[None]:
    """Call ``strike(operation)`` before, and with ``after`` also after, every operation of this process."""
    real: dict[str, Callable[..., Any]] = {name: getattr(os, name) for name in OPERATIONS}

    def wrapped(name: str) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            strike(name)
            result = real[name](*arguments, **options)
            if after:
                strike(name)
            return result

        return call

    try:
        for name in OPERATIONS:
            setattr(os, name, wrapped(name))
        yield
    finally:
        for name, function in real.items():
            setattr(os, name, function)


def nth(moment: int, act: Callable[[], None]) -> Strike:
    """Act at the ``moment``-th call, counted from 0."""
    seen = -1

    def strike(operation: str) -> None:
        nonlocal seen
        seen += 1
        if seen == moment:
            act()

    return strike


def kill_self() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class Child:
    """A forked process that runs ``job(acknowledge)``; what it acknowledged is known even if it was killed."""

    def __init__(self, job: Callable[[Callable[[Digest], None]], None]) -> None:
        self._reader, writer = os.pipe()
        real_write = os.write
        self.pid = os.fork()
        if self.pid == 0:
            code = 1
            try:
                os.close(self._reader)
                job(lambda digest: (real_write(writer, f"{digest}\n".encode()), None)[1])
                code = 0
            finally:
                os._exit(code)
        os.close(writer)

    def wait(self) -> tuple[bool, set[Digest]]:
        """Whether it finished (False: it was killed), and what it acknowledged. An error in it fails the test."""
        with os.fdopen(self._reader) as reader:
            lines = reader.read().split()
        _, status = os.waitpid(self.pid, 0)
        code = os.waitstatus_to_exitcode(status)
        assert code in (0, -signal.SIGKILL), f"the child exited {code}"
        return code == 0, {Digest.parse(line) for line in lines}

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)
