"""The reader and runner of console blocks that `test_readme.py` trusts."""

from __future__ import annotations

import os
import string
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.console import Block, Step, agrees, blocks, complaints, simple_commands

ENV = {"PATH": os.environ["PATH"]}


def marked(*lines: str) -> str:
    return "\n".join(("<!-- test: run -->", "```console", *lines, "```"))


def test_commands_and_what_they_show() -> None:
    text = """# Title

```console
$ attest list a
one
two

$ attest tree a
```

```sh
$ not this
```
"""
    assert blocks(text) == [
        Block((Step("attest list a", ("one", "two", ""), 4), Step("attest tree a", (), 8)), run=False)
    ]


def test_marks_continuations_and_indents() -> None:
    text = """
1. First:

   <!-- test: run -->

   ```console
   $ attest sign a \\
       --key k
   done
   $ cat > f <<END
   > a
   >
   > b
   END
   ```
"""
    assert blocks(text) == [
        Block(
            (Step("attest sign a \\\n    --key k", ("done",), 7), Step("cat > f <<END\na\n\nb", ("END",), 10)),
            run=True,
        )
    ]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("```console\nattest list\n```", "line 2: a console block begins with a command"),
        ("```console\n$ attest list\n", "line 1: the block does not end"),
        ("<!-- test: rnu -->\n```console\n$ x\n```", "line 1: not a mark"),
        ("<!-- test:run-->\n```console\n$ x\n```", "line 1: not a mark"),
        ("<!-- test: run -->\ntext\n```console\n$ x\n```", "line 1: no console block follows"),
        ("<!-- test: run -->\n```sh\nx\n```", "line 1: no console block follows"),
        ("<!-- test: run -->\n", "line 1: no console block follows"),
    ],
)
def test_what_is_no_block_is_an_error(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=f"^{why}"):
        blocks(text)


@pytest.mark.parametrize(
    ("shell", "expected"),
    [
        ("attest list a", [["attest", "list", "a"]]),
        ("A=1 B='x y' attest list 'a b'", [["attest", "list", "a b"]]),
        ("attest list a | head -3; make test", [["attest", "list", "a"], ["head", "-3"], ["make", "test"]]),
        ("attest anchor a > b 2>&1 && attest tree a", [["attest", "anchor", "a"], ["attest", "tree", "a"]]),
        ("attest sign a \\\n  --key k", [["attest", "sign", "a", "--key", "k"]]),
        ("attest list --store=oci:d/{package}", [["attest", "list", "--store=oci:d/{package}"]]),
        ("export A=1", [["export", "A=1"]]),
        ("cat > f <<END\nit's; attest nonsense\nEND", [["cat"]]),
    ],
)
def test_simple_commands(shell: str, expected: list[list[str]]) -> None:
    assert simple_commands(shell) == expected


@pytest.mark.parametrize(
    ("shown", "real", "answer"),
    [
        ([], [], True),
        ([], ["x"], False),
        (["x"], [], False),
        (["sha256:… a"], ["sha256:0123 a"], True),
        (["sha256:… a"], ["sha256:0123 b"], False),
        (["a…"], ["a", "b"], False),
        (["a", "…", "z"], ["a", "z"], True),
        (["a", "…", "z"], ["a", "b", "c", "z"], True),
        (["…"], [], True),
        (["a.c"], ["abc"], False),
        (["a  "], ["a"], True),
        ([" a"], ["a"], False),
    ],
)
def test_agrees(shown: list[str], real: list[str], answer: bool) -> None:
    assert agrees(shown, real) is answer


@given(st.lists(st.text(string.printable.replace("\n", "").replace("\r", "").replace("\x0b", "").replace("\x0c", ""))))
def test_lines_without_ellipses_agree_with_themselves_and_not_with_more(lines: list[str]) -> None:
    assert agrees(lines, lines)
    assert not agrees(lines, [*lines, "more"])


def test_one_shell_runs_all_blocks_of_a_document(tmp_path: Path) -> None:
    text = marked("$ mkdir d && cd d", "$ export A=1") + "\n\n" + marked('$ echo "$A" $(basename "$PWD")', "1 d")
    assert complaints(text, tmp_path, ENV) == []


def test_blocks_without_mark_are_not_run(tmp_path: Path) -> None:
    assert complaints("```console\n$ touch x\nno\n```", tmp_path, ENV) == []
    assert list(tmp_path.iterdir()) == []


def test_what_is_not_so_is_named_with_its_line(tmp_path: Path) -> None:
    assert complaints(marked("$ echo a", "a", "$ echo b >&2", "c"), tmp_path, ENV) == [
        "line 5: `echo b >&2` really shows\n    b"
    ]


def test_a_failure_must_be_shown(tmp_path: Path) -> None:
    assert complaints(marked("$ (exit 3)"), tmp_path, ENV) == [
        "line 3: `(exit 3)` exits 3, and the document does not say so"
    ]
    assert complaints(marked("$ (exit 3)", "$ echo $?", "3"), tmp_path, ENV) == []
    assert complaints(marked("$ (exit 3)", "$ echo $?", "1"), tmp_path, ENV) == [
        "line 4: `echo $?` really shows\n    3"
    ]


def test_a_shell_that_ends_early_is_noticed(tmp_path: Path) -> None:
    assert complaints(marked("$ exit 0", "$ echo a", "a"), tmp_path, ENV) == [
        "line 3: the shell had ended before `exit 0`",
        "line 4: the shell had ended before `echo a`",
    ]
