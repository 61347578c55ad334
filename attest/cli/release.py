"""``attest release``: a whole release in one step, or nothing."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from attest.cli import building, options, signers

if TYPE_CHECKING:
    from datetime import datetime

    from attest.cli.release_files import Version
    from attest.cli.release_steps import Piece, Signed
    from attest.cli.targets import Home, Targets
    from attest.packages.purl import Purl
    from attest.policy.decide import Judge

_EXAMPLES = """\
examples:
  attest release dist/* --policy policy.yaml --key release.key --store registry.example/{package}
  attest release dist/* --policy policy.yaml --keyless --index
  attest release acme-1.0.tgz --key release.key --download-url 'https://downloads.example/acme/{version}/{file}'
  attest release dist/* --key release.key --no-sbom --no-provenance

Every file of one version belongs into one release: the release statement says that these are all. Makes an SBOM of each
file and, in a CI run, the provenance of all; signs both, each file and the release statement; asks the policy, which
sees what is attached already, too; stores everything, and tags it last. So a release that fails points nobody to a part
of it, and of one that the policy does not admit nothing is stored. Doing it again changes nothing that --key has signed
already. Prints how others verify it.

"""


def add(commands: Any) -> None:
    parser = commands.add_parser(
        "release",
        help="make evidence for all files of a version, check it, and publish it",
        description="Anchor, describe and sign all files of one or more versions, and sign which files they are.",
        epilog=f"{_EXAMPLES}{building.SAID}\n\n{signers.KEYLESS}",
    )
    parser.add_argument("files", metavar="FILE", nargs="+", help="a package file (recognised by its content)")
    parser.add_argument(
        "--purl",
        metavar="PURL",
        help="the version that all files must be of; what a file does not say is taken from it",
    )
    parser.add_argument(
        "--download-url",
        metavar="URL",
        help="where the files can be had; {file}, {name} and {version} stand for each one's own",
    )
    options.add_policies(parser, "release only what this policy (YAML) admits")
    options.add_policy_key(parser)
    yes_or_no = argparse.BooleanOptionalAction
    parser.add_argument("--sbom", action=yes_or_no, default=True, help="an SBOM of each file (default: yes)")
    parser.add_argument(
        "--sbom-format", choices=("cyclonedx", "spdx"), default="cyclonedx", help="what it is written as"
    )
    parser.add_argument(
        "--provenance",
        action=yes_or_no,
        help="the provenance of all files (default: if this is a CI run, or an option says something of the build)",
    )
    options.add_index(parser)
    options.add_store(parser)
    options.add_json(parser)
    building.add(parser)
    signers.add(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    from attest.cli import console, release_files, release_steps
    from attest.cli.consumers import commands
    from attest.cli.indexing import indexes
    from attest.cli.released import Released
    from attest.cli.targets import Targets
    from attest.errors import EXIT_DONE
    from attest.evidence.attach import creation_time
    from attest.packages.purl import Purl

    expected = Purl.parse(arguments.purl) if arguments.purl else None
    _check_sboms(arguments)
    versions = release_files.read(arguments.files, expected, _locator(arguments))
    judges, built, created = _judges(arguments), _built(arguments), creation_time()
    signer = signers.signer(arguments)
    with Targets(arguments, create=True) as targets:
        wanted = [
            piece
            for version in versions
            for piece in _pieces(arguments, version, targets.home(version.purl), built, created)
        ]
        signed = release_steps.sign(targets, wanted, signer)
        refused = _refused(targets, versions, signed, judges, arguments)
        if refused is not None:
            return refused
        stored = release_steps.store(targets, versions, signed, created)
        packages = [file.package for version in versions for file in version.files]
        published = {index.purl: index for index in indexes(targets, packages)} if arguments.index else {}
        for index in published.values():
            index.store()
        release_steps.tag(targets, versions, published.values())
        done = [
            Released(
                version,
                targets.home(version.purl),
                {
                    (piece.predicate_type, manifest): referrer
                    for piece, referrers in zip(wanted, stored, strict=True)
                    for manifest, referrer in referrers.items()
                },
                published.get(version.purl),
                commands(arguments, signer, version, targets.home(version.purl), signed),
                {judge.policy.name: judge.policy.digest for judge in judges},
            )
            for version in versions
        ]
    if arguments.json:
        console.print_json({"released": [item.json() for item in done]})
    else:
        for item in done:
            for line in item.lines():
                console.say(line)
    return EXIT_DONE


def _judges(arguments: argparse.Namespace) -> Sequence[Judge]:
    """Before anything is signed: a policy that cannot be used ends it here."""
    from datetime import UTC, datetime

    from attest.cli import policies
    from attest.policy.decide import judges_of

    (found,) = policies.load(arguments, arguments.policy)
    return judges_of(found, offline=False, now=datetime.now(UTC)) if found else ()


def _built(arguments: argparse.Namespace) -> Mapping[str, object] | None:
    """The predicate of the provenance, where there is to be one."""
    from attest.cli import console

    if arguments.provenance is False:
        return None
    if arguments.provenance or building.is_given(arguments) or building.is_ci_run(arguments):
        return building.facts(arguments).predicate()
    console.note("no provenance: this is no CI run, and no option says who built it")
    return None


def _check_sboms(arguments: argparse.Namespace) -> None:
    """Before anything is read: what CycloneDX needs may not be installed."""
    from importlib.util import find_spec

    from attest.errors import UsageError, install

    if arguments.sbom and arguments.sbom_format == "cyclonedx" and find_spec("cyclonedx") is None:
        raise UsageError(
            "no SBOM can be written",
            why="a library is missing",
            next_step=f"{install('sbom')}, or --sbom-format spdx, or --no-sbom",
        )


def _pieces(
    arguments: argparse.Namespace,
    version: Version,
    home: Home,
    built: Mapping[str, object] | None,
    made: datetime,
) -> Iterator[Piece]:
    from attest.cli import release_steps
    from attest.sboms.make import Form

    yield from release_steps.signatures(version, home)
    if arguments.sbom:
        yield from release_steps.sboms(version, home, Form(arguments.sbom_format), made)
    if built is not None:
        yield release_steps.provenance(version, home, built)


def _refused(
    targets: Targets,
    versions: Sequence[Version],
    signed: Sequence[Signed],
    judges: Sequence[Judge],
    arguments: argparse.Namespace,
) -> int | None:
    """The exit code where a policy does not admit every file, which is told with the reasons."""
    if not judges:
        return None
    from datetime import UTC, datetime

    from attest.cli import console, release_steps
    from attest.cli.verdicts import complain, exit_code
    from attest.policy.verdict import Outcome

    verdicts = release_steps.judge(targets, versions, signed, judges, datetime.now(UTC))
    if Outcome.of(verdict.outcome for verdict in verdicts) is Outcome.ADMITTED:
        return None
    for verdict in verdicts:
        if verdict.outcome is not Outcome.ADMITTED:
            complain(verdict, arguments)
    console.complain("nothing was released: the policy does not admit it")
    return exit_code([verdict.outcome for verdict in verdicts])


def _locator(arguments: argparse.Namespace) -> Callable[[Purl, str], str] | None:
    from attest.cli import release_files
    from attest.errors import UsageError

    template = arguments.download_url
    if template is None:
        return None
    if "{file}" not in template and len(set(arguments.files)) > 1:
        raise UsageError("one URL for several files", where="--download-url", next_step="write {file} in it")
    return release_files.locator(template)
