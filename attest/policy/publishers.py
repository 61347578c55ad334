"""A publisher: the one signer that `attest.lock` pins for a package, by what does not change when names do.

Four kinds, told apart by their fields: a key, a workflow of a forge (with the immutable ids of repository and owner
that its certificate has), any other subject of a Sigstore certificate, and a subject of an ordinary CA.
"""

from __future__ import annotations

import base64
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from types import MappingProxyType
from typing import Final

from attest.errors import AttestError, UsageError
from attest.evidence.identity import CertificateIdentity, Identity, KeyIdentity, X509Identity
from attest.evidence.text_patterns import Pattern
from attest.signing.keys import PublicKey
from attest.signing.proof import Author, CertificateAuthor, KeyAuthor, X509Author

NAME: Final = "publisher"
"""The name under which rules know whoever is pinned for the package that they are about."""

CLAIMS: Final = ("source_repository", "source_repository_identifier", "source_repository_owner_identifier")
"""The claims of a workflow's certificate that are pinned."""

_WORKFLOW: Final = re.compile(r"(?P<workflow>[a-z]+://[!-~]+?)@(?:refs/[!-~]+|[0-9a-f]{40}|[0-9a-f]{64})")

Roots = Mapping[str, bytes]
"""Root certificates in DER, by ``sha256:HEX``."""


class Publisher(ABC):
    """Two are the same when their `fields` are."""

    @property
    @abstractmethod
    def fields(self) -> Mapping[str, str]:
        """As written in `attest.lock`."""

    @cached_property
    @abstractmethod
    def identity(self) -> Identity:
        """Whom a rule's `by: publisher` means; its name is `NAME`."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Publisher) and dict(self.fields) == dict(other.fields)

    def __hash__(self) -> int:
        return hash(tuple(sorted(self.fields.items())))


@dataclass(frozen=True, eq=False)
class KeyPublisher(Publisher):
    """Whoever has a key."""

    key: PublicKey

    @property
    def fields(self) -> Mapping[str, str]:
        """The key's digest, for people to compare, and its SPKI."""
        return {"key": f"sha256:{self.key.fingerprint}", "spki": base64.b64encode(self.key.spki).decode()}

    @cached_property
    def identity(self) -> Identity:
        """The key itself."""
        return KeyIdentity(NAME, self.key)


@dataclass(frozen=True, eq=False)
class WorkflowPublisher(Publisher):
    """A workflow on any ref of one repository. ``claims`` has all of `CLAIMS`."""

    issuer: str
    workflow: str
    claims: Mapping[str, str]

    @property
    def fields(self) -> Mapping[str, str]:
        """Issuer, workflow and claims."""
        return {"issuer": self.issuer, "workflow": self.workflow, **self.claims}

    @cached_property
    def identity(self) -> Identity:
        """All of it, exactly, but for the ref."""
        claims = {claim: Pattern.exact(value) for claim, value in self.claims.items()}
        return CertificateIdentity(NAME, self.issuer, Pattern.on_any_ref(self.workflow), claims)


@dataclass(frozen=True, eq=False)
class SubjectPublisher(Publisher):
    """Whom else a Sigstore certificate names: a person's e-mail address, or a workload without ids."""

    issuer: str
    subject: str

    @property
    def fields(self) -> Mapping[str, str]:
        """Issuer and subject."""
        return {"issuer": self.issuer, "subject": self.subject}

    @cached_property
    def identity(self) -> Identity:
        """Both, exactly."""
        return CertificateIdentity(NAME, self.issuer, Pattern.exact(self.subject))


@dataclass(frozen=True, eq=False)
class X509Publisher(Publisher):
    """A subject below one root certificate (DER), as Notation's signatures name it."""

    attributes: tuple[tuple[str, str], ...]
    certificate: bytes

    @property
    def root(self) -> str:
        """``sha256:HEX`` of the root certificate."""
        return f"sha256:{sha256(self.certificate).hexdigest()}"

    @property
    def fields(self) -> Mapping[str, str]:
        """The subject as trust policies write it, and the root's digest."""
        from attest.signing.notation.distinguished_name import DistinguishedName

        return {"x509": str(DistinguishedName(tuple(sorted(self.attributes)))), "root": self.root}

    @cached_property
    def identity(self) -> Identity:
        """Exactly these attributes, and no more, below this root; nobody is asked for revocations."""
        from attest.signing.notation.certificates import load
        from attest.signing.notation.distinguished_name import ExactName
        from attest.signing.notation.trust_policy import Action, Check, Level, Statement, actions
        from attest.signing.notation.trust_store import GivenAnchors

        anchors = GivenAnchors(ca=(load(self.certificate, where=self.root),))
        checks = actions(Level.STRICT) | {Check.REVOCATION: Action.SKIP}
        return X509Identity(NAME, Statement(NAME, anchors, (ExactName(self.attributes),), checks))


