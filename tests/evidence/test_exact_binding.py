"""A digest belongs to a name; without one it binds nothing."""

from __future__ import annotations

from dataclasses import replace

from attest.evidence.binding import bind
from attest.statements.statement import Statement
from attest.statements.statement import Subject as StatementSubject
from tests.evidence_factory import DIGEST, PURL, SUBJECT, bundle_of, signed


def about(*subjects: StatementSubject) -> Statement:
    return Statement.parse(bundle_of(signed("release", about=subjects)).envelope.payload)


def test_the_same_bytes_without_a_name() -> None:
    same = about(StatementSubject(str(PURL), {DIGEST.algorithm: DIGEST.hex}))
    assert bind(same, SUBJECT) == "name"
    nameless = replace(SUBJECT, purl=None)
    assert bind(same, nameless) == f"no subject has the digest {SUBJECT.manifest.digest}"
    assert bind(same, replace(SUBJECT, digest=None)) == f"no subject has the digest {SUBJECT.manifest.digest}"
