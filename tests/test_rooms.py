"""What holds of the source as a whole: rooms, declared dependencies, public names only, the tree of errors."""

from __future__ import annotations

import ast
import inspect
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from attest import errors

ROOT = Path(__file__).resolve().parent.parent
MODULES = sorted((ROOT / "attest").rglob("*.py"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def foreign_imports(tree: ast.AST) -> Iterator[tuple[ast.stmt, str]]:
    """Each import of a module from outside `attest` and the standard library, by its full dotted name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            if name.partition(".")[0] not in {"attest", "tests", "tools", "bench", *sys.stdlib_module_names}:
                yield node, name


def _is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")


def private_names(tree: ast.AST) -> list[str]:
    """Names of dependencies that begin with an underscore, imported or reached through an imported module."""
    imports = list(foreign_imports(tree))
    found = [name for _, name in imports if any(map(_is_private, name.split(".")))]
    bound = {
        (alias.asname or alias.name).partition(".")[0]
        for node, _ in imports
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and _is_private(node.attr):
            owner: ast.expr = node.value
            while isinstance(owner, ast.Attribute):
                owner = owner.value
            if isinstance(owner, ast.Name) and owner.id in bound:
                found.append(ast.unparse(node))
    return found


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import requests._x", ["requests._x"]),
        ("from requests import _x", ["requests._x"]),
        ("from sigstore._internal import y", ["sigstore._internal.y"]),
        ("import sigstore.models as m\nm.Bundle._inner", ["m.Bundle._inner"]),
        (
            "from sigstore.models import Bundle\nBundle(1)._inner",
            [],
        ),  # a value's attribute: mypy's and review's business
        ("from sigstore.models import Bundle\nBundle.__name__", []),
        ("from attest.x import _y\nimport os\nos._exit", []),
    ],
)
def test_private_names(source: str, expected: list[str]) -> None:
    assert private_names(ast.parse(source)) == expected


def test_only_public_names_of_dependencies_are_used() -> None:
    """Nor by tests: a later version of the dependency may do without them."""
    ours = [*MODULES, *(path for room in ("tests", "tools", "bench") for path in sorted((ROOT / room).rglob("*.py")))]
    found = {str(path.relative_to(ROOT)): private_names(ast.parse(path.read_text("utf-8"))) for path in ours}
    assert {path: names for path, names in found.items() if names} == {}


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", re.split(r"[^\w.-]", name, maxsplit=1)[0]).lower()


def test_every_import_is_a_declared_dependency_and_every_dependency_is_imported() -> None:
    """What comes along with a dependency today may not tomorrow; what nobody imports is a burden.

    The modules of an extra are not installed everywhere; they are known by the extra's own name.
    """
    providers = packages_distributions()

    core = {canonical(text) for text in PROJECT["dependencies"]}
    extras = {canonical(text) for texts in PROJECT["optional-dependencies"].values() for text in texts}

    def provided(top: str) -> set[str]:
        """By whom; of many that share a namespace, as `google` is, those that are declared."""
        found = {canonical(distribution) for distribution in providers.get(top, [top])}
        return found & (core | extras) or found

    imported = {
        distribution
        for path in MODULES
        for _, name in foreign_imports(ast.parse(path.read_text("utf-8")))
        for distribution in provided(name.partition(".")[0])
    }
    assert imported - core - extras == set()
    assert core - imported == set()


def test_the_tree_in_the_docstring_is_the_tree_of_errors() -> None:
    """A room may refine a leaf for itself; callers know the tree alone."""

    def drawn(error: type[errors.AttestError], indent: str = "") -> Iterator[str]:
        children = [child for child in error.__subclasses__() if child.__module__ == errors.__name__]
        for child in children:
            last = child is children[-1]
            yield f"{indent}{'└── ' if last else '├── '}{child.__name__}"
            yield from drawn(child, indent + ("    " if last else "│   "))

    in_docstring = re.findall(r"^    ([│ ]*[├└]── \w+)", inspect.getdoc(errors) or "", re.MULTILINE)
    assert in_docstring == list(drawn(errors.AttestError))


def test_every_error_is_exported() -> None:
    classes = [name for name, value in vars(errors).items() if inspect.isclass(value)]
    assert sorted(classes) == sorted(errors.__all__) == errors.__all__


@pytest.mark.parametrize(
    ("module", "line", "broken"),
    [
        ("attest/errors.py", "import attest.limits", "Rooms"),
        ("attest/stores/memory.py", "from attest.evidence import model", "Rooms"),
        ("attest/kitchen/__init__.py", "", "attest.kitchen"),
        ("attest/oci/digest.py", "import requests", "One module speaks HTTP"),
        ("attest/cli/main.py", "import http.client", "One module speaks HTTP"),
    ],
)
def test_the_contracts_bite(tmp_path: Path, module: str, line: str, broken: str) -> None:
    shutil.copytree(ROOT / "attest", tmp_path / "attest", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    victim = tmp_path / module
    victim.parent.mkdir(exist_ok=True)
    with victim.open("a", encoding="utf-8") as stream:
        stream.write(f"\n\ndef _late() -> None:\n    {line or 'pass'}\n")
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, broken in done.stdout.partition("Broken contracts")[2]) == (1, True)
