"""Revoke, withdraw, seal, from the command line; and that the real cosign takes none of them for a signature."""

from __future__ import annotations

import base64
import json
import time
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from attest import names
from attest.evidence import seal as seals
from attest.evidence.model import Collection
from attest.oci.digest import Digest
from attest.report.schemas import schema
from attest.stores.location import Location, open_store
from attest.stores.protocol import Store
from tests.cli.conftest import POLICY, Workplace
from tests.cli.test_cosign import OFFLINE, cosign
from tests.stores.programs import olareg

WHEEL = "dist/acme-1.0-py3-none-any.whl"
STORE = "oci:store/{package}"
PURL = "pkg:pypi/acme@1.0"
GATE = POLICY.replace("rules:", "  security: {key: security.pub}\nrules:") + (
    "  - {id: not-revoked, require: no-revocation, by: [security], absence: seal}\n"
    "  - {id: not-withdrawn, require: no-withdrawal, by: [security], absence: seal}\n"
)


@pytest.fixture(autouse=True)
def gate(attest: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    """A signed wheel, a second key, and a policy that wants absence to be sealed."""
    monkeypatch.setenv("ATTEST_STORE", STORE)
    attest.ok("key", "generate", "security")
    attest.write("gate.yaml", GATE)
    attest.ok("sign", WHEEL, "--key", "release.key")


def referrers(attest: Workplace, subject: str = WHEEL) -> list[dict[str, Any]]:
    listed = attest.ok("list", subject, "--json").json
    Draft202012Validator(schema("list")).validate(listed)
    return list(listed["subjects"][0]["referrers"])


def digest_of(attest: Workplace, predicate_type: str, subject: str = WHEEL) -> str:
    (found,) = [item["digest"] for item in referrers(attest, subject) if item["type"] == predicate_type]
    return str(found)


def codes(attest: Workplace, code: int, *, policy: str = "gate.yaml", subject: str = WHEEL) -> list[str]:
    result = attest("verify", subject, "--policy", policy, "--json")
    assert result.code == code, result
    return [finding["code"] for finding in result.json["verdicts"][0]["findings"]]


ABSENT = ["signature-verified", "revocation-absent", "withdrawal-absent"]


def test_a_revoked_signature_does_not_count(attest: Workplace) -> None:
    assert codes(attest, 0, policy="policy.yaml") == ["signature-verified"]
    signature = digest_of(attest, names.PREDICATE_COSIGN_SIGN)
    revoked = attest.ok("revoke", signature, "--of", WHEEL, "--reason", "by mistake", "--key", "release.key")
    assert revoked.out.startswith(f"revoked {PURL} sha256:")
    assert codes(attest, 1, policy="policy.yaml") == ["signature-missing"]
    told = attest("verify", WHEEL, "--policy", "policy.yaml").out
    assert "1 verified signature by release that was revoked" in told
    back = digest_of(attest, names.PREDICATE_REVOCATION)
    attest.ok("revoke", back, "--of", WHEEL, "--reason", "it was right", "--key", "release.key")
    assert codes(attest, 0, policy="policy.yaml") == ["signature-verified"]


def test_somebody_else_s_revocation_is_shown_and_changes_nothing(attest: Workplace) -> None:
    signature = digest_of(attest, names.PREDICATE_COSIGN_SIGN)
    attest.ok("revoke", signature, "--of", WHEEL, "--reason", "I say so", "--key", "security.key")
    assert codes(attest, 0, policy="policy.yaml") == ["signature-verified"]
    (shown,) = [item for item in referrers(attest) if item["digest"] == signature]
    assert shown["revokedBy"] == [digest_of(attest, names.PREDICATE_REVOCATION)]
    for command in ("list", "tree"):
        told = attest.ok(command, WHEEL).out
        assert f"revokes {signature[:19]}: I say so, signed by key" in told
        assert f"REVOKED by {shown['revokedBy'][0][:19]}" in told
    assert f"  {signature}  " in attest.ok("list", WHEEL).out  # whole, for `revoke` wants it so
    Draft202012Validator(schema("tree")).validate(attest.ok("tree", WHEEL, "--json").json)


def test_evidence_can_be_named_by_where_it_lies(attest: Workplace) -> None:
    signature = digest_of(attest, names.PREDICATE_COSIGN_SIGN)
    place = f"oci:store/pypi/acme@{signature}"
    done = attest.ok("revoke", place, "--reason", "by mistake", "--key", "release.key", "--json").json
    assert done["written"][0]["subject"] == PURL
    assert codes(attest, 1, policy="policy.yaml") == ["signature-missing"]


def test_what_cannot_be_revoked_is_named(attest: Workplace) -> None:
    signature, how = digest_of(attest, names.PREDICATE_COSIGN_SIGN), ("--reason", "x", "--key", "release.key")
    assert "--of SUBJECT" in attest.refused("revoke", signature, *how)
    assert "no such evidence" in attest.refused("revoke", f"sha256:{'0' * 64}", "--of", WHEEL, *how)
    assert "not a sha256 digest" in attest.refused("revoke", "sha256:00", "--of", WHEEL, *how)
    assert "the reason is empty" in attest.refused(
        "revoke", signature, "--of", WHEEL, "--reason", " ", "--key", "release.key"
    )
    anchor = attest.ok("anchor", WHEEL, "--dry-run").out.split()[1]
    assert "an anchor is no evidence" in attest.refused("revoke", f"oci:store/pypi/acme@{anchor}", *how)


def test_a_sealed_package_is_admitted_until_something_is_hidden(attest: Workplace) -> None:
    assert codes(attest, 3) == ["signature-verified", "absence-unsealed", "absence-unsealed"]
    attest.ok("seal", WHEEL, "--key", "security.key", "--expires", "12h")
    assert codes(attest, 0) == ABSENT
    attest.ok("withdraw", WHEEL, "--reason", "malicious", "--explain", "mines coins", "--key", "security.key")
    assert codes(attest, 1) == [*ABSENT[:2], "withdrawal-found"]
    attest.ok("seal", WHEEL, "--key", "security.key")
    withdrawal = digest_of(attest, names.PREDICATE_WITHDRAWAL)
    hide(withdrawal)
    assert codes(attest, 3) == ["signature-verified", "absence-hidden", "absence-hidden"]
    assert withdrawal in attest("verify", WHEEL, "--policy", "gate.yaml").out


def hide(digest: str) -> None:
    store = open_store(Location.parse(STORE), create=False)
    store.delete("pypi/acme", Digest.parse(digest))
    store.close()


def test_a_withdrawal_is_taken_back_by_revoking_it(attest: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    attest.ok("withdraw", WHEEL, "--reason", "yanked", "--key", "security.key")
    attest.ok("seal", WHEEL, "--key", "security.key")
    assert codes(attest, 1) == [*ABSENT[:2], "withdrawal-found"]
    assert "withdraws the package as yanked, signed by key" in attest.ok("tree", PURL).out
    withdrawal = digest_of(attest, names.PREDICATE_WITHDRAWAL)
    attest.ok("revoke", withdrawal, "--of", WHEEL, "--reason", "mended", "--key", "security.key")
    assert codes(attest, 0) == ABSENT
    time.sleep(1)  # the same words in the same second would be the same statement
    attest.ok("withdraw", WHEEL, "--reason", "yanked", "--key", "security.key")
    assert codes(attest, 1) == [*ABSENT[:2], "withdrawal-found"]


@pytest.mark.parametrize("store", ["oci:store/{package}", "oci:one", "oci-archive:one.tar"])
def test_one_seal_of_a_whole_store_is_read_once(attest: Workplace, monkeypatch: pytest.MonkeyPatch, store: str) -> None:
    wheels = [str(attest.wheel(f"acme{number}")) for number in range(12)]
    attest.ok("sign", *wheels, "--key", "release.key", "--store", store)
    sealed = attest.ok("seal", "--repository", "--key", "security.key", "--store", store)
    assert sealed.out.startswith("sealed the whole store sha256:")
    asked: list[str] = []
    read = seals.store_seals

    def counted(store: Store, repository: str) -> Collection:
        asked.append(repository)
        return read(store, repository)

    monkeypatch.setattr(seals, "store_seals", counted)
    result = attest.ok("verify", *wheels, "--policy", "gate.yaml", "--store", store, "--json")
    assert [verdict["outcome"] for verdict in result.json["verdicts"]] == ["admitted"] * len(wheels)
    assert asked == [names.SEALED_REPOSITORY]
    late = attest.wheel("late")
    attest.ok("sign", late, "--key", "release.key", "--store", store)
    assert attest("verify", late, "--policy", "gate.yaml", "--store", store).code == 3
    attest.ok("seal", "--repository", "--key", "security.key", "--store", store)
    assert attest("verify", late, "--policy", "gate.yaml", "--store", store).code == 0


@pytest.mark.peer("olareg")
@pytest.mark.parametrize("path", ["all", "team/{package}"])
def test_a_registry_is_sealed_and_read_like_any_store(attest: Workplace, path: str) -> None:
    Path("registry").mkdir()
    wheels = [str(attest.wheel(f"acme{number}")) for number in range(3)]
    with olareg(Path("registry")) as registry:
        store = ("--store", f"{registry.host}/{path}")
        attest.ok("sign", *wheels, "--key", "release.key", *store)
        if "{" in path:  # olareg has no catalogue
            why = attest.refused("seal", "--repository", "--key", "security.key", *store)
            assert "does not say which repositories it has" in why
        named = wheels if "{" in path else []
        attest.ok("seal", *named, "--repository", "--key", "security.key", *store)
        attest.ok("verify", *wheels, "--policy", "gate.yaml", *store)


def test_a_copy_of_a_store_takes_its_seal_along(attest: Workplace) -> None:
    attest.ok("seal", "--repository", "--key", "security.key")
    attest.ok("copy", STORE, "oci:copy/{package}")
    assert attest("verify", WHEEL, "--policy", "gate.yaml", "--store", "oci:copy/{package}").code == 0


def test_a_pack_takes_the_store_s_seal_along(attest: Workplace) -> None:
    gate = ("--policy", "gate.yaml")
    assert attest("pack", WHEEL, "--output", "early.pack", *gate).code == 3
    attest.ok("seal", "--repository", "--key", "security.key")
    attest.ok("pack", WHEEL, "--output", "evidence.pack", *gate)
    pack = "oci-archive:evidence.pack"
    assert attest("verify", WHEEL, "--policy", "gate.yaml", "--store", pack).code == 0
    attest.ok("unpack", "evidence.pack", "oci:unpacked/{package}")
    attest.ok("copy", STORE, "oci:copy/{package}", WHEEL, "--policy", "gate.yaml")


def test_what_cannot_be_sealed_is_named(attest: Workplace) -> None:
    how = ("--key", "security.key")
    assert "seal what?" in attest.refused("seal", *how)
    assert "not a package" in attest.refused("seal", "oci:image:v1", "--repository", *how)
    for text in ("7", "7w", "0d", "-1d", "1.5d", "", "٣d", "99999d"):
        assert "not a time" in attest.refused("seal", WHEEL, f"--expires={text}", *how)
    attest.refused("seal", "--repository", *how, "--store", "oci:nowhere/{package}", code=3)


def test_lifecycle_statements_are_not_attached_as_documents(attest: Workplace) -> None:
    attest.write("mine.json", "{}")
    for kind in (names.PREDICATE_REVOCATION, names.PREDICATE_WITHDRAWAL, names.PREDICATE_SEAL):
        refusal = attest.refused("attach", WHEEL, "mine.json", "--type", kind, "--key", "release.key")
        assert "use attest revoke, attest withdraw or attest seal" in refusal


@pytest.mark.peer("cosign", "olareg")
def test_cosign_takes_none_of_them_for_a_signature(attest: Workplace) -> None:
    """Each by the key that cosign is told to trust, on an anchor that has nothing else."""
    made = {
        names.PREDICATE_REVOCATION: ("revoke", "--reason", "key leaked", "--of"),
        names.PREDICATE_WITHDRAWAL: ("withdraw", "--reason", "yanked"),
        names.PREDICATE_SEAL: ("seal",),
    }
    wheels = {kind: str(attest.wheel(name)) for kind, name in zip(made, ("one", "two", "three"), strict=True)}
    key = ("--key", "release.key")
    for kind, (command, *options) in made.items():
        if command == "revoke":
            attest.write("note.json", json.dumps({"bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1}))
            attest.ok("attach", wheels[kind], "note.json", "--unsigned")
            options = [digest_of(attest, names.CYCLONEDX_JSON, wheels[kind]), *options]
        attest.ok(command, *options, wheels[kind], *key)
    with olareg(Path("store")) as registry:
        for kind, wheel in wheels.items():
            purl, anchor = attest.ok("anchor", wheel, "--dry-run").out.split()
            reference = f"{registry.host}/{purl.removeprefix('pkg:').partition('@')[0]}@{anchor}"
            trusted = ("--key", "release.pub", *OFFLINE, reference)
            assert "unsupported media type" in cosign(attest, "verify", *trusted, code=1)
            for asked in (kind, "https://sigstore.dev/cosign/sign/v1", "custom"):
                cosign(attest, "verify-attestation", "--type", asked, *trusted, code=1)
    attest.ok("sign", *wheels.values(), *key)
    with olareg(Path("store")) as registry:
        for wheel in wheels.values():
            purl, anchor = attest.ok("anchor", wheel, "--dry-run").out.split()
            reference = f"{registry.host}/{purl.removeprefix('pkg:').partition('@')[0]}@{anchor}"
            assert anchor in cosign(attest, "verify", "--key", "release.pub", *OFFLINE, reference)


def test_each_has_a_payload_type_of_its_own(attest: Workplace) -> None:
    signature = digest_of(attest, names.PREDICATE_COSIGN_SIGN)
    attest.ok("revoke", signature, "--of", WHEEL, "--reason", "x", "--key", "release.key")
    attest.ok("withdraw", WHEEL, "--reason", "superseded", "--key", "release.key")
    attest.ok("seal", WHEEL, "--key", "release.key")
    kinds = {}
    for blob in Path("store/pypi/acme/blobs/sha256").iterdir():
        text = blob.read_bytes()
        if b'"dsseEnvelope"' in text:
            envelope = json.loads(text)["dsseEnvelope"]
            kinds[json.loads(base64.b64decode(envelope["payload"]))["predicateType"]] = envelope["payloadType"]
    assert kinds == {
        names.PREDICATE_COSIGN_SIGN: "application/vnd.in-toto+json",
        names.PREDICATE_REVOCATION: "application/vnd.in-toto.revocation+json",
        names.PREDICATE_WITHDRAWAL: "application/vnd.in-toto.withdrawal+json",
        names.PREDICATE_SEAL: "application/vnd.in-toto.seal+json",
    }
