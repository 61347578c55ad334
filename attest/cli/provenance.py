"""``attest provenance``: who built it, how, and from which source, as the CI run or the user says."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from attest.cli import building, options, signers

if TYPE_CHECKING:
    from attest.cli.subjects import Named
    from attest.evidence.model import Subject

_EXAMPLES = """\
examples:
  attest provenance dist/*                                     (in a CI run: one in-toto statement a line)
  attest provenance dist/* --together --output provenance.json
  attest provenance dist/* --together --attach --keyless
  attest provenance --predicate --output predicate.json        (for cosign attest --type slsaprovenance1)
  attest provenance dist/* --attach --key release.key --builder-id https://build.acme.example \\
      --build-type https://acme.example/make/v1 --source https://git.acme.example/app --ref refs/tags/v1.0 \\
      --commit 2f1d6c5c0b7f3e6a8d9b1c4e5f60718293a4b5c6 --param target=prod

"""


def add(commands: Any) -> None:
    parser = commands.add_parser(
        "provenance",
        help="make SLSA provenance from the CI run",
        description="Make SLSA v1 provenance of package artifacts: print it, or sign and attach it.",
        epilog=_EXAMPLES + building.SAID,
    )
    options.add_subjects(parser, many=True, optional=True)
    parser.add_argument("--together", action="store_true", help="one statement about all SUBJECTs")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--predicate", action="store_true", help="the predicate alone, which names no SUBJECT")
    what.add_argument("--attach", action="store_true", help="sign and attach it, with --key or --keyless")
    parser.add_argument("-o", "--output", metavar="FILE", help="write to FILE (default: to stdout)")
    options.add_store(parser)
    options.add_json(parser)
    building.add(parser)
    signers.add(parser, required=False)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    from attest import names
    from attest.cli import output, subjects, written
    from attest.cli.targets import Targets
    from attest.errors import EXIT_DONE

    named = subjects.parse(arguments)
    _check(arguments, named)
    predicate = building.facts(arguments).predicate()
    if not arguments.attach:
        output.write(b"".join(line + b"\n" for line in _lines(arguments, named, predicate)), arguments.output)
        return EXIT_DONE
    signer = signers.signer(arguments)
    with Targets(arguments, create=True) as targets:
        wanted = [targets.write(item) for item in named]
        attached = [
            item
            for group in ([wanted] if arguments.together else [[target] for target in wanted])
            for item in written.sign_and_attach(
                group, signer, predicate_type=names.PREDICATE_SLSA_V1, predicate=predicate
            )
        ]
    written.show(attached, as_json=arguments.json, verb="attached")
    return EXIT_DONE


def _check(arguments: argparse.Namespace, named: Sequence[Named]) -> None:
    from attest.errors import UsageError

    signing = arguments.key is not None or arguments.keyless
    if signing != arguments.attach:
        why = "--attach wants to know who signs" if arguments.attach else "what is printed is not signed"
        raise UsageError(
            "provenance is signed where it is attached", why=why, next_step="give --attach with --key or --keyless"
        )
    if arguments.attach and arguments.output is not None:
        raise UsageError("--output is for what is printed", why="--attach prints none")
    if arguments.predicate == bool(named):
        why = "a predicate names no SUBJECT" if named else "a statement names what it is about"
        raise UsageError(f"{len(named) or 'no'} SUBJECT", why=why, next_step="give either SUBJECTs or --predicate")


def _lines(arguments: argparse.Namespace, named: Sequence[Named], predicate: dict[str, Any]) -> list[bytes]:
    """The predicate, or a statement a line: that of all subjects, or one for each."""
    from attest import names
    from attest.cli.targets import Targets, computed_subject
    from attest.evidence.attach import statement_subjects
    from attest.oci import strict_json
    from attest.statements.statement import write_statement

    if arguments.predicate:
        return [strict_json.write(predicate)]
    with Targets(arguments, create=False) as targets:
        found: list[Subject] = [computed_subject(item) or targets.read(item)[0].subject for item in named]
    groups = [found] if arguments.together else [[subject] for subject in found]
    return [
        write_statement(
            [part for subject in group for part in statement_subjects(subject)], names.PREDICATE_SLSA_V1, predicate
        )
        for group in groups
    ]
