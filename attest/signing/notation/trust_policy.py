"""`trustpolicy.json`: which signatures of which repositories are accepted (trust-store-trust-policy.md)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, TypeVar

from attest import limits
from attest.errors import JSONError, TrustError, UsageError
from attest.oci import strict_json
from attest.oci.strict_json import Fields
from attest.signing.notation.distinguished_name import DistinguishedName
from attest.signing.notation.trust_store import Anchors, NamedStores, StoreName

_E = TypeVar("_E", bound=StrEnum)

FILES: Final = ("trustpolicy.oci.json", "trustpolicy.json")
ANY: Final = "*"

_VERSION: Final = "1.0"
_SUBJECT: Final = "x509.subject"
_KEYS: Final = {"name", "registryScopes", "signatureVerification", "trustStores", "trustedIdentities"}
_LABEL: Final = "[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?"
_COMPONENT: Final = "[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
_SCOPE: Final = re.compile(rf"{_LABEL}(?:\.{_LABEL})*(?::[0-9]+)?(?:/{_COMPONENT})+", re.ASCII)


class Check(StrEnum):
    """The five validations of a signature."""

    INTEGRITY = "integrity"
    AUTHENTICITY = "authenticity"
    AUTHENTIC_TIMESTAMP = "authenticTimestamp"
    EXPIRY = "expiry"
    REVOCATION = "revocation"


class Action(StrEnum):
    """What a validation that does not succeed does: refuse the signature, be noted, or it is not made at all."""

    ENFORCE = "enforce"
    LOG = "log"
    SKIP = "skip"


class Level(StrEnum):
    """The levels of verification."""

    STRICT = "strict"
    PERMISSIVE = "permissive"
    AUDIT = "audit"
    SKIP = "skip"


class TimestampUse(StrEnum):
    """When a timestamp is asked for, where the policy has a `tsa` store."""

    ALWAYS = "always"
    AFTER_EXPIRY = "afterCertExpiry"


_ENFORCED: Final = {
    Level.STRICT: set(Check),
    Level.PERMISSIVE: {Check.INTEGRITY, Check.AUTHENTICITY},
    Level.AUDIT: {Check.INTEGRITY},
}


def actions(level: Level) -> dict[Check, Action]:
    """What each validation does at ``level``."""
    if level is Level.SKIP:
        return dict.fromkeys(Check, Action.SKIP)
    return {check: Action.ENFORCE if check in _ENFORCED[level] else Action.LOG for check in Check}


@dataclass(frozen=True, slots=True)
class Statement:
    """One trust policy with its stores at hand. ``identities`` is empty where any certificate of the stores will do."""

    name: str
    anchors: Anchors
    identities: tuple[DistinguishedName, ...] = ()
    actions: Mapping[Check, Action] = field(default_factory=lambda: actions(Level.STRICT), hash=False)
    timestamps: TimestampUse = TimestampUse.ALWAYS

    @property
    def skips(self) -> bool:
        """Whether nothing is verified at all."""
        return self.actions[Check.INTEGRITY] is Action.SKIP


@dataclass(frozen=True, slots=True)
class TrustPolicy:
    """A policy for OCI artifacts: one statement a scope."""

    scopes: Mapping[str, Statement] = field(hash=False)

    @classmethod
    def load(cls, directory: Path) -> TrustPolicy:
        """Read the policy of a directory laid out as notation's configuration: `trustpolicy.oci.json`, else
        `trustpolicy.json`, beside the trust stores. Raises `TrustError`."""
        from attest.regular_file import open_regular

        for name in FILES:
            path = directory / name
            if path.is_symlink():
                raise TrustError("not a trust policy", where=str(path), why="it is a symbolic link")
            try:
                with open_regular(path) as file:
                    data = file.read(limits.POLICY + 1)
            except FileNotFoundError:
                continue
            except OSError as error:
                raise TrustError("cannot read the trust policy", where=str(path), why=error.strerror) from None
            return cls.parse(data, where=str(path), stores=_stores(directory))
        raise TrustError("no trust policy", where=str(directory), why=f"neither {' nor '.join(FILES)} is there")

    @classmethod
    def parse(cls, data: bytes, *, where: str, stores: Path) -> TrustPolicy:
        """Read a policy whose named stores lie below ``stores``. Raises `TrustError`."""
        try:
            fields = Fields(strict_json.read_object(data, where=where, limit=limits.POLICY), where)
            if (version := fields.string("version")) != _VERSION:
                raise TrustError("a trust policy of another version", where=where, why=version[:80])
            _only(fields, {"version", "trustPolicies"})
            entries = fields.objects("trustPolicies")
            scopes: dict[str, Statement] = {}
            names: set[str] = set()
            for entry in entries:
                statement = _statement(entry, stores)
                if statement.name in names:
                    raise TrustError(f"the name {statement.name[:80]!r} stands twice", where=where)
                names.add(statement.name)
                for scope in _scopes(entry, statement):
                    if scope in scopes:
                        raise TrustError(f"the scope {scope[:160]!r} stands twice", where=where)
                    scopes[scope] = statement
        except JSONError as error:
            raise TrustError(error.what, where=error.where, why=error.why) from None
        if not scopes:
            raise TrustError("no statement in the trust policy", where=where)
        return cls(scopes)

    def statement(self, repository: str) -> Statement | None:
        """The statement for ``HOST[:PORT]/REPOSITORY``: that of exactly this scope, else the one for `*`, else None."""
        return self.scopes.get(repository) or self.scopes.get(ANY)


def _stores(directory: Path) -> Path:
    """notation writes `truststore`, the specification `trust-store`."""
    written = directory / "truststore"
    return written if written.exists() else directory / "trust-store"


def _statement(fields: Fields, stores: Path) -> Statement:
    _only(fields, _KEYS)
    name = fields.string("name")
    if not name:
        raise TrustError("a statement without a name", where=fields.path)
    verification = fields.object("signatureVerification")
    _only(verification, {"level", "override", "verifyTimestamp"})
    level = _member(Level, verification.string("level"), verification, "level")
    when = verification.optional_string("verifyTimestamp")
    names, identities = _texts(fields, "trustStores"), _texts(fields, "trustedIdentities")
    if level is Level.SKIP and (names or identities):
        raise TrustError(f"{name[:80]!r} skips verification but trusts somebody", where=fields.path)
    if level is not Level.SKIP and not (names and identities):
        raise TrustError(f"{name[:80]!r} needs trustStores and trustedIdentities", where=fields.path)
    return Statement(
        name=name,
        anchors=NamedStores(stores, tuple(StoreName.parse(item, where=f"{fields.path}.trustStores") for item in names)),
        identities=_identities(identities, fields),
        actions=actions(level) | _override(level, verification),
        timestamps=_member(TimestampUse, when, verification, "verifyTimestamp") if when else TimestampUse.ALWAYS,
    )


def _override(level: Level, verification: Fields) -> dict[Check, Action]:
    """A custom level: integrity is always enforced, and only revocation can be skipped."""
    written = verification.strings("override")
    if written and level is Level.SKIP:
        raise TrustError("the level skip cannot be overridden", where=verification.path)
    changed: dict[Check, Action] = {}
    for key, value in written.items():
        check = _member(Check, key, verification, "override")
        action = _member(Action, value, verification, f"override.{key}")
        if check is Check.INTEGRITY or (action is Action.SKIP and check is not Check.REVOCATION):
            raise TrustError(f"{key} cannot be overridden with {value}", where=f"{verification.path}.override")
        changed[check] = action
    return changed


def _scopes(fields: Fields, statement: Statement) -> Sequence[str]:
    scopes = _texts(fields, "registryScopes")
    if not scopes:
        raise TrustError("no registryScopes", where=fields.path)
    if ANY in scopes and len(scopes) > 1:
        raise TrustError("'*' stands beside other scopes", where=f"{fields.path}.registryScopes")
    if ANY in scopes and statement.skips:
        raise TrustError("the level skip is not for the scope '*'", where=f"{fields.path}.registryScopes")
    for scope in scopes:
        if scope != ANY and not _SCOPE.fullmatch(scope):
            raise TrustError("not a repository", where=f"{fields.path}.registryScopes", why=scope[:160])
    return scopes


def _identities(texts: Sequence[str], fields: Fields) -> tuple[DistinguishedName, ...]:
    if ANY in texts:
        if len(texts) > 1:
            raise TrustError("'*' stands beside other identities", where=f"{fields.path}.trustedIdentities")
        return ()
    found: list[DistinguishedName] = []
    for text in texts:
        prefix, separator, value = text.partition(":")
        if not separator or prefix != _SUBJECT:
            raise TrustError("not an identity", where=f"{fields.path}.trustedIdentities", why=text[:160])
        try:
            name = DistinguishedName.parse(value)
        except UsageError as error:
            raise TrustError(error.what, where=f"{fields.path}.trustedIdentities", why=error.why) from None
        if any(name.overlaps(other) for other in found):
            raise TrustError(
                "an identity overlaps with another one", where=f"{fields.path}.trustedIdentities", why=text
            )
        found.append(name)
    return tuple(found)


def _texts(fields: Fields, name: str) -> list[str]:
    items: Any = fields.value.get(name)
    if items is None:
        return []
    if not isinstance(items, list) or not all(isinstance(item, str) for item in items):
        raise TrustError("expected an array of texts", where=f"{fields.path}.{name}")
    return items


def _only(fields: Fields, known: set[str]) -> None:
    if foreign := sorted(fields.value.keys() - known):
        raise TrustError(
            f"unknown key {foreign[0][:80]!r}", where=fields.path, why=f"known: {', '.join(sorted(known))}"
        )


def _member(kind: type[_E], value: str, fields: Fields, name: str) -> _E:
    try:
        return kind(value)
    except ValueError:
        raise TrustError(
            f"unknown value {value[:80]!r}", where=f"{fields.path}.{name}", why=f"known: {', '.join(kind)}"
        ) from None
