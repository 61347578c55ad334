"""``attest COMMAND …``: find the command, run it, turn errors into one line and an exit code."""

from __future__ import annotations

import argparse
import io
import os
import sys
import warnings
from collections.abc import Sequence
from importlib import import_module
from typing import Any, Final, NoReturn

from attest import __version__
from attest.cli import console, options
from attest.errors import EXIT_INCONCLUSIVE, AttestError

COMMANDS: Final = {
    "anchor": "anchor",
    "sign": "sign",
    "attach": "attach",
    "sbom": "sbom",
    "provenance": "provenance",
    "release": "release",
    "import": "import_",
    "export": "export",
    "list": "list_",
    "tree": "tree",
    "verify": "verify",
    "receipt": "receipt",
    "bundle": "bundle",
    "copy": "copy_",
    "pack": "pack",
    "unpack": "unpack",
    "revoke": "revoke",
    "withdraw": "withdraw",
    "seal": "seal",
    "doctor": "doctor",
    "policy": "policy",
    "key": "key",
    "login": "login",
    "logout": "login",
}
"""The module in this package that adds each command, in the order in which help lists them."""

_WIDTH: Final = 120

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


def build_parser(command: str | None = None) -> argparse.ArgumentParser:
    """The whole command line, or as much of it as ``command`` needs; imports nothing heavy."""
    parser = _Parser(prog="attest", description=_DESCRIPTION, epilog=_EXAMPLES)
    parser.add_argument("--version", action="version", version=f"attest {__version__}")
    options.add_store(parser, before=True)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", dest="command", required=True)
    for module in [COMMANDS[command]] if command in COMMANDS else dict.fromkeys(COMMANDS.values()):
        import_module(f"attest.cli.{module}").add(commands)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; argparse itself exits with 2 on a usage error."""
    _prepare_streams()
    if not sys.warnoptions:
        warnings.simplefilter("ignore")  # what libraries say to developers, as about odd certificates, is not for users
    given = sys.argv[1:] if arguments is None else arguments
    parsed = build_parser(*given[:1]).parse_args(given)
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

    def format_help(self) -> str:
        """With the description in lines that can be read; examples stay as they are."""
        from textwrap import fill

        self.description = fill(self.description or "", _WIDTH)
        return super().format_help()

    def error(self, message: str) -> NoReturn:
        """As argparse does it, and what to do next."""
        super().error(f"{message} (next: {self.prog} --help)")
