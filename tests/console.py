"""Console blocks in Markdown: what they say was typed and shown, and whether that is so.

A block is fenced as ``console``. ``$ `` begins a command; lines after one that ends in a backslash, and ``> `` lines
right below a command, continue it; the rest is what it shows. ``<!-- test: run -->`` above a block has it run. In what
is shown ``…`` stands for anything within a line, and alone on a line for any number of lines.
"""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

SECONDS = 120
"""Longest that all blocks of one document may take."""

_FENCE = re.compile(r"^(?P<indent> *)(?P<ticks>```+)(?P<language>[\w-]*)[^`]*$")
_MARK = re.compile(r"^ *<!--\s*test\b(?P<what>.*?)-->\s*$")
_DESCRIPTOR = re.compile(r"(?<=\s)\d(?=[<>])")
_ASSIGNMENT = re.compile(r"^[A-Za-z_]\w*=")


@dataclass(frozen=True, slots=True)
class Step:
    """One command, the lines shown below it, and the line of the document where it stands (from 1)."""

    command: str
    shown: tuple[str, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Block:
    steps: tuple[Step, ...]
    run: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a step really did: exit code, and both output streams as a terminal shows them."""

    step: Step
    code: int
    lines: tuple[str, ...]


def blocks(text: str) -> list[Block]:
    """The console blocks of a document.

    Raises:
        ValueError: a block that does not begin with a command or does not end; a mark that says something else than
            ``run`` or stands above something else than a console block.
    """
    found: list[Block] = []
    lines = text.splitlines()
    marked: int | None = None
    at = 0
    while at < len(lines):
        line = lines[at]
        at += 1
        if mark := _MARK.match(line):
            if mark["what"].strip() != ": run":
                raise ValueError(f"line {at}: not a mark: {line.strip()}")
            marked = at
            continue
        fence = _FENCE.match(line)
        if marked and line.strip() and (fence is None or fence["language"] != "console"):
            raise ValueError(f"line {marked}: no console block follows")
        if fence is None:
            continue
        inside = at
        while at < len(lines) and lines[at].strip() != fence["ticks"]:
            at += 1
        if at == len(lines):
            raise ValueError(f"line {inside}: the block does not end")
        if fence["language"] == "console":
            content = [part.removeprefix(fence["indent"]) for part in lines[inside:at]]
            found.append(Block(tuple(_steps(content, inside + 1)), run=marked is not None))
            marked = None
        at += 1
    if marked:
        raise ValueError(f"line {marked}: no console block follows")
    return found


def _steps(lines: Sequence[str], first: int) -> list[Step]:
    steps: list[Step] = []
    command: list[str] = []
    shown: list[str] = []
    start = first
    for number, line in enumerate(lines, first):
        if line.startswith("$ "):
            if command:
                steps.append(Step("\n".join(command), tuple(shown), start))
            command, shown, start = [line[2:]], [], number
        elif not command:
            raise ValueError(f"line {number}: a console block begins with a command, `$ …`")
        elif not shown and (line.startswith("> ") or line == ">" or command[-1].endswith("\\")):
            command.append(line[2:] if line[:2] in ("> ", ">") else line)
        else:
            shown.append(line)
    if command:
        steps.append(Step("\n".join(command), tuple(shown), start))
    return steps


def simple_commands(shell: str) -> list[list[str]]:
    """The commands of a shell line as words, without assignments before them and redirections after them."""
    line = shell.replace("\\\n", " ")
    if "<<" in line:
        line = line.partition("\n")[0]  # what follows is a document, not commands
    lexer = shlex.shlex(_DESCRIPTOR.sub("", line), posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    found: list[list[str]] = [[]]
    words = iter(lexer)
    for word in words:
        if set(word) <= set("<>&") and set(word) & set("<>"):
            next(words, None)
        elif set(word) <= set("();|&"):
            found.append([])
        elif found[-1] or not _ASSIGNMENT.match(word):
            found[-1].append(word)
    return [words for words in found if words]


def agrees(shown: Sequence[str], real: Sequence[str]) -> bool:
    """Whether the real lines are what is shown; spaces at the end of a line do not count."""
    pattern = "".join(
        r"(?:[^\n]*\n)*" if line.strip() == "…" else "[^\\n]*".join(map(re.escape, line.rstrip().split("…"))) + r"\n"
        for line in shown
    )
    return re.fullmatch(pattern, "".join(line.rstrip() + "\n" for line in real)) is not None


def run(steps: Sequence[Step], folder: Path, env: Mapping[str, str]) -> list[Outcome]:
    """Run the steps one after the other in one shell, so that `cd`, `export` and `$?` work as they do for a reader.

    Steps after one that ends the shell have no outcome.
    """
    between = "\x1e"
    script = "".join(
        f'{step.command}\ncode=$?; printf "{between}%d{between}" "$code"; (exit "$code")\n' for step in steps
    )
    done = subprocess.run(
        ["/bin/sh", "-c", script],
        cwd=folder,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    parts = done.stdout.split(between)
    return [
        Outcome(step, int(code), tuple(text.splitlines()))
        for step, text, code in zip(steps, parts[::2], parts[1::2], strict=False)
    ]


def complaints(document: str, folder: Path, env: Mapping[str, str]) -> list[str]:
    """Run the marked blocks of a document, in order, in one folder; say where it does not tell the truth.

    A command may fail only where the document shows it, by `$ echo $?` right below.
    """
    steps = [step for block in blocks(document) if block.run for step in block.steps]
    if not steps:
        return []
    outcomes = run(steps, folder, env)
    found = [f"line {step.line}: the shell had ended before `{step.command}`" for step in steps[len(outcomes) :]]
    following = [*(step.command for step in steps[1:]), ""]
    for outcome, after in zip(outcomes, following, strict=False):
        step = outcome.step
        if not agrees(step.shown, outcome.lines):
            real = "\n".join(f"    {line}" for line in outcome.lines)
            found.append(f"line {step.line}: `{step.command}` really shows\n{real}")
        if outcome.code and after.strip() != "echo $?":
            found.append(f"line {step.line}: `{step.command}` exits {outcome.code}, and the document does not say so")
    return found
