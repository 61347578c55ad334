"""Which authority has to be trusted for a certificate, and what the certificate must not be."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from attest.errors import VerificationError
from attest.signing.sigstore.certificate import check_authority, verify_profile
from attest.signing.sigstore.trusted_root import TrustedRoot
from tests.signing.notation.pki import build, name
from tests.signing.notation.pki import root as stranger
from tests.signing.sigstore.forge import IDENTITY, MINUTE, NOW, Sigstore, b64, rfc3339

SIGSTORE = Sigstore()
KEY = ec.generate_private_key(ec.SECP256R1())
LEAF = SIGSTORE.certificate(KEY)
YEAR = timedelta(days=365)


def test_an_authority_is_trusted_while_its_certificates_are_valid() -> None:
    root = SIGSTORE.root()
    check_authority(LEAF, root, NOW + YEAR)
    with pytest.raises(VerificationError, match="the time of its authority"):
        check_authority(LEAF, root, NOW + YEAR + timedelta(seconds=1))


def test_the_authority_that_counts_is_the_certificate_s_own() -> None:
    """Not another one of the root, which is trusted still."""
    value = SIGSTORE.root_json()
    (own,) = value["certificateAuthorities"]
    own["validFor"]["end"] = rfc3339(NOW + MINUTE)
    certificate = stranger("C=US,ST=WA,O=Other,CN=Root", which=90).certificate
    other = own | {
        "certChain": {"certificates": [{"rawBytes": b64(certificate.public_bytes(Encoding.DER))}]},
        "validFor": {"start": rfc3339(certificate.not_valid_before_utc)},
    }
    value["certificateAuthorities"] = [other, own]
    root = TrustedRoot.parse(json.dumps(value).encode())
    check_authority(LEAF, root, NOW + MINUTE)
    with pytest.raises(VerificationError, match="the time of its authority"):
        check_authority(LEAF, root, certificate.not_valid_before_utc + MINUTE)


@pytest.mark.parametrize("constraints", [None, x509.BasicConstraints(False, None), x509.BasicConstraints(True, 0)])
def test_a_signer_is_no_authority(constraints: x509.BasicConstraints | None) -> None:
    leaf = SIGSTORE.certificate(KEY, IDENTITY if constraints is None else (*IDENTITY, constraints))
    if constraints is None or not constraints.ca:
        verify_profile(leaf)
        return
    with pytest.raises(VerificationError, match="expected a signer's, found an authority's"):
        verify_profile(leaf)


def test_what_a_key_is_for_must_be_said() -> None:
    bare = build("CN=bare", KEY, name("CN=bare"), KEY, ())
    with pytest.raises(VerificationError, match="what its key may be used for: expected a key usage"):
        verify_profile(bare)
