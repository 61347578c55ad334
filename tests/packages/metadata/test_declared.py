"""What each ecosystem's packages say: licence, people, requirements, as they write it."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from attest.packages.metadata.facts import Metadata, Person, Requirement, Scope
from tests.packages.build import tgz
from tests.packages.makers import RPM_TAGS, conda_2, podspec, rpm
from tests.packages.metadata import told
from tests.packages.metadata.told import read, short

ANY = Metadata(requirements=())
HOME, CODE = "https://example.org/widget", "https://example.org/widget.git"
ME = Person("A. Writer", "a@example.org")


def but_requirements(found: Metadata) -> Metadata:
    return dataclasses.replace(found, requirements=())


def test_npm(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        told.npm(
            description="A\nwidget.",
            license="MIT",
            author="A. Writer <a@example.org> (https://example.org)",
            contributors=[{"name": "B", "email": "b@example.org"}, "C", False],
            homepage=HOME,
            repository={"type": "git", "url": f"git+{CODE}"},
            dependencies={
                "semver": "^7.6.0",
                "@acme/lib": "1.2.3",
                "alias": "npm:real@~2.0",
                "fork": "git+ssh://git@example.org/x.git",
                "hub": "acme/x#main",
                "local": "file:../x",
                "any": "*",
                "fsevents": "^2",
            },
            optionalDependencies={"fsevents": "^2"},
            peerDependencies={"react": ">=18", "vue": ">=3"},
            peerDependenciesMeta={"vue": {"optional": True}},
            devDependencies={"tap": "^16"},
            bundleDependencies=["semver"],
        ),
    )
    people = (ME, Person("B", "b@example.org"), Person("C"))
    assert but_requirements(found) == Metadata(("MIT",), people, None, "A widget.", HOME, f"git+{CODE}", ())
    assert short(found) == [
        ("optional", "fsevents", "^2", "pkg:npm/fsevents"),
        ("runtime", "semver", "^7.6.0 ; bundled", "pkg:npm/semver"),
        ("runtime", "@acme/lib", "1.2.3", "pkg:npm/%40acme/lib@1.2.3"),
        ("runtime", "real", "~2.0", "pkg:npm/real"),
        ("runtime", "fork", "git+ssh://git@example.org/x.git", None),
        ("runtime", "hub", "acme/x#main", None),
        ("runtime", "local", "file:../x", None),
        ("runtime", "any", "*", "pkg:npm/any"),
        ("runtime", "react", ">=18 ; peer", "pkg:npm/react"),
        ("optional", "vue", ">=3 ; peer", "pkg:npm/vue"),
        ("development", "tap", "^16", "pkg:npm/tap"),
    ]


@pytest.mark.parametrize(
    ("fields", "licenses"),
    [
        ({"license": "(MIT OR Apache-2.0)"}, ("(MIT OR Apache-2.0)",)),
        ({"license": {"type": "ISC", "url": "x"}}, ("ISC",)),
        ({"licenses": [{"type": "MIT"}, {"type": "BSD"}]}, ("MIT", "BSD")),
        ({"license": "SEE LICENSE IN x.txt"}, ("SEE LICENSE IN x.txt",)),
        ({"license": 7}, ()),
        ({"dependencies": []}, ()),
    ],
)
def test_licences_of_npm(tmp_path: Path, fields: dict[str, object], licenses: tuple[str, ...]) -> None:
    assert read(tmp_path, told.npm(**fields)) == Metadata(licenses, requirements=())


WHEEL = """\
Summary: A widget.
Author-email: "A. Writer" <a@example.org>, B <b@example.org>
Maintainer: Acme
Maintainer-email: acme@example.org
License-Expression: MIT AND (Apache-2.0 OR BSD-2-Clause)
Classifier: License :: OSI Approved :: BSD License
Project-URL: Home Page, https://example.org/widget
Project-URL: Source Code, https://example.org/widget.git
Requires-Dist: Requests[socks]>=2,<3 ; python_version < "3.9"
Requires-Dist: idna==3.7
Requires-Dist: urllib3==2.*
Requires-Dist: local @ https://example.org/x.whl
Requires-Dist: legacy (>dev)
Requires-Dist: rich; extra == 'pretty'
Requires-Dist: foo-bar[pretty]; extra == 'all'"""


def test_a_wheel(tmp_path: Path) -> None:
    found = read(tmp_path, told.wheel(WHEEL))
    assert but_requirements(found) == Metadata(
        ("MIT AND (Apache-2.0 OR BSD-2-Clause)",),
        (ME, Person("B", "b@example.org")),
        Person("Acme", "acme@example.org"),
        "A widget.",
        HOME,
        CODE,
        (),
    )
    assert short(found) == [
        ("runtime", "Requests[socks]", '<3,>=2 ; python_version < "3.9"', "pkg:pypi/requests"),
        ("runtime", "idna", "==3.7", "pkg:pypi/idna@3.7"),
        ("runtime", "urllib3", "==2.*", "pkg:pypi/urllib3"),
        ("runtime", "local", "@ https://example.org/x.whl", None),
        ("runtime", "legacy", "(>dev)", "pkg:pypi/legacy"),
        ("optional", "rich", '* ; extra == "pretty"', "pkg:pypi/rich"),
        ("optional", "foo-bar[pretty]", '* ; extra == "all"', "pkg:pypi/foo-bar"),
    ]


@pytest.mark.parametrize(
    ("headers", "licenses"),
    [
        ("License: Apache License 2.0", ("Apache License 2.0",)),
        ("License: UNKNOWN\nClassifier: License :: OSI Approved :: MIT License", ("MIT License",)),
        (f"License: {'The whole text. ' * 40}\nClassifier: License :: OSI Approved", ()),
        (f"License: Theirs\n        {'The whole text. ' * 40}", ("Theirs",)),
        ("", ()),
    ],
)
def test_older_licences_of_a_wheel(tmp_path: Path, headers: str, licenses: tuple[str, ...]) -> None:
    assert read(tmp_path, told.wheel(headers)).licenses == licenses


@pytest.mark.parametrize(
    ("headers", "version", "said"),
    [
        ("Requires-Dist: rich", "2.1", True),
        ("", "2.1", False),
        ("", "2.2", True),
        ("Dynamic: requires-dist", "2.2", False),
        ("Dynamic: license", "2.4", True),
    ],
)
def test_an_sdist_may_leave_it_to_its_build(tmp_path: Path, headers: str, version: str, said: bool) -> None:
    assert (read(tmp_path, told.sdist(headers, version)).requirements is not None) == said
    assert read(tmp_path, told.wheel("", version)).requirements == ()


def test_cargo(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        told.crate(
            f"""license = "MIT/Apache-2.0"\nauthors = ["A. Writer <a@example.org>"]\ndescription = "A widget."
