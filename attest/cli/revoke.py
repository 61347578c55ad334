"""``attest revoke``: take a piece of evidence back."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from attest.cli import options, signers

if TYPE_CHECKING:
    from attest.cli.targets import Target, Targets
    from attest.oci.digest import Digest
    from attest.statements.lifecycle import Evidence

_EXAMPLES = """\
examples:
  attest revoke sha256:5f0… --of dist/acme-1.0-py3-none-any.whl --reason "signed by mistake" --key release.key
  attest revoke sha256:5f0… --of pkg:npm/acme@1.0.0 --digest sha512:9f4… --reason "key leaked" --key security.key
  attest revoke registry.example/npm/acme@sha256:5f0… --reason "key leaked" --key security.key

The digest is the one that `attest list` shows. What is revoked is what was signed, in whatever manifest it comes back.
It is honoured when the signer is the evidence's own, or one in 'by' of a rule no-revocation of the policy. A revocation
is taken back by revoking it, with the same key.

"""


def add(commands: Any) -> None:
    parser = commands.add_parser(
        "revoke",
        help="take a piece of evidence back",
        description="Attach a signed statement that a piece of evidence no longer holds.",
        epilog=_EXAMPLES + signers.KEYLESS,
    )
    parser.add_argument(
        "evidence", metavar="DIGEST", help="the evidence: its manifest's digest, or HOST/REPO@DIGEST or oci:DIR@DIGEST"
    )
    parser.add_argument("--of", metavar="SUBJECT", help="what it is evidence of, for a DIGEST alone")
    parser.add_argument("--digest", metavar="ALG:HEX", help="the digest of SUBJECT, for a purl")
    parser.add_argument("--reason", metavar="TEXT", required=True, help="why, in words")
    options.add_store(parser)
    options.add_json(parser)
    signers.add(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    from datetime import UTC, datetime

    from attest.cli import written
    from attest.cli.targets import Targets
    from attest.errors import EXIT_DONE, UsageError
    from attest.statements.lifecycle import Revocation

    if not arguments.reason.strip():
        raise UsageError("the reason is empty", where="--reason")
    signer = signers.signer(arguments)
    with Targets(arguments, create=True) as targets:
        target, digest = _named(arguments, targets)
        issued = datetime.now(UTC).replace(microsecond=0)  # never SOURCE_DATE_EPOCH, as in `withdraw`
        content = Revocation(issued, (_evidence(target, digest),), arguments.reason)
        done = written.sign_lifecycle(target, signer, content)
    written.show([done], as_json=arguments.json, verb="revoked")
    return EXIT_DONE


def _named(arguments: argparse.Namespace, targets: Targets) -> tuple[Target, Digest]:
    """What the evidence is about, and its digest."""
    from attest.cli import subjects
    from attest.errors import FormatError, UsageError
    from attest.oci.digest import Digest

    text: str = arguments.evidence
    if arguments.of is None:
        if "@" not in text:
            raise UsageError(
                "what is it evidence of?",
                where=text,
                next_step="add --of SUBJECT, or write HOST/REPO@DIGEST or oci:DIR@DIGEST",
            )
        arguments.subjects, arguments.purl = [text], None
        (item,) = subjects.parse(arguments)
        target = targets.write(item)
        return _about(target), target.subject.manifest.digest
    arguments.subjects, arguments.purl = [arguments.of], None
    try:
        digest = Digest.parse(text)
    except FormatError as error:
        raise UsageError(error.what, why=error.why) from None
    (item,) = subjects.parse(arguments)
    return targets.write(item), digest


def _about(target: Target) -> Target:
    """The subject of the manifest that ``target`` is: an anchor, or any other manifest."""
    from dataclasses import replace

    from attest import names
    from attest.errors import UsageError
    from attest.evidence.lookup import subject_of
    from attest.evidence.model import Subject
    from attest.oci.manifest import Manifest
    from attest.packages.anchors import read_anchor

    evidence = Manifest.parse(target.store.fetch(target.repository, target.subject.manifest))
    if evidence.artifact_type in (names.ANCHOR, names.VERSION_ANCHOR):
        raise UsageError(
            "an anchor is no evidence", where=target.subject.name, next_step="attest withdraw is about a package"
        )
    about = evidence.subject
    if about is None:
        raise UsageError("it is evidence of nothing", where=target.subject.name, why="its manifest has no subject")
    manifest = Manifest.parse(target.store.fetch(target.repository, about))
    if manifest.artifact_type == names.ANCHOR:
        return replace(target, subject=subject_of(*read_anchor(manifest)))
    return replace(target, subject=Subject(about.plain(), name=str(about.digest), image=target.subject.image))


def _evidence(target: Target, digest: Digest) -> Evidence:
    """The piece of evidence with that digest, as it is attached to the target; what was signed in it with it."""
    from attest.errors import FormatError, UsageError
    from attest.evidence.collect import collect
    from attest.oci.digest import Digest
    from attest.statements.lifecycle import Evidence

    collection = collect(target.store, target.repository, target.subject)
    listed = {item.digest for item in collection.candidates} | {item.digest for item in collection.rejected}
    if digest not in listed:
        raise UsageError(
            f"no such evidence of {target.subject}",
            where=str(digest),
            why="; ".join(collection.problems) or None,
            next_step="attest list shows what is attached",
        )
    for candidate in collection.candidates:
        if candidate.digest == digest and candidate.signed is not None:
            try:
                return Evidence(digest, Digest.of(candidate.signed.statement().raw))
            except FormatError:
                break  # it cannot count anyway; its manifest is revoked all the same
    return Evidence(digest, None)
