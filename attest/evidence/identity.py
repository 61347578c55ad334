"""Who a policy trusts: named identities, each with the packages it may speak about and the day it ends.

One class a kind of author. ``formats`` limits an identity to some ways to sign; empty, it may use any.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from attest.evidence.model import Subject
from attest.evidence.patterns import SubjectPattern, matches_any
from attest.evidence.text_patterns import Pattern
from attest.signing.keys import PublicKey
from attest.signing.proof import Author, CertificateAuthor, Format, KeyAuthor, Proof, X509Author

if TYPE_CHECKING:
    from attest.signing.notation.trust_policy import Statement


@dataclass(frozen=True, slots=True)
class Identity(ABC):
    """What all kinds have. An empty ``packages`` means any; ``until`` (UTC, exclusive) may be None."""

    name: str
    packages: tuple[SubjectPattern, ...] = field(default=(), kw_only=True)
    until: datetime | None = field(default=None, kw_only=True)
    formats: tuple[Format, ...] = field(default=(), kw_only=True)

    @property
    @abstractmethod
    def principal(self) -> str:
        """The one `principal` that it stands for; where it is a pattern for many, something that no other has."""

    @abstractmethod
    def differs(self, author: Author) -> str | None:
        """None if ``author`` is this identity, else what is expected and what was found."""

    def about(self, subject: Subject) -> Identity:  # noqa: ARG002
        """Who it is where ``subject`` is concerned: nearly always the same."""
        return self

    def refuses(self, subject: Subject, proof: Proof, now: datetime) -> str | None:
        """Why what ``proof`` proves does not count as this identity's word about ``subject``, or None.

        An end is judged by the proven time of the signature, and by ``now`` where there is none.
        """
        if self.formats and proof.format not in self.formats:
            return f"{self.name} signs only as {', '.join(self.formats)}, not as {proof.format}"
        return self.silent(subject, proof.time or now)

    def silent(self, subject: Subject, moment: datetime) -> str | None:
        """Why nothing that is signed at ``moment`` counts as this identity's word about ``subject``, or None."""
        if self.packages and not matches_any(self.packages, subject):
            patterns = ", ".join(str(pattern) for pattern in self.packages)
            return f"{self.name} speaks only for {patterns}"
        if self.until is not None and moment >= self.until:
            return f"{self.name} ended on {self.until.date()}"
        return None


@dataclass(frozen=True, slots=True)
class KeyIdentity(Identity):
    """A public key under a name."""

    key: PublicKey

    @property
    def principal(self) -> str:
        """That of the key."""
        return principal(KeyAuthor(self.key))

    def differs(self, author: Author) -> str | None:
        """Keys are compared by their fingerprint."""
        if isinstance(author, KeyAuthor) and author.key.fingerprint == self.key.fingerprint:
            return None
        return f"{self.name} is key sha256:{self.key.fingerprint}"


@dataclass(frozen=True, slots=True)
class CertificateIdentity(Identity):
    """Whom a Sigstore certificate names. ``claims`` are patterns by the names of Fulcio's extensions; all must hold."""

    issuer: str
    subject: Pattern
    claims: Mapping[str, Pattern] = field(default_factory=dict, hash=False)

    @property
    def principal(self) -> str:
        """That of the subject, if it is exact."""
        if self.subject.is_exact:
            return principal(CertificateAuthor(self.issuer, self.subject.text, {}))
        return f"any:{self.name}"

    def differs(self, author: Author) -> str | None:
        """Issuer exact, then subject, then claims; a claim that the certificate does not have never holds."""
        if not isinstance(author, CertificateAuthor):
            return f"{self.name} is a certificate's identity"
        if author.issuer != self.issuer:
            return f"{self.name}: expected issuer {self.issuer!a}, found {author.issuer!a}"
        if not self.subject.matches(author.subject):
            return f"{self.name}: expected subject {self.subject.text!a}, found {author.subject!a}"
        for claim, pattern in self.claims.items():
            found = author.claims.get(claim)
            if not pattern.matches(found):
                return (
                    f"{self.name}: expected {claim} {pattern.text!a}, found {'none' if found is None else ascii(found)}"
                )
        return None


@dataclass(frozen=True, slots=True)
class X509Identity(Identity):
    """Whom ordinary CAs name, as ``trusts`` says; its name is the identity's, by which the proof refers to it."""

    trusts: Statement

    @property
    def principal(self) -> str:
        """Many certificates can have the wanted attributes."""
        return f"any:{self.name}"

    def differs(self, author: Author) -> str | None:
        """Everything was checked under each identity's own CAs when the signature was proven."""
        if not isinstance(author, X509Author):
            return f"{self.name} is an X.509 certificate's subject"
        if self.trusts.name in author.trusted_by:
            return None
        wanted = " or ".join(str(subject) for subject in self.trusts.identities) or "any subject"
        return f"{self.name}: expected {wanted} under its own certificates, found {author.subject!a}"


@dataclass(frozen=True, slots=True, order=True)
class Signer:
    """One name that one verified signature answers to. ``principal`` is the same for all names of one author."""

    name: str
    principal: str


def principal(author: Author) -> str:
    """What makes two signatures one signer's, whatever their names: the key, or whom the certificate names.

    A workflow is one signer on all its branches and tags: what follows the first ``@`` of a URI does not count.
    """
    if isinstance(author, KeyAuthor):
        return f"key:sha256:{author.key.fingerprint}"
    if isinstance(author, CertificateAuthor):
        workload = author.subject.partition("@")[0] if "://" in author.subject else author.subject
        return f"certificate:{author.issuer} {workload}"
    assert isinstance(author, X509Author)
    return f"x509:{author.root} {author.subject}"


def key_principal(author: Author) -> str:
    """The same for whoever has the same key: an X.509 certificate, unlike Sigstore's, is made for a key that stays."""
    return f"key:sha256:{author.key}" if isinstance(author, X509Author) else principal(author)
