"""``attest withdraw``: say that a package should not be used any more."""

from __future__ import annotations

import argparse
from typing import Any

from attest.cli import options, signers

_REASONS = ("yanked", "malicious", "superseded")

_EXAMPLES = """\
examples:
  attest withdraw dist/acme-1.0-py3-none-any.whl --reason yanked --key release.key
  attest withdraw pkg:npm/acme@1.0.0 --digest sha512:9f4… --reason malicious --explain "mines coins" --key s.key

It denies where a policy has the rule no-withdrawal with the signer in 'by'. To take it back, revoke it: attest revoke
DIGEST, with the same key.

"""


def add(commands: Any) -> None:
    parser = commands.add_parser(
        "withdraw",
        help="say that a package should not be used",
        description="Attach a signed statement that a package artifact should not be used.",
        epilog=_EXAMPLES + signers.KEYLESS,
    )
    options.add_subjects(parser, many=True)
    parser.add_argument("--reason", choices=_REASONS, required=True, help="why")
    parser.add_argument("--explain", metavar="TEXT", help="the reason in words")
    options.add_store(parser)
    options.add_json(parser)
    signers.add(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    from datetime import UTC, datetime

    from attest.cli import subjects, written
    from attest.cli.targets import Targets
    from attest.errors import EXIT_DONE
    from attest.statements.lifecycle import Why, Withdrawal

    named = subjects.parse(arguments)
    signer = signers.signer(arguments)
    # Never SOURCE_DATE_EPOCH: said again after it was taken back, it must be another statement.
    issued = datetime.now(UTC).replace(microsecond=0)
    content = Withdrawal(issued, Why(arguments.reason), arguments.explain)
    with Targets(arguments, create=True) as targets:
        done = [written.sign_lifecycle(targets.write(item), signer, content) for item in named]
    written.show(done, as_json=arguments.json, verb="withdrew")
    return EXIT_DONE
