"""Whom `attest policy learn` takes its word from: whoever has one of some keys, whomever some CAs name, and everybody
with a certificate of a Sigstore instance. Each file is read once."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from attest.evidence.identity import Identity, KeyIdentity, X509Identity
from attest.evidence.trust import Sigstore, Trust
from attest.policy.learn import Anybody
from attest.policy.learned_policy import Files
from attest.policy.publishers import Roots
from attest.policy.trust import INSTANCES
from attest.signing.key_files import load_public
from attest.signing.keys import PublicKey
from attest.signing.notation.certificates import thumbprint
from attest.signing.notation.trust_policy import Action, Check, Level, Statement, actions
from attest.signing.notation.trust_store import GivenAnchors, load_certificates
from attest.signing.sigstore.roots import load_root
from attest.signing.sigstore.trusted_root import TrustedRoot
from attest.signing.sigstore.verify import Requirements


@dataclass(frozen=True, slots=True)
class LearningFrom:
    """Keys and certificates by the files that they are in; ``root`` is that of the Sigstore instance ``instance``, a
    name of one or a file, and None where no certificate of such counts."""

    keys: Mapping[Path, PublicKey] = field(hash=False)
    certificates: Mapping[Path, tuple[x509.Certificate, ...]] = field(hash=False)
    instance: str | None
    root: TrustedRoot | None

    @classmethod
    def load(
        cls, keys: Iterable[str], cas: Iterable[str], instance: str | None, *, offline: bool, now: datetime
    ) -> Self:
        """Raises `KeyFileError` and `TrustError`."""
        return cls(
            {path: load_public(path) for path in map(Path, keys)},
            {path: load_certificates(path) for path in map(Path, cas)},
            instance,
            None if instance is None else load_root(instance, offline=offline, max_age=None, now=now),
        )

    @property
    def trust(self) -> Trust:
        """Everybody whose signature can be proven."""
        identities: list[Identity] = [
            KeyIdentity(f"key-{number}", key) for number, key in enumerate(self.keys.values(), 1)
        ]
        if self.certificates:
            anchors = GivenAnchors(ca=tuple(item for items in self.certificates.values() for item in items))
            checks = actions(Level.STRICT) | {Check.REVOCATION: Action.SKIP}
            identities.append(X509Identity("ca", Statement("ca", anchors, (), checks)))
        if self.root is None:
            return Trust(tuple(identities))
        required = Requirements(log=1, timestamp=1)
        return Trust((*identities, Anybody("anybody")), Sigstore(self.root, required))

    @property
    def roots(self) -> Roots:
        """The CAs' certificates."""
        return {
            f"sha256:{thumbprint(item)}": item.public_bytes(Encoding.DER)
            for items in self.certificates.values()
            for item in items
        }

    def files(self, directory: Path) -> Files:
        """What is named in a policy that lies in ``directory``."""

        def beside(path: Path) -> str:
            return Path(os.path.relpath(path, directory)).as_posix()

        trust: dict[str, str | bool] = {"keys_only": True}
        if self.instance is not None:
            trust = {"root": self.instance if self.instance in INSTANCES else beside(Path(self.instance))}
        return Files(
            trust,
            {key.fingerprint: beside(path) for path, key in self.keys.items()},
            {thumbprint(item): beside(path) for path, items in self.certificates.items() for item in items},
        )
