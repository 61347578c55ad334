"""``attest bundle``: exit 0 for what holds, 1 for what is refused, 2 for what cannot be read; never a traceback."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest

from attest.signing.bundle import Bundle
from attest.signing.dsse import pae
from tests.cli.conftest import Workplace
from tests.material import sigstore_go
from tests.signing.sigstore.cases import REAL
from tests.signing.sigstore.forge import ALICE, FILE, IN_TOTO, ISSUER, STATEMENT, Forged, Sigstore, keyless

SIGSTORE = Sigstore()
WHO = ("--identity", ALICE, "--issuer", ISSUER)
ABOUT = "sha256:" + "ab" * 32


@pytest.fixture
def here(attest: Workplace) -> Workplace:
    (attest.directory / "root.json").write_bytes(SIGSTORE.root().raw)
    (attest.directory / "file").write_bytes(FILE)
    return attest


def save(here: Workplace, forged: Forged | dict[str, Any], name: str = "b.json") -> str:
    value = forged if isinstance(forged, dict) else forged.json()
    (here.directory / name).write_text(json.dumps(value))
    return name


def verify(*more: str, bundle: str = "b.json") -> tuple[str, ...]:
    return ("bundle", "verify", "--bundle", bundle, "--trusted-root", "root.json", *more)


def test_a_file(here: Workplace) -> None:
    save(here, keyless(SIGSTORE, kind="hashedrekord 0.0.1", file=FILE))
    result = here.ok(*verify(*WHO, "file"))
    assert result.out == f"verified file: signed by {ALICE} ({ISSUER}) by 2026-03-01T12:01:00Z\n"
    here.ok(*verify(*WHO, f"sha256:{hashlib.sha256(FILE).hexdigest()}"))
    (here.directory / "other").write_bytes(b"another")
    assert here(*verify(*WHO, "other")).code == 1
    assert here(*verify(*WHO, ABOUT)).code == 1
    assert here(*verify(*WHO, "missing")).code == 2
    assert here(*verify(*WHO, "sha256:abcd")).code == 2
    assert here(*verify(*WHO, "sha512:" + "ab" * 64)).code in (1, 2)


def test_a_statement(here: Workplace) -> None:
    save(here, keyless(SIGSTORE))
    found = here.ok(*verify(*WHO, ABOUT, "--json")).json
    assert found == {
        "verified": True,
        "issuer": ISSUER,
        "identity": ALICE,
        "claims": {"source_repository": "https://github.com/acme/app"},
        "time": "2026-03-01T12:01:00+00:00",
        "content": "statement",
        "payload_type": IN_TOTO,
        "predicate_type": "https://example.test/tested/v1",
        "subjects": [{"name": "a", "sha256": "ab" * 32}],
    }
    result = here(*verify(*WHO, "file"))
    assert result.code == 1
    assert "statement: its subjects: expected sha256:" in result.err
    assert here(*verify(*WHO, "sha512:" + "ab" * 64)).code == 1


@pytest.mark.parametrize(
    ("identity", "issuer"),
    [
        ("alice@example.tes", ISSUER),
        ("alice@example.test\n", ISSUER),
        ("Alice@example.test", ISSUER),
        ("\u0430lice@example.test", ISSUER),
        ("alice@example.test.evil", ISSUER),
        (".*", ISSUER),
        (ALICE, ISSUER + "/"),
        (ALICE, "https://issuer.example.evil"),
        ("", ""),
    ],
)
def test_another_identity(here: Workplace, identity: str, issuer: str) -> None:
    save(here, keyless(SIGSTORE))
    result = here(*verify("--identity", identity, "--issuer", issuer, ABOUT))
    assert result.code == 1
    assert result.err.startswith("attest: identity: its ")
    assert "expected" in result.err
    assert "found" in result.err


def test_a_key(here: Workplace) -> None:
    here.ok("key", "generate", "other")
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    (here.directory / "own.pub").write_bytes(pem)
    save(here, Forged(SIGSTORE, key))
    assert "signed by key sha256:" in here.ok(*verify("--key", "own.pub", ABOUT)).out
    here.ok("bundle", "verify", "--offline", "--bundle", "b.json", "--key", "own.pub", ABOUT)
    assert here(*verify("--key", "other.pub", ABOUT)).code == 1
    assert here(*verify(*WHO, ABOUT)).code == 1
    save(here, keyless(SIGSTORE))
    assert here(*verify("--key", "own.pub", ABOUT)).code == 1
    assert here(*verify("--key", "b.json", ABOUT)).code == 2


def test_usage(here: Workplace) -> None:
    save(here, keyless(SIGSTORE))
    for more in (
        (ABOUT,),
        ("--identity", ALICE, ABOUT),
        (*WHO, "--key", "k", ABOUT),
        ("--key", "k", "--issuer", ISSUER, ABOUT),
        (*WHO, "--staging", ABOUT),
        WHO,
    ):
        assert here(*verify(*more)).code == 2
    assert here(*verify(*WHO, ABOUT, bundle="missing")).code == 2
    assert here("bundle", "verify", "--bundle", "b.json", "--trusted-root", "missing", *WHO, ABOUT).code == 2


def test_confusion_between_protocols(here: Workplace) -> None:
    """A signature over the signed form of a statement is none over a file that has these bytes."""
    message = pae(IN_TOTO, STATEMENT)
    (here.directory / "pae").write_bytes(message)
    save(here, keyless(SIGSTORE, kind="hashedrekord 0.0.1", file=message))
    result = here(*verify(*WHO, "pae"))
    assert result.code == 1
    assert "DSSEv1" in result.err
    save(here, keyless(SIGSTORE, payload_type="application/vnd.in-toto.revocation+json"))
    result = here(*verify(*WHO, ABOUT))
    assert result.code == 1
    assert "payload type" in result.err


def test_hostile_bundles(here: Workplace) -> None:
    (here.directory / "large").write_bytes(b" " * (100 * 1024 * 1024))
    result = here(*verify(*WHO, ABOUT, bundle="large"))
    assert result.code == 2
    assert "limit" in result.err
    value = keyless(SIGSTORE).json()
    text = value["dsseEnvelope"]["payload"]
    value["dsseEnvelope"]["payload"] = f"{text[:40]}\n{text[40:]}"
    save(here, value)
    assert here(*verify(*WHO, ABOUT)).code == 2
    value = keyless(SIGSTORE).json()
    value["dsseEnvelope"]["signatures"] *= 2
    save(here, value)
    assert "exactly one signature" in here(*verify(*WHO, ABOUT)).err
    for text in ("", "{}", "[]", "null", '{"mediaType": "x"}', "{" * 1000, '{"a": 1, "a": 2}'):
        (here.directory / "b.json").write_text(text)
        for action in (verify(*WHO, ABOUT), ("bundle", "inspect", "b.json"), ("bundle", "upgrade", "b.json")):
            assert here(*action).code == 2


@pytest.mark.parametrize("name", ["PyPI publish", "PyPI publish, staging"])
def test_real_attestations(here: Workplace, name: str) -> None:
    """Against what `sigstore` ships of both instances; without a network."""
    case = REAL[name]()
    (here.directory / "b.json").write_bytes(case.raw)
    (subject,) = json.loads(Bundle.parse(case.raw).envelope.payload)["subject"]
    who = ("--identity", case.subject, "--issuer", case.issuer, f"sha256:{subject['digest']['sha256']}")
    staging = ("--staging",) if "staging" in name else ()
    other = () if staging else ("--staging",)
    here.ok("bundle", "verify", "--offline", "--bundle", "b.json", *staging, *who)
    assert here("bundle", "verify", "--offline", "--bundle", "b.json", *other, *who).code == 1


def test_inspect(here: Workplace) -> None:
    save(here, keyless(SIGSTORE))
    found = here.ok("bundle", "inspect", "b.json", "--json").json
    assert (found["version"], found["identity"], found["issuer"]) == ("0.3", ALICE, ISSUER)
    assert [entry["kind"] for entry in found["log_entries"]] == ["dsse 0.0.1"]
    result = here.ok("bundle", "inspect", "b.json")
    assert f"identity       {ALICE}" in result.out
    assert "read, not verified" in result.err
    (here.directory / "publish.json").write_bytes(sigstore_go("examples/bundle-publish.json").read_bytes())
    assert here.ok("bundle", "inspect", "publish.json", "--json").json["key_hint"].startswith("SHA256:")


def test_inspect_is_harmless_to_terminals(here: Workplace) -> None:
    save(here, keyless(SIGSTORE, payload_type="text\x1b[31m"))
    result = here.ok("bundle", "inspect", "b.json")
    assert "\x1b" not in result.out


def test_upgrade(here: Workplace) -> None:
    save(here, keyless(SIGSTORE, version="0.2"))
    shown = here.ok("bundle", "upgrade", "b.json").out
    here.ok("bundle", "upgrade", "b.json", "-o", "new.json")
    assert (here.directory / "new.json").read_text() == shown
    here.ok(*verify(*WHO, ABOUT, bundle="new.json"))
    assert here("bundle", "upgrade", "b.json", "-o", "no/such/folder").code == 2
    save(here, keyless(SIGSTORE, version="0.1", proof=False))
    assert here("bundle", "upgrade", "b.json").code == 2
