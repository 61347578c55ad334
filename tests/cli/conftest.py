"""The command line as a user has it: a directory with a package and a key, and `attest` run in it."""

from __future__ import annotations

import json
import tempfile
import zipfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from attest.cli.main import main
from attest.statements.builds.detect import SERVICES

PASSWORD = "only for tests"
POLICY = """\
version: 1
name: gate
applies_to: ["pkg:pypi/**"]
trust: {keys_only: true}
identities:
  release: {key: release.pub}
rules:
  - {id: signed, require: signature, by: [release]}
"""


@dataclass(frozen=True)
class Result:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class Workplace:
    """A directory with ``acme-1.0-py3-none-any.whl``, a key and a policy."""

    def __init__(self, directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.directory = directory
        self._capsys = capsys

    def __call__(self, *arguments: str | Path) -> Result:
        """Run ``attest`` with these arguments, in this process."""
        self._capsys.readouterr()
        try:
            code = main([str(argument) for argument in arguments])
        except SystemExit as stop:  # argparse, on a usage error
            code = int(str(stop.code))
        captured = self._capsys.readouterr()
        return Result(code, captured.out, captured.err)

    def ok(self, *arguments: str | Path) -> Result:
        result = self(*arguments)
        assert result.code == 0, result
        return result

    def refused(self, *arguments: str | Path, code: int = 2) -> str:
        """Run what must fail: one line on stderr, nothing on stdout, no traceback."""
        result = self(*arguments)
        assert (result.code, result.out) == (code, ""), result
        assert result.err.startswith("attest: ")
        assert result.err.count("\n") == 1
        return result.err.strip()

    def write(self, name: str, text: str | bytes) -> Path:
        path = self.directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    def wheel(self, name: str = "acme", version: str = "1.0", *, note: str = "") -> Path:
        """A wheel that pip could install; ``note`` makes other bytes of the same name."""
        path = self.directory / "dist" / note / f"{name}-{version}-py3-none-any.whl"
        path.parent.mkdir(parents=True, exist_ok=True)
        info = f"{name}-{version}.dist-info"
        members = {
            f"{name}.py": f"NOTE = {note!r}\n",
            f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
            f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
            f"{info}/RECORD": "",
        }
        with zipfile.ZipFile(path, "w") as archive:
            for member, text in members.items():
                archive.writestr(zipfile.ZipInfo(member), text)
        return path


@cache
def key_pair(name: str, password: str) -> dict[str, bytes]:
    """The files that ``attest key generate`` makes, made once: a password is slow on purpose."""
    with tempfile.TemporaryDirectory() as directory, pytest.MonkeyPatch.context() as patch:
        patch.setenv("ATTEST_PASSWORD", password)
        patch.chdir(directory)
        assert main(["key", "generate", name]) == 0
        return {path.name: path.read_bytes() for path in Path(directory).iterdir()}


@pytest.fixture
def attest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Workplace:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ATTEST_PASSWORD", PASSWORD)
    monkeypatch.delenv("ATTEST_STORE", raising=False)
    for service in SERVICES.values():  # these tests run in CI, too
        for name in service.variables:
            monkeypatch.delenv(name, raising=False)
    workplace = Workplace(tmp_path, capsys)
    workplace.wheel()
    for name, content in key_pair("release", PASSWORD).items():
        workplace.write(name, content).chmod(0o600)
    workplace.write("policy.yaml", POLICY)
    return workplace
