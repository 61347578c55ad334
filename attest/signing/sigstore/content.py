"""What was signed, and whether the signature is one over it (client-spec.md §4.5, algorithm-registry.md).

A signature over a statement is over its DSSE form, one over a file is over the file. The two never meet: bytes that are
themselves the signed form of an envelope are no file (design.md §3.9).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from attest.errors import UsageError, VerificationError
from attest.signing.bundle import Bundle, MessageSignature
from attest.signing.dsse import PAE_PREFIX, Envelope
from attest.signing.keys import PublicKey
from attest.signing.sigstore.artifact import Artifact

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.hashes import HashAlgorithm

HASHES: Final = {"SHA2_256": "sha256", "SHA2_384": "sha384", "SHA2_512": "sha512"}
"""sigstore_common.proto `HashAlgorithm`."""

_STEP: Final = "signature"


@dataclass(frozen=True, slots=True)
class Content:
    """One signature and what it is over: the signed form of ``envelope``, or a file. ``hash_name`` is what the bundle
    says that the file was hashed by."""

    signature: bytes
    envelope: Envelope | None
    artifact: Artifact
    hash_name: str | None = None

    @classmethod
    def of(cls, bundle: Bundle, artifact: Artifact | None) -> Content:
        """Put the two together. Raises `VerificationError`, and `UsageError` where a file is wanted and not given."""
        content = bundle.content
        if isinstance(content, Envelope):
            return cls(content.signatures[0].sig, content, Artifact.of_bytes(content.message))
        if artifact is None:
            raise UsageError("the bundle signs a file", why="none was given to hold it against")
        if artifact.is_envelope:
            raise VerificationError(
                "signature: what it is over", expected="a file", found=f"what begins with {PAE_PREFIX.decode()!r}"
            )
        return cls(content.signature, None, artifact, _hold_against(content, artifact))

    def verify(self, key: PublicKey, hash_name: str | None) -> None:
        """Check the signature. ``hash_name`` is the hash that the log has on record; else the bundle's, or the key's.

        Raises `VerificationError`.
        """
        if self.envelope is not None:
            holds = _over_data(key, self.signature, self.envelope.message)
        elif own_hash(key) is None:
            if self.artifact.data is None:
                raise UsageError("a digest is not enough", why="Ed25519 signs the file itself, so it is needed")
            holds = key.verify(self.signature, self.artifact.data)
        else:
            holds = _over_digest(key, self.signature, self.artifact, hash_name or self.hash_name)
        if not holds:
            raise VerificationError(
                _STEP, expected=f"one by the key sha256:{key.fingerprint}", found="one that does not hold"
            )


def own_hash(key: PublicKey) -> str | None:
    """The hash that the registry gives a key; None for Ed25519, which needs none."""
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519

    loaded = _load(key)
    if isinstance(loaded, ed25519.Ed25519PublicKey):
        return None
    if isinstance(loaded, ec.EllipticCurvePublicKey):
        return {256: "sha256", 384: "sha384", 521: "sha512"}[loaded.key_size]
    return "sha256"


def _over_data(key: PublicKey, signature: bytes, data: bytes) -> bool:
    """The registry's hash, or SHA-256, which older clients took for every curve (PKIX_ECDSA_P384_SHA_256)."""
    if key.verify(signature, data):
        return True
    return own_hash(key) in ("sha384", "sha512") and _over_digest(key, signature, Artifact.of_bytes(data), "sha256")


def _over_digest(key: PublicKey, signature: bytes, artifact: Artifact, hash_name: str | None) -> bool:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, padding, utils

    name = hash_name or own_hash(key) or ""
    digest = artifact.digest(name)
    if digest is None:
        raise UsageError(f"a {' or '.join(artifact.digests)} digest is not enough", why=f"the signature is over {name}")
    kinds: dict[str, HashAlgorithm] = {"sha256": hashes.SHA256(), "sha384": hashes.SHA384(), "sha512": hashes.SHA512()}
    prehashed = utils.Prehashed(kinds[name])
    loaded = _load(key)
    scheme = (
        (ec.ECDSA(prehashed),) if isinstance(loaded, ec.EllipticCurvePublicKey) else (padding.PKCS1v15(), prehashed)
    )
    try:
        loaded.verify(signature, digest, *scheme)
    except InvalidSignature:
        return False
    return True


def _load(key: PublicKey) -> Any:
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    return load_der_public_key(key.spki)


def _hold_against(content: MessageSignature, artifact: Artifact) -> str | None:
    """The digest beside the signature is not signed, but where it is another file's somebody mixed things up."""
    if content.digest is None or content.algorithm is None:
        return None
    name = HASHES.get(content.algorithm)
    known = artifact.digest(name or "")
    if name is None or (known is not None and known != content.digest):
        raise VerificationError(
            "signature: the digest beside it",
            expected="the file's" if known is None else f"{name}:{known.hex()}",
            found=f"{content.algorithm[:20]}:{content.digest.hex()[:128]}",
        )
    return name
