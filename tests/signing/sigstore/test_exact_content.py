"""Which hash a signature is held against: the one on record, the bundle's, or the key's own."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from attest.errors import UsageError, VerificationError
from attest.signing.dsse import Envelope, Signature
from attest.signing.keys import PublicKey
from attest.signing.sigstore.artifact import Artifact
from attest.signing.sigstore.content import Content
from tests.signing.sigstore.forge import FILE, IN_TOTO, STATEMENT

CURVE = ec.generate_private_key(ec.SECP384R1())
RSA = rsa.generate_private_key(65537, 2048)
SHA256, SHA384 = hashes.SHA256(), hashes.SHA384()
WHOLE = Artifact.of_bytes(FILE)


def made(data: bytes, key: Any, by: hashes.HashAlgorithm) -> bytes:
    """A signature; nobody asks here whether the key's kind and the hash belong together."""
    scheme = (ec.ECDSA(by),) if isinstance(key, ec.EllipticCurvePrivateKey) else (padding.PKCS1v15(), by)
    signature: bytes = key.sign(data, *scheme)
    return signature


@pytest.mark.parametrize(
    ("by", "of_the_bundle", "on_record", "holds"),
    [
        (SHA384, None, None, True),
        (SHA384, "sha384", None, True),
        (SHA384, None, "sha384", True),
        (SHA384, "sha256", "sha384", True),
        (SHA384, "sha256", None, False),
        (SHA384, None, "sha256", False),
        (SHA384, "sha384", "sha256", False),
        (SHA256, None, "sha256", True),
        (SHA256, "sha256", None, True),
        (SHA256, "sha384", "sha256", True),
        (SHA256, None, None, False),
    ],
)
@pytest.mark.parametrize("artifact", [WHOLE, None])
def test_a_file_by_another_hash_than_the_key_s(
    by: hashes.HashAlgorithm, of_the_bundle: str | None, on_record: str | None, holds: bool, artifact: Artifact | None
) -> None:
    known = artifact or Artifact({name: WHOLE.digest(name) or b"" for name in ("sha256", "sha384")})
    content = Content(made(FILE, CURVE, by), None, known, of_the_bundle)
    check(content, CURVE, on_record, holds=holds)


def check(content: Content, key: Any, on_record: str | None, *, holds: bool) -> None:
    public = PublicKey.of(key.public_key())
    if holds:
        content.verify(public, on_record)
        return
    with pytest.raises(VerificationError, match="found one that does not hold"):
        content.verify(public, on_record)


@pytest.mark.parametrize("on_record", [None, "sha256"])
def test_a_file_by_rsa(on_record: str | None) -> None:
    check(Content(made(FILE, RSA, SHA256), None, WHOLE), RSA, on_record, holds=True)
    check(Content(made(FILE + b"x", RSA, SHA256), None, WHOLE), RSA, on_record, holds=False)
    check(Content(made(FILE, RSA, SHA384), None, WHOLE), RSA, "sha384", holds=True)


def statement(key: Any, by: hashes.HashAlgorithm) -> Content:
    message = Envelope(IN_TOTO, STATEMENT, (Signature(b""),)).message
    signature = made(message, key, by)
    envelope = Envelope(IN_TOTO, STATEMENT, (Signature(signature),))
    return Content(signature, envelope, Artifact.of_bytes(message))


def test_a_statement_by_a_larger_key() -> None:
    """Older clients took SHA-256 for every curve; another key is another key."""
    other = ec.generate_private_key(ec.SECP384R1())
    for by, holds in ((SHA384, True), (SHA256, True), (hashes.SHA512(), False)):
        check(statement(CURVE, by), CURVE, None, holds=holds)
        check(statement(CURVE, by), other, None, holds=False)
    small = ec.generate_private_key(ec.SECP256R1())
    check(statement(small, SHA256), small, None, holds=True)
    check(statement(small, SHA384), small, None, holds=False)


def test_a_digest_by_another_hash_is_not_enough() -> None:
    known = Artifact.of_digest("sha256", "ab" * 32)
    with pytest.raises(UsageError, match="a sha256 digest is not enough") as caught:
        Content(made(FILE, CURVE, SHA384), None, known).verify(PublicKey.of(CURVE.public_key()), None)
    assert caught.value.why == "the signature is over sha384"
