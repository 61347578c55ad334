"""The documents tell the truth: their commands are the commands that exist, and show what they say."""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import re
import shlex
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from attest.cli.main import build_parser
from tests.console import blocks, complaints, simple_commands

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])


def targets() -> set[str]:
    return set(re.findall(r"^\.PHONY: (\S+)$", (ROOT / "Makefile").read_text(), re.MULTILINE))


def refusal(words: list[str]) -> str | None:
    """Why `attest` or `make` would not know this command; None if it does, or if it is another program's."""
    program, *arguments = words
    if program == "make":
        unknown = [word for word in arguments if "=" not in word and not word.startswith("-") and word not in targets()]
        return f"make has no target {', '.join(unknown)}" if unknown else None
    if program != "attest":
        return None
    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said), contextlib.redirect_stdout(io.StringIO()):
            build_parser().parse_args(arguments)
    except SystemExit as exit_:
        if exit_.code:
            return said.getvalue().strip().splitlines()[-1]
    return None


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_commands_in_console_blocks_exist(document: Path) -> None:
    wrong = [
        f"{document.name}:{step.line}: {shlex.join(words)}: {why}"
        for block in blocks(document.read_text(encoding="utf-8"))
        for step in block.steps
        for words in simple_commands(step.command)
        if (why := refusal(words))
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_marked_blocks_show_what_is_so(document: Path, tmp_path: Path) -> None:
    """The folder holds what the first lines of a run use from the clone: its `policies/`."""
    env = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "LC_ALL": "C.UTF-8",
        "NO_COLOR": "1",
    }
    shutil.copytree(ROOT / "policies", tmp_path / "policies")
    wrong = complaints(document.read_text(encoding="utf-8"), tmp_path, env)
    assert not wrong, f"{document.name} does not tell the truth:\n" + "\n".join(wrong)


def every_parser() -> Iterator[argparse.ArgumentParser]:
    """That of `attest`, of its commands, and of what some of them do."""
    waiting = [build_parser()]
    while waiting:
        parser = waiting.pop()
        yield parser
        for action in parser._actions:
            if isinstance(action, argparse._SubParsersAction):
                waiting += action.choices.values()


@pytest.mark.parametrize("parser", list(every_parser()), ids=lambda parser: parser.prog)
def test_every_help_says_what_it_is_and_shows_commands_that_exist(
    parser: argparse.ArgumentParser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    text = re.sub(r"\\\n *", "", parser.epilog or "")
    examples = [line.split("   ")[0] for line in re.findall(r"^ +(attest .*?)(?: +\(.*\))?$", text, re.MULTILINE)]
    assert (bool(parser.description), bool(examples)) == (True, True)
    shown = [line for line in parser.format_help().splitlines() if line not in text.splitlines()]
    assert max(map(len, shown)) <= 120
    assert any(example.startswith(parser.prog) for example in examples)
    wrong = [
        f"{example}: {why}" for example in examples for words in simple_commands(example) if (why := refusal(words))
    ]
    assert not wrong, "\n".join(wrong)


def test_every_target_says_what_it_does() -> None:
    described = set(re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert described == targets()


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["make", "test", "ARGS=-x", "-s"], None),
        (["make", "tset"], "make has no target tset"),
        (["ls", "--no-such"], None),
        (["attest", "--help"], None),
        (["attest", "nonsense"], "invalid choice: 'nonsense'"),
        (["attest", "list", "pkg:npm/a@1", "--nonsense"], "unrecognized arguments: --nonsense"),
        (["attest", "list"], "the following arguments are required: SUBJECT"),
    ],
)
def test_refusal(words: list[str], why: str | None) -> None:
    answer = refusal(words)
    assert answer is None if why is None else answer is not None and why in answer
