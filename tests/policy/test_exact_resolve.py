"""Which artifacts a version has where several policies say it, or nobody does, or only the store."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from attest import names
from attest.evidence import seal as seals
from attest.evidence.attach import attach_bundle, attach_document
from attest.evidence.collect import collect
from attest.evidence.lookup import subject_of, version_of
from attest.evidence.model import Subject
from attest.packages.digest import ArtifactDigest
from attest.policy.decide import Judge
from attest.policy.resolve import resolve_all
from attest.signing.sign import KeySigner, sign_statement
from attest.statements import lifecycle
from attest.statements.lifecycle import Seal
from attest.stores.memory import MemoryStore
from tests.evidence_factory import CYCLONEDX, DIGEST, NOW, PURL, bundle_of, key, signed
from tests.policy.conftest import HEAD, Read
from tests.policy.test_resolve import FILE, OTHER, REPOSITORY, RULES, SEALED, Partial, ask, released

ONE, TWO = subject_of(PURL, DIGEST), subject_of(PURL, OTHER)
VERSION = version_of(PURL)


def judge(read: Read, name: str, resolve: str | None, applies: str = "pkg:npm/*") -> Judge:
    text = f"{HEAD}{RULES}".replace("name: gate", f"name: {name}").replace("pkg:npm/*", applies)
    policy = read(text if resolve is None else f"{text}resolve: {{by: {resolve}}}\n")
    return Judge(policy, policy.trust())


def told(
    store: MemoryStore, judges: Sequence[Judge], *listed: Subject
) -> tuple[list[tuple[ArtifactDigest | None, bool]], tuple[str, ...]]:
    subjects, problems = resolve_all(store, REPOSITORY, PURL, judges, listed, now=NOW)
    return [(subject.digest, subject.looked_up) for subject in subjects], problems


def test_who_does_not_resolve_is_left_with_what_is_listed(read: Read) -> None:
    silent = judge(read, "silent", None)
    for looked_up in (False, True):
        assert told(MemoryStore(), [silent], replace(ONE, looked_up=looked_up)) == ([(DIGEST, looked_up)], ())


def test_a_policy_that_does_not_apply_says_nothing(read: Read) -> None:
    store = MemoryStore()
    released(store, "release", FILE)
    other = judge(read, "other", "[release]", "pkg:pypi/*")
    assert told(store, [other], TWO) == ([(OTHER, False)], ())
    assert told(store, [], TWO) == ([(OTHER, False)], ())
    assert told(store, [other, judge(read, "own", "[release]")], TWO) == ([(DIGEST, False)], ())


def test_what_one_policy_names_is_looked_up_for_another(read: Read) -> None:
    store = MemoryStore()
    released(store, "release", FILE)
    names, silent = judge(read, "names", "[release]"), judge(read, "silent", None)
    assert told(store, [names], TWO) == ([(DIGEST, False)], ())
    assert told(store, [names, silent], TWO) == ([(DIGEST, True), (OTHER, True)], ())
    assert told(store, [names, silent], ONE) == ([(DIGEST, False)], ())


def test_the_version_itself_is_meant_only_where_no_artifact_is(read: Read) -> None:
    store = MemoryStore()
    silent, names = judge(read, "silent", None), judge(read, "names", "[release]")
    assert told(store, [silent], VERSION) == ([(None, False)], ())
    assert told(store, [silent], VERSION, ONE) == ([(DIGEST, False)], ())
    released(store, "release", FILE)
    assert told(store, [silent, names], VERSION) == ([(DIGEST, True)], ())
    assert told(store, [names, silent], VERSION) == ([(DIGEST, True)], ())


UNPROVEN = "no release statement by release was shown, and nothing proves that there is none"


def test_why_there_is_none_is_told_once(read: Read) -> None:
    judges = [judge(read, "one", "[release]"), judge(read, "two", "[release]"), judge(read, "three", "[security]")]
    found, problems = told(MemoryStore(), judges, replace(ONE, looked_up=True))
    assert found == [(DIGEST, True)]
    assert problems == (UNPROVEN, UNPROVEN.replace("release was", "security was"))


def test_whose_listing_is_trusted(read: Read) -> None:
    """A listing that is trusted with what it lists is trusted with what it does not, unless the policy wants a seal."""
    plain, sealed = judge(read, "plain", "[release]"), judge(read, "sealed", SEALED)
    nothing = "no release statement by release"
    assert told(MemoryStore(), [plain], ONE) == ([(DIGEST, False)], (nothing,))
    assert told(MemoryStore(), [plain], ONE, replace(TWO, looked_up=True)) == (
        [(DIGEST, True), (OTHER, True)],
        (UNPROVEN,),
    )
    found, (why,) = told(MemoryStore(), [sealed], ONE)
    assert found == [(DIGEST, True)]
    assert why.startswith("a release statement may be missing: no seal of this package by release or security")
    found, (why,) = told(Partial(), [plain], ONE)
    assert found == [(DIGEST, True)]
    assert why.startswith("a release statement may be missing: ")


def test_signatures_over_sealed_documents_are_shown_too(read: Read) -> None:
    store, version = MemoryStore(), VERSION.manifest
    released(store, "release", FILE)
    raw, kind = json.dumps(CYCLONEDX).encode(), names.CYCLONEDX_JSON
    bom = attach_document(store, REPOSITORY, version, raw, media_type=kind, title="bom.json", created=NOW).descriptor()
    over = bundle_of(signed("release", subject=replace(VERSION, manifest=bom))).raw
    attach_bundle(store, REPOSITORY, bom, over, predicate_type=names.PREDICATE_COSIGN_SIGN, created=NOW)
    every = seals.sealable(collect(store, REPOSITORY, VERSION, documents=True))
    assert len(every) == 3
    content = Seal(1, NOW, NOW + timedelta(days=1), {version.digest: every})
    kind, statement = lifecycle.write(seals.seal_subjects([VERSION]), content)
    sealed = sign_statement(statement, KeySigner(key("security")), payload_type=lifecycle.payload_type(kind))
    attach_bundle(store, REPOSITORY, version, sealed, predicate_type=kind, created=NOW)
    found = ask(store, read, by=SEALED)
    assert (found.subjects, found.problems, found.doubtful) == ((ONE,), (), False)
