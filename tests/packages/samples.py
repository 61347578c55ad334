"""One package file an ecosystem, made here: members as the ecosystem's own tools write them, and nothing else."""

from __future__ import annotations

import json
from dataclasses import dataclass

from tests.packages.build import CARGO_TOML, PACKAGE_JSON, tgz, wheel_members, zipped
from tests.packages.makers import apk, conda_1, conda_2, deb, hex_package, podspec, rpm
from tests.packages.test_gem import gem
from tests.packages.test_maven import jar

Members = list[tuple[str, bytes]]

NUSPEC = b"""\
<?xml version="1.0" encoding="utf-8"?>
<package xmlns="http://schemas.microsoft.com/packaging/2013/05/nuspec.xsd">
  <metadata>
    <id>Acme.Widget</id>
    <version>1.0.0-Beta.1+build</version>
    <authors>Acme</authors>
    <description>A widget.</description>
  </metadata>
</package>
"""
META = {"name": "Acme-Widget", "version": "1.02", "meta-spec": {"version": 2}, "author": ["A <a@example.org>"]}
META_YML = b"---\nabstract: 'a widget'\nauthor:\n  - 'A <a@example.org>'\nname: Acme-Widget\nversion: '1.02'\n"
PUBSPEC = b"name: acme_widget\ndescription: A widget.\nversion: 1.0.0+1\nenvironment:\n  sdk: ^3.0.0\n"
RECEIPT = {"homebrew_version": "4.4.0", "source": {"tap": "acme/tools", "spec": "stable"}, "arch": "x86_64"}


def nupkg(manifest: bytes = NUSPEC) -> Members:
    return [
        ("_rels/.rels", b"<Relationships/>"),
        ("Acme.Widget.nuspec", manifest),
        ("lib/net8.0/Acme.Widget.dll", b"MZ" * 100),
        ("[Content_Types].xml", b"<Types/>"),
    ]


def bottle(tap: str | None = "acme/tools", keg: str = "widget/1.0_1") -> Members:
    name = keg.partition("/")[0]
    receipt = [] if tap is None else [(f"{keg}/INSTALL_RECEIPT.json", json.dumps(RECEIPT).encode())]
    return [(f"{keg}/.brew/{name}.rb", b"class Widget < Formula\nend\n"), *receipt, (f"{keg}/bin/widget", b"\x7fELF")]


def module(path: str = "example.com/Acme/widget/v2", version: str = "v2.0.1", declares: str | None = None) -> Members:
    prefix = f"{path}@{version}/"
    go_mod = f"module {declares or path}\n\ngo 1.22\n".encode()
    return [(f"{prefix}widget.go", b"package widget\n"), (f"{prefix}go.mod", go_mod), (f"{prefix}LICENSE", b"MIT\n")]


def distribution(folder: str = "Acme-Widget-1.02") -> Members:
    return [
        (f"{folder}/MANIFEST", b"Makefile.PL\nMETA.json\n"),
        (f"{folder}/Makefile.PL", b"use ExtUtils::MakeMaker;\n"),
        (f"{folder}/META.yml", META_YML),
        (f"{folder}/META.json", json.dumps(META).encode()),
    ]


def sources() -> Members:
    manifest = b'// swift-tools-version:5.9\nimport PackageDescription\nlet package = Package(name: "Widget")\n'
    return [("widget/Package.swift", manifest), ("widget/Sources/Widget/Widget.swift", b"struct Widget {}\n")]


@dataclass(frozen=True)
class Sample:
    """A package file, the purl it stands for, whether the user has to give that, and a purl that it contradicts.

    ``registry_name`` and ``platform`` are what is read out of it beside the purl; ``algorithm`` names its digest.
    """

    file_name: str
    data: bytes
    purl: str
    contradicted: str
    registry_name: str
    given: bool = False
    algorithm: str = "sha256"
    platform: str | None = None

    @property
    def type(self) -> str:
        return self.purl.removeprefix("pkg:").partition("/")[0]


