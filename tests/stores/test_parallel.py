"""Many threads: as many as the waiting makes worthwhile, and results in order."""

from __future__ import annotations

import threading
import time

import pytest

from attest.errors import StoreUnavailable
from attest.stores import parallel
from attest.stores.parallel import in_parallel


def test_results_come_in_the_order_of_the_items() -> None:
    def work(item: int) -> int:
        time.sleep(0.0001 * (item % 7))
        return item * item

    assert list(in_parallel(work, range(300))) == [item * item for item in range(300)]


def test_an_error_is_raised_in_its_place_and_the_rest_is_not_begun() -> None:
    begun: list[int] = []

    def work(item: int) -> int:
        begun.append(item)
        if item == 5:
            raise StoreUnavailable("down")
        time.sleep(0.001)
        return item

    results = in_parallel(work, range(10_000))
    assert [next(results) for _ in range(5)] == list(range(5))
    with pytest.raises(StoreUnavailable, match="down"):
        next(results)
    assert len(begun) < 1000


def threads_at_work(pause: float) -> int:
    at_work: set[int] = set()

    def work(_: int) -> None:
        at_work.add(threading.get_ident())
        time.sleep(pause)

    list(in_parallel(work, range(200), workers=20))
    return len(at_work)


def test_who_waits_gets_company(monkeypatch: pytest.MonkeyPatch) -> None:
    assert 12 <= threads_at_work(0.02) <= 20
    monkeypatch.setattr(parallel, "_BUSY", 0.0)
    assert max(threads_at_work(0.001), threads_at_work(2 * parallel._LOOK)) <= 2


def test_who_works_gets_none() -> None:
    """More threads would only wait for the interpreter."""
    at_work: set[int] = set()

    def work(_: int) -> None:
        at_work.add(threading.get_ident())
        until = time.thread_time() + 0.005
        while time.thread_time() < until:
            pass

    list(in_parallel(work, range(40), workers=20))
    assert len(at_work) <= 4


def test_all_begin_long_before_the_first_long_item_ends() -> None:
    """Each item here is as many answers from far away as it has lines in a listing."""
    at_work = threading.Barrier(40)
    list(in_parallel(lambda _: at_work.wait(timeout=20), range(40)))


def test_within_a_thread_it_goes_one_by_one() -> None:
    def inner(item: int) -> int:
        return threading.get_ident()

    for threads in in_parallel(lambda _: set(in_parallel(inner, range(8))), range(8)):
        assert len(threads) == 1


def test_with_one_worker_nothing_within_goes_in_parallel() -> None:
    def inner(_: int) -> int:
        return threading.get_ident()

    def outer(_: int) -> set[int]:
        return set(in_parallel(inner, range(8)))

    assert list(in_parallel(outer, range(3), workers=1)) == [{threading.get_ident()}] * 3
    assert threading.get_ident() not in outer(0)  # and afterwards it does again
