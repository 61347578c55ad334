"""A verdict made again from its record is the same verdict, whatever could not be read then or has come since."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import timedelta

import pytest

from attest import names
from attest.errors import StoreUnavailable, UsageError
from attest.evidence.attach import attach_bundle, attach_document, push_anchor
from attest.evidence.collect import collect
from attest.evidence.seal import push_whole_store, sealable
from attest.evidence.verify import nothing_found
from attest.oci.descriptor import Descriptor
from attest.oci.digest import Digest
from attest.policy.again import Record, evaluate_again
from attest.policy.decide import Judge, decide, unheard, with_seals
from attest.policy.document import Policy
from attest.policy.verdict import Outcome, Verdict
from attest.signing.sign import KeySigner, sign_statement
from attest.statements import lifecycle
from attest.statements.lifecycle import Seal
from attest.statements.statement import Subject as StatementSubject
from attest.stores.memory import MemoryStore
from tests.evidence_factory import CYCLONEDX, DIGEST, NOW, PURL, SUBJECT, bundle_of, key, signed
from tests.policy.conftest import HEAD, Read

REPOSITORY = "npm/left-pad"
SIGNED = HEAD + "rules:\n  - {id: signed, require: signature, by: [release]}\n"
SEALED = SIGNED + "  - {id: kept, require: no-revocation, by: [release], absence: seal}\n"


class Flaky(MemoryStore):
    """Answers for each of some digests with the words given for it."""

    def __init__(self) -> None:
        super().__init__()
        self.broken: dict[Digest, str] = {}

    def fetch(self, repository: str, descriptor: Descriptor) -> bytes:
        if descriptor.digest in self.broken:
            raise StoreUnavailable(self.broken[descriptor.digest])
        return super().fetch(repository, descriptor)


def empty() -> Flaky:
    store = Flaky()
    push_anchor(store, REPOSITORY, "1.3.0", PURL, DIGEST)
    return store


@pytest.fixture
def store() -> Flaky:
    return empty()


def attach(
    store: MemoryStore, bundle: bytes, *, to: Descriptor = SUBJECT.manifest, repository: str = REPOSITORY
) -> Digest:
    kind = names.PREDICATE_COSIGN_SIGN
    return attach_bundle(store, repository, to, bundle, predicate_type=kind, created=NOW).digest


def sign(store: MemoryStore, by: str = "release", note: str = "") -> Digest:
    return attach(store, bundle_of(signed(by, predicate={"note": note})).raw)


def sealing(store: MemoryStore) -> bytes:
    """A seal of all that there is."""
    anchor = SUBJECT.manifest.digest
    listed = sealable(collect(store, REPOSITORY, SUBJECT, documents=True))
    seal = Seal(1, NOW - timedelta(hours=1), NOW + timedelta(days=1), {anchor: listed})
    kind, statement = lifecycle.write([StatementSubject(None, {anchor.algorithm: anchor.encoded})], seal)
    return sign_statement(statement, KeySigner(key("release")), payload_type=lifecycle.payload_type(kind))


def judges(*policies: Policy) -> list[Judge]:
    return [Judge(policy, policy.trust()) for policy in policies]


def decided(store: MemoryStore, *asked: Judge) -> Verdict:
    return decide(store, REPOSITORY, SUBJECT, asked, now=NOW, everything=True)


def record_of(verdict: Verdict) -> Record:
    considered = [item for finding in verdict.findings for item in finding.considered]
    return Record(
        subject=verdict.about,
        evidence=frozenset(verdict.evidence),
        over=frozenset(verdict.over),
        unread=verdict.unread,
        complete=verdict.complete,
        problems=verdict.problems,
        listed_at=verdict.listed_at,
        whole=verdict.whole,
        now=verdict.now,
        seal_problems={item.name: item.seal_problems for item in verdict.policies},
        places={item.digest: item.places for item in considered},
    )


def test_it_is_the_same_and_what_has_come_since_is_counted(store: Flaky, read: Read) -> None:
    sign(store)
    sign(store, "security")
    attach(store, b"{}")
    asked = judges(read(SIGNED))
    then = decided(store, *asked)
    assert (then.outcome, len(then.evidence)) == (Outcome.ADMITTED, 3)
    record = record_of(then)
    assert len({record, replace(record), replace(record, complete=False)}) == 2
    again = evaluate_again(record, asked, store, REPOSITORY, None)
    assert (again.verdict, again.beside) == (then, 0)
    sign(store, note="later")
    sign(store, "builder")
    again = evaluate_again(record_of(then), asked, store, REPOSITORY, None)
    assert (again.verdict, again.beside) == (then, 2)


@pytest.mark.parametrize("now", ["read", "no answer", "another answer"])
def test_what_could_not_be_read_then_is_not_read_now(store: Flaky, read: Read, now: str) -> None:
    own, other = sign(store), sign(store, "security")
    asked = judges(read(SIGNED))
    store.broken = {own: "no answer"}
    then = decided(store, *asked)
    assert (then.outcome, [item.digest for item in then.unread]) == (Outcome.INCONCLUSIVE, [own])
    assert set(then.evidence) == {own, other}
    store.broken = {} if now == "read" else {own: now}
    again = evaluate_again(record_of(then), asked, store, REPOSITORY, None)
    assert again.verdict == then


def test_what_could_not_be_read_then_and_is_damaged(store: Flaky, read: Read) -> None:
    bad = attach(store, b"{}")
    asked = judges(read(SIGNED))
    store.broken = {bad: "no answer"}
    then = decided(store, *asked)
    store.broken = {}
    assert decided(store, *asked).unread == ()
    assert evaluate_again(record_of(then), asked, store, REPOSITORY, None).verdict == then


def test_what_still_cannot_be_read_is_told_as_it_is_listed(store: Flaky, read: Read) -> None:
    """Whatever the record says that it is."""
    own = sign(store)
    asked = judges(read(SIGNED))
    store.broken = {own: "no answer"}
    then = decided(store, *asked)
    changed = replace(record_of(then), unread=tuple(replace(item, claims="odd") for item in then.unread))
    assert evaluate_again(changed, asked, store, REPOSITORY, None).verdict == then


@pytest.mark.parametrize(("number", "more"), [(1, ""), (2, ""), (3, ""), (4, " and 1 more"), (5, " and 2 more")])
@pytest.mark.parametrize("unread", [False, True])
def test_what_is_gone_is_told(store: Flaky, read: Read, number: int, more: str, unread: bool) -> None:
    own = [sign(store, note=str(position)) for position in range(number)]
    asked = judges(read(SIGNED))
    if unread:
        store.broken = dict.fromkeys(own, "no answer")
    record = record_of(decided(store, *asked))
    with pytest.raises(StoreUnavailable, match=re.escape(f"{SUBJECT}: not all evidence")) as caught:
        evaluate_again(record, asked, empty(), REPOSITORY, None)
    assert caught.value.why == f"{', '.join(map(str, sorted(own)[:3]))}{more} is missing"


def test_what_signs_documents_is_there_too(store: Flaky, read: Read) -> None:
    raw, kind = json.dumps(CYCLONEDX).encode(), names.CYCLONEDX_JSON
    document = attach_document(store, REPOSITORY, SUBJECT.manifest, raw, media_type=kind, title="b", created=NOW)
    about = document.descriptor()
    over = attach(store, bundle_of(signed("release", subject=replace(SUBJECT, manifest=about))).raw, to=about)
    asked = judges(read(SIGNED))
    then = decided(store, *asked)
    assert then.over == (over,)
    assert evaluate_again(record_of(then), asked, store, REPOSITORY, None).verdict == then


def test_seals_of_the_whole_store_are_read_where_they_lie(store: Flaky, read: Read) -> None:
    sign(store)
    seals = MemoryStore()
    attach(seals, sealing(store), to=push_whole_store(seals, "all").manifest, repository="all")
    asked = judges(read(SEALED))
    then = decided(store, *with_seals(asked, seals, "all", now=NOW))
    assert (then.outcome, decided(store, *asked).outcome) == (Outcome.ADMITTED, Outcome.INCONCLUSIVE)
    assert evaluate_again(record_of(then), asked, store, REPOSITORY, (seals, "all")).verdict == then
    with pytest.raises(StoreUnavailable):
        evaluate_again(record_of(then), asked, store, REPOSITORY, None)


def test_where_nothing_could_be_listed_nothing_is_asked(read: Read) -> None:
    asked = judges(read(SIGNED))
    then = unheard(asked, nothing_found(SUBJECT, "connection refused"), now=NOW)
    again = evaluate_again(record_of(then), asked, Flaky(), "nowhere", None)
    assert (again.verdict, again.beside) == (then, 0)


def test_what_was_seen_of_components_is_not_recorded(store: Flaky, read: Read) -> None:
    both = read(SIGNED + "  - {id: parts, require: dependencies, by: [release], policy: parts.yaml}\n")
    then = decided(store, *judges(read(SIGNED)))
    with pytest.raises(UsageError, match="a verdict by the policy gate cannot be evaluated again"):
        evaluate_again(record_of(then), judges(both), store, REPOSITORY, None)
