"""Hex packages: metadata in Erlang terms as Hex's own reader takes them, and nothing that others read differently."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attest import limits
from attest.errors import PackageError
from attest.packages.ecosystem import names_from_file_name
from attest.packages.erlang_terms import Atom, Term, pairs
from attest.packages.files import identify
from attest.packages.purl import Purl
from tests.packages.build import tar, write
from tests.packages.makers import METADATA_CONFIG, hex_package

PURL = "pkg:hex/acme_widget@1.0.0-rc.1"


def nested(depth: int) -> list[Term]:
    """An empty list in so many others."""
    return [nested(depth - 1)] if depth else []


SHORT = b'{<<"name">>,<<"a">>}.{<<"version">>,<<"1.0.0">>}.'


def test_a_package(tmp_path: Path) -> None:
    data = hex_package()
    found = identify(write(tmp_path, data))
    assert (str(found.purl), found.registry_name, found.platform) == (PURL, "acme_widget", None)


def test_whose_it_is_does_not_stand_in_it(tmp_path: Path) -> None:
    """Without a purl it belongs to no organization; to which it does, the user may say."""
    path = write(tmp_path, hex_package())
    owned = Purl.parse("pkg:hex/acme/acme_widget@1.0.0-rc.1")
    assert identify(path, owned).purl == owned
    assert str(identify(path, Purl.parse(PURL)).purl) == PURL


@pytest.mark.parametrize(
    ("terms", "expected"),
    [
        (b"", {}),
        (b'{<<"a">>,<<"b">>}.', {"a": "b"}),
        (b'{ << "a" >> ,\n<<"b"/utf8>>\t}\n.\n', {"a": "b"}),
        (b'{<<"a" "b"\n"c">>,<<>>}.', {"abc": ""}),
        (b'{<<97,98>>,<<"b",99,"d">>}.', {"ab": "bcd"}),
        (b'{<<"a">>,<<"\xc3\xa9"/utf8>>}.', {"a": None}),
        (b'{<<"a">>,<<"b\\"c">>}.', {"a": None}),
        (b'{<<"a">>,<<"b\nc">>}.', {"a": None}),
        (b'{<<"a">>,"b" "c"}.', {"a": None}),
        (b'{<<"a">>,true}.{<<"b">>,nil}.{<<"c">>,-12}.', {"a": Atom("true"), "b": Atom("nil"), "c": None}),
        (b"{<<\"a\">>,'quoted atom'}.", {"a": Atom("quoted atom")}),
        (b'{<<"a">>,[]}.{<<"b">>,{}}.{<<"c">>,#{}}.', {"a": [], "b": (), "c": {}}),
        (b'{<<"a">>,[{<<"b">>,[1,2]},#{<<"c">> => 3, d => [4]}]}.', {"a": [("b", [None, None]), {"c": None}]}),
        (b'{<<"a">>,' + b"[" * 60 + b"]" * 60 + b"}.", {"a": nested(59)}),
    ],
)
def test_terms(terms: bytes, expected: dict[str, Term]) -> None:
    assert pairs(terms, "x") == expected


@pytest.mark.parametrize(
    ("terms", "why"),
    [
        (b"\xff", "it is not UTF-8"),
        (b'{<<"a">>,1}', "expected '.', found ''"),
        (b'{<<"a">>,1', "expected '}', found ''"),
        (b'{<<"a">>}.', "expected ',', found '}'"),
        (b'{<<"a">>,1,2}.', "expected '}', found ','"),
        (b'{<<"a">>,1}}.', "expected '.', found '}'"),
        (b'<<"a">>.', "expected '{', found '<<'"),
        (b'{<<"a">>,}.', "expected a term, found '}'"),
        (b'{<<"a">>,[1,]}.', "expected a term, found ']'"),
        (b'{<<"a">>,[1 2]}.', "expected ',', found '2'"),
        (b'{<<"a">>,[1}.', "expected ',', found '}'"),
        (b'{<<"a">>,#{1}}.', "expected '=>', found '}'"),
        (b'{<<"a">>,-a}.', "expected a term, found 'a'"),
        (b'{<<"a">>,1.5}.', "expected '}', found '.'"),
        (b'{<<"a">>,Variable}.', "no token: 'Variable}.'"),
        (b'{<<"a">>,1}. % comment', "no token: '% comment'"),
        (b'{<<"a">>,<<"b}.', "no token: '\"b}.'"),
        (b'{<<"a">>,\'b}.', 'no token: "\'b}."'),
        (b'{<<"a">>,<<"b\\\\">>}.', "a text that ends in a backslash"),
        (b'{<<"a">>,"b\\\\\\\\"}.', "a text that ends in a backslash"),
        (b'{<<"a">>,<<256>>}.', "256 is no byte"),
        (b'{<<"a">>,<<' + b"1" * 5000 + b">>}.", "is no byte"),
        (b'{<<"a">>,<<"b"/latin1>>}.', "only utf8 may follow a text"),
        (b'{<<"a">>,<<a>>}.', "expected text or a number, found 'a'"),
        (b'{<<"a">>,<<"b",>>}.', "expected text or a number, found '>>'"),
        (b'{<<"a">>,1}.{<<97>>,2}.', "'a' stands there twice"),
        (b'{<<"a">>,1}.\n\n{<<"\\141">>,2}.', "a key that is no plain text"),
        (b"{name,1}.", "a key that is no plain text"),
        (b'{"name",1}.', "a key that is no plain text"),
        (b'{<<"a">>,' + b"[" * 66 + b"]" * 66 + b"}.", "nested deeper than 64"),
        (b'{<<"a">>,' + b"[" * 500_000, "nested deeper than 64"),
    ],
)
def test_what_are_no_terms(terms: bytes, why: str) -> None:
    with pytest.raises(PackageError) as caught:
        pairs(terms, "metadata.config")
    assert why in str(caught.value)
    assert len(str(caught.value)) < 300


def test_where_it_went_wrong() -> None:
    with pytest.raises(PackageError, match=r"metadata\.config line 3: not Erlang terms"):
        pairs(b'{<<"a">>,1}.\n\n{<<"a">>,2}.', "metadata.config")


PRINTABLE = st.text(st.characters(min_codepoint=32, max_codepoint=126, exclude_characters='"\\'), max_size=12)


@given(document=st.dictionaries(PRINTABLE, PRINTABLE, max_size=6), space=st.sampled_from(["", " ", "\n  "]))
def test_what_is_written_is_read(document: dict[str, str], space: str) -> None:
    text = "".join(f'{{<<"{key}">>,{space}<<"{value}"/utf8>>}}.\n' for key, value in document.items())
    assert pairs(text.encode(), "x") == document


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (hex_package(version=b"2"), "a Hex package of an unknown version"),
        (hex_package(version=b"3\n"), "a Hex package of an unknown version"),
        (tar([("metadata.config", SHORT)]), "a Hex package of an unknown version"),
        (hex_package(b""), "it has no name and version"),
        (hex_package(SHORT.replace(b"<<1", b"<<")[:-1]), "expected '.'"),
        (hex_package(SHORT.replace(b'<<"a">>', b"a")), "it has no name and version"),
        (hex_package(SHORT.replace(b'<<"a">>', b'<<"A">>')), "it has no name and version"),
        (hex_package(SHORT.replace(b'<<"a">>', b'<<"a-b">>')), "it has no name and version"),
        (hex_package(SHORT.replace(b'<<"a">>', b'<<"a\\n">>')), "it has no name and version"),
        (hex_package(SHORT.replace(b"1.0.0", b"1.0")), "it has no name and version"),
        (hex_package(SHORT + SHORT), "'name' stands there twice"),
        (hex_package(SHORT + b" " * limits.HEX_METADATA), "metadata too large"),
        (tar([("VERSION", b"3"), ("metadata.config", SHORT), ("metadata.config", SHORT)]), "stands there twice"),
        (tar([("VERSION", b"3"), ("Metadata.config", SHORT)]), "metadata in other letter case"),
        (tar([("VERSION", b"3"), ("metadata.config", SHORT), ("metadata.gz", b"")]), "not whole gzip data"),
        (hex_package()[:-1024] + b"x" * 1024, "data after the end of a tar archive"),
        (hex_package()[:2000], "not a whole tar archive"),
    ],
)
def test_what_is_refused(tmp_path: Path, data: bytes, why: str) -> None:
    with pytest.raises(PackageError) as caught:
        identify(write(tmp_path, data))
    assert why in str(caught.value)


@pytest.mark.parametrize("unit", [b"1,", b'"a",', b"[],", b'<<"a">>,', b"<<1>>,", b"a,", b"\n", b'"\\\\a",', b"-1,"])
def test_the_largest_is_read_in_time(tmp_path: Path, unit: bytes) -> None:
    begin, end = SHORT + b'{<<"x">>,[', b"1]}."
    metadata = begin + unit * ((limits.HEX_METADATA - len(begin) - len(end)) // len(unit)) + end
    path = write(tmp_path, hex_package(metadata))
    start = time.process_time()
    assert identify(path).purl.name == "a"
    assert time.process_time() - start < 6


def test_its_file_name(tmp_path: Path) -> None:
    assert [str(purl) for purl in names_from_file_name("hex", "acme_widget-1.0.0-rc.1.tar")] == [PURL]
    for name in ("acme-widget-1.0.0.tar", "acme_widget-1.0.tar", "acme_widget-1.0.0", "acme_widget.tar", ".tar"):
        assert list(names_from_file_name("hex", name)) == []
    with pytest.raises(PackageError, match=r"the name says acme_widget 2\.0\.0"):
        identify(write(tmp_path, hex_package(), "acme_widget-2.0.0.tar"))
    assert METADATA_CONFIG.count(b"acme_widget") == 2
