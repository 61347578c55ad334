"""``attest export``: evidence in the form in which an ecosystem publishes it."""

from __future__ import annotations

import argparse
from typing import Any

from attest.cli import options

_EXAMPLES = """\
examples:
  attest export pypi dist/acme-1.0-py3-none-any.whl -o dist       (one file an attestation, as twine wants them)
  attest export pypi pkg:pypi/acme@1.0 --digest sha256:9f4…       (a JSON array, as an upload has it)

PyPI takes publish attestations and SLSA v1 provenance by a certificate, one of each, about one distribution by its file
name. Evidence that has no such form is left out, and named. Nothing is verified."""


def add(commands: Any) -> None:
    parser = commands.add_parser(
        "export",
        help="write attestations in an ecosystem's own form",
        description="Write the attestations of a package in the form in which its ecosystem publishes them.",
        epilog=_EXAMPLES,
    )
    parser.add_argument("form", metavar="FORM", choices=("pypi",), help="pypi")
    options.add_subjects(parser, many=False)
    options.add_store(parser)
    parser.add_argument("-o", "--output", metavar="DIR", help="write one file an attestation here; existing ones stay")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    from pathlib import Path

    from attest.cli import console, subjects
    from attest.cli.targets import Targets
    from attest.errors import EXIT_DENIED, EXIT_DONE, EXIT_INCONCLUSIVE, UsageError
    from attest.evidence.collect import collect
    from attest.evidence.imports.export import export

    (named,) = subjects.parse(arguments)
    if not isinstance(named, subjects.Package) or named.purl.type != arguments.form:
        raise UsageError("not a distribution of PyPI", next_step="name the file, or a purl with --digest ALG:HEX")
    with Targets(arguments, create=False) as targets:
        (target,) = targets.read(named)
        collection = collect(target.store, target.repository, target.subject)
    exported, left = export(collection.candidates, target.subject)
    for reason in (*left, *(f"{item.digest}: {item.reason}" for item in collection.rejected), *collection.problems):
        console.note(f"left out: {reason}")
    if arguments.output is None:
        console.print_json([item.value for item in exported])
    else:
        for item in exported:
            print(_write(Path(arguments.output) / item.file_name, item.value))
    if not exported:
        console.complain(f"nothing is attached to {target.subject} that PyPI takes")
        return EXIT_DENIED if collection.complete else EXIT_INCONCLUSIVE
    return EXIT_DONE if collection.complete else EXIT_INCONCLUSIVE


def _write(path: Any, value: dict[str, Any]) -> Any:
    """A new file, or the same as it is."""
    import json

    from attest.errors import UsageError

    text = json.dumps(value)
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        if path.read_text(encoding="utf-8") != text:
            raise UsageError("the file exists with other content", where=str(path)) from None
    except OSError as error:
        raise UsageError("cannot write the file", where=str(path), why=error.strerror) from None
    return path
