"""How each program verifies what any of them signed, when told to expect the right author or a wrong one."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Final

from tests.interop.signing import Signed
from tests.interop.workshop import ALICE, MALLORY, Ran, Workshop

NO_SIGNATURE: Final = {
    ("attest", "cosign", "X.509"): "log entry: how many logs hold the signature",
    ("cosign", "*", "X.509"): "no signatures found",
    ("sigstore-python", "cosign", "keyless"): "subject.0.name Field required",
    ("sigstore-python", "*", "key"): "verificationMaterial.tlogEntries Field required",
    ("sigstore-python", "cosign", "X.509"): "verificationMaterial.tlogEntries Field required",
    ("sigstore-python", "*", "X.509"): "mediaType Field required",
    ("notation", "*", "*"): "no signature is associated with",
}
"""Why a program does not take what is right: in its own words, by verifier, maker and kind; `*` is any other."""

WRONG_AUTHOR: Final = {
    ("attest", "key"): "by no key that the policy names",
    ("attest", "keyless"): "alice: expected subject 'mallory@example.test', found 'alice@example.test'",
    ("attest", "X.509"): "expected a chain with a trusted certificate of kind ca",
    ("cosign", "key"): "accepted signatures do not match threshold",
    ("cosign", "keyless"): "no matching CertificateIdentity found",
    ("cosign", "X.509"): "leaf certificate verification failed",
    ("sigstore-python", "keyless"): "Certificate's SANs do not match",
    ("notation", "X.509"): "signature verification failed for all the signatures",
}
"""What it says of a signature by somebody else, by verifier and kind."""


def verify(shop: Workshop, verifier: str, signed: Signed, *, right: bool) -> Ran:
    """Run the program; it accepts if it ends with 0."""
    return _VERIFY[verifier](shop, signed, right)


def _attest(shop: Workshop, signed: Signed, right: bool) -> Ran:
    trust, identity = {
        "key": ("{keys_only: true}", f"{{key: {'release' if right else 'stranger'}.pub}}"),
        "keyless": (
            f"{{root: '{shop.sigstore.trusted_root}'}}",
            f"{{issuer: '{shop.sigstore.issuer.people}', subject: {ALICE if right else MALLORY}}}",
        ),
        "X.509": (
            f"{{root: '{shop.sigstore.trusted_root}'}}",
            f"{{x509: 'C=US, ST=WA, O=Acme, CN=Release', ca: {'root' if right else 'other-root'}.pem}}",
        ),
    }[signed.kind]
    kind = "provenance" if signed.maker == "sigstore-python" else "signature"  # what each of them states
    policy = shop.write(
        f"{signed.manifest.stem}.yaml",
        "version: 1\nname: matrix\n"
        f"applies_to: ['{shop.host}/*']\n"
        f"trust: {trust}\n"
        f"identities:\n  alice: {identity}\n"
        f"rules:\n  - {{id: signed, require: {kind}, by: [alice]}}\n",
    )
    return shop.run("attest", "verify", signed.reference, "--policy", policy)


def _cosign(shop: Workshop, signed: Signed, right: bool) -> Ran:
    whom = ("--certificate-identity", ALICE if right else MALLORY, "--certificate-oidc-issuer")
    ca = "root.json" if right else "other-root.json"
    without_logs = ("--insecure-ignore-tlog", "--insecure-ignore-sct", "--allow-certificate-chain")
    expected: dict[str, tuple[str | Path, ...]] = {
        "key": ("--key", f"{'release' if right else 'stranger'}.pub", "--insecure-ignore-tlog"),
        "keyless": ("--trusted-root", shop.sigstore.trusted_root, *whom, shop.sigstore.issuer.people),
        "X.509": ("--trusted-root", ca, *whom[:1], ALICE, "--certificate-oidc-issuer-regexp", ".*", *without_logs),
    }
    return shop.run("cosign", "verify", *expected[signed.kind], signed.reference)


def _sigstore_python(shop: Workshop, signed: Signed, right: bool) -> Ran:
    identity = ("--cert-identity", ALICE if right else MALLORY, "--cert-oidc-issuer", shop.sigstore.issuer.people)
    instance = ("--trust-config", shop.sigstore.client_trust_config)
    return shop.run(
        "sigstore-python", *instance, "verify", "identity", "--bundle", signed.envelope, *identity, signed.manifest
    )


def _notation(shop: Workshop, signed: Signed, right: bool) -> Ran:
    roots = shop.folder / "notation" / "truststore" / "x509" / "ca" / "acme"
    roots.mkdir(parents=True, exist_ok=True)
    (roots / "root.pem").write_bytes((shop.folder / ("root.pem" if right else "other-root.pem")).read_bytes())
    statement = {
        "name": "all",
        "registryScopes": ["*"],
        "signatureVerification": {"level": "strict"},
        "trustStores": ["ca:acme"],
        "trustedIdentities": ["x509.subject: C=US, ST=WA, O=Acme, CN=Release"],
    }
    policy = {"version": "1.0", "trustPolicies": [statement]}
    shop.write("notation/trustpolicy.json", json.dumps(policy))
    return shop.run("notation", "verify", "--insecure-registry", signed.reference)


_VERIFY: Final[dict[str, Callable[[Workshop, Signed, bool], Ran]]] = {
    "attest": _attest,
    "cosign": _cosign,
    "sigstore-python": _sigstore_python,
    "notation": _notation,
}
