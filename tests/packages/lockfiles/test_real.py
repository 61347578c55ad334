"""Lockfiles that the real tools write here pin the very files that the ecosystems' clients then fetch.

Each file is identified by its own content: the lockfile's (purl, digest) and the file's must be the same. Kinds whose
tool does not run here are held against their documents instead (`tests.packages.lockfiles.samples`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path

import pytest

from attest.packages.digest import ArtifactDigest
from attest.packages.files import identify
from attest.packages.lockfiles.lock import Lock
from attest.packages.lockfiles.table import read_lock
from attest.packages.purl import Purl
from tests.packages.lockfiles.tools import REAL_HOME, node, program, python, run

pytestmark = pytest.mark.slow

Artifacts = set[tuple[Purl, ArtifactDigest]]

NPM_MANIFEST = {
    "name": "demo",
    "version": "1.0.0",
    "dependencies": {"chokidar": "3.6.0", "@sindresorhus/is": "4.6.0", "renamed": "npm:ms@2.1.3"},
}
PYTHON_PINS = ("idna==3.10", "markupsafe==3.0.2", "six==1.17.0")
CRATES = {"itoa": "=1.0.14", "semver": "=1.0.23"}
GO_SOURCE = 'package main\n\nimport "rsc.io/quote"\n\nfunc main() { println(quote.Hello()) }\n'


def of_files(files: Iterable[Path]) -> Artifacts:
    found = [identify(file) for file in files]
    assert found
    return {(item.purl, item.digest) for item in found}


def of_lock(path: Path) -> tuple[Lock, Artifacts]:
    lock = read_lock(path)
    return lock, set(lock.artifacts())


@pytest.fixture(scope="module")
def npm_registry() -> str:
    return run([program("npm"), "config", "get", "registry"], Path.cwd()).strip()


@pytest.fixture(scope="module")
def npm_project(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Artifacts]:
    """A project with npm's own lockfile, installed; and the archives of all that it needs, as `npm pack` gets them."""
    folder = tmp_path_factory.mktemp("npm")
    manifest(folder)
    run([*node("npm"), "install", "--ignore-scripts"], folder)
    packages = json.loads((folder / "package-lock.json").read_text())["packages"]
    names = {
        f"{item.get('name') or path.rpartition('node_modules/')[2]}@{item['version']}"
        for path, item in packages.items()
        if path
    }
    archives = folder / "archives"
    archives.mkdir()
    run([program("npm"), "pack", "--silent", "--pack-destination", archives, *sorted(names)], folder)
    found = of_files(archives.iterdir())
    assert len(found) == len(names) > 15
    return folder, found


def manifest(folder: Path) -> None:
    (folder / "package.json").write_text(json.dumps(NPM_MANIFEST))


@pytest.mark.parametrize("version", [1, 2, 3])
def test_npm(npm_project: tuple[Path, Artifacts], tmp_path: Path, version: int) -> None:
    manifest(tmp_path)
    run([*node("npm"), "install", "--package-lock-only", "--ignore-scripts", f"--lockfile-version={version}"], tmp_path)
    path = tmp_path / "package-lock.json"
    assert json.loads(path.read_text())["lockfileVersion"] == version
    lock, found = of_lock(path)
    assert found == npm_project[1]
    assert not any(entry.gap for entry in lock.entries)
    optional = {entry.purl.name: entry.condition for entry in lock.entries if entry.purl and entry.condition}
    assert optional == {"fsevents": "optional" if version == 1 else "optional; os darwin"}


def test_npm_shrinkwrap(npm_project: tuple[Path, Artifacts], tmp_path: Path) -> None:
    manifest(tmp_path)
    run([*node("npm"), "install", "--package-lock-only", "--ignore-scripts"], tmp_path)
    run([*node("npm"), "shrinkwrap"], tmp_path)
    assert of_lock(tmp_path / "npm-shrinkwrap.json")[1] == npm_project[1]


def test_pnpm(npm_project: tuple[Path, Artifacts], npm_registry: str, tmp_path: Path) -> None:
    manifest(tmp_path)
    run([*node("pnpm"), "install", "--lockfile-only", f"--registry={npm_registry}"], tmp_path, clean(tmp_path))
    lock, found = of_lock(tmp_path / "pnpm-lock.yaml")
    assert found == npm_project[1]
    assert [entry.condition for entry in lock.entries if entry.name.startswith("fsevents")] == ["os darwin"]


def test_yarn_classic(npm_project: tuple[Path, Artifacts], npm_registry: str, tmp_path: Path) -> None:
    manifest(tmp_path)
    run(
        [*node("yarn"), "install", "--ignore-scripts", "--non-interactive", "--registry", npm_registry],
        tmp_path,
        clean(tmp_path),
    )
    lock, found = of_lock(tmp_path / "yarn.lock")
    assert lock.kind == "yarn.lock (classic)"
    assert found == npm_project[1]