homepage = "{HOME}"\nrepository = "{CODE}"
[dependencies]\nserde = {{version = "1.0", optional = true}}\nlog = "=0.4.20"
renamed = {{package = "real-name", version = ">=2"}}\nfork = {{version = "1", git = "{CODE}"}}
[dev-dependencies.tempfile]\nversion = "3"\n[build-dependencies]\ncc = "1"
[target.'cfg(windows)'.dependencies]\nwinapi = "0.3"
"""
        ),
    )
    assert but_requirements(found) == Metadata(("MIT OR Apache-2.0",), (ME,), None, "A widget.", HOME, CODE, ())
    assert short(found) == [
        ("optional", "serde", "1.0", "pkg:cargo/serde"),
        ("runtime", "log", "=0.4.20", "pkg:cargo/log@0.4.20"),
        ("runtime", "real-name", ">=2", "pkg:cargo/real-name"),
        ("runtime", "fork", f"1 git {CODE}", None),
        ("build", "cc", "1", "pkg:cargo/cc"),
        ("development", "tempfile", "3", "pkg:cargo/tempfile"),
        ("runtime", "winapi", "0.3 ; cfg(windows)", "pkg:cargo/winapi"),
    ]


GEM = """\
authors:
- A. Writer
email:
- a@example.org
summary: 'A: widget.'
description: |-
  - !ruby/object:Gem::Dependency
  version: 9
