"""Chains of timestamp authorities, and certificates that cannot be read. Those of signers: `test_agreement`."""

from __future__ import annotations

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from attest.errors import EnvelopeError, VerificationError
from attest.signing.notation.certificates import Purpose, check_chain, check_validity, load
from tests.signing.notation.pki import ACME, CA, CODE, DAY, LEAF, NOW, TSA, Extensions, der, root, usage

ROOT = root()
STAMPING = ExtendedKeyUsageOID.TIME_STAMPING


def stamping(*more: x509.ObjectIdentifier, critical: bool = True) -> Extensions:
    return (*LEAF, (x509.ExtendedKeyUsage([STAMPING, *more]), critical))


GOOD: dict[str, Extensions] = {
    "plain": TSA,
    "key usage not critical": (LEAF[0], (usage("digital_signature"), False), TSA[2]),
}
BAD: dict[str, tuple[Extensions, str]] = {
    "code signing": (CODE, "timeStamping only"),
    "no extended usage": (LEAF, "timeStamping only"),
    "not critical": (stamping(critical=False), "timeStamping only"),
    "another use beside": (stamping(ExtendedKeyUsageOID.CODE_SIGNING), "timeStamping only"),
    "any use": (stamping(ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE), "timeStamping only"),
    "no key usage": ((LEAF[0], TSA[2]), "expected keyUsage"),
    "a CA": (CA, "no CA certificate"),
}


@pytest.mark.parametrize("case", GOOD)
def test_authorities_of_time(case: str) -> None:
    check_chain(ROOT.issue(ACME, GOOD[case]).chain, Purpose.TIME)


@pytest.mark.parametrize("case", BAD)
def test_what_is_no_authority_of_time(case: str) -> None:
    extensions, reason = BAD[case]
    with pytest.raises(VerificationError, match=reason) as error:
        check_chain(ROOT.issue(ACME, extensions).chain, Purpose.TIME)
    assert error.value.step == "certificate chain"


@pytest.mark.parametrize("kind", ["rsa-2056"])
def test_the_key_must_have_an_algorithm(kind: str) -> None:
    for purpose, extensions in ((Purpose.CODE, CODE), (Purpose.TIME, TSA)):
        with pytest.raises(VerificationError, match="found RSA-2056"):
            check_chain(ROOT.issue(ACME, extensions, kind=kind).chain, purpose)


def test_validity_includes_both_ends() -> None:
    (certificate, *_) = chain = ROOT.issue(ACME, begin=NOW - DAY, end=NOW).chain
    begin, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    assert check_validity(chain[:1], begin, end) is None
    assert "is valid from" in (check_validity(chain[:1], begin - DAY / 86400, end) or "")
    assert "expired at" in (check_validity(chain[:1], begin, end + DAY / 86400) or "")


@pytest.mark.parametrize(
    "raw", [b"", b"garbage", der(ROOT.certificate)[:-1], der(ROOT.certificate) + b"\0", b"\x30\x80\x00\x00"]
)
def test_what_is_no_certificate(raw: bytes) -> None:
    with pytest.raises(EnvelopeError, match="not a certificate"):
        load(raw, where="x")
