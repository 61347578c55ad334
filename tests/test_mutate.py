"""The mutation tester: what it changes, whom it asks, and that nothing passes that should not."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tools.mutate.memory import Memory
from tools.mutate.mutant import MODULE, Key, Mutant, Source
from tools.mutate.operators import mutants
from tools.mutate.reach import Reach
from tools.mutate.survivors import FOLDER, Known, written

ROOT = Path(__file__).resolve().parent.parent


def found(text: str) -> list[Mutant]:
    return list(mutants(Source("attest/policy/one.py", text)))


def becomes(line: str) -> set[str]:
    """What ``line``, in a function, is changed to."""
    return {mutant.key.becomes for mutant in found(f"def f(a, b):\n    {line}\n")}


@pytest.mark.parametrize(
    ("line", "changed"),
    [
        ("x = a < b", {"x = a <= b", "x = a >= b"}),
        ("x = a >= b", {"x = a > b", "x = a < b"}),
        ("x = a == b", {"x = a != b"}),
        ("x = a is not b", {"x = a is b"}),
        ("x = a not in b", {"x = a in b"}),
        ("x = (a) <= (b)", {"x = (a) < (b)", "x = (a) > (b)"}),
        ("x = a and b", {"x = a or b", "x = a", "x = b"}),
        (
            "x = a or b and c",
            {"x = a and (b and c)", "x = (b and c)", "x = a", "x = a or b or c", "x = a or b", "x = a or c"},
        ),
        ("x = not a", {"x = a"}),
        ("x = a + b", {"x = a - b"}),
        ("x = a << b", {"x = a >> b"}),
        ("x = 'é' if a else b", {"x = 'é' if True else b", "x = 'é' if False else b"}),
        ("x = a + 'text'", set()),
        ("x = 3", {"x = 4", "x = 2"}),
        ("x = True", {"x = False"}),
        ("x = 'text'", set()),
        ("x = f'{a or b}'", set()),
        ("x: list[Literal[1]] = a", set()),
        ("x = Callable[[A, B], C]", set()),
        ("x = any(a)", {"x = all(a)"}),
        ("x = {a, b}", {"x = {b}", "x = {a, }"}),
        ("x = [a]", set()),
        ("x = {a: 'b', **c}", {"x = {**c}", "x = {a: 'b', }"}),
        ("x = {a: 'for people', b: f'{c}'}", set()),
        ("x = [c for c in a if c]", {"x = [c for c in a if True]", "x = [c for c in a if False]"}),
        ("return a", {"return None"}),
        ("return", set()),
        ("return None", set()),
        ("return a == b", {"return not a == b", "return a != b"}),
        ("return a or b", {"return not (a or b)", "return a and b", "return a", "return b"}),
        ("return True", {"return False"}),
        ("a.call()", {"pass"}),
        ("a += b", {"pass"}),
        ("a.b = c", {"pass"}),
        ("a = c", set()),
        ("raise E(not a, why='b' if a else 'c')", {"pass"}),
        ("raise E from (a or b)", {"pass", "raise E from (a and b)", "raise E from (a)", "raise E from (b)"}),
        ("call = E(a, why=not b, other=not c)", {"call = E(a, why=not b, other=c)"}),
        ("assert a == b", set()),
        ("while True: break", {"while False: break", "while True: continue"}),
        ("for c in a: continue", {"for c in a: break"}),
        ("if a: b()", {"if True: b()", "if False: b()", "if a: pass"}),
    ],
)
def test_what_is_tried(line: str, changed: set[str]) -> None:
    assert becomes(line) == changed


def test_a_handler_is_left_out_too() -> None:
    text = "def f():\n  try:\n    a = b\n  except E:\n    c = d\n    e = g\n  except F:\n    raise G\n"
    assert [mutant.key.change for mutant in found(text)] == ["- c = d\n- e = g\n+ raise", "- raise G\n+ pass"]
    assert [mutant.lines for mutant in found(text)] == [(5, 6), (8,)]


def test_guards_are_conditions() -> None:
    text = "def f(a):\n    match a:\n        case 1 if a:\n            b()\n"
    assert {m.key.becomes for m in found(text)} == {"case 1 if True:", "case 1 if False:", "pass"}


def test_what_people_read_and_types_are_left_alone() -> None:
    text = (
        '"""Text."""\nfrom typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    X = 1\n__all__ = ["a", "b"]\n'
        "@dataclass(frozen=True)\nclass C:\n    a: Literal[1]\n"
        "    @abstractmethod\n    def f(self) -> int:\n        return 1\n"
    )
    assert found(text) == []


def test_where_it_stands() -> None:
    text = "A = 1\nclass C:\n  b: int = 1\n  def f(self, c=1):\n    def g():\n      return h\n    x = 1\n"
    assert {(m.line, m.function, m.on_import) for m in found(text)} == {
        (1, MODULE, True),
        (3, "C", True),
        (4, "C", True),
        (6, "C.f", False),
        (7, "C.f", False),
    }


def test_a_tuple_stays_one() -> None:
    assert [m.key.becomes for m in found("A = (B, C)\n")] == ["A = (C,)", "A = (B,)"]
    assert found("A, B = C, D\n") == []


@pytest.mark.parametrize("path", sorted((ROOT / "attest" / "policy").rglob("*.py")), ids=lambda path: path.stem)
def test_every_mutant_of_real_code_is_python_and_differs(path: Path) -> None:
    source = Source.read(path)
    everything = list(mutants(source))
    own = ast.dump(ast.parse(source.text))
    some = everything[:: max(1, len(everything) // 20)]
    assert [m.key for m in some if ast.dump(ast.parse(m.text)) == own] == []
    assert len({(m.start, m.end, m.replacement) for m in everything}) == len(everything)


def test_only_tests_of_the_line_are_asked() -> None:
    one = Source("attest/policy/one.py", "LIMIT = 1\ndef f(a):\n    if a:\n        return LIMIT\n")
    other = Source("attest/policy/other.py", "def g():\n    return one.LIMIT\ndef h():\n    return LIMITED\n")
    tests = {one.path: {3: frozenset("ab"), 4: frozenset("a")}, other.path: {2: frozenset("cz"), 4: frozenset("d")}}
    reach = Reach((one, other), tests, dict.fromkeys("abcd", 0.1))
    by_line = {mutant.line: reach.of(mutant) for mutant in mutants(one)}
    assert by_line == {1: frozenset("abc"), 3: frozenset("ab"), 4: frozenset("a")}
    assert {mutant.line: reach.naming(mutant) for mutant in mutants(one)} == {
        1: frozenset("ac"),
        3: frozenset(),
        4: frozenset(),
    }
    assert {mutant.line: reach.on_import(mutant) for mutant in mutants(one)} == {1: True, 3: False, 4: False}
    run_by_none = Reach((one, other), {one.path: {3: frozenset("ab")}}, dict.fromkeys("abcd", 0.1))
    assert {m.line: (run_by_none.on_import(m), run_by_none.of(m)) for m in mutants(one)}[4] == (True, frozenset("ab"))


KEY = Key("attest/policy/one.py", "C.f", 'x = "a"\ny', "pass")


def test_survivors_are_read_as_they_are_written() -> None:
    text = written([KEY])
    with pytest.raises(ValueError, match="no reason"):
        Known.read(text)
    known = Known.read(text.replace('reason = ""', 'reason = "the same"'))
    assert known.reasons == {KEY: "the same"}
    with pytest.raises(ValueError, match="twice"):
        Known.read(text.replace('reason = ""', 'reason = "the same"') * 2)
    same_file = Key(KEY.path, "f", "a", "b")
    other_file = Key("attest/policy/other.py", "f", "a", "b")
    assert known.stale([KEY], [KEY], [KEY]) == []
    assert known.stale([KEY], [], [KEY]) == [KEY]
    assert known.stale([], [], [KEY, same_file]) == []  # not in the sample
    assert known.stale([same_file], [], [same_file]) == [KEY]
    assert known.stale([other_file], [], [other_file]) == []


def test_the_committed_survivors_are_mutants_of_today() -> None:
    known = Known.all(ROOT / FOLDER)
    files = {key.path for key in known.reasons}
    today = {m.key for path in files for m in mutants(Source(path, (ROOT / path).read_text()))}
    assert sorted(key.path + ": " + key.change for key in known.reasons.keys() - today) == []


def test_what_is_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "test_a.py").write_text("1")
    first, second = found("def f(a):\n    return a\ndef g(a):\n    return a\n")
    memory = Memory()
    memory.killed(first, "test_a.py::test_it")
    memory.survived(second, ["test_a.py::test_it"])
    memory.save()
    memory = Memory.load()
    assert (memory.killer(first), memory.killer(second)) == ("test_a.py::test_it", "")
    assert (memory.dies(first), memory.dies(second)) == (True, False)
    assert memory.outlives(second, ["test_a.py::test_it"])
    assert not memory.outlives(first, ["test_a.py::test_it"])
    assert not memory.outlives(second, ["test_a.py::test_it", "test_a.py::test_other"])
    again, changed = found("def f(a):\n    return a\ndef g(a):\n    return a\n# changed\n")
    assert not memory.outlives(changed, ["test_a.py::test_it"])
    assert [memory.survivor(mutant) for mutant in (first, second, changed)] == [False, True, True]
    assert (memory.killer(again), memory.dies(again)) == ("test_a.py::test_it", False)
    memory.killed(first, "")
    assert not memory.dies(first)
    memory.killers = dict.fromkeys(memory.killers, ("test_gone.py::test_it", "of a file that is gone"))
    assert not memory.dies(first)


CODE = """\
from functools import cache
LIMITS = {"a": 1, "b": 2}

