"""What a check may ask of each kind of evidence, and whose word is taken."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from attest import names
from attest.evidence.identity import principal
from attest.evidence.model import Candidate
from attest.policy import facts
from attest.policy.expressions import Type, Value
from attest.policy.rules.rule import Rule
from attest.policy.verdict import Fate
from attest.policy.weigh import Weighed
from attest.signing.proof import CertificateAuthor, KeyAuthor
from tests.evidence_factory import CYCLONEDX, GITHUB, NOW, key, proven, signed, slsa_v1, workflow
from tests.policy.conftest import HEAD, Read
from tests.policy.test_absence import show
from tests.policy.test_check import KEYLESS

ALL = {
    "signers": Type.TEXTS,
    "author": Type.TEXT,
    "time": Type.TIME,
    "type": Type.TEXT,
    "digest": Type.TEXT,
    "run": Type.TEXT,
    "source": Type.TEXT,
    "ref": Type.TEXT,
    "commit": Type.TEXT,
}
"""Of whatever counts."""


def rule(read: Read, terms: str, head: str = HEAD) -> Rule[Any]:
    also = "  - {id: also, require: signature, by: [release]}\n"
    return read(f"{head}rules:\n  - {{id: it, by: [release], {terms}}}\n{also}").rules[0]


@pytest.mark.parametrize(
    ("terms", "more"),
    [
        ("require: signature", {}),
        ("require: sbom", {"components": Type.NUMBER}),
        ("require: scan", {"tool": Type.TEXT, "findings": Type.NUMBER}),
        ("require: provenance", {"builder": Type.TEXT, "build_type": Type.TEXT, "workflow": Type.TEXT}),
    ],
)
def test_what_is_offered(read: Read, terms: str, more: Mapping[str, Type]) -> None:
    assert facts.offered(rule(read, terms)) == {**ALL, **more}


def test_nothing_is_offered_where_nothing_is_wanted(read: Read) -> None:
    assert facts.offered(rule(read, "require: no-revocation, absence: listing")) == {}


def said(read: Read, terms: str, candidate: Candidate, head: str = HEAD) -> dict[str, Value]:
    """What evidence says that counts for all who signed it."""
    policy = read(f"{head}rules:\n  - {{id: it, {terms}}}\n")
    (item,) = show(policy, candidate).verified
    counts = frozenset(item.signers)
    return dict(facts.of(policy.rules[0], Weighed(item, Fate.COUNTED, "", counts, when=NOW)))


SBOM = signed("release", names.PREDICATE_CYCLONEDX, CYCLONEDX)


def test_what_all_say(read: Read) -> None:
    head = HEAD + "  another: {key: release.pub}\n"
    found = said(read, "require: sbom, by: [release, another]", SBOM, head)
    assert found == {
        "components": 1,
        "signers": ("another", "release"),
        "author": principal(KeyAuthor(key("release").public)),
        "time": NOW,
        "type": names.PREDICATE_CYCLONEDX,
        "digest": str(SBOM.digest),
    }
    assert "components" not in said(read, "require: signature, by: [release]", SBOM)


BUILT = signed("release", names.PREDICATE_SLSA_V1, slsa_v1())
CLAIMS = {
    "source_repository": "https://github.com/acme/other",
    "run_invocation_uri": "https://github.com/acme/app/actions/runs/7",
    "source_repository_ref": "refs/tags/v1",
    "source_repository_digest": "c0ffee",
}


def test_what_a_certificate_says_is_taken(read: Read) -> None:
    author = CertificateAuthor(GITHUB, workflow().subject, CLAIMS)
    found = said(read, "require: provenance, by: [release]", proven(BUILT, author), KEYLESS)
    assert {name: found[name] for name in ("run", "source", "ref", "commit", "builder")} == {
        "run": "https://github.com/acme/app/actions/runs/7",
        "source": "https://github.com/acme/other",
        "ref": "refs/tags/v1",
        "commit": "c0ffee",
        "builder": "https://ci.example/builder",
    }


def test_where_a_certificate_says_nothing_the_document_is_asked(read: Read) -> None:
    author = CertificateAuthor(GITHUB, workflow().subject, {})
    found = said(read, "require: provenance, by: [release]", proven(BUILT, author), KEYLESS)
    assert found["source"] == "https://github.com/acme/app"
    assert not {"run", "ref", "commit"} & found.keys()


@pytest.mark.parametrize(
    ("certified", "source"),
    [
        ("git+https://GitHub.com/acme/app.git@refs/tags/v1", "https://github.com/acme/app"),
        ("acme/app", "acme/app"),
    ],
)
def test_a_source_is_compared_without_what_does_not_matter(read: Read, certified: str, source: str) -> None:
    author = CertificateAuthor(GITHUB, workflow().subject, {"source_repository": certified})
    assert said(read, "require: sbom, by: [release]", proven(SBOM, author), KEYLESS)["source"] == source


@pytest.mark.parametrize("ref", ["", "a\0b"])
def test_what_is_empty_or_cannot_be_compared_is_not_said(read: Read, ref: str) -> None:
    author = workflow(source_repository_ref=ref)
    assert "ref" not in said(read, "require: sbom, by: [release]", proven(SBOM, author), KEYLESS)
