"""Gems: what RubyGems writes is read, and nothing that another reader of YAML could read differently."""

from __future__ import annotations

import gzip
import shutil
import subprocess
from pathlib import Path

import pytest

from attest import limits
from attest.errors import PackageError
from attest.packages.ecosystem import names_from_file_name
from attest.packages.files import identify
from tests.packages.build import tar, write

METADATA = """\
--- !ruby/object:Gem::Specification
name: demo-gem
version: !ruby/object:Gem::Version
  version: 1.2.3.pre
platform: java
authors:
- 'A: ''quoted'''
-
dependencies:
- !ruby/object:Gem::Dependency
  name: rack
  version_requirements: &id001 !ruby/object:Gem::Requirement
    requirements:
    - - ">="
      - !ruby/object:Gem::Version
        version: '0'
description: |-
  name: other

  version: 9
homepage:
metadata: {}
"""


def gem(metadata: str | bytes = METADATA) -> bytes:
    data = metadata.encode() if isinstance(metadata, str) else metadata
    return tar([("metadata.gz", gzip.compress(data, mtime=0)), ("data.tar.gz", b""), ("checksums.yaml.gz", b"")])


def replaced(old: str, new: str) -> bytes:
    assert old in METADATA
    return gem(METADATA.replace(old, new, 1))


@pytest.mark.parametrize(
    ("data", "purl"),
    [
        (gem(), "pkg:gem/demo-gem@1.2.3.pre"),
        (gem(METADATA.replace("\n", "\r\n")), "pkg:gem/demo-gem@1.2.3.pre"),
        (replaced("name: demo-gem", "name: 'demo-gem'"), "pkg:gem/demo-gem@1.2.3.pre"),
        (replaced("name: demo-gem", "name: e3"), "pkg:gem/e3@1.2.3.pre"),
        (replaced("version: 1.2.3.pre", "version: '1.0'"), "pkg:gem/demo-gem@1.0"),
        (replaced("version: 1.2.3.pre", 'version: "10"'), "pkg:gem/demo-gem@10"),
        # as RubyGems wrote before 2.0
        (replaced("Gem::Specification\n", "Gem::Specification \n"), "pkg:gem/demo-gem@1.2.3.pre"),
        (replaced("Gem::Version\n  version:", "Gem::Version \n  hash: 1\n  segments: \n  - 1\n  version:"), None),
    ],
)
def test_what_rubygems_writes(tmp_path: Path, data: bytes, purl: str | None) -> None:
    assert str(identify(write(tmp_path, data)).purl) == (purl or "pkg:gem/demo-gem@1.2.3.pre")


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (gem(""), "it begins ''"),
        (gem("name: x\n"), "not as the YAML of a Gem::Specification"),
        (gem("--- !ruby/object:Gem::Specification {name: x}\n"), "not as the YAML"),
        (gem("--- !ruby/object:Gem::Specification\n  name: x\n"), "a line that RubyGems does not write: ' name: x'"),
        (gem(METADATA + "name: other\n"), "name stands there twice"),
        (gem(METADATA + '"name": other\n'), "a line that RubyGems does not write"),
        (gem(METADATA + "name : other\n"), "a line that RubyGems does not write"),
        (gem(METADATA + "? name\n: other\n"), "a line that RubyGems does not write"),
        (gem(METADATA + "<<: {name: other}\n"), "a line that RubyGems does not write"),
        (gem(METADATA + "--- !ruby/object:Gem::Specification\n"), "a line that RubyGems does not write"),
        (gem(METADATA + "...\n"), "a line that RubyGems does not write"),
        (gem(METADATA + "summary: x\u2028name: other\n"), "name stands there twice"),
        (gem(METADATA + "summary: x\x85name: other\n"), "name stands there twice"),
        (gem(METADATA + "summary: x\rname: other\n"), "name stands there twice"),
        (replaced("  version: 1.2.3.pre", "  version: 1.2.3\n  version: 2.0.0"), "version stands there twice"),
        (replaced("  version: 1.2.3.pre", " version: 1.2.3"), "its version is not indented"),
        (replaced("  version: 1.2.3.pre", "  version: 1.10"), "its version is no text: '1.10'"),
        (replaced("  version: 1.2.3.pre", "  version: 0x10"), "its version is no text"),
        (replaced("  version: 1.2.3.pre", "  other: 1"), "its version is no text: ''"),
        (replaced("  version: 1.2.3.pre", "  version: 1.2.3-x"), "its version is none"),
        (replaced("name: demo-gem", "name: *id001"), "its name is none: '*id001'"),
        (replaced("name: demo-gem", "name: !binary |"), "its name is none"),
        (replaced("name: demo-gem", "name: 'a''b'"), "its name is none"),
        (replaced("name: demo-gem\n", ""), "its name is no text: ''"),
        (replaced("!ruby/object:Gem::Version", "1.2"), "its version is no Gem::Version"),
        (gem(b"--- !ruby/object:Gem::Specification\nname: \xff\n"), "it is not UTF-8"),
        (gem(METADATA + "x" * limits.PACKAGE_METADATA), f"more than {limits.PACKAGE_METADATA} bytes"),
        (tar([("metadata.gz", b"no")]), "not whole gzip data"),
        (tar([("metadata.gz", gzip.compress(b"", mtime=0)), ("metadata", b"")]), "two metadata files"),
        (tar([("metadata.gz", b""), ("./metadata.gz", b"")]), "stands there twice"),
        (gem()[:-1024] + b"x" * 1024, "data after the end of a tar archive"),
        (gem()[:600], "not a whole tar archive"),
        (tar([("other", b"")]), "looked in tar for metadata.gz (gem); metadata.config (Hex package)"),
    ],
)
def test_what_it_does_not_write(tmp_path: Path, data: bytes, why: str) -> None:
    with pytest.raises(PackageError) as caught:
        identify(write(tmp_path, data))
    assert why in str(caught.value)
    assert len(str(caught.value)) < 1000


