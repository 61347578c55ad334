"""``attest policy``: what can be done with policies besides verifying by them."""

from __future__ import annotations

import argparse
from typing import Any

from attest.cli import policy_convert, policy_learn, policy_push, policy_replay, policy_schema

_ACTIONS = (policy_learn, policy_replay, policy_convert, policy_schema, policy_push)
_LINTING = """\
  attest policy lint gate.yaml                                  says what is wrong with it, by line and column"""
_TESTING = """\
  attest policy test gate.yaml                                  runs the tests in the file
  attest policy test policies/*.yaml --format junit > tests.xml"""


def add(commands: Any) -> None:
    parser = commands.add_parser(
        "policy",
        help="test policies, find what is wrong with them, learn who publishes what",
        description="Work on policies.",
        epilog="\n".join(["examples:", _LINTING, _TESTING, *(action.EXAMPLES for action in _ACTIONS)]),
    )
    actions = parser.add_subparsers(title="actions", metavar="ACTION", dest="action", required=True)
    lint = actions.add_parser(
        "lint",
        help="find what is wrong with policy files",
        description="Find what is refused, what nothing uses, what can never hold and what has expired.",
        epilog=f"example:\n{_LINTING}\n\nexit codes: 0 nothing found, 1 something was, 2 usage or malformed input",
    )
    lint.add_argument("files", metavar="FILE", nargs="+", help="a policy (YAML)")
    lint.set_defaults(run=run_lint)
    test = actions.add_parser(
        "test",
        help="run the tests in policy files",
        description="Run the tests in policy files: each says what a subject has, and what is to come of it.",
        epilog=f"examples:\n{_TESTING}\n\nexit codes: 0 all as expected, 1 one is not, 2 usage or malformed input",
    )
    test.add_argument("files", metavar="FILE", nargs="+", help="a policy (YAML)")
    test.add_argument("--offline", action="store_true", help="ask for no newer trust root")
    test.add_argument("--format", choices=("text", "junit"), default="text", help="how to print what came of them")
    test.set_defaults(run=run_test)
    for action in _ACTIONS:
        action.add(actions)


def run_lint(arguments: argparse.Namespace) -> int:
    import sys
    from datetime import UTC, datetime

    from attest.cli.policies import on_disk
    from attest.errors import EXIT_DENIED, EXIT_DONE
    from attest.policy.files import content
    from attest.policy.lint import lint
    from attest.report.style import Style

    now, style = datetime.now(UTC), Style.of(sys.stdout, colour=False)
    found = [
        complaint
        for path in on_disk(arguments.files, next_step="lint the file that is pushed, before it is")
        for complaint in lint(content(path), where=str(path), base=path.parent, now=now)
    ]
    for complaint in found:
        print(style.safe(str(complaint)))
    return EXIT_DENIED if found else EXIT_DONE


def run_test(arguments: argparse.Namespace) -> int:
    import sys
    from datetime import UTC, datetime

    from attest.cli import console
    from attest.cli.policies import on_disk
    from attest.errors import EXIT_DENIED, EXIT_DONE, PolicyError
    from attest.policy.document import load
    from attest.policy.trial import run
    from attest.report.style import Style
    from attest.report.tried import junit, text

    now = datetime.now(UTC)
    files = on_disk(arguments.files, next_step="test the file that is pushed: what its tests need is not pushed")
    policies = [(str(path), load(path, offline=arguments.offline)) for path in files]
    for name, policy in policies:
        if not policy.cases:
            raise PolicyError("the policy has no tests", where=name, next_step="write some under 'tests'")
    tried = [(name, list(run(policy, offline=arguments.offline, now=now))) for name, policy in policies]
    if arguments.format == "junit":
        print(junit(tried, now), end="")
    else:
        print(text(tried, Style.of(sys.stdout, colour=console.coloured(sys.stdout))), end="")
    return EXIT_DENIED if any(item.wrong for _, items in tried for item in items) else EXIT_DONE