SAMPLES = (
    Sample(
        "semver-7.6.3.tgz",
        tgz([("package/package.json", PACKAGE_JSON)]),
        "pkg:npm/semver@7.6.3",
        "pkg:npm/semver@7.6.4",
        "semver",
        algorithm="sha512",
    ),
    Sample(
        "foo_bar-1.0-py3-none-any.whl",
        zipped(wheel_members()),
        "pkg:pypi/foo-bar@1.0",
        "pkg:pypi/foo@1.0",
        "Foo.Bar",
        platform="py3-none-any",
    ),
    Sample(
        "demo-gem-1.2.3.pre-java.gem",
        gem(),
        "pkg:gem/demo-gem@1.2.3.pre",
        "pkg:gem/demo@1.2.3.pre",
        "demo-gem",
        platform="java",
    ),
    Sample(
        "widget-1.4.0.jar",
        jar(),
        "pkg:maven/org.example.acme/widget@1.4.0",
        "pkg:maven/org.example/widget@1.4.0",
        "org.example.acme:widget",
    ),
    Sample(
        "foo-1.0.0.crate",
        tgz([("foo-1.0.0/Cargo.toml", CARGO_TOML)]),
        "pkg:cargo/foo@1.0.0",
        "pkg:cargo/Foo@1.0.0",
        "foo",
    ),
    Sample(
        "acme.widget.1.0.0-beta.1.nupkg",
        zipped(nupkg()),
        "pkg:nuget/acme.widget@1.0.0-beta.1",
        "pkg:nuget/acme.widget@1.0.0",
        "Acme.Widget",
        algorithm="nugetContentHash",
    ),
    Sample(
        "widget--1.0_1.arm64_sonoma.bottle.tar.gz",
        tgz(bottle()),
        "pkg:brew/acme/tools/widget@1.0_1",
        "pkg:brew/homebrew/core/widget@1.0_1",
        "acme/tools/widget",
        platform="arm64_sonoma",
    ),
    Sample(
        "widget--1.0_1.arm64_sonoma.bottle.1.tar.gz",
        tgz(bottle(tap=None)),
        "pkg:brew/homebrew/core/widget@1.0_1",
        "pkg:brew/homebrew/core/widget@1.0",
        "homebrew/core/widget",
        given=True,
        platform="arm64_sonoma",
    ),
    Sample(
        "v2.0.1.zip",
        zipped(module()),
        "pkg:golang/example.com/Acme/widget/v2@v2.0.1",
        "pkg:golang/example.com/acme/widget/v2@v2.0.1",
        "example.com/!acme/widget/v2",
        algorithm="dirHash1",
    ),
    Sample(
        "acme_widget-1.0.0+1.tar.gz",
        tgz([("pubspec.yaml", PUBSPEC), ("lib/acme_widget.dart", b"")]),
        "pkg:pub/acme_widget@1.0.0%2B1",
        "pkg:pub/acme_widget@1.0.0",
        "acme_widget",
    ),
    Sample(
        "widget.zip",
        zipped(sources()),
        "pkg:swift/github.com/acme/widget@1.0.0",
        "pkg:npm/widget@1.0.0",
        "github.com/acme/widget",
        given=True,
    ),
    Sample(
        "Acme-Widget-1.02.tar.gz",
        tgz(distribution()),
        "pkg:cpan/ACME/Acme-Widget@1.02",
        "pkg:cpan/ACME/Acme-Widget@1.03",
        "ACME/Acme-Widget",
        given=True,
    ),
    Sample(
        "acme_widget-1.0.0-rc.1.tar",
        hex_package(),
        "pkg:hex/acme_widget@1.0.0-rc.1",
        "pkg:hex/widget@1.0.0-rc.1",
        "acme_widget",
    ),
    Sample(
        "acme-widget_2.3~rc1+dfsg-1_amd64.deb",
        deb(),
        "pkg:deb/debian/acme-widget@1:2.3~rc1%2Bdfsg-1",
        "pkg:deb/debian/acme-widget@2.3~rc1%2Bdfsg-1",
        "acme-widget",
        given=True,
        platform="amd64",
    ),
    Sample(
        "acme-widget-1.2.3~rc1-4.fc40.aarch64.rpm",
        rpm(),
        "pkg:rpm/fedora/acme-widget@1.2.3~rc1-4.fc40",
        "pkg:rpm/fedora/acme-widget@1.2.3-4.fc40",
        "acme-widget",
        given=True,
        platform="aarch64",
    ),
    Sample(
        "acme-widget-1.2.3_rc1-r4.apk",
        apk(),
        "pkg:apk/alpine/acme-widget@1.2.3_rc1-r4",
        "pkg:apk/alpine/acme-widget@1.2.3-r4",
        "acme-widget",
        given=True,
        platform="x86_64",
    ),
    Sample(
        "acme-widget-1!2.3.post1-py312h_0.tar.bz2",
        conda_1(),
        "pkg:conda/acme-widget@1%212.3.post1",
        "pkg:conda/acme-widget@2.3.post1",
        "acme-widget",
        platform="linux-64",
    ),
    Sample(
        "acme-widget-1!2.3.post1-py312h_0.conda",
        conda_2(),
        "pkg:conda/acme-widget@1%212.3.post1",
        "pkg:conda/acme_widget@1%212.3.post1",
        "acme-widget",
        platform="linux-64",
    ),
    Sample(
        "AcmeWidget+Core.podspec.json",
        podspec(),
        "pkg:cocoapods/AcmeWidget%2BCore@1.0.0-beta.1",
        "pkg:cocoapods/AcmeWidget@1.0.0-beta.1",
        "AcmeWidget+Core",
    ),
)
