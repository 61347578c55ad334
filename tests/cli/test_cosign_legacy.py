"""What the real cosign wrote before there were bundles, in `.sig` and `.att` tags, is read and verified; its twin by
another key is refused. An unrelated referrer beside it hides nothing."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from attest.oci.descriptor import Descriptor
from attest.oci.reference import Reference
from attest.stores.registry.credentials import UserCredentials
from attest.stores.registry.store import RegistryStore
from tests.cli.conftest import Workplace
from tests.peers import peer
from tests.private_sigstore.stack import PrivateSigstore
from tests.stores import graphs
from tests.stores.registry import real

OFFLINE = ("--tlog-upload=false", "--use-signing-config=false", "--new-bundle-format=false")
BOM = json.dumps({"bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1, "components": []})
POLICY = """\
version: 1
name: gate
applies_to: ["{host}/**"]
trust: {{{trust}}}
identities:
  release: {{{identity}}}
rules:
  - {{id: rule, require: {rule}, by: [release]}}
"""

Registry = Callable[[Path], AbstractContextManager[str]]


@dataclass(frozen=True)
class Image:
    """An image in a registry, and the cosign that signs it there."""

    host: str
    descriptor: Descriptor
    folder: Path

    @property
    def reference(self) -> str:
        return f"{self.host}/team/app@{self.descriptor.digest}"

    def cosign(self, *arguments: str | Path) -> None:
        home = self.folder / "home"
        home.mkdir(exist_ok=True)
        done = subprocess.run(
            [peer("cosign"), *arguments],
            cwd=self.folder,
            env={**os.environ, "HOME": str(home), "COSIGN_PASSWORD": ""},
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr

    def sign(self, *arguments: str | Path) -> None:
        self.cosign("sign", *OFFLINE, "--yes", "--allow-http-registry", *arguments, self.reference)


@pytest.fixture(params=["olareg", "distribution"])
def image(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Image]:
    serving: Registry = getattr(real, request.param)
    with serving(tmp_path / "registry") as host:
        with closing(RegistryStore(host, name=host, credentials=UserCredentials({}, tmp_path))) as store:
            descriptor = graphs.push(store, "team/app", graphs.subject())
            store.tag(Reference("team/app", "v1"), descriptor)
        image = Image(host, descriptor, tmp_path / "cosign")
        image.folder.mkdir()
        for name in ("release", "stranger"):
            image.cosign("generate-key-pair", "--output-key-prefix", name)
        yield image


def judge(
    attest: Workplace,
    image: Image,
    identity: str,
    *,
    trust: str = "keys_only: true",
    rule: str = "signature",
    code: int = 0,
) -> Any:
    """The verdict's one finding about the rule."""
    policy = POLICY.format(host=image.host, trust=trust, identity=identity, rule=rule)
    attest.write(str(image.folder / "gate.yaml"), policy)
    result = attest("verify", image.reference, "--policy", image.folder / "gate.yaml", "--json")
    assert result.code == code, result
    return result.json["verdicts"][0]["findings"][0]


@pytest.mark.peer("cosign", "olareg", "distribution")
def test_a_signature_by_a_key(attest: Workplace, image: Image) -> None:
    image.sign("--key", "stranger.key")
    image.sign("--key", "release.key")
    finding = judge(attest, image, "key: release.pub")
    fates = {item["fate"]: item for item in finding["considered"]}
    assert (finding["code"], sorted(fates)) == ("signature-verified", ["counted", "rejected"])
    assert fates["counted"]["proof"]["format"] == "cosign"
    assert fates["counted"]["found"] == [{"store": f"{image.host}/team/app", "where": "cosign-tag"}]
    assert fates["rejected"]["reason"] == "author: by no key that the policy names"
    refused = judge(attest, image, "key: release.pub, formats: [bundle]", code=1)
    assert "release signs only as bundle, not as cosign" in refused["message"]


@pytest.mark.peer("cosign", "olareg", "distribution")
def test_a_signature_by_another_key(attest: Workplace, image: Image) -> None:
    image.sign("--key", "release.key")
    finding = judge(attest, image, "key: stranger.pub", code=1)
    assert finding["code"] == "signature-missing"
    assert "1 referrer found: 1 signature by no key that the policy names" in finding["message"]


@pytest.mark.peer("cosign", "olareg", "distribution")
def test_an_attestation(attest: Workplace, image: Image) -> None:
    (image.folder / "bom.json").write_text(BOM)
    attesting = ("attest", *OFFLINE, "--yes", "--allow-http-registry", "--type", "cyclonedx", "--predicate", "bom.json")
    image.cosign(*attesting, "--key", "release.key", image.reference)
    finding = judge(attest, image, "key: release.pub", rule="sbom")
    assert (finding["code"], finding["considered"][0]["proof"]["format"]) == ("sbom-verified", "cosign")
    assert judge(attest, image, "key: stranger.pub", rule="sbom", code=1)["code"] == "sbom-missing"
    assert judge(attest, image, "key: release.pub", rule="signature", code=1)["code"] == "signature-missing"


@pytest.mark.peer("cosign", "olareg", "distribution")
def test_an_unrelated_referrer_hides_nothing(attest: Workplace, image: Image) -> None:
    image.sign("--key", "release.key")
    attest.write("bom.json", BOM)
    attest.ok("attach", f"{image.host}/team/app:v1", "bom.json", "--unsigned")
    finding = judge(attest, image, "key: release.pub")
    assert sorted(item["fate"] for item in finding["considered"]) == ["counted", "rejected"]


@pytest.mark.slow
@pytest.mark.peer("cosign", "olareg", "distribution", "ctlog", "fulcio", "rekor-server", "tsa")
def test_a_signature_without_a_key(attest: Workplace, image: Image, private_sigstore: PrivateSigstore) -> None:
    image.sign(
        *("--fulcio-url", private_sigstore.addresses.fulcio),
        *("--timestamp-server-url", private_sigstore.addresses.tsa),
        *("--identity-token", private_sigstore.token()),
    )
    trust = f"root: '{private_sigstore.trusted_root}', log: 0"
    alice = f"issuer: '{private_sigstore.issuer.people}', subject: alice@example.test"
    finding = judge(attest, image, alice, trust=trust)
    (item,) = finding["considered"]
    assert item["proof"]["author"] == f"alice@example.test ({private_sigstore.issuer.people})"
    assert (item["proof"]["format"], item["proof"]["time"] is not None) == ("cosign", True)
    evil = judge(attest, image, alice.replace("alice", "alice-evil"), trust=trust, code=1)
    assert "by alice@example.test" in evil["message"]
    logged = judge(attest, image, alice, trust=trust.replace("log: 0", "log: 1"), code=1)
    assert "how many logs hold the signature" in logged["message"]
    other = f"root: '{private_sigstore.other_trusted_root}', log: 0"
    assert "1 signature that does not hold" in judge(attest, image, alice, trust=other, code=1)["message"]
