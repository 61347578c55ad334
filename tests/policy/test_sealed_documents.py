"""A document without a signature of its own is evidence by what signs its manifest: that is sealed too."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from attest import names
from attest.errors import StoreUnavailable
from attest.evidence.attach import attach_bundle, attach_document, push_anchor
from attest.evidence.collect import collect
from attest.evidence.seal import sealable
from attest.oci.descriptor import Descriptor
from attest.oci.digest import Digest
from attest.policy import document
from attest.policy.codes import Code
from attest.policy.decide import Judge, decide
from attest.policy.document import Policy
from attest.policy.verdict import Finding
from attest.signing.sign import KeySigner, sign_statement
from attest.statements import lifecycle
from attest.statements.lifecycle import Seal
from attest.statements.statement import Subject
from attest.stores.memory import MemoryStore
from attest.stores.protocol import Referrers
from tests.evidence_factory import CYCLONEDX, DIGEST, NOW, PURL, SUBJECT, bundle_of, key, signed

REPOSITORY = "npm/left-pad"
ANCHOR = SUBJECT.manifest.digest
POLICY = """
version: 1
name: gate
applies_to: ["pkg:npm/**"]
trust: {keys_only: true}
identities: {release: {key: release.pub}}
rules:
  - {id: licences, require: sbom, by: [release], match: all, absence: seal, licenses: {deny: [AGPL-3.0-only]}}
"""


class Hostile(MemoryStore):
    """Hides one manifest, or cannot be asked for it."""

    hidden: Digest | None = None
    broken: Digest | None = None

    def referrers(self, repository: str, subject: Digest, *, artifact_type: str | None = None) -> Referrers:
        listing = super().referrers(repository, subject, artifact_type=artifact_type)
        return replace(listing, items=tuple(item for item in listing.items if item.descriptor.digest != self.hidden))

    def fetch(self, repository: str, descriptor: Descriptor) -> bytes:
        if descriptor.digest == self.broken:
            raise StoreUnavailable("no answer")
        return super().fetch(repository, descriptor)


@pytest.fixture
def policy(tmp_path: Path) -> Policy:
    (tmp_path / "release.pub").write_bytes(key("release").public.pem())
    return document.parse(POLICY.encode(), where="policy.yaml", base=tmp_path)


def bom(licence: str) -> dict[str, Any]:
    component = {"type": "library", "name": "ansi", "version": "2.0.0", "licenses": [{"license": {"id": licence}}]}
    return {**CYCLONEDX, "components": [component]}


@pytest.fixture
def store() -> tuple[Hostile, Digest]:
    """A signed SBOM that is fine; a document that is not, and the signature over it, which is given too."""
    store = Hostile()
    push_anchor(store, REPOSITORY, "1.3.0", PURL, DIGEST)
    attach(store, SUBJECT.manifest, bundle_of(signed("release", names.PREDICATE_CYCLONEDX, bom("MIT"))).raw)
    raw, kind = json.dumps(bom("AGPL-3.0-only")).encode(), names.CYCLONEDX_JSON
    bad = attach_document(store, REPOSITORY, SUBJECT.manifest, raw, media_type=kind, title="bom.json", created=NOW)
    about = bad.descriptor()
    over = attach(store, about, bundle_of(signed("release", subject=replace(SUBJECT, manifest=about))).raw)
    listed = sealable(collect(store, REPOSITORY, SUBJECT, documents=True))
    assert {bad.digest, over} < listed
    seal = Seal(1, NOW - timedelta(hours=1), NOW + timedelta(days=1), {ANCHOR: listed})
    kind, statement = lifecycle.write([Subject(None, {ANCHOR.algorithm: ANCHOR.encoded})], seal)
    signer = KeySigner(key("release"))
    attach(store, SUBJECT.manifest, sign_statement(statement, signer, payload_type=lifecycle.payload_type(kind)))
    return store, over


def attach(store: MemoryStore, to: Descriptor, bundle: bytes) -> Digest:
    kind = names.PREDICATE_COSIGN_SIGN
    before = {item.descriptor.digest for item in store.referrers(REPOSITORY, to.digest).items}
    attach_bundle(store, REPOSITORY, to, bundle, predicate_type=kind, created=NOW)
    (new,) = {item.descriptor.digest for item in store.referrers(REPOSITORY, to.digest).items} - before
    return new


def found(store: MemoryStore, policy: Policy) -> Finding:
    verdict = decide(store, REPOSITORY, SUBJECT, [Judge(policy, policy.trust())], now=NOW)
    return next(finding for finding in verdict.findings if finding.rule == "licences")


def test_a_signature_over_a_sealed_document_cannot_be_hidden(store: tuple[Hostile, Digest], policy: Policy) -> None:
    hostile, over = store
    assert found(hostile, policy).code is Code.SBOM_LICENSE
    hostile.hidden = over
    finding = found(hostile, policy)
    assert finding.code is Code.ABSENCE_HIDDEN
    assert str(over) in finding.message


def test_one_that_cannot_be_read_leaves_the_listing_incomplete(store: tuple[Hostile, Digest], policy: Policy) -> None:
    hostile, over = store
    hostile.broken = over
    assert found(hostile, policy).code is Code.ABSENCE_HIDDEN
    collection = collect(hostile, REPOSITORY, SUBJECT, documents=True)
    assert not collection.complete
    assert any("no answer" in problem for problem in collection.problems)
