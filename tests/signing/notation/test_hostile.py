"""Envelopes that somebody hostile wrote: refused with a reason, in little time and memory, never with a traceback."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import cbor2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from hypothesis import example, given
from hypothesis import strategies as st

from attest import limits, names
from attest.errors import AttestError, EnvelopeError, FormatError, VerificationError
from attest.signing.notation import strict_cbor
from attest.signing.notation.envelope import AUTHENTIC_TIME, EXPIRY, SCHEME, Envelope
from attest.signing.notation.trust_policy import Statement
from attest.signing.notation.trust_store import GivenAnchors
from attest.signing.notation.verify import verify_signature
from tests.signing.notation.conftest import MEDIA, sign, target
from tests.signing.notation.pki import ACME, KINDS, NOW, der, root

ROOT = root()
LEAF = ROOT.issue(ACME)
SIGNED = {media: sign(LEAF, media, target()) for media in MEDIA}
STATEMENT = Statement("acme", GivenAnchors((ROOT.certificate,)))


def check(raw: bytes, media: str) -> bool:
    """Whether it is accepted; any error but a refusal goes through."""
    try:
        return verify_signature(raw, MEDIA[media], target(), STATEMENT, now=NOW).proof is not None
    except (EnvelopeError, VerificationError, FormatError):
        return False


def b64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def jws(change: Callable[[dict[str, Any]], Any]) -> bytes:
    """The good JWS, changed as a value."""
    value = json.loads(SIGNED["jws"])
    return json.dumps(change(value) or value).encode()


def protected(change: Callable[[dict[str, Any]], Any]) -> bytes:
    """The good JWS with another protected header, which nobody signed."""

    def replace(value: dict[str, Any]) -> None:
        header = json.loads(base64.urlsafe_b64decode(value["protected"] + "=="))
        value["protected"] = b64url(json.dumps(change(header) or header).encode())

    return jws(replace)


def cose(change: Callable[[list[Any]], Any]) -> bytes:
    """The good COSE_Sign1, changed as a value: protected (bytes), unprotected, payload, signature."""
    value = list(strict_cbor.read(SIGNED["cose"], where="good").value)
    value[1] = dict(value[1])
    return cbor2.dumps(cbor2.CBORTag(18, change(value) or value))


def labels(change: Callable[[dict[Any, Any]], Any]) -> bytes:
    """The good COSE_Sign1 with another protected header, which nobody signed."""

    def replace(value: list[Any]) -> None:
        header = strict_cbor.read(value[0], where="good")
        value[0] = cbor2.dumps(change(header) or header)

    return cose(replace)


def replacing_signature(signature: bytes) -> Callable[[list[Any]], list[Any]]:
    return lambda value: [*value[:3], signature]


def put(**values: Any) -> Callable[[dict[Any, Any]], None]:
    return lambda header: header.update(values)


@pytest.mark.parametrize("media", MEDIA)
def test_the_good_one_is_good(media: str) -> None:
    assert check(SIGNED[media], media)


def twice(name: str) -> bytes:
    text = SIGNED["jws"].decode()
    return text.replace("{", '{"' + name + '":"x",', 1).encode()


BAD_JWS = {
    "empty": (b"", "not JSON"),
    "not an object": (b"[]", "not a JSON object"),
    "no members": (b"{}", "expected a string"),
    "trailing bytes": (SIGNED["jws"] + b"{}", "not JSON"),
    "payload twice": (twice("payload"), "stands twice"),
    "general serialisation": (jws(put(signatures=[])), "a flattened JWS does not have"),
    "extra member": (jws(put(extra=1)), "a flattened JWS does not have"),
    "payload padded": (jws(lambda value: value.update(payload=value["payload"] + "=")), "not base64url"),
    "payload with a line break": (jws(lambda value: value.update(payload=value["payload"] + "\n")), "not base64url"),
    "payload in standard base64": (jws(put(payload="+/+/")), "not base64url"),
    "signature with bits left over": (jws(put(signature="AB")), "not base64url"),
    "header is none": (jws(put(header=None)), "expected an object"),
    "no chain": (jws(put(header={})), "no certificate chain"),
    "empty chain": (jws(put(header={"x5c": []})), "0 certificates"),
    "long chain": (jws(put(header={"x5c": ["AAAA"] * 17})), "17 certificates: more than 16"),
    "chain of numbers": (jws(put(header={"x5c": [1]})), "not a text"),
    "chain in base64url": (jws(put(header={"x5c": ["_-_-"]})), "not base64"),
    "chain of nothing": (jws(put(header={"x5c": ["AAAA"]})), None),
    "alg none": (protected(put(alg="none")), "not an algorithm that may sign: none"),
    "alg HS256": (protected(put(alg="HS256")), "not an algorithm that may sign: HS256"),
    "alg RS256": (protected(put(alg="RS256")), "not an algorithm that may sign: RS256"),
    "alg in lower case": (protected(put(alg="es256")), "not an algorithm that may sign"),
    "alg is a list": (protected(put(alg=["ES256"])), "not an algorithm that may sign"),
    "alg missing": (protected(lambda header: header.pop("alg") and None), "not an algorithm that may sign"),
    "alg unsigned": (jws(lambda value: value["header"].update(alg="none")), "alg stands in the unsigned header"),
    "scheme unsigned": (jws(lambda value: value["header"].update({SCHEME: "notary.x509"})), "unsigned header"),
    "expiry unsigned": (jws(lambda value: value["header"].update({EXPIRY: "x"})), "unsigned header"),
    "crit a text": (protected(put(crit=SCHEME)), "no list of critical attributes"),
    "crit empty": (protected(put(crit=[])), "no list of critical attributes"),
    "crit twice": (protected(put(crit=[SCHEME, SCHEME])), "listed twice"),
    "crit with alg": (protected(put(crit=[SCHEME, "alg"])), "a critical attribute is not there"),
    "crit with true": (protected(put(crit=[SCHEME, True])), "a critical attribute is not there"),
    "crit with a list": (protected(put(crit=[SCHEME, []])), "a critical attribute is not there"),
    "b64 false": (protected(put(b64=False, crit=[SCHEME, "b64"])), None),
    "cty a number": (protected(put(cty=1)), "the content type is not a text"),
    "scheme a list": (protected(put(**{SCHEME: []})), "unknown signing scheme"),
    "scheme of authorities": (protected(put(**{SCHEME: "notary.x509.signingAuthority"})), "does not belong"),
    "time a number": (protected(put(**{EXPIRY: 1, "crit": [SCHEME, EXPIRY]})), "not a time of RFC 3339"),
    "time of a 30 February": (
        protected(put(**{EXPIRY: "2027-02-30T00:00:00Z", "crit": [SCHEME, EXPIRY]})),
        "not a time of RFC 3339",
    ),
    "time without zone": (
        protected(put(**{EXPIRY: "2999-01-01T00:00:00", "crit": [SCHEME, EXPIRY]})),
        "not a time of RFC 3339",
    ),
    "token a number": (jws(lambda value: value["header"].update({"io.cncf.notary.timestampSignature": 1})), "string"),
    "agent a number": (jws(lambda value: value["header"].update({"io.cncf.notary.signingAgent": 1})), "string"),
    "protected is a list": (jws(put(protected=b64url(b"[]"))), "not a JSON object"),
    "protected twice": (jws(put(protected=b64url(b'{"alg":"ES256","alg":"none"}'))), "stands twice"),
    "deep": (b'{"payload":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "nested deeper"),
}


@pytest.mark.parametrize("name", BAD_JWS)
def test_a_bad_jws_is_refused(name: str) -> None:
    raw, reason = BAD_JWS[name]
    begun = time.process_time()
    with pytest.raises(AttestError, match=reason):
        verify_signature(raw, names.NOTATION_JWS, target(), STATEMENT, now=NOW)
    assert time.process_time() - begun < 2


INDEFINITE = SIGNED["cose"][:1] + b"\x9f" + SIGNED["cose"][2:] + b"\xff"
BAD_COSE = {
    "empty": (b"", "not strict CBOR"),
    "untagged": (SIGNED["cose"][1:], "not a tagged COSE_Sign1"),
    "tag of COSE_Sign": (cbor2.dumps(cbor2.CBORTag(98, cbor2.loads(SIGNED["cose"]).value)), "not a tagged COSE_Sign1"),
    "tagged twice": (b"\xd2" + SIGNED["cose"], "not a COSE_Sign1"),
    "self-described": (b"\xd9\xd9\xf7" + SIGNED["cose"], "not a tagged COSE_Sign1"),
    "trailing bytes": (SIGNED["cose"] + b"\x00", "bytes behind the end"),
    "indefinite array": (INDEFINITE, "an indefinite length"),
    "three members": (cose(lambda value: value[:3]), "not a COSE_Sign1"),
    "five members": (cose(lambda value: [*value, b""]), "not a COSE_Sign1"),
    "detached payload": (cose(lambda value: [value[0], value[1], None, value[3]]), "not a COSE_Sign1"),
    "payload a text": (cose(lambda value: [value[0], value[1], "x", value[3]]), "not a COSE_Sign1"),
    "protected a map": (cose(lambda value: [{}, value[1], value[2], value[3]]), "not a COSE_Sign1"),
    "protected empty": (cose(lambda value: [b"", value[1], value[2], value[3]]), "not strict CBOR"),
    "protected a list": (cose(lambda value: [cbor2.dumps([]), value[1], value[2], value[3]]), "not a map"),
    "protected followed": (cose(lambda value: [value[0] + b"\x00", *value[1:]]), "bytes behind the end"),
    "protected key twice": (cose(lambda value: [bytes.fromhex("a2012601382420")[:6], *value[1:]]), "not strict CBOR"),
    "same key as another number": (cose(lambda value: [bytes.fromhex("a20126180138"), *value[1:]]), "not strict CBOR"),
    "label a list": (labels(lambda header: {**header, (1, 2): 1}), "neither a text nor a number"),
    "label true": (labels(lambda header: {**header, None: 1}), "neither a text nor a number"),
    "alg none": (labels(put()) and labels(lambda header: header.update({1: 0})), "not an algorithm that may sign: 0"),
    "alg HS256": (labels(lambda header: header.update({1: 5})), "not an algorithm that may sign: 5"),
    "alg a text": (labels(lambda header: header.update({1: "ES256"})), "not an algorithm that may sign: ES256"),
    "alg a float": (labels(lambda header: header.update({1: -7.0})), "not an algorithm that may sign"),
    "alg unsigned": (cose(lambda value: value[1].update({1: -7})), "stands in the unsigned header"),
    "crit unsigned": (cose(lambda value: value[1].update({2: []})), "stands in the unsigned header"),
    "expiry unsigned": (cose(lambda value: value[1].update({EXPIRY: 1})), "stands in the unsigned header"),
    "chain in both headers": (labels(lambda header: header.update({33: []})), "33 stands in the unsigned header"),
    "chain a certificate": (cose(lambda value: value[1].update({33: der(LEAF.certificate)})), "no certificate chain"),
    "chain of texts": (cose(lambda value: value[1].update({33: ["x"]})), "not a byte string"),
    "chain empty": (cose(lambda value: value[1].update({33: []})), "0 certificates"),
    "crit empty": (labels(lambda header: header.update({2: []})), "no list of critical attributes"),
    "crit with content type": (labels(lambda header: header.update({2: [SCHEME, 3]})), "is not there"),
    "crit with an unknown number": (labels(lambda header: header.update({2: [SCHEME, 99]})), "is not there"),
    "cty a number": (labels(lambda header: header.update({3: 50})), "the content type is not a text"),
    "time without a tag": (labels(lambda header: header.update({EXPIRY: 99, 2: [SCHEME, EXPIRY]})), "not a time"),
    "time of tag 0": (
        labels(lambda header: header.update({EXPIRY: cbor2.CBORTag(0, "2999-01-01T00:00:00Z"), 2: [SCHEME, EXPIRY]})),
        "not a time",
    ),
    "time not a number": (
        labels(lambda header: header.update({EXPIRY: cbor2.CBORTag(1, float("nan")), 2: [SCHEME, EXPIRY]})),
        "not a time",
    ),
    "time beyond calendars": (
        labels(lambda header: header.update({EXPIRY: cbor2.CBORTag(1, 2**62), 2: [SCHEME, EXPIRY]})),
        "not a time",
    ),
    "authentic time, too": (
        labels(lambda header: header.update({AUTHENTIC_TIME: cbor2.CBORTag(1, 1), 2: [SCHEME, AUTHENTIC_TIME]})),
        "does not belong",
    ),
    "token a text": (cose(lambda value: value[1].update({"io.cncf.notary.timestampSignature": "x"})), "wrong type"),
    "a string of 2**63 bytes": (b"\xd2\x84\x5b" + b"\x7f" + b"\xff" * 7, "not strict CBOR"),
    "an array of 2**63 items": (b"\xd2\x9b" + b"\x7f" + b"\xff" * 7, "not strict CBOR"),
    "deep": (b"\xd2\x84" + b"\x81" * 5_000, "not strict CBOR"),
    "many items": (b"\xd2\x84" + b"\x80" * 1_000_000, "more than 10000 items"),
    "a regular expression": (b"\xd2\x84\xd8\x23" + cbor2.dumps("(a*)*b"), "not strict CBOR"),
}


@pytest.mark.parametrize("name", BAD_COSE)
def test_a_bad_cose_is_refused(name: str) -> None:
    raw, reason = BAD_COSE[name]
    begun = time.process_time()
    with pytest.raises(AttestError, match=reason):
        verify_signature(raw, names.NOTATION_COSE, target(), STATEMENT, now=NOW)
    assert time.process_time() - begun < 2


@pytest.mark.parametrize("media", MEDIA)
def test_a_huge_one_is_not_read(media: str) -> None:
    with pytest.raises(EnvelopeError, match="more than the limit"):
        Envelope.parse(b" " * (limits.EVIDENCE_BLOB + 1), MEDIA[media])


def test_another_media_type_is_none() -> None:
    with pytest.raises(EnvelopeError, match="unknown media type application/json"):
        Envelope.parse(SIGNED["jws"], "application/json")
    assert not check(SIGNED["jws"], "cose")
    assert not check(SIGNED["cose"], "jws")


@pytest.mark.parametrize("media", MEDIA)
@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in ("ec-256", "rsa-4096")])
def test_the_leaf_alone_names_the_algorithm(media: str, kind: str) -> None:
    """The certificate of another key, or a header for another algorithm: neither is looked for elsewhere."""
    other = ROOT.issue(ACME, kind=kind, which=0)
    if media == "jws":
        chain = [base64.b64encode(der(item)).decode() for item in other.chain]
        raw = jws(lambda value: value["header"].update(x5c=chain))
    else:
        raw = cose(lambda value: value[1].update({33: [der(item) for item in other.chain]}))
    with pytest.raises(VerificationError, match="signature algorithm"):
        verify_signature(raw, MEDIA[media], target(), STATEMENT, now=NOW)


@pytest.mark.parametrize("media", MEDIA)
def test_a_signature_has_one_form(media: str) -> None:
    """Zeros before one half, DER, one half alone: none of them is r and s of equal length."""
    signature = Envelope.parse(SIGNED[media], MEDIA[media]).signature
    halves = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    forms = (signature[:32] + b"\0" + signature[32:], encode_dss_signature(*halves), signature[:32], b"", bytes(64))
    for form in forms:
        raw = jws(put(signature=b64url(form))) if media == "jws" else cose(replacing_signature(form))
        with pytest.raises(VerificationError, match="signature"):
            verify_signature(raw, MEDIA[media], target(), STATEMENT, now=NOW)


@pytest.mark.parametrize("media", MEDIA)
@given(data=st.data())
def test_one_flipped_bit_changes_nothing_that_counts(media: str, data: st.DataObject) -> None:
    """Refused, or in the unsigned header where nothing rests on it: the signing agent."""
    good = SIGNED[media]
    position = data.draw(st.integers(0, len(good) - 1))
    bit = data.draw(st.integers(0, 7))
    raw = good[:position] + bytes((good[position] ^ (1 << bit),)) + good[position + 1 :]
    try:
        found = verify_signature(raw, MEDIA[media], target(), STATEMENT, now=NOW)
    except (EnvelopeError, VerificationError, FormatError):
        return
    first, second = Envelope.parse(good, MEDIA[media]), Envelope.parse(raw, MEDIA[media])
    assert found.proof is not None
    assert (first.payload, first.signature, first.attributes) == (second.payload, second.signature, second.attributes)
    # The certificates as they were signed: how many bits of the last byte of a signature count stands outside of that.
    assert [signed(item) for item in first.chain] == [signed(item) for item in second.chain]


def signed(certificate: bytes) -> bytes:
    return x509.load_der_x509_certificate(certificate).tbs_certificate_bytes


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@given(value=st.dictionaries(st.sampled_from(["payload", "protected", "header", "signature"]), JSON), inner=JSON)
def test_any_json_is_refused_in_words(value: dict[str, Any], inner: Any) -> None:
    assert not check(json.dumps(value).encode(), "jws")
    assert not check(protected(lambda header: header.update(crit=inner)), "jws")
    assert not check(protected(lambda _: inner if isinstance(inner, dict) else None), "jws") or not isinstance(
        inner, dict
    )


CBOR = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.text(max_size=8)
    | st.binary(max_size=8)
    | st.floats(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(max_size=8) | st.integers(-99, 99), inner, max_size=4)
        | st.builds(cbor2.CBORTag, st.integers(0, 70_000), inner)
    ),
    max_leaves=12,
)


@given(members=st.lists(CBOR, max_size=5), header=CBOR)
def test_any_cbor_is_refused_in_words(members: list[Any], header: Any) -> None:
    assert not check(cbor2.dumps(cbor2.CBORTag(18, members)), "cose")
    assert not check(cose(lambda value: [cbor2.dumps(header), *value[1:]]), "cose")
    assert not check(labels(lambda known: known.update({EXPIRY: header, 2: [SCHEME, EXPIRY]})), "cose")


@given(data=st.binary(max_size=200))
@example(data=b"\xd8\x1c\x80")
@example(data=b"\xd8\x1d\x00")
@example(data=b"\xd9\x01\x00\x80")
@example(data=b"\xc2\x41\x00")
def test_any_bytes_are_refused_in_words(data: bytes) -> None:
    for media in MEDIA:
        assert not check(data, media)
    with suppress(EnvelopeError):
        strict_cbor.read(data, where="x")


@given(value=CBOR)
def test_strict_cbor_reads_what_is_written(value: Any) -> None:
    encoded = cbor2.dumps(value)
    assert cbor2.dumps(strict_cbor.read(encoded, where="x")) == encoded
    with pytest.raises(EnvelopeError):
        strict_cbor.read(encoded + b"\x00", where="x")
    with pytest.raises(EnvelopeError):
        strict_cbor.read(encoded[:-1], where="x")
