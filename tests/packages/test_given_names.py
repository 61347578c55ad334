"""Bottles, Swift archives and CPAN distributions: what they say, and what the user has to say for them."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from attest.errors import PackageError
from attest.packages.files import identify
from attest.packages.purl import Purl
from tests.packages.build import link, tgz, write, zipped
from tests.packages.samples import META, META_YML, Members, bottle, distribution, module, sources

CPAN = Purl.parse("pkg:cpan/ACME/Acme-Widget@1.02")
SWIFT = Purl.parse("pkg:swift/github.com/acme/widget@1.0.0")
CORE = Purl.parse("pkg:brew/widget@1.0_1")
FORMULA = ("widget/1.0/.brew/widget.rb", b"")


def receipt(document: object) -> bytes:
    return tgz([FORMULA, ("widget/1.0/INSTALL_RECEIPT.json", json.dumps(document).encode())])


@pytest.mark.parametrize(
    ("data", "expected", "purl"),
    [
        (tgz(bottle()), None, "pkg:brew/acme/tools/widget@1.0_1"),
        (tgz(bottle(tap=None)), CORE, "pkg:brew/homebrew/core/widget@1.0_1"),
        (tgz(bottle(keg="python@3.13/3.13.1~rc1")), None, "pkg:brew/acme/tools/python%403.13@3.13.1~rc1"),
        (tgz([(f"./{name}", data) for name, data in bottle()]), None, "pkg:brew/acme/tools/widget@1.0_1"),
        (tgz([link("widget/1.0_1/lib/a.so", "a.1.so"), *bottle()]), None, "pkg:brew/acme/tools/widget@1.0_1"),
        (receipt({"source": {"tap": None}}), Purl.parse("pkg:brew/widget@1.0"), "pkg:brew/homebrew/core/widget@1.0"),
        (receipt({}), Purl.parse("pkg:brew/a/b/widget@1.0"), "pkg:brew/a/b/widget@1.0"),
    ],
)
def test_a_bottle(tmp_path: Path, data: bytes, expected: Purl | None, purl: str) -> None:
    assert str(identify(write(tmp_path, data), expected).purl) == purl


@pytest.mark.parametrize(
    ("data", "expected", "said"),
    [
        (tgz(bottle()), CORE, "the file is not pkg:brew/homebrew/core/widget@1.0_1"),
        (tgz(bottle(tap=None)), None, "the tap, USER/REPOSITORY (next: give it with --purl pkg:brew/NAMESPACE/NAME@"),
        (tgz(bottle(tap=None)), SWIFT, f"the file is not {SWIFT}: it is a bottle"),
        (tgz(bottle(tap=None)), Purl.parse("pkg:brew/widget@1.0"), "its content says pkg:brew/homebrew/core/"),
        (tgz([("widget/1.0/.brew/gadget.rb", b"")]), CORE, "its formula is another"),
        (tgz([("widget/1.0/.brew/Widget.rb", b"")]), CORE, "its formula is another"),
        (tgz([("wid get/1.0/.brew/wid get.rb", b"")]), CORE, "its formula is another"),
        (tgz([FORMULA, ("widget/1.0/.brew/other.rb", b"")]), CORE, "more than one */*/.brew/*.rb"),
        (tgz([FORMULA, ("widget/2.0/.brew/widget.rb", b"")]), CORE, "more than one */*/.brew/*.rb"),
        (tgz([FORMULA, ("widget/2.0/bin/widget", b"")]), CORE, "a bottle with more than one keg"),
        (tgz([FORMULA, ("bin/widget", b"")]), CORE, "a bottle with more than one keg"),
        (tgz([link("widget/1.0/.brew/widget.rb", "/etc/passwd")]), CORE, "metadata that is no file"),
        (tgz([link("widget/1.0", "elsewhere"), FORMULA]), CORE, "metadata below a link"),
        (tgz([FORMULA, ("../widget", b"")]), CORE, "a member outside the package"),
        (receipt([]), CORE, "not a JSON object"),
        (receipt({"source": {"tap": 1}}), CORE, "widget/1.0/INSTALL_RECEIPT.json.source.tap"),
        (receipt({"source": {"tap": "acme"}}), CORE, "'acme' is no tap"),
        (receipt({"source": {"tap": "acme/tools/x"}}), CORE, "'acme/tools/x' is no tap"),
    ],
)  # fmt: skip
def test_what_is_no_bottle(tmp_path: Path, data: bytes, expected: Purl | None, said: str) -> None:
    refused(tmp_path, data, expected, said)


def test_the_name_of_a_bottle_must_not_contradict_it(tmp_path: Path) -> None:
    path = write(tmp_path, tgz(bottle()), "widget--1.0_2.sonoma.bottle.tar.gz")
    with pytest.raises(PackageError, match=r"the name says widget 1\.0_2, the content widget 1\.0_1"):
        identify(path)


@pytest.mark.parametrize(
    "members",
    [
        sources(),
        [(name.removeprefix("widget/"), data) for name, data in sources()],
        [*sources(), ("widget/Examples/Package.swift", b"")],
        [*sources(), ("widget/Package@swift-5.5.swift", b"")],
    ],
)
def test_a_swift_archive(tmp_path: Path, members: Members) -> None:
    found = identify(write(tmp_path, zipped(members)), SWIFT)
    assert (found.purl, found.digest.algorithm, found.digest.hex) == (SWIFT, "sha256", found.sha256)


@pytest.mark.parametrize(
    ("data", "expected", "said"),
    [
        (zipped(sources()), None, "such as github.com/apple and the name and the version"),
        (zipped(sources()), CPAN, f"the file is not {CPAN}: it is a Swift package"),
        (zipped([*sources(), ("README.md", b"")]), SWIFT, "a Swift package with files beside it"),
        (zipped([*sources(), ("widget2/a.swift", b"")]), SWIFT, "a Swift package with files beside it"),
        (zipped([*sources(), ("gadget/Package.swift", b"")]), SWIFT, "more than one */Package.swift"),
        (zipped([("widget/package.swift", b"")]), SWIFT, "metadata in other letter case"),
        (zipped([("widget/Sources/Package.swift", b"")]), SWIFT, "not a package of a known kind"),
        (tgz(sources()), SWIFT, "not a package of a known kind"),
        (zipped([*module("example.com", "v1.0.0"), ("example.com@v1.0.0/Package.swift", b"")]), SWIFT, "two kinds"),
    ],
)
def test_what_is_no_swift_archive(tmp_path: Path, data: bytes, expected: Purl | None, said: str) -> None:
    refused(tmp_path, data, expected, said)


def described(document: object, folder: str = "Acme-Widget-1.02") -> Members:
    return [(f"{folder}/META.json", json.dumps(document).encode()), (f"{folder}/Build.PL", b"")]


def in_yaml(text: bytes) -> Members:
    return [("Acme-Widget-1.02/META.yml", text), ("Acme-Widget-1.02/Makefile.PL", b"")]


@pytest.mark.parametrize(
    ("data", "purl"),
    [
        (tgz(distribution()), CPAN),
        (zipped(distribution()), CPAN),
        (tgz(described(META)), CPAN),
        (tgz(in_yaml(META_YML)), CPAN),
        (tgz(in_yaml(META_YML.replace(b"'1.02'", b"1.02"))), CPAN),
        (tgz(in_yaml(META_YML.replace(b"---", b"--- #YAML:1.0"))), CPAN),
        (tgz(described({**META, "version": "v1.2.3"}, "Acme-Widget-v1.2.3")), "pkg:cpan/ACME/Acme-Widget@v1.2.3"),
        (tgz(described(META, "Acme-Widget-1.02-TRIAL")), "pkg:cpan/ACME/Acme-Widget@1.02-TRIAL"),
    ],
)
def test_a_distribution(tmp_path: Path, data: bytes, purl: Purl | str) -> None:
    expected = purl if isinstance(purl, Purl) else Purl.parse(purl)
    found = identify(write(tmp_path, data), expected)
    assert (found.purl, found.registry_name) == (expected, "ACME/Acme-Widget")


@pytest.mark.parametrize(
    ("data", "expected", "said"),
    [
        (tgz(distribution()), None, "the author's id (next: give it with --purl pkg:cpan/NAMESPACE/NAME@VERSION)"),
        (tgz(distribution()), Purl.parse("pkg:cpan/ACME/Acme-Widget@1.2"), f"its content says {CPAN}"),
        (tgz(distribution("Acme-Widget-1.03")), CPAN, "its directory should be 'Acme-Widget-1.02'"),
        (tgz(distribution("Widget-1.02")), CPAN, "its directory should be 'Acme-Widget-1.02'"),
        (tgz(described({**META, "version": 1.02})), CPAN, "META.json.version"),
        (tgz(described({"name": "Acme-Widget"})), CPAN, "META.json.version"),
        (tgz(described({**META, "name": "Acme::Widget"})), CPAN, "name or version is none"),
        (tgz(described({**META, "version": "1.02 "})), CPAN, "name or version is none"),
        (tgz([("a/META.json", b"{"), ("a/Makefile.PL", b"")]), CPAN, "not JSON"),
        (tgz([*described(META), ("Acme-Widget-1.02/meta.JSON", b"{}")]), CPAN, "stands there twice"),
        (tgz([*described(META), ("b/META.json", b"{}")]), CPAN, "more than one */META.json"),
        (tgz(in_yaml(b"- a\n")), CPAN, "it has no name and version"),
        (tgz(in_yaml(META_YML + b"name: Other\n")), CPAN, "stands twice"),
        (tgz(in_yaml(b"a: &a [x]\nb: *a\n" + META_YML[4:])), CPAN, "anchors are not read"),
        (tgz(in_yaml(b"name: [a]\nversion: 1\n")), CPAN, "it has no name and version"),
        (tgz(in_yaml(b"x: " + b"y" * (1 << 20) + b"\n")), CPAN, "more than the limit"),
        (tgz(described(META)[:1]), CPAN, "not a package of a known kind"),
        (tgz(distribution()[:2]), CPAN, "not a package of a known kind"),
    ],
)
def test_what_is_no_distribution(tmp_path: Path, data: bytes, expected: Purl | None, said: str) -> None:
    refused(tmp_path, data, expected, said)


def test_json_before_yaml(tmp_path: Path) -> None:
    """As the installers do: a distribution with both is what META.json says."""
    yaml = ("Acme-Widget-1.02/META.yml", META_YML.replace(b"1.02", b"9"))
    assert identify(write(tmp_path, tgz([yaml, *described(META)])), CPAN).purl == CPAN


def make_dist(folder: Path) -> Path:
    """The distribution `CPAN`, built by MakeMaker."""
    perl, make = shutil.which("perl"), shutil.which("make")
    if perl is None or make is None:
        pytest.skip("perl and make are not installed")
    write(folder, b'package Acme::Widget;\nour $VERSION = "1.02";\n1;\n', "Widget.pm")
    write(
        folder,
        b'use ExtUtils::MakeMaker;\nWriteMakefile(NAME => "Acme::Widget", VERSION_FROM => "Widget.pm");\n',
        "Makefile.PL",
    )
    write(folder, b"MANIFEST\nMakefile.PL\nWidget.pm\n", "MANIFEST")
    for command in ([perl, "Makefile.PL"], [make, "dist"]):
        subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=60)
    return folder / "Acme-Widget-1.02.tar.gz"


def test_make_dist_writes_what_is_read(tmp_path: Path) -> None:
    assert identify(make_dist(tmp_path), CPAN).purl == CPAN


def refused(folder: Path, data: bytes, expected: Purl | None, said: str) -> None:
    with pytest.raises(PackageError) as caught:
        identify(write(folder, data), expected)
    assert said in str(caught.value)
