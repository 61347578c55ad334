"""Work shared among processes, for sets so large that one interpreter would be the bottleneck.

The processes are forked, so they begin with everything that this one has read, and nothing has to be sent to them. A
share whose process fails is done here, so that an error is raised where it can be told.
"""

from __future__ import annotations

import os
import pickle
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Final, Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")

MOST: Final = 8
"""Most processes: beyond that the registry is busier than we are."""
SHARE: Final = 100
"""Fewest items that are worth a process."""


def shares(items: Sequence[T]) -> int:
    """Into how many processes to divide ``items``: at most one a processor; one where forking is not safe."""
    return max(1, min(_processors(), len(items) // SHARE))


def _processors() -> int:
    if sys.platform != "linux":  # elsewhere system libraries keep threads of their own, which do not survive a fork
        return 1
    return min(MOST, len(os.sched_getaffinity(0)))


@contextmanager
def beside(work: Callable[[], None]) -> Iterator[Callable[[], None]]:
    """Let another process do ``work``, if there is a processor for it. To call what is given waits until it is done.

    Whatever it raises is raised then. Who leaves before has no need of it. Where other threads run, it is done by who
    waits: a process that is forked meanwhile may find locks that nobody will ever open.
    """
    if _processors() < 2 or threading.active_count() > 1:
        yield work
        return
    sys.stdout.flush()
    sys.stderr.flush()
    share = _Share(lambda _: iter([work()]), [None])  # type: ignore[func-returns-value]
    try:
        yield share.next
    finally:
        share.end()


def in_processes(work: Callable[[Sequence[T]], Iterable[R]], items: Sequence[T], *, processes: int) -> Iterator[R]:
    """What ``work`` yields of all items, one result an item, in their order. Results must be picklable.

    No other thread may run when this begins, and ``work`` must not depend on what another share does.
    """
    if processes < 2:
        yield from work(items)
        return
    sys.stdout.flush()
    sys.stderr.flush()
    at_work = [_Share(work, items[number::processes]) for number in range(processes)]
    try:
        for position in range(len(items)):
            yield at_work[position % processes].next()
    finally:
        for share in at_work:
            share.end()


class _Share(Generic[T, R]):
    """One process and its items."""

    def __init__(self, work: Callable[[Sequence[T]], Iterable[R]], items: Sequence[T]) -> None:
        self._work = work
        self._items = items
        self._done = 0
        self._here: Iterator[R] | None = None
        receiving, sending = os.pipe()
        self._process = os.fork()
        if self._process == 0:
            os.close(receiving)
            _serve(work, items, sending)
        os.close(sending)
        self._results = open(receiving, "rb")  # noqa: SIM115 - until `end`

    def next(self) -> R:
        """The next result, from the process or, where that has failed, made here."""
        if self._here is None:
            try:
                result: Any = pickle.load(self._results)
            except (EOFError, pickle.UnpicklingError):
                self._here = iter(self._work(self._items[self._done :]))
            else:
                self._done += 1
                return result  # type: ignore[no-any-return]
        return next(self._here)

    def end(self) -> None:
        """Whatever it has not done is no longer wanted."""
        self._results.close()
        with suppress(ProcessLookupError):
            os.kill(self._process, signal.SIGKILL)
        os.waitpid(self._process, 0)


def _serve(work: Callable[[Sequence[T]], Iterable[R]], items: Sequence[T], sending: int) -> None:
    """Do a share and leave the process without touching anything that the parent has open."""
    code = 1
    try:
        with open(sending, "wb") as results:
            for result in work(items):
                results.write(pickle.dumps(result, pickle.HIGHEST_PROTOCOL))
                results.flush()
        code = 0
    finally:
        os._exit(code)
