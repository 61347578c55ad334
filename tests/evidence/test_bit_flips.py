"""Every single-bit flip in a small signed example is refused, or changes neither what is said nor who says it.

As evidence lies in a store, a flip breaks its digest. So the flipped bytes are also packed again, with every digest
made right, as an attacker with write access would do it.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from attest import names
from attest.errors import AttestError
from attest.evidence.attach import attach_bundle, push_anchor
from attest.evidence.collect import collect
from attest.evidence.identity import KeyIdentity
from attest.evidence.lookup import subject_of
from attest.evidence.model import Check, Subject
from attest.evidence.trust import Trust
from attest.evidence.verify import EvidenceSet, Verified, verify
from attest.oci.digest import Digest
from attest.oci.manifest import Manifest
from attest.packages.digest import ArtifactDigest
from attest.packages.purl import Purl
from attest.signing.keys import PrivateKey, generate
from attest.signing.sign import KeySigner, sign_statement
from attest.statements.statement import Subject as StatementSubject
from attest.statements.statement import write_statement
from attest.stores.memory import MemoryStore

NOW = datetime(2026, 11, 21, tzinfo=UTC)
REPOSITORY = "npm/left-pad"
PURL = Purl.parse("pkg:npm/left-pad@1.3.0")
DIGEST = ArtifactDigest("sha512", "ab" * 64)


@dataclass(frozen=True)
class Example:
    key: PrivateKey
    subject: Subject
    statement: bytes
    bundle: bytes

    def identity(self) -> KeyIdentity:
        return KeyIdentity("release", self.key.public)


@pytest.fixture(scope="module")
def example() -> Example:
    key = generate("ecdsa-p256")
    subject = subject_of(PURL, DIGEST)
    statement = write_statement(
        [StatementSubject(str(PURL), {"sha256": subject.manifest.digest.encoded})], names.PREDICATE_COSIGN_SIGN, {}
    )
    return Example(key, subject, statement, sign_statement(statement, KeySigner(key)))


def judge(example: Example, bundle: bytes) -> EvidenceSet:
    """The evidence when ``bundle`` is attached to the example's anchor, all digests right."""
    store = MemoryStore()
    anchor = push_anchor(store, REPOSITORY, "1.3.0", PURL, DIGEST)
    attach_bundle(store, REPOSITORY, anchor, bundle, predicate_type=names.PREDICATE_COSIGN_SIGN, created=NOW)
    return verify(collect(store, REPOSITORY, example.subject), Trust((example.identity(),)), now=NOW)


def flips(data: bytes, *, every: int) -> Iterator[bytes]:
    """``data`` with one bit flipped: every ``every``-th bit, which for an odd number meets all positions in a byte."""
    for position in range(0, len(data) * 8, every):
        changed = bytearray(data)
        changed[position // 8] ^= 1 << (position % 8)
        yield bytes(changed)


def assert_refused_or_unchanged(example: Example, bundle: bytes) -> bool:
    """True where it was refused."""
    evidence = judge(example, bundle)
    assert len(evidence.verified) + len(evidence.rejected) == 1
    if not evidence.verified:
        return True
    (verified,) = evidence.verified
    assert verified.statement.raw == example.statement
    assert [signer.principal for signer in verified.signers] == [example.identity().principal]
    return False


def test_the_example_itself_is_verified(example: Example) -> None:
    (verified,) = judge(example, example.bundle).verified
    assert isinstance(verified, Verified)
    assert verified.statement.raw == example.statement


@pytest.mark.parametrize("every", [pytest.param(13, id="sample"), pytest.param(1, id="all", marks=pytest.mark.slow)])
def test_a_flipped_bundle_packed_again(example: Example, every: int) -> None:
    refused = [assert_refused_or_unchanged(example, bundle) for bundle in flips(example.bundle, every=every)]
    assert refused.count(True) > len(refused) * 0.6  # the rest are in the key's hint and in names that nobody reads


@pytest.mark.parametrize("every", [pytest.param(13, id="sample"), pytest.param(1, id="all", marks=pytest.mark.slow)])
def test_a_flipped_statement_packed_again(example: Example, every: int) -> None:
    for statement in flips(example.statement, every=every):
        value = json.loads(example.bundle)
        value["dsseEnvelope"]["payload"] = base64.b64encode(statement).decode()
        evidence = judge(example, json.dumps(value).encode())
        assert evidence.verified == ()
        assert evidence.rejected[0].check in (Check.FORM, Check.AUTHOR)


@pytest.mark.parametrize("every", [pytest.param(13, id="sample"), pytest.param(1, id="all", marks=pytest.mark.slow)])
def test_a_flipped_anchor_packed_again(example: Example, every: int) -> None:
    """Nobody asks for it: the anchor is computed from the package, and the flipped one has another digest."""
    store = MemoryStore()
    anchor = push_anchor(store, REPOSITORY, "1.3.0", PURL, DIGEST)
    original = store.fetch(REPOSITORY, anchor)
    attached = 0
    for flipped in flips(original, every=every):
        try:
            manifest = Manifest.parse(flipped)
            store.push(REPOSITORY, manifest.descriptor(), flipped)
        except AttestError:  # what a store refuses cannot be asked for
            continue
        attach_bundle(
            store,
            REPOSITORY,
            manifest.descriptor(),
            example.bundle,
            predicate_type=names.PREDICATE_COSIGN_SIGN,
            created=NOW,
        )
        attached += 1
    assert attached > 0
    evidence = verify(collect(store, REPOSITORY, example.subject), Trust((example.identity(),)), now=NOW)
    assert (evidence.verified, evidence.rejected) == ((), ())


def test_flips_as_they_lie_break_the_digest(example: Example) -> None:
    for flipped in flips(example.bundle, every=101):
        assert Digest.of(flipped) != Digest.of(example.bundle)
