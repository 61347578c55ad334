"""What commands have to do with verdicts: to say them to people, and to exit with what they mean."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from typing import Final

from attest.cli import console
from attest.cli.remedies import typed_here
from attest.errors import EXIT_DENIED, EXIT_DONE, EXIT_INCONCLUSIVE
from attest.policy.verdict import Outcome, Verdict

_CODES: Final = {Outcome.ADMITTED: EXIT_DONE, Outcome.DENIED: EXIT_DENIED, Outcome.INCONCLUSIVE: EXIT_INCONCLUSIVE}


def exit_code(outcomes: Iterable[Outcome]) -> int:
    """Of several, one denial is a denial, and one doubt leaves doubt."""
    return _CODES[Outcome.of(outcomes)]


def complain(verdict: Verdict, arguments: argparse.Namespace) -> None:
    """On stderr, with its reasons."""
    from attest.report.style import Style
    from attest.report.text import verdict_text

    style = Style.of(sys.stderr, colour=console.coloured(sys.stderr))
    print(verdict_text(verdict, style, typed=typed_here(arguments)), end="", file=sys.stderr)
