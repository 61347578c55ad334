"""Signed content as it was found: what it says, and how it is proven. Nothing of it has been verified yet.

One class a way to sign. What signs a manifest by its digest and says nothing more is read as the in-toto statement that
says the same, so that everything after this module knows statements only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Protocol

from attest import names
from attest.errors import EnvelopeError, FormatError, VerificationError
from attest.oci.digest import Digest
from attest.oci.manifest import Manifest
from attest.signing import cosign_legacy
from attest.signing.bundle import Bundle, verify_envelope
from attest.signing.dsse import Envelope
from attest.signing.keys import PublicKey
from attest.signing.proof import Format, KeyAuthor, Proof
from attest.statements import documents, lifecycle
from attest.statements.statement import Statement, Subject

if TYPE_CHECKING:
    from attest.evidence.trust import Context, Trust


_TIMES: Final = {"tlogEntries", "timestampVerificationData"}


class Signed(Protocol):
    """One signature over one piece of content."""

    @property
    def claimed_signer(self) -> str:
        """Who is said to have signed: for people, and believed by nobody."""

    def prove(self, context: Context) -> Proof | None:
        """Who signed, in which format, and when; None where a key made it that is not trusted.

        Raises `VerificationError` for a signature that does not hold, and `FormatError`.
        """

    def statement(self) -> Statement:
        """What it says. Called once it is proven. Raises `FormatError`."""


@dataclass(frozen=True, slots=True)
class SignedBundle:
    """A Sigstore bundle with a statement in a DSSE envelope; ``format`` says where it was found."""

    bundle: Bundle
    format: Format = Format.BUNDLE

    @property
    def claimed_signer(self) -> str:
        """By the key's hint or the certificate."""
        return _claimed_signer(self.bundle)

    def prove(self, context: Context) -> Proof | None:
        """As `Signed.prove`."""
        return _prove(self.bundle, context.trust, self.format, self.bundle.envelope.message)

    def statement(self) -> Statement:
        """Another payload type is another protocol, and never read as a statement (design.md §3.9)."""
        envelope = self.bundle.envelope
        return lifecycle.parse(envelope.payload_type, envelope.payload)


@dataclass(frozen=True, slots=True)
class SimplySigned:
    """A simple signing payload of cosign, and the rest of its layer as a bundle with a message signature."""

    payload: bytes
    bundle: Bundle

    @classmethod
    def parse(cls, payload: bytes, annotations: Mapping[str, str]) -> SimplySigned:
        """Raises `FormatError`."""
        return cls(payload, cosign_legacy.signature_bundle(payload, annotations))

    @property
    def claimed_signer(self) -> str:
        """By the certificate; of a key cosign wrote no hint."""
        return _claimed_signer(self.bundle)

    def prove(self, context: Context) -> Proof | None:
        """As `Signed.prove`."""
        return _prove(self.bundle, context.trust, Format.COSIGN, self.payload)

    def statement(self) -> Statement:
        """That the manifest it names is signed."""
        return signature_statement(self.payload, cosign_legacy.signed_manifest(self.payload))


@dataclass(frozen=True, slots=True)
class SignedDocument:
    """A document in a manifest without a signature, and a signature ``over`` that manifest.

    It is a statement about the manifest's subject only if what is signed is the manifest's digest (design.md §3.2).
    """

    document: bytes
    manifest: Manifest
    over: Signed

    @property
    def claimed_signer(self) -> str:
        """Of the signature."""
        return self.over.claimed_signer

    def prove(self, context: Context) -> Proof | None:
        """As `Signed.prove`."""
        return self.over.prove(replace(context, manifest=self.manifest.descriptor()))

    def statement(self) -> Statement:
        """What the document says about the subject of its manifest."""
        signature, digest = self.over.statement(), self.manifest.digest
        if signature.predicate_type != names.PREDICATE_COSIGN_SIGN:
            raise EnvelopeError(
                "the document's manifest is not signed", why=f"it has a {signature.predicate_type:.160}"
            )
        if not any(item.matches(digest.algorithm, digest.encoded) for item in signature.subjects):
            raise EnvelopeError("the signature is over another manifest", why=f"not {digest}")
        about = self.manifest.subject
        if about is None:
            raise EnvelopeError("the document's manifest has no subject")
        document = documents.recognise(self.document, where="document")
        subject = Subject(None, {about.digest.algorithm: about.digest.encoded})
        return Statement(self.document, names.STATEMENT_V1, document.predicate_type, (subject,), document.value)


def _prove(bundle: Bundle, trust: Trust, format: Format, message: bytes) -> Proof | None:
    """By certificate under the trust root; by a key without, or with what log entries and timestamps prove beside it.

    ``message`` is what is signed. The `log` and `timestamp` of a policy are about certificates, which are worth nothing
    without a time; a key needs neither, but what the root knows of stands beside its signature rightly or not at all.
    """
    keyed = "publicKey" in bundle.material
    if not keyed and trust.sigstore is None:
        raise VerificationError(
            "certificate", expected="a key, since the policy names no trust root", found="a certificate"
        )
    key = _maker(bundle, trust.keys, message) if keyed else None
    if keyed and (key is None or trust.sigstore is None or not (bundle.material.keys() & _TIMES)):
        return None if key is None else Proof(KeyAuthor(key), format)
    assert trust.sigstore is not None
    from attest.signing.sigstore.artifact import Artifact
    from attest.signing.sigstore.verify import Requirements, verify, verify_with_key

    root = trust.sigstore.root
    artifact = Artifact.of_bytes(message)
    if key is None:
        proof = verify(bundle, root, trust.sigstore.requirements, artifact=artifact)
    else:
        proof = verify_with_key(bundle, key, root=root, requirements=Requirements(0, 0), artifact=artifact)
    return replace(proof, format=format)


def _maker(bundle: Bundle, keys: Sequence[PublicKey], message: bytes) -> PublicKey | None:
    """The key that made the signature, with its own hash or, as older clients did for every curve, with SHA-256."""
    content = bundle.content
    if isinstance(content, Envelope):
        found = verify_envelope(content, keys, hint=bundle.key_hint)
    else:
        found = next((key for key in keys if key.verify(content.signature, message)), None)
    if found is not None:
        return found
    from attest.signing.sigstore.artifact import Artifact
    from attest.signing.sigstore.content import Content, own_hash

    signed = Content.of(bundle, Artifact.of_bytes(message))
    for key in keys:
        if own_hash(key) in ("sha384", "sha512"):
            try:
                signed.verify(key, "sha256")
            except VerificationError:
                continue
            return key
    return None


def _claimed_signer(bundle: Bundle) -> str:
    if "publicKey" in bundle.material:
        return f"key {bundle.key_hint}" if bundle.key_hint else "a key without a hint"
    from attest.signing.sigstore.certificate import load
    from attest.signing.sigstore.identity import author_of
    from attest.signing.sigstore.material import Material

    try:
        return str(author_of(load(Material.of(bundle).certificates[0])))
    except (VerificationError, FormatError):
        return "a certificate that names nobody"


def signature_statement(raw: bytes, manifest: Digest) -> Statement:
    """What ``raw``, which signs a manifest by its digest, says: the same as cosign's predicate about that manifest."""
    subject = Subject(None, {manifest.algorithm: manifest.encoded})
    return Statement(raw, names.STATEMENT_V1, names.PREDICATE_COSIGN_SIGN, (subject,), None)
