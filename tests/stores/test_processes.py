"""Work in several processes gives what it gives in one, whatever becomes of the processes."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import pytest

from attest.errors import UsageError
from attest.stores import processes
from attest.stores.processes import beside, in_processes, shares

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are forked on Linux only")


def squares(items: Sequence[int]) -> Iterator[tuple[int, int]]:
    for item in items:
        yield item * item, os.getpid()


@pytest.mark.parametrize("number", [2, 3, 7])
def test_results_come_in_the_order_of_the_items_and_from_other_processes(number: int) -> None:
    results = list(in_processes(squares, range(100), processes=number))
    assert [square for square, _ in results] == [item * item for item in range(100)]
    assert len({process for _, process in results}) == number
    assert os.getpid() not in {process for _, process in results}


def test_one_share_needs_no_process() -> None:
    assert {process for _, process in in_processes(squares, range(5), processes=1)} == {os.getpid()}


def test_a_share_whose_process_dies_is_done_here() -> None:
    here = os.getpid()

    def work(items: Sequence[int]) -> Iterator[int]:
        for item in items:
            if item == 31 and os.getpid() != here:
                os.kill(os.getpid(), signal.SIGKILL)
            yield item

    assert list(in_processes(work, range(50), processes=2)) == list(range(50))


def test_an_error_is_raised_where_it_can_be_told() -> None:
    def work(items: Sequence[int]) -> Iterator[int]:
        for item in items:
            if item == 31:
                raise UsageError("no such thing", where="31")
            yield item

    seen: list[int] = []
    with pytest.raises(UsageError, match="31: no such thing"):
        seen.extend(in_processes(work, range(50), processes=2))
    first = in_processes(work, range(50), processes=2)
    assert [next(first) for _ in range(31)] == list(range(31))


def test_results_larger_than_a_pipe() -> None:
    def work(items: Iterable[int]) -> Iterator[bytes]:
        return (bytes(200_000) + bytes([item]) for item in items)

    assert [data[-1] for data in in_processes(work, range(20), processes=2)] == list(range(20))


def test_who_stops_early_leaves_no_process_behind() -> None:
    results = in_processes(squares, range(1000), processes=2)
    process = next(results)[1]
    results.close()  # type: ignore[attr-defined]
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)


def test_as_many_as_there_are_processors_and_work_for_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(64)))
    assert [shares(range(size)) for size in (0, 1, 199, 200, 399, 10_000)] == [1, 1, 1, 2, 3, processes.MOST]
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0})
    assert shares(range(10_000)) == 1
    monkeypatch.setattr(sys, "platform", "darwin")
    assert shares(range(10_000)) == 1


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a process of its own, whatever threads other tests left here: what these fork does little."""
    monkeypatch.setattr(threading, "active_count", lambda: 1)


@pytest.mark.usefixtures("alone")
def test_what_is_done_beside_is_waited_for(tmp_path: Path) -> None:
    def work() -> None:
        (tmp_path / "done").write_text(str(os.getpid()))

    with beside(work) as wait:
        wait()
        assert (tmp_path / "done").read_text() != str(os.getpid())


def test_beside_other_threads_nothing_is_forked() -> None:
    end = threading.Event()
    other = threading.Thread(target=end.wait)
    other.start()
    done: list[int] = []
    try:
        with beside(lambda: done.append(os.getpid())) as wait:
            wait()
    finally:
        end.set()
        other.join()
    assert done == [os.getpid()]


@pytest.mark.usefixtures("alone")
def test_what_fails_beside_is_raised_here() -> None:
    def work() -> None:
        raise UsageError("no such thing")

    with beside(work) as wait, pytest.raises(UsageError, match="no such thing"):
        wait()


@pytest.mark.usefixtures("alone")
def test_who_dies_beside_did_nothing(tmp_path: Path) -> None:
    here = os.getpid()

    def work() -> None:
        if os.getpid() != here:
            os.kill(os.getpid(), signal.SIGKILL)
        (tmp_path / "done").touch()

    with beside(work) as wait:
        wait()
    assert (tmp_path / "done").exists()


def children() -> set[str]:
    return {child for task in Path("/proc/self/task").iterdir() for child in (task / "children").read_text().split()}


@pytest.mark.usefixtures("alone")
def test_what_nobody_waits_for_is_ended() -> None:
    before = children()
    with beside(signal.pause):
        pass
    assert children() == before
