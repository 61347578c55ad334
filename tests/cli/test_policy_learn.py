"""``attest policy learn``, as a user runs it, with evidence that was really signed."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import jsonschema
import pytest

from attest.report.schemas import schema
from tests.cli.conftest import Workplace
from tests.private_sigstore.stack import PrivateSigstore
from tests.signing.notation.pki import ACME, pem, root

WHEEL = "dist/acme-1.0-py3-none-any.whl"
KEYS = ("--key", "release.pub", "--keys-only")
SCHEMA = jsonschema.Draft202012Validator(schema("learn"))
LOCK = jsonschema.Draft202012Validator(schema("lock"))


def lock(attest: Workplace) -> dict[str, dict[str, dict[str, str]]]:
    content = json.loads((attest.directory / "attest.lock").read_text())
    LOCK.validate(content)
    packages: dict[str, dict[str, dict[str, str]]] = content["packages"]
    return packages


@pytest.fixture
def signed(attest: Workplace) -> Workplace:
    attest.ok("sign", WHEEL, "--key", "release.key")
    return attest


def test_a_key(signed: Workplace) -> None:
    result = signed.ok("policy", "learn", WHEEL, *KEYS)
    digest = lock(signed)["pkg:pypi/acme"]["publisher"]["key"]
    assert (result.out, result.err) == (f"+ pkg:pypi/acme: {digest}\nattest.lock: 1 package\n", "")
    assert signed.ok("policy", "learn", WHEEL, *KEYS).out == "attest.lock: 1 package, as before\n"
    assert not [item for item in signed.directory.iterdir() if item.name.startswith(".attest.lock")]


def test_what_is_not_known_is_not_learned(signed: Workplace) -> None:
    result = signed("policy", "learn", WHEEL, "--keys-only", "--policy", "acme.yaml")
    assert (result.code, result.out) == (2, "")
    result = signed("policy", "learn", WHEEL, "--keys-only")
    assert (result.code, result.out) == (1, "")
    assert "pkg:pypi/acme: not learned: no signature and no provenance that can be verified" in result.err
    assert not (signed.directory / "attest.lock").exists()
    assert not (signed.directory / "acme.yaml").exists()


def test_written_is_what_was_written(signed: Workplace) -> None:
    def written(*words: str) -> bool:
        result = signed("policy", "learn", WHEEL, *words, "--json")
        SCHEMA.validate(result.json)
        assert isinstance(result.json["written"], bool)
        return result.json["written"]

    assert not written("--keys-only")
    assert not written(*KEYS, "--diff")
    assert written(*KEYS)
    assert not written(*KEYS)


def test_a_signer_whom_nobody_knows(signed: Workplace) -> None:
    said = signed.refused("policy", "learn", WHEEL, *KEYS, "--signer", "nobody")
    assert "--signer: 'nobody' published nothing of this" in said
    assert "there is sha256:" in said
    assert not (signed.directory / "attest.lock").exists()
    signed.ok("policy", "learn", WHEEL, *KEYS, "--signer", said.partition("there is ")[2].split()[0].rstrip(".,;)"))


def test_several_publishers(signed: Workplace) -> None:
    signed.ok("key", "generate", "other")
    signed.ok("sign", WHEEL, "--key", "other.key")
    both = (*KEYS, "--key", "other.pub", "--json")
    result = signed("policy", "learn", WHEEL, *both)
    SCHEMA.validate(result.json)
    assert result.code == 1
    (item,) = result.json["unlearned"]
    assert len(item["candidates"]) == 2
    chosen = item["candidates"][0]
    assert signed.ok("policy", "learn", WHEEL, *both, "--signer", chosen).json["new"] == [
        {"package": "pkg:pypi/acme", "field": None, "old": None, "new": chosen}
    ]


def test_a_change_is_shown_before_it_is_written(signed: Workplace) -> None:
    signed.ok("policy", "learn", WHEEL, *KEYS)
    before = (signed.directory / "attest.lock").read_bytes()
    signed.ok("key", "generate", "other")
    later = signed.wheel(version="1.1")
    signed.ok("sign", later, "--key", "other.key")
    other = (later, "--key", "other.pub", "--keys-only")
    for how in ((), ("--diff",)):
        result = signed("policy", "learn", *other, *how)
        assert result.code == 1
        changed = [line.split(": ")[1] for line in result.out.splitlines()]
        assert changed == ["publisher.key", "publisher.spki", "lines.1.signer"]
        assert (signed.directory / "attest.lock").read_bytes() == before
        SCHEMA.validate(signed("policy", "learn", *other, *how, "--json").json)
    assert "--replace" in signed("policy", "learn", *other).err
    signed.ok("policy", "learn", *other, "--replace")
    assert (signed.directory / "attest.lock").read_bytes() != before
    assert lock(signed)["pkg:pypi/acme"]["lines"]["1"]["version"] == "1.1"  # type: ignore[index]


def test_diff_writes_nothing(signed: Workplace) -> None:
    result = signed("policy", "learn", WHEEL, *KEYS, "--diff")
    assert result.code == 1
    assert result.out.startswith("+ pkg:pypi/acme: sha256:")
    assert not (signed.directory / "attest.lock").exists()
    signed.ok("policy", "learn", WHEEL, *KEYS)
    assert signed.ok("policy", "learn", WHEEL, *KEYS, "--diff").out == ""


def test_the_policy_admits_what_was_observed(signed: Workplace) -> None:
    assert "wrote acme.yaml" in signed.ok("policy", "learn", WHEEL, *KEYS, "--policy", "acme.yaml").err
    signed.ok("verify", WHEEL, "--policy", "acme.yaml")
    signed.ok("policy", "lint", "acme.yaml")
    other = signed.wheel(note="other")
    assert signed("verify", other, "--policy", "acme.yaml").code == 1


def test_a_store_that_is_not_there(signed: Workplace) -> None:
    result = signed("policy", "learn", WHEEL, *KEYS, "--store", "oci-archive:none.tar")
    assert result.code == 3
    assert not (signed.directory / "attest.lock").exists()


def test_a_lock_that_cannot_be_read_stops_everything(signed: Workplace) -> None:
    signed.write("attest.lock", '{"version": 1, "packages": {}, "more": 1}')
    assert "unknown key 'more'" in signed.refused("policy", "learn", WHEEL, *KEYS)


def test_where_it_cannot_be_written(signed: Workplace) -> None:
    assert "cannot write the file" in signed.refused("policy", "learn", WHEEL, *KEYS, "--output", "none/attest.lock")


PUBLISHED = """\
version: 1
name: published
applies_to: ["pkg:pypi/**"]
trust: TRUST
rules:
  - {id: published, require: signature, by: publisher}
  - {id: not-less, require: no-downgrade, by: publisher}
