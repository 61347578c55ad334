"""The real cosign reads what `attest` writes, and `attest` what cosign writes."""

from __future__ import annotations

import hashlib
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from attest import names
from attest.signing import cosign_key
from attest.signing.bundle import Bundle, verify_envelope
from attest.signing.key_files import load_private, load_public, write_private_file, write_public_file
from attest.signing.keys import KeyKind, PrivateKey
from attest.signing.sign import KeySigner, sign_statement
from attest.statements.statement import Statement, Subject, write_statement
from tests.peers import peer
from tests.signing.conftest import key_of

PASSWORD = b"correct horse"
PREDICATE_TYPE = "https://example.com/reviewed/v1"
BLOB = b"the artifact\n"
BLOB_SHA256 = hashlib.sha256(BLOB).hexdigest()

DIGEST_FLAGS = {
    KeyKind.ECDSA_P384: ("--signature-digest-algorithm=sha384",),
    KeyKind.ECDSA_P521: ("--signature-digest-algorithm=sha512",),
}
"""Without these, cosign checks every key's signatures with SHA-256: its own as well as ours."""


@dataclass(frozen=True)
class Cosign:
    program: Path
    folder: Path

    def __call__(self, *arguments: str, succeeds: bool = True) -> str:
        result = subprocess.run(
            [str(self.program), *arguments],
            cwd=self.folder,
            env={"HOME": str(self.folder), "PATH": "", "COSIGN_PASSWORD": PASSWORD.decode()},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert (result.returncode == 0) == succeeds, result.stderr
        return result.stdout if succeeds else result.stderr

    def verify(
        self, kind: KeyKind, bundle: str, predicate_type: str, *, succeeds: bool = True, flags: bool = True
    ) -> str:
        return self(
            "verify-blob-attestation",
            "--key=release.pub",
            f"--bundle={bundle}",
            "--insecure-ignore-tlog",
            f"--type={predicate_type}",
            *(DIGEST_FLAGS.get(kind, ()) if flags else ()),
            "artifact",
            succeeds=succeeds,
        )

    def attest(self, *arguments: str) -> Bundle:
        (self.folder / "signing-config.json").write_text(self("signing-config", "create"))
        (self.folder / "predicate.json").write_text('{"ok": true}')
        self(
            "attest-blob",
            *arguments,
            "--signing-config=signing-config.json",
            "--yes",
            "--predicate=predicate.json",
            f"--type={PREDICATE_TYPE}",
            "--bundle=theirs.json",
            "artifact",
        )
        return Bundle.parse((self.folder / "theirs.json").read_bytes())


@pytest.fixture
def cosign(tmp_path: Path) -> Cosign:
    (tmp_path / "artifact").write_bytes(BLOB)
    return Cosign(peer("cosign"), tmp_path)


def write_keys(key: PrivateKey, folder: Path) -> None:
    write_private_file(folder / "release.key", cosign_key.encrypt(key.pkcs8_der(), PASSWORD))
    write_public_file(folder / "release.pub", key.public.pem())


@pytest.mark.parametrize("kind", list(KeyKind))
def test_cosign_reads_our_keys(cosign: Cosign, kind: KeyKind) -> None:
    key = key_of(kind)
    write_keys(key, cosign.folder)
    assert cosign("public-key", "--key=release.key").encode() == key.public.pem()


def test_we_read_cosigns_keys(cosign: Cosign) -> None:
    cosign("generate-key-pair")
    private = load_private(cosign.folder / "cosign.key", lambda: PASSWORD)
    assert private.public == load_public(cosign.folder / "cosign.pub")


@pytest.mark.parametrize("kind", list(KeyKind))
def test_cosign_accepts_our_bundles(cosign: Cosign, kind: KeyKind) -> None:
    key = key_of(kind)
    write_keys(key, cosign.folder)
    subjects = [Subject("artifact", {"sha256": BLOB_SHA256})]
    for name, predicate_type, predicate in [
        ("reviewed.json", PREDICATE_TYPE, {"ok": True}),
        ("signature.json", names.PREDICATE_COSIGN_SIGN, {}),
    ]:
        statement = write_statement(subjects, predicate_type, predicate)
        (cosign.folder / name).write_bytes(sign_statement(statement, KeySigner(key)))
        cosign.verify(kind, name, predicate_type)
    (cosign.folder / "artifact").write_bytes(BLOB + b"!")
    cosign.verify(kind, "reviewed.json", PREDICATE_TYPE, succeeds=False)


@pytest.mark.parametrize("kind", [kind for kind in KeyKind if kind is not KeyKind.ED25519])
def test_we_accept_cosigns_bundles(cosign: Cosign, kind: KeyKind) -> None:
    key = key_of(kind)
    write_keys(key, cosign.folder)
    bundle = cosign.attest("--key=release.key")
    assert (bundle.version, bundle.key_hint) == ("0.3", key.public.hint)
    assert verify_envelope(bundle.envelope, [key.public]) == key.public
    assert bundle.envelope.payload_type == names.IN_TOTO_PAYLOAD
    statement = Statement.parse(bundle.envelope.payload)
    assert (statement.type_uri, statement.predicate_type) == (names.STATEMENT_V01, PREDICATE_TYPE)
    assert statement.subjects == (Subject("artifact", {"sha256": BLOB_SHA256}),)
    cosign.verify(kind, "theirs.json", PREDICATE_TYPE)


@pytest.mark.parametrize("kind", list(DIGEST_FLAGS))
def test_cosign_wants_to_be_told_the_hash_of_large_curves_even_for_its_own(cosign: Cosign, kind: KeyKind) -> None:
    write_keys(key_of(kind), cosign.folder)
    cosign.attest("--key=release.key")
    error = cosign.verify(kind, "theirs.json", PREDICATE_TYPE, succeeds=False, flags=False)
    assert "accepted signatures do not match threshold" in error


def test_cosigns_ed25519_bundles_are_prehashed_and_refused_by_both(cosign: Cosign) -> None:
    """cosign signs with Ed25519ph and verifies with Ed25519 (3.1.3): what we sign it accepts, what it signs nobody."""
    key = key_of(KeyKind.ED25519)
    write_keys(key, cosign.folder)
    bundle = cosign.attest("--key=release.key")
    assert verify_envelope(bundle.envelope, [key.public]) is None
    error = cosign.verify(KeyKind.ED25519, "theirs.json", PREDICATE_TYPE, succeeds=False)
    assert "accepted signatures do not match threshold" in error
