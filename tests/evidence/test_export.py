"""Back to PyPI's form: what comes out is what went in, and PyPI's own package takes it and verifies it."""

from __future__ import annotations

import base64
import json
from typing import Any

import pypi_attestations
import pytest
from sigstore.verify import policy

from attest.errors import UsageError
from attest.evidence.attach import push_anchor
from attest.evidence.collect import collect
from attest.evidence.imports.export import Exported, export
from attest.evidence.imports.hang import hang
from attest.evidence.imports.model import Item
from attest.evidence.imports.place import place
from attest.evidence.imports.read import read
from attest.evidence.lookup import subject_of
from attest.evidence.model import Subject
from attest.packages.digest import ArtifactDigest
from attest.packages.purl import Purl
from attest.stores.memory import MemoryStore
from tests.evidence import published

RFC8785 = subject_of(Purl.parse("pkg:pypi/rfc8785@0.1.2"), ArtifactDigest.parse(published.RFC8785_DIGEST))
PYPI_ATTESTATIONS = subject_of(
    Purl.parse("pkg:pypi/pypi-attestations@0.0.19"), ArtifactDigest.parse(published.PYPI_ATTESTATIONS_DIGEST)
)
SDIST = "pypi_attestations-0.0.19.tar.gz"
WORKFLOW = "https://github.com/trailofbits/pypi-attestations/.github/workflows/release.yml@refs/tags/v0.0.19"


def imported(subject: Subject, *values: Any) -> MemoryStore:
    """A store in which the documents were imported for ``subject``, wherever else they belong."""
    store = MemoryStore()
    assert subject.purl is not None
    assert subject.digest is not None
    push_anchor(store, "r", "t", subject.purl, subject.digest)
    for value in values:
        document = read(json.dumps(value).encode(), "source")
        for part in document.parts:
            assert isinstance(part, Item)
            placed = place(part, [subject])
            assert isinstance(placed, list), placed
            hang(store, "r", placed[0], document)
    return store


def exported(subject: Subject, *values: Any) -> tuple[list[Exported], list[str]]:
    return export(collect(imported(subject, *values), "r", subject).candidates, subject)


@pytest.mark.parametrize(
    ("subject", "documents", "file_names"),
    [
        (RFC8785, [published.RFC8785], ["rfc8785-0.1.2-py3-none-any.whl.publish.attestation"]),
        (
            PYPI_ATTESTATIONS,
            [published.PUBLISH, published.SLSA],
            ["pypi_attestations-0.0.19.tar.gz.publish.attestation", "pypi_attestations-0.0.19.tar.gz.slsa.attestation"],
        ),
    ],
)
def test_round_trip(subject: Subject, documents: list[str], file_names: list[str]) -> None:
    values = [published.pypi(name) for name in documents]
    found, left = exported(subject, *values)
    assert left == []
    assert [item.value for item in found] == values
    assert [item.file_name for item in found] == file_names


@pytest.mark.parametrize(
    ("subject", "document", "file_name", "identity", "staging"),
    [
        (
            RFC8785,
            published.RFC8785,
            "rfc8785-0.1.2-py3-none-any.whl",
            policy.Identity(identity="william@yossarian.net", issuer="https://github.com/login/oauth"),
            True,
        ),
        (
            PYPI_ATTESTATIONS,
            published.PUBLISH,
            "pypi_attestations-0.0.19.tar.gz",
            policy.Identity(identity=WORKFLOW),
            False,
        ),
        (
            PYPI_ATTESTATIONS,
            published.SLSA,
            "pypi_attestations-0.0.19.tar.gz",
            policy.Identity(identity=WORKFLOW),
            False,
        ),
    ],
)
def test_pypis_own_package_verifies_it(
    subject: Subject, document: str, file_name: str, identity: policy.Identity, staging: bool
) -> None:
    ((only,), _) = exported(subject, published.pypi(document))
    assert subject.digest is not None
    theirs = pypi_attestations.Attestation.model_validate_json(json.dumps(only.value))
    distribution = pypi_attestations.Distribution(name=file_name, digest=subject.digest.hex)
    kind, _ = theirs.verify(identity, distribution, staging=staging, offline=True)
    assert (kind == only.value["envelope"]["statement"] and False) or kind.startswith("https://")
    other = pypi_attestations.Distribution(name=file_name, digest="00" * 32)
    with pytest.raises(pypi_attestations.VerificationError, match="digest"):
        theirs.verify(identity, other, staging=staging, offline=True)


@pytest.mark.parametrize("document", [published.RFC8785, published.PUBLISH, published.SLSA])
def test_both_make_the_same_bundle(document: str) -> None:
    """Ours holds what theirs holds; theirs writes defaults out that ours leaves out."""
    value = published.pypi(document)
    (item,) = read(json.dumps(value).encode(), "source").parts
    assert isinstance(item, Item)
    ours = json.loads(item.bundle.raw)
    theirs = json.loads(pypi_attestations.Attestation.model_validate(value).to_bundle().to_json())
    assert ours["mediaType"] == theirs["mediaType"]
    assert ours["dsseEnvelope"]["payload"] == theirs["dsseEnvelope"]["payload"]
    assert ours["dsseEnvelope"]["signatures"][0]["sig"] == theirs["dsseEnvelope"]["signatures"][0]["sig"]
    assert ours["verificationMaterial"]["certificate"] == theirs["verificationMaterial"]["certificate"]
    assert ours["verificationMaterial"]["tlogEntries"] == theirs["verificationMaterial"]["tlogEntries"]


def test_two_of_one_type_are_not_chosen_between() -> None:
    other = published.pypi(published.RFC8785)
    other["envelope"]["signature"] = base64.b64encode(b"another").decode()
    with pytest.raises(UsageError, match="two attestations of one type"):
        exported(RFC8785, published.pypi(published.RFC8785), other)


@pytest.mark.parametrize(
    ("statement", "why"),
    [
        ({"predicateType": "https://slsa.dev/provenance/v0.2"}, "PyPI does not take https://slsa.dev/provenance/v0.2"),
        ({"subject": [{"name": "pkg:pypi/rfc8785@0.1.2"}]}, "not the name of a distribution: 'pkg:pypi/rfc8785@0.1.2'"),
        ({"subject": [{"name": "rfc8785-0.1.2.tar.gz"}] * 2}, "PyPI takes one subject, it has 2"),
    ],
)
def test_what_has_no_such_form(statement: dict[str, Any], why: str) -> None:
    value = published.pypi(published.RFC8785)
    signed = json.loads(base64.b64decode(value["envelope"]["statement"])) | statement
    digest = {"sha256": published.RFC8785_DIGEST.removeprefix("sha256:")}
    signed["subject"] = [item | {"digest": digest} for item in signed["subject"]]
    value["envelope"]["statement"] = base64.b64encode(json.dumps(signed).encode()).decode()
    found, (left,) = exported(RFC8785, value)
    assert found == []
    assert why in left
