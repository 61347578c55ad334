"""Purls: what is written is read back, normalising twice changes nothing, and each row does what the table says."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attest import limits
from attest.errors import UsageError
from attest.packages.ecosystem import ecosystem, names_from_file_name
from attest.packages.purl import Purl
from attest.packages.table import TABLE

SEGMENTS = st.text(
    st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="/"), min_size=1, max_size=40
).filter(lambda text: text not in (".", ".."))
VERSIONS = st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=40)
PURLS = st.builds(
    Purl.of,
    st.sampled_from(["generic", "conda+x", "golang", "a.b-c"]),
    st.lists(SEGMENTS, max_size=4).map(tuple),
    SEGMENTS,
    VERSIONS,
)


@given(PURLS)
def test_writing_and_reading_is_identity(purl: Purl) -> None:
    text = str(purl)
    assert Purl.parse(text) == purl
    assert str(Purl.parse(text)) == text
    assert text.isascii()
    assert set(text) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-_~:%/@+")


@given(PURLS, PURLS)
def test_two_packages_never_have_one_text(one: Purl, other: Purl) -> None:
    assert (str(one) == str(other)) == (one == other)


@given(st.text(max_size=60))
def test_any_text_is_a_purl_or_a_usage_error(text: str) -> None:
    for written in (text, f"pkg:{text}", f"pkg:npm/{text}@1", f"pkg:generic/x@{text}"):
        try:
            purl = Purl.parse(written)
        except UsageError:
            continue
        assert Purl.parse(str(purl)) == purl


@pytest.mark.parametrize("separator", ["-", "_", ".", "-_.", "--"])
def test_pypi_names_fold(separator: str) -> None:
    assert str(Purl.parse(f"pkg:pypi/Foo{separator}BAR@1.0")) == "pkg:pypi/foo-bar@1.0"


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("1", "1.0.0"),
        ("1.2.3.0", "1.2.3"),
        ("1.2.3.4", "1.2.3.4"),
        ("001.02.3", "1.2.3"),
        ("1.0.0-ALPHA.01+x.y", "1.0.0-alpha.01"),
        ("0.0.0.0", "0.0.0"),
        ("2147483647.0.0", "2147483647.0.0"),
    ],
)
def test_nuget_versions(written: str, normal: str) -> None:
    assert Purl.of("nuget", (), "X.Y", written) == Purl("nuget", (), "x.y", normal)


@pytest.mark.parametrize("version", ["", "x", "1.0.0.0.0", "2147483648", "1-", "1.", "1.0+", "1.0-a..b", "1.0 ", "١.0"])
def test_what_is_no_nuget_version(version: str) -> None:
    with pytest.raises(UsageError):
        Purl.of("nuget", (), "x", version)


def test_lower_case_is_that_of_ascii_only() -> None:
    assert Purl.of("nuget", (), "İKEA", "1.0.0").name == "İkea"
    assert Purl.of("swift", ("GİT.example", "Owner"), "x", "1").namespace == ("gİt.example", "Owner")


@pytest.mark.parametrize(
    "platform", ["java", "x86_64-linux", "arm64-darwin-22", "x64-mingw-ucrt", "x86-mswin32-60", "ruby"]
)
def test_gem_versions_lose_their_platform(platform: str) -> None:
    assert Purl.parse(f"pkg:gem/nokogiri@1.16.0-{platform}").version == "1.16.0"


def test_the_version_begins_at_the_last_at_sign() -> None:
    assert Purl.parse("pkg:brew/openssl@3@3.3.1") == Purl("brew", ("homebrew", "core"), "openssl@3", "3.3.1")
    assert Purl.parse("pkg:npm/@acme/x@1.0.0") == Purl("npm", ("@acme",), "x", "1.0.0")


def test_the_limit_counts_before_and_after_encoding() -> None:
    longest = "n" * (limits.PURL - len("pkg:generic/@1"))
    assert len(str(Purl.of("generic", (), longest, "1"))) == limits.PURL
    with pytest.raises(UsageError):
        Purl.of("generic", (), longest + "n", "1")
    with pytest.raises(UsageError, match="written out"):
        Purl.of("generic", (), "日" * 2000, "1")


@pytest.mark.parametrize("part", ["\ud800", "a\x00b", "a\nb", "\x7f"])
def test_no_control_character_and_no_half_surrogate(part: str) -> None:
    for arguments in [((part,), "x", "1"), ((), part, "1"), ((), "x", part)]:
        with pytest.raises(UsageError):
            Purl.of("generic", *arguments)
    with pytest.raises(UsageError):
        Purl.parse(f"pkg:generic/{part}@1")


def test_a_refusal_names_the_qualifier_and_what_to_do() -> None:
    with pytest.raises(UsageError) as caught:
        Purl.parse("pkg:pypi/x@1?file_name=x-1.tar.gz")
    assert str(caught.value) == (
        "not a usable purl: 'pkg:pypi/x@1?file_name=x-1.tar.gz': qualifiers and subpaths do not belong "
        "to a package version (next: drop everything from the '?' or '#' on; the digest says which file is meant)"
    )


@pytest.mark.parametrize(
    ("kind", "file_name", "expected"),
    [
        ("pypi", "Foo_Bar-1.0-py3-none-any.whl", ["pkg:pypi/foo-bar@1.0"]),
        ("pypi", "foo_bar-1.0.0a1.tar.gz", ["pkg:pypi/foo-bar@1.0.0a1"]),
        ("pypi", "README.md", []),
        ("pypi", "-1.0.tar.gz", []),
        ("cargo", "serde_json-1.0.0-rc.1+x.crate", ["pkg:cargo/serde_json@1.0.0-rc.1%2Bx"]),
        ("cargo", "foo-1-2.0.0.crate", ["pkg:cargo/foo-1@2.0.0"]),
        ("cargo", "foo-1.0.0-2.0.0.crate", ["pkg:cargo/foo@1.0.0-2.0.0"]),
        ("cargo", "foo-1.crate", []),
        ("npm", "semver-7.6.3.tgz", []),
    ],
)
def test_only_certain_file_names_name_a_package(kind: str, file_name: str, expected: list[str]) -> None:
    assert [str(purl) for purl in names_from_file_name(kind, file_name)] == expected


def test_the_one_artifact_rows() -> None:
    assert {kind for kind, row in TABLE.items() if row.one_artifact} == {
        *("npm", "cargo", "hex", "pub", "golang", "nuget", "cpan")
    }
    assert not ecosystem("generic").one_artifact


@pytest.mark.parametrize("text", ["pkg:generic/a%2Fb@1", "pkg:generic/a%2fb/c@1", "pkg:golang/github.com%2Facme/x@v1"])
def test_an_encoded_slash_would_give_two_packages_one_repository(text: str) -> None:
    with pytest.raises(UsageError, match="a segment holds an encoded '/'"):
        Purl.parse(text)
    with pytest.raises(UsageError, match="a segment holds an encoded '/'"):
        Purl.of("generic", (), "a/b", "1")