def test_yarn_berry(npm_project: tuple[Path, Artifacts], npm_registry: str, tmp_path: Path) -> None:
    """Yarn writes the hash of an archive that it makes itself: no entry is of use, and each says so."""
    manifest(tmp_path)
    (tmp_path / "yarn.lock").touch()
    settings = {"YARN_NPM_REGISTRY_SERVER": npm_registry.rstrip("/"), "YARN_ENABLE_TELEMETRY": "0"}
    run([*node("berry"), "install", "--mode=update-lockfile"], tmp_path, clean(tmp_path) | settings)
    lock, found = of_lock(tmp_path / "yarn.lock")
    assert lock.kind == "yarn.lock (berry)"
    assert not found
    # It also writes down what building fsevents would need.
    assert {entry.purl for entry in lock.entries if entry.gap} >= {purl for purl, _ in npm_project[1]}


@pytest.mark.parametrize(("form", "file"), [("cyclonedx", "demo.cdx.json"), ("spdx", "demo.spdx.json")])
def test_npm_sbom(npm_project: tuple[Path, Artifacts], tmp_path: Path, form: str, file: str) -> None:
    """It lists what is installed on this machine: without the package that is for another one."""
    text = run([*node("npm"), "sbom", f"--sbom-format={form}"], npm_project[0])
    (tmp_path / file).write_text(text)
    lock, found = of_lock(tmp_path / file)
    assert found == {pair for pair in npm_project[1] if pair[0].name != "fsevents"}
    assert sum(entry.covered is not None for entry in lock.entries) == 1


def clean(folder: Path) -> dict[str, str]:
    """Caches of their own for those that would keep them at home."""
    return {
        "XDG_CACHE_HOME": str(folder / "cache"),
        "XDG_DATA_HOME": str(folder / "data"),
        "YARN_CACHE_FOLDER": str(folder / "yarn-cache"),
        "YARN_GLOBAL_FOLDER": str(folder / "yarn-global"),
        "npm_config_store_dir": str(folder / "store"),
    }


@pytest.fixture(scope="module")
def index() -> str:
    """Where pip looks: the tools beside it have their own settings, and a default that may not be reachable."""
    text = re.sub(r"\s+", " ", run([python("pip"), "download", "--help"], Path.cwd()))
    found = re.search(r"Base URL of the Python Package Index \(default (\S+)\)", text)
    assert found is not None
    return found[1]


@pytest.fixture(scope="module")
def python_project(tmp_path_factory: pytest.TempPathFactory, index: str) -> tuple[Path, Artifacts]:
    """A project locked by uv, and files of all its packages as pip fetches them: wheels, and one sdist."""
    folder = tmp_path_factory.mktemp("python")
    pins = ", ".join(f'"{pin}"' for pin in PYTHON_PINS)
    (folder / "pyproject.toml").write_text(
        f'[project]\nname = "demo"\nversion = "0.1.0"\nrequires-python = ">=3.9"\ndependencies = [{pins}]\n'
    )
    run([python("uv"), "lock", "--no-config", "--default-index", index], folder)
    files = folder / "files"
    run([python("pip"), "download", "--no-deps", "-d", files, *PYTHON_PINS], folder)
    run([python("pip"), "download", "--no-deps", "--no-binary=six", "-d", files, "six==1.17.0"], folder)
    found = of_files(files.iterdir())
    assert len(found) == len(PYTHON_PINS) + 1
    return folder, found


@pytest.fixture(scope="module")
def python_artifacts(python_project: tuple[Path, Artifacts]) -> Artifacts:
    """All that uv locks: every file of each version."""
    lock, found = of_lock(python_project[0] / "uv.lock")
    assert python_project[1] < found
    assert [entry.covered for entry in lock.entries if not entry.digests] == ["the project itself"]
    return found


def test_uv(python_artifacts: Artifacts) -> None:
    assert len(python_artifacts) > 50  # markupsafe has that many wheels


@pytest.mark.parametrize(("form", "file"), [("pylock.toml", "pylock.toml"), ("requirements-txt", "requirements.txt")])
def test_what_uv_exports(
    python_project: tuple[Path, Artifacts], python_artifacts: Artifacts, tmp_path: Path, form: str, file: str
) -> None:
    command = ["export", "--no-config", "--frozen", "--no-emit-project", "--format", form, "--output-file"]
    run([python("uv"), *command, tmp_path / file], python_project[0])
    assert of_lock(tmp_path / file)[1] == python_artifacts


def test_pip_compile(python_artifacts: Artifacts, tmp_path: Path) -> None:
    (tmp_path / "requirements.in").write_text("\n".join(PYTHON_PINS))
    run([python("pip-compile"), "--quiet", "--generate-hashes", "--strip-extras", "requirements.in"], tmp_path)
    assert of_lock(tmp_path / "requirements.txt")[1] == python_artifacts