homepage: https://example.org/widget
licenses:
- MIT
metadata:
  source_code_uri: https://example.org/widget.git
dependencies:
- !ruby/object:Gem::Dependency
  name: rack
  requirement: &id001 !ruby/object:Gem::Requirement
    requirements:
    - - ">="
      - !ruby/object:Gem::Version
        version: '2.0'
    - - "<"
      - !ruby/object:Gem::Version
        version: '4'
  type: :runtime
  prerelease: false
  version_requirements: *id001
- !ruby/object:Gem::Dependency
  name: thor
  requirement: &1 !ruby/object:Gem::Requirement
    requirements:
    - - '='
      - !ruby/object:Gem::Version
        version: 1.3.0
  type: :runtime
  version_requirements: *1
- !ruby/object:Gem::Dependency
  name: rake
  requirement: !ruby/object:Gem::Requirement
    requirements:
    - - ">="
      - !ruby/object:Gem::Version
        version: '0'
  type: :development
- !ruby/object:Gem::Dependency
  name: rails
  requirement: *id001
  type: :runtime
"""


def test_gem(tmp_path: Path) -> None:
    found = read(tmp_path, told.gem(GEM))
    assert but_requirements(found) == Metadata(("MIT",), (ME,), None, "A: widget.", HOME, CODE, ())
    assert short(found) == [
        ("runtime", "rack", ">= 2.0, < 4", "pkg:gem/rack"),
        ("runtime", "thor", "= 1.3.0", "pkg:gem/thor@1.3.0"),
        ("development", "rake", "*", "pkg:gem/rake"),
        ("runtime", "rails", ">= 2.0, < 4", "pkg:gem/rails"),
    ]


def dependency(group: str, artifact: str, inside: str = "") -> str:
    return f"<dependency><groupId>{group}</groupId><artifactId>{artifact}</artifactId>{inside}</dependency>"


def test_maven(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        told.pom(
            "<name>Widget</name><url>https://example.org/widget</url><properties><v>${w}</v><w>2.0</w></properties>"
            "<licenses><license><name>The Apache License, Version 2.0</name></license></licenses>"
            "<developers><developer><name>A. Writer</name><email>a@example.org</email></developer></developers>"
            "<organization><name>Acme</name></organization><scm><url>https://example.org/widget.git</url></scm>"
            "<dependencyManagement><dependencies>"
            + dependency("org.a", "managed", "<version>7</version><scope>test</scope>")
            + "</dependencies></dependencyManagement><dependencies>"
            + dependency("org.a", "plain", "<version>${v}</version>")
            + dependency("${project.groupId}", "own", "<version>[${project.version}]</version>")
            + dependency("org.a", "managed")
            + dependency("org.a", "parents", "<version>${of.parent}</version>")
            + dependency("org.a", "maybe", "<version>1</version><optional>true</optional>")
            + dependency("org.a", "given", "<version>1</version><scope>provided</scope><classifier>x</classifier>")
            + "</dependencies>"
        ),
    )
    licenses = ("The Apache License, Version 2.0",)
    assert but_requirements(found) == Metadata(licenses, (ME,), Person("Acme"), "Widget", HOME, CODE, ())
    assert short(found) == [
        ("runtime", "org.a:plain", "2.0", "pkg:maven/org.a/plain"),
        ("runtime", "org.example.acme:own", "[1.4.0]", "pkg:maven/org.example.acme/own@1.4.0"),
        ("development", "org.a:managed", "7 ; test", "pkg:maven/org.a/managed"),
        ("runtime", "org.a:parents", "*", "pkg:maven/org.a/parents"),
        ("optional", "org.a:maybe", "1", "pkg:maven/org.a/maybe"),
        ("runtime", "org.a:given", "1 ; provided x", "pkg:maven/org.a/given"),
    ]


def test_a_property_that_stands_for_itself(tmp_path: Path) -> None:
    grows = "<properties><v>${v}${v}</v></properties><dependencies>"
    found = read(tmp_path, told.pom(f"{grows}{dependency('org.a', 'x', '<version>${v}</version>')}</dependencies>"))
    assert short(found) == [("runtime", "org.a:x", "*", "pkg:maven/org.a/x")]


def test_golang(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        told.module(
            "go 1.22\nrequire rsc.io/Quote/v3 v3.1.0 // indirect\nrequire (\n\t// a comment\n"
            "\tgolang.org/x/text v0.14.0\n\tgopkg.in/yaml.v3 v3.0.1 // indirect; y\n)\n"
            "replace (\n\tgolang.org/x/text v0.14.0 => ../text\n)\nexclude a.example/b v1.0.0\n"
        ),
    )
    assert found == dataclasses.replace(ANY, requirements=found.requirements)
    assert short(found) == [
        ("runtime", "rsc.io/Quote/v3", ">= v3.1.0 ; indirect", "pkg:golang/rsc.io/Quote/v3"),
        ("runtime", "golang.org/x/text", ">= v0.14.0", "pkg:golang/golang.org/x/text"),
        ("runtime", "gopkg.in/yaml.v3", ">= v3.0.1 ; indirect", "pkg:golang/gopkg.in/yaml.v3"),
    ]
    assert read(tmp_path, told.module(None)).requirements is None


def test_nuget(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        told.manifest(
            '<license type="expression">MIT</license><owners>Acme Inc.</owners>'
            f'<projectUrl>{HOME}</projectUrl><repository type="git" url="{CODE}"/><dependencies>'
            '<group targetFramework="net8.0"><dependency id="Serilog" version="3.0.0"/>'
            '<dependency id="Json.Net" version="[13.0.1]"/></group><group targetFramework="net9.0"/></dependencies>'
        ),
    )
    assert but_requirements(found) == Metadata(
        ("MIT",), (Person("Acme"),), Person("Acme Inc."), "A widget.", HOME, CODE, ()
    )
    assert short(found) == [
        ("runtime", "Serilog", "3.0.0 ; net8.0", "pkg:nuget/serilog"),
        ("runtime", "Json.Net", "[13.0.1] ; net8.0", "pkg:nuget/json.net@13.0.1"),
    ]
    flat = '<licenseUrl>https://example.org/l</licenseUrl><dependencies><dependency id="A" version="1"/></dependencies>'
    older = read(tmp_path, told.manifest(flat))
    assert (older.licenses, short(older)) == (("https://example.org/l",), [("runtime", "A", "1", "pkg:nuget/a")])


DEB = "pkg:deb/debian/acme-widget@1:2.3~rc1%2Bdfsg-1"


def test_deb(tmp_path: Path) -> None:
    fields = (
        f"Homepage: {HOME}\nVcs-Browser: {CODE}\nPre-Depends: dpkg (>= 1.17)\n"
        "Depends: libc6 (>= 2.34), python3:any,\n default-mta | mail-transport-agent,\n libacme (= 1:2.3-1) [amd64]\n"
        "Recommends: ca-certificates\nSuggests: acme-doc\nConflicts: other\n"
    )
    found = read(tmp_path, told.control(fields), DEB)
    supplier = Person("A", "a@example.org")
    assert but_requirements(found) == Metadata((), (), supplier, "a widget", HOME, CODE, ())
    one_of = "* ; one of: default-mta | mail-transport-agent"
    assert short(found) == [
        ("runtime", "dpkg", ">= 1.17", "pkg:deb/debian/dpkg"),
        ("runtime", "libc6", ">= 2.34", "pkg:deb/debian/libc6"),
        ("runtime", "python3", "* ; :any", "pkg:deb/debian/python3"),
        ("runtime", "default-mta", one_of, "pkg:deb/debian/default-mta"),
        ("runtime", "mail-transport-agent", one_of, "pkg:deb/debian/mail-transport-agent"),
        ("runtime", "libacme", "= 1:2.3-1 ; amd64", "pkg:deb/debian/libacme@1:2.3-1"),
        ("optional", "ca-certificates", "*", "pkg:deb/debian/ca-certificates"),
        ("optional", "acme-doc", "*", "pkg:deb/debian/acme-doc"),
    ]


RPM = "pkg:rpm/fedora/acme-widget@1.2.3~rc1-4.fc40"


def test_rpm(tmp_path: Path) -> None:
    said = {1011: b"Acme <a@example.org>", 1014: b"MIT and GPLv2+", 1020: HOME.encode()}
    needs = [
        ("/bin/sh", 0, ""),
        ("acme-libs(x86-64)", 8, "1.2.3-4"),
        ("acme-libs", 8, "1.2.3-4.fc40"),
        ("bash", 12, "5"),
        ("libc.so.6", 0, ""),
        ("rpmlib(CompressedFileNames)", 10, "3.0.4-1"),
    ]
    more = [
        (1004, 9, 1, b"A widget.\0"),
        *told.required(needs),
        *told.required([("acme-doc", 2, "2")], (5046, 5048, 5047)),
    ]
    found = read(tmp_path, rpm({**RPM_TAGS, **said}, more=more), RPM)
    supplier = Person("Acme", "a@example.org")
    assert but_requirements(found) == Metadata(("MIT and GPLv2+",), (), supplier, "A widget.", HOME, None, ())
    assert short(found) == [
        ("runtime", "/bin/sh", "*", None),
        ("runtime", "acme-libs(x86-64)", "= 1.2.3-4", None),
        ("runtime", "acme-libs", "= 1.2.3-4.fc40", "pkg:rpm/fedora/acme-libs@1.2.3-4.fc40"),
        ("runtime", "bash", ">= 5", "pkg:rpm/fedora/bash"),
        ("runtime", "libc.so.6", "*", None),
        ("optional", "acme-doc", "< 2", "pkg:rpm/fedora/acme-doc"),
    ]


APK = "pkg:apk/alpine/acme-widget@1.2.3_rc1-r4"


def test_apk(tmp_path: Path) -> None:
    fields = (
        "license = MIT\nmaintainer = Acme <a@example.org>\nurl = https://example.org/widget\n"
        "depend = busybox>=1.36\ndepend = acme-libs=1.2.3_rc1-r4\ndepend = !other\ndepend = cmd:sh\ndepend = x@edge\n"
    )
    found = read(tmp_path, told.pkginfo(fields), APK)
    supplier = Person("Acme", "a@example.org")
    assert but_requirements(found) == Metadata(("MIT",), (), supplier, "a widget", HOME, None, ())
    assert short(found) == [
        ("runtime", "so:libc.musl-x86_64.so.1", "*", None),
        ("runtime", "pkgname", "*", "pkg:apk/alpine/pkgname"),
        ("runtime", "busybox", ">=1.36", "pkg:apk/alpine/busybox"),
        ("runtime", "acme-libs", "=1.2.3_rc1-r4", "pkg:apk/alpine/acme-libs@1.2.3_rc1-r4"),
        ("runtime", "cmd:sh", "*", None),
        ("runtime", "x", "*", "pkg:apk/alpine/x"),
    ]


def test_conda(tmp_path: Path) -> None:
    about = {
        "home": HOME,
        "dev_url": [CODE],
        "summary": "A widget.",
        "extra": {"recipe-maintainers": ["a-writer"]},
    }
    depends = ["python >=3.12,<3.13.0a0", "openssl 3.2.1 h0_0", "libgcc", "numpy ==1.26.4", "__glibc >=2.17"]
    found = read(tmp_path, told.conda(about, depends=depends, license="BSD-3-Clause"))
    assert but_requirements(found) == Metadata(
        ("BSD-3-Clause",), (Person("a-writer"),), None, "A widget.", HOME, CODE, ()
    )
    assert short(found) == [
        ("runtime", "python", ">=3.12,<3.13.0a0", "pkg:conda/python"),
        ("runtime", "openssl", "3.2.1 h0_0", "pkg:conda/openssl@3.2.1"),
        ("runtime", "libgcc", "*", "pkg:conda/libgcc"),
        ("runtime", "numpy", "==1.26.4", "pkg:conda/numpy@1.26.4"),
        ("runtime", "__glibc", ">=2.17", None),
    ]
    assert short(read(tmp_path, conda_2())) == [("runtime", "python", ">=3.12", "pkg:conda/python")]


def test_pub(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        told.pubspec(
            f"description: A widget.\nhomepage: {HOME}\nrepository: {CODE}\nauthor: A. Writer <a@example.org>\n"
            "dependencies:\n  path: ^1.9.0\n  meta: 1.12.0\n  any_one: any\n  none_said:\n"
            "  flutter:\n    sdk: flutter\n"
            "  fork:\n    git:\n      url: https://example.org/x.git\n  ranged:\n    version: ^2.0.0\n"
            "dev_dependencies:\n  test: ^1.0.0\n"
        ),
    )
    assert but_requirements(found) == Metadata((), (ME,), None, "A widget.", HOME, CODE, ())
    assert short(found) == [
        ("runtime", "path", "^1.9.0", "pkg:pub/path"),
        ("runtime", "meta", "1.12.0", "pkg:pub/meta@1.12.0"),
        ("runtime", "any_one", "*", "pkg:pub/any_one"),
        ("runtime", "none_said", "*", "pkg:pub/none_said"),
        ("runtime", "flutter", "sdk: flutter", None),
        ("runtime", "fork", "git: https://example.org/x.git", None),
        ("runtime", "ranged", "^2.0.0", "pkg:pub/ranged"),
        ("development", "test", "^1.0.0", "pkg:pub/test"),
    ]


@pytest.mark.parametrize(
    "requirements",
    [
        '[[{<<"name">>,<<"jason">>},{<<"app">>,<<"jason">>},{<<"optional">>,true},{<<"requirement">>,<<"~> 1.0">>},'
        '{<<"repository">>,<<"hexpm">>}],[{<<"name">>,<<"own">>},{<<"requirement">>,<<"1.0.0">>},'
        '{<<"repository">>,<<"acme">>}]]',
        '[{<<"jason">>,[{<<"optional">>,true},{<<"requirement">>,<<"~> 1.0">>}]},'
        '{<<"own">>,[{<<"requirement">>,<<"1.0.0">>},{<<"repository">>,<<"acme">>}]}]',
        '#{<<"jason">> => #{<<"optional">> => true, <<"requirement">> => <<"~> 1.0">>},'
        '<<"own">> => #{<<"requirement">> => <<"1.0.0">>, <<"repository">> => <<"acme">>}}',
    ],
)
def test_hex(tmp_path: Path, requirements: str) -> None:
    terms = (
        '{<<"description">>,<<"A widget.">>}.{<<"licenses">>,[<<"Apache-2.0">>,<<"MIT">>]}.'
        f'{{<<"links">>,[{{<<"GitHub">>,<<"{CODE}">>}},{{<<"Website">>,<<"{HOME}">>}}]}}.'
        f'{{<<"maintainers">>,[<<"A. Writer">>]}}.{{<<"requirements">>,{requirements}}}.'
    )
    found = read(tmp_path, told.config(terms))
    people = (Person("A. Writer"),)
    assert but_requirements(found) == Metadata(("Apache-2.0", "MIT"), people, None, "A widget.", HOME, CODE, ())
    assert short(found) == [
        ("optional", "jason", "~> 1.0", "pkg:hex/jason"),
        ("runtime", "acme/own", "1.0.0", "pkg:hex/acme/own@1.0.0"),
    ]


FORMULA = """\
  desc "A widget"
  homepage "https://example.org/widget"
  license any_of: ["MIT", "Apache-2.0"]
  # depends_on "commented"
  depends_on "cmake" => :build
  depends_on "pytest" => [:test]
  depends_on "openssl@3"
  uses_from_macos "zlib"
  depends_on "acme/tools/gadget" => :recommended
  on_linux do
    depends_on "alsa-lib"
  end
  depends_on macos: :sonoma
