"""Bundles that were really published or are made here, and how two verifiers answer to them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from attest.errors import AttestError
from attest.signing.bundle import Bundle
from attest.signing.dsse import Envelope
from attest.signing.sigstore.artifact import Artifact
from attest.signing.sigstore.roots import INSTANCES, STAGING, shipped_with_sigstore
from attest.signing.sigstore.trusted_root import TrustedRoot
from attest.signing.sigstore.verify import verify
from tests.material import shared, sigstore_go
from tests.signing.sigstore.forge import FILE, Sigstore, keyless


@dataclass(frozen=True)
class Case:
    """A bundle that holds under ``root``. ``subject`` and ``issuer`` are whose it is."""

    raw: bytes
    root: TrustedRoot
    subject: str
    issuer: str = "https://token.actions.githubusercontent.com"
    artifact: Artifact | None = None


@cache
def public_good() -> TrustedRoot:
    return TrustedRoot.parse(sigstore_go("examples/trusted-root-public-good.json").read_bytes())


@cache
def staging() -> TrustedRoot:
    return TrustedRoot.parse(shipped_with_sigstore(INSTANCES[STAGING]).published.trusted_root)


def pypi(name: str, root: TrustedRoot, subject: str, issuer: str = Case.issuer) -> Case:
    """An attestation object of PyPI (PEP 740), written as a bundle by hand."""
    attestation = json.loads(shared(f"pypi/{name}").read_bytes())
    if "attestation_bundles" in attestation:
        attestation = attestation["attestation_bundles"][0]["attestations"][0]
    material, envelope = attestation["verification_material"], attestation["envelope"]
    bundle = {
        "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
        "verificationMaterial": {
            "certificate": {"rawBytes": material["certificate"]},
            "tlogEntries": material["transparency_entries"],
        },
        "dsseEnvelope": {
            "payload": envelope["statement"],
            "payloadType": "application/vnd.in-toto+json",
            "signatures": [{"sig": envelope["signature"]}],
        },
    }
    return Case(json.dumps(bundle).encode(), root, subject, issuer)


TRAILOFBITS = "https://github.com/trailofbits/pypi-attestations/.github/workflows/release.yml@refs/tags/v0.0.19"
FORGED = Sigstore()


def _npm(path: str, subject: str) -> Case:
    return Case(sigstore_go(path).read_bytes(), public_good(), subject)


def _forged(kind: str, file: bytes | None = None) -> Case:
    forged = keyless(FORGED, kind=kind, file=file)
    artifact = None if file is None else Artifact.of_bytes(file)
    return Case(forged.bundle().raw, FORGED.root(), "alice@example.test", "https://issuer.example", artifact)


REAL: dict[str, Callable[[], Case]] = {
    "npm provenance, v0.1, promise only": lambda: _npm(
        "examples/bundle-provenance.json",
        "https://github.com/sigstore/sigstore-js/.github/workflows/release.yml@refs/heads/main",
    ),
    "npm provenance, v0.1, with proof": lambda: _npm(
        "pkg/testing/data/bundles/sigstore.js@2.0.0-provenance.sigstore.json",
        "https://github.com/sigstore/sigstore-js/.github/workflows/release.yml@refs/heads/main",
    ),
    "PyPI publish": lambda: pypi("pypi_attestations-0.0.19.tar.gz.publish.attestation", public_good(), TRAILOFBITS),
    "PyPI SLSA": lambda: pypi("pypi_attestations-0.0.19.tar.gz.slsa.attestation", public_good(), TRAILOFBITS),
    "PyPI provenance": lambda: pypi("pypi_attestations-0.0.19.tar.gz.provenance", public_good(), TRAILOFBITS),
    "PyPI publish, staging": lambda: pypi(
        "rfc8785-0.1.2-py3-none-any.whl.publish.attestation",
        staging(),
        "william@yossarian.net",
        "https://github.com/login/oauth",
    ),
}
MADE: dict[str, Callable[[], Case]] = {
    "dsse 0.0.1": lambda: _forged("dsse 0.0.1"),
    "hashedrekord 0.0.1": lambda: _forged("hashedrekord 0.0.1", FILE),
    "intoto 0.0.2": lambda: _forged("intoto 0.0.2"),
}


def of_attest(raw: bytes, case: Case) -> str | tuple[Any, ...]:
    """What is verified: author, time, and what is signed; the refusal in words otherwise.

    Anything but an error of `attest` is a traceback, and fails the test.
    """
    try:
        bundle = Bundle.parse(raw)
        proof = verify(bundle, case.root, artifact=case.artifact)
    except AttestError as error:
        return str(error)
    return proof.author, proof.time, content_of(bundle)


def content_of(bundle: Bundle) -> object:
    content = bundle.content
    return (content.payload_type, content.payload) if isinstance(content, Envelope) else None
