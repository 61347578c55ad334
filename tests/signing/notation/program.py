"""The real notation, with a configuration of its own in a directory."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography import x509

from tests.peers import peer
from tests.signing.notation.pki import Entity, pem


@dataclass(frozen=True)
class Notation:
    """``home`` is its configuration directory, as `attest.signing.notation.trust_policy` reads it too."""

    home: Path

    def __call__(self, *arguments: str | Path, succeeds: bool = True) -> str:
        done = subprocess.run(
            [str(peer("notation")), *(str(item) for item in arguments)],
            env={**os.environ, "XDG_CONFIG_HOME": str(self.home.parent), "HOME": str(self.home.parent)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert (done.returncode == 0) == succeeds, (arguments, done.stdout, done.stderr)
        return done.stdout + done.stderr

    def accepts(self, reference: str) -> bool:
        """Whether ``notation verify`` does; any exit code but 0 is a refusal."""
        done = subprocess.run(
            [str(peer("notation")), "verify", "--insecure-registry", reference],
            env={**os.environ, "XDG_CONFIG_HOME": str(self.home.parent), "HOME": str(self.home.parent)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return done.returncode == 0

    def sign(self, reference: str, entity: Entity, media: str, *more: str) -> None:
        """Sign with a local key; ``media`` is ``jws`` or ``cose``."""
        key, chain = entity.write(self.home, "signer")
        keys = {"default": "signer", "keys": [{"name": "signer", "keyPath": str(key), "certPath": str(chain)}]}
        (self.home / "signingkeys.json").write_text(json.dumps(keys))
        self("sign", "--insecure-registry", "--signature-format", media, *more, reference)

    def trust(self, stores: Mapping[str, Sequence[x509.Certificate]], **statement: Any) -> None:
        """Write named stores such as ``ca:acme``, and a policy with one statement for everything."""
        for name, certificates in stores.items():
            folder = self.home / "truststore" / "x509" / name.replace(":", "/")
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "roots.pem").write_bytes(pem(certificates))
        self.policy([policy_statement(**{"trustStores": list(stores), **statement})])

    def policy(self, statements: Sequence[Mapping[str, Any]]) -> None:
        text = json.dumps({"version": "1.0", "trustPolicies": list(statements)})
        (self.home / "trustpolicy.json").write_text(text)


def policy_statement(*, level: str = "strict", **changed: Any) -> dict[str, Any]:
    """A statement for everything; ``verification`` replaces what ``level`` stands for."""
    return {
        "name": changed.get("name", "all"),
        "registryScopes": changed.get("registryScopes", ["*"]),
        "signatureVerification": changed.get("verification", {"level": level}),
        "trustStores": changed.get("trustStores", ["ca:acme"]),
        "trustedIdentities": changed.get("trustedIdentities", ["*"]),
    }
