"""``attest attach``: an SBOM, provenance or any other document, signed or not."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from attest.cli import options, signers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from attest.evidence.model import Subject
    from attest.statements.documents import Document

_EXAMPLES = """\
examples:
  attest attach dist/acme-1.0-py3-none-any.whl acme.cdx.json --key release.key
  attest attach dist/acme-1.0.tar.gz provenance.json --type slsaprovenance --key release.key
  attest attach dist/acme-1.0.tar.gz dist/acme-1.0-py3-none-any.whl acme.spdx.json --together --key release.key
  attest attach dist/acme-1.0.tar.gz acme.spdx.json --keyless --trust-config sigstore.json
  attest attach pkg:npm/semver@7.6.3 scan.sarif --digest sha512:9f4… --key release.key
  attest attach pkg:npm/semver@7.6.3 notes.cdx.json --digest sha512:9f4… --unsigned

The type is recognised from the content, which must be well-formed: CycloneDX, SPDX, SLSA provenance, OpenVEX, CSAF,
SARIF, reports of Trivy, Grype, pip-audit and OSV-Scanner, cosign's and in-toto's vulnerability records, verification
summaries, and in-toto statements, whose subjects must be those that are named here. Anything else needs --type. An
unsigned document is shown to people by `attest list`; no policy rule ever sees it.

"""


def add(commands: Any) -> None:
    parser = commands.add_parser(
        "attach",
        help="attach an SBOM, provenance or another document",
        description="Attach a document to package artifacts, in a signed statement or as it is.",
        epilog=_EXAMPLES + signers.KEYLESS,
    )
    options.add_subjects(parser, many=True)
    parser.add_argument("file", metavar="FILE", help="the document (JSON)")
    parser.add_argument(
        "--type",
        metavar="TYPE",
        help="what it is, whatever it looks like: cosign's cyclonedx, spdx, slsaprovenance, vuln, openvex, link, "
        "custom (any text), or a predicate type URI",
    )
    parser.add_argument("--together", action="store_true", help="one statement about all SUBJECTs, attached to each")
    options.add_store(parser)
    options.add_json(parser)
    how = signers.add(parser)
    how.add_argument("--unsigned", action="store_true", help="attach the document as it is")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    from pathlib import Path

    from attest import limits
    from attest.cli import subjects, written
    from attest.cli.targets import Targets, computed_subject
    from attest.errors import EXIT_DONE, UsageError
    from attest.evidence.attach import creation_time
    from attest.statements import documents

    named = subjects.parse(arguments)
    path = Path(arguments.file)
    data = written.read_file(path, limit=limits.EVIDENCE_BLOB)
    document = documents.read(data, where=str(path), kind=arguments.type, now=creation_time())
    if arguments.unsigned:
        if arguments.together:
            raise UsageError("--together is for signed statements", why="an unsigned document names no subjects")
        with Targets(arguments, create=True) as targets:
            attached = [written.attach_unsigned(targets.write(item), document, title=path.name) for item in named]
        written.show(attached, as_json=arguments.json, verb="attached, unsigned")
        return EXIT_DONE
    signer = signers.signer(arguments)
    with Targets(arguments, create=True) as targets:
        known = [computed_subject(item) or targets.write(item).subject for item in named]
        _check_subjects(document, known, str(path))
        wanted = [targets.write(item) for item in named]
        attached = [
            item
            for group in ([wanted] if arguments.together else [[target] for target in wanted])
            for item in written.sign_and_attach(
                group, signer, predicate_type=document.predicate_type, predicate=document.value
            )
        ]
    written.show(attached, as_json=arguments.json, verb="attached")
    return EXIT_DONE


def _check_subjects(document: Document, subjects: Sequence[Subject], where: str) -> None:
    """A statement is about what it names, and about nothing else. Of an SBOM about something else that is told."""
    from attest.cli import console
    from attest.errors import UsageError
    from attest.evidence.binding import Binding, bind
    from attest.evidence.model import Kind
    from attest.evidence.naming import by_components
    from attest.statements.sbom import read_sbom

    is_sbom = Kind.of(document.predicate_type) is Kind.SBOM
    for subject in subjects:
        if document.statement is not None:
            bound = bind(document.statement, subject)
            if not isinstance(bound, Binding):
                raise UsageError(f"the statement is not about {subject}", where=where, why=bound)
        elif is_sbom and subject.purl is not None:
            about = set(by_components(read_sbom(document.value).described, subject.purl.type))
            if about and subject.purl not in about:
                others = ", ".join(sorted(map(str, about)))
                console.note(f"{where} says that it describes {others}, not {subject}")
