"""``attest doctor``: what a registry can do, and what `attest` does where it cannot; where packages come from here."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from attest.cli import options

if TYPE_CHECKING:
    from attest.stores.registry.doctor import Examination, Finding

_EXAMPLES = """\
examples:
  attest doctor registry.example/team/scratch
  attest doctor localhost:5000/scratch --json
  attest doctor

With HOST/REPO it writes a scratch anchor with referrers and tags there, asks the registry about them, and removes
them. Nothing else is touched. You need to be allowed to push there. Without, it reads the configuration of npm, pip,
Go, Cargo and Maven and says where each gets packages from; it asks no network."""

_WAYS = {
    "anchors": ("stores anchors", "cannot store anchors here: choose another registry"),
    "empty config": ("stores documents and bundles", "cannot attach anything here: choose another registry"),
    "custom types": ("stores what other tools wrote", "cannot copy what has such types to this registry"),
    "data field": ("puts small content into the manifest", "cannot store anchors here: choose another registry"),
    "sha512": ("keeps such digests when it copies", "cannot copy manifests named by sha512 to this registry"),
    "OCI-Subject": ("takes its word that a referrer is listed", "looks after each write whether the API lists it"),
    "referrers API": ("asks it, and the fallback tag too", "writes and reads the fallback tag"),
    "referrers filter": ("spares what is not wanted", "lists all and filters itself"),
    "referrers pages": ("reads every page", "reads everything at once"),
    "conditional PUT": (
        "replaces a fallback tag only if it is as it was read",
        "announces each referrer by a tag of its own, writes, and looks again",
    ),
    "chunked upload": ("sends large content in pieces", "sends content in one piece"),
    "mount": ("copies between repositories without moving content", "uploads content again when it copies"),
    "tags pages": ("reads every page", "goes on behind the last tag of a full page"),
    "delete": ("removes a manifest when asked to", "cannot remove evidence here: ask the registry's operator"),
    "delete tags": ("removes the tags of what it deletes", "leaves tags to the registry"),
}
_TYPE_WIDTH = 6
_LONGEST = 300
_UNKNOWN = "finds out each time"


def add(commands: Any) -> None:
    parser = commands.add_parser(
        "doctor",
        help="find out what a registry can do, or where packages come from",
        description="Find out what a registry can do, with a scratch anchor that is removed again; without one, where "
        "the package managers of this machine get packages from.",
        epilog=_EXAMPLES,
    )
    parser.add_argument("repository", metavar="HOST/REPO", nargs="?", help="a repository that you may push to")
    options.add_plain_http(parser)
    options.add_json(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    import os
    from pathlib import Path

    from attest.cli import console
    from attest.errors import EXIT_DONE, UsageError
    from attest.oci.reference import Reference
    from attest.stores.registry.credentials import UserCredentials
    from attest.stores.registry.doctor import examine
    from attest.stores.registry.options import RegistryOptions

    if arguments.repository is None:
        return _run_here(arguments)
    reference = Reference.parse(arguments.repository)
    if reference.tag is not None or reference.digest is not None:
        raise UsageError("a tag or digest", where=arguments.repository, next_step="name only HOST/REPO")
    with console.waiting(f"asking {reference.host}"):
        examination = examine(
            reference.host,
            reference.repository,
            RegistryOptions.from_environment(os.environ),
            UserCredentials(os.environ, Path.home()),
        )
    if arguments.json:
        console.print_json(_as_json(examination))
    else:
        _show(examination)
    for left in examination.left:
        console.note(f"attest: could not be removed: {left}")
    return EXIT_DONE


def _run_here(arguments: argparse.Namespace) -> int:
    """Where packages come from on this machine."""
    import os
    from pathlib import Path

    from attest.cli import console
    from attest.errors import EXIT_DONE, UsageError
    from attest.stores.registry.messages import clean, shown
    from attest.stores.services.registries import registries

    found = [
        (type, None, f"{said.what}: {said.why}") if isinstance(said, UsageError) else (type, shown(said.url), None)
        for type, said in registries(os.environ, Path.home(), Path.cwd())
    ]
    if arguments.json:
        listed = [{"type": type, "url": url, "problem": problem} for type, url, problem in found]
        console.print_json({"registries": listed})
    else:
        for type, url, problem in found:
            console.say(f"{type.ljust(_TYPE_WIDTH)}  {url or clean(problem or '', _LONGEST)}")
    return EXIT_DONE


def _show(examination: Examination) -> None:
    from attest.cli import console

    rows = [(finding.ability.value, finding.answer.value, _way(finding)) for finding in examination.findings]
    first = max(len(row[0]) for row in rows)
    second = max(len(row[1]) for row in rows)
    console.say(f"{examination.registry}/{examination.repository}")
    for (ability, answer, way), finding in zip(rows, examination.findings, strict=True):
        said = f" ({finding.detail})" if finding.detail else ""
        line = f"  {ability.ljust(first)}  {answer.ljust(second)}  {way}{said}"
        console.say(line)


def _way(finding: Finding) -> str:
    from attest.stores.registry.doctor import Answer

    with_it, without = _WAYS[finding.ability.value]
    return {Answer.YES: with_it, Answer.NO: without}.get(finding.answer, _UNKNOWN)


def _as_json(examination: Examination) -> dict[str, Any]:
    return {
        "registry": examination.registry,
        "repository": examination.repository,
        "findings": [
            {
                "ability": finding.ability.value,
                "answer": finding.answer.value,
                "detail": finding.detail or None,
                "attest": _way(finding),
            }
            for finding in examination.findings
        ],
        "left": list(examination.left),
    }
