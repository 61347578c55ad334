"""Every claim of a certificate by its number (fulcio docs/oid-info.md), and whose name counts."""

from __future__ import annotations

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ObjectIdentifier

from attest.errors import VerificationError
from attest.signing.sigstore.identity import CLAIMS, author_of
from tests.signing.sigstore.forge import ALICE, ISSUER, Sigstore, fulcio, utf8_string

SIGSTORE = Sigstore()
KEY = ec.generate_private_key(ec.SECP256R1())
SAN = x509.SubjectAlternativeName([x509.RFC822Name(ALICE)])

OLD = {
    2: "github_workflow_trigger",
    3: "github_workflow_sha",
    4: "github_workflow_name",
    5: "github_workflow_repository",
    6: "github_workflow_ref",
}
NEW = {
    9: "build_signer_uri",
    10: "build_signer_digest",
    11: "runner_environment",
    12: "source_repository",
    13: "source_repository_digest",
    14: "source_repository_ref",
    15: "source_repository_identifier",
    16: "source_repository_owner",
    17: "source_repository_owner_identifier",
    18: "build_config_uri",
    19: "build_config_digest",
    20: "build_trigger",
    21: "run_invocation_uri",
    22: "source_repository_visibility",
    23: "deployment_environment",
    24: "token_subject",
}


def test_every_claim() -> None:
    claims = [
        *(fulcio(number, f"value {number}".encode()) for number in OLD),
        *(fulcio(number, utf8_string(f"value {number}")) for number in NEW),
        fulcio(25, b"not known yet"),
    ]
    author = author_of(SIGSTORE.certificate(KEY, (SAN, fulcio(8, utf8_string(ISSUER)), *claims)))
    assert (author.subject, author.issuer) == (ALICE, ISSUER)
    assert author.claims == {name: f"value {number}" for number, name in (OLD | NEW).items()}
    assert set(CLAIMS) == author.claims.keys()
    assert len(CLAIMS) == len(set(CLAIMS))


def test_how_much_is_told_of_what_is_no_text() -> None:
    value = b"\xff" * 41
    with pytest.raises(VerificationError, match="expected one text in UTF-8") as caught:
        author_of(SIGSTORE.certificate(KEY, (SAN, fulcio(8, value))))
    assert caught.value.found == "ff" * 40
    assert caught.value.step == "identity: the certificate's extension 1.3.6.1.4.1.57264.1.8"


@pytest.mark.parametrize("head", [b"\x0c\x80", b"\x0c\x81\x7f", b"\x0c\x82\x00\x80", b"\x0c\x83\x00\x00\x80"])
def test_a_length_is_written_in_one_way(head: bytes) -> None:
    """X.690 §10.1: the fewest bytes, and never left open."""
    issuer = ISSUER.ljust(0x7F if head.endswith(b"\x7f") else 0x80, "x").encode()
    with pytest.raises(VerificationError, match="expected one text in UTF-8"):
        author_of(SIGSTORE.certificate(KEY, (SAN, fulcio(8, head + issuer))))
    assert author_of(SIGSTORE.certificate(KEY, (SAN, fulcio(8, b"\x0c\x81\x80" + issuer[:0x80].ljust(0x80, b"x")))))


@pytest.mark.parametrize(("kind", "subject"), [("1.3.6.1.4.1.57264.1.7", "alice"), ("1.3.6.1.4.1.57264.1.77", None)])
def test_a_user_name_is_fulcio_s(kind: str, subject: str | None) -> None:
    name = x509.SubjectAlternativeName([x509.OtherName(ObjectIdentifier(kind), utf8_string("alice"))])
    certificate = SIGSTORE.certificate(KEY, (name, fulcio(8, utf8_string(ISSUER))))
    if subject is not None:
        assert author_of(certificate).subject == subject
        return
    with pytest.raises(VerificationError, match="exactly one e-mail address, URI or user name") as caught:
        author_of(certificate)
    assert caught.value.found == "OtherName"
