"""`attest sbom`: what it is given, what it writes, and that policies take what it writes."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

import pytest

from attest.sboms.make import Form
from tests.cli.conftest import Workplace
from tests.packages.build import tgz, wheel_members, zipped
from tests.packages.metadata import told
from tests.packages.samples import SAMPLES, Sample
from tests.packages.test_files import pack
from tests.sboms.official import complaints

WHEEL = "dist/acme-1.0-py3-none-any.whl"
ALL = pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.file_name)
POLICY = """\
version: 1
name: gate
applies_to: ["pkg:{type}/**"]
trust: {{keys_only: true}}
identities:
  release: {{key: release.pub}}
rules:
  - {{id: sbom, require: sbom, by: [release], includes_package: true{more}}}
"""


@pytest.fixture(autouse=True)
def fixed_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")


def properties(component: Any) -> dict[str, str]:
    return {item["name"]: item["value"] for item in component.get("properties", ())}


@ALL
def test_a_policy_takes_what_it_writes(attest: Workplace, sample: Sample) -> None:
    """Of every ecosystem, from the file to the verdict: the package is in it, and nothing contradicts it."""
    attest.write(sample.file_name, sample.data)
    subject = [sample.file_name, *(["--purl", sample.purl] if sample.given else [])]
    form = list(Form)[len(sample.file_name) % 2]
    attest.ok("sbom", *subject, "--format", form, "--supplier", "Acme", "-o", "made.json")
    attest.ok("attach", *subject, "made.json", "--key", "release.key")
    needs_nothing = sample.type not in ("apk", "conda", "gem", "hex")  # what others are, their SBOMs know
    more = ", minimum: ntia" if needs_nothing else ""
    attest.write("gate.yaml", POLICY.format(type=sample.type, more=more))
    assert "admitted" in attest.ok("verify", *subject, "--policy", "gate.yaml").out


def test_without_who_gives_it_out_the_minimum_is_not_met(attest: Workplace) -> None:
    attest.ok("sbom", WHEEL, "-o", "made.json")
    attest.ok("attach", WHEEL, "made.json", "--key", "release.key")
    attest.write("gate.yaml", POLICY.format(type="pypi", more=", minimum: ntia"))
    assert "no supplier" in attest("verify", WHEEL, "--policy", "gate.yaml", "--explain").out


def test_of_another_file_it_is_refused(attest: Workplace) -> None:
    other = attest.wheel(note="other")
    attest.ok("sbom", other, "-o", "made.json")
    attest.ok("attach", WHEEL, "made.json", "--key", "release.key")
    attest.write("gate.yaml", POLICY.format(type="pypi", more=""))
    assert attest("verify", WHEEL, "--policy", "gate.yaml").code == 1


@pytest.mark.parametrize("form", list(Form))
def test_to_stdout_and_to_a_file(attest: Workplace, form: Form) -> None:
    result = attest.ok("sbom", WHEEL, "--format", form, "--files")
    assert complaints(result.out.encode(), form) == []
    assert result.err == ""
    assert attest.ok("sbom", WHEEL, "--format", form, "--files", "-o", "made.json").out == ""
    assert Path("made.json").read_text() == result.out
    assert "2023-11-14T22:13:20" in result.out


def test_the_time_is_now_where_none_is_given(attest: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SOURCE_DATE_EPOCH")
    assert attest.ok("sbom", WHEEL).json["metadata"]["timestamp"] > "2026"


def test_a_directory(attest: Workplace) -> None:
    attest.write("dist/SHA256SUMS", "…")
    attest.write("dist/.hidden", "…")
    attest.write("dist/more/x", "…")
    result = attest.ok("sbom", "dist")
    assert result.json["metadata"]["component"]["purl"] == "pkg:pypi/acme@1.0"
    assert result.err.splitlines() == [
        "dist/.hidden: hidden by the dot before its name, and not in the SBOM",
        "dist/SHA256SUMS: not a package file, and not in the SBOM",
        "dist/more: a directory, and not in the SBOM",
    ]


def test_links_and_what_is_no_file_in_a_directory(attest: Workplace) -> None:
    """Nothing outside of it is looked at, and nothing is waited for."""
    alone = attest.ok("sbom", "dist").json
    attest.write("elsewhere/other.txt", "…")
    Path("elsewhere/acme.whl").write_bytes(Path(WHEEL).read_bytes())
    Path("dist/a-out.whl").symlink_to(Path("elsewhere/acme.whl").resolve())
    Path("dist/b-dead").symlink_to("nothing")
    Path("dist/c-loop").symlink_to("c-loop")
    Path("dist/d-folder").symlink_to(Path("elsewhere").resolve())
    os.mkfifo("dist/e-pipe")
    Path("dist/f-same.whl").symlink_to(Path(WHEEL).name)
    result = attest.ok("sbom", "dist")
    assert result.err.splitlines() == [
        "dist/a-out.whl: a link that leads out of the directory, and not in the SBOM",
        "dist/b-dead: not a file, and not in the SBOM",
        "dist/c-loop: not a file, and not in the SBOM",
        "dist/d-folder: a directory, and not in the SBOM",
        "dist/e-pipe: not a file, and not in the SBOM",
    ]
    main = result.json["metadata"]["component"]
    assert main["purl"] == alone["metadata"]["component"]["purl"]
    files = [item["value"] for item in main["properties"] if item["name"] == "attest:file"]
    assert files == [Path(WHEEL).name, "f-same.whl"]


def test_a_directory_with_a_package_that_contradicts_itself(attest: Workplace) -> None:
    """It is no other file that lies there by chance."""
    attest.write("dist/bad.whl", zipped([*wheel_members(), ("bar-1.dist-info/METADATA", b"")]))
    assert "dist/bad.whl: more than one *.dist-info/METADATA" in attest.refused("sbom", "dist")


def test_what_is_unpacked_or_installed(attest: Workplace) -> None:
    attest.write("unpacked/acme-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: acme\nVersion: 1.0\n")
    result = attest("sbom", "unpacked")
    assert result.code == 2
    assert "unpacked: no package file in the directory" in result.err


def test_a_lockfile(attest: Workplace) -> None:
    attest.write("requirements.txt", f"idna==3.7 --hash=sha256:{'a' * 64}\nb==1\n")
    result = attest.ok("sbom", "requirements.txt")
    assert [item["name"] for item in result.json["components"]] == ["b", "idna"]
    assert result.err == "requirements.txt: 1 of 2 entries have no digest\n"
    by_purl = attest.ok("sbom", "pkg:pypi/acme@1.0", "--lock", "requirements.txt").json
    assert by_purl == attest.ok("sbom", "requirements.txt", "--purl", "pkg:pypi/acme@1.0").json
    assert by_purl["metadata"]["component"]["purl"] == "pkg:pypi/acme@1.0"
    pinned = attest.ok("sbom", WHEEL, "--lock", "requirements.txt").json
    assert [item["version"] for item in pinned["components"]] == ["1", "3.7"]


def test_an_index_of_a_distribution(attest: Workplace) -> None:
    attest.write(
        "Packages", f"Package: curl\nVersion: 8.5.0-2\nArchitecture: amd64\nFilename: c.deb\nSHA256: {'a' * 64}\n"
    )
    assert "--lock-vendor" in attest.refused("sbom", "Packages")
    (part,) = attest.ok("sbom", "Packages", "--lock-vendor", "debian").json["components"]
    assert part["purl"] == "pkg:deb/debian/curl@8.5.0-2"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nosuch"], "nosuch: cannot read the file: No such file or directory"),
        (["pkg:pypi/acme@1.0"], "no SBOM can be made of a purl alone"),
        (["pkg:pypi/acme"], "it has no version"),
        (["pkg:pypi/acme@1.0", "--purl", "pkg:pypi/b@1.0", "--lock", "r"], "PURL and --purl name different packages"),
        (["pkg:pypi/acme@1.0", "--files", "--lock", "requirements.txt"], "--files is for package files"),
        (["dist", "--purl", "pkg:pypi/acme@1.0"], "dist: --purl is for package files: it is a directory"),
        (["requirements.txt", "--supplier", "A"], "--supplier is for package files: it is a lockfile"),
        ([WHEEL, "--purl", "pkg:pypi/b@1.0"], "the file is not pkg:pypi/b@1.0"),
        ([WHEEL, "--lock", "nosuch"], "not a lockfile of a known kind"),
        (["a.cdx.json"], "a.cdx.json: it is an SBOM already: CycloneDX"),
        (["policy.yaml"], "not a package of a known kind"),
        ([WHEEL, "-o", "no/such/folder"], "cannot write the file"),
    ],
)
def test_what_is_refused(attest: Workplace, arguments: list[str], said: str) -> None:
    attest.write("requirements.txt", f"idna==3.7 --hash=sha256:{'a' * 64}\n")
    attest.write("a.cdx.json", '{"bomFormat": "CycloneDX", "specVersion": "1.6"}')
    assert said in attest.refused("sbom", *arguments)


@pytest.mark.parametrize(
    "data",
    [
        told.npm(dependencies={"a": 1}),
        told.npm(dependencies={f"a{number}": "1" for number in range(20_000)}),
        told.tgz_of("a", "1.0.0")[:-5],
        tgz([("package/package.json", b'{"a":' * 5_000)]),
        told.wheel("Requires-Dist: ;;;"),
        zipped([*wheel_members(), ("foo_bar-1.0.dist-info/sboms/a.json", b'{"bomFormat": 1}')]),
    ],
)
def test_nothing_is_half_written(attest: Workplace, data: bytes) -> None:
    attest.write("bad", data)
    attest.write("made.json", "before")
    assert attest.refused("sbom", "bad", "-o", "made.json").startswith("attest: bad: ")
    assert Path("made.json").read_text() == "before"
    assert not [path for path in Path().iterdir() if path.name.startswith(".made")]


def test_without_the_library(attest: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "cyclonedx"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "cyclonedx", None)
    assert "pip install '.[sbom]', or --format spdx" in attest.refused("sbom", WHEEL)
    attest.ok("sbom", WHEEL, "--format", "spdx")


def test_help_loads_no_library() -> None:
    program = "import sys; from attest.cli.main import build_parser; build_parser(); print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    assert not {"cyclonedx", "packageurl", "license_expression"} & set(loaded)


# --- the same packages by others ---


def same(ours: Any, theirs: Any) -> None:
    """Name, version, purl and licences of one component."""
    assert {key: ours.get(key) for key in ("name", "version")} == {key: theirs.get(key) for key in ("name", "version")}
    assert ours["purl"] == theirs["purl"].partition("?")[0]


def license_of(component: Any) -> list[str]:
    found = [item.get("expression") or item["license"].get("id") or "" for item in component.get("licenses", ())]
    return [text.removeprefix("(").removesuffix(")") for text in found if text]


@pytest.mark.slow
def test_what_cyclonedx_py_says_of_the_same_wheels(attest: Workplace) -> None:
    """Of what is installed, as it was brought by the wheels that are described here."""
    names = ["requests==2.32.3", "idna==3.10", "urllib3==2.2.3", "packaging==25.0"]
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    subprocess.run([*pip, "download", "-q", "--no-deps", "-d", "wheels", *names], check=True, timeout=300)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", "there"], check=True, timeout=120)
    site = sysconfig.get_path("purelib", "venv", {"base": "there"})
    local = ["--no-deps", "--no-index", "--find-links", "wheels"]  # not by path, which would be where they come from
    subprocess.run([*pip, "install", "-q", *local, "-t", site, *names], check=True, timeout=120)
    program = Path(sys.executable).with_name("cyclonedx-py")
    command = [str(program), "environment", "--output-format", "JSON", "--spec-version", "1.6", "there/bin/python"]
    done = subprocess.run(command, capture_output=True, check=True, timeout=120)
    theirs = {item["name"].lower(): item for item in json.loads(done.stdout)["components"]}
    assert len(theirs) == len(names)
    for path in Path("wheels").iterdir():
        document = attest.ok("sbom", path).json
        ours = document["metadata"]["component"]
        other = theirs[ours["name"].lower()]
        same(ours, other)
        assert set(license_of(ours)) <= set(license_of(other))  # which also guesses at names


@pytest.mark.slow
def test_what_npm_says_of_the_same_packages(attest: Workplace, tmp_path: Path) -> None:
    """`npm sbom` of what is installed, and of each package here what is in its own file."""
    npm = shutil.which("npm")
    assert npm is not None
    attest.write(
        "package.json", json.dumps({"name": "app", "version": "1.0.0", "dependencies": {"JSONStream": "1.3.5"}})
    )
    subprocess.run([npm, "install", "--silent", "--ignore-scripts"], check=True, timeout=300)
    for form in Form:
        done = subprocess.run([npm, "sbom", "--sbom-format", form], capture_output=True, check=True, timeout=120)
        document = json.loads(done.stdout)
        listed = document["components" if form is Form.CYCLONEDX else "packages"]
        for item in listed:
            if form is Form.SPDX and item["name"] == "app":
                continue
            version = item["version" if form is Form.CYCLONEDX else "versionInfo"]
            pack(tmp_path, f"{item['name']}@{version}")
            made = attest.ok("sbom", f"{item['name']}-{version}.tgz", "--format", form).json
            if form is Form.CYCLONEDX:
                same(made["metadata"]["component"], item)
                assert license_of(made["metadata"]["component"]) == license_of(item)
            else:
                ours = made["packages"][0]
                keys = ("name", "versionInfo", "licenseDeclared", "externalRefs")
                assert {key: ours[key] for key in keys} == {key: item[key] for key in keys} | {
                    "licenseDeclared": item["licenseDeclared"].removeprefix("(").removesuffix(")")
                }
