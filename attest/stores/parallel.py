"""Many reads at once, for stores that are far away."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Final, TypeVar

T = TypeVar("T")
R = TypeVar("R")

WORKERS: Final = 64
"""Most requests under way at once: a registry that wants fewer answers 429, and is heeded."""

_thread = threading.local()


def in_parallel(work: Callable[[T], R], items: Sequence[T], *, workers: int = WORKERS) -> Iterator[R]:
    """``work`` of every item, in the order of the items. An error is raised in its place; the rest is not begun.

    Within a ``work`` that itself runs in parallel it goes one by one: pools within pools would multiply.
    """
    if len(items) < 2 or workers < 2 or getattr(_thread, "at_work", False):
        yield from map(work, items)
        return
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(min(workers, len(items)), initializer=_begin) as pool:
        futures = [pool.submit(work, item) for item in items]
        try:
            for future in futures:
                yield future.result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _begin() -> None:
    _thread.at_work = True
