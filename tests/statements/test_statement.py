from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attest import names
from attest.errors import EnvelopeError, FormatError, JSONError
from attest.oci import strict_json
from attest.statements.statement import Statement, Subject, write_statement

SHA256 = "ab" * 32
SHA512 = "cd" * 64
PREDICATE_TYPE = "https://example.com/reviewed/v1"


def payload(**changes: Any) -> bytes:
    value = {
        "_type": names.STATEMENT_V1,
        "subject": [{"name": "a", "digest": {"sha256": SHA256}}],
        "predicateType": PREDICATE_TYPE,
        "predicate": {"ok": True},
    }
    return json.dumps({name: item for name, item in (value | changes).items() if item is not ...}).encode()


def digest(**digests: Any) -> bytes:
    return payload(subject=[{"name": "a", "digest": digests}])


@pytest.mark.parametrize("type_uri", [names.STATEMENT_V1, names.STATEMENT_V01])
def test_both_versions_are_read(type_uri: str) -> None:
    raw = payload(_type=type_uri, extra=1)
    statement = Statement.parse(raw)
    assert statement.raw is raw
    assert (statement.type_uri, statement.predicate_type) == (type_uri, PREDICATE_TYPE)
    assert statement.subjects == (Subject("a", {"sha256": SHA256}),)
    assert statement.predicate == {"ok": True}


@pytest.mark.parametrize("predicate", [..., None])
def test_a_predicate_may_be_missing(predicate: Any) -> None:
    assert Statement.parse(payload(predicate=predicate)).predicate is None


def test_an_empty_predicate_is_not_a_missing_one() -> None:
    assert Statement.parse(payload(predicate={})).predicate == {}


@pytest.mark.parametrize("name", [..., None])
def test_a_name_may_be_missing(name: Any) -> None:
    subject = {"digest": {"sha256": SHA256}} | ({} if name is ... else {"name": name})
    assert Statement.parse(payload(subject=[subject])).subjects == (Subject(None, {"sha256": SHA256}),)


@pytest.mark.parametrize(
    "raw",
    [
        payload(_type=...),
        payload(_type="https://in-toto.io/Statement/v2"),
        payload(_type="https://in-toto.io/Statement/v1/"),
        payload(subject=...),
        payload(subject=[]),
        payload(subject=None),
        payload(subject={}),
        payload(subject=["a"]),
        payload(subject=[{"name": "a"}]),
        payload(subject=[{"name": "a", "digest": {}}]),
        payload(subject=[{"name": "a", "digest": None}]),
        payload(subject=[{"name": 1, "digest": {"sha256": SHA256}}]),
        payload(subject=[{"digest": {"sha256": SHA256}}, {"digest": {}}]),
        payload(predicateType=...),
        payload(predicateType=""),
        payload(predicateType=1),
        payload(predicate=[]),
        payload(predicate="{}"),
        payload(predicate=0),
        b"",
        b"[]",
        b"\xff",
        b'{"_type":"https://in-toto.io/Statement/v1","_type":"https://in-toto.io/Statement/v1"}',
        b'{"a":' * 1000 + b"1" + b"}" * 1000,
    ],
)
def test_what_is_no_statement(raw: bytes) -> None:
    with pytest.raises(FormatError):
        Statement.parse(raw)


@pytest.mark.parametrize(
    "raw",
    [
        digest(sha256=SHA256.upper()),
        digest(sha256=SHA256[:-1]),
        digest(sha256=SHA256 + "00"),
        digest(sha256=""),
        digest(sha256="sha256:" + SHA256),
        digest(sha256="zz" * 32),
        digest(sha256="0x" + SHA256[2:]),
        digest(sha256=SHA256[:-1] + "\n"),
        digest(sha256="٠" * 64),
        digest(sha512=SHA256),
        digest(sha512=SHA512.upper()),
        digest(sha1=SHA256),
        digest(gitCommit="HEAD"),
        digest(whirlpool=""),
        digest(sha256=SHA256, sha512="x"),
    ],
)
def test_digests_that_are_none(raw: bytes) -> None:
    with pytest.raises(EnvelopeError, match=r"not a \w+ digest"):
        Statement.parse(raw)


def test_digests_of_the_wrong_type() -> None:
    for value in (None, 1, ["a"]):
        with pytest.raises(JSONError):
            Statement.parse(digest(sha256=value))


def test_unknown_algorithms_are_carried() -> None:
    (subject,) = Statement.parse(digest(whirlpool="XYZ", gitCommit="ab" * 20)).subjects
    assert subject.matches("whirlpool", "XYZ")
    assert subject.matches("gitCommit", "ab" * 20)


