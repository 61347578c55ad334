"""One of the keys of a log of certificates is enough, and it is told by its address."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from attest.errors import VerificationError
from attest.signing.sigstore.sct import verify_scts
from attest.signing.sigstore.trusted_root import TrustedRoot
from tests.signing.sigstore.forge import Sigstore, b64

SIGSTORE = Sigstore()
LEAF = SIGSTORE.certificate(ec.generate_private_key(ec.SECP256R1()))
ISSUER, _ = SIGSTORE.authority()


def root(*which: str) -> TrustedRoot:
    """With these keys of the log of certificates: its own, and others by its name."""
    logs = []
    for item in which:
        log = SIGSTORE.ct if item == "own" else replace(SIGSTORE.ct, key=ec.generate_private_key(ec.SECP256R1()))
        logs.append(log.json() | {"logId": {"keyId": b64(SIGSTORE.ct.id)}})
    return TrustedRoot.parse(json.dumps(SIGSTORE.root_json() | {"ctlogs": logs}).encode())


@pytest.mark.parametrize("which", [["own"], ["own", "other"], ["other", "own"], ["other", "own", "other"]])
def test_one_key_of_the_log_is_enough(which: list[str]) -> None:
    verify_scts(LEAF, ISSUER, root(*which))


def test_a_log_by_another_key() -> None:
    with pytest.raises(VerificationError, match="found a signature that does not hold") as caught:
        verify_scts(LEAF, ISSUER, root("other", "other"))
    assert caught.value.expected == "one by https://ct.example, https://ct.example"
