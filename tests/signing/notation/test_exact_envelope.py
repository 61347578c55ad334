"""Attributes of envelopes, each rule by itself, and both forms written and read member by member."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attest import limits, names
from attest.errors import AttestError, EnvelopeError
from attest.oci.descriptor import Descriptor
from attest.oci.digest import Digest
from attest.signing.notation import cose, jws
from attest.signing.notation.algorithms import ALGORITHMS, Algorithm
from attest.signing.notation.envelope import (
    AUTHENTIC_TIME,
    EXPIRY,
    PLUGIN,
    PLUGIN_VERSION,
    SCHEME,
    SIGNING_TIME,
    TIMESTAMP,
    Attributes,
    Envelope,
    Scheme,
    check_count,
    check_unprotected,
    read_attributes,
    write_payload,
)

MADE = datetime(2026, 11, 21, 12, tzinfo=UTC)
LATER = MADE + timedelta(days=1)
SECOND = timedelta(seconds=1)
PLAIN: dict[str | int, object] = {SCHEME: Scheme.X509.value, SIGNING_TIME: MADE}
BY_AUTHORITY: dict[str | int, object] = {SCHEME: Scheme.SIGNING_AUTHORITY.value, AUTHENTIC_TIME: MADE}


def as_it_is(value: object, where: str) -> datetime:
    assert isinstance(value, datetime), where
    return value


def read(values: dict[str | int, object], critical: object, content_type: object = "text/x") -> Attributes:
    return read_attributes(values, critical, content_type, time=as_it_is, where="header")


def test_what_is_read() -> None:
    assert read(PLAIN, [SCHEME]) == Attributes("text/x", Scheme.X509, MADE)
    assert read({**PLAIN, EXPIRY: LATER}, [SCHEME, EXPIRY]) == Attributes("text/x", Scheme.X509, MADE, LATER)
    assert read(BY_AUTHORITY, [SCHEME, AUTHENTIC_TIME]) == Attributes("text/x", Scheme.SIGNING_AUTHORITY, MADE)
    assert read({**PLAIN, EXPIRY: MADE + SECOND}, [SCHEME, EXPIRY]).expiry == MADE + SECOND
    assert read({**PLAIN, "x": 1, 7: 2}, [SCHEME, "x", 7]).unknown == ("x", 7)
    assert read({**PLAIN, PLUGIN: "p", PLUGIN_VERSION: "1"}, [SCHEME, PLUGIN, PLUGIN_VERSION]).unknown == (
        PLUGIN,
        PLUGIN_VERSION,
    )


@pytest.mark.parametrize(
    ("values", "critical", "says"),
    [
        (PLAIN, None, "no list of critical attributes"),
        (PLAIN, [], "no list of critical attributes"),
        (PLAIN, (SCHEME,), "no list of critical attributes"),
        (PLAIN, [SCHEME, "absent"], "a critical attribute is not there"),
        ({**PLAIN, True: 1}, [SCHEME, True], "a critical attribute is not there"),
        ({**PLAIN, 1: 1}, [SCHEME, 1.0], "a critical attribute is not there"),
        (PLAIN, [SCHEME, SCHEME], "a critical attribute is listed twice"),
        ({SIGNING_TIME: MADE}, [SIGNING_TIME], "unknown signing scheme"),
        ({**PLAIN, SCHEME: "notary.x510"}, [SCHEME], "unknown signing scheme"),
        ({**PLAIN, AUTHENTIC_TIME: MADE}, [SCHEME], "does not belong to the scheme notary.x509"),
        ({**BY_AUTHORITY, SIGNING_TIME: MADE}, [SCHEME, AUTHENTIC_TIME], "does not belong to the scheme"),
        ({SCHEME: PLAIN[SCHEME]}, [SCHEME], f"{SIGNING_TIME} is missing"),
        ({SCHEME: BY_AUTHORITY[SCHEME]}, [SCHEME], f"{AUTHENTIC_TIME} is missing"),
        ({**PLAIN, EXPIRY: MADE}, [SCHEME, EXPIRY], "it expires before it was made"),
        ({**PLAIN, EXPIRY: MADE - SECOND}, [SCHEME, EXPIRY], "it expires before it was made"),
        ({**PLAIN, EXPIRY: LATER}, [SCHEME], f"{EXPIRY} is not marked critical"),
        ({**PLAIN, "x": 1}, ["x"], f"{SCHEME} is not marked critical"),
        (BY_AUTHORITY, [SCHEME], f"{AUTHENTIC_TIME} is not marked critical"),
        ({**PLAIN, PLUGIN: "p"}, [SCHEME], f"{PLUGIN} is not marked critical"),
        ({**PLAIN, PLUGIN_VERSION: "1"}, [SCHEME], f"{PLUGIN_VERSION} is not marked critical"),
        (PLAIN, [SCHEME, SIGNING_TIME], f"{SIGNING_TIME} is marked critical"),
    ],
)
def test_what_is_refused(values: dict[str | int, object], critical: object, says: str) -> None:
    with pytest.raises(EnvelopeError) as refused:
        read(values, critical)
    assert says in str(refused.value)


@pytest.mark.parametrize("content_type", [None, 1, b"text/x"])
def test_a_content_type_is_a_text(content_type: object) -> None:
    with pytest.raises(EnvelopeError, match="the content type is not a text"):
        read(PLAIN, [SCHEME], content_type)


@pytest.mark.parametrize("label", [SCHEME, SIGNING_TIME, AUTHENTIC_TIME, EXPIRY, PLUGIN, PLUGIN_VERSION, "signed", 9])
def test_what_an_unsigned_header_may_not_have(label: str | int) -> None:
    check_unprotected(("x", 1), {"signed", 9}, "header")
    with pytest.raises(EnvelopeError, match="stands in the unsigned header"):
        check_unprotected(("x", label), {"signed", 9}, "header")


def test_how_many_certificates() -> None:
    for number in (1, limits.CERTIFICATE_CHAIN):
        check_count([b""] * number, "header")
    for number, why in ((0, None), (limits.CERTIFICATE_CHAIN + 1, f"more than {limits.CERTIFICATE_CHAIN}")):
        with pytest.raises(EnvelopeError, match=f"{number} certificates") as refused:
            check_count([b""] * number, "header")
        assert refused.value.why == why


ATTRIBUTES = [
    (Attributes("text/x", Scheme.X509, MADE), [SCHEME], SIGNING_TIME),
    (Attributes("text/x", Scheme.X509, MADE, LATER), [SCHEME, EXPIRY], SIGNING_TIME),
    (Attributes("text/x", Scheme.SIGNING_AUTHORITY, MADE), [SCHEME, AUTHENTIC_TIME], AUTHENTIC_TIME),
    (Attributes("text/x", Scheme.SIGNING_AUTHORITY, MADE, LATER), [SCHEME, AUTHENTIC_TIME, EXPIRY], AUTHENTIC_TIME),
]


@pytest.mark.parametrize(("attributes", "critical", "time"), ATTRIBUTES)
@pytest.mark.parametrize("algorithm", ALGORITHMS, ids=str)
def test_a_jws(attributes: Attributes, critical: list[str], time: str, algorithm: Algorithm) -> None:
    protected = jws.protect(attributes, algorithm)
    expiry = {} if attributes.expiry is None else {EXPIRY: "2026-11-22T12:00:00Z"}
    assert json.loads(base64.urlsafe_b64decode(protected + "==")) == {
        "alg": algorithm.jws,
        "cty": "text/x",
        "crit": critical,
        SCHEME: attributes.scheme.value,
        time: "2026-11-21T12:00:00Z",
        **expiry,
    }
    raw = jws.write(protected, b"payload", b"signature", [b"leaf", b"root"], agent="a", timestamp=b"token")
    found = Envelope.parse(raw, names.NOTATION_JWS)
    assert (found.attributes, found.algorithm, found.payload) == (attributes, algorithm, b"payload")
    assert (found.signature, found.chain, found.timestamp) == (b"signature", (b"leaf", b"root"), b"token")
    assert (found.agent, found.message) == ("a", jws.message(protected, b"payload"))


@pytest.mark.parametrize(("attributes", "critical", "time"), ATTRIBUTES)
@pytest.mark.parametrize("algorithm", ALGORITHMS, ids=str)
def test_a_cose_sign1(attributes: Attributes, critical: list[str], time: str, algorithm: Algorithm) -> None:
    protected = cose.protect(attributes, algorithm)
    expiry: dict[object, object] = {} if attributes.expiry is None else {EXPIRY: LATER}
    expected: dict[object, object] = {
        1: algorithm.cose,
        2: critical,
        3: "text/x",
        SCHEME: attributes.scheme.value,
        time: MADE,
        **expiry,
    }
    assert cbor2.loads(protected) == expected
    raw = cose.write(protected, b"payload", b"signature", [b"leaf", b"root"], agent="a", timestamp=None)
    found = Envelope.parse(raw, names.NOTATION_COSE)
    assert (found.attributes, found.algorithm, found.payload) == (attributes, algorithm, b"payload")
    assert (found.signature, found.chain, found.timestamp) == (b"signature", (b"leaf", b"root"), None)
    assert (found.agent, found.message) == ("a", cose.message(protected, b"payload"))


@pytest.mark.parametrize("label", [1, 2, 3])
def test_registered_labels_are_signed(label: int) -> None:
    protected = cose.protect(ATTRIBUTES[0][0], ALGORITHMS[0])
    without = cbor2.dumps({key: value for key, value in cbor2.loads(protected).items() if key != label})
    raw = cbor2.dumps(cbor2.CBORTag(18, [without, {33: [b"leaf"], label: "x"}, b"payload", b"signature"]))
    with pytest.raises(EnvelopeError, match=f"{label} stands in the unsigned header"):
        Envelope.parse(raw, names.NOTATION_COSE)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2026-11-21T12:00:00Z", MADE),
        ("2026-11-21T12:00:00.999999999Z", MADE),
        ("2026-11-21T13:30:00.5+01:30", MADE),
        ("2026-11-21T12:00:00", None),
        ("2026-11-21 12:00:00Z", None),
        ("2026-11-21T12:00:00.Z", None),
        ("2026-02-30T12:00:00Z", None),
        ("0001-01-01T00:00:00+23:59", None),
        (1, None),
    ],
)
def test_times_in_a_jws(written: object, meant: datetime | None) -> None:
    header = {"alg": "ES256", "cty": "x", "crit": [SCHEME], SCHEME: Scheme.X509.value, SIGNING_TIME: written}
    protected = base64.urlsafe_b64encode(json.dumps(header).encode()).rstrip(b"=").decode()
    raw = jws.write(protected, b"", b"", [b"leaf"], agent="a", timestamp=None)
    if meant is None:
        with pytest.raises(EnvelopeError, match="not a time of RFC 3339"):
            jws.read(raw)
    else:
        assert jws.read(raw).attributes.signing_time == meant


@pytest.mark.parametrize(
    ("member", "value", "says"),
    [
        ("protected", "e30=", "not base64url"),
        ("payload", "e3", "not base64url"),
        ("signature", "+/", "not base64url"),
        ("more", "x", "a member that a flattened JWS does not have"),
    ],
)
def test_what_a_jws_may_not_be(member: str, value: Any, says: str) -> None:
    raw = jws.write(jws.protect(ATTRIBUTES[0][0], ALGORITHMS[0]), b"", b"", [b"leaf"], agent="a", timestamp=None)
    with pytest.raises(EnvelopeError, match=says):
        jws.read(json.dumps({**json.loads(raw), member: value}).encode())


@pytest.mark.parametrize(("name", "value"), [("x5c", ["bGVhZh=="]), (TIMESTAMP, "bGVhZh=="), (TIMESTAMP, "bGVhZg")])
def test_base64_has_one_form(name: str, value: object) -> None:
    raw = jws.write(jws.protect(ATTRIBUTES[0][0], ALGORITHMS[0]), b"", b"", [b"leaf"], agent="a", timestamp=None)
    document = json.loads(raw)
    document["header"][name] = value
    with pytest.raises(EnvelopeError, match="not base64"):
        jws.read(json.dumps(document).encode())


def test_how_large_an_envelope_may_be() -> None:
    for size, says in ((limits.EVIDENCE_BLOB, "is not JSON"), (limits.EVIDENCE_BLOB + 1, "more than the limit of")):
        with pytest.raises(AttestError) as refused:
            Envelope.parse(b"[" + b" " * (size - 1), names.NOTATION_JWS)
        assert ("more than the limit of" in str(refused.value)) is (says != "is not JSON")


@pytest.mark.parametrize("media_type", names.NOTATION_ENVELOPES)
def test_what_is_too_large_is_not_read(media_type: str) -> None:
    with pytest.raises(EnvelopeError, match=f"a signature of {limits.EVIDENCE_BLOB + 1} bytes"):
        Envelope.parse(bytes(limits.EVIDENCE_BLOB + 1), media_type)


def test_the_media_type_says_what_it_is() -> None:
    args = (b"payload", b"signature", [b"leaf"])
    protected = ATTRIBUTES[0][0], ALGORITHMS[0]
    for raw in (
        jws.write(jws.protect(*protected), *args, agent="a", timestamp=None),
        cose.write(cose.protect(*protected), *args, agent="a", timestamp=None),
    ):
        with pytest.raises(EnvelopeError, match="not a signature envelope: unknown media type text/x"):
            Envelope.parse(raw, "text/x")


def test_what_is_signed() -> None:
    """Without annotations there is no such member."""
    what = Descriptor("text/x", Digest.of(b"x"), 1, artifact_type="text/y")
    plain = {"mediaType": "text/x", "digest": str(what.digest), "size": 1}
    assert json.loads(write_payload(what)) == {"targetArtifact": plain}
    noted = write_payload(replace(what, annotations={"a": "b"}))
    assert json.loads(noted) == {"targetArtifact": {**plain, "annotations": {"a": "b"}}}


@given(st.binary(max_size=40))
def test_garbage_is_refused(raw: bytes) -> None:
    for media_type in (names.NOTATION_JWS, names.NOTATION_COSE, "text/x"):
        with pytest.raises(AttestError):
            Envelope.parse(raw, media_type)
