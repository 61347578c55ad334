"""What `sign` and `attach` have in common: make a statement about a target, attach it, say what was written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from attest.cli import console
from attest.cli.targets import Target
from attest.errors import UsageError
from attest.evidence.attach import attach_bundle, attach_document, creation_time, statement_subjects
from attest.evidence.model import Subject
from attest.oci.digest import Digest
from attest.signing.sign import StatementSigner, sign_statement
from attest.statements import lifecycle
from attest.statements.documents import Document
from attest.statements.lifecycle import Lifecycle
from attest.statements.statement import Statement, write_statement


@dataclass(frozen=True, slots=True)
class Written:
    """One new referrer. ``type`` is its predicate type, or the media type of an unsigned document."""

    subject: Subject
    referrer: Digest
    type: str
    repository: str


def sign_and_attach(
    targets: Sequence[Target], signer: StatementSigner, *, predicate_type: str, predicate: Mapping[str, Any]
) -> list[Written]:
    """Sign one statement about all targets and attach it to each.

    Raises `UsageError` for one that has a command of its own.
    """
    if predicate_type in lifecycle.PAYLOADS:
        raise UsageError(
            f"a {predicate_type} is not attached",
            why="it has a payload type of its own, so that nobody takes it for a signature",
            next_step="use attest revoke, attest withdraw or attest seal",
        )
    subjects = [subject for target in targets for subject in statement_subjects(target.subject)]
    statement = write_statement(subjects, predicate_type, predicate)
    payload_type = lifecycle.payload_type_of(Statement.parse(statement))
    bundle = sign_statement(statement, signer, payload_type=payload_type)
    created = creation_time()
    return [attach_signed(target, bundle, predicate_type, created=created) for target in targets]


def sign_lifecycle(target: Target, signer: StatementSigner, content: Lifecycle) -> Written:
    """Sign a revocation or a withdrawal about the target and attach it."""
    kind, statement = lifecycle.write(statement_subjects(target.subject), content)
    bundle = sign_statement(statement, signer, payload_type=lifecycle.payload_type(kind))
    return attach_signed(target, bundle, kind, created=content.issued)


def attach_signed(target: Target, bundle: bytes, predicate_type: str, *, created: datetime) -> Written:
    """Attach a bundle to the target."""
    manifest = attach_bundle(
        target.store,
        target.repository,
        target.subject.manifest,
        bundle,
        predicate_type=predicate_type,
        created=created,
    )
    return Written(target.subject, manifest.digest, predicate_type, target.repository)


def attach_unsigned(target: Target, document: Document, *, title: str) -> Written:
    """Attach the document as it is."""
    manifest = attach_document(
        target.store,
        target.repository,
        target.subject.manifest,
        document.raw,
        media_type=document.media_type,
        title=title,
        created=creation_time(),
    )
    return Written(target.subject, manifest.digest, document.media_type, target.repository)


def show(items: Sequence[Written], *, as_json: bool, verb: str) -> None:
    """Say what was written, one line each."""
    if as_json:
        console.print_json(
            {
                "written": [
                    {
                        "subject": str(item.subject),
                        "manifest": str(item.subject.manifest.digest),
                        "referrer": str(item.referrer),
                        "type": item.type,
                        "repository": item.repository,
                    }
                    for item in items
                ]
            }
        )
        return
    for item in items:
        console.say(f"{verb} {item.subject} {item.referrer}")


def read_file(path: Path, *, limit: int) -> bytes:
    """A whole file of at most ``limit`` bytes. A pipe is waited for, named or not: whoever names it here, as ``<(…)``
    does, wants what comes out of it. Raises `UsageError`.
    """
    try:
        with path.open("rb") as file:
            data = file.read(limit + 1)
    except OSError as error:
        raise UsageError("cannot read the file", where=str(path), why=error.strerror) from None
    if len(data) > limit:
        raise UsageError("the file is too large", where=str(path), why=f"more than {limit} bytes")
    return data
