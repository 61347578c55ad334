"""Documents in the shapes in which ecosystems publish them, made of real attestations and of some signed here."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

from attest.evidence.imports.npm import message
from attest.packages.digest import ArtifactDigest
from attest.packages.purl import Purl
from attest.signing.keys import PrivateKey, generate
from tests.material import shared, sigstore_go

RFC8785 = "pypi/rfc8785-0.1.2-py3-none-any.whl.publish.attestation"
RFC8785_DIGEST = "sha256:c4e92e9ecc828bef2aa7dba1de8ac983511f7532a0df11c770d39099a25cf201"
PROVENANCE = "pypi/pypi_attestations-0.0.19.tar.gz.provenance"
PUBLISH = "pypi/pypi_attestations-0.0.19.tar.gz.publish.attestation"
SLSA = "pypi/pypi_attestations-0.0.19.tar.gz.slsa.attestation"
PYPI_ATTESTATIONS_DIGEST = "sha256:9bb1add04b1b4e182be6b0b80931593f7a291eb49d69b4fd728a5d4cbcdc4bd3"
NPM_PUBLISH = "examples/bundle-publish.json"
NPM_PROVENANCE = "examples/bundle-provenance.json"
NPM_PROVENANCE_V02 = "pkg/testing/data/bundles/sigstore.js@2.0.0-provenance.sigstore.json"
SIGSTORE_JS_SHA512 = (
    "76176ffa33808b54602c7c35de5c6e9a4deb96066dba6533f50ac234f4f1f4c6"
    "b3527515dc17c06fbe2860030f410eee69ea20079bd3a2c6f3dcf3b329b10751"
)
KEY_ID = "SHA256:made-here"


def pypi(name: str) -> Any:
    return json.loads(shared(name).read_bytes())


def npm(name: str) -> Any:
    return json.loads(sigstore_go(name).read_bytes())


def npm_attestations(*names: str) -> dict[str, Any]:
    """The attestations document of npm's registry, of real bundles."""
    return {
        "attestations": [
            {"predicateType": statement(npm(name))["predicateType"], "bundle": npm(name)}
            for name in names or (NPM_PUBLISH, NPM_PROVENANCE)
        ]
    }


def statement(bundle: dict[str, Any]) -> Any:
    return json.loads(base64.b64decode(bundle["dsseEnvelope"]["payload"]))


def registry_key() -> PrivateKey:
    return generate("ecdsa-p256")


def npm_version(key: PrivateKey, name: str = "sigstore", version: str = "1.3.0", **dist: Any) -> dict[str, Any]:
    """One version's metadata, signed by a registry's ``key``."""
    *scope, last = name.split("/")
    purl, digest = Purl.of("npm", tuple(scope), last, version), ArtifactDigest("sha512", SIGSTORE_JS_SHA512)
    signature = base64.b64encode(key.sign(message(purl, digest))).decode()
    integrity = "sha512-" + base64.b64encode(bytes.fromhex(digest.hex)).decode()
    return {
        "name": name,
        "version": version,
        "dist": {"integrity": integrity, "signatures": [{"keyid": KEY_ID, "sig": signature}], **dist},
    }


def npm_keys(key: PrivateKey, **members: Any) -> dict[str, Any]:
    """What ``/-/npm/v1/keys`` answers."""
    spki = "".join(key.public.pem().decode().splitlines()[1:-1])
    entry = {"keyid": KEY_ID, "keytype": "ecdsa-sha2-nistp256", "scheme": "ecdsa-sha2-nistp256", "key": spki}
    return {"keys": [entry | {"expires": None} | members]}


def message_bundle(data: bytes, **members: Any) -> dict[str, Any]:
    """A bundle with a message signature, as RubyGems and Maven have it. Its certificate and signature are nobody's."""
    hashed = hashlib.sha256(data)
    body = {
        "apiVersion": "0.0.1",
        "kind": "hashedrekord",
        "spec": {"data": {"hash": {"algorithm": "sha256", "value": hashed.hexdigest()}}},
    }
    entry = {
        "logIndex": "1",
        "logId": {"keyId": "AAAA"},
        "kindVersion": {"kind": "hashedrekord", "version": "0.0.1"},
        "integratedTime": "1717699145",
        "inclusionProof": {"logIndex": "1", "rootHash": "AAAA", "treeSize": "2", "hashes": [], "checkpoint": {}},
        "canonicalizedBody": base64.b64encode(json.dumps(body).encode()).decode(),
    }
    return {
        "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
        "verificationMaterial": {"certificate": {"rawBytes": "MAMCAQE="}, "tlogEntries": [entry]},
        "messageSignature": {
            "messageDigest": {"algorithm": "SHA2_256", "digest": base64.b64encode(hashed.digest()).decode()},
            "signature": "MAYCAQECAQE=",
        },
    } | members
