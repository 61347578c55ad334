"""What each predicate type is made to say, and what of it is about evidence and not for it."""

from __future__ import annotations

import pytest

from attest import names
from attest.evidence.model import Kind, Subject
from attest.oci.descriptor import EMPTY
from tests.evidence_factory import PURL, SUBJECT

KINDS = {
    Kind.SIGNATURE: [
        "https://sigstore.dev/cosign/sign/v1",
        "application/vnd.cncf.notary.signature",
        "https://docs.pypi.org/attestations/publish/v1",
        "https://github.com/npm/attestation/tree/main/specs/publish/v0.1",
    ],
    Kind.PROVENANCE: ["https://slsa.dev/provenance/v1", "https://slsa.dev/provenance/v0.2"],
    Kind.SBOM: ["https://cyclonedx.org/bom", "https://cyclonedx.org/bom/v1.7", "https://spdx.dev/Document/v2.3"],
    Kind.SCAN: ["https://cosign.sigstore.dev/attestation/vuln/v1", "https://in-toto.io/attestation/vulns/v0.2"],
    Kind.VEX: ["https://openvex.dev/ns", "https://openvex.dev/ns/v0.2.0"],
    Kind.VSA: ["https://slsa.dev/verification_summary/v1"],
    Kind.RELEASE: ["https://in-toto.io/attestation/release/v0.1", "https://in-toto.io/attestation/release/v0.2"],
    Kind.REVOCATION: [names.PREDICATE_REVOCATION],
    Kind.WITHDRAWAL: [names.PREDICATE_WITHDRAWAL],
    Kind.SEAL: [names.PREDICATE_SEAL],
    Kind.ATTESTATION: ["https://in-toto.io/Link/v1", "https://slsa.dev/provenance/v1 ", "https://slsa.dev/provenance"],
}


@pytest.mark.parametrize(("kind", "types"), KINDS.items())
def test_what_a_predicate_type_says(kind: Kind, types: list[str]) -> None:
    assert {Kind.of(item) for item in types} == {kind}


def test_what_is_about_evidence() -> None:
    assert [kind for kind in Kind if kind.takes_away] == [Kind.REVOCATION, Kind.WITHDRAWAL]
    assert [kind for kind in Kind if kind.is_lifecycle] == [Kind.REVOCATION, Kind.WITHDRAWAL, Kind.SEAL]


def test_a_subject_is_called_by_its_purl_and_else_by_its_name() -> None:
    assert str(Subject(EMPTY, purl=PURL, name="x")) == str(PURL) == str(SUBJECT)
    assert str(Subject(EMPTY, name="oci:dir:v1")) == "oci:dir:v1"


def test_nothing_is_known_of_a_subject_that_nobody_said() -> None:
    subject = Subject(EMPTY)
    assert (subject.read_from_file, subject.looked_up, subject.image, str(subject)) == (False, False, None, "")
