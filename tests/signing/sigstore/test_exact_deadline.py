"""What comes of a call that is waited for."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from attest.signing.sigstore.deadline import within


def test_what_a_call_returns_and_raises() -> None:
    assert within(5, lambda: "answer") == "answer"
    with pytest.raises(KeyError, match="its own"):
        within(5, failing(KeyError("its own")))
    with pytest.raises(KeyboardInterrupt):
        within(5, failing(KeyboardInterrupt()))


def test_a_call_may_have_a_limit_of_its_own() -> None:
    with pytest.raises(TimeoutError, match=r"^the call's$"):
        within(5, failing(TimeoutError("the call's")))


def test_a_call_that_takes_too_long() -> None:
    done = threading.Event()
    with pytest.raises(TimeoutError, match=r"^no answer within 0\.01 s$"):
        within(0.01, lambda: done.wait(30))
    done.set()


def test_a_call_does_not_keep_the_process_from_ending() -> None:
    assert within(5, lambda: threading.current_thread().daemon)


def failing(error: BaseException) -> Callable[[], None]:
    def call() -> None:
        raise error

    return call