def test_poetry(python_artifacts: Artifacts, index: str, tmp_path: Path) -> None:
    pins = ", ".join(f'"{pin}"' for pin in PYTHON_PINS)
    (tmp_path / "pyproject.toml").write_text(
        f'[project]\nname = "demo"\nversion = "0.1.0"\nrequires-python = ">=3.9"\ndependencies = [{pins}]\n'
        f'[tool.poetry]\npackage-mode = false\n[[tool.poetry.source]]\nname = "pip"\nurl = "{index}"\n'
    )
    run([python("poetry"), "lock", "--no-interaction"], tmp_path, {"POETRY_CACHE_DIR": str(tmp_path / "cache")})
    assert of_lock(tmp_path / "poetry.lock")[1] == python_artifacts


def test_pipenv(python_artifacts: Artifacts, index: str, tmp_path: Path) -> None:
    packages = "\n".join(f'{name} = "=={version}"' for name, _, version in (pin.partition("==") for pin in PYTHON_PINS))
    (tmp_path / "Pipfile").write_text(
        f'[[source]]\nurl = "{index}"\nverify_ssl = true\nname = "pip"\n[packages]\n{packages}\n'
    )
    run([python("pipenv"), "lock"], tmp_path, {"PIPENV_VENV_IN_PROJECT": "1", "PIPENV_CACHE_DIR": str(tmp_path / "c")})
    assert of_lock(tmp_path / "Pipfile.lock")[1] == python_artifacts


def test_cyclonedx_py(python_project: tuple[Path, Artifacts], python_artifacts: Artifacts, tmp_path: Path) -> None:
    requirements = tmp_path / "requirements.txt"
    run([python("uv"), "export", "--no-config", "--frozen", "--no-emit-project", "-o", requirements], python_project[0])
    sbom = tmp_path / "bom.json"
    run([python("cyclonedx-py"), "requirements", "-o", sbom, requirements], tmp_path)
    assert of_lock(sbom)[1] == python_artifacts


def test_cargo(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "main.rs").write_text("fn main() {}\n")
    crates = "\n".join(f'{name} = "{version}"' for name, version in CRATES.items())
    (tmp_path / "Cargo.toml").write_text(
        f'[package]\nname = "demo"\nversion = "0.1.0"\nedition = "2021"\n[dependencies]\n{crates}\n'
    )
    homes = {"CARGO_HOME": str(tmp_path / "home"), "RUSTUP_HOME": str(REAL_HOME / ".rustup")}
    (tmp_path / "home").mkdir()
    for name in ("config.toml", "config"):
        settings = REAL_HOME / ".cargo" / name
        if settings.exists():
            (tmp_path / "home" / name).write_bytes(settings.read_bytes())
    run([program("cargo"), "fetch"], tmp_path, homes)
    lock, found = of_lock(tmp_path / "Cargo.lock")
    assert found == of_files((tmp_path / "home" / "registry" / "cache").glob("*/*.crate"))
    assert len(found) == len(CRATES)
    assert [(entry.name, entry.covered) for entry in lock.entries if entry.covered] == [("demo", "the project itself")]


def test_go(tmp_path: Path) -> None:
    (tmp_path / "main.go").write_text(GO_SOURCE)
    (tmp_path / "go.mod").write_text("module demo.example/x\n\ngo 1.22\n\nrequire rsc.io/quote v1.5.2\n")
    settings = {"GOMODCACHE": str(tmp_path / "cache"), "GOFLAGS": "-mod=mod -modcacherw", "GOTOOLCHAIN": "local"}
    run([program("go"), "mod", "tidy"], tmp_path, settings)
    run([program("go"), "mod", "download"], tmp_path, settings)
    _, found = of_lock(tmp_path / "go.sum")
    zips = (tmp_path / "cache" / "cache" / "download").rglob("*.zip")
    assert found == of_files(zips)
    assert {str(purl) for purl, _ in found} >= {"pkg:golang/rsc.io/quote@v1.5.2", "pkg:golang/rsc.io/sampler@v1.3.0"}


def test_debian(tmp_path: Path) -> None:
    run([program("apt-get"), "download", "hello"], tmp_path)
    (file,) = tmp_path.glob("*.deb")
    version = run([program("dpkg-deb"), "-f", file, "Version"], tmp_path).strip()
    (tmp_path / "Packages").write_text(run([program("dpkg-scanpackages"), "--multiversion", "."], tmp_path))
    lock = read_lock(tmp_path / "Packages", vendor="debian")
    found = identify(file, Purl.of("deb", ("debian",), "hello", version))
    assert lock.artifacts() == [(found.purl, found.digest)]


def test_dpkg_status() -> None:
    """The list of what is installed on this machine: hundreds of packages, none with a digest."""
    path = Path("/var/lib/dpkg/status")
    if not path.exists():
        program("dpkg")
    lock = read_lock(path)
    assert len(lock.entries) > 50
    assert not any(entry.digests for entry in lock.entries)
