"""Authors can be told, compared and counted."""

from __future__ import annotations

from attest.signing.keys import PrivateKey
from attest.signing.proof import CertificateAuthor, KeyAuthor, X509Author


def test_authors(p256: PrivateKey) -> None:
    issuer, alice = "https://issuer.example", "alice@example.test"
    one, again, other = (CertificateAuthor(issuer, alice, {"run": run}) for run in ("1", "1", "2"))
    release = X509Author("CN=Release", (("CN", "Release"),), "aa", "bb")
    authors = {one: 1, again: 2, other: 3, KeyAuthor(p256.public): 4, release: 5}
    assert {(str(author), number) for author, number in authors.items()} == {
        (f"{alice} ({issuer})", 2),
        (f"{alice} ({issuer})", 3),
        (f"key sha256:{p256.public.fingerprint}", 4),
        ("CN=Release", 5),
    }