"""


def test_what_is_learned_is_what_is_wanted(signed: Workplace) -> None:
    signed.write("published.yaml", PUBLISHED.replace("TRUST", "{keys_only: true}"))
    assert "attest policy learn" in signed.refused("verify", WHEEL, "--policy", "published.yaml")
    signed.ok("policy", "learn", WHEEL, *KEYS)
    result = signed.ok("verify", WHEEL, "--policy", "published.yaml", "--json")
    (applied,) = result.json["verdicts"][0]["policies"]
    digest = "sha256:" + hashlib.sha256((signed.directory / "attest.lock").read_bytes()).hexdigest()
    assert applied["files"] == [{"name": "attest.lock", "digest": digest}]
    other = signed.wheel(name="other")
    signed.ok("sign", other, "--key", "release.key")
    denied = signed("verify", other, "--policy", "published.yaml")
    assert denied.code == 1
    assert "publisher-unknown: attest.lock pins no publisher of pkg:pypi/other" in denied.out
    assert "attest policy learn pkg:pypi/other@1.0 --digest sha256:" in denied.out
    signed.ok("policy", "learn", WHEEL, other, *KEYS)
    signed.ok("verify", WHEEL, other, "--policy", "published.yaml")
    signed.ok(
        "pack",
        WHEEL,
        "--policy",
        "published.yaml",
        "--output",
        "it.pack",
        "--key",
        "release.key",
    )
    signed.ok("verify", WHEEL, "--store", "oci-archive:it.pack", "--pack-key", "release.pub")


@pytest.mark.parametrize("format", ["notation-jws", "notation-cose"])
def test_a_certificate_of_a_ca(attest: Workplace, format: str) -> None:
    ca = root()
    attest.write("root.pem", pem([ca.certificate]))

    def sign(wheel: str | Path, subject: str) -> None:
        ca.issue(subject).write(attest.directory, "x509")
        attest.ok("sign", wheel, "--format", format, "--key", "x509.key", "--certificate-chain", "x509.crt")

    sign(WHEEL, ACME)
    attest.ok("policy", "learn", WHEEL, "--ca", "root.pem", "--keys-only", "--policy", "acme.yaml")
    assert lock(attest)["pkg:pypi/acme"]["publisher"]["x509"] == "C=US, CN=Release, O=Acme, ST=WA"
    attest.write("published.yaml", PUBLISHED.replace("TRUST", "{keys_only: true}"))
    for policy in ("published.yaml", "acme.yaml"):
        attest.ok("verify", WHEEL, "--policy", policy)
    for number, subject in enumerate(("C=US,ST=WA,O=Acme,CN=Other", f"{ACME},OU=Other"), 1):
        other = attest.wheel(version=f"1.{number}")
        sign(other, subject)
        assert attest("verify", other, "--policy", "published.yaml").code == 1
    unknown = attest("policy", "learn", WHEEL, "--keys-only", "--output", "other.lock")
    assert (unknown.code, unknown.out) == (1, "")


@pytest.mark.slow
@pytest.mark.peer("ctlog", "fulcio", "rekor-server", "tsa")
def test_a_workflow_by_its_ids(
    attest: Workplace, private_sigstore: PrivateSigstore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def sign(wheel: str | Path, ref: str) -> None:
        monkeypatch.setenv("SIGSTORE_ID_TOKEN", private_sigstore.ci_token("acme/app", ref=ref))
        attest.ok("sign", wheel, "--keyless", "--trust-config", private_sigstore.client_trust_config)

    root = ("--trust-root", private_sigstore.trusted_root)
    sign(WHEEL, "refs/tags/v1")
    attest.ok("policy", "learn", WHEEL, *root, "--policy", "acme.yaml")
    publisher = lock(attest)["pkg:pypi/acme"]["publisher"]
    assert publisher["workflow"] == private_sigstore.ci_subject("acme/app", "").rstrip("@")
    assert publisher["source_repository_identifier"]
    later = attest.wheel(version="1.1")
    sign(later, "refs/tags/v2")
    attest.ok("policy", "learn", later, *root, "--diff")
    attest.ok("verify", WHEEL, "--policy", "acme.yaml")
    assert attest("verify", later, "--policy", "acme.yaml").code == 1
    attest.write("published.yaml", PUBLISHED.replace("TRUST", f"{{root: '{private_sigstore.trusted_root}'}}"))
    attest.ok("verify", WHEEL, later, "--policy", "published.yaml")
    stranger = attest.wheel(version="1.2")
    monkeypatch.setenv("SIGSTORE_ID_TOKEN", private_sigstore.ci_token("evil/app", ref="refs/tags/v2"))
    attest.ok("sign", stranger, "--keyless", "--trust-config", private_sigstore.client_trust_config)
    denied = attest("verify", stranger, "--policy", "published.yaml")
    assert denied.code == 1
    assert "signature-missing" in denied.out
