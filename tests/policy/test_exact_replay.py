"""The same evidence by two sets of policies: what is looked at, what counts as a change, and which findings say why."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from attest import names
from attest.errors import StoreUnavailable
from attest.evidence.attach import attach_bundle, attach_document, push_anchor
from attest.oci.digest import Digest
from attest.policy.codes import Code
from attest.policy.decide import Judge
from attest.policy.replay import reasons, replay
from attest.policy.rules.rule import Mode
from attest.policy.verdict import Outcome, Verdict
from attest.stores.memory import MemoryStore
from attest.stores.protocol import Referrers
from tests.evidence_factory import CYCLONEDX, DIGEST, NOW, PURL, SUBJECT, bundle_of, signed
from tests.policy.conftest import HEAD, Read

REPOSITORY = "npm/left-pad"
SIGNED = "{id: signed, require: signature, by: [release]}"
SECURE = "{id: secure, require: signature, by: [security]}"


@pytest.fixture
def store() -> MemoryStore:
    """With a signature by `release`."""
    store = MemoryStore()
    anchor = push_anchor(store, REPOSITORY, "1.3.0", PURL, DIGEST)
    raw = bundle_of(signed("release")).raw
    attach_bundle(store, REPOSITORY, anchor, raw, predicate_type=names.PREDICATE_COSIGN_SIGN, created=NOW)
    return store


def judge(read: Read, *rules: str, more: str = "") -> Judge:
    written = "".join(f"  - {rule}\n" for rule in rules)
    policy = read(f"{HEAD}rules:\n{written}{more}")
    return Judge(policy, policy.trust())


def outcomes(store: MemoryStore, old: Judge, new: Judge) -> tuple[Outcome, Outcome, bool]:
    found = replay(store, REPOSITORY, SUBJECT, [old], [new], now=NOW)
    return found.old.outcome, found.new.outcome, found.changed


def test_what_is_a_change(store: MemoryStore, read: Read) -> None:
    good, bad = judge(read, SIGNED), judge(read, SIGNED, SECURE)
    assert outcomes(store, good, good) == (Outcome.ADMITTED, Outcome.ADMITTED, False)
    assert outcomes(store, bad, bad) == (Outcome.DENIED, Outcome.DENIED, False)
    assert outcomes(store, good, bad) == (Outcome.ADMITTED, Outcome.DENIED, True)
    assert outcomes(store, bad, good) == (Outcome.DENIED, Outcome.ADMITTED, True)


def test_each_side_is_all_its_policies(store: MemoryStore, read: Read) -> None:
    good, bad = judge(read, SIGNED), judge(read, SECURE)
    found = replay(store, REPOSITORY, SUBJECT, [good], [good, bad], now=NOW)
    assert (found.old.outcome, found.new.outcome) == (Outcome.ADMITTED, Outcome.DENIED)
    assert (len(found.old.policies), len(found.new.policies)) == (1, 2)


def test_documents_are_looked_at(store: MemoryStore, read: Read) -> None:
    raw, kind = json.dumps(CYCLONEDX).encode(), names.CYCLONEDX_JSON
    bom = attach_document(
        store, REPOSITORY, SUBJECT.manifest, raw, media_type=kind, title="b", created=NOW
    ).descriptor()
    over = bundle_of(signed("release", subject=replace(SUBJECT, manifest=bom))).raw
    attach_bundle(store, REPOSITORY, bom, over, predicate_type=names.PREDICATE_COSIGN_SIGN, created=NOW)
    described = judge(read, SIGNED, "{id: bom, require: sbom, by: [release]}")
    assert outcomes(store, judge(read, SIGNED), described) == (Outcome.ADMITTED, Outcome.ADMITTED, False)


class Silent(MemoryStore):
    """Cannot be asked."""

    def referrers(self, repository: str, subject: Digest, *, artifact_type: str | None = None) -> Referrers:
        raise StoreUnavailable("no answer")


def test_a_store_that_cannot_be_asked_leaves_doubt(read: Read) -> None:
    found = replay(Silent(), REPOSITORY, SUBJECT, [judge(read, SIGNED)], [judge(read, SECURE)], now=NOW)
    assert (found.old.outcome, found.new.outcome, found.changed) == (*[Outcome.INCONCLUSIVE] * 2, False)
    assert [item.rule for item in found.new.findings] == ["secure", None]
    assert "no answer" in found.old.findings[-1].message
    assert found.old.complete is found.new.complete is False


def told(verdict: Verdict) -> list[tuple[str | None, Code]]:
    return [(item.rule, item.code) for item in reasons(verdict)]


def test_what_stands_in_the_way_or_admits(store: MemoryStore, read: Read) -> None:
    shown = SECURE.replace("}", ", mode: warn}").replace("id: secure", "id: shown")
    also = SIGNED.replace("}", ", mode: audit}").replace("id: signed", "id: also")
    good, bad = judge(read, SIGNED, shown, also), judge(read, SIGNED, shown, also, SECURE)
    found = replay(store, REPOSITORY, SUBJECT, [good], [bad], now=NOW)
    assert {item.mode for item in found.new.findings} == set(Mode)
    assert told(found.old) == [("signed", Code.SIGNATURE_VERIFIED)]
    assert told(found.new) == [("secure", Code.SIGNATURE_MISSING)]


def test_what_is_waived_does_not_stand_in_the_way(store: MemoryStore, read: Read) -> None:
    waiver = (
        f'waivers:\n  - {{rule: secure, subject: "{PURL}", digest: "{DIGEST}", reason: r, owner: o, '
        "expires: 2027-01-01}\n"
    )
    found = replay(
        store, REPOSITORY, SUBJECT, [judge(read, SIGNED, SECURE)], [judge(read, SIGNED, SECURE, more=waiver)], now=NOW
    )
    assert told(found.old) == [("secure", Code.SIGNATURE_MISSING)]
    assert told(found.new) == [("signed", Code.SIGNATURE_VERIFIED), ("secure", Code.SIGNATURE_MISSING)]
