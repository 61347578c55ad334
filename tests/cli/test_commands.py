"""A command line loads the command that it begins with, and behaves as if it had loaded all."""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

import pytest

import attest.cli
from attest.cli.main import COMMANDS, build_parser


def _parsers(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    (action,) = (item for item in parser._actions if isinstance(item, argparse._SubParsersAction))
    return dict(action.choices)


def test_the_table_has_every_command_in_the_module_that_adds_it() -> None:
    added = {name: parser.get_default("run") for name, parser in _parsers(build_parser()).items()}
    assert list(added) == list(COMMANDS)
    for name, run in added.items():
        assert run is None or run.__module__ == f"attest.cli.{COMMANDS[name]}", name


def test_no_module_that_adds_a_command_is_forgotten() -> None:
    modules = Path(attest.cli.__path__[0]).glob("*.py")
    adds = "\n    parser = commands.add_parser("
    adding = {path.stem for path in modules if adds in path.read_text(encoding="utf-8")}
    assert adding == set(COMMANDS.values())


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_that_is_loaded_alone_has_the_same_help(name: str) -> None:
    alone = build_parser(name)
    assert _parsers(alone)[name].format_help() == _parsers(build_parser())[name].format_help()


@pytest.mark.parametrize("first", ["--store", "--help", "no-such-command"])
def test_what_does_not_begin_with_a_command_loads_all(first: str) -> None:
    assert list(_parsers(build_parser(first))) == list(COMMANDS)


def test_a_command_loads_no_other() -> None:
    code = (
        "import sys; from attest.cli.main import build_parser; build_parser('verify');"
        "print([name for name in ('sign', 'release', 'bundle') if f'attest.cli.{name}' in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
