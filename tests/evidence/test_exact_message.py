"""A signature over a package file, or over what npm's registry says of it, held against the package alone."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from attest import names
from attest.evidence.binding import Binding
from attest.evidence.identity import CertificateIdentity, Identity, KeyIdentity
from attest.evidence.imports.model import Item
from attest.evidence.imports.read import read
from attest.evidence.lookup import subject_of
from attest.evidence.message import SignedMessage, aimed
from attest.evidence.model import Candidate, Check, Kind, Subject
from attest.evidence.signed import SignedBundle
from attest.evidence.text_patterns import Pattern
from attest.evidence.trust import Sigstore
from attest.packages.digest import ArtifactDigest
from attest.packages.purl import Purl
from attest.signing.bundle import Bundle
from attest.signing.keys import PublicKey
from attest.signing.proof import Format, KeyAuthor, Proof
from attest.signing.sigstore.verify import Requirements
from tests.evidence import published
from tests.evidence_factory import SUBJECT, damaged, evidence, identity, signed, unsigned
from tests.signing.sigstore import forge
from tests.signing.sigstore.forge import FILE, Forged, keyless

SIGSTORE = forge.Sigstore()
ROOTED = Sigstore(SIGSTORE.root(), Requirements(1, 1))
ALICE = CertificateIdentity("alice", "https://issuer.example", Pattern.exact("alice@example.test"))
PACKAGE = Purl.parse("pkg:gem/acme@1.0.0")
KEY = ec.generate_private_key(ec.SECP256R1())
OWN = KeyIdentity("own", PublicKey.of(KEY.public_key()))
LOGGED = forge.NOW + forge.MINUTE


def of_file(*, here: bool = True, data: bytes = FILE) -> Subject:
    digest = ArtifactDigest("sha256", hashlib.sha256(data).hexdigest())
    return subject_of(PACKAGE, digest, read_from_file=here)


def offered(bundle: Bundle, subject: Subject) -> Candidate:
    """As `collect` hands it on."""
    return aimed(replace(signed("release", subject=subject), signed=SignedBundle(bundle)), subject)


def judged(bundle: Bundle, subject: Subject, *who: Identity, sigstore: Sigstore | None = None) -> Any:
    """The proof and how it is bound, or the check that failed and why."""
    found = evidence([offered(bundle, subject)], who, subject=subject, sigstore=sigstore)
    if found.rejected:
        (rejected,) = found.rejected
        return rejected.check, rejected.reason
    (verified,) = found.verified
    assert verified.kind is Kind.SIGNATURE
    return verified.proof, verified.binding


BY_KEY = Forged(SIGSTORE, KEY, kind="hashedrekord 0.0.1", file=FILE).bundle()
BY_ALICE = keyless(SIGSTORE, kind="hashedrekord 0.0.1", file=FILE).bundle()


def test_by_a_key() -> None:
    own = KeyAuthor(OWN.key)
    assert judged(BY_KEY, of_file(), OWN) == (Proof(own, Format.BUNDLE, None), Binding.BYTES)
    assert judged(BY_KEY, of_file(), identity("other"), OWN, sigstore=ROOTED) == (
        Proof(own, Format.BUNDLE, LOGGED),
        Binding.BYTES,
    )
    stranger = (Check.AUTHOR, "by no key that the policy names")
    assert judged(BY_KEY, of_file(), identity("other")) == stranger
    assert judged(BY_KEY, of_file(), sigstore=ROOTED) == stranger


def test_by_a_key_no_log_is_needed_and_no_time() -> None:
    value = json.loads(BY_KEY.raw)
    del value["verificationMaterial"]["tlogEntries"]
    bare = Bundle.parse(json.dumps(value).encode())
    assert judged(bare, of_file(), OWN, sigstore=ROOTED) == (
        Proof(KeyAuthor(OWN.key), Format.BUNDLE, None),
        Binding.BYTES,
    )


def test_by_a_certificate() -> None:
    proof, binding = judged(BY_ALICE, of_file(), ALICE, sigstore=ROOTED)
    assert (str(proof.author), proof.time, binding) == (
        "alice@example.test (https://issuer.example)",
        LOGGED,
        Binding.BYTES,
    )
    assert judged(BY_ALICE, of_file(), ALICE, OWN) == (
        Check.SIGNATURE,
        "certificate: expected a key, since the policy names no trust root, found a certificate",
    )


def test_another_file() -> None:
    other = of_file(data=b"another")
    assert judged(BY_KEY, other, OWN) == (Check.AUTHOR, "by no key that the policy names")
    check, reason = judged(BY_ALICE, other, ALICE, sigstore=ROOTED)
    assert check is Check.SIGNATURE
    assert reason.startswith("signature: the digest beside it: expected the file's") or "sha256:" in reason


def test_a_file_that_nobody_read_has_no_name() -> None:
    assert judged(BY_KEY, of_file(here=False), OWN) == (
        Check.BINDING,
        "only the digest agrees and the signed content names no package; verify the file itself",
    )


def test_the_digest_that_npm_names_packages_by_is_enough_for_a_key_that_uses_it() -> None:
    key = ec.generate_private_key(ec.SECP521R1())
    signature = base64.b64encode(key.sign(FILE, ec.ECDSA(hashes.SHA512()))).decode()
    value = {
        "mediaType": names.BUNDLE_V03,
        "verificationMaterial": {"publicKey": {"hint": "x"}},
        "messageSignature": {"signature": signature},
    }
    bundle = Bundle.parse(json.dumps(value).encode())
    own = KeyIdentity("own", PublicKey.of(key.public_key()))
    digest = ArtifactDigest("sha512", hashlib.sha512(FILE).hexdigest())
    subject = subject_of(Purl.parse("pkg:npm/acme@1.0.0"), digest, read_from_file=True)
    assert judged(bundle, subject, OWN, own) == (Proof(KeyAuthor(own.key), Format.BUNDLE, None), Binding.BYTES)
    assert judged(bundle, of_file(), own) == (Check.AUTHOR, "by no key that the policy names")


def test_a_key_that_signs_the_bytes_themselves_needs_them() -> None:
    key = ed25519.Ed25519PrivateKey.generate()
    by_key = Forged(SIGSTORE, key, kind="hashedrekord 0.0.1", file=FILE).bundle()
    own = KeyIdentity("own", PublicKey.of(key.public_key()))
    assert judged(by_key, of_file(), own) == (Check.AUTHOR, "by no key that the policy names")
    certified = keyless(SIGSTORE, kind="hashedrekord 0.0.1", file=FILE, key=key).bundle()
    check, reason = judged(certified, of_file(), ALICE, sigstore=ROOTED)
    assert check is Check.SIGNATURE
    assert reason.startswith("signature: what it is over: expected a key for which a digest is enough, found ")


@pytest.mark.parametrize(
    "subject",
    [
        replace(of_file(), digest=None),
        replace(of_file(), purl=None),
        replace(of_file(), digest=ArtifactDigest("sha1", "ab" * 20)),
    ],
    ids=["no digest", "no name", "a weak digest"],
)
def test_where_it_cannot_be_held_against_anything_it_proves_nothing(subject: Subject) -> None:
    assert isinstance(offered(BY_KEY, subject).signed, SignedBundle)
    check, _ = judged(BY_KEY, subject, OWN)
    assert check is Check.FORM


def test_everything_else_stays_as_it_is() -> None:
    for item in (signed("release"), unsigned("text/x", {}), damaged(Check.READ, "gone")):
        assert aimed(item, SUBJECT) is item
    content = offered(BY_KEY, of_file()).signed
    assert isinstance(content, SignedMessage)
    assert content.claimed_signer == SignedBundle(BY_KEY).claimed_signer


def test_what_the_registry_says_of_a_package() -> None:
    key = published.registry_key()
    (item,) = read(json.dumps(published.npm_version(key)).encode(), "source").parts
    assert isinstance(item, Item)
    assert item.package is not None
    subject = subject_of(*item.package)
    registry = KeyIdentity("npm", key.public)
    assert judged(item.bundle, subject, registry) == (Proof(KeyAuthor(key.public), Format.BUNDLE, None), Binding.NAME)
    assert judged(item.bundle, subject, OWN) == (Check.AUTHOR, "by no key that the policy names")
    for other in (
        subject_of(Purl.parse("pkg:npm/sigstore@1.3.1"), item.package[1]),
        subject_of(item.package[0], ArtifactDigest("sha512", "ab" * 64)),
        replace(subject, purl=Purl.parse("pkg:generic/sigstore@1.3.0")),
    ):
        assert judged(item.bundle, other, registry) == (Check.AUTHOR, "by no key that the policy names")
