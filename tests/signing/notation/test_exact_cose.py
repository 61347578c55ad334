"""What a COSE_Sign1 is and may not be, member by member, byte by byte."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import cbor2
import pytest

from attest import limits
from attest.errors import EnvelopeError
from attest.signing.notation import cose
from attest.signing.notation.algorithms import ALGORITHMS
from attest.signing.notation.envelope import (
    AGENT,
    AUTHENTIC_TIME,
    EXPIRY,
    SCHEME,
    SIGNING_TIME,
    TIMESTAMP,
    Attributes,
    Scheme,
)

MADE = datetime(2026, 11, 21, 12, tzinfo=UTC)
SECONDS = int(MADE.timestamp())
ATTRIBUTES = Attributes("text/x", Scheme.X509, MADE, MADE + timedelta(days=1))
HEADER: dict[Any, Any] = {
    1: -37,
    2: [SCHEME],
    3: "text/x",
    SCHEME: "notary.x509",
    SIGNING_TIME: cbor2.CBORTag(1, SECONDS),
}
Change = Callable[[list[Any]], Any]


def made(change: Change = lambda _: None, tag: int = 18) -> bytes:
    """A good one, changed: protected header (a dict), unprotected header, payload, signature."""
    parts: list[Any] = [dict(HEADER), {33: [b"leaf"], AGENT: "a"}, b"payload", b"signature"]
    change(parts)
    if isinstance(parts[0], dict | list):
        parts[0] = cbor2.dumps(parts[0])
    return cbor2.dumps(cbor2.CBORTag(tag, parts))


def refused(raw: bytes) -> str:
    with pytest.raises(EnvelopeError) as error:
        cose.read(raw)
    return str(error.value)


def signed(**members: Any) -> Change:
    return lambda parts: parts[0].update(members)


def labelled(label: Any, value: Any, part: int = 0) -> Change:
    return lambda parts: parts[part].update({label: value})


def put(position: int, value: Any) -> Change:
    return lambda parts: parts.__setitem__(position, value)


def test_what_is_read() -> None:
    found = cose.read(made())
    assert found.attributes == Attributes("text/x", Scheme.X509, MADE)
    assert (found.algorithm, found.payload, found.signature) == (ALGORITHMS[0], b"payload", b"signature")
    assert (found.chain, found.timestamp, found.agent) == ((b"leaf",), None, "a")
    assert cbor2.loads(found.message) == ["Signature1", cbor2.dumps(HEADER), b"", b"payload"]
    protected = cose.read(made(lambda parts: (parts[0].update({33: [b"x"]}), parts[1].pop(33))))
    assert (protected.chain, protected.attributes.unknown) == ((b"x",), ())


def test_a_chain_is_no_attribute() -> None:
    def change(parts: list[Any]) -> None:
        parts[0].update({33: parts[1].pop(33), 2: [SCHEME, 33]})

    assert "a critical attribute is not there: 33" in refused(made(change))


def test_what_is_written() -> None:
    """RFC 8949 §4.2.1: one way to write it, whatever the order."""
    protected = cose.protect(ATTRIBUTES, ALGORITHMS[0])
    assert protected == cbor2.dumps(
        {
            **{key: value for key, value in HEADER.items() if key != 2},
            2: [SCHEME, EXPIRY],
            EXPIRY: cbor2.CBORTag(1, SECONDS + 86_400),
        },
        canonical=True,
    )
    assert cose.message(protected, b"payload") == cbor2.dumps(["Signature1", protected, b"", b"payload"])
    for token in (None, b"token"):
        raw = cose.write(protected, b"payload", b"signature", [b"leaf", b"root"], agent="a", timestamp=token)
        header: dict[Any, Any] = {AGENT: "a", 33: [b"leaf", b"root"]} | ({} if token is None else {TIMESTAMP: token})
        expected = cbor2.CBORTag(18, [protected, header, b"payload", b"signature"])
        assert raw == cbor2.dumps(expected, canonical=True)
        assert cose.read(raw).timestamp == token


def test_the_order_of_labels() -> None:
    """As RFC 8949 §4.2.1 has it: numbers before texts, short before long."""
    written = cose.protect(Attributes("x", Scheme.SIGNING_AUTHORITY, MADE, MADE + timedelta(1)), ALGORITHMS[0])
    assert list(cbor2.loads(written)) == [1, 2, 3, EXPIRY, SCHEME, AUTHENTIC_TIME]
    raw = cose.write(written, b"", b"", [b"x"], agent="a", timestamp=b"t")
    assert list(cbor2.loads(raw).value[1]) == [33, AGENT, TIMESTAMP]


LONG = [b"x"] * (limits.CERTIFICATE_CHAIN + 1)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda parts: parts.pop(), "COSE: not a COSE_Sign1: expected header, header, payload, signature"),
        (lambda parts: parts.append(b""), "not a COSE_Sign1"),
        (put(0, "x"), "not a COSE_Sign1"),
        (put(1, b""), "not a COSE_Sign1"),
        (put(2, None), "not a COSE_Sign1"),
        (put(3, None), "not a COSE_Sign1"),
        (put(0, []), "protected header: not a map"),
        (put(0, b""), "not strict CBOR"),
        (labelled(None, 1), "a label is neither a text nor a number"),
        (put(0, cbor2.dumps({True: 1})), "a label is neither a text nor a number"),
        (labelled(1.5, 1), "a label is neither a text nor a number"),
        (labelled(b"x", 1, 1), "a label is neither a text nor a number"),
        (labelled(False, 1, 1), "a label is neither a text nor a number"),
        (labelled(SIGNING_TIME, 1, 1), f"{SIGNING_TIME} stands in the unsigned header"),
        (labelled(33, [b"x"]), "33 stands in the unsigned header"),
        (labelled(1, 0), "protected header.1: not an algorithm that may sign: 0"),
        (labelled(1, -37.0), "not an algorithm that may sign: -37.0"),
        (labelled(1, "PS256"), "not an algorithm that may sign: PS256"),
        (labelled(3, 50), "the content type is not a text"),
        (labelled(2, [SCHEME, 3]), "a critical attribute is not there: 3"),
        (labelled(33, b"leaf", 1), "header 33: no certificate chain"),
        (labelled(33, [], 1), "header 33: 0 certificates"),
        (labelled(33, LONG, 1), f"header 33: {len(LONG)} certificates"),
        (labelled(33, ["x"], 1), "header 33: a certificate is not a byte string"),
        (labelled(33, [b"x", "x"], 1), "header 33: a certificate is not a byte string"),
        (lambda parts: parts[1].pop(33), "header 33: no certificate chain"),
        (labelled(TIMESTAMP, "x", 1), f"unprotected header.{TIMESTAMP}: of the wrong type"),
        (labelled(AGENT, b"x", 1), f"unprotected header.{AGENT}: of the wrong type"),
    ],
)
def test_what_is_refused(change: Change, says: str) -> None:
    assert says in refused(made(change))


def test_what_is_no_sign1_at_all() -> None:
    for raw in (made(tag=98), made()[1:], cbor2.dumps("x"), cbor2.dumps(18)):
        assert "COSE: not a tagged COSE_Sign1" in refused(raw)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (cbor2.CBORTag(1, SECONDS), MADE),
        (cbor2.CBORTag(1, SECONDS + 0.75), MADE),
        (cbor2.CBORTag(1, -0.5), datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC)),
        (SECONDS, None),
        (cbor2.CBORTag(0, SECONDS), None),
        (cbor2.CBORTag(0, "2026-11-21T12:00:00Z"), None),
        (cbor2.CBORTag(1, True), None),
        (cbor2.CBORTag(1, "1"), None),
        (cbor2.CBORTag(1, None), None),
        (cbor2.CBORTag(1, float("nan")), None),
        (cbor2.CBORTag(1, float("inf")), None),
        (cbor2.CBORTag(1, 1 << 62), None),
        (cbor2.CBORTag(1, -(1 << 62)), None),
    ],
)
def test_times(written: object, meant: datetime | None) -> None:
    """RFC 8949 §3.4.2: seconds since 1970; a fraction is cut off."""
    raw = made(signed(**{SIGNING_TIME: written}))
    if meant is None:
        assert f"protected header.{SIGNING_TIME}: not a time of tag 1" in refused(raw)
    else:
        assert cose.read(raw).attributes.signing_time == meant


def test_without_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = made()
    monkeypatch.setitem(sys.modules, "cbor2", None)
    assert "COSE cannot be read here: cbor2 is not installed" in refused(raw)
