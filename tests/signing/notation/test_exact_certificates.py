"""Each rule about the certificates of signers, one at a time; `test_agreement` holds the same against notation."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

from attest.errors import EnvelopeError, VerificationError
from attest.signing.notation import certificates
from attest.signing.notation.certificates import (
    Chain,
    Purpose,
    check_chain,
    issued,
    key_fingerprint,
    load_chain,
    thumbprint,
)
from tests.signing.notation.pki import (
    ACME,
    CA,
    CODE,
    DAY,
    LEAF,
    NOW,
    Entity,
    Extensions,
    build,
    der,
    key_of,
    root,
    usage,
)

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


def test_a_chain_of_one_is_checked_as_any_leaf() -> None:
    with pytest.raises(VerificationError) as refused:
        check_chain(root(ACME, CA, which=3).chain, Purpose.CODE)
    assert refused.value.expected.startswith("no CA certificate")


def test_names_in_refusals() -> None:
    """Not longer than anybody reads, and never nothing."""
    long = ",".join(f"{kind}={kind[0].lower() * 64}" for kind in ("O", "OU", "CN"))
    name = root(long, CA, which=3).certificate.subject.rfc4514_string()
    for certificate, told in ((root(long, CA, which=3), name[:160]), (nameless(), "a certificate without a subject")):
        with pytest.raises(VerificationError) as refused:
            check_chain(certificate.chain, Purpose.CODE)
        assert refused.value.expected == f"no CA certificate, for {told}"


def nameless() -> Entity:
    key = key_of("ec-256", 3)
    return Entity(key, build(x509.Name([]), key, x509.Name([]), key, CA))


@pytest.mark.parametrize("digest", ["SHA256", "SHA384", "SHA512", "SHA3_256"])
def test_hashes_that_protect(digest: str) -> None:
    certificate = ROOT.issue(ACME, digest=getattr(hashes, digest)()).certificate
    assert issued(certificate, ROOT.certificate) is (digest != "SHA3_256")
    assert not issued(certificate, INTERMEDIATE.certificate)


def test_signatures_without_a_hash_of_their_own() -> None:
    key = ed25519.Ed25519PrivateKey.generate()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Ed25519")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(NOW - DAY).not_valid_after(NOW + DAY)
    certificate = builder.sign(key, None)
    assert issued(certificate, certificate)
    assert not issued(certificate, ROOT.certificate)
    assert not issued(ROOT.certificate, certificate)


def test_fingerprints() -> None:
    certificate = ROOT.certificate
    spki = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert thumbprint(certificate) == hashlib.sha256(der(certificate)).hexdigest()
    assert key_fingerprint(certificate) == hashlib.sha256(spki).hexdigest()


def test_what_is_no_certificate_of_a_chain() -> None:
    good = der(ROOT.certificate)
    assert load_chain([good, good]) == (ROOT.certificate, ROOT.certificate)
    for wrong in (b"", good[:-1], good + b"\0"):
        with pytest.raises(EnvelopeError, match="not a certificate") as refused:
            load_chain([good, wrong])
        assert refused.value.where == "certificate 1"
        assert refused.value.why


def test_what_is_told_of_it_is_one_line() -> None:
    told = certificates._line
    assert told(ValueError("x" * 200 + "\ny")) == "x" * 160
    assert told(ValueError("x\ny\nz")) == "x"
    assert told(ValueError()) == "ValueError"
