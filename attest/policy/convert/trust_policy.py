"""Notation's trust policies: each statement is kept as it is, as an identity that refers to it.

A statement that verifies nothing, or that only logs what does not hold, names nobody.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from attest.errors import PolicyError, TrustError
from attest.formats.strict_yaml import quoted
from attest.policy.convert.model import Converted, Demand, Ledger, Options, Who
from attest.signing.notation.trust_policy import ANY, FILES, Action, Check, Statement, TrustPolicy


def convert(data: bytes, where: str, directory: Path, beside: str, options: Options) -> Iterator[Converted]:
    """One policy a statement; ``directory`` has its stores, and is ``beside`` as the policies name it.

    Raises `PolicyError` for what is no trust policy.
    """
    name = Path(where).name
    read = next((file for file in FILES if (directory / file).exists()), None)
    if name != read:
        raise PolicyError(
            "not where notation reads its trust policy",
            where=where,
            why=f"a policy refers to the directory, in which {read or 'none'} is read",
            next_step=f"name it {FILES[-1]}, in the directory that has its trust stores",
        )
    try:
        policy = TrustPolicy.parse(data, where=where, stores=directory)  # which are not read here
    except TrustError as error:
        raise PolicyError(error.what, where=error.where, why=error.why) from None
    scopes: dict[str, list[str]] = {}
    statements: dict[str, Statement] = {}
    for scope, statement in policy.scopes.items():
        scopes.setdefault(statement.name, []).append(scope)
        statements[statement.name] = statement
    for name, statement in statements.items():
        yield _statement(statement, f"{where}: {name}", scopes[name], beside, options)


def _statement(statement: Statement, where: str, scopes: list[str], beside: str, options: Options) -> Converted:
    ledger = Ledger()
    if statement.actions[Check.AUTHENTICITY] is not Action.ENFORCE:
        ledger.note(where, "it does not enforce who signed")
        return Converted(statement.name, (), (), tuple(ledger.left))
    images = tuple(scopes)
    if ANY in scopes:  # which stands alone
        images = options.images
        if not images:
            ledger.note(where, "every image: name those that you mean with --images")
    who = Who((("notation", quoted(beside)), ("scope", quoted(scopes[0]))))
    return Converted(statement.name, images, (Demand((who,)),), tuple(ledger.left))
