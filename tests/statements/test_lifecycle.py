from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attest import names
from attest.errors import EnvelopeError, FormatError
from attest.oci import strict_json
from attest.oci.digest import Digest
from attest.statements import lifecycle
from attest.statements.lifecycle import Evidence, Lifecycle, Revocation, Seal, Why, Withdrawal
from attest.statements.statement import Statement, Subject

A, B, C = (Digest("sha256", character * 64) for character in "abc")
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
ISSUED = "2026-11-21T12:00:00Z"
LATER = "2026-11-28T12:00:00Z"

REVOCATION: dict[str, Any] = {"issued": ISSUED, "evidence": [{"manifest": str(B)}], "reason": "wrong file"}
WITHDRAWAL: dict[str, Any] = {"issued": ISSUED, "reason": "malicious"}
SEAL: dict[str, Any] = {
    "sequence": 1,
    "issued": ISSUED,
    "expires": LATER,
    "evidence": [{"anchor": str(A), "digests": [str(B), str(C)]}],
}
PREDICATES = {
    names.PREDICATE_REVOCATION: REVOCATION,
    names.PREDICATE_WITHDRAWAL: WITHDRAWAL,
    names.PREDICATE_SEAL: SEAL,
}

digests = st.builds(Digest, st.just("sha256"), st.text("0123456789abcdef", min_size=64, max_size=64))
moments = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)).map(
    lambda moment: moment.replace(microsecond=0)
)
words = st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(lambda text: text.strip())
revocations = st.builds(
    Revocation, moments, st.lists(st.builds(Evidence, digests, st.none() | digests), min_size=1).map(tuple), words
)
withdrawals = st.builds(Withdrawal, moments, st.sampled_from(Why), st.none() | words)
seals = st.builds(
    lambda sequence, issued, days, evidence: Seal(sequence, issued, issued + timedelta(days=days), evidence),
    st.integers(1, 2**53 - 1),
    moments,
    st.integers(1, 400),
    st.dictionaries(digests, st.frozensets(digests, max_size=4), min_size=1, max_size=4),
)


def payload(kind: str, predicate: Any, *, about: Digest = A) -> bytes:
    return strict_json.write(
        {
            "_type": names.STATEMENT_V1,
            "subject": [{"digest": {about.algorithm: about.encoded}}],
            "predicateType": kind,
            "predicate": predicate,
        }
    )


def read(kind: str, predicate: Any, *, about: Digest = A) -> Lifecycle | None:
    return lifecycle.read(Statement.parse(payload(kind, predicate, about=about)))


@given(revocations | withdrawals | seals)
def test_what_is_written_is_read_again(content: Lifecycle) -> None:
    anchors = content.evidence if isinstance(content, Seal) else [A]
    subjects = [Subject(None, {anchor.algorithm: anchor.encoded}) for anchor in anchors]
    kind, raw = lifecycle.write(subjects, content)
    statement = lifecycle.parse(lifecycle.payload_type(kind), raw)
    assert statement.raw == raw
    assert lifecycle.read(statement) == content


def test_each_is_read_as_it_stands() -> None:
    assert read(names.PREDICATE_REVOCATION, REVOCATION) == Revocation(NOON, (Evidence(B, None),), "wrong file")
    assert read(names.PREDICATE_WITHDRAWAL, WITHDRAWAL) == Withdrawal(NOON, Why.MALICIOUS)
    seal = read(names.PREDICATE_SEAL, SEAL)
    assert seal == Seal(1, NOON, NOON + timedelta(days=7), {A: frozenset({B, C})})
    assert read("https://example.com/reviewed/v1", {"ok": True}) is None


@pytest.mark.parametrize("kind", [*PREDICATES, names.PREDICATE_COSIGN_SIGN, "https://example.com/reviewed/v1"])
@pytest.mark.parametrize("payload_type", [names.IN_TOTO_PAYLOAD, *lifecycle.PAYLOADS.values()])
def test_payload_type_and_predicate_type_agree_in_both_directions(kind: str, payload_type: str) -> None:
    raw = payload(kind, PREDICATES.get(kind, {}))
    if payload_type == lifecycle.payload_type(kind):
        assert lifecycle.parse(payload_type, raw).predicate_type == kind
    else:
        with pytest.raises(EnvelopeError, match="do not agree"):
            lifecycle.parse(payload_type, raw)


@pytest.mark.parametrize("payload_type", ["", "text/plain", "application/vnd.in-toto.revocation+json ", "in-toto"])
def test_other_payload_types_are_other_protocols(payload_type: str) -> None:
    with pytest.raises(EnvelopeError, match="not an in-toto statement"):
        lifecycle.parse(payload_type, payload(names.PREDICATE_REVOCATION, REVOCATION))


def test_the_four_payload_types_differ() -> None:
    assert len({names.IN_TOTO_PAYLOAD, *lifecycle.PAYLOADS.values()}) == 4


