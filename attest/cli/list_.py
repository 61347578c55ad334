"""``attest list``: what is attached, by whom, where it was found."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from attest.cli import options, referrers

if TYPE_CHECKING:
    from attest.evidence.model import Collection

_EXAMPLES = """\
examples:
  attest list dist/acme-1.0-py3-none-any.whl
  attest list pkg:npm/semver@7.6.3 --store registry.example/{package} --json

Nothing here has been verified: signers and types are what the evidence claims. `attest verify` decides."""


def add(commands: Any) -> None:
    parser = commands.add_parser(
        "list",
        help="what is attached to a package or image",
        description="List what is attached to a package or an image, signed or not, good or damaged.",
        epilog=_EXAMPLES,
    )
    options.add_subjects(parser, many=True)
    options.add_store(parser)
    options.add_json(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    from attest.cli import console, subjects
    from attest.cli.targets import Targets
    from attest.errors import EXIT_DONE, EXIT_INCONCLUSIVE
    from attest.evidence.collect import collect
    from attest.stores.cosign_tags import CosignTags
    from attest.stores.parallel import in_parallel

    named = subjects.parse(arguments)
    with Targets(arguments, create=False) as targets:
        wanted = [target for found in in_parallel(targets.read, named) for target in found]
        cosign = CosignTags()
        collecting = in_parallel(
            lambda target: collect(target.store, target.repository, target.subject, cosign), wanted
        )
        collections = list(console.progress(collecting, len(wanted), "listing"))
    shown = [_as_json(collection) for collection in collections]
    if arguments.json:
        console.print_json({"subjects": shown})
    else:
        for subject in shown:
            _show(subject)
    for collection in collections:
        for problem in collection.problems:
            console.note(f"attest: this list may not be complete: {problem}")
    return EXIT_DONE if all(collection.complete for collection in collections) else EXIT_INCONCLUSIVE


def _show(shown: dict[str, Any]) -> None:
    from attest.cli import console

    console.say(" ".join(part for part in (shown["subject"], shown["digest"]) if part))
    console.say(f"  anchor {shown['manifest']}" if shown["digest"] else f"  manifest {shown['manifest']}")
    for item in shown["referrers"]:
        console.say(f"  {referrers.describe(item, whole=True)}")
    if not shown["referrers"]:
        console.note("  nothing is attached")


def _as_json(collection: Collection) -> dict[str, Any]:
    subject = collection.subject
    return {
        "subject": str(subject),
        "digest": None if subject.digest is None else str(subject.digest),
        "manifest": str(subject.manifest.digest),
        "complete": collection.complete,
        "problems": list(collection.problems),
        "listedAt": collection.listed_at.isoformat(),
        "referrers": referrers.all_json(collection),
    }
