"""Real cosign and `attest` read what the other wrote, through a real registry that serves the directory as it lies."""

from __future__ import annotations

import base64
import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.cli.conftest import PASSWORD, POLICY, Workplace
from tests.peers import peer
from tests.stores.programs import olareg

WHEEL = "dist/acme-1.0-py3-none-any.whl"
STORE = "oci:store/{package}"
BOM = json.dumps({"bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1, "components": []})
GATE = POLICY + "  - {id: sbom, require: sbom, by: [release]}\n"
OFFLINE = ("--insecure-ignore-tlog", "--private-infrastructure")


def cosign(attest: Workplace, *arguments: str, code: int = 0) -> str:
    home = attest.directory / "home"
    home.mkdir(exist_ok=True)
    done = subprocess.run(
        [peer("cosign"), *arguments],
        cwd=attest.directory,
        env={**os.environ, "HOME": str(home), "COSIGN_PASSWORD": PASSWORD},
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=60,
        check=False,
    )
    assert done.returncode == code, done.stderr
    return done.stdout + done.stderr


@pytest.fixture
def anchor(attest: Workplace) -> str:
    """The wheel anchored in STORE; its anchor's digest."""
    attest.write("bom.json", BOM)
    return attest.ok("anchor", WHEEL, "--store", STORE).out.split()[1]


@pytest.mark.peer("cosign", "olareg")
def test_cosign_accepts_what_attest_wrote(attest: Workplace, anchor: str) -> None:
    attest.ok("sign", WHEEL, "--key", "release.key", "--store", STORE)
    attest.ok("attach", WHEEL, "bom.json", "--key", "release.key", "--store", STORE)
    attest.ok("key", "generate", "stranger")
    with olareg(Path("store")) as registry:
        reference = f"{registry.host}/pypi/acme@{anchor}"
        verified = cosign(attest, "verify", "--key", "release.pub", *OFFLINE, reference)
        assert anchor in verified
        attested = cosign(
            attest, "verify-attestation", "--key", "release.pub", "--type", "cyclonedx", *OFFLINE, reference
        )
        statement = json.loads(base64.b64decode(json.loads(attested.splitlines()[0])["payload"]))
        assert statement["predicate"] == json.loads(BOM)
        cosign(attest, "verify", "--key", "stranger.pub", *OFFLINE, reference, code=1)


@pytest.mark.peer("cosign", "olareg")
def test_attest_accepts_what_cosign_wrote(attest: Workplace, anchor: str) -> None:
    attest.write("gate.yaml", GATE)
    attest.write("signing.json", cosign(attest, "signing-config", "create"))
    signing = ("--key", "release.key", "--signing-config", "signing.json", "--yes")
    denied = attest("verify", WHEEL, "--policy", "gate.yaml", "--store", STORE)
    assert denied.code == 1
    with olareg(Path("store")) as registry:
        reference = f"{registry.host}/pypi/acme@{anchor}"
        cosign(attest, "sign", *signing, reference)
        cosign(attest, "attest", *signing, "--type", "cyclonedx", "--predicate", "bom.json", reference)
        cosign(attest, "verify", "--key", "release.pub", *OFFLINE, reference)
    verdict = attest.ok("verify", WHEEL, "--policy", "gate.yaml", "--store", STORE, "--json").json["verdicts"][0]
    assert [finding["code"] for finding in verdict["findings"]] == ["signature-verified", "sbom-verified"]
    assert {item["binding"] for item in verdict["findings"][0]["considered"]} == {"anchor"}


@pytest.mark.peer("cosign")
def test_attest_signs_with_a_key_that_cosign_made(attest: Workplace) -> None:
    cosign(attest, "generate-key-pair")
    attest.write("policy.yaml", POLICY.replace("release.pub", "cosign.pub"))
    attest.ok("sign", WHEEL, "--key", "cosign.key")
    assert attest.ok("verify", WHEEL, "--policy", "policy.yaml").out.startswith("admitted")
    assert attest.ok("key", "public", "cosign.key").out == Path("cosign.pub").read_text(encoding="ascii")
