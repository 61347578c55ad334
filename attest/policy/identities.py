"""How a policy writes whom it trusts (design.md §6, `identities`): one reader a kind of identity."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Final, TypedDict

from attest.errors import KeyFileError, PolicyError
from attest.evidence.identity import CertificateIdentity, Identity, KeyIdentity, X509Identity
from attest.evidence.patterns import SubjectPattern, parse_pattern
from attest.evidence.text_patterns import Pattern, identity_pattern
from attest.policy.fields import Fields
from attest.policy.shapes import Choice, Day, File, Key, Line, Several, Table, Texts, fit
from attest.signing.proof import Format

_COMMON: Final[Table] = {
    "for": Key(Several(Line(("pkg:npm/@acme/*",))), "The only packages and images that it may speak about; patterns."),
    "until": Key(Day(), "The day on which it ends, at 00:00 UTC."),
    "formats": Key(Several(Choice(Format)), "The only formats in which its signatures count."),
}


class Limits(TypedDict):
    """What every identity may have, as keywords of its class."""

    packages: tuple[SubjectPattern, ...]
    until: datetime | None
    formats: tuple[Format, ...]


@dataclass(frozen=True, slots=True)
class Written:
    """An identity in the file: its name, its entries, what is common already read, and the directory of its files."""

    name: str
    fields: Fields
    limits: Limits
    base: Path


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of identity: its own keys, the formats that it can sign in, its reader, which raises `PolicyError`."""

    keys: Table
    formats: tuple[Format, ...]
    needs_root: bool
    read: Callable[[Written], Identity]


def read_identity(name: str, fields: Fields, base: Path, *, keys_only: bool) -> Identity:
    """One entry of `identities`. Raises `PolicyError`."""
    fields.only(*(key for kind in KINDS.values() for key in kind.keys), *_COMMON)
    found = [key for key in KINDS if fields.has(key)]
    if len(found) != 1:
        raise PolicyError(
            f"{fields.what}: expected exactly one of {', '.join(map(repr, KINDS))}",
            where=fields.where,
            why=f"there are {' and '.join(map(repr, found))}" if found else "there is none",
        )
    kind = KINDS[found[0]]
    fit(fields, {**kind.keys, **_COMMON})
    if kind.needs_root and keys_only:
        raise PolicyError(
            f"{fields.what}: a certificate cannot be verified without a trust root",
            where=fields.line_of(found[0]),
            next_step="write trust: {root: public-good}, or name a file",
        )
    limits = Limits(
        packages=fields.each("for", parse_pattern) if fields.has("for") else (),
        until=fields.midnight("until") if fields.has("until") else None,
        formats=_formats(fields, kind),
    )
    return kind.read(Written(name, fields, limits, base))


def _formats(fields: Fields, kind: Kind) -> tuple[Format, ...]:
    if not fields.has("formats"):
        return ()
    written = fields.strings("formats")
    for value in written:
        if value not in kind.formats:
            raise PolicyError(
                f"{fields.what}: 'formats': it never signs as {value[:40]!r}",
                where=fields.line_of("formats"),
                why=f"known: {', '.join(kind.formats)}",
            )
    return tuple(Format(value) for value in written)


def _key(written: Written) -> Identity:
    from attest.signing.key_files import ELSEWHERE, load_public

    fields = written.fields
    text = fields.string("key")
    elsewhere = text.partition(":")[0] in ELSEWHERE
    path = text if elsewhere else written.base / text  # a URI is refused as what it is
    missing = not elsewhere and not (written.base / text).exists()
    try:
        return KeyIdentity(written.name, load_public(path), **written.limits)
    except KeyFileError as error:
        raise PolicyError(
            f"{fields.what}: {path}: {error.what}",
            where=fields.line_of("key"),
            why=error.why,
            next_step=f"put the key there: paths in a policy begin at its directory, {written.base}"
            if missing
            else error.next_step,
        ) from None


def _certificate(written: Written) -> Identity:
    fields = written.fields
    issuer = fields.string("issuer")
    if "*" in issuer:
        raise PolicyError(
            f"{fields.what}: 'issuer' is exact",
            where=fields.line_of("issuer"),
            why="whoever may choose an issuer may choose any subject",
        )
    subject = fields.parsed("subject", identity_pattern)
    return CertificateIdentity(written.name, issuer, subject, _claims(fields), **written.limits)


def _claims(fields: Fields) -> dict[str, Pattern]:
    if not fields.has("claims"):
        return {}
    from attest.signing.sigstore.identity import CLAIMS

    claims = Fields(fields.node("claims"), f"{fields.what}: 'claims'")
    claims.only(*CLAIMS)
    return {claim: claims.parsed(claim, identity_pattern) for claim in claims.keys}


def _x509(written: Written) -> Identity:
    from attest.policy.x509_identities import read_subject

    trusts = read_subject(written.name, written.fields, written.base)
    return X509Identity(written.name, trusts, **written.limits)


def _notation(written: Written) -> Identity:
    from attest.policy.x509_identities import read_trust_policy

    trusts = read_trust_policy(written.name, written.fields, written.base)
    return X509Identity(written.name, trusts, **written.limits)


_KEY: Final = Key(File(), "A file with a public key in PEM.", required=True)
_X509: Final = Key(Line(("C=US, ST=WA, O=Acme",)), "What the subject of the certificate has.", required=True)
_CA: Final = Key(Several(File(), alone=True), "Files with the certificates of its CAs.", required=True)
_TSA: Final = Key(Several(File(), alone=True), "Files with the certificates of those who may timestamp it.")
_NOTATION: Final = Key(File(), "A directory with trustpolicy.json and truststore, as notation has it.", required=True)
_SCOPE: Final = Key(Line(), "HOST/REPOSITORY: which statement of trustpolicy.json decides; * if not written.")
_ISSUER: Final = Key(Line(("https://token.actions.githubusercontent.com",)), "Who vouches, exact.", required=True)
_SUBJECT: Final = Key(Line(), "Who it is: an address or a workflow; a pattern.", required=True)
_CLAIMS: Final = Key(Texts(), "What else the certificate says; patterns.")
KINDS: Final[MappingProxyType[str, Kind]] = MappingProxyType(
    {
        "key": Kind({"key": _KEY}, (Format.BUNDLE, Format.COSIGN), False, _key),
        "x509": Kind({"x509": _X509, "ca": _CA, "tsa": _TSA}, (Format.NOTATION,), False, _x509),
        "notation": Kind({"notation": _NOTATION, "scope": _SCOPE}, (Format.NOTATION,), False, _notation),
        "issuer": Kind(
            {"issuer": _ISSUER, "subject": _SUBJECT, "claims": _CLAIMS},
            (Format.BUNDLE, Format.COSIGN),
            True,
            _certificate,
        ),
    }
)
"""By the key that tells the kind."""
IDENTITIES: Final[tuple[Table, ...]] = tuple({**kind.keys, **_COMMON} for kind in KINDS.values())
"""One table a kind."""
