"""What a verdict costs: the requests to a registry, through the union and the cache that every command uses."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from attest.evidence.attach import attach_bundle, push_anchor
from attest.policy.decide import Judge, decide
from attest.policy.document import Policy
from attest.policy.verdict import Outcome, Verdict
from attest.stores.cache import CachedStore, ContentCache
from attest.stores.layout_referrers import fallback_tag
from attest.stores.memory import MemoryStore
from attest.stores.protocol import Where
from attest.stores.union import Member, UnionStore
from tests.evidence_factory import DIGEST, NOW, PURL, SUBJECT, bundle_of, signed
from tests.policy.conftest import HEAD, Read
from tests.stores.registry.scripted import Scripted, error, index_answer, manifest_answer, opened

REPOSITORY = "npm/left-pad"
API = f"/v2/{REPOSITORY}/referrers/{SUBJECT.manifest.digest}"
TAGS = f"/v2/{REPOSITORY}/manifests/"
FALLBACK = fallback_tag(SUBJECT.manifest.digest)
OLDER = [f"HEAD {TAGS}sha256-{SUBJECT.manifest.digest.encoded}.{kind}" for kind in ("att", "sbom", "sig")]
SIGNED = HEAD + "rules:\n  - {id: signed, require: signature, by: [release]}\n"
SHOWN = SIGNED + "  - {id: bom, require: sbom, by: [release], mode: warn}\n"


@pytest.fixture
def registry() -> Iterator[Scripted]:
    with Scripted().running() as scripted:
        yield scripted


@pytest.fixture
def policy(read: Read) -> Policy:
    return read(SIGNED)


def answering(registry: Scripted, *, at: str = API, by: str = "release") -> str:
    """The registry lists one signature, by its API or in the fallback tag; where its manifest lies."""
    store = MemoryStore()
    anchor = push_anchor(store, REPOSITORY, "1.3.0", PURL, DIGEST)
    statement = signed(by)
    bundle = bundle_of(statement).raw
    manifest = attach_bundle(store, REPOSITORY, anchor, bundle, predicate_type=str(statement.claims), created=NOW)
    registry.on("GET", API, index_answer())
    registry.on("GET", at, index_answer(manifest.listing_descriptor()))
    where = f"/v2/{REPOSITORY}/manifests/{manifest.digest}"
    registry.on("GET", where, manifest_answer(manifest))
    return where


def ask(registry: Scripted, policy: Policy, folder: Path, *, everything: bool = False) -> Verdict:
    near = CachedStore(opened(registry.host), ContentCache(folder / "cache"))
    store = UnionStore([Member(near, lambda repository: repository)])
    registry.asked.clear()
    return decide(store, REPOSITORY, SUBJECT, [Judge(policy, policy.trust())], now=NOW, everything=everything)


def test_an_admission_costs_one_listing(registry: Scripted, policy: Policy, tmp_path: Path) -> None:
    manifest = answering(registry)
    verdict = ask(registry, policy, tmp_path)
    assert (verdict.outcome, verdict.whole, verdict.complete) == (Outcome.ADMITTED, False, True)
    assert registry.requests() == [f"GET {API}", f"GET {manifest}"]
    ask(registry, policy, tmp_path)
    assert registry.requests() == [f"GET {API}"]


def test_a_denial_has_asked_everything(registry: Scripted, policy: Policy, tmp_path: Path) -> None:
    manifest = answering(registry, by="mallory")
    verdict = ask(registry, policy, tmp_path)
    assert (verdict.outcome, verdict.whole, verdict.complete) == (Outcome.DENIED, True, True)
    assert sorted(registry.requests()) == sorted([f"GET {API}", f"GET {manifest}", f"GET {TAGS}{FALLBACK}", *OLDER])


def test_what_only_the_fallback_tag_lists_admits(registry: Scripted, policy: Policy, tmp_path: Path) -> None:
    answering(registry, at=TAGS + FALLBACK)
    verdict = ask(registry, policy, tmp_path)
    assert (verdict.outcome, verdict.whole) == (Outcome.ADMITTED, True)
    assert [place.where for place in verdict.findings[0].considered[0].places] == [Where.FALLBACK_TAG]


def test_a_rule_that_is_only_shown_is_looked_for_everywhere(registry: Scripted, read: Read, tmp_path: Path) -> None:
    answering(registry)
    verdict = ask(registry, read(SHOWN), tmp_path)
    assert (verdict.outcome, verdict.whole) == (Outcome.ADMITTED, True)


def test_everything_is_everything(registry: Scripted, policy: Policy, tmp_path: Path) -> None:
    answering(registry)
    verdict = ask(registry, policy, tmp_path, everything=True)
    assert (verdict.outcome, verdict.whole) == (Outcome.ADMITTED, True)
    assert {f"GET {TAGS}{FALLBACK}", *OLDER} <= set(registry.requests())


def test_a_registry_that_is_down_is_no_denial(registry: Scripted, policy: Policy, tmp_path: Path) -> None:
    registry.default = lambda asked: error(503, "UNAVAILABLE")
    verdict = ask(registry, policy, tmp_path)
    assert (verdict.outcome, verdict.listed_at) == (Outcome.INCONCLUSIVE, None)
