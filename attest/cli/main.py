"""``attest COMMAND …``: find the command, run it, turn errors into one line and an exit code."""

from __future__ import annotations

import argparse
import io
import os
import sys
import warnings
from collections.abc import Sequence
from typing import Any, NoReturn

from attest import __version__
from attest.cli import (
    anchor,
    attach,
    bundle,
    console,
    copy_,
    doctor,
    export,
    import_,
    key,
    list_,
    login,
    options,
    pack,
    policy,
    release,
    revoke,
    seal,
    sign,
    tree,
    unpack,
    verify,
    withdraw,
)
from attest.errors import EXIT_INCONCLUSIVE, AttestError

COMMANDS = (
    anchor,
    sign,
    attach,
    release,
    import_,
    export,
    list_,
    tree,
    verify,
    bundle,
    copy_,
    pack,
    unpack,
    revoke,
    withdraw,
    seal,
    doctor,
    policy,
    key,
    login,
)

_DESCRIPTION = """\
Sign, attach and verify evidence about packages of any ecosystem, on any OCI registry or directory. No byte of package
data is stored: a tiny anchor manifest holds a package's name and digest, and evidence refers to it."""

_EXAMPLES = """\
a first round, on a directory:
  attest key generate release
  attest sign dist/acme-1.0-py3-none-any.whl --key release.key
  attest tree pkg:pypi/acme@1.0
  attest verify dist/acme-1.0-py3-none-any.whl --policy policy.yaml

The policy says whom you trust; policies/ in the clone has some to copy. Every command's --help has examples.

exit codes: 0 admitted or done, 1 denied, 2 usage or malformed input, 3 inconclusive"""


def build_parser() -> argparse.ArgumentParser:
    """The whole command line; imports nothing heavy."""
    parser = _Parser(prog="attest", description=_DESCRIPTION, epilog=_EXAMPLES)
    parser.add_argument("--version", action="version", version=f"attest {__version__}")
    options.add_store(parser, before=True)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", dest="command", required=True)
    for module in COMMANDS:
        module.add(commands)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; argparse itself exits with 2 on a usage error."""
    _prepare_streams()
    if not sys.warnoptions:
        warnings.simplefilter("ignore")  # what libraries say to developers, as about odd certificates, is not for users
    parsed = build_parser().parse_args(arguments)
    try:
        with options.transport(parsed):
            code: int = parsed.run(parsed)
        print(end="", flush=True)
    except AttestError as error:
        console.complain(str(error))
        return error.exit_code
    except BrokenPipeError:
        # The reader has gone (`attest verify … | grep -q …`), and with it the answer: never success.
        _abandon_output()
        return EXIT_INCONCLUSIVE
    except OSError as error:
        console.complain(f"cannot go on: {error}")
        _abandon_output()
        return EXIT_INCONCLUSIVE
    except KeyboardInterrupt:
        console.complain("interrupted")
        return EXIT_INCONCLUSIVE
    return code


def _prepare_streams() -> None:
    """A name that this terminal cannot show is no reason to stop, nor is a stream that was closed from the start."""
    sys.stdout = sys.stdout or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - for as long as we run
    sys.stderr = sys.stderr or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def _abandon_output() -> None:
    """Let what could not be written go nowhere: Python would try once more at the end and exit with 120."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class _Parser(argparse.ArgumentParser):
    """Takes no abbreviations, which would change their meaning with every new option, and shows examples as written."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(allow_abbrev=False, formatter_class=argparse.RawDescriptionHelpFormatter, **settings)

    def error(self, message: str) -> NoReturn:
        """As argparse does it, and what to do next."""
        super().error(f"{message} (next: {self.prog} --help)")
