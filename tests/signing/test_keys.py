from __future__ import annotations

import base64
import hashlib
import os
import stat
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, padding, rsa, x25519
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from cryptography.x509.oid import NameOID
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from attest import limits
from attest.errors import KeyFileError, UsageError
from attest.signing.key_files import load_private, load_public, write_private_file, write_public_file
from attest.signing.keys import KeyKind, PrivateKey, PublicKey, generate


def unasked() -> bytes:
    raise AssertionError("asked for a password that is not needed")


def saved(folder: Path, data: bytes, name: str = "file.pem") -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def plain(key: PrivateKeyTypes, form: PrivateFormat = PrivateFormat.PKCS8) -> bytes:
    return key.private_bytes(Encoding.PEM, form, NoEncryption())


# --- signing ---------------------------------------------------------------------------------------------------------


def test_a_signature_holds_for_its_key_and_its_data(key: PrivateKey) -> None:
    signature = key.sign(b"data")
    assert key.public.verify(signature, b"data")
    assert not key.public.verify(signature, b"Data")
    assert not key.public.verify(signature[:-1], b"data")
    assert not key.public.verify(signature + b"\0", b"data")
    assert not key.public.verify(b"", b"data")
    assert not generate(KeyKind.ECDSA_P256).public.verify(signature, b"data")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(st.binary(max_size=200))
def test_random_signatures_are_false_and_no_error(key: PrivateKey, signature: bytes) -> None:
    assert key.public.verify(signature, b"data") is False


def test_the_schemes_are_those_of_sigstores_registry(tmp_path: Path) -> None:
    for kind, algorithm in [
        (KeyKind.ECDSA_P256, hashes.SHA256()),
        (KeyKind.ECDSA_P384, hashes.SHA384()),
        (KeyKind.ECDSA_P521, hashes.SHA512()),
    ]:
        key = generate(kind)
        public = serialization.load_pem_public_key(key.public.pem())
        assert isinstance(public, ec.EllipticCurvePublicKey)
        public.verify(key.sign(b"data"), b"data", ec.ECDSA(algorithm))
    key = generate(KeyKind.RSA_3072)
    public = serialization.load_pem_public_key(key.public.pem())
    assert isinstance(public, rsa.RSAPublicKey)
    assert public.key_size == 3072
    public.verify(key.sign(b"data"), b"data", padding.PKCS1v15(), hashes.SHA256())
    key = generate(KeyKind.ED25519)
    public = serialization.load_pem_public_key(key.public.pem())
    assert isinstance(public, ed25519.Ed25519PublicKey)
    public.verify(key.sign(b"data"), b"data")


def test_ed25519_is_the_pure_one_of_rfc_8032() -> None:
    """Test 2 of RFC 8032 §7.1."""
    seed = bytes.fromhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")
    key = PrivateKey.of(ed25519.Ed25519PrivateKey.from_private_bytes(seed))
    assert key.sign(b"\x72").hex() == (
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
    )


def test_an_unknown_kind_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="no such kind of key: 'dsa'") as caught:
        generate("dsa")
    assert caught.value.next_step == "choose one of ecdsa-p256, ecdsa-p384, ecdsa-p521, ed25519, rsa-3072"


def test_fingerprint_and_hint_are_of_the_spki(key: PrivateKey) -> None:
    lines = key.public.pem().decode().split("\n")
    der = base64.b64decode("".join(lines[1:-2]))
    assert key.public.spki == der
    assert key.public.fingerprint == hashlib.sha256(der).hexdigest()
    assert base64.b64decode(key.public.hint).hex() == key.public.fingerprint


def test_nothing_secret_is_printed(p256: PrivateKey) -> None:
    assert repr(p256) == f"PrivateKey(public={p256.public!r})"


# --- reading ---------------------------------------------------------------------------------------------------------


def test_every_kind_is_read_from_pkcs8(tmp_path: Path, key: PrivateKey) -> None:
    path = saved(tmp_path, key.pkcs8_pem(None))
    assert load_private(path, unasked) == key
    path = saved(tmp_path, key.pkcs8_pem(b"secret"))
    loaded = load_private(path, lambda: b"secret")
    assert loaded == key
    assert key.public.verify(loaded.sign(b"x"), b"x")
    assert load_public(saved(tmp_path, key.public.pem())) == key.public


