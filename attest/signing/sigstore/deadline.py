"""An end to waiting: `sigstore` gives its services as long as they like."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

T = TypeVar("T")


def within(seconds: float, call: Callable[[], T]) -> T:
    """What ``call`` returns or raises. Raises `TimeoutError` once ``seconds`` are over.

    The call itself cannot be stopped: it is left behind in a thread that does not keep the process from ending.
    """
    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(call())
        except BaseException as error:  # noqa: BLE001  # handed on to who waits
            future.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    try:
        return future.result(seconds)
    except TimeoutError:
        if future.done():  # it is the call's own
            raise
        raise TimeoutError(f"no answer within {seconds:g} s") from None
