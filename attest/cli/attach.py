"""``attest attach``: an SBOM, provenance or any other document, signed or not."""

from __future__ import annotations

import argparse
from typing import Any

from attest.cli import options, signers

_EXAMPLES = """\
examples:
  attest attach dist/acme-1.0-py3-none-any.whl acme.cdx.json --key release.key
  attest attach dist/acme-1.0.tar.gz provenance.json --type slsaprovenance --key release.key
  attest attach dist/acme-1.0.tar.gz acme.spdx.json --keyless --trust-config sigstore.json
  attest attach pkg:npm/semver@7.6.3 scan.sarif --digest sha512:9f4… --unsigned

The type is recognised from the content (CycloneDX, SPDX, SLSA provenance, SARIF). An unsigned document is shown to
people by `attest list`; no policy rule ever sees it.

"""


def add(commands: Any) -> None:
    parser = commands.add_parser(
        "attach",
        help="attach an SBOM, provenance or another document",
        description="Attach a document to a package artifact, in a signed statement or as it is.",
        epilog=_EXAMPLES + signers.KEYLESS,
    )
    options.add_subjects(parser, many=False)
    parser.add_argument("file", metavar="FILE", help="the document (JSON)")
    parser.add_argument(
        "--type", metavar="TYPE", help="what it is: cyclonedx, spdx, slsaprovenance, or a predicate URI"
    )
    options.add_store(parser)
    options.add_json(parser)
    how = signers.add(parser)
    how.add_argument("--unsigned", action="store_true", help="attach the document as it is")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    from pathlib import Path

    from attest import limits
    from attest.cli import subjects, written
    from attest.cli.targets import Targets
    from attest.errors import EXIT_DONE, UsageError
    from attest.statements import documents

    (named,) = subjects.parse(arguments)
    path = Path(arguments.file)
    document = documents.read(written.read_file(path, limit=limits.EVIDENCE_BLOB), where=str(path), kind=arguments.type)
    if arguments.unsigned:
        with Targets(arguments, create=True) as targets:
            attached = written.attach_unsigned(targets.write(named), document, title=path.name)
        written.show([attached], as_json=arguments.json, verb="attached, unsigned")
        return EXIT_DONE
    if document.predicate_type is None:
        raise UsageError(
            f"no predicate type is known for {document.media_type}",
            where=str(path),
            next_step="give one with --type URI, or attach it with --unsigned",
        )
    signer = signers.signer(arguments)
    with Targets(arguments, create=True) as targets:
        attached = written.sign_and_attach(
            targets.write(named), signer, predicate_type=document.predicate_type, predicate=document.value
        )
    written.show([attached], as_json=arguments.json, verb="attached")
    return EXIT_DONE
