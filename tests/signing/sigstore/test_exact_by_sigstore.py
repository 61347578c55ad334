"""Which bundles the `sigstore` package is asked about, and which of its refusals is explained."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509 import ExtensionNotFound
from cryptography.x509.oid import ExtensionOID
from sigstore.errors import Error, VerificationError

from attest.signing.sigstore import by_sigstore
from attest.signing.sigstore.artifact import Artifact
from attest.signing.sigstore.by_sigstore import DIFFERENCES, LAST_SECOND, Judgement, is_explained, judge, knows
from attest.signing.sigstore.certificate import load
from attest.signing.sigstore.content import Content
from attest.signing.sigstore.material import Material
from attest.signing.sigstore.timestamp import time_of
from attest.signing.sigstore.trusted_root import CLASSIC_MEDIA_TYPE
from tests.signing.notation.tsa import Authority
from tests.signing.sigstore.forge import FILE, Forged, Sigstore, keyless
from tests.signing.sigstore.test_exact_timestamp import SIGNATURE, Clock, Made, root

SIGSTORE = Sigstore()
ROOT = SIGSTORE.root()


@pytest.mark.parametrize(
    ("kind", "for_a_file", "for_a_statement"),
    [
        ("hashedrekord 0.0.1", True, False),
        ("hashedrekord 0.0.2", True, True),
        ("dsse 0.0.1", False, True),
        ("dsse 0.0.2", False, False),
        ("intoto 0.0.2", False, False),
    ],
)
def test_which_entries_the_package_knows(kind: str, for_a_file: bool, for_a_statement: bool) -> None:
    for file, known in ((FILE, for_a_file), (None, for_a_statement)):
        bundle = keyless(SIGSTORE, kind=kind, file=file).bundle()
        content = Content.of(bundle, None if file is None else Artifact.of_bytes(file))
        assert knows(bundle, Material.of(bundle), content, ROOT) is known


HONEST = keyless(SIGSTORE).bundle()
HONEST_MATERIAL = Material.of(HONEST)
(ENTRY,) = HONEST_MATERIAL.entries


@pytest.mark.parametrize(
    ("changes", "known"),
    [
        ({}, True),
        ({"entries": ()}, False),
        ({"entries": (ENTRY, ENTRY)}, False),
        ({"timestamps": (b"",)}, False),
        ({"entries": (replace(ENTRY, proof=None),)}, False),
        ({"entries": (replace(ENTRY, integrated_time=1),)}, True),
        ({"entries": (replace(ENTRY, integrated_time=0),)}, False),
        ({"entries": (replace(ENTRY, integrated_time=0),), "timestamps": (b"",)}, False),
        ({"entries": (replace(ENTRY, promise=None),)}, False),
        ({"entries": (replace(ENTRY, promise=None),), "timestamps": (b"",)}, True),
        ({"entries": (replace(ENTRY, promise=None),), "timestamps": (b"", b"")}, False),
    ],
    ids=range(11),
)
def test_one_entry_with_proof_and_one_time_are_known(changes: dict[str, Any], known: bool) -> None:
    """A time is a log's, which is signed by its promise, or an authority's."""
    content = Content.of(HONEST, None)
    assert knows(HONEST, replace(HONEST_MATERIAL, **changes), content, ROOT) is known


def test_a_root_of_the_newer_kind_is_not_known() -> None:
    content = Content.of(HONEST, None)
    assert not knows(HONEST, HONEST_MATERIAL, content, replace(ROOT, media_type=f"{CLASSIC_MEDIA_TYPE}x"))


@pytest.mark.parametrize(
    ("version", "chain", "known"), [("0.3", False, True), ("0.3", True, False), ("0.2", True, True)]
)
def test_one_certificate_is_written_as_its_version_has_it(version: str, chain: bool, known: bool) -> None:
    material: dict[str, Any] = {"x509CertificateChain" if chain else "certificate": {}}
    bundle = replace(HONEST, version=version, material=material)
    assert knows(bundle, HONEST_MATERIAL, Content.of(HONEST, None), ROOT) is known


def test_what_is_counted_otherwise_is_not_known() -> None:
    """Of a type that is not ASCII the package counts characters, DSSE bytes. A file it knows by SHA-256."""
    bundle = keyless(SIGSTORE, payload_type="application/é").bundle()
    assert not knows(bundle, Material.of(bundle), Content.of(bundle, None), ROOT)
    bundle = keyless(SIGSTORE, kind="hashedrekord 0.0.1", file=FILE).bundle()
    content = replace(Content.of(bundle, Artifact.of_bytes(FILE)), artifact=Artifact.of_digest("sha512", "00" * 64))
    assert not knows(bundle, Material.of(bundle), content, ROOT)


def judged(forged: Forged, raw: bytes | None = None) -> Judgement | None:
    bundle = forged.bundle()
    material = Material.of(bundle)
    asked = bundle if raw is None else replace(bundle, raw=raw)
    return judge(asked, material, Content.of(bundle, None), load(material.certificates[0]), ROOT)


def test_what_the_package_says() -> None:
    """In its words; of a key that it cannot verify with, and of what it cannot read, it says nothing."""
    forged = keyless(SIGSTORE)
    other = json.dumps(keyless(Sigstore()).json()).encode()
    refused = judged(forged, other)
    assert refused is not None
    assert refused.refusal not in (None, "", "no reason given")
    assert judged(forged, b"{}") is None
    assert judged(keyless(SIGSTORE, key=ec.generate_private_key(ec.SECP384R1()))) is None


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (VerificationError("no"), "no"),
        (VerificationError(""), "no reason given"),
        (Error("no"), "Error: no"),
        (ValueError("no"), "ValueError: no"),
        (TypeError("no"), "TypeError: no"),
        (ExtensionNotFound("no", ExtensionOID.KEY_USAGE), "ExtensionNotFound: no"),
        (UnsupportedAlgorithm("no"), "UnsupportedAlgorithm: no"),
    ],
)
def test_whatever_the_package_ends_with_is_a_refusal(
    monkeypatch: pytest.MonkeyPatch, error: Exception, said: str
) -> None:
    class Ends:
        def verify_dsse(self, *_: object) -> None:
            raise error

    monkeypatch.setattr(by_sigstore, "_verifier", lambda _: Ends())
    assert judged(keyless(SIGSTORE)) == Judgement(said)


def test_a_root_that_the_package_cannot_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(by_sigstore, "_verifier", lambda _: None)
    assert judged(keyless(SIGSTORE)) is None


def test_where_the_two_differ() -> None:
    """All that is known, by who accepts and how the other refuses; without a timestamp none is an excuse."""
    assert [(item.accepted_by, item.step) for item in DIFFERENCES] == [
        ("attest", "not enough sources of verified time"),
        ("attest", "failed to load bundle"),
        ("sigstore", "log entry: the time of its log"),
        ("sigstore", "log entry: how many logs hold the signature"),
        ("sigstore", "log entry: the checkpoint's signer"),
        ("sigstore", "log entry: the checkpoint's tree"),
        ("sigstore", "checkpoint: "),
        ("sigstore", "certificate: the time of its authority"),
        ("sigstore", "certificate: which log of certificates has seen it"),
        ("sigstore", "identity: "),
        ("sigstore", "signature: the digest beside it"),
        ("sigstore", "bundle"),
        ("sigstore", "entry body"),
    ]
    nothing = Material((), (), ())
    assert not any(is_explained(Judgement(item.step), nothing, ROOT) for item in DIFFERENCES)


@pytest.fixture
def looked_for() -> Iterator[None]:
    """Whether the package is there is found out once; here it is found out anew."""
    by_sigstore._installed.cache_clear()
    yield
    by_sigstore._installed.cache_clear()


@pytest.mark.usefixtures("looked_for")
def test_the_package_is_asked_where_it_is() -> None:
    assert judged(keyless(SIGSTORE)) == Judgement()


@pytest.mark.usefixtures("looked_for")
def test_own_steps_decide_where_it_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(by_sigstore, "find_spec", lambda _: None)
    assert judged(keyless(SIGSTORE)) is None


def test_the_last_second_of_an_authority(tmp_path: Path) -> None:
    entity = Clock("Time", 60).entity
    stamp = Made(entity, Authority(tmp_path / "one", entity, chain=False)).stamp(SIGNATURE)
    material, time = Material((), (), (stamp,)), time_of(stamp)
    last, later = root(entity.chain, end=time), root(entity.chain, end=time + timedelta(seconds=1))
    refusal = f"{LAST_SECOND.step}: 0 of 1"
    assert is_explained(Judgement(refusal), material, last) is True
    assert is_explained(Judgement(refusal), material, later) is False
    assert is_explained(Judgement(f"because: {refusal}"), material, last) is False
    assert is_explained(Judgement(), material, last) is False
    assert is_explained(Judgement(refusal), Material((), (), ()), last) is False