class C:
    def f(self, a):
        if a > LIMITS["a"]:
            return "much"
        return "little"

@cache
def cached():
    return 4

def unreached():
    return 5

def endless(n):
    while n > 0:
        n -= 1
    return "done"
"""
TEST = """\
import pytest
from attest.policy.one import C, cached, endless

@pytest.mark.parametrize("a, told", [(0, "little"), (3, "much")])
def test_f(a, told, tmp_path):
    assert C().f(a) == told

def test_cached(): assert cached() == 4
def test_cached_again(): assert cached() == 4
def test_endless(): assert endless(2) == "done"
"""


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    for name in ("attest", "attest/policy", "tests", "tests/policy", "tests/mutants"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").touch()
    (tmp_path / "attest" / "policy" / "one.py").write_text(CODE)
    (tmp_path / "tests" / "policy" / "test_one.py").write_text(TEST)
    (tmp_path / "tests" / "policy" / "more").mkdir()
    (tmp_path / "tests" / "policy" / "more" / "__init__.py").touch()
    (tmp_path / "tests" / "policy" / "more" / "conftest.py").touch()  # as rooms of rooms have theirs
    (tmp_path / "tests" / "policy" / "more" / "test_more.py").write_text("def test_it(): pass\n")
    return tmp_path


def mutate(suite: Path, *options: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "tools.mutate", *options, "--tests", "tests/policy", "attest/policy"],
        cwd=suite,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.slow
def test_a_whole_run(suite: Path) -> None:
    code, told = mutate(suite)
    reasoned = told[told.index("[[survivor]]") : told.rindex("\n]\n") + 3]
    reasoned = reasoned.replace('reason = ""', 'reason = "seen"')
    alive = {(key.function, key.becomes) for key in Known.read(reasoned).reasons}
    assert alive == {
        (MODULE, 'LIMITS = {"a": 1, }'),
        (MODULE, 'LIMITS = {"a": 1, "b": 3}'),
        (MODULE, 'LIMITS = {"a": 1, "b": 1}'),
        (MODULE, 'LIMITS = {"a": 2, "b": 2}'),
        (MODULE, 'LIMITS = {"a": 0, "b": 2}'),
        ("C.f", 'if a >= LIMITS["a"]:'),
        ("unreached", "return 6"),
        ("unreached", "return 4"),
        ("unreached", "return None"),
        ("endless", "while n > 1:"),
        ("endless", "while n > -1:"),
        ("endless", "while n >= 0:"),
        ("endless", "while n <= 0:"),
        ("endless", "while False:"),
        ("endless", "n -= 2"),
    }
    assert code == 1
    assert "timeout" in told
    assert f"\n{len(alive)} new survivors, told above" in told

    (suite / FOLDER / "policy.toml").write_text(reasoned)
    code, told = mutate(suite)
    assert (code, "new survivors" in told, "wanted" in told) == (1, False, True)
    assert "% killed, 95% wanted" in told

    (suite / "tests" / "policy" / "test_two.py").write_text(
        "from attest.policy.one import unreached\ndef test_it(): assert unreached() == 5\n"
    )
    code, told = mutate(suite)
    assert code == 1
    assert 'function = "unreached"' in told[told.index("No longer survivors") :]
    code, told = mutate(suite, "--again")
    assert f"{len(alive) - 3} mutants: {len(alive) - 3} survived" in told


@pytest.mark.slow
def test_tests_that_fail_without_a_change_are_no_judges(suite: Path) -> None:
    (suite / "attest" / "policy" / "one.py").write_text("def f():\n    return 1\n")
    (suite / "tests" / "policy" / "test_one.py").write_text(
        "from attest.policy.one import f\ndef test_it(): assert f() == 2\n"
    )
    code, told = mutate(suite)
    assert code == 1
    assert "fails without any change, and judges nothing: tests/policy/test_one.py::test_it" in told
    assert "3 mutants: 3 no test runs it; 0.0% killed, 95% wanted" in told


@pytest.mark.slow
def test_what_takes_long_is_set_up_once_for_all_mutants(suite: Path) -> None:
    (suite / "attest" / "policy" / "one.py").write_text("A = 1\ndef f():\n    return A + 1\n")
    (suite / "tests" / "policy" / "test_one.py").write_text("""\
