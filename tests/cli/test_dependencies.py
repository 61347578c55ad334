"""An image in a real registry, with a real SBOM: the one that lies in the wheel of `cryptography`."""

from __future__ import annotations

import json
from importlib.metadata import distribution
from pathlib import Path

import pytest

from tests.cli.conftest import Workplace
from tests.cli.test_images import push
from tests.stores.registry import real

HEAD = """\
version: 1
name: {name}
applies_to: ["{pattern}"]
trust: {{keys_only: true}}
identities:
  release: {{key: release.pub}}
"""
GATE = """\
rules:
  - {id: bom, require: sbom, by: [release]}
  - {id: parts, require: dependencies, by: [release], policy: parts.yaml}
  - {id: together, check: "bom.author == parts.author && bom.components >= 0"}
"""
PARTS = "rules:\n  - {id: signed, require: signature, by: [release]}\n"


def bom() -> Path:
    """Written by a tool of others (`cargo-cyclonedx` or maturin) when `cryptography` was built."""
    return next(
        Path(str(file.locate()))
        for file in distribution("cryptography").files or ()
        if file.name == "cryptography-rust.cyclonedx.json"
    )


@pytest.mark.peer("olareg")
@pytest.mark.slow
def test_an_image_of_what_cryptography_is_made_of(attest: Workplace, tmp_path: Path) -> None:
    components = json.loads(bom().read_bytes())["components"]
    pinned = {
        item["purl"]: f"sha256:{given['content']}"
        for item in components
        for given in item.get("hashes", ())
        if given["alg"] == "SHA-256"
    }
    assert 0 < len(components) - len(pinned) < len(pinned)
    with real.olareg(tmp_path / "registry") as host:
        push(host, "image", "1")
        image, store = f"{host}/team/app:1", f"{host}/{{package}}"
        attest.write("parts.yaml", HEAD.format(name="parts", pattern="pkg:cargo/**") + PARTS)
        rules = GATE.replace(">= 0", f">= {len(components)}")
        gate = HEAD.format(name="gate", pattern=f"{host}/team/app") + rules
        attest.write("gate.yaml", gate)
        attest.write("soft.yaml", f"{gate}unresolved: warn\n")
        attest.ok("attach", image, bom(), "--key", "release.key")
        last = sorted(pinned)[-1]
        for purl in sorted(pinned)[:-1]:
            attest.ok("sign", purl, "--digest", pinned[purl], "--key", "release.key", "--store", store)

        def verify(policy: str) -> tuple[int, dict[str, str], str]:
            result = attest("verify", image, "--store", store, "--policy", policy, "--json")
            (verdict,) = result.json["verdicts"]
            (finding,) = (item for item in verdict["findings"] if item["rule"] == "parts")
            outcomes = {item["purl"]: item["outcome"] for item in finding["components"]}
            return result.code, outcomes, finding["code"]

        code, outcomes, told = verify("gate.yaml")
        assert (code, told, outcomes[last]) == (1, "dependencies-denied", "denied")
        assert len(outcomes) >= len(components)  # what it describes has parts, too
        attest.ok("sign", last, "--digest", pinned[last], "--key", "release.key", "--store", store)
        code, outcomes, told = verify("gate.yaml")
        assert (code, told) == (1, "dependencies-unresolved")
        assert sum(outcome == "unresolved" for outcome in outcomes.values()) == len(outcomes) - len(pinned)
        code, outcomes, told = verify("soft.yaml")
        assert (code, told) == (0, "dependencies-verified")
        assert sum(outcome == "admitted" for outcome in outcomes.values()) == len(pinned)


@pytest.mark.peer("olareg")
def test_components_are_sealed_where_packages_lie(attest: Workplace, tmp_path: Path) -> None:
    """Not where the image lies, whose own repository says nothing of them."""
    purl, digest = "pkg:npm/left-pad@1.3.0", "ab" * 64
    part = {"type": "library", "name": "left-pad", "purl": purl, "hashes": [{"alg": "SHA-512", "content": digest}]}
    attest.write("bom.cdx.json", json.dumps({"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [part]}))
    revoked = "  - {id: stands, require: no-revocation, by: [release], absence: seal}\n"
    attest.write("parts.yaml", HEAD.format(name="parts", pattern="pkg:npm/**") + PARTS + revoked)
    with real.olareg(tmp_path / "registry") as host:
        push(host, "image", "1")
        image, store = f"{host}/team/app:1", "oci:evidence"
        parts = "rules:\n  - {id: parts, require: dependencies, by: [release], policy: parts.yaml}\n"
        attest.write("gate.yaml", HEAD.format(name="gate", pattern=f"{host}/team/app") + parts)
        attest.ok("attach", image, "bom.cdx.json", "--key", "release.key")
        attest.ok("sign", purl, "--digest", f"sha512:{digest}", "--key", "release.key", "--store", store)
        asking = ("verify", image, "--store", store, "--policy", "gate.yaml")
        doubt = attest(*asking)
        assert doubt.code == 3
        assert "no seal of this package by release" in doubt.out
        attest.ok("seal", "--repository", "--key", "release.key", "--store", store)
        attest.ok(*asking)
