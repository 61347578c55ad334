"""The private deployment is one: the `sigstore` package signs and verifies with it, and nothing else would do."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sigstore.errors import VerificationError
from sigstore.models import Bundle, ClientTrustConfig, TrustedRoot
from sigstore.oidc import IdentityToken, detect_credential
from sigstore.sign import SigningContext
from sigstore.verify import Verifier
from sigstore.verify.policy import Identity

from tests.private_sigstore.stack import PrivateSigstore

pytestmark = [pytest.mark.slow, pytest.mark.peer("ctlog", "fulcio", "rekor-server", "tsa")]

MESSAGE = b"what is signed"


def sign(sigstore: PrivateSigstore, token: str) -> Bundle:
    context = SigningContext.from_trust_config(ClientTrustConfig.from_json(sigstore.client_trust_config.read_text()))
    with context.signer(IdentityToken(token)) as signer:
        return signer.sign_artifact(MESSAGE)


def verify(root: Path, bundle: Bundle, identity: Identity) -> None:
    Verifier(trusted_root=TrustedRoot.from_file(str(root))).verify_artifact(MESSAGE, bundle, identity)


def test_a_person_is_named(private_sigstore: PrivateSigstore) -> None:
    bundle = sign(private_sigstore, private_sigstore.token("alice@example.test"))
    issuer = private_sigstore.issuer.people
    verify(private_sigstore.trusted_root, bundle, Identity(identity="alice@example.test", issuer=issuer))
    with pytest.raises(VerificationError):
        verify(private_sigstore.trusted_root, bundle, Identity(identity="mallory@example.test", issuer=issuer))


def test_a_workflow_is_named(private_sigstore: PrivateSigstore, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in private_sigstore.ci_environment("acme/app").items():
        monkeypatch.setenv(name, value)
    token = detect_credential()
    assert token is not None
    bundle = sign(private_sigstore, token)
    identity = Identity(identity=private_sigstore.ci_subject("acme/app"), issuer=private_sigstore.issuer.ci)
    verify(private_sigstore.trusted_root, bundle, identity)


@pytest.mark.parametrize("part", ["tlogs", "certificateAuthorities", "ctlogs", "timestampAuthorities"])
def test_each_part_counts(private_sigstore: PrivateSigstore, tmp_path: Path, part: str) -> None:
    """With the log, the CA or the authority of another deployment the same bundle is refused."""
    bundle = sign(private_sigstore, private_sigstore.token("alice@example.test"))
    root = json.loads(private_sigstore.trusted_root.read_text())
    root[part] = json.loads(private_sigstore.other_trusted_root.read_text())[part]
    (tmp_path / "root.json").write_text(json.dumps(root))
    with pytest.raises(VerificationError):
        verify(tmp_path / "root.json", bundle, Identity(identity="alice@example.test"))
