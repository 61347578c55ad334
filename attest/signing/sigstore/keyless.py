"""Sign with a certificate made out to an identity, instead of a key of one's own.

`sigstore` gets the certificate, asks for the timestamp and makes the log entry. Its own statements have names, SHA-2 or
SHA-3 digests and one payload type. Other statements are signed as the message that DSSE defines for them (`PAE`), and
the envelope is put around the signature afterwards: in a Rekor v2 log both are the same `hashedrekord` entry
(rekor-v2-spec §6.1.4). Rekor v1 logs DSSE otherwise, so there they are refused.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from attest import names
from attest.errors import FormatError, TrustError, UsageError, VerificationError
from attest.oci import strict_json
from attest.signing.bundle import Bundle
from attest.signing.dsse import Envelope, Signature, decode_base64, pae
from attest.signing.sigstore.deadline import within
from attest.signing.sigstore.deployment import Deployment
from attest.signing.sigstore.failures import getting_a_certificate, logging_a_signature
from attest.signing.sigstore.identity_token import Identity
from attest.signing.sigstore.verify import verify

if TYPE_CHECKING:
    from sigstore.models import Bundle as SigstoreBundle
    from sigstore.sign import Signer

_HASHEDREKORD_V2: Final = {"kind": "hashedrekord", "version": "0.0.2"}
_ANSWER_SECONDS: Final = 60.0  # a log publishes once in a few seconds; asking for a timestamp has its own limit
_RENEW_AFTER: Final = 480.0  # seconds; Fulcio's certificates hold for ten minutes


class KeylessSigner:
    """Signs with one certificate for as long as it holds, then with a new one.

    ``identify`` is asked for an identity whenever a certificate is needed. The first is got at once, so that whoever
    cannot sign learns it before anything is written. Raises `UsageError`, `TrustError` or `StoreUnavailable`.
    """

    def __init__(self, deployment: Deployment, identify: Callable[[], Identity]) -> None:
        from sigstore.sign import SigningContext

        self._deployment = deployment
        self._identify = identify
        config, self._log_version = deployment.client_trust_config()
        if self._log_version > 1 and not config.signing_config.get_tsas():
            raise TrustError(
                "cannot sign with this deployment",
                where=deployment.name,
                why="it names no timestamp authority for now, and its log does not say when a signature was made",
            )
        self._root = deployment.trusted_root()
        self._context = SigningContext.from_trust_config(config)
        self._signer = self._certified()

    def bundle(self, payload: bytes, payload_type: str) -> bytes:
        """As `StatementSigner.bundle`. Raises `UsageError`, `TrustError` or `StoreUnavailable`."""
        if time.monotonic() - self._since > _RENEW_AFTER:
            self._signer = self._certified()
        signed = self._sign_statement(payload) if payload_type == names.IN_TOTO_PAYLOAD else None
        signed = signed or self._sign_message(payload, payload_type)
        self._check(signed)
        return signed

    def _check(self, signed: bytes) -> None:
        """Verify it as others will: `sigstore` checks neither the timestamp nor what the log answered."""
        try:
            verify(Bundle.parse(signed), self._root)
        except (VerificationError, FormatError) as error:
            raise TrustError(
                "nobody could verify the signature that was made",
                where=self._deployment.name,
                why=str(error),
                next_step="its trusted root does not fit its services",
            ) from None

    def _certified(self) -> Signer:
        identity = self._identify()
        self._since = time.monotonic()

        def certified() -> Signer:
            with self._context.signer(identity.token) as signer:  # asks Fulcio at once
                return signer

        with getting_a_certificate(identity, self._deployment):
            return within(_ANSWER_SECONDS, certified)

    def _sign_statement(self, payload: bytes) -> bytes | None:
        """By `sigstore` alone; None for a statement that it does not take."""
        from sigstore.dsse import Statement
        from sigstore.errors import Error

        try:
            statement = Statement(payload)
        except Error:
            return None
        return strict_json.write(self._logged(lambda: self._signer.sign_dsse(statement)))

    def _sign_message(self, payload: bytes, payload_type: str) -> bytes:
        """The signed message first, then the envelope around it."""
        if self._log_version == 1:
            raise UsageError(
                "the log cannot hold this signature",
                where=self._deployment.name,
                why="it is Rekor v1, which takes in-toto statements with named subjects and SHA-2 or SHA-3 digests",
                next_step="sign with --key, or name a deployment with Rekor v2 (--trust-config)",
            )
        message = pae(payload_type, payload)
        document = self._logged(lambda: self._signer.sign_artifact(message))
        entries = document["verificationMaterial"]["tlogEntries"]
        if [entry["kindVersion"] for entry in entries] != [_HASHEDREKORD_V2]:
            raise TrustError("the log made an entry of another kind", where=self._deployment.name)
        signature = decode_base64(document.pop("messageSignature")["signature"], where="messageSignature.signature")
        envelope = Envelope(payload_type, payload, (Signature(signature),))
        return strict_json.write({**document, "dsseEnvelope": envelope.json()})

    def _logged(self, sign: Callable[[], SigstoreBundle]) -> dict[str, Any]:
        with logging_a_signature(self._deployment):
            bundle = within(_ANSWER_SECONDS, sign)
        document: dict[str, Any] = json.loads(bundle.to_json())
        return document