def of_author(author: Author, roots: Roots) -> Publisher:
    """The publisher that whoever signed is. Raises `UsageError` for one that cannot be pinned exactly."""
    if isinstance(author, KeyAuthor):
        return KeyPublisher(author.key)
    if isinstance(author, CertificateAuthor):
        claims = {claim: author.claims[claim] for claim in CLAIMS if author.claims.get(claim)}
        match = _WORKFLOW.fullmatch(author.subject)
        if match is not None and len(claims) == len(CLAIMS):
            return WorkflowPublisher(author.issuer, match["workflow"], claims)
        return SubjectPublisher(author.issuer, author.subject)
    assert isinstance(author, X509Author)
    certificate = roots.get(f"sha256:{author.root}")
    if certificate is None:
        raise UsageError("a root certificate that was not given", where=author.subject, why=f"sha256:{author.root}")
    publisher = X509Publisher(author.attributes, certificate)
    read(publisher.fields, roots)  # what cannot be written as a trusted identity is refused here
    return publisher


def read(fields: Mapping[str, str], roots: Roots) -> Publisher:
    """The publisher with these fields. Raises `UsageError` for any that are not those of one kind."""
    kind = [key for key in _KINDS if key in fields]
    if len(kind) != 1:
        raise UsageError("not a publisher", why=f"expected one of {', '.join(_KINDS)}")
    keys, make = _KINDS[kind[0]]
    if set(fields) != set(keys):
        wrong = ", ".join(sorted(set(fields) ^ set(keys)))
        raise UsageError(f"not a publisher with {kind[0]!r}", why=f"expected {', '.join(keys)}; see {wrong[:160]}")
    empty = [key for key in keys if not fields[key].strip()]
    if empty:
        raise UsageError(f"{empty[0]!r} is empty")
    return make(fields, roots)


def _key(fields: Mapping[str, str], roots: Roots) -> Publisher:  # noqa: ARG001
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    try:
        key = PublicKey.of(load_der_public_key(base64.b64decode(fields["spki"], validate=True)), where="spki")
    except (ValueError, UnsupportedAlgorithm):
        raise UsageError("'spki' is no public key", why="expected SPKI in DER, in base64") from None
    except AttestError as error:
        raise UsageError(error.what, where=error.where, why=error.why) from None
    if fields["key"] != f"sha256:{key.fingerprint}":
        raise UsageError("'key' is not the digest of 'spki'", why=f"that is sha256:{key.fingerprint}")
    return KeyPublisher(key)


def _workflow(fields: Mapping[str, str], roots: Roots) -> Publisher:  # noqa: ARG001
    return WorkflowPublisher(fields["issuer"], fields["workflow"], {claim: fields[claim] for claim in CLAIMS})


def _subject(fields: Mapping[str, str], roots: Roots) -> Publisher:  # noqa: ARG001
    return SubjectPublisher(fields["issuer"], fields["subject"])


def _x509(fields: Mapping[str, str], roots: Roots) -> Publisher:
    from attest.signing.notation.distinguished_name import DistinguishedName

    certificate = roots.get(fields["root"])
    if certificate is None:
        raise UsageError("'root' is not among the roots", why=fields["root"][:160])
    return X509Publisher(DistinguishedName.parse(fields["x509"]).attributes, certificate)


_KINDS: Final[Mapping[str, tuple[tuple[str, ...], Callable[[Mapping[str, str], Roots], Publisher]]]] = MappingProxyType(
    {
        "key": (("key", "spki"), _key),
        "workflow": (("issuer", "workflow", *CLAIMS), _workflow),
        "subject": (("issuer", "subject"), _subject),
        "x509": (("x509", "root"), _x509),
    }
)
"""By the field that tells the kind: all fields of it, and its reader."""
