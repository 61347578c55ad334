"""``check``: an expression over what counted under several rules, such as that it comes from the same run.

It holds if it is true of one piece of evidence a rule, whatever lies beside them: so more evidence never makes it
worse, and hiding some never makes it better (design.md §3.5). A rule that it names must hold itself; where that one
needs absence it has been proven by then. Every name must have a value, also where the answer would not depend on it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import islice, product
from math import prod
from typing import Any, Final, TypeAlias

from attest import limits
from attest.errors import PolicyError, UsageError
from attest.evidence.verify import EvidenceSet
from attest.oci.digest import Digest
from attest.policy import facts
from attest.policy.codes import Code
from attest.policy.expressions import Expression, Value, compiled
from attest.policy.fields import Fields
from attest.policy.rules import terms
from attest.policy.rules.rule import Mode, Rule
from attest.policy.shapes import fit
from attest.policy.verdict import Fate, Finding, Outcome
from attest.policy.weigh import Weighed, reported

_SHOWN: Final = 3
_LONGEST: Final = 160
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)

Values: TypeAlias = tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Check:
    """``asked`` are the names of the expression by the id of the rule that they are about."""

    id: str
    mode: Mode
    expression: Expression
    asked: tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True)
class Held:
    """What came of a rule: its outcome, and what counted."""

    rule: Rule[Any]
    outcome: Outcome
    counted: tuple[Weighed, ...]


def by_name(rules: Iterable[Rule[Any]]) -> Mapping[str, Rule[Any]]:
    """Rules by their names in expressions; of two with one name neither has one."""
    found: dict[str, list[Rule[Any]]] = {}
    for rule in rules:
        found.setdefault(rule.id.replace("-", "_"), []).append(rule)
    return {name: same[0] for name, same in found.items() if len(same) == 1 and _NAME.fullmatch(name)}


def read(fields: Fields, named: Mapping[str, Rule[Any]]) -> Check:
    """A check over rules ``named`` so. Raises `PolicyError`, also where it compares what cannot be compared."""
    fields.what = f"rule {fields.name('id')!r}"
    fit(fields, terms.CHECK)
    text = fields.string("check")
    near = {word: named[word] for word in _NAME.findall(text) if word in named}
    names = {f"{name}.{fact}": type_ for name, rule in near.items() for fact, type_ in facts.offered(rule).items()}
    try:
        expression = compiled(text, names)
    except PolicyError as error:
        raise PolicyError(error.what, where=fields.line_of("check"), next_step=error.next_step) from None
    except UsageError as error:
        raise PolicyError(
            f"{fields.what}: 'check': {error.what}",
            where=fields.node("check").where,
            why=error.why,
            next_step=_known(near or named),
        ) from None
    asked: dict[str, list[str]] = {}
    for name in expression.names:
        asked.setdefault(named[name.partition(".")[0]].id, []).append(name)
    return Check(
        id=fields.name("id"),
        mode=fields.choice("mode", Mode, Mode.ENFORCE),
        expression=expression,
        asked=tuple((rule, tuple(names)) for rule, names in asked.items()),
    )


def apply(check: Check, held: Mapping[str, Held], evidence: EvidenceSet, policy: str) -> Finding:
    """Its finding, after all rules that it names have theirs, which are in ``held`` by their ids."""
    unmet = Outcome.DENIED if evidence.complete else Outcome.INCONCLUSIVE
    counted = {item.item.digest: reported(item) for rule, _ in check.asked for item in held[rule].counted}

    def finding(
        code: Code, outcome: Outcome, message: str, *, chosen: Iterable[Digest] = (), remedy: str | None = None
    ) -> Finding:
        digests = tuple(sorted(set(chosen)))
        considered = tuple(
            item
            if digest in digests
            else replace(
                item, fate=Fate.UNFIT, reason="the expression is not true of it", failed=Code.CHECK_FALSE.value
            )
            for digest, item in sorted(counted.items())
        )
        return Finding(policy, check.id, code, outcome, check.mode, message, digests, considered, remedy)

    failed = {rule: held[rule].outcome for rule, _ in check.asked if held[rule].outcome is not Outcome.ADMITTED}
    if failed:
        message = f"{check.expression.text} says nothing, for {' and '.join(failed)} does not hold"
        return finding(Code.CHECK_RULE, Outcome.of(failed.values()), message, remedy="see to that rule first")
    sides: list[dict[Values, Digest]] = []
    for rule, names in check.asked:
        side, lacking = _side(held[rule], names)
        if not side:
            message = f"{check.expression.text} says nothing, for {' and '.join(sorted(lacking))} has no value"
            return finding(Code.CHECK_VALUE, unmet, message, remedy=_MISSING)
        sides.append(side)
    code, why = Code.CHECK_ERROR, ""
    for combination in islice(product(*sides), limits.EXPRESSION_TRIES):
        values = _named(check, combination)
        try:
            if check.expression.holds(values):
                chosen = [side[part] for side, part in zip(sides, combination, strict=True)]
                return finding(Code.CHECK_HOLDS, Outcome.ADMITTED, f"{check.expression.text} holds", chosen=chosen)
            code = Code.CHECK_FALSE
        except UsageError as error:
            why = f"; {error}"
    if prod(map(len, sides)) > limits.EXPRESSION_TRIES:
        message = f"{check.expression.text} was tried {limits.EXPRESSION_TRIES} times, and there is more to try"
        return finding(Code.CHECK_TRIES, Outcome.INCONCLUSIVE, message, remedy="let the rules count less evidence")
    told = "; ".join(
        _told(name, index, side)
        for (_, names), side in zip(check.asked, sides, strict=True)
        for index, name in enumerate(names)
    )
    return finding(code, unmet, f"{check.expression.text} does not hold: {told}{why}", remedy=_FALSE)


_MISSING: Final = "sign with a certificate that names it, or attach a document that does"
_FALSE: Final = "attach evidence of which it is true"


def _side(held: Held, names: tuple[str, ...]) -> tuple[dict[Values, Digest], set[str]]:
    """Different values of ``names`` that counted evidence has, in one order for all, and the names that some lack."""
    side: dict[Values, Digest] = {}
    lacking: set[str] = set()
    for weighed in held.counted:
        found = facts.of(held.rule, weighed)
        facts_asked = [name.partition(".")[2] for name in names]
        without = [name for name, fact in zip(names, facts_asked, strict=True) if fact not in found]
        lacking.update(without)
        if not without:
            side.setdefault(tuple(found[fact] for fact in facts_asked), weighed.item.digest)
    return side, lacking


def _named(check: Check, combination: tuple[Values, ...]) -> dict[str, Value]:
    return {
        name: value
        for (_, names), values in zip(check.asked, combination, strict=True)
        for name, value in zip(names, values, strict=True)
    }


def _told(name: str, index: int, side: Iterable[Values]) -> str:
    values = list(dict.fromkeys(_shown(values[index]) for values in side))
    more = [f"{len(values) - _SHOWN} more"] if len(values) > _SHOWN else []
    return f"{name} is {' or '.join([*values[:_SHOWN], *more])}"


def _shown(value: Value) -> str:
    text = ", ".join(value) if isinstance(value, tuple) else str(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _known(named: Mapping[str, Rule[Any]]) -> str:
    said = {name: sorted(facts.offered(rule)) for name, rule in islice(named.items(), _SHOWN)}
    words = [f"{name}: {', '.join(known)}" for name, known in said.items() if known]
    return f"write a name of one of its rules, a dot, and what it may be asked ({'; '.join(words) or 'none has any'})"
