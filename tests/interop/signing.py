"""How each program signs with each kind of proof. Where a program cannot, this is how one would ask it to."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from attest import names
from tests.interop.workshop import Ran, Workshop

PROGRAMS: Final = ("attest", "cosign", "sigstore-python", "notation")
KINDS: Final = ("key", "keyless", "X.509")

NOT_MADE: Final = {
    ("sigstore-python", "key"): "unrecognized arguments: --key",
    ("sigstore-python", "X.509"): "unrecognized arguments: --certificate-chain",
    ("notation", "key"): "certificate path",
    ("notation", "keyless"): "default signing key not set",
}
"""What cannot be made, and what the program itself says to whoever tries."""


@dataclass(frozen=True, slots=True)
class Signed:
    """A manifest with one signature, by ``maker`` with ``kind``; ``manifest`` and ``envelope`` are files with each."""

    maker: str
    kind: str
    reference: str
    manifest: Path
    envelope: Path


def sign(shop: Workshop, maker: str, kind: str) -> Signed | Ran:
    """Have the program sign an anchor in a repository of its own; `Ran` if it would not."""
    repository = f"{maker}-{kind}".lower().replace(".", "")
    reference, manifest = shop.anchored(repository)
    ran = _SIGN[maker](shop, kind, reference, manifest)
    if ran.code:
        return ran
    return Signed(maker, kind, reference, manifest, shop.write(f"{repository}.sig", shop.envelope(reference)))


def _attest(shop: Workshop, kind: str, reference: str, manifest: Path) -> Ran:
    how: dict[str, tuple[str | Path, ...]] = {
        "key": ("--key", "release.key"),
        "keyless": ("--keyless", "--trust-config", shop.sigstore.client_trust_config),
        "X.509": ("--format", "notation-jws", "--key", "x509.key", "--certificate-chain", "x509.crt"),
    }
    return shop.run("attest", "sign", reference, *how[kind])


def _cosign(shop: Workshop, kind: str, reference: str, manifest: Path) -> Ran:
    certificate = ("--certificate", "leaf.pem", "--certificate-chain", "root.pem")
    sigstore = ("--signing-config", shop.sigstore.signing_config, "--trusted-root", shop.sigstore.trusted_root)
    how: dict[str, tuple[str | Path, ...]] = {
        "key": ("--key", "release.key", "--signing-config", "no-services.json"),
        "keyless": sigstore,
        "X.509": ("--key", "x509-cosign.key", *certificate, "--signing-config", "timestamps-only.json"),
    }
    return shop.run("cosign", "sign", "--yes", *how[kind], reference)


def _sigstore_python(shop: Workshop, kind: str, reference: str, manifest: Path) -> Ran:
    """It knows files only: it signs provenance for the manifest, and oras hangs the bundle where others look for it."""
    how = {"key": ("--key", "release.key"), "keyless": (), "X.509": ("--certificate-chain", "x509.crt")}
    statement = ("--predicate", "provenance.json", "--predicate-type", names.PREDICATE_SLSA_V1)
    instance = ("--trust-config", shop.sigstore.client_trust_config)
    token = ("--identity-token", shop.token())
    bundle = f"{manifest.name}.bundle"
    ran = shop.run("sigstore-python", *instance, "attest", *how[kind], *token, *statement, "--bundle", bundle, manifest)
    if ran.code == 0:
        layer = f"{bundle}:{names.BUNDLE_V03}"
        shop.expect("oras", "attach", "--plain-http", "--artifact-type", names.BUNDLE_V03, reference, layer)
    return ran


def _notation(shop: Workshop, kind: str, reference: str, manifest: Path) -> Ran:
    keys: dict[str, list[dict[str, str]]] = {
        "key": [{"name": "release", "keyPath": "release.key", "certPath": ""}],
        "keyless": [],
        "X.509": [{"name": "release", "keyPath": "x509.key", "certPath": "x509.crt"}],
    }
    default = {"default": "release"} if keys[kind] else {}
    shop.write("notation/signingkeys.json", json.dumps({**default, "keys": keys[kind]}))
    return shop.run("notation", "sign", "--insecure-registry", "--force-referrers-tag=false", reference)


_SIGN: Final[dict[str, Callable[[Workshop, str, str, Path], Ran]]] = {
    "attest": _attest,
    "cosign": _cosign,
    "sigstore-python": _sigstore_python,
    "notation": _notation,
}
