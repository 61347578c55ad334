"""``attest tree``: version, artifacts, evidence, and evidence about evidence."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from attest.cli import options, referrers

if TYPE_CHECKING:
    from attest.cli.targets import Target
    from attest.evidence.model import Candidate, Rejected

_DEPTH = 5  # evidence about evidence about …: nobody nests deeper, and a hostile store must not make us

_EXAMPLES = """\
examples:
  attest tree pkg:pypi/acme@1.0
  attest tree dist/acme-1.0-py3-none-any.whl --json

Nothing here has been verified: `attest verify` decides."""


def add(commands: Any) -> None:
    parser = commands.add_parser(
        "tree",
        help="draw what hangs on a package version",
        description="Draw a package version, its artifacts, and what is attached to each.",
        epilog=_EXAMPLES,
    )
    options.add_subjects(parser, many=False)
    options.add_store(parser)
    options.add_json(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    from attest.cli import console, subjects
    from attest.cli.targets import Targets
    from attest.errors import EXIT_DONE, EXIT_INCONCLUSIVE

    (named,) = subjects.parse(arguments)
    problems: list[str] = []
    with Targets(arguments, create=False) as targets, console.waiting("listing"):
        branches = [_branch(target, problems) for target in targets.read(named)]
    if arguments.json:
        console.print_json({"subjects": branches, "complete": not problems, "problems": problems})
    else:
        for branch in branches:
            for line in _lines(branch):
                console.say(line)
        if not any(branch["referrers"] for branch in branches):
            console.note("nothing is attached")
    for problem in problems:
        console.note(f"attest: this tree may not be complete: {problem}")
    return EXIT_INCONCLUSIVE if problems else EXIT_DONE


def _branch(target: Target, problems: list[str]) -> dict[str, Any]:
    subject = target.subject
    return {
        "subject": str(subject),
        "digest": None if subject.digest is None else str(subject.digest),
        "manifest": str(subject.manifest.digest),
        "referrers": _leaves(target, problems, depth=1),
    }


def _leaves(target: Target, problems: list[str], *, depth: int) -> list[dict[str, Any]]:
    from attest.evidence.collect import collect

    collection = collect(target.store, target.repository, target.subject)
    problems.extend(collection.problems)
    items = zip(referrers.everything(collection), referrers.all_json(collection), strict=True)
    return [shown | {"referrers": _beneath(target, item, problems, depth)} for item, shown in items]


def _beneath(target: Target, item: Candidate | Rejected, problems: list[str], depth: int) -> list[dict[str, Any]]:
    """What is attached to a piece of evidence."""
    from dataclasses import replace

    from attest.evidence.model import Subject

    below = replace(target, subject=Subject(item.found.descriptor.plain(), name=str(item.digest)))
    return _leaves(below, problems, depth=depth + 1) if depth < _DEPTH else []


def _lines(branch: dict[str, Any]) -> Iterator[str]:
    yield " ".join(part for part in (branch["subject"], branch["digest"]) if part)
    yield from _below(branch["referrers"], "")


def _below(leaves: list[dict[str, Any]], indent: str) -> Iterator[str]:
    for position, leaf in enumerate(leaves):
        last = position == len(leaves) - 1
        yield f"{indent}{'└─' if last else '├─'} {referrers.describe(leaf)}"
        yield from _below(leaf["referrers"], indent + ("   " if last else "│  "))
