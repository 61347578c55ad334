"""What makes two signatures one signer's, and what an identity says of an author who is somebody else."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from attest.evidence.identity import CertificateIdentity, X509Identity, key_principal, principal
from attest.evidence.patterns import ImagePattern
from attest.evidence.text_patterns import identity_pattern
from attest.packages.patterns import PurlPattern
from attest.signing.notation.distinguished_name import DistinguishedName
from attest.signing.notation.trust_policy import Statement
from attest.signing.notation.trust_store import GivenAnchors
from attest.signing.proof import Author, CertificateAuthor, Format, KeyAuthor, X509Author
from tests.evidence_factory import GITHUB, NOW, SUBJECT, evidence, identity, key, proven, signed

ISSUER = "https://accounts.example"
ACME, OTHER = (DistinguishedName.parse(f"C=US,ST=WA,O={name}") for name in ("Acme", "Other"))
WORKFLOW = "https://github.com/acme/app/.github/workflows/release.yml"


def by_certificate(subject: str, issuer: str = ISSUER) -> CertificateAuthor:
    return CertificateAuthor(issuer, subject, {})


def by_x509(*trusted_by: str, root: str = "aa", subject: str = "CN=x") -> X509Author:
    return X509Author(subject, (("CN", "x"),), root, "bb", frozenset(trusted_by))


def x509(*subjects: DistinguishedName) -> X509Identity:
    return X509Identity("release", Statement("release", GivenAnchors(()), subjects))


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (by_certificate("dev@acme.example"), by_certificate("dev@evil.example"), False),
        (by_certificate("dev@acme.example"), by_certificate("dev@acme.example"), True),
        (by_certificate("dev@acme.example"), by_certificate("dev@acme.example", "https://other.example"), False),
        (by_certificate(f"{WORKFLOW}@refs/heads/main"), by_certificate(f"{WORKFLOW}@refs/tags/v1"), True),
        (by_certificate(f"{WORKFLOW}@a@b"), by_certificate(f"{WORKFLOW}@c"), True),
        (by_certificate(f"{WORKFLOW}@refs/heads/main"), by_certificate(f"{WORKFLOW}x@refs/heads/main"), False),
        (by_x509("a"), by_x509("b"), True),
        (by_x509(root="aa"), by_x509(root="ab"), False),
        (by_x509(subject="CN=x"), by_x509(subject="CN=y"), False),
        (KeyAuthor(key("release").public), KeyAuthor(key("release").public), True),
        (KeyAuthor(key("release").public), KeyAuthor(key("security").public), False),
        (by_certificate("CN=x", "aa"), by_x509(), False),
    ],
)
def test_who_is_one_signer(one: Author, other: Author, same: bool) -> None:
    assert (principal(one) == principal(other)) is same


def test_principals_as_they_are_written() -> None:
    fingerprint = key("release").public.fingerprint
    assert principal(KeyAuthor(key("release").public)) == f"key:sha256:{fingerprint}" == identity("release").principal
    assert principal(by_certificate("dev@acme.example")) == f"certificate:{ISSUER} dev@acme.example"
    assert principal(by_certificate(f"{WORKFLOW}@refs/tags/v1", GITHUB)) == f"certificate:{GITHUB} {WORKFLOW}"
    assert principal(by_x509()) == "x509:aa CN=x"


def test_a_pattern_stands_for_nobody_else() -> None:
    exact = CertificateIdentity("ci", GITHUB, identity_pattern(f"{WORKFLOW}@refs/tags/v1"), {})
    wide = CertificateIdentity("ci", GITHUB, identity_pattern(f"{WORKFLOW}@refs/tags/*"), {})
    assert exact.principal == f"certificate:{GITHUB} {WORKFLOW}"
    assert (wide.principal, x509(ACME).principal) == ("any:ci", "any:release")


@pytest.mark.parametrize(
    ("subjects", "wanted"),
    [
        ((ACME,), "C=US, ST=WA, O=Acme"),
        ((ACME, OTHER), "C=US, ST=WA, O=Acme or C=US, ST=WA, O=Other"),
        ((), "any subject"),
    ],
)
def test_whom_a_ca_names(subjects: tuple[DistinguishedName, ...], wanted: str) -> None:
    who = x509(*subjects)
    assert who.differs(by_x509("other", "release")) is None
    assert who.differs(by_x509("other")) == f"release: expected {wanted} under its own certificates, found 'CN=x'"
    assert who.differs(KeyAuthor(key("release").public)) == "release is an X.509 certificate's subject"


def test_an_end_counts_from_its_first_second() -> None:
    end = datetime(2026, 11, 20, tzinfo=UTC)
    who = identity("release", until=end)
    (item,) = evidence([proven(signed("release"), KeyAuthor(key("release").public))], [identity("release")]).verified
    proof = item.proof
    assert proof.time == NOW
    assert who.refuses(SUBJECT, proof, end) == "release ended on 2026-11-20"
    assert identity("release", until=NOW).refuses(SUBJECT, proof, end) == "release ended on 2026-11-21"
    only = identity("release", formats=(Format.NOTATION, Format.COSIGN))
    assert only.refuses(SUBJECT, proof, NOW) == (
        f"release signs only as {Format.NOTATION}, {Format.COSIGN}, not as {Format.BUNDLE}"
    )


def test_for_which_packages_it_speaks() -> None:
    fits, other = PurlPattern.parse("pkg:npm/left-pad"), PurlPattern.parse("pkg:npm/@acme/*")
    for packages, refusal in (
        ((fits,), None),
        ((other, fits), None),
        ((other,), "release speaks only for pkg:npm/@acme/*"),
        ((other, ImagePattern.parse("x.example/a")), "release speaks only for pkg:npm/@acme/*, x.example/a"),
    ):
        found = evidence([signed("release")], [identity("release", packages=packages)])
        assert (len(found.verified), [item.reason for item in found.rejected]) == (
            (1, []) if refusal is None else (0, [refusal])
        )


def test_whose_key_stays_is_known_by_it() -> None:
    assert key_principal(by_x509("a")) == "key:sha256:bb"
    assert key_principal(by_x509(subject="CN=y", root="ab")) == "key:sha256:bb"
    for author in (KeyAuthor(key("release").public), by_certificate("dev@acme.example")):
        assert key_principal(author) == principal(author)
