"""``attest COMMAND …``: find the command, run it, turn errors into one line and an exit code."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from attest import __version__
from attest.cli import anchor, attach, key, list_, options, sign, tree, verify
from attest.errors import EXIT_DONE, EXIT_INCONCLUSIVE, AttestError

COMMANDS = (anchor, sign, attach, list_, tree, verify, key)

_DESCRIPTION = """\
Sign, attach and verify evidence about packages of any ecosystem, on any OCI registry or directory. No byte of package
data is stored: a tiny anchor manifest holds a package's name and digest, and evidence refers to it."""

_EXAMPLES = """\
a first round, on a directory:
  attest key generate release
  attest sign dist/acme-1.0-py3-none-any.whl --key release.key
  attest tree pkg:pypi/acme@1.0
  attest verify dist/acme-1.0-py3-none-any.whl --policy policies/signed.yaml

exit codes: 0 admitted or done, 1 denied, 2 usage or malformed input, 3 inconclusive"""


def build_parser() -> argparse.ArgumentParser:
    """The whole command line; imports nothing heavy."""
    parser = argparse.ArgumentParser(
        prog="attest",
        description=_DESCRIPTION,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"attest {__version__}")
    options.add_store(parser, before=True)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", dest="command", required=True)
    for module in COMMANDS:
        module.add(commands)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; argparse itself exits with 2 on a usage error."""
    parsed = build_parser().parse_args(arguments)
    try:
        code: int = parsed.run(parsed)
        sys.stdout.flush()
    except AttestError as error:
        print(f"attest: {error}", file=sys.stderr)
        return error.exit_code
    except BrokenPipeError:
        sys.stderr.close()  # the reader of our output has gone (`attest list … | head`): nothing is wrong
        return EXIT_DONE
    except KeyboardInterrupt:
        print("attest: interrupted", file=sys.stderr)
        return EXIT_INCONCLUSIVE
    return code