@pytest.mark.parametrize("native", [rsa.generate_private_key(65537, 2048), ec.generate_private_key(ec.SECP384R1())])
def test_pkcs1_and_sec1_are_read(tmp_path: Path, native: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> None:
    key = PrivateKey.of(native)
    assert load_private(saved(tmp_path, plain(native, PrivateFormat.TraditionalOpenSSL)), unasked) == key
    locked = native.private_bytes(
        Encoding.PEM, PrivateFormat.TraditionalOpenSSL, serialization.BestAvailableEncryption(b"pw")
    )
    assert load_private(saved(tmp_path, locked), lambda: b"pw") == key
    with pytest.raises(KeyFileError, match="wrong password"):
        load_private(saved(tmp_path, locked), lambda: b"no")


def test_a_pkcs1_public_key_is_read(tmp_path: Path) -> None:
    public = rsa.generate_private_key(65537, 2048).public_key()
    path = saved(tmp_path, public.public_bytes(Encoding.PEM, PublicFormat.PKCS1))
    assert load_public(path) == PublicKey.of(public)


def test_openssls_curve_name_before_the_key_and_text_around_are_no_matter(tmp_path: Path) -> None:
    native = ec.generate_private_key(ec.SECP256R1())
    parameters = b"-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n"
    path = saved(tmp_path, b"a comment\n" + parameters + plain(native, PrivateFormat.TraditionalOpenSSL) + b"\nmore\n")
    assert load_private(path, unasked) == PrivateKey.of(native)


def test_windows_line_ends_are_read(tmp_path: Path, p256: PrivateKey) -> None:
    path = saved(tmp_path, p256.public.pem().replace(b"\n", b"\r\n"))
    assert load_public(path) == p256.public


def test_a_wrong_password_says_so_and_names_the_file(tmp_path: Path, p256: PrivateKey) -> None:
    path = saved(tmp_path, p256.pkcs8_pem(b"secret"))
    for password in (b"Secret", b"", b"secret\n"):
        with pytest.raises(KeyFileError) as caught:
            load_private(path, lambda password=password: password)  # type: ignore[misc]
        assert caught.value.what == f"wrong password for {path}"
        assert caught.value.exit_code == 2


def test_an_empty_password_is_not_silently_no_password(p256: PrivateKey) -> None:
    with pytest.raises(UsageError, match="an empty password protects nothing"):
        p256.pkcs8_pem(b"")


def test_a_private_key_for_a_public_one_says_what_to_do(tmp_path: Path, p256: PrivateKey) -> None:
    for pem in (p256.pkcs8_pem(None), p256.pkcs8_pem(b"x")):
        path = saved(tmp_path, pem)
        with pytest.raises(KeyFileError, match="a private key where a public key is wanted") as caught:
            load_public(path)
        assert caught.value.next_step == f"attest key public {path}"


def test_a_public_key_for_a_private_one(tmp_path: Path, p256: PrivateKey) -> None:
    with pytest.raises(KeyFileError, match="a public key where a private key is wanted"):
        load_private(saved(tmp_path, p256.public.pem()), unasked)


def certificate() -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "somebody")])
    start = datetime(2026, 1, 1, tzinfo=UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(start).not_valid_after(start + timedelta(days=1))
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)


def test_a_certificate_is_not_taken_for_a_key(tmp_path: Path) -> None:
    path = saved(tmp_path, certificate())
    with pytest.raises(KeyFileError, match="a certificate where a public key is wanted") as caught:
        load_public(path)
    assert caught.value.next_step is not None
    assert "openssl x509" in caught.value.next_step
    with pytest.raises(KeyFileError, match="a certificate where a private key is wanted"):
        load_private(path, unasked)


@pytest.mark.parametrize(
    ("native", "what"),
    [
        (rsa.generate_private_key(65537, 1024), "an RSA key of 1024 bits"),
        (ec.generate_private_key(ec.SECP256K1()), "a key on the curve secp256k1"),
        (ec.generate_private_key(ec.SECP224R1()), "a key on the curve secp224r1"),
        (dsa.generate_private_key(2048), "a key of another kind (DSA)"),
        (x25519.X25519PrivateKey.generate(), "a key of another kind (X25519)"),
        (ed448.Ed448PrivateKey.generate(), "a key of another kind (Ed448)"),
    ],
)
def test_other_keys_are_refused(tmp_path: Path, native: PrivateKeyTypes, what: str) -> None:
    private = saved(tmp_path, plain(native))
    with pytest.raises(KeyFileError) as caught:
        load_private(private, unasked)
    assert (caught.value.what, caught.value.where) == (what, str(private))
    public = saved(tmp_path, native.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    with pytest.raises(KeyFileError) as caught:
        load_public(public)
    assert (caught.value.what, caught.value.where) == (what, str(public))


def test_an_openssh_key_is_refused_with_a_way_out(tmp_path: Path) -> None:
    path = saved(tmp_path, plain(ed25519.Ed25519PrivateKey.generate(), PrivateFormat.OpenSSH))
    with pytest.raises(KeyFileError, match="OPENSSH PRIVATE KEY") as caught:
        load_private(path, unasked)
    assert caught.value.next_step == f"convert a copy of it: ssh-keygen -p -m PKCS8 -f {path}"


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "there is none"),
        (b"\xff" * 100, "there is none"),
        (b"-----BEGIN PUBLIC KEY-----\n", "there is none"),
        (b"-----BEGIN PUBLIC KEY-----\nAA==\n-----END PRIVATE KEY-----\n", "there is none"),
        (b"-----BEGIN PUBLIC KEY-----\nAA==\n-----END PUBLIC KEY-----\n" * 2, "there are 2"),
    ],
)
def test_a_file_without_exactly_one_key(tmp_path: Path, data: bytes, why: str) -> None:
    path = saved(tmp_path, data)
    for load in (lambda: load_public(path), lambda: load_private(path, unasked)):
        with pytest.raises(KeyFileError, match="expected exactly one PEM block") as caught:
            load()
        assert caught.value.why == why


