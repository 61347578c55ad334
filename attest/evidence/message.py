"""Signatures over bytes that are not in the bundle: a package file, or what npm's registry signs about a package.

What is signed follows from the subject alone, so such a bundle is read as the statement that the subject is signed. A
file's signature gives it no name: it binds by bytes. The registry's message has name, version and digest in it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, TypeVar

from attest import names
from attest.errors import UsageError, VerificationError
from attest.evidence.model import Candidate, Subject
from attest.evidence.signed import SignedBundle
from attest.packages.digest import SHA256, SHA512
from attest.signing.bundle import MessageSignature
from attest.signing.keys import PublicKey
from attest.signing.proof import Proof
from attest.statements.statement import Statement
from attest.statements.statement import Subject as StatementSubject

if TYPE_CHECKING:
    from attest.evidence.trust import Context
    from attest.signing.sigstore.artifact import Artifact

T = TypeVar("T")

_HASHES: Final = (SHA256, SHA512)


def aimed(outcome: T, subject: Subject) -> T | Candidate:
    """A candidate with a message signature, held against the package that it is attached to; all else as it is."""
    if not isinstance(outcome, Candidate) or not isinstance(outcome.signed, SignedBundle):
        return outcome
    if not isinstance(outcome.signed.bundle.content, MessageSignature):
        return outcome
    if subject.purl is None or subject.digest is None or subject.digest.algorithm not in _HASHES:
        return outcome
    return replace(outcome, signed=_about(outcome.signed, subject))


@dataclass(frozen=True, slots=True)
class SignedMessage:
    """``artifact`` is what the signature is over, ``says`` the statement that says the same."""

    signed: SignedBundle
    artifact: Artifact
    says: Statement

    @property
    def claimed_signer(self) -> str:
        """As of any bundle."""
        return self.signed.claimed_signer

    def prove(self, context: Context) -> Proof | None:
        """As `Signed.prove`."""
        from attest.signing.sigstore.verify import Requirements, verify, verify_with_key

        bundle, sigstore = self.signed.bundle, context.trust.sigstore
        try:
            if "publicKey" in bundle.material:
                key = next((key for key in context.trust.keys if self._is_by(key)), None)
                if key is None:
                    return None
                root = None if sigstore is None else sigstore.root
                return verify_with_key(bundle, key, root=root, requirements=Requirements(0, 0), artifact=self.artifact)
            if sigstore is None:
                raise VerificationError(
                    "certificate", expected="a key, since the policy names no trust root", found="a certificate"
                )
            return verify(bundle, sigstore.root, sigstore.requirements, artifact=self.artifact)
        except UsageError as error:
            raise VerificationError(
                "signature: what it is over", expected="a key for which a digest is enough", found=str(error)
            ) from None

    def statement(self) -> Statement:
        """That the package is signed."""
        return self.says

    def _is_by(self, key: PublicKey) -> bool:
        from attest.signing.sigstore.verify import Requirements, verify_with_key

        try:
            verify_with_key(self.signed.bundle, key, root=None, requirements=Requirements(0, 0), artifact=self.artifact)
        except (VerificationError, UsageError):
            return False
        return True


def _about(signed: SignedBundle, subject: Subject) -> SignedMessage:
    from attest.evidence.imports import npm
    from attest.signing.sigstore.artifact import Artifact

    purl, digest = subject.purl, subject.digest
    assert purl is not None
    assert digest is not None
    if npm.signs_message(signed.bundle, purl, digest):
        name, raw = str(purl), npm.message(purl, digest)
        artifact = Artifact.of_bytes(raw)
    else:
        name, raw = None, b""
        artifact = Artifact.of_digest(digest.algorithm, digest.hex)
    subjects = (StatementSubject(name, {digest.algorithm: digest.hex}),)
    return SignedMessage(
        signed, artifact, Statement(raw, names.STATEMENT_V1, names.PREDICATE_COSIGN_SIGN, subjects, None)
    )