import time
import pytest
from attest.policy.one import f

@pytest.fixture(scope="session")
def server():
    tell("set up")
    time.sleep(3.1)
    yield
    tell("taken down")

def tell(what):
    with open("told", "a") as file:
        file.write(what + "\\n")

def test_as_it_says(server):
    assert f() == 2

def test_as_it_asks(request):
    request.getfixturevalue("server")
    assert f() == 2

def test_by_itself():
    assert f() in (2, 3)
""")
    code, told = mutate(suite)
    assert code == 1
    alive = [line for line in told.splitlines() if line.startswith('  "- ')]
    assert alive == ['  "- A = 1\\n+ A = 2",']  # imported anew, where it is not set up
    assert (suite / "told").read_text() == "set up\ntaken down\n"


def test_without_all_tests_nothing_is_found_out(suite: Path) -> None:
    (suite / "tests" / "policy" / "test_two.py").write_text("import attest.nowhere\n")
    code, told = mutate(suite)
    assert (code, "alive" in told, "wanted" in told) == (4, False, False)


def test_what_a_mutant_takes_away() -> None:
    taken = [mutant.taken for mutant in found('A = {"deny": DenyRule, "vex": VexRule}\n')]
    assert taken == [{"deny", "DenyRule"}, {"vex", "VexRule"}]
