"""``attest anchor``: create anchors, or only compute them."""

from __future__ import annotations

import argparse
from typing import Any

from attest.cli import options

_EXAMPLES = """\
examples:
  attest anchor dist/*
  attest anchor pkg:npm/semver@7.6.3 --digest sha512-4n8…          (as package-lock.json writes it)
  attest anchor dist/acme-1.0.tar.gz --dry-run                     (compute, store nothing)
  attest anchor dist/*.whl --index                                 (for clients that select by platform)
  attest anchor --lock package-lock.json                           (every artifact that it pins)

prints one line an artifact: its purl and the digest of its anchor"""


def add(commands: Any) -> None:
    parser = commands.add_parser(
        "anchor",
        help="create the anchors of package artifacts",
        description="Create the anchors of package artifacts. Doing it again changes nothing.",
        epilog=_EXAMPLES,
    )
    options.add_subjects(parser, many=True, optional=True)
    options.add_lock(parser)
    options.add_index(parser)
    options.add_store(parser)
    options.add_json(parser)
    parser.add_argument("--dry-run", action="store_true", help="compute the anchors, write nothing")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    from attest.cli import console, locks, subjects
    from attest.cli.indexing import indexes
    from attest.cli.targets import Targets
    from attest.errors import EXIT_DONE, UsageError
    from attest.evidence.lookup import subject_of

    if arguments.dry_run and arguments.index:
        raise UsageError("--dry-run writes nothing, also no --index")
    found = locks.read(arguments)
    packages, published = [], []
    for named in locks.named(arguments, found):
        if not isinstance(named, subjects.Package):
            raise UsageError(
                "cannot anchor this",
                where=str(named.purl) if isinstance(named, subjects.Version) else named.text,
                why="an anchor stands for a purl and a digest",
                next_step="name the package file, or give --digest ALG:HEX",
            )
        packages.append(named)
    if not arguments.dry_run:
        with Targets(arguments, create=True) as targets:
            for _ in console.progress(targets.write_all(packages), len(packages), "anchoring"):
                pass
            for index in indexes(targets, packages) if arguments.index else ():
                published.append(index)
                index.store()
                index.publish()
    locks.note_gaps(found)
    anchors = [(package, subject_of(package.purl, package.digest).manifest) for package in packages]
    if arguments.json:
        console.print_json(
            {
                "anchors": [
                    {
                        "purl": str(package.purl),
                        "digest": str(package.digest),
                        "anchor": str(anchor.digest),
                        "registry_name": package.registry_name or package.purl.registry_name,
                        "platform": package.platform,
                    }
                    for package, anchor in anchors
                ],
                "indexes": [index.json() for index in published],
                "written": not arguments.dry_run,
            }
        )
    else:
        for package, anchor in anchors:
            console.say(f"{package.purl} {anchor.digest}")
        for index in published:
            console.say(f"{index.place} {index.digest}")
    return EXIT_DONE
