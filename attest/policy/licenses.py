"""Which licences a policy allows or denies, over SPDX expressions (SPDX specification, annex D).

Who may choose, chooses what is allowed: an OR is good if one branch is. An AND is good if all are. A licence with an
exception gives more than the licence alone, so that it is allowed where the licence is; and denied where it is, for who
denies a licence has not thought of every exception.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from attest.errors import FormatError, PolicyError, UsageError
from attest.policy.fields import Fields
from attest.policy.shapes import Key, Line, Several, Table
from attest.statements.bom import Component, License, Sbom
from attest.statements.spdx_licenses import licensing

_LONGEST: Final = 16_384
"""The longest expression that is parsed, in characters: some 500 licences."""


LICENSES: Final[Table] = {
    "allow": Key(Several(Line()), "SPDX ids; what is not allowed is denied."),
    "deny": Key(Several(Line()), "SPDX ids; what is not denied is allowed."),
}


@dataclass(frozen=True, slots=True)
class Licenses:
    """One of both is given; each member is an SPDX id, a `LicenseRef-…`, or a licence ``WITH`` an exception."""

    allow: frozenset[str] | None = None
    deny: frozenset[str] = frozenset()

    def objections(self, sbom: Sbom) -> Iterator[str]:
        """What is not allowed in a document, in words. An allow list wants a known licence of everything."""
        for component in sbom.everything:
            why = self._objection(component)
            if why is not None:
                yield f"{str(component)[:160]} {why}"

    def _objection(self, component: Component) -> str | None:
        if not component.licenses:
            return None if self.allow is None else "has no known licence"
        for license in component.licenses:
            why = self._differs(license)
            if why is not None:
                return why
        return None

    def _differs(self, license: License) -> str | None:
        if not license.is_expression:
            known = _named(license.text)
            if known is None:
                return None if self.allow is None else f"has a licence that is no SPDX id: {license.text[:80]!r}"
            license = License(known)
        try:
            tree = _parse(license.text)
        except FormatError as error:
            return f"has a licence that cannot be read: {error}"
        if self._holds(tree):
            return None
        return f"is {license.text[:160]}, which is {'denied' if self.allow is None else 'not allowed'}"

    def _holds(self, tree: Any) -> bool:
        """Whether all that must be kept may be; ``tree`` is one that `license_expression` made."""
        from license_expression import (  # type: ignore[import-untyped]
            LicenseSymbol,
            LicenseWithExceptionSymbol,
        )

        values: dict[int, bool] = {}
        for item in reversed(_nodes(tree)):
            if isinstance(item, LicenseWithExceptionSymbol):
                values[id(item)] = self._may(item.render("{symbol.key}"), item.license_symbol.key)
            elif isinstance(item, LicenseSymbol):
                values[id(item)] = self._may(item.key)
            else:
                some = [values[id(inner)] for inner in item.args]
                values[id(item)] = any(some) if item.operator.strip() == "OR" else all(some)
        return values[id(tree)]

    def _may(self, *names: str) -> bool:
        if self.allow is not None:
            return any(name in self.allow for name in names)
        return not any(name in self.deny for name in names)


def read_licenses(fields: Fields) -> Licenses:
    """``{allow: […]}`` or ``{deny: […]}``. Raises `PolicyError`, also for what is no SPDX id: it could never match."""
    if fields.has("allow") == fields.has("deny"):
        raise PolicyError(
            f"{fields.what}: expected one of 'allow' and 'deny'",
            where=fields.where,
            why="what is not allowed is denied, and the other way round",
        )
    if fields.has("allow"):
        return Licenses(allow=frozenset(fields.each("allow", _identifier)))
    return Licenses(deny=frozenset(fields.each("deny", _identifier)))


def _identifier(text: str) -> str:
    from license_expression import LicenseSymbol, LicenseWithExceptionSymbol

    try:
        tree = _parse(text)
    except FormatError as error:
        raise UsageError(f"not a licence: {text[:80]!r}", why=error.why) from None
    unknown = not all(key.startswith("LicenseRef-") for key in _unknown(tree))
    if not isinstance(tree, LicenseSymbol | LicenseWithExceptionSymbol) or unknown:
        raise UsageError(f"not an SPDX licence id: {text[:80]!r}", why="expected one such as MIT, or LicenseRef-…")
    return str(tree.render("{symbol.key}"))


def _parse(text: str) -> Any:
    """The tree of an expression. Raises `FormatError`."""
    from license_expression import ExpressionError

    if len(text) > _LONGEST:
        raise FormatError("a licence expression", why=f"more than {_LONGEST} characters")
    try:
        tree = licensing().parse(text, validate=False)
    except (ExpressionError, IndexError) as error:  # it indexes into what is in parentheses, also where that is nothing
        raise FormatError("not a licence expression", why=f"{text[:80]!r}: {str(error)[:160]}") from None
    if tree is None:
        raise FormatError("not a licence expression", why="it is empty")
    return tree


def _named(text: str) -> str | None:
    """The SPDX id that a licence's name is, whatever its case; None where it is none."""
    try:
        tree = _parse(text)
    except FormatError:
        return None
    return None if _unknown(tree) else text


def _nodes(tree: Any) -> list[Any]:
    """All of an expression, children after their parent; by hand, since the library calls itself for each level."""
    pending, found = [tree], []
    while pending:
        item = pending.pop()
        found.append(item)
        pending.extend(item.args)
    return found


def _unknown(tree: Any) -> set[str]:
    """The names of licences and exceptions in an expression that SPDX does not list."""
    names: set[str] = {symbol.key for item in _nodes(tree) if not item.args for symbol in item.decompose()}
    return names - set(licensing().known_symbols)
