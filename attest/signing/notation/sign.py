"""Make signatures: what a signer is, and the one whose key and certificates lie in files.

Whatever signs, the envelope is verified before it leaves (without asking whom anyone trusts): a signature that nobody
will accept is an error of whoever makes it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_private_key

import attest
from attest import names
from attest.errors import AttestError, KeyFileError, UsageError, install
from attest.oci.descriptor import Descriptor
from attest.signing.notation import algorithms
from attest.signing.notation.algorithms import Algorithm, algorithm_of, describe
from attest.signing.notation.certificates import STEP, Chain, check_validity, thumbprint
from attest.signing.notation.envelope import Attributes, Envelope, Scheme, write_payload
from attest.signing.notation.trust_store import load_certificates
from attest.signing.notation.verify import check_integrity

if TYPE_CHECKING:
    from attest.signing.keys import PrivateKey

AGENT = f"attest/{attest.__version__}"

Timestamper = Callable[[bytes], bytes]
"""Gets an RFC 3161 token over a signature."""


@dataclass(frozen=True, slots=True)
class Request:
    """What to sign and how. Times are aware; fractions of seconds are dropped."""

    target: Descriptor
    media_type: str
    signing_time: datetime
    expiry: datetime | None = None


@dataclass(frozen=True, slots=True)
class Signed:
    """A new signature. ``thumbprints`` are SHA-256 of its certificates, ``annotations`` more ones for its manifest."""

    envelope: bytes
    media_type: str
    thumbprints: tuple[str, ...]
    annotations: Mapping[str, str] = field(default_factory=dict, hash=False)


class NotationSigner(Protocol):
    """Makes whole signatures."""

    def sign(self, request: Request) -> Signed:
        """A signature over the target. Raises `KeyFileError` where it cannot be made."""


class RawSigner(Protocol):
    """Signs bytes; everything around the signature is written here."""

    @property
    def algorithm(self) -> Algorithm: ...

    @property
    def agent(self) -> str: ...

    def sign(self, message: bytes) -> tuple[bytes, tuple[bytes, ...]]:
        """A signature, and the certificates in DER from leaf to root that go with it."""


@dataclass(frozen=True, slots=True)
class EnvelopeSigner:
    """Writes the envelope around what a `RawSigner` signs; ``timestamper`` adds a countersignature."""

    raw: RawSigner
    timestamper: Timestamper | None = None

    def sign(self, request: Request) -> Signed:
        """As `NotationSigner.sign`."""
        attributes = Attributes(names.NOTATION_PAYLOAD, Scheme.X509, request.signing_time, request.expiry)
        payload = write_payload(request.target)
        if request.media_type == names.NOTATION_JWS:
            from attest.signing.notation import jws

            header = jws.protect(attributes, self.raw.algorithm)
            signature, chain = self.raw.sign(jws.message(header, payload))
            token = self._token(signature)
            written = jws.write(header, payload, signature, chain, agent=self.raw.agent, timestamp=token)
        else:
            try:
                from attest.signing.notation import cose

                encoded = cose.protect(attributes, self.raw.algorithm)
            except ImportError:
                raise UsageError(
                    "COSE cannot be written here", why="cbor2 is not installed", next_step=install("notation")
                ) from None
            signature, chain = self.raw.sign(cose.message(encoded, payload))
            token = self._token(signature)
            written = cose.write(encoded, payload, signature, chain, agent=self.raw.agent, timestamp=token)
        return Signed(written, request.media_type, checked(written, request))

    def _token(self, signature: bytes) -> bytes | None:
        return None if self.timestamper is None else self.timestamper(signature)


def checked(envelope: bytes, request: Request) -> tuple[str, ...]:
    """The thumbprints of an envelope that was just made. Raises `KeyFileError` if it is not as it must be."""
    try:
        parsed = Envelope.parse(envelope, request.media_type)
        chain = check_integrity(parsed, request.target)
    except AttestError as error:
        raise KeyFileError("the signature does not hold", why=str(error)) from None
    if (why := check_validity(chain, parsed.attributes.signing_time, parsed.attributes.signing_time)) is not None:
        raise KeyFileError("the certificate cannot sign now", where=STEP, why=why)
    return tuple(thumbprint(item) for item in chain)


@dataclass(frozen=True, slots=True)
class LocalSigner:
    """A private key with its certificates, leaf to root."""

    algorithm: Algorithm
    chain: Chain
    _key: PrivateKeyTypes = field(repr=False, compare=False)

    @classmethod
    def load(cls, key: PrivateKey, chain_file: Path) -> LocalSigner:
        """Read the chain in PEM; a root that is missing is not made up. Raises `KeyFileError` and `TrustError`."""
        return cls.of(key, load_certificates(chain_file), where=str(chain_file))

    @classmethod
    def of(cls, key: PrivateKey, chain: Chain, *, where: str) -> LocalSigner:
        """Put key and chain together. Raises `KeyFileError` where they do not belong together."""
        loaded = load_der_private_key(key.pkcs8_der(), None)
        algorithm = algorithm_of(loaded.public_key())
        if algorithm is None:
            raise KeyFileError(
                f"{describe(loaded.public_key())} cannot make Notation signatures",
                where=where,
                why="RSA-2048, -3072, -4096 and EC on P-256, P-384, P-521 can",
            )
        public = chain[0].public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        if public != key.public.spki:
            raise KeyFileError("the first certificate is not the key's", where=where)
        return cls(algorithm, chain, loaded)

    @property
    def agent(self) -> str:
        """As `RawSigner.agent`."""
        return AGENT

    def sign(self, message: bytes) -> tuple[bytes, tuple[bytes, ...]]:
        """As `RawSigner.sign`."""
        signature = algorithms.sign(self.algorithm, self._key, message)
        return signature, tuple(item.public_bytes(Encoding.DER) for item in self.chain)
