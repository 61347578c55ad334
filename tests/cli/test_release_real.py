"""Releases of files as the ecosystems' own tools make or fetch them."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import POLICY, Workplace

pytestmark = pytest.mark.slow

STORE = "oci:store/{package}"
PLATFORMS = ("manylinux2014_x86_64", "manylinux2014_aarch64", "win_amd64")
GATE = (
    POLICY.replace('"pkg:pypi/**"', '"pkg:pypi/**", "pkg:npm/**", "pkg:cargo/**", "pkg:maven/**"')
    + "resolve: {by: [release]}\n"
)


def tool(name: str, *arguments: str, cwd: Path) -> None:
    program = shutil.which(name)
    if program is None:
        pytest.skip(f"{name} is not installed")
    home = {"HOME": pwd.getpwuid(os.getuid()).pw_dir}  # the tools are the user's, as they are set up
    done = subprocess.run(
        [program, *arguments],
        cwd=cwd,
        env={**os.environ, **home},
        check=False,
        timeout=300,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


def semver(folder: Path) -> str:
    tool("npm", "pack", "semver@7.6.3", "--silent", cwd=folder)
    return "pkg:npm/semver@7.6.3"


def markupsafe(folder: Path) -> str:
    for platform in PLATFORMS:
        wanted = ["markupsafe==2.1.5", "--platform", platform, "--python-version", "311"]
        subprocess.run(
            [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary", ":all:", "-q", *wanted],
            cwd=folder,
            check=True,
            timeout=300,
        )
    return "pkg:pypi/markupsafe@2.1.5"


def crate(folder: Path) -> str:
    source = folder.parent / "source"
    (source / "src").mkdir(parents=True)
    (source / "src" / "lib.rs").write_text("")
    (source / "Cargo.toml").write_text(
        '[package]\nname = "widget"\nversion = "1.0.0"\nedition = "2021"\nlicense = "MIT"\ndescription = "a"\n'
    )
    tool("cargo", "package", "--offline", "--no-verify", "--allow-dirty", "--quiet", cwd=source)
    shutil.copy(source / "target" / "package" / "widget-1.0.0.crate", folder)
    return "pkg:cargo/widget@1.0.0"


def commons(folder: Path) -> str:
    copy = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy"
    what = ["-Dartifact=commons-io:commons-io:2.16.1", f"-DoutputDirectory={folder}"]
    tool("mvn", "--batch-mode", "--quiet", copy, *what, cwd=folder.parent)
    return "pkg:maven/commons-io/commons-io@2.16.1"


@pytest.mark.parametrize(("make", "files"), [(semver, 1), (markupsafe, len(PLATFORMS)), (crate, 1), (commons, 1)])
def test_from_the_files_to_the_verdict(attest: Workplace, make: Callable[[Path], str], files: int) -> None:
    folder = attest.directory / "release"
    folder.mkdir()
    purl = make(folder)
    attest.write("gate.yaml", GATE)
    paths = sorted(folder.iterdir())
    assert len(paths) == files
    (found,) = attest.ok("release", *paths, "--key", "release.key", "--store", STORE, "--index", "--json").json[
        "released"
    ]
    assert (found["purl"], [item["name"] for item in found["files"]]) == (purl, [path.name for path in paths])
    for subject in ([purl], paths):
        answer = attest.ok("verify", *subject, "--policy", "gate.yaml", "--store", STORE, "--json").json
        assert sorted(item["digest"] for item in answer["verdicts"]) == sorted(
            item["digest"] for item in found["files"]
        )
