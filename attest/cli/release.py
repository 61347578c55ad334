"""``attest release``: a whole release in one step, or nothing."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from attest.cli import building, options, signers

if TYPE_CHECKING:
    from datetime import datetime

    from attest.cli.indexing import Index
    from attest.cli.publishing import Piece, Signed
    from attest.cli.releasing import Version
    from attest.cli.targets import Home, Targets
    from attest.oci.digest import Digest
    from attest.packages.purl import Purl
    from attest.policy.decide import Judge
    from attest.policy.verdict import Verdict

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
    from attest.cli import console, publishing, releasing
    from attest.cli.consumers import commands
    from attest.cli.indexing import indexes
    from attest.cli.targets import Targets
    from attest.errors import EXIT_DONE
    from attest.evidence.attach import creation_time
    from attest.packages.purl import Purl

    expected = Purl.parse(arguments.purl) if arguments.purl else None
    _check_sboms(arguments)
    versions = releasing.read(arguments.files, expected, _locator(arguments))
    judges, built, created = _judges(arguments), _built(arguments), creation_time()
    signer = signers.signer(arguments)
    with Targets(arguments, create=True) as targets:
        wanted = [
            piece
            for version in versions
            for piece in _pieces(arguments, version, targets.home(version.purl), built, created)
        ]
        signed = publishing.sign(targets, wanted, signer)
        refused = _refused(targets, versions, signed, judges)
        if refused is not None:
            return refused
        stored = publishing.store(targets, versions, signed, created)
        packages = [file.package for version in versions for file in version.files]
        published = {index.purl: index for index in indexes(targets, packages)} if arguments.index else {}
        for index in published.values():
            index.store()
        publishing.tag(targets, versions, published.values())
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
            print("\n".join(item.lines()))
    return EXIT_DONE


@dataclass(frozen=True, slots=True)
class Released:
    """What was written for one version; ``referrers`` by predicate type and the manifest that they are attached to."""

    version: Version
    home: Home
    referrers: Mapping[tuple[str, Digest], Digest]
    index: Index | None
    verify: Sequence[str]
    policies: Mapping[str, Digest]

    def json(self) -> dict[str, Any]:
        """As `release.schema.json` describes it."""
        from attest import names

        version = self.version
        anchor = version.subject.manifest.digest
        return {
            "purl": str(version.purl),
            "anchor": str(anchor),
            "statement": self._referrer(anchor, names.PREDICATE_RELEASE),
            "repository": self.home.repository,
            "tag": self.home.tag,
            "files": [
                {
                    "name": file.artifact.name,
                    "digest": str(file.found.digest),
                    "anchor": str(file.subject.manifest.digest),
                    "signature": self._referrer(file.subject.manifest.digest, names.PREDICATE_COSIGN_SIGN),
                    "sbom": self._referrer(
                        file.subject.manifest.digest, names.PREDICATE_CYCLONEDX, names.PREDICATE_SPDX
                    ),
                    "provenance": self._referrer(file.subject.manifest.digest, names.PREDICATE_SLSA_V1),
                    "size": file.artifact.size,
                    "platform": file.artifact.platform,
                    "download_url": file.artifact.download_location,
                }
                for file in version.files
            ],
            "index": None if self.index is None else self.index.json(),
            "policies": [{"name": name, "digest": str(digest)} for name, digest in self.policies.items()],
            "verify": list(self.verify),
        }

    def lines(self) -> Iterator[str]:
        """For people: the version, its files with their anchors, and what others type."""
        from attest.cli.consumers import POLICY

        version = self.version
        yield f"released {version.purl} {version.subject.manifest.digest}"
        for file in version.files:
            yield f"  {file.artifact.name} {file.subject.manifest.digest}"
        if self.index is not None:
            yield f"  index {self.index.place} {self.index.digest}"
        for name, digest in self.policies.items():
            yield f"  admitted by {name} {digest}"
        yield "to verify:" if self.policies else f"to verify, with a policy of one's own as {POLICY}:"
        yield from (f"  {line}" for line in self.verify)

    def _referrer(self, manifest: Digest, *kinds: str) -> str | None:
        found = (self.referrers.get((kind, manifest)) for kind in kinds)
        return next((str(referrer) for referrer in found if referrer is not None), None)


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
    from attest.cli import publishing
    from attest.sboms.make import Form

    yield from publishing.signatures(version, home)
    if arguments.sbom:
        yield from publishing.sboms(version, home, Form(arguments.sbom_format), made)
    if built is not None:
        yield publishing.provenance(version, home, built)


def _refused(
    targets: Targets, versions: Sequence[Version], signed: Sequence[Signed], judges: Sequence[Judge]
) -> int | None:
    """The exit code where a policy does not admit every file, which is told with the reasons."""
    if not judges:
        return None
    from datetime import UTC, datetime

    from attest.cli import console, publishing
    from attest.cli.verify import exit_code
    from attest.policy.verdict import Outcome

    verdicts = publishing.judge(targets, versions, signed, judges, datetime.now(UTC))
    if Outcome.of(verdict.outcome for verdict in verdicts) is Outcome.ADMITTED:
        return None
    for verdict in verdicts:
        if verdict.outcome is not Outcome.ADMITTED:
            _tell(verdict)
    console.complain("nothing was released: the policy does not admit it")
    return exit_code([verdict.outcome for verdict in verdicts])


def _tell(verdict: Verdict) -> None:
    import sys

    from attest.cli import console
    from attest.report.style import Style
    from attest.report.text import verdict_text

    print(verdict_text(verdict, Style.of(sys.stderr, colour=console.coloured(sys.stderr))), end="", file=sys.stderr)


def _locator(arguments: argparse.Namespace) -> Callable[[Purl, str], str] | None:
    from attest.cli import releasing
    from attest.errors import UsageError

    template = arguments.download_url
    if template is None:
        return None
    if "{file}" not in template and len(set(arguments.files)) > 1:
        raise UsageError("one URL for several files", where="--download-url", next_step="write {file} in it")
    return releasing.locator(template)
