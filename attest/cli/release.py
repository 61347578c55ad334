"""``attest release``: a whole release in one step, or nothing."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from attest.cli import options, signers

if TYPE_CHECKING:
    from attest.cli.indexing import Index
    from attest.cli.releasing import Version
    from attest.cli.targets import Home
    from attest.oci.digest import Digest
    from attest.packages.purl import Purl

_EXAMPLES = """\
examples:
  attest release dist/* --key release.key --store registry.example/{package}
  attest release dist/* --keyless --index
  attest release acme-1.0.tgz --key release.key --download-url 'https://downloads.example/acme/{version}/{file}'

Every file of one version belongs into one release: the release statement says that these are all. Signs each file and
the release statement, stores everything, and tags it last, so that a release that fails points nobody to a part of it.
Doing it again changes nothing that --key has signed already. Prints how others verify it.

"""


def add(commands: Any) -> None:
    parser = commands.add_parser(
        "release",
        help="anchor, sign and publish all files of a version",
        description="Anchor and sign all files of one or more versions, and sign which files they are.",
        epilog=_EXAMPLES + signers.KEYLESS,
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
    options.add_index(parser)
    options.add_store(parser)
    options.add_json(parser)
    signers.add(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    from attest.cli import console, releasing
    from attest.cli.consumers import commands
    from attest.cli.indexing import indexes
    from attest.cli.targets import Targets
    from attest.errors import EXIT_DONE
    from attest.evidence.attach import creation_time
    from attest.packages.purl import Purl

    expected = Purl.parse(arguments.purl) if arguments.purl else None
    versions = releasing.read(arguments.files, expected, _locator(arguments))
    signer = signers.signer(arguments)
    with Targets(arguments, create=True) as targets:
        wanted = [piece for version in versions for piece in releasing.pieces(version, targets.home(version.purl))]
        signed = releasing.sign(targets, wanted, signer)
        stored = releasing.store(targets, versions, signed, creation_time())
        packages = [file.package for version in versions for file in version.files]
        published = {index.purl: index for index in indexes(targets, packages)} if arguments.index else {}
        for index in published.values():
            index.store()
        releasing.tag(targets, versions, published.values())
        done = [
            Released(
                version,
                targets.home(version.purl),
                {
                    piece.subject.manifest.digest: referrer
                    for piece, referrer in stored
                    if piece.subject.purl == version.purl
                },
                published.get(version.purl),
                commands(arguments, signer, version, targets.home(version.purl), signed),
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
    """What was written for one version; ``referrers`` by the manifest that they are attached to."""

    version: Version
    home: Home
    referrers: Mapping[Digest, Digest]
    index: Index | None
    verify: Sequence[str]

    def json(self) -> dict[str, Any]:
        """As `release.schema.json` describes it."""
        version = self.version
        anchor = version.subject.manifest.digest
        return {
            "purl": str(version.purl),
            "anchor": str(anchor),
            "statement": str(self.referrers[anchor]),
            "repository": self.home.repository,
            "tag": self.home.tag,
            "files": [
                {
                    "name": file.artifact.name,
                    "digest": str(file.package.digest),
                    "anchor": str(file.subject.manifest.digest),
                    "signature": str(self.referrers[file.subject.manifest.digest]),
                    "size": file.artifact.size,
                    "platform": file.artifact.platform,
                    "download_url": file.artifact.download_location,
                }
                for file in version.files
            ],
            "index": None if self.index is None else self.index.json(),
            "verify": list(self.verify),
        }

    def lines(self) -> Iterator[str]:
        """For people: the version, its files with their anchors, and what others type."""
        version = self.version
        yield f"released {version.purl} {version.subject.manifest.digest}"
        for file in version.files:
            yield f"  {file.artifact.name} {file.subject.manifest.digest}"
        if self.index is not None:
            yield f"  index {self.index.place} {self.index.digest}"
        yield "to verify:"
        yield from (f"  {line}" for line in self.verify)


def _locator(arguments: argparse.Namespace) -> Callable[[Purl, str], str] | None:
    from attest.cli import releasing
    from attest.errors import UsageError

    template = arguments.download_url
    if template is None:
        return None
    if "{file}" not in template and len(set(arguments.files)) > 1:
        raise UsageError("one URL for several files", where="--download-url", next_step="write {file} in it")
    return releasing.locator(template)