"""
BREW = "pkg:brew/homebrew/core/widget@1.0_1"


def test_brew(tmp_path: Path) -> None:
    found = read(tmp_path, told.formula(FORMULA), BREW)
    assert but_requirements(found) == Metadata(("MIT OR Apache-2.0",), (), None, "A widget", HOME, None, ())
    assert short(found) == [
        ("build", "cmake", "*", "pkg:brew/homebrew/core/cmake"),
        ("development", "pytest", "*", "pkg:brew/homebrew/core/pytest"),
        ("runtime", "openssl@3", "*", "pkg:brew/homebrew/core/openssl%403"),
        ("runtime", "zlib", "*", "pkg:brew/homebrew/core/zlib"),
        ("optional", "acme/tools/gadget", "*", "pkg:brew/acme/tools/gadget"),
        ("runtime", "alsa-lib", "* ; on_linux", "pkg:brew/homebrew/core/alsa-lib"),
    ]
    built = [
        {"full_name": "openssl@3", "version": "3.2.1", "pkg_version": "3.2.1_1", "declared_directly": True},
        {"full_name": "ca-certificates", "version": "2024", "declared_directly": False},
    ]
    receipt = {"source": {"tap": "homebrew/core"}, "runtime_dependencies": built}
    ca = ("built with 2024 ; indirect", "pkg:brew/homebrew/core/ca-certificates@2024")
    assert short(read(tmp_path, told.formula(FORMULA, receipt), BREW)) == [
        ("runtime", "openssl@3", "built with 3.2.1_1", "pkg:brew/homebrew/core/openssl%403@3.2.1_1"),
        ("runtime", "ca-certificates", *ca),
        ("build", "cmake", "*", "pkg:brew/homebrew/core/cmake"),
    ]


CPAN = "pkg:cpan/ACME/Acme-Widget@1.02"


def test_cpan(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        told.distribution(
            abstract="A widget.",
            license=["perl_5", "restricted"],
            author=["A. Writer <a@example.org>"],
            resources={"homepage": HOME, "repository": {"url": CODE, "type": "git"}},
            prereqs={
                "runtime": {"requires": {"perl": "5.010", "Moo": 0}, "recommends": {"JSON::XS": "3.0"}},
                "test": {"requires": {"Test::More": "0.98"}, "conflicts": {"X": 1}},
                "configure": {"requires": {"ExtUtils::MakeMaker": "0"}},
                "x_own": {"requires": {"Y": 1}},
            },
        ),
        CPAN,
    )
    licenses = ("Artistic-1.0-Perl OR GPL-1.0-or-later", "restricted")
    assert but_requirements(found) == Metadata(licenses, (ME,), None, "A widget.", HOME, CODE, ())
    assert short(found) == [
        ("runtime", "perl", "5.010 ; runtime", None),
        ("runtime", "Moo", "* ; runtime", None),
        ("optional", "JSON::XS", "3.0 ; runtime recommends", None),
        ("development", "Test::More", "0.98 ; test", None),
        ("build", "ExtUtils::MakeMaker", "* ; configure", None),
    ]


def test_cpan_in_yaml(tmp_path: Path) -> None:
    meta = b"---\nname: Acme-Widget\nversion: '1.02'\nlicense: mit\nrequires:\n  Moo: '2'\nrecommends:\n  A::B: 0\n"
    data = tgz([("Acme-Widget-1.02/META.yml", meta), ("Acme-Widget-1.02/Build.PL", b"")])
    found = read(tmp_path, data, CPAN)
    assert found.licenses == ("MIT",)
    assert short(found) == [("runtime", "Moo", "2 ; requires", None), ("optional", "A::B", "* ; recommends", None)]


def test_cocoapods(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        podspec(
            license={"type": "MIT", "file": "LICENSE"},
            dependencies={"Alamofire": ["~> 5.0", "< 5.9"], "Pinned": "1.2.0", "AcmeWidget+Core/Base": []},
            ios={"dependencies": {"UIThing/Part": []}},
            default_subspecs="Base",
            subspecs=[
                {"name": "Base", "subspecs": [{"name": "Deep", "dependencies": {"D": "1"}}]},
                {"name": "Extra", "dependencies": {"E": []}},
            ],
            testspecs=[{"name": "Tests", "dependencies": {"Quick": []}}],
        ),
    )
    people = (Person("A", "a@example.org"),)
    home, code = "https://example.org/", "https://example.org/acme.git"
    assert but_requirements(found) == Metadata(("MIT",), people, None, "A widget.", home, code, ())
    assert short(found) == [
        ("runtime", "Alamofire", "~> 5.0, < 5.9", "pkg:cocoapods/Alamofire"),
        ("runtime", "Pinned", "1.2.0", "pkg:cocoapods/Pinned@1.2.0"),
        ("runtime", "UIThing/Part", "* ; ios", "pkg:cocoapods/UIThing"),
        ("optional", "E", "* ; subspec Extra", "pkg:cocoapods/E"),
        ("development", "Quick", "* ; subspec Tests", "pkg:cocoapods/Quick"),
        ("runtime", "D", "1 ; subspec Base/Deep", "pkg:cocoapods/D@1"),
    ]


def test_swift(tmp_path: Path) -> None:
    text = """\
