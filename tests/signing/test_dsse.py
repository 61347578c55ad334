from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attest.errors import EnvelopeError, FormatError, JSONError
from attest.oci.strict_json import Fields
from attest.signing.dsse import Envelope, Signature, decode_base64, pae


@pytest.mark.parametrize(
    ("payload_type", "payload", "message"),
    [
        ("http://example.com/HelloWorld", b"hello world", b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"),
        ("application/é", b"", b"DSSEv1 14 application/\xc3\xa9 0 "),
        ("", "é".encode(), b"DSSEv1 0  2 \xc3\xa9"),
        ("a", b"0123456789", b"DSSEv1 1 a 10 0123456789"),
        ("a b", b"\x00\xff", b"DSSEv1 3 a b 2 \x00\xff"),
    ],
)
def test_pae_vectors(payload_type: str, payload: bytes, message: bytes) -> None:
    assert pae(payload_type, payload) == message


TEXT = st.text(st.characters(exclude_categories=["Cs"]))


@given(TEXT, st.binary(), TEXT, st.binary())
def test_pae_is_injective(type_a: str, payload_a: bytes, type_b: str, payload_b: bytes) -> None:
    same = (type_a, payload_a) == (type_b, payload_b)
    assert (pae(type_a, payload_a) == pae(type_b, payload_b)) == same


def test_two_splits_of_one_text_are_two_messages() -> None:
    assert pae("a", b"b 1 c") != pae("a 5 b", b"c")


ENVELOPES = st.builds(
    Envelope,
    TEXT,
    st.binary(),
    st.lists(st.builds(Signature, st.binary(), st.none() | TEXT), min_size=1, max_size=3).map(tuple),
)


@given(ENVELOPES)
def test_what_is_written_is_read_again(envelope: Envelope) -> None:
    assert Envelope.parse(Fields(json.loads(json.dumps(envelope.json())), "envelope")) == envelope


def fields(**changes: Any) -> Fields:
    value = {"payload": "aGk=", "payloadType": "t", "signatures": [{"sig": "AAE="}]}
    return Fields({name: item for name, item in (value | changes).items() if item is not ...}, "envelope")


def test_unknown_members_are_ignored() -> None:
    envelope = Envelope.parse(fields(extra=1, signatures=[{"sig": "AAE=", "keyid": "k", "extra": []}]))
    assert envelope == Envelope("t", b"hi", (Signature(b"\x00\x01", "k"),))
    assert envelope.message == b"DSSEv1 1 t 2 hi"


@pytest.mark.parametrize("signatures", [..., [], None])
def test_no_signatures_are_refused(signatures: Any) -> None:
    with pytest.raises(EnvelopeError, match="no signature"):
        Envelope.parse(fields(signatures=signatures))


@pytest.mark.parametrize(
    "changes",
    [
        {"payload": ...},
        {"payload": None},
        {"payload": 1},
        {"payloadType": ...},
        {"payloadType": []},
        {"signatures": {}},
        {"signatures": ["AAE="]},
        {"signatures": [{}]},
        {"signatures": [{"sig": 7}]},
        {"signatures": [{"sig": "AAE=", "keyid": 7}]},
    ],
)
def test_members_of_the_wrong_type_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(JSONError):
        Envelope.parse(fields(**changes))


@given(st.binary())
def test_base64_in_each_of_its_spellings(data: bytes) -> None:
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        text = encode(data).decode()
        assert decode_base64(text, where="x") == data
        assert decode_base64(text.rstrip("="), where="x") == data


@pytest.mark.parametrize(
    "text",
    [
        "aGk=\n",
        " aGk=",
        "aG\nk=",
        "aGk=\r\n",
        "aGk\t",
        "aGk=\0",
        "aé==",
        "a*==",
        "aGk==",
        "aGk=aGk=",
        "=",
        "====",
        "a",
        "aGl",
        "aGl=",
        "QQ=",
    ],
)
def test_base64_with_anything_else_is_refused(text: str) -> None:
    with pytest.raises(EnvelopeError, match="not base64"):
        decode_base64(text, where="x")


@given(st.text(alphabet="AQgwZ+/-_= \n", max_size=8))
def test_one_value_has_few_spellings(text: str) -> None:
    """Whatever is accepted is one of the four spellings of its value, or a mix of the two alphabets."""
    try:
        data = decode_base64(text, where="x")
    except FormatError:
        return
    standard = base64.b64encode(data).decode()
    assert text.replace("-", "+").replace("_", "/") in (standard, standard.rstrip("="))
