"""What README offers to pipelines: YAML that services take, and commands that exist, with extras that exist."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.console import simple_commands
from tests.test_readme import refusal

ROOT = Path(__file__).resolve().parent.parent
SECTION = re.compile(r"\n### Release pipelines\n(.*?)\n### ", re.DOTALL)


def snippets() -> list[Any]:
    found = SECTION.search((ROOT / "README.md").read_text(encoding="utf-8"))
    assert found is not None
    return [YAML(typ="safe", pure=True).load(text) for text in re.findall(r"```yaml\n(.*?)```", found[1], re.DOTALL)]


def lines(value: Any) -> Iterator[str]:
    """What a service runs: GitHub's `run`, GitLab's `script`."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from [inner] if key == "run" else inner if key == "script" else lines(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from lines(inner)


def commands(snippet: Any) -> list[list[str]]:
    return [words for line in lines(snippet) for words in simple_commands(line)]


def test_there_is_one_for_github_and_one_for_gitlab() -> None:
    github, gitlab = snippets()
    (job,) = github["jobs"].values()
    assert (job["runs-on"], job["permissions"]["id-token"]) == ("ubuntu-latest", "write")
    assert all(set(step) <= {"run", "uses", "with", "env"} for step in job["steps"])
    assert gitlab["release"]["id_tokens"] == {"SIGSTORE_ID_TOKEN": {"aud": "sigstore"}}
    assert all(isinstance(line, str) for line in gitlab["release"]["script"])


@pytest.mark.parametrize("number", [0, 1])
def test_their_commands_exist(number: int) -> None:
    found = commands(snippets()[number])
    assert [words[:2] for words in found if words[0] == "attest"] == [["attest", "login"], ["attest", "release"]]
    assert [why for words in found if (why := refusal(words))] == []
    (release,) = [words for words in found if words[:2] == ["attest", "release"]]
    assert {"--policy", "--keyless", "--store"} <= set(release)


def test_what_they_install_is_enough() -> None:
    known = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    for snippet in snippets():
        (wanted,) = [words[-1] for words in commands(snippet) if words[:2] == ["pip", "install"]]
        extras = re.fullmatch(r"\./attest\[(.*)\]", wanted)
        assert extras is not None
        assert {"sigstore", "sbom"} <= set(extras[1].split(",")) <= set(known)


def test_no_secret_is_written_into_a_command() -> None:
    """GitHub puts `${{ … }}` into the script before the shell sees it."""
    for snippet in snippets():
        assert not [line for line in lines(snippet) if "${{" in line]