// .package(url: "https://example.org/acme/commented", from: "1.0.0")
/* .package(url: "https://example.org/acme/commented", from: "1.0.0") */
let package = Package(name: "Widget", dependencies: [
    .package(url: "https://github.com/apple/swift-nio.git", from: "2.0.0"),
    .package(name: "Log", url: "git@GitHub.com:apple/swift-log.git", .upToNextMajor(from: "1.0.0")),
    .package(url: "https://example.org/acme/x", exact: "1.2.3"),
    .package(path: "../local"),
    .package(id: "acme.widget", "1.0.0"..<"2.0.0"),
])
"""
    found = read(tmp_path, told.sources(text), "pkg:swift/github.com/acme/widget@1.0.0")
    assert short(found) == [
        ("runtime", "github.com/apple/swift-nio", "from: 2.0.0", "pkg:swift/github.com/apple/swift-nio"),
        (
            "runtime",
            "GitHub.com/apple/swift-log",
            ".upToNextMajor(from: 1.0.0)",
            "pkg:swift/github.com/apple/swift-log",
        ),
        ("runtime", "example.org/acme/x", "exact: 1.2.3", "pkg:swift/example.org/acme/x@1.2.3"),
        ("runtime", "acme.widget", "1.0.0..<2.0.0", None),
    ]


def test_a_name_that_is_none_is_still_a_requirement(tmp_path: Path) -> None:
    names = {"": "1", "..": "1", "a/b/c": "1", "\x00\n": "1", "@": "1", "@scope": "1", "x" * 5000: "1"}
    found = read(tmp_path, told.npm(dependencies=names)).requirements
    assert found is not None
    assert {item.package for item in found} == {None}
    assert len(found) == len(names) - 1  # of two names nothing can be shown
    assert all(isinstance(item, Requirement) and item.name and item.scope is Scope.RUNTIME for item in found)
    assert max(len(item.name) for item in found) == 1_000
