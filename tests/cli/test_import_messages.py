"""Signatures over a gem, a jar and npm's message: imported, they decide, and only about what they are over."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from sigstore.models import ClientTrustConfig
from sigstore.oidc import IdentityToken
from sigstore.sign import SigningContext

from attest.oci.manifest import Manifest
from attest.packages.files import identify
from attest.signing.keys import PrivateKey, generate
from attest.stores.location import Location, open_store
from tests.cli.conftest import Workplace
from tests.evidence import published
from tests.packages.build import PACKAGE_JSON, tar, tgz, zipped
from tests.packages.test_gem import METADATA, gem
from tests.packages.test_maven import FOLDER, PROPERTIES
from tests.private_sigstore.stack import PrivateSigstore

GATE = """\
version: 1
name: gate
applies_to: ["pkg:gem/**", "pkg:maven/org.example.acme/*", "pkg:npm/**"]
trust: {{{trust}}}
identities:
  release: {{{identity}}}
rules:
  - {{id: signed, require: signature, by: [release]}}
"""
PURL = "pkg:gem/demo-gem@1.2.3.pre"


def by_key(attest: Workplace, key: PrivateKey) -> None:
    attest.write("key.pub", key.public.pem())
    attest.write("gate.yaml", GATE.format(trust="keys_only: true", identity="key: key.pub"))


def sidecar(key: PrivateKey, data: bytes) -> dict[str, Any]:
    """What ``cosign sign-blob --key`` writes."""
    bundle = published.message_bundle(data)
    bundle["verificationMaterial"] = {"publicKey": {"hint": key.public.hint}}
    bundle["messageSignature"]["signature"] = base64.b64encode(key.sign(data)).decode()
    return bundle


def verdict(attest: Workplace, *subject: str | Path, code: int) -> str:
    result = attest("verify", *subject, "--policy", "gate.yaml", "--explain")
    assert result.code == code, result
    return result.out


@pytest.mark.parametrize("kind", ["ecdsa-p256", "rsa-3072"])
def test_a_jar_by_its_sidecar(attest: Workplace, kind: str) -> None:
    key = generate(kind)
    data = zipped([(f"{FOLDER}/pom.properties", PROPERTIES)])
    path = attest.write("widget-1.4.0.jar", data)
    source = attest.write("widget-1.4.0.jar.sigstore.json", json.dumps(sidecar(key, data)))
    by_key(attest, key)
    attest.ok("import", source, "--subject", path)
    assert "bound by bytes" in verdict(attest, path, code=0)
    by_key(attest, generate(kind))
    verdict(attest, path, code=1)


def test_a_gem_counts_only_with_the_gem_at_hand(attest: Workplace) -> None:
    key = published.registry_key()
    path = attest.write("demo.gem", gem())
    attest.ok("import", attest.write("a.json", json.dumps([sidecar(key, gem())])), "--subject", path)
    by_key(attest, key)
    assert "bound by bytes" in verdict(attest, path, code=0)
    digest = str(identify(path).digest)
    said = verdict(attest, PURL, "--digest", digest, code=1)
    assert "only the digest agrees" in said
    # the same bytes under another name: nothing that was imported hangs there, and copied there it would not count
    attest.ok("anchor", "pkg:gem/other@1", "--digest", digest)
    verdict(attest, "pkg:gem/other@1", "--digest", digest, code=1)


def test_a_signature_over_other_bytes_that_says_it_is_over_these(attest: Workplace) -> None:
    key = published.registry_key()
    lie = sidecar(key, gem()) | {"messageSignature": sidecar(key, b"other")["messageSignature"]}
    lie["messageSignature"]["messageDigest"] = sidecar(key, gem())["messageSignature"]["messageDigest"]
    path = attest.write("demo.gem", gem())
    attest.ok("import", attest.write("a.json", json.dumps([lie])), "--subject", path)
    by_key(attest, key)
    verdict(attest, path, code=1)


@pytest.mark.parametrize("kind", ["ed25519", "ecdsa-p384"])
def test_a_key_for_which_the_packages_digest_is_not_enough(attest: Workplace, kind: str) -> None:
    """Only SHA-256 of a gem is known: Ed25519 signs the bytes themselves, P-384 their SHA-384."""
    key = generate(kind)
    path = attest.write("demo.gem", gem())
    attest.ok("import", attest.write("a.json", json.dumps([sidecar(key, gem())])), "--subject", path)
    by_key(attest, key)
    verdict(attest, path, code=1)


def test_a_signature_over_an_npm_tarball_is_not_the_registrys(attest: Workplace) -> None:
    """The same kind of bundle on the same kind of anchor, over the file: it binds by bytes, not by name."""
    key, data = generate("ecdsa-p521"), tgz([("package/package.json", PACKAGE_JSON)])
    path = attest.write("semver.tgz", data)
    bundle = sidecar(key, data)
    digest = base64.b64encode(hashlib.sha512(data).digest()).decode()
    bundle["messageSignature"]["messageDigest"] = {"algorithm": "SHA2_512", "digest": digest}
    attest.ok("import", attest.write("a.json", json.dumps(bundle)), "--subject", path)
    by_key(attest, key)
    assert "bound by bytes" in verdict(attest, path, code=0)
    assert "only the digest agrees" in verdict(attest, "pkg:npm/semver@7.6.3", "--digest", f"sha512-{digest}", code=1)


def test_npms_registry_signs_name_version_and_digest(attest: Workplace) -> None:
    key = published.registry_key()
    attest.ok("import", attest.write("v.json", json.dumps(published.npm_version(key))))
    by_key(attest, key)
    digest = f"sha512:{published.SIGSTORE_JS_SHA512}"
    assert "bound by name" in verdict(attest, "pkg:npm/sigstore@1.3.0", "--digest", digest, code=0)
    by_key(attest, published.registry_key())
    verdict(attest, "pkg:npm/sigstore@1.3.0", "--digest", digest, code=1)


def test_a_registry_signature_moved_to_another_name(attest: Workplace) -> None:
    """Its bundle, hung by hand on the anchor of another name with the same bytes, is no signature there."""
    key = published.registry_key()
    attest.ok("import", attest.write("v.json", json.dumps(published.npm_version(key))), "--store", "oci:here")
    here = json.loads(attest.ok("list", "pkg:npm/sigstore@1.3.0", "--store", "oci:here", "--json").out)
    (referrer,) = here["subjects"][0]["referrers"]
    blobs = attest.directory / "here" / "blobs" / "sha256"
    manifest = json.loads((blobs / referrer["digest"].removeprefix("sha256:")).read_bytes())
    digest = f"sha512:{published.SIGSTORE_JS_SHA512}"
    other = ("pkg:npm/mallory@1.3.0", "--digest", digest)
    anchored = attest.ok("anchor", *other, "--store", "oci:here", "--json").json["anchors"][0]["anchor"]
    anchor = (blobs / anchored.removeprefix("sha256:")).read_bytes()
    manifest["subject"] |= {"digest": anchored, "size": len(anchor)}
    raw = json.dumps(manifest).encode()
    store = open_store(Location.parse("oci:here"), create=False)
    store.push("", Manifest.parse(raw).descriptor(), raw)
    store.close()
    by_key(attest, key)
    result = attest("verify", *other, "--policy", "gate.yaml", "--explain", "--store", "oci:here")
    assert result.code == 1
    assert "signature" in result.out


@pytest.mark.slow
@pytest.mark.peer("ctlog", "fulcio", "rekor-server", "tsa")
def test_a_gem_signed_by_a_workflow(attest: Workplace, private_sigstore: PrivateSigstore) -> None:
    """As RubyGems has it: a message signature with a certificate, a log entry and a timestamp."""
    config = ClientTrustConfig.from_json(private_sigstore.client_trust_config.read_text())
    with SigningContext.from_trust_config(config).signer(
        IdentityToken(private_sigstore.ci_token("acme/app"))
    ) as signer:
        bundle = signer.sign_artifact(gem()).to_json()
    path = attest.write("demo.gem", gem())
    attest.ok("import", attest.write("a.json", f"[{bundle}]"), "--subject", path)
    identity = f"issuer: '{private_sigstore.issuer.ci}', subject: '{private_sigstore.ci_subject('acme/app')}'"
    attest.write("gate.yaml", GATE.format(trust=f"root: '{private_sigstore.trusted_root}'", identity=identity))
    assert "bound by bytes" in verdict(attest, path, code=0)
    changed = tar([("metadata.gz", gzip.compress(METADATA.encode(), mtime=1)), ("data.tar.gz", b"")])
    other = attest.write("other.gem", changed)
    assert "it signs sha256:" in attest.refused("import", "a.json", "--subject", other, code=1)
    attest.write("gate.yaml", GATE.format(trust=f"root: '{private_sigstore.other_trusted_root}'", identity=identity))
    verdict(attest, path, code=1)
