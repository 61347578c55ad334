"""Which files are trusted certificates, how large they may be, and what a store is called."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography import x509

from attest import limits
from attest.errors import TrustError
from attest.signing.notation.trust_store import (
    GivenAnchors,
    NamedStores,
    StoreKind,
    StoreName,
    load_certificates,
    load_roots,
)
from tests.signing.notation.pki import ACME, CA, NOW, TSA, build, der, key_of, name, pem, root

ROOT, OTHER = root(), root("C=US,ST=WA,O=Other,CN=Root", which=9)
ISSUING = ROOT.issue("C=US,ST=WA,O=Acme,CN=Issuing", CA, which=5)
LEAF = ROOT.issue(ACME)


@pytest.mark.parametrize("kind", StoreKind)
def test_what_a_store_is_called(kind: StoreKind) -> None:
    assert StoreName.parse(f"{kind}:acme", where="w") == StoreName(kind, "acme")
    assert str(StoreName(kind, "acme")) == f"{kind}:acme"
    for text in (f"{kind}", f"{kind}:", f"{kind}:.", f"{kind}:..", f"{kind}:a/b", f"{kind} :acme", ":acme", "acme"):
        with pytest.raises(TrustError, match="not a trust store"):
            StoreName.parse(text, where="w")


def test_all_files_in_their_order(tmp_path: Path) -> None:
    one, two = tmp_path / "one.pem", tmp_path / "two.der"
    one.write_bytes(pem([ROOT.certificate, OTHER.certificate]))
    two.write_bytes(der(LEAF.certificate))
    assert load_certificates(one) == (ROOT.certificate, OTHER.certificate)
    assert load_roots([two, one]) == (LEAF.certificate, ROOT.certificate, OTHER.certificate)
    assert load_roots([]) == ()


def test_a_file_may_be_as_large_as_the_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "root.pem"
    file.write_bytes(pem([ROOT.certificate]))
    monkeypatch.setattr(limits, "CERTIFICATE_FILE", file.stat().st_size)
    assert load_certificates(file) == (ROOT.certificate,)
    monkeypatch.setattr(limits, "CERTIFICATE_FILE", file.stat().st_size - 1)
    with pytest.raises(TrustError, match=f"more than {file.stat().st_size - 1} bytes"):
        load_certificates(file)


def stored(folder: Path, kind: StoreKind, *certificates: x509.Certificate) -> tuple[x509.Certificate, ...]:
    place = folder / "x509" / str(kind) / "acme"
    place.mkdir(parents=True)
    (place / "some.pem").write_bytes(pem(certificates))
    return NamedStores(folder, (StoreName(kind, "acme"),)).certificates(kind)


def self_issued(*, is_ca: bool) -> x509.Certificate:
    key = key_of("ec-256", 30)
    extensions = CA if is_ca else TSA
    return build("C=US,ST=WA,O=Self", key, name("C=US,ST=WA,O=Self"), key, extensions, NOW)


def test_what_may_be_trusted(tmp_path: Path) -> None:
    alone = self_issued(is_ca=False)
    cases = {
        StoreKind.CA: (True, True, False, True),
        StoreKind.SIGNING_AUTHORITY: (True, True, False, True),
        StoreKind.TSA: (True, False, False, True),
    }
    for kind, expected in cases.items():
        for number, (certificate, good) in enumerate(
            zip((ROOT.certificate, ISSUING.certificate, LEAF.certificate, alone), expected, strict=True)
        ):
            folder = tmp_path / f"{kind}{number}"
            if good:
                assert stored(folder, kind, certificate) == (certificate,)
            else:
                with pytest.raises(TrustError, match="not a root certificate"):
                    stored(folder, kind, certificate)


def test_what_says_nothing_of_being_a_ca_is_none(tmp_path: Path) -> None:
    bare = build("C=US,ST=WA,O=Bare", key_of("ec-256", 31), ROOT.certificate.subject, ROOT.key, ())
    with pytest.raises(TrustError, match="not a root certificate"):
        stored(tmp_path, StoreKind.CA, bare)


def test_given_certificates() -> None:
    given = GivenAnchors((ROOT.certificate,), (OTHER.certificate,), (ISSUING.certificate, LEAF.certificate))
    kinds = (StoreKind.CA, StoreKind.SIGNING_AUTHORITY, StoreKind.TSA)
    assert [given.certificates(kind) for kind in kinds] == [given.ca, given.signing_authority, given.tsa]
    assert [given.has(kind) for kind in kinds] == [True, True, True]
    assert [GivenAnchors().has(kind) for kind in kinds] == [False, False, False]


def test_what_cannot_be_opened(tmp_path: Path) -> None:
    for path in (tmp_path / "absent", tmp_path):
        with pytest.raises(TrustError, match="cannot read the certificate"):
            load_certificates(path)


def test_of_which_kinds_there_are_stores(tmp_path: Path) -> None:
    """Nothing is read for that."""
    stores = NamedStores(tmp_path, (StoreName(StoreKind.CA, "a"), StoreName(StoreKind.TSA, "b")))
    assert [stores.has(kind) for kind in (StoreKind.CA, StoreKind.TSA, StoreKind.SIGNING_AUTHORITY)] == [
        True,
        True,
        False,
    ]
