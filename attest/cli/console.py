"""Writing for people: tables, colours and progress, on terminals only. Results go to stdout, the rest to stderr."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TextIO, TypeVar

T = TypeVar("T")

_PROGRESS_AFTER = 1.0  # seconds; what is quicker needs no bar


def print_json(value: Any) -> None:
    """One JSON document, indented and in the order given, so that a diff of two runs can be read.

    ASCII, so that nothing in it is an order to a terminal.
    """
    print(json.dumps(value, indent=2))


def say(text: str) -> None:
    """A line of the result, harmless to the terminal whoever wrote what it quotes."""
    _line(text, sys.stdout)


def note(text: str) -> None:
    """A line for the person who is watching, harmless likewise."""
    _line(text, sys.stderr)


def complain(text: str) -> None:
    """Why the command ends without doing what it was asked."""
    note(f"attest: {text}")


def _line(text: str, stream: TextIO) -> None:
    from attest.report.style import Style

    print(Style.of(stream, colour=False).safe(text), file=stream)


def agrees(question: str) -> bool:
    """Whether the person at the terminal says yes; anything else is no."""
    print(f"{question} [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def coloured(stream: TextIO) -> bool:
    """Whether colours may be written: a terminal, and NO_COLOR (no-color.org) not set."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def progress(items: Iterable[T], total: int, label: str) -> Iterable[T]:
    """``items``, with a bar on stderr from the moment that they have taken a second; on a terminal only."""
    return _with_bar(items, total, label) if sys.stderr.isatty() and total > 1 else items


@contextmanager
def waiting(label: str) -> Iterator[None]:
    """A sign on stderr that something goes on, once it has taken a second; on a terminal only.

    For what cannot be counted. Nothing may be asked for meanwhile.
    """
    if not sys.stderr.isatty():
        yield
        return
    from threading import Lock, Timer

    ended, lock = False, Lock()
    shown: list[Any] = []

    def show() -> None:
        from rich.console import Console

        with lock:
            if not ended:
                shown.append(Console(stderr=True).status(label))
                shown[0].start()

    timer = Timer(_PROGRESS_AFTER, show)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        with lock:
            ended = True
            for status in shown:
                status.stop()


def _with_bar(items: Iterable[T], total: int, label: str) -> Iterator[T]:
    started = time.monotonic()
    done = 0
    remaining = iter(items)
    for item in remaining:
        yield item
        done += 1
        if time.monotonic() - started > _PROGRESS_AFTER:
            break
    if done == total:
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(label, total=total, completed=done)
        for item in remaining:
            yield item
            bar.advance(task)
