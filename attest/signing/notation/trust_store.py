"""Where trusted root certificates come from (trust-store-trust-policy.md "Trust Store")."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from stat import S_ISDIR, S_ISREG
from typing import Final, Protocol

from cryptography import x509

from attest import limits
from attest.errors import EnvelopeError, TrustError
from attest.signing.notation.certificates import issued, load

_NAME: Final = re.compile(r"[A-Za-z0-9_.-]+", re.ASCII)
_PEM: Final = b"-----BEGIN CERTIFICATE-----"


class StoreKind(StrEnum):
    """What the roots of a named store vouch for."""

    CA = "ca"
    SIGNING_AUTHORITY = "signingAuthority"
    TSA = "tsa"


@dataclass(frozen=True, slots=True)
class StoreName:
    """One named store, written ``ca:acme``."""

    kind: StoreKind
    name: str

    @classmethod
    def parse(cls, text: str, *, where: str) -> StoreName:
        """Read KIND:NAME. Raises `TrustError`."""
        kind, _, name = text.partition(":")
        if kind not in {str(item) for item in StoreKind} or not _is_name(name):
            raise TrustError(
                "not a trust store", where=where, why=f"{text[:80]!r}; expected {'|'.join(StoreKind)}:NAME"
            )
        return cls(StoreKind(kind), name)

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}"


class Anchors(Protocol):
    """Trusted certificates, by what they vouch for."""

    def certificates(self, kind: StoreKind) -> tuple[x509.Certificate, ...]:
        """Those of ``kind``; none if there are none. Raises `TrustError` where they cannot be read."""

    def has(self, kind: StoreKind) -> bool:
        """Whether there are meant to be any of ``kind``."""


@dataclass(frozen=True, slots=True)
class GivenAnchors:
    """Certificates that the caller has."""

    ca: tuple[x509.Certificate, ...] = ()
    signing_authority: tuple[x509.Certificate, ...] = ()
    tsa: tuple[x509.Certificate, ...] = ()

    def certificates(self, kind: StoreKind) -> tuple[x509.Certificate, ...]:
        """As `Anchors.certificates`."""
        match kind:
            case StoreKind.CA:
                return self.ca
            case StoreKind.SIGNING_AUTHORITY:
                return self.signing_authority
            case StoreKind.TSA:
                return self.tsa

    def has(self, kind: StoreKind) -> bool:
        """As `Anchors.has`."""
        return bool(self.certificates(kind))


@dataclass(frozen=True, slots=True)
class NamedStores:
    """Named stores below ``directory``, as ``x509/ca/acme/*.pem``, read when they are needed."""

    directory: Path
    names: tuple[StoreName, ...]

    def certificates(self, kind: StoreKind) -> tuple[x509.Certificate, ...]:
        """As `Anchors.certificates`."""
        return tuple(
            certificate for name in dict.fromkeys(self.names) if name.kind is kind for certificate in self._store(name)
        )

    def has(self, kind: StoreKind) -> bool:
        """As `Anchors.has`."""
        return any(name.kind is kind for name in self.names)

    def _store(self, name: StoreName) -> tuple[x509.Certificate, ...]:
        path = self.directory / "x509" / name.kind.value / name.name
        try:
            if not S_ISDIR(path.lstat().st_mode):
                raise TrustError("not a trust store", where=str(path), why="it is no directory, or a symbolic link")
            files = sorted(path.iterdir())
        except OSError as error:
            raise TrustError("cannot read the trust store", where=str(path), why=error.strerror) from None
        found = tuple(certificate for file in files for certificate in _file(file, name.kind))
        if not found:
            raise TrustError("no certificate in the trust store", where=str(path))
        return found


def load_roots(paths: Iterable[Path]) -> tuple[x509.Certificate, ...]:
    """The certificates of files in PEM or DER. Raises `TrustError`."""
    return tuple(certificate for path in paths for certificate in _read(path))


def load_certificates(path: Path) -> tuple[x509.Certificate, ...]:
    """All certificates of one file in PEM or DER, in its order. Raises `TrustError`."""
    return _read(path)


def _file(path: Path, kind: StoreKind) -> tuple[x509.Certificate, ...]:
    try:
        if not S_ISREG(path.lstat().st_mode):
            raise TrustError("not a certificate file", where=str(path), why="directories and symbolic links are none")
    except OSError as error:
        raise TrustError("cannot read the certificate", where=str(path), why=error.strerror) from None
    found = _read(path)
    for certificate in found:
        if not issued(certificate, certificate) and (kind is StoreKind.TSA or not _is_ca(certificate)):
            raise TrustError("not a root certificate", where=str(path), why=certificate.subject.rfc4514_string()[:160])
    return found


def _read(path: Path) -> tuple[x509.Certificate, ...]:
    from attest.regular_file import open_regular

    where = str(path)
    try:
        with open_regular(path) as file:
            data = file.read(limits.CERTIFICATE_FILE + 1)
    except OSError as error:
        raise TrustError("cannot read the certificate", where=where, why=error.strerror) from None
    if len(data) > limits.CERTIFICATE_FILE:
        raise TrustError("not a certificate file", where=where, why=f"more than {limits.CERTIFICATE_FILE} bytes")
    try:
        if _PEM not in data:
            return (load(data, where=where),)
        return tuple(x509.load_pem_x509_certificates(data))
    except EnvelopeError as error:
        raise TrustError("not a certificate", where=where, why=error.why) from None
    except ValueError as error:
        raise TrustError("not a certificate", where=where, why=str(error).splitlines()[0][:160]) from None


def _is_ca(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except (x509.ExtensionNotFound, ValueError):
        return False


def _is_name(text: str) -> bool:
    return _NAME.fullmatch(text) is not None and text not in (".", "..")
