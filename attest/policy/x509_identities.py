"""Identities that ordinary CAs vouch for: by a subject and its CAs, or by a trust policy of notation's.

Neither looks at a network: a certificate's revocation is not asked for under ``x509``, and what a trust policy enforces
and cannot be known offline refuses the signature.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from attest.errors import PolicyError, TrustError, UsageError
from attest.policy.fields import Fields
from attest.policy.yaml_nodes import Items

if TYPE_CHECKING:
    from cryptography import x509

    from attest.signing.notation.trust_policy import Statement


def read_subject(name: str, fields: Fields, base: Path) -> Statement:
    """``{x509: "C=US, ST=WA, O=Acme", ca: FILE-or-list, tsa: FILE-or-list}``. Raises `PolicyError`."""
    from attest.signing.notation.distinguished_name import DistinguishedName
    from attest.signing.notation.trust_policy import Action, Check, Level, Statement, actions
    from attest.signing.notation.trust_store import GivenAnchors

    try:
        subject = DistinguishedName.parse(fields.string("x509"))
    except UsageError as error:
        raise PolicyError(f"{fields.what}: {error.what}", where=fields.line_of("x509"), why=error.why) from None
    return Statement(
        name,
        GivenAnchors(
            ca=_certificates(fields, "ca", base), tsa=_certificates(fields, "tsa", base) if fields.has("tsa") else ()
        ),
        (subject,),
        actions(Level.STRICT) | {Check.REVOCATION: Action.SKIP},
    )


def read_trust_policy(name: str, fields: Fields, base: Path) -> Statement:
    """``{notation: DIRECTORY, scope: HOST/REPOSITORY}``: the statement for that scope; `*` unless it is written.

    Raises `PolicyError`.
    """
    from attest.signing.notation.trust_policy import ANY, Action, Check, TrustPolicy

    directory = base / fields.string("notation")
    scope = fields.string("scope") if fields.has("scope") else ANY
    try:
        statement = TrustPolicy.load(directory).statement(scope)
    except TrustError as error:
        raise PolicyError(
            f"{fields.what}: {error}", where=fields.line_of("notation"), next_step=error.next_step
        ) from None
    if statement is None:
        raise PolicyError(f"{fields.what}: no statement of {directory} is for {scope!r}", where=fields.where)
    if statement.actions[Check.AUTHENTICITY] is Action.SKIP:
        raise PolicyError(
            f"{fields.what}: {statement.name!r} verifies nothing",
            where=fields.line_of("notation"),
            why="its level is skip, so it names nobody",
        )
    return replace(statement, name=name)


def _certificates(fields: Fields, key: str, base: Path) -> tuple[x509.Certificate, ...]:
    from attest.signing.notation.trust_store import load_roots

    written = fields.strings(key) if isinstance(fields.node(key), Items) else (fields.string(key),)
    try:
        return load_roots(base / item for item in written)
    except TrustError as error:
        raise PolicyError(f"{fields.what}: {error}", where=fields.line_of(key)) from None
