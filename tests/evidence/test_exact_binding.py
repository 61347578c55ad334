"""A digest belongs to a name; without one it binds nothing."""

from __future__ import annotations

from dataclasses import replace

from attest.evidence import naming
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


def named(**predicate: object) -> list[str]:
    """The packages that a predicate says it is about."""
    statement = bundle_of(signed("release", "https://x.example/v1", predicate)).envelope.payload
    return [str(purl) for purl in naming.by_predicate(Statement.parse(statement), "npm")]


def test_whom_a_predicate_names() -> None:
    assert named(purl="pkg:npm/left-pad@1.3.0?arch=any#lib") == ["pkg:npm/left-pad@1.3.0"]
    assert named(name="left-pad", version="1.3.0") == ["pkg:npm/left-pad@1.3.0"]
    assert named(name="@acme/x", version="1.3.0") == ["pkg:npm/%40acme/x@1.3.0"]
    for predicate in (
        {"purl": "no purl"},
        {"purl": "pkg:cargo/left-pad@1.3.0"},
        {"name": "left-pad"},
        {"version": "1"},
    ):
        assert named(**predicate) == []
    assert named(purl="no purl", name="left-pad", version="1.3.0") == []
    assert named(purl=None, name="left-pad", version="1.3.0") == ["pkg:npm/left-pad@1.3.0"]
    assert named(name="", version="1.3.0") == []