WRONG_TIMES = [
    "2026-11-21",
    "2026-11-21T12:00:00+00:00",
    "2026-02-30T12:00:00Z",
    "2026-11-21T12:00:00.5Z",
    "٢026-11-21T12:00:00Z",
]


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        *((kind, {"issued": when}) for kind in PREDICATES for when in (*WRONG_TIMES, None, 1)),
        *((kind, {"more": 1}) for kind in PREDICATES),
        *((kind, {"reason": reason}) for kind in list(PREDICATES)[:2] for reason in (None, "", " ", 7)),
        (names.PREDICATE_REVOCATION, {"evidence": None}),
        (names.PREDICATE_REVOCATION, {"evidence": []}),
        (names.PREDICATE_REVOCATION, {"evidence": [str(B)]}),
        (names.PREDICATE_REVOCATION, {"evidence": [{"manifest": "sha256:00"}]}),
        (names.PREDICATE_REVOCATION, {"evidence": [{"statement": str(B)}]}),
        (names.PREDICATE_REVOCATION, {"evidence": [{"manifest": str(B), "more": 1}]}),
        (names.PREDICATE_REVOCATION, {"evidence": [{"manifest": str(B), "statement": None}]}),
        (names.PREDICATE_WITHDRAWAL, {"reason": "Malicious"}),
        (names.PREDICATE_WITHDRAWAL, {"explanation": ""}),
        (names.PREDICATE_WITHDRAWAL, {"explanation": None}),
        (names.PREDICATE_SEAL, {"sequence": 0}),
        (names.PREDICATE_SEAL, {"sequence": "1"}),
        (names.PREDICATE_SEAL, {"sequence": True}),
        (names.PREDICATE_SEAL, {"expires": ISSUED}),
        (names.PREDICATE_SEAL, {"evidence": None}),
        (names.PREDICATE_SEAL, {"evidence": []}),
        (names.PREDICATE_SEAL, {"evidence": [{"anchor": str(A)}]}),
        (names.PREDICATE_SEAL, {"evidence": [{"anchor": str(A), "digests": str(B)}]}),
        (names.PREDICATE_SEAL, {"evidence": [{"anchor": str(A), "digests": [str(B), str(B)]}]}),
        (names.PREDICATE_SEAL, {"evidence": [{"anchor": str(A), "digests": [1]}]}),
        (names.PREDICATE_SEAL, {"evidence": [{"anchor": str(A), "digests": [], "more": 1}]}),
        (names.PREDICATE_SEAL, {"evidence": [{"anchor": str(A), "digests": []}] * 2}),
        (names.PREDICATE_SEAL, {"evidence": [{"anchor": str(B), "digests": []}]}),
        (names.PREDICATE_SEAL, {"evidence": [{"anchor": str(item), "digests": []} for item in (A, B)]}),
    ],
)
def test_what_is_not_in_its_form_is_refused(kind: str, change: dict[str, Any]) -> None:
    with pytest.raises(FormatError):
        read(kind, PREDICATES[kind] | change)


@pytest.mark.parametrize(("kind", "member"), [(kind, member) for kind, value in PREDICATES.items() for member in value])
def test_every_member_is_needed(kind: str, member: str) -> None:
    with pytest.raises(FormatError):
        read(kind, {name: value for name, value in PREDICATES[kind].items() if name != member})


def test_a_seal_s_subject_has_one_digest() -> None:
    value = strict_json.read_object(payload(names.PREDICATE_SEAL, SEAL), where="", limit=10_000)
    value["subject"][0]["digest"]["sha512"] = "d" * 128
    with pytest.raises(EnvelopeError, match="not what it seals"):
        lifecycle.read(Statement.parse(strict_json.write(value)))


def test_a_seal_holds_from_its_issue_until_before_its_end() -> None:
    seal = Seal(1, NOON, NOON + timedelta(days=7), {})
    second = timedelta(seconds=1)
    assert [
        seal.holds(NOON + delta) for delta in (-second, 0 * second, timedelta(days=7) - second, timedelta(days=7))
    ] == [
        False,
        True,
        True,
        False,
    ]


def test_a_revocation_names_evidence_by_manifest_or_by_what_was_signed() -> None:
    revocation = Revocation(NOON, (Evidence(A, B),), "wrong")
    assert revocation.names(A, C)
    assert revocation.names(C, B)
    assert not revocation.names(C, C)
    assert not revocation.names(B, A)
    assert not Revocation(NOON, (Evidence(A, None),), "wrong").names(C, C)
    assert not Revocation(NOON, (Evidence(A, None),), "wrong").names(C, None)


def test_nothing_is_written_that_could_not_be_read() -> None:
    with pytest.raises(FormatError):
        lifecycle.write([Subject(None, {"sha256": "a" * 64})], Revocation(NOON, (), "wrong"))
    with pytest.raises(FormatError):
        lifecycle.write([Subject(None, {"sha256": "a" * 64})], Seal(1, NOON, NOON, {A: frozenset()}))
