"""``attest verify --receipt``: the verdicts as JSON as well, whatever they are shown as."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from attest.cli import output
from attest.policy.verdict import Verdict
from attest.report.answer import Asked, Piece, Tally
from attest.report.json import JsonWriter


class Recording:
    """Of one run; without a file nothing is kept."""

    def __init__(self, asked: Asked, file: str | None) -> None:
        self._asked = asked
        self._file = file
        self._writer = JsonWriter(asked)
        self._kept: list[Piece] = []

    def of(self, verdict: Verdict) -> str:
        """What stands in the receipt for it."""
        return "" if self._file is None else self._writer.verdict(verdict)

    def passing(self, pieces: Iterable[Piece]) -> Iterator[Piece]:
        """The same pieces."""
        for piece in pieces:
            if self._file is not None:
                self._kept.append(replace(piece, text=piece.record, record=""))
            yield piece

    def write(self) -> None:
        """Raises `UsageError`."""
        if self._file is not None:
            tally = Tally(self._asked)
            output.write("".join(self._writer.whole(tally.counted(self._kept), tally)).encode(), self._file)
