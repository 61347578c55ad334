"""``attest policy schema``: what editors need to complete and check policies."""

from __future__ import annotations

import argparse
from typing import Any

EXAMPLES = "  attest policy schema > attest-policy.schema.json               what editors complete policies by"


_EDITORS = """\
Editors with yaml-language-server find it by the first line of a policy:
  # yaml-language-server: $schema=attest-policy.schema.json"""


def add(actions: Any) -> None:
    parser = actions.add_parser(
        "schema",
        help="print the JSON Schema of policies",
        description="Print the JSON Schema (draft 2020-12) of policy files, made of the tables by which they are read.",
        epilog=f"example:\n{EXAMPLES}\n\n{_EDITORS}",
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:  # noqa: ARG001
    from attest.cli import console
    from attest.errors import EXIT_DONE
    from attest.policy.schema import document

    console.print_json(document())
    return EXIT_DONE
