"""Lifecycle statements signed without a key: verified by certificate and log, and refused as signatures by cosign."""

from __future__ import annotations

from pathlib import Path

import pytest

from attest import names
from tests.cli.conftest import Workplace
from tests.cli.test_cosign import STORE, WHEEL, cosign
from tests.private_sigstore.stack import PrivateSigstore
from tests.stores.programs import olareg

pytestmark = [pytest.mark.slow, pytest.mark.peer("ctlog", "fulcio", "rekor-server", "tsa")]


@pytest.mark.peer("cosign", "olareg")
def test_a_person_seals_withdraws_and_revokes(
    attest: Workplace, private_sigstore: PrivateSigstore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ATTEST_STORE", STORE)
    monkeypatch.setenv("SIGSTORE_ID_TOKEN", private_sigstore.token("alice@example.test"))
    keyless = ("--keyless", "--trust-config", private_sigstore.client_trust_config)
    people, root = private_sigstore.issuer.people, private_sigstore.trusted_root
    attest.write(
        "gate.yaml",
        "version: 1\nname: gate\napplies_to: ['pkg:pypi/**']\n"
        f"trust: {{root: '{root}'}}\n"
        "identities:\n"
        "  release: {key: release.pub}\n"
        f"  alice: {{issuer: '{people}', subject: alice@example.test}}\n"
        "rules:\n"
        "  - {id: signed, require: signature, by: [release]}\n"
        "  - {id: not-withdrawn, require: no-withdrawal, by: [alice], absence: seal}\n",
    )
    gate = ("verify", WHEEL, "--policy", "gate.yaml")
    anchor = attest.ok("anchor", WHEEL).out.split()[1]
    attest.ok("seal", WHEEL, *keyless)
    attest.ok("withdraw", WHEEL, "--reason", "yanked", *keyless)
    alice = ("--trusted-root", str(root), "--certificate-identity", "alice@example.test")
    with olareg(Path("store")) as registry:
        reference = f"{registry.host}/pypi/acme@{anchor}"
        refusal = cosign(attest, "verify", *alice, "--certificate-oidc-issuer", people, reference, code=1)
        assert "unsupported media type" in refusal
    attest.ok("sign", WHEEL, "--key", "release.key")
    denied = attest(*gate)
    assert (denied.code, "the package was withdrawn as yanked" in denied.out) == (1, True)
    listed = attest.ok("list", WHEEL, "--json").json["subjects"][0]["referrers"]
    (withdrawal,) = [item["digest"] for item in listed if item["type"] == names.PREDICATE_WITHDRAWAL]
    attest.ok("revoke", withdrawal, "--of", WHEEL, "--reason", "mended", *keyless)
    attest.ok(*gate)
    attest.ok("seal", "--repository", *keyless)
    attest.ok(*gate)
