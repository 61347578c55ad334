"""XML as elements: what is read, what is refused, and that nothing else happens."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attest import limits
from attest.errors import XMLError
from attest.formats import strict_xml
from attest.formats.strict_xml import Element

WHERE = "a.xml"


def read(data: bytes, limit: int = 10_000_000) -> Element:
    return strict_xml.read(data, where=WHERE, limit=limit)


def test_elements_as_they_are_written() -> None:
    root = read(b'<?xml version="1.0"?>\n<a xmlns="urn:x" b="1">\n<c>t&amp;<!-- no --><![CDATA[<u>]]></c><c/>v</a>')
    assert (root.name, root.where, dict(root.attributes)) == ("a", "a.xml:2", {"xmlns": "urn:x", "b": "1"})
    assert root.text == "\nv"
    assert [(child.name, child.text, child.where) for child in root.all("c")] == [
        ("c", "t&<u>", "a.xml:3"),
        ("c", "", "a.xml:3"),
    ]
    assert root.one("d") is None
    assert root.value("d") is None


def test_text_in_other_encodings() -> None:
    assert read("<a><b>ä</b></a>".encode("utf-16")).value("b") == "ä"
    assert read(b'<?xml version="1.0" encoding="ISO-8859-1"?><a><b>\xe4</b></a>').value("b") == "ä"
    assert read(b"\xef\xbb\xbf<a><b>\xc3\xa4</b></a>").value("b") == "ä"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "a.xml:1: not XML: no element found"),
        (b"<a>\n<b>\n", "a.xml:3: not XML: no element found"),
        (b"<a/>\n<b/>", "a.xml:2: not XML: junk after document element"),
        (b"<a b='1' b='2'/>", "a.xml:1: not XML: duplicate attribute"),
        (b"<a>\n&x;</a>", "a.xml:2: not XML: undefined entity"),
        (b"<a>\xff</a>", "a.xml:1: not XML: not well-formed (invalid token)"),
        (b"<!DOCTYPE a>\n<a/>", "a.xml:1: not read as XML: it declares a document type"),
        (
            b'\n<!DOCTYPE a [<!ENTITY b "c"><!ENTITY d "&b;&b;">]><a>&d;</a>',
            "a.xml:2: not read as XML: it declares a document type",
        ),
        (b"\n" + b"<a>" * 65, "a.xml:2: nested too deeply: more than 64 levels"),
        (b"<a/>" + bytes(10_000_000), "a.xml: not read as XML: more than 10000000 bytes"),
        (b"<?xml version='1.0' encoding='nope'?><a/>", "a.xml: not XML: unknown encoding: nope"),
    ],
)
def test_what_is_refused(data: bytes, said: str) -> None:
    with pytest.raises(XMLError) as caught:
        read(data)
    assert str(caught.value) == said


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"<a><b/>\n<b/></a>", "a.xml:2: b stands there twice: first at a.xml:1"),
        (b"<a><b>x<c/></b></a>", "a.xml:1: b is no text: there are elements in it"),
        (b"<a xmlns:p='u'><p:b>x</p:b></a>", "a.xml:1: an element that readers understand differently: p:b"),
        (b"<a xmlns:p='u'><b>x</b><p:b>y</p:b></a>", "a.xml:1: an element that readers understand differently: p:b"),
    ],
)
def test_values_that_two_readers_could_see_differently(data: bytes, said: str) -> None:
    root = read(data)
    with pytest.raises(XMLError) as caught:
        root.value("b")
    assert str(caught.value) == said


def test_no_more_elements_than_there_may_be() -> None:
    with pytest.raises(XMLError, match="too many elements"):
        read(b"<a>" + b"<b/>" * limits.XML_ELEMENTS + b"</a>")


@given(st.binary(max_size=200) | st.text(alphabet="<>/a:=\"'&;!?-[] \n", max_size=60).map(str.encode))
def test_anything_is_read_or_refused(data: bytes) -> None:
    with contextlib.suppress(XMLError):
        assert read(data).where.startswith(WHERE)


NAMES = st.sampled_from(["a", "b", "c-d", "e.f"])


@given(st.recursive(st.tuples(NAMES, st.just([])), lambda inner: st.tuples(NAMES, st.lists(inner, max_size=4))))
def test_a_tree_is_read_as_it_was_written(tree: tuple[str, list[object]]) -> None:
    def written(node: tuple[str, list[object]]) -> str:
        return f"<{node[0]}>{''.join(written(child) for child in node[1])}</{node[0]}>"  # type: ignore[arg-type]

    def back(element: Element) -> tuple[str, list[object]]:
        return element.name, [back(child) for child in element.children]

    assert back(read(written(tree).encode())) == tree