def test_matching_is_by_algorithm_and_value() -> None:
    subject = Subject("a", {"sha256": SHA256, "sha512": SHA512})
    assert subject.matches("sha256", SHA256)
    assert subject.matches("sha512", SHA512)
    assert not subject.matches("sha512", SHA256)
    assert not subject.matches("sha256", "00" * 32)
    assert not subject.matches("sha1", "ab" * 20)
    assert not subject.matches("sha384", "")


def test_the_two_spellings_of_gos_hash_must_agree() -> None:
    for name in ("dirHash", "dirHash1"):
        assert Subject("a", {name: SHA256}).matches("dirHash1", SHA256)
        assert Subject("a", {name: SHA256}).matches("dirHash", SHA256)
    assert not Subject("a", {"dirHash": SHA256, "dirHash1": "00" * 32}).matches("dirHash1", SHA256)


# --- writing ---------------------------------------------------------------------------------------------------------

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=10)
HEX = st.binary(min_size=32, max_size=32).map(bytes.hex)
SUBJECTS = st.lists(
    st.builds(Subject, st.none() | TEXT, st.fixed_dictionaries({"sha256": HEX})), min_size=1, max_size=3
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)


@given(SUBJECTS, TEXT.filter(bool), st.dictionaries(TEXT, VALUES, min_size=1, max_size=3))
def test_what_is_written_is_read_again(subjects: list[Subject], predicate_type: str, predicate: dict[str, Any]) -> None:
    raw = write_statement(subjects, predicate_type, predicate)
    statement = Statement.parse(raw)
    assert statement.type_uri == names.STATEMENT_V1
    assert statement.subjects == tuple(subjects)
    assert statement.predicate_type == predicate_type
    assert statement.predicate == predicate
    assert strict_json.write(json.loads(raw)) == raw


def test_numbers_stay_what_they_are() -> None:
    raw = write_statement([Subject("a", {"sha256": SHA256})], PREDICATE_TYPE, {"n": 2, "big": 2**53 - 1, "f": 1.5})
    assert raw.endswith(
        b'"predicate":{"big":9007199254740991,"f":1.5,"n":2},"predicateType":"https://example.com/reviewed/v1",'
        b'"subject":[{"digest":{"sha256":"' + SHA256.encode() + b'"},"name":"a"}]}'
    )
    assert type(json.loads(raw)["predicate"]["n"]) is int


def test_a_number_that_canonical_json_cannot_hold_is_refused_not_rounded() -> None:
    with pytest.raises(JSONError, match="cannot be written as JSON"):
        write_statement([Subject("a", {"sha256": SHA256})], PREDICATE_TYPE, {"n": 2**53 + 1})


def test_cosigns_signature_has_an_empty_predicate_and_nothing_else() -> None:
    subject = Subject(None, {"sha256": SHA256})
    raw = write_statement([subject], names.PREDICATE_COSIGN_SIGN, {})
    assert raw == (
        b'{"_type":"https://in-toto.io/Statement/v1","predicate":{},'
        b'"predicateType":"https://sigstore.dev/cosign/sign/v1",'
        b'"subject":[{"digest":{"sha256":"' + SHA256.encode() + b'"}}]}'
    )
    with pytest.raises(EnvelopeError, match="the predicate of a signature is empty"):
        write_statement([subject], names.PREDICATE_COSIGN_SIGN, {"a": 1})


@pytest.mark.parametrize("predicate_type", [names.PREDICATE_COSIGN_SIGN, PREDICATE_TYPE])
@pytest.mark.parametrize(
    "subjects", [[], [Subject("a", {})], [Subject(None, {})], [Subject("a", {"sha256": SHA256.upper()})]]
)
def test_bad_subjects_are_not_written(predicate_type: str, subjects: list[Subject]) -> None:
    predicate = {} if predicate_type == names.PREDICATE_COSIGN_SIGN else {"ok": True}
    with pytest.raises(FormatError):
        write_statement(subjects, predicate_type, predicate)


@pytest.mark.parametrize(
    ("predicate_type", "predicate", "why"),
    [(PREDICATE_TYPE, {}, "Predicate object required"), ("", {"ok": True}, "Predicate type required")],
)
def test_in_totos_own_validation_holds(predicate_type: str, predicate: dict[str, Any], why: str) -> None:
    with pytest.raises(EnvelopeError, match="not a valid statement") as caught:
        write_statement([Subject("a", {"sha256": SHA256})], predicate_type, predicate)
    assert caught.value.why == why