@pytest.mark.parametrize("label", ["PUBLIC KEY", "RSA PUBLIC KEY", "PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY"])
@pytest.mark.parametrize("body", ["", "AA==", "AAAA", "*", "MAA=", "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A"])
def test_a_damaged_key(tmp_path: Path, label: str, body: str) -> None:
    path = saved(tmp_path, f"-----BEGIN {label}-----\n{body}\n-----END {label}-----\n".encode())
    with pytest.raises(KeyFileError, match="not a usable"):
        _ = load_public(path) if "PUBLIC" in label else load_private(path, unasked)


@pytest.mark.parametrize("label", ["PGP PUBLIC KEY BLOCK", "X509 CRL", "PRIVATE KEY ON A DIFFERENT PLANET"])
def test_other_pem_is_named(tmp_path: Path, label: str) -> None:
    path = saved(tmp_path, f"-----BEGIN {label}-----\nAA==\n-----END {label}-----\n".encode())
    for load in (lambda: load_public(path), lambda: load_private(path, unasked)):
        with pytest.raises(KeyFileError, match=f"not a key that can be used: {label}"):
            load()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=200)
@given(position=st.integers(0), bit=st.integers(0, 7))
def test_a_flipped_bit_is_never_another_error(tmp_path: Path, p256: PrivateKey, position: int, bit: int) -> None:
    for pem, load in (
        (p256.public.pem(), load_public),
        (p256.pkcs8_pem(None), lambda path: load_private(path, lambda: b"x").public),
    ):
        data = bytearray(pem)
        data[position % len(data)] ^= 1 << bit
        with suppress(KeyFileError):
            load(saved(tmp_path, bytes(data)))


def test_a_large_file_is_refused_unread(tmp_path: Path, p256: PrivateKey) -> None:
    path = saved(tmp_path, p256.public.pem().ljust(limits.KEY_FILE, b"\n"))
    assert load_public(path) == p256.public
    path = saved(tmp_path, p256.public.pem().ljust(limits.KEY_FILE + 1, b"\n"))
    with pytest.raises(KeyFileError, match="not a key file"):
        load_public(path)


def test_a_file_that_is_not_there_or_a_directory(tmp_path: Path) -> None:
    for path, why in ((tmp_path / "none", "No such file or directory"), (tmp_path, "Is a directory")):
        with pytest.raises(KeyFileError, match="cannot read the key") as caught:
            load_public(path)
        assert caught.value.why == why
        assert (caught.value.next_step is None) == path.exists()


# --- writing ---------------------------------------------------------------------------------------------------------


def test_a_private_file_is_its_owners_alone(tmp_path: Path, p256: PrivateKey) -> None:
    before = os.umask(0)
    try:
        write_private_file(tmp_path / "release.key", p256.pkcs8_pem(None))
        write_public_file(tmp_path / "release.pub", p256.public.pem())
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "release.key").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "release.pub").stat().st_mode) == 0o644
    assert load_private(tmp_path / "release.key", unasked) == p256
    assert load_public(tmp_path / "release.pub") == p256.public


@pytest.mark.parametrize("write", [write_private_file, write_public_file])
def test_nothing_is_overwritten(tmp_path: Path, write: object) -> None:
    assert callable(write)
    path = saved(tmp_path, b"precious")
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "elsewhere")
    for there in (path, link):
        with pytest.raises(UsageError, match="the file is there already"):
            write(there, b"new")
    assert path.read_bytes() == b"precious"
    assert not (tmp_path / "elsewhere").exists()


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(KeyFileError, match="cannot write the key"):
        write_private_file(tmp_path / "none" / "release.key", b"new")


def test_a_full_disk_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(KeyFileError, match="No space left on device"):
        write_private_file(tmp_path / "release.key", b"new")
    assert list(tmp_path.iterdir()) == []