@pytest.mark.parametrize(
    ("name", "purl"),
    [
        ("rack-3.0.8.gem", "pkg:gem/rack@3.0.8"),
        ("nokogiri-1.16.0-x86_64-linux.gem", "pkg:gem/nokogiri@1.16.0"),
        ("a-b-2-1.0.0.rc1-java.gem", "pkg:gem/a-b-2@1.0.0.rc1"),
        ("a-1-2-java.gem", None),
        ("rack.gem", None),
        ("rack-3.0.8.zip", None),
    ],
)
def test_file_names(name: str, purl: str | None) -> None:
    assert [str(item) for item in names_from_file_name("gem", name)] == ([] if purl is None else [purl])


@pytest.mark.parametrize(
    ("name", "purl"),
    [
        ("gh--2.1.0.arm64_sonoma.bottle.tar.gz", "pkg:brew/homebrew/core/gh@2.1.0"),
        ("python@3.12--3.12.1_1.x86_64_linux.bottle.2.tar.gz", "pkg:brew/homebrew/core/python%403.12@3.12.1_1"),
        ("a" * 64 + "--gh--2.1.0.all.bottle.tar.gz", "pkg:brew/homebrew/core/gh@2.1.0"),
        ("gh-2.1.0.tar.gz", None),
    ],
)
def test_names_of_bottles(name: str, purl: str | None) -> None:
    assert [str(item) for item in names_from_file_name("brew", name)] == ([] if purl is None else [purl])


def test_a_name_that_contradicts_the_gem(tmp_path: Path) -> None:
    with pytest.raises(PackageError, match=r"the name says demo-gem 1\.2\.4, the content demo-gem 1\.2\.3\.pre"):
        identify(write(tmp_path, gem(), "demo-gem-1.2.4-java.gem"))


@pytest.mark.slow
@pytest.mark.parametrize("platform", ["ruby", "java", "x86_64-linux"])
def test_what_gem_builds(tmp_path: Path, platform: str) -> None:
    program = shutil.which("gem")
    if program is None:
        pytest.skip("gem is not installed")
    (tmp_path / "demo.gemspec").write_text(
        f"""Gem::Specification.new do |s|
          s.name = "demo-gem"; s.version = "1.10"; s.platform = "{platform}"
          s.summary = "name: x"; s.description = "multi\\nname: other\\n\\n- # & * \\u2028name: x"
          s.authors = ["A: 'quoted'"]; s.files = []; s.license = "MIT"; s.homepage = "https://demo.example"
          s.add_dependency "rack", ">= 1.0"; s.metadata["name"] = "x"
        end""",
        encoding="utf-8",
    )
    subprocess.run([program, "build", "demo.gemspec"], cwd=tmp_path, check=True, timeout=60, capture_output=True)
    (built,) = tmp_path.glob("*.gem")
    assert str(identify(built).purl) == "pkg:gem/demo-gem@1.10"
