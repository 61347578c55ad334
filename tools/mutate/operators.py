"""Which changes are tried. Each is what a person could have written by mistake, or left out.

What only people read is left alone: strings, what an error is told with, annotations, docstrings, decorators.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Final

from tools.mutate.mutant import MODULE, Mutant, Source

COMPARISONS: Final[dict[type[ast.cmpop], tuple[str, ...]]] = {
    ast.Lt: ("<=", ">="),
    ast.LtE: ("<", ">"),
    ast.Gt: (">=", "<="),
    ast.GtE: (">", "<"),
    ast.Eq: ("!=",),
    ast.NotEq: ("==",),
    ast.Is: ("is not",),
    ast.IsNot: ("is",),
    ast.In: ("not in",),
    ast.NotIn: ("in",),
}
ARITHMETIC: Final[dict[type[ast.operator], str]] = {
    ast.Add: "-",
    ast.Sub: "+",
    ast.Mult: "//",
    ast.Div: "*",
    ast.FloorDiv: "*",
    ast.Mod: "*",
    ast.LShift: ">>",
    ast.RShift: "<<",
    ast.BitAnd: "|",
    ast.BitOr: "&",
    ast.BitXor: "&",
}
OPERATOR: Final = re.compile(r"<=|>=|==|!=|<<|>>|//|<|>|is\s+not\b|is\b|not\s+in\b|in\b|[-+*/%&|^]")
NAMES: Final = {"any": "all", "all": "any", "min": "max", "max": "min"}
"""Functions that answer the opposite."""
TOLD: Final = frozenset({"where", "why", "next_step", "reason", "repr"})
"""Keywords by which something is told to people."""

Function = ast.FunctionDef | ast.AsyncFunctionDef
Change = tuple[int, int, str]
"""From where to where (offsets), and what stands there instead."""


def mutants(source: Source) -> Iterator[Mutant]:
    """All of a file, from top to bottom, each change once."""
    tree = ast.parse(source.text)
    finder = _Finder(source)
    for statement in tree.body:
        finder.statement(statement)
    yield from sorted(finder.found, key=lambda mutant: (mutant.start, mutant.end))


class _Finder:
    """Goes through a file's statements, and through the expressions of each."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.found: list[Mutant] = []
        self._seen: set[Change] = set()
        self._scope: tuple[str, ...] = ()
        self._in_function = False
        self._lines: tuple[int, ...] = ()
        self._starts = [0]
        for line in source.text.splitlines(keepends=True):
            self._starts.append(self._starts[-1] + len(line))
        self._rows = source.text.splitlines()

    def statement(self, node: ast.stmt) -> None:
        self._lines = _header(node)
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                self._function(node)
            case ast.ClassDef():
                outer, self._scope = self._scope, (*self._scope, node.name)
                self._block(node.body)
                self._scope = outer
            case ast.If() if _is_type_checking(node.test):
                self._block(node.orelse)
            case ast.Raise():
                self._replace(node, "pass")
                if node.cause is not None:
                    self._expression(node.cause)
            case ast.Expr(ast.Constant()) | ast.Assert() | ast.Import() | ast.ImportFrom():
                pass
            case ast.Assign(targets=[ast.Name("__all__")]):
                pass
            case _:
                self._other(node)

    def _function(self, node: Function) -> None:
        if any(
            isinstance(mark, ast.Name) and mark.id in ("overload", "abstractmethod") for mark in node.decorator_list
        ):
            return
        for default in (*node.args.defaults, *node.args.kw_defaults):
            if default is not None:
                self._expression(default)
        scope, inside = self._scope, self._in_function
        if not inside:
            self._scope = (*scope, node.name)
        self._in_function = True
        self._block(node.body)
        self._scope, self._in_function = scope, inside

    def _block(self, body: list[ast.stmt]) -> None:
        for statement in body:
            self.statement(statement)

    def _other(self, node: ast.stmt) -> None:
        match node:
            case ast.Expr(ast.Call() | ast.Await() | ast.Yield() | ast.YieldFrom()) | ast.AugAssign() | ast.Delete():
                self._replace(node, "pass")
            case ast.Assign(targets=[ast.Attribute() | ast.Subscript()]):
                self._replace(node, "pass")
            case ast.Continue():
                self._replace(node, "break")
            case ast.Break():
                self._replace(node, "continue")
            case ast.Return(ast.expr() as value) if not _is_none(value):
                truth = isinstance(value, ast.Compare | ast.BoolOp | ast.UnaryOp) or _is_bool(value)
                self._replace(value, self._negated(value) if truth else "None")
            case ast.If() | ast.While():
                self._condition(node.test)
            case _:
                pass
        for name, value in ast.iter_fields(node):
            if name == "annotation":
                continue
            for child in value if isinstance(value, list) else [value]:
                self._child(child)

    def _child(self, child: object) -> None:
        match child:
            case ast.stmt():
                outer = self._lines
                self.statement(child)
                self._lines = outer
            case ast.ExceptHandler(body=body):
                if not isinstance(body[-1], ast.Raise):
                    self._lines = tuple({line for statement in body for line in _header(statement)})
                    self._replace(body[0], "raise", until=body[-1])
                self._block(body)
            case ast.match_case(guard=guard, body=body):
                if guard is not None:
                    self._lines = tuple(range(guard.lineno, (guard.end_lineno or guard.lineno) + 1))
                    self._condition(guard)
                    self._expression(guard)
                self._block(body)
            case ast.withitem(context_expr=expression):
                self._expression(expression)
            case ast.expr():
                self._expression(child)
            case _:
                pass

    def _expression(self, node: ast.expr) -> None:
        match node:
            case ast.JoinedStr() | ast.Subscript(value=ast.Name("Callable")):
                return
            case ast.Compare(left=left, ops=ops, comparators=comparators):
                for before, operator, after in zip([left, *comparators], ops, comparators, strict=False):
                    for instead in COMPARISONS[type(operator)]:
                        self._operator(before, after, instead)
            case ast.BoolOp(op=operation, values=values):
                instead = " or " if isinstance(operation, ast.And) else " and "
                self._replace(node, instead.join(self._inner(value) for value in values))
                same = " and " if isinstance(operation, ast.And) else " or "
                for number in range(len(values)):
                    kept = [self._inner(value) for index, value in enumerate(values) if index != number]
                    self._replace(node, same.join(kept))
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                self._replace(node, self._inner(operand))
            case ast.IfExp(test=test):
                self._condition(test)
            case ast.BinOp(left=left, op=arithmetic, right=right):
                if type(arithmetic) in ARITHMETIC and not (_is_text(left) or _is_text(right)):
                    self._operator(left, right, ARITHMETIC[type(arithmetic)])
            case ast.Constant(value=bool(value)):
                self._replace(node, str(not value))
            case ast.Constant(value=int(value)):
                self._replace(node, str(value + 1))
                self._replace(node, str(value - 1))
            case ast.Call(func=ast.Name(id=name) as function) if name in NAMES:
                self._replace(function, NAMES[name])
            case ast.Set(elts=members) | ast.List(elts=members) if len(members) > 1:
                for member in members:
                    self._take_out(member, member)
            case ast.Tuple(elts=members) if not self._in_function and len(members) > 1 and self._text(node)[0] == "(":
                for number in range(len(members)):
                    kept = [self._text(member) for index, member in enumerate(members) if index != number]
                    self._replace(node, f"({', '.join(kept)},)")
            case ast.Dict(keys=keys, values=values):
                for key, member in zip(keys, values, strict=True):
                    if not _is_prose(member):
                        self._take_out(member if key is None else key, member)
            case _:
                pass
        self._inside(node)

    def _inside(self, node: ast.expr) -> None:
        for child in ast.iter_child_nodes(node):
            match child:
                case ast.keyword(arg=name) if name in TOLD:
                    pass
                case ast.keyword(value=value):
                    self._expression(value)
                case ast.comprehension():
                    self._expression(child.iter)
                    for condition in child.ifs:
                        self._condition(condition)
                        self._expression(condition)
                case ast.expr():
                    self._expression(child)
                case _:
                    pass

    def _condition(self, test: ast.expr) -> None:
        if not isinstance(test, ast.Constant):
            self._replace(test, "True")
            self._replace(test, "False")

    def _take_out(self, first: ast.expr, last: ast.expr) -> None:
        """A member of a literal, with the comma after it."""
        start, end = self._span(first)[0], self._span(last)[1]
        comma = re.compile(r"\s*,[ ]*").match(self.source.text, end)
        before = re.compile(r"(?:\*\*|\*)\Z").search(self.source.text[start - 2 : start])
        self._add(start - (len(before[0]) if before else 0), comma.end() if comma else end, "")

    def _operator(self, before: ast.expr, after: ast.expr, instead: str) -> None:
        start, end = self._span(before)[1], self._span(after)[0]
        if found := OPERATOR.search(self.source.text, start, end):
            self._add(found.start(), found.end(), instead)

    def _replace(self, node: ast.AST, text: str, *, until: ast.AST | None = None) -> None:
        self._add(self._span(node)[0], self._span(until or node)[1], text)

    def _add(self, start: int, end: int, text: str) -> None:
        change = (start, end, text)
        if change not in self._seen:
            self._seen.add(change)
            function = ".".join(self._scope) or MODULE
            self.found.append(Mutant(self.source, *change, self._lines, function, not self._in_function))

    def _negated(self, value: ast.expr) -> str:
        return str(not value.value) if isinstance(value, ast.Constant) else f"not {self._inner(value)}"

    def _inner(self, node: ast.expr) -> str:
        """The text of ``node`` as it may stand between other operators."""
        text = self._text(node)
        return f"({text})" if isinstance(node, ast.BoolOp | ast.IfExp | ast.Lambda | ast.NamedExpr) else text

    def _text(self, node: ast.expr) -> str:
        start, end = self._span(node)
        return self.source.text[start:end]

    def _span(self, node: ast.AST) -> tuple[int, int]:
        """Offsets in characters; the syntax tree counts bytes."""
        assert isinstance(node, ast.stmt | ast.expr)
        end_line, end_column = node.end_lineno or node.lineno, node.end_col_offset or 0
        return self._offset(node.lineno, node.col_offset), self._offset(end_line, end_column)

    def _offset(self, line: int, column: int) -> int:
        return self._starts[line - 1] + len(self._rows[line - 1].encode()[:column].decode())


def _header(node: ast.stmt) -> tuple[int, ...]:
    """The lines of a statement without those of the statements in it."""
    match node:
        case ast.If() | ast.While():
            end = node.test.end_lineno
        case ast.For() | ast.AsyncFor():
            end = node.iter.end_lineno
        case ast.With() | ast.AsyncWith():
            end = node.items[-1].context_expr.end_lineno
        case ast.Match():
            end = node.subject.end_lineno
        case ast.Try() | ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            end = node.body[0].lineno - 1
        case _:
            end = node.end_lineno
    return tuple(range(node.lineno, max(node.lineno, end or 0) + 1))


def _is_type_checking(test: ast.expr) -> bool:
    return isinstance(test, ast.Name) and test.id == "TYPE_CHECKING"


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _is_bool(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, bool)


def _is_prose(node: ast.expr) -> bool:
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and " " in str(node.value))


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str | bytes))
