"""Each rule about the certificates of signers, one at a time; `test_agreement` holds the same against notation."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, ObjectIdentifier

from attest.errors import VerificationError
from attest.signing.notation.algorithms import ALGORITHMS
from attest.signing.notation.certificates import Chain, Purpose, check_chain
from tests.signing.notation.pki import ACME, CA, CODE, LEAF, Extensions, root, usage

ROOT = root()
ISSUING = "C=US,ST=WA,O=Acme,CN=Issuing"
INTERMEDIATE = ROOT.issue(ISSUING, CA, which=2)


def leaf(*extensions: tuple[x509.ExtensionType, bool]) -> Chain:
    return INTERMEDIATE.issue(ACME, extensions).chain


def by(*extensions: tuple[x509.ExtensionType, bool]) -> Chain:
    return ROOT.issue(ISSUING, extensions, which=2).issue(ACME).chain


def eku(*usages: ObjectIdentifier) -> Extensions:
    return (*LEAF, (x509.ExtendedKeyUsage(usages), False))


def ca(length: int | None) -> tuple[x509.ExtensionType, bool]:
    return x509.BasicConstraints(ca=True, path_length=length), True


@dataclass(frozen=True)
class Wrong:
    chain: Chain
    expected: str
    found: str


SIGNS = "digital_signature"
GOOD: dict[str, Chain] = {
    "plain": leaf(*CODE),
    "no extended usage": leaf(*LEAF),
    "an unknown usage": leaf(*eku(ObjectIdentifier("1.3.6.1.4.1.99999.2"))),
    "no constraints": leaf(LEAF[1]),
    "it commits too": leaf(LEAF[0], (usage(SIGNS, "content_commitment"), True)),
    "self-signed": root(ACME, CODE, which=3).chain,
    "a CA of length 0": by(ca(0), CA[1]),
    "a root of length 1": root(extensions=(ca(1), CA[1])).issue(ISSUING, CA, which=2).issue(ACME).chain,
}
FOR_SIGNATURES = "keyUsage for signatures only"
FOR_CODE = "extendedKeyUsage for code signing"
BAD: dict[str, Wrong] = {
    "no key usage": Wrong(leaf(LEAF[0]), "keyUsage", "none"),
    "key usage not critical": Wrong(
        leaf(LEAF[0], (usage(SIGNS), False)), "a critical keyUsage", "one that is not critical"
    ),
    "it does not sign": Wrong(
        leaf(LEAF[0], (usage("content_commitment"), True)), "keyUsage with digitalSignature", "one without"
    ),
    "keys": Wrong(leaf(LEAF[0], (usage(SIGNS, "key_encipherment"), True)), FOR_SIGNATURES, "keyEncipherment"),
    "data": Wrong(leaf(LEAF[0], (usage(SIGNS, "data_encipherment"), True)), FOR_SIGNATURES, "dataEncipherment"),
    "agreement": Wrong(leaf(LEAF[0], (usage(SIGNS, "key_agreement"), True)), FOR_SIGNATURES, "keyAgreement"),
    "certificates": Wrong(leaf(LEAF[0], (usage(SIGNS, "key_cert_sign"), True)), FOR_SIGNATURES, "keyCertSign"),
    "lists": Wrong(leaf(LEAF[0], (usage(SIGNS, "crl_sign"), True)), FOR_SIGNATURES, "cRLSign"),
    "a CA": Wrong(leaf(ca(None), LEAF[1]), "no CA certificate", "basicConstraints with cA"),
    "anything": Wrong(leaf(*eku(ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE)), FOR_CODE, "anyExtendedKeyUsage"),
    "servers": Wrong(leaf(*eku(ExtendedKeyUsageOID.SERVER_AUTH)), FOR_CODE, "serverAuth"),
    "clients": Wrong(
        leaf(*eku(ExtendedKeyUsageOID.CODE_SIGNING, ExtendedKeyUsageOID.CLIENT_AUTH)), FOR_CODE, "clientAuth"
    ),
    "mail": Wrong(leaf(*eku(ExtendedKeyUsageOID.EMAIL_PROTECTION)), FOR_CODE, "emailProtection"),
    "time": Wrong(leaf(*eku(ExtendedKeyUsageOID.TIME_STAMPING)), FOR_CODE, "timeStamping"),
    "OCSP": Wrong(leaf(*eku(ExtendedKeyUsageOID.OCSP_SIGNING)), FOR_CODE, "OCSPSigning"),
    "no constraints of the CA": Wrong(by(CA[1]), "critical basicConstraints with cA", "others, or none"),
    "constraints not critical": Wrong(
        by((CA[0][0], False), CA[1]), "critical basicConstraints with cA", "others, or none"
    ),
    "no CA": Wrong(by((LEAF[0][0], True), CA[1]), "critical basicConstraints with cA", "others, or none"),
    "no key usage of the CA": Wrong(by(CA[0]), "keyUsage", "none"),
    "key usage of the CA not critical": Wrong(
        by(CA[0], (usage("key_cert_sign"), False)), "a critical keyUsage", "one that is not critical"
    ),
    "a CA for lists": Wrong(by(CA[0], (usage("crl_sign"), True)), "keyUsage with keyCertSign", "one without"),
    "a root of length 0": Wrong(
        root(extensions=(ca(0), CA[1])).issue(ISSUING, CA, which=2).issue(ACME).chain,
        "at most 0 CA certificates below it (pathLenConstraint)",
        "1",
    ),
    "alone, by another": Wrong(
        ROOT.issue(ACME).chain[:1], "a chain up to its root", "one certificate that is not self-signed"
    ),
    "without its root": Wrong(leaf(*CODE)[:2], "a chain up to its root", "a last certificate that is not self-signed"),
    "root twice": Wrong(
        (*leaf(*CODE), ROOT.certificate),
        "a root at the end of the chain only",
        "a self-signed certificate before it",
    ),
    "another root": Wrong(
        (*leaf(*CODE)[:2], root(which=6).certificate), "one issued by the next of the chain", "one that is not"
    ),
}


@pytest.mark.parametrize("case", GOOD)
def test_signers(case: str) -> None:
    check_chain(GOOD[case], Purpose.CODE)


@pytest.mark.parametrize("case", BAD)
def test_no_signers(case: str) -> None:
    wrong = BAD[case]
    with pytest.raises(VerificationError) as refused:
        check_chain(wrong.chain, Purpose.CODE)
    assert str(refused.value.expected).startswith(wrong.expected)
    assert refused.value.found == wrong.found


def test_who_is_refused_is_named() -> None:
    with pytest.raises(VerificationError) as refused:
        check_chain(BAD["a CA for lists"].chain, Purpose.CODE)
    assert refused.value.expected == "keyUsage with keyCertSign, for CN=Issuing,O=Acme,ST=WA,C=US"


def test_the_names_of_each_algorithm() -> None:
    """signature-specification.md "Algorithm Selection"; plugin-extensibility.md; RFC 8230, RFC 9053."""
    rows = [(a.jws, a.cose, a.key_spec, a.hash_name, a.signing_algorithm, a.bits, a.hash.name) for a in ALGORITHMS]
    assert rows == [
        ("PS256", -37, "RSA-2048", "SHA-256", "RSASSA-PSS-SHA-256", 2048, "sha256"),
        ("PS384", -38, "RSA-3072", "SHA-384", "RSASSA-PSS-SHA-384", 3072, "sha384"),
        ("PS512", -39, "RSA-4096", "SHA-512", "RSASSA-PSS-SHA-512", 4096, "sha512"),
        ("ES256", -7, "EC-256", "SHA-256", "ECDSA-SHA-256", 256, "sha256"),
        ("ES384", -35, "EC-384", "SHA-384", "ECDSA-SHA-384", 384, "sha384"),
        ("ES512", -36, "EC-521", "SHA-512", "ECDSA-SHA-512", 521, "sha512"),
    ]
