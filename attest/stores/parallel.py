"""Many reads at once, for stores that are far away."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Final, Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")

WORKERS: Final = 64
"""Most requests under way at once: a registry that wants fewer answers 429, and is heeded."""
_FEW: Final = 2
"""Threads to begin with. Where answers come at once, more would only wait for the interpreter and for each other."""
_BUSY: Final = 0.4
"""The share of the time that this process works from which on more threads are not worth beginning."""
_LOOK: Final = 0.01
"""Seconds, at least, of which that share is taken."""

_thread = threading.local()


def in_parallel(work: Callable[[T], R], items: Sequence[T], *, workers: int = WORKERS) -> Iterator[R]:
    """``work`` of every item, in the order of the items. An error is raised in its place; the rest is not begun.

    Within a ``work`` that itself runs in parallel it goes one by one: pools within pools would multiply. The same where
    there may be one worker: threads are for waiting, and here nothing is waited for.
    """
    if len(items) < 2 or workers < 2 or getattr(_thread, "at_work", False):
        yield from map(work if workers > 1 else _alone(work), items)
        return
    from concurrent.futures import ThreadPoolExecutor

    most = min(workers, len(items))
    with ThreadPoolExecutor(most, initializer=_begin) as pool:
        crew = _Crew(work, items, lambda: pool.submit(crew.toil), most)
        try:
            crew.hire(_FEW)
            for position in range(len(items)):
                yield crew.result(position)
        finally:
            crew.stop()


def _begin() -> None:
    _thread.at_work = True


def _alone(work: Callable[[T], R]) -> Callable[[T], R]:
    """``work`` within which nothing goes in parallel."""

    def alone(item: T) -> R:
        before, _thread.at_work = getattr(_thread, "at_work", False), True
        try:
            return work(item)
        finally:
            _thread.at_work = before

    return alone


class _Crew(Generic[T, R]):
    """Threads that take one item after the other; twice as many each time that the process was found waiting.

    A thread that is done with an item looks. But items can be long, and far away the first would end long after all
    could have begun: so who waits for a result looks, too.
    """

    def __init__(self, work: Callable[[T], R], items: Sequence[T], start: Callable[[], object], most: int) -> None:
        from concurrent.futures import Future

        self._work = work
        self._todo = enumerate(items)
        self._results: list[Future[R] | None] = [Future() for _ in items]
        self._start = start
        self._most = self._free = most
        self._lock = threading.Lock()
        self._stopped = False
        self._since, self._worked = time.monotonic(), time.process_time()

    def hire(self, number: int = 1) -> None:
        """Begin more threads, as far as one may."""
        with self._lock:
            for _ in range(0 if self._stopped else min(number, self._free)):
                self._free -= 1
                self._start()

    def look(self) -> None:
        """Begin more threads if those that there are leave the process waiting."""
        now, worked = time.monotonic(), time.process_time()
        took = now - self._since
        if self._free and took >= _LOOK:
            idle = worked - self._worked < _BUSY * took
            self._since, self._worked = now, worked
            if idle:
                self.hire(self._most - self._free)

    def stop(self) -> None:
        """Begin no more items."""
        with self._lock:
            self._stopped = True

    def result(self, position: int) -> R:
        """Of an item; it is given out once, so that not all are kept."""
        future = self._results[position]
        assert future is not None
        while self._free and not future.done():
            with suppress(TimeoutError):
                future.exception(_LOOK)
            self.look()
        try:
            return future.result()
        finally:
            self._results[position] = None

    def toil(self) -> None:
        """What a thread does."""
        while True:
            with self._lock:
                taken = None if self._stopped else next(self._todo, None)
            if taken is None:
                return
            future = self._results[taken[0]]
            assert future is not None
            try:
                future.set_result(self._work(taken[1]))
            except BaseException as error:  # noqa: BLE001 - as an executor does: it is raised where the result is taken
                future.set_exception(error)
            self.look()
