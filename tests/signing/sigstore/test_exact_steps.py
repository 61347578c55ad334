"""Each step of verification by itself, where no other verifier has answered first."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from attest.errors import EnvelopeError, VerificationError
from attest.signing.keys import PublicKey
from attest.signing.sigstore.artifact import Artifact
from attest.signing.sigstore.certificate import check_authority, load, verify_path
from attest.signing.sigstore.checkpoint import Checkpoint
from attest.signing.sigstore.content import Content, own_hash
from attest.signing.sigstore.entry_body import check_body
from attest.signing.sigstore.identity import author_of
from attest.signing.sigstore.log_entry import check_root, integrated_time, verify_entry
from attest.signing.sigstore.material import LogEntry, Material
from attest.signing.sigstore.sct import check_sct_times, verify_scts
from attest.signing.sigstore.verify import Requirements, verify
from tests.signing.sigstore.forge import (
    FILE,
    IDENTITY,
    MINUTE,
    NOW,
    Forged,
    Log,
    Sigstore,
    b64,
    fulcio,
    keyless,
    parse,
)

SIGSTORE = Sigstore()
ROOT = SIGSTORE.root()
OWN = Requirements(log=0, timestamp=1)
"""Not what the sigstore package demands, so that own steps alone decide."""


def p256() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def entry_of(forged: Forged) -> LogEntry:
    (entry,) = Material.of(forged.bundle()).entries
    return entry


def leaf_of(forged: Forged) -> x509.Certificate:
    return load(Material.of(forged.bundle()).certificates[0])


@pytest.mark.parametrize(
    ("sigstore", "step"),
    [
        (SIGSTORE, None),
        (replace(SIGSTORE, log=replace(SIGSTORE.log, end=NOW)), "log entry: the time of its log"),
        (replace(SIGSTORE, ct=replace(SIGSTORE.ct, end=NOW - MINUTE)), "certificate: which log"),
        (replace(SIGSTORE, ca_end=NOW + MINUTE), None),
        (replace(SIGSTORE, ca_end=NOW), "certificate: the time of its authority"),
        (replace(SIGSTORE, ca_start=NOW + 2 * MINUTE), "certificate: the time of its authority"),
        (replace(SIGSTORE, ca_key=p256()), "certificate: the path"),
        (replace(SIGSTORE, log=Log(p256())), "time: how many vouch"),
    ],
)
def test_windows_and_keys_by_own_steps(sigstore: Sigstore, step: str | None) -> None:
    bundle = keyless(SIGSTORE).bundle()
    if step is None:
        assert verify(bundle, sigstore.root(), OWN).time == NOW + MINUTE
        return
    with pytest.raises(VerificationError) as caught:
        verify(bundle, sigstore.root(), OWN)
    assert caught.value.step.startswith(step)


def test_an_authority_of_another_time() -> None:
    leaf = leaf_of(keyless(SIGSTORE))
    check_authority(leaf, ROOT, NOW)
    ended = replace(SIGSTORE, ca_end=NOW).root()
    check_authority(leaf, ended, NOW)
    with pytest.raises(VerificationError, match="the time of its authority"):
        check_authority(leaf, ended, NOW + timedelta(seconds=1))
    with pytest.raises(VerificationError, match="the time of its authority"):
        verify_path(leaf, [], ended, [NOW, NOW + MINUTE])
    value = SIGSTORE.root_json() | {"certificateAuthorities": []}
    nobody = type(ROOT).parse(json.dumps(value).encode())
    with pytest.raises(VerificationError, match="no authority in the trusted root"):
        verify_path(leaf, [], nobody, [NOW])


def intermediate(end: datetime) -> x509.Certificate:
    """As the one that Fulcio signs with, but only valid until ``end``."""
    known, _ = SIGSTORE.authority()
    builder = x509.CertificateBuilder(
        known.issuer, known.subject, SIGSTORE.ca_key.public_key(), 77, NOW - timedelta(days=1), end
    )
    for item in known.extensions:
        builder = builder.add_extension(item.value, item.critical)
    return builder.sign(SIGSTORE.root_key, SHA256())


def test_what_stands_between_is_valid_each_time() -> None:
    value = SIGSTORE.root_json()
    del value["certificateAuthorities"][0]["certChain"]["certificates"][0]
    top = type(ROOT).parse(json.dumps(value).encode())
    leaf, times = leaf_of(keyless(SIGSTORE)), [NOW + MINUTE, NOW + 3 * MINUTE]
    good, short = intermediate(NOW + 3 * MINUTE), intermediate(NOW + 2 * MINUTE)
    assert verify_path(leaf, [good], top, times) == good
    with pytest.raises(VerificationError, match="forged intermediate at the time of signing"):
        verify_path(leaf, [short], top, times)
    assert verify_path(leaf, [short], top, times[:1]) == short


def test_the_log_of_certificates() -> None:
    leaf = leaf_of(keyless(SIGSTORE))
    issuer, _ = SIGSTORE.authority()
    verify_scts(leaf, issuer, ROOT)
    ((_, log, moment),) = check_sct_times(leaf, ROOT)
    assert (log.id, moment) == (SIGSTORE.ct.id, NOW)
    with pytest.raises(VerificationError, match="a signature that does not hold"):
        verify_scts(leaf, load(leaf.public_bytes(Encoding.DER)), ROOT)
    value = SIGSTORE.root_json()
    del value["ctlogs"][0]["baseUrl"]
    nameless = type(ROOT).parse(json.dumps(value).encode())
    with pytest.raises(VerificationError, match=f"expected one by {SIGSTORE.ct.id.hex()}"):
        verify_scts(leaf, leaf, nameless)


class OtherHash(Sigstore):
    """Its timestamps of certificates say that they are signed by SHA-512, which RFC 6962 does not know."""

    def _sct(self, tbs: bytes, at: datetime) -> x509.UnrecognizedExtension:
        good = super()._sct(tbs, at)
        return x509.UnrecognizedExtension(good.oid, good.value.replace(b"\x00\x00\x04\x03", b"\x00\x00\x06\x03"))


def test_a_timestamp_of_certificates_by_another_hash() -> None:
    sigstore = OtherHash()
    leaf, (issuer, _) = leaf_of(keyless(sigstore)), sigstore.authority()
    assert len(check_sct_times(leaf, sigstore.root())) == 1
    with pytest.raises(VerificationError, match="a signature that does not hold"):
        verify_scts(leaf, issuer, sigstore.root())


def test_when_an_entry_was_taken() -> None:
    entry = entry_of(keyless(SIGSTORE))
    assert integrated_time(entry) == NOW + MINUTE
    assert integrated_time(replace(entry, promise=None)) is None
    assert integrated_time(replace(entry, integrated_time=0)) is None
    last = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
    assert integrated_time(replace(entry, integrated_time=int(last.timestamp()))) == last
    with pytest.raises(VerificationError, match="a year of four digits"):
        integrated_time(replace(entry, integrated_time=int(last.timestamp()) + 1))
    for kind in ("hashedrekord", "dsse"):
        assert integrated_time(replace(entry, kind=kind)) == NOW + MINUTE
        with pytest.raises(VerificationError, match="none for a kind of Rekor v2"):
            integrated_time(replace(entry, kind=kind, version="0.0.2"))


def test_one_of_the_logs_keys_has_promised_it() -> None:
    entry = entry_of(keyless(SIGSTORE))
    (known,) = ROOT.logs[entry.log_id]
    other = replace(known, key=PublicKey.of(p256().public_key()))
    promised = replace(entry, proof=None)
    for logs in ([known], [other, known], [known, other]):
        verify_entry(promised, logs)
    with pytest.raises(VerificationError, match="signed entry timestamp"):
        verify_entry(promised, [other])
    check_root(entry, [known])
    check_root(promised, [])
    with pytest.raises(VerificationError, match="the checkpoint's signer"):
        check_root(entry, [])


def note(size: str = "3", *, origin: str = "log.example", root: str = "AAAA", end: str = "\n", signed: int = 5) -> str:
    return f"{origin}\n{size}\n{root}\n\n\u2014 log.example {b64(b'x' * signed)}{end}"


def test_a_checkpoint() -> None:
    found = Checkpoint.parse(note())
    assert (found.origin, found.size, found.root) == ("log.example", 3, b"\0\0\0")
    assert found.text == b"log.example\n3\nAAAA\n"
    assert found.signatures == (("log.example", b"xxxx", b"x"),)
    for size in ("0", "9" * 19):
        assert Checkpoint.parse(note(size)).size == int(size)


@pytest.mark.parametrize(
    "text",
    [
        *(note(size) for size in ("", "00", "03", "-1", "3 ", "\u0663", "9" * 20, "x")),
        note(origin=""),
        note(end=""),
        note(end="x"),
        note(end="\n\n"),
        note(end="\nx\n"),
        note(signed=4),
        "log.example\n3\n\n\u2014 log.example eHh4eHg=\n",
    ],
)
def test_what_is_no_checkpoint(text: str) -> None:
    with pytest.raises(EnvelopeError, match="not a signed checkpoint"):
        Checkpoint.parse(text)


def issued_by(text: bytes) -> str:
    extensions = (IDENTITY[0], fulcio(8, text))
    certificate = SIGSTORE.certificate(p256(), extensions)
    return author_of(certificate).issuer


@pytest.mark.parametrize("length", [0, 1, 127, 128, 129, 255, 256, 257, 1000])
def test_texts_of_every_length(length: int) -> None:
    text = "x" * length
    encoded = (
        bytes([length])
        if length < 128
        else b"\x81" + bytes([length])
        if length < 256
        else b"\x82" + length.to_bytes(2, "big")
    )
    assert issued_by(b"\x0c" + encoded + text.encode()) == text


@pytest.mark.parametrize(
    "der",
    [
        b"\x0c\x81\x7f" + b"x" * 127,
        b"\x0c\x82\x00\xff" + b"x" * 255,
        b"\x0c\x83\x00\x01\x00" + b"x" * 256,
        b"\x0c\x80" + b"",
        b"\x0c\x81",
        b"\x13\x01x",
        b"\x0c\x02x",
        b"\x0c\x01xy",
    ],
    ids=range(8),
)
def test_texts_that_are_none(der: bytes) -> None:
    with pytest.raises(VerificationError, match="expected one text in UTF-8"):
        issued_by(der)


def digested(algorithm: str | None, digest: bytes) -> Callable[[dict[str, Any]], None]:
    def change(value: dict[str, Any]) -> None:
        found = {"digest": b64(digest)} | ({} if algorithm is None else {"algorithm": algorithm})
        value["messageSignature"]["messageDigest"] = found

    return change


def content(change: Callable[[dict[str, Any]], None], artifact: Artifact) -> Content:
    value = keyless(SIGSTORE, kind="hashedrekord 0.0.1", file=FILE).json()
    change(value)
    return Content.of(parse(value), artifact)


@pytest.mark.parametrize(
    ("algorithm", "name"), [("SHA2_256", "sha256"), ("SHA2_384", "sha384"), ("SHA2_512", "sha512")]
)
def test_the_digest_beside_a_signature(algorithm: str, name: str) -> None:
    whole = Artifact.of_bytes(FILE)
    digest = whole.digest(name)
    assert digest is not None
    assert content(digested(algorithm, digest), whole).hash_name == name
    with pytest.raises(VerificationError, match="the digest beside it"):
        content(digested(algorithm, digest[::-1]), whole)
    by_digest = Artifact.of_digest("sha1", "00" * 20)
    assert content(digested(algorithm, digest), by_digest).hash_name == name
    assert content(digested(None, digest[::-1]), whole).hash_name is None
    with pytest.raises(VerificationError, match="the digest beside it"):
        content(digested("SHA3_256", digest), by_digest)


def test_which_hash_a_key_signs_with() -> None:
    curves = {ec.SECP256R1(): "sha256", ec.SECP384R1(): "sha384", ec.SECP521R1(): "sha512"}
    for curve, name in curves.items():
        assert own_hash(PublicKey.of(ec.generate_private_key(curve).public_key())) == name
    assert own_hash(PublicKey.of(rsa.generate_private_key(65537, 2048).public_key())) == "sha256"
    assert own_hash(PublicKey.of(ed25519.Ed25519PrivateKey.generate().public_key())) is None


@pytest.mark.parametrize(
    ("key", "other"),
    [(p256(), p256()), (ed25519.Ed25519PrivateKey.generate(), ed25519.Ed25519PrivateKey.generate())],
    ids=["P-256", "Ed25519"],
)
def test_a_statement_by_another_key(key: Any, other: Any) -> None:
    signed = Content.of(Forged(SIGSTORE, key).bundle(), None)
    signed.verify(PublicKey.of(key.public_key()), None)
    with pytest.raises(VerificationError, match="found one that does not hold"):
        signed.verify(PublicKey.of(other.public_key()), None)


def body(change: Callable[[dict[str, Any]], None], kind: str, file: bytes | None) -> None:
    """Check an entry with an edited body."""
    forged = keyless(SIGSTORE, kind=kind, file=file)
    entry = entry_of(forged)
    value = json.loads(entry.body)
    change(value)
    bundle = forged.bundle()
    made = Content.of(bundle, None if file is None else Artifact.of_bytes(file))
    check_body(replace(entry, body=json.dumps(value).encode()), made, Material.of(bundle).certificates[0])


def unpemmed(value: dict[str, Any]) -> None:
    value["spec"]["signature"]["publicKey"]["content"] = b64(b"no key")


def unhexed(value: dict[str, Any]) -> None:
    value["spec"]["data"]["hash"]["value"] = "xy"


@pytest.mark.parametrize(
    ("change", "why"), [(unpemmed, "expected one in PEM, found b'no key'"), (unhexed, "expected hex, found 'xy'")]
)
def test_a_body_with_something_else_in_it(change: Callable[[dict[str, Any]], None], why: str) -> None:
    body(lambda _: None, "hashedrekord 0.0.1", FILE)
    with pytest.raises(VerificationError, match=why):
        body(change, "hashedrekord 0.0.1", FILE)


def test_a_kind_for_something_else() -> None:
    for kind, file, what in (("dsse 0.0.1", FILE, "a file"), ("hashedrekord 0.0.1", None, "a statement")):
        with pytest.raises(VerificationError, match=f"expected one for {what}, found {kind}"):
            body(lambda _: None, kind, file)
