"""Whose signatures are looked at when one learns, and when it may be that one is only out of reach."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from attest import names
from attest.errors import PolicyError, UsageError
from attest.evidence.attach import attach_bundle, attach_document, push_anchor
from attest.evidence.identity import KeyIdentity
from attest.evidence.model import Candidate, Subject
from attest.evidence.trust import Trust
from attest.oci.descriptor import EMPTY
from attest.policy.learn import (
    Anybody,
    Change,
    Observed,
    Unlearned,
    learn,
    merge,
    observe,
    observed_in,
    version_order,
)
from attest.policy.publisher_lock import Pinned
from attest.signing.proof import Author, CertificateAuthor
from attest.stores.memory import MemoryStore
from tests.evidence_factory import DIGEST, GITHUB, NOW, PURL, SUBJECT, bundle_of, evidence, proven, signed, slsa_v1
from tests.policy.conftest import HEAD, Read
from tests.policy.test_absence import revocation
from tests.policy.test_learn import KEY, PACKAGE, RELEASE, SOURCE, at, built, seen


def test_anybody_is_whoever_has_a_certificate() -> None:
    assert Anybody("anybody").differs(RELEASE) is None
    assert Anybody("anybody").differs(KEY) == "anybody has a certificate of Sigstore's"


def test_a_name_is_refused_only_where_all_was_read() -> None:
    read = Observed(SUBJECT, (seen(RELEASE),))
    unread = Observed(at("1.3.1"), (), unreadable="connection refused")
    with pytest.raises(UsageError, match="'nobody' published nothing of this"):
        learn([read], ["nobody"])
    for some in ([read, unread], [unread, read], [unread]):
        assert [item.unreadable for item in learn(some, ["nobody"]).unlearned] == [True]


@pytest.mark.parametrize("by", ["[[publisher]]", "[{publisher: x}]", "{publisher: x}", "[release, [publisher]]"])
def test_whom_a_rule_names_is_a_name(read: Read, by: str) -> None:
    with pytest.raises(PolicyError) as refused:
        read(f"{HEAD}rules:\n  - {{id: a, require: signature, by: {by}}}\n")
    assert refused.value.where == "gate.yaml:10"


def test_anybody_is_nobody_in_particular() -> None:
    assert Anybody("anybody").principal == "any:anybody"


@pytest.mark.parametrize("number", [1, 8, 9, 12])
def test_eight_names_are_told(number: int) -> None:
    people = [CertificateAuthor("https://i.example", f"p{each:02}@acme.example", {}) for each in range(number)]
    with pytest.raises(UsageError) as error:
        learn([Observed(SUBJECT, tuple(map(seen, people)))], ["nobody"])
    told = ", ".join(f"p{each:02}@acme.example" for each in range(min(number, 8)))
    assert error.value.why == f"there is {told}"
    with pytest.raises(UsageError) as error:
        learn([Observed(SUBJECT, ())], ["nobody"])
    assert error.value.why == "nobody did whose signature can be verified"


def test_only_what_whoever_is_chosen_published_is_kept() -> None:
    both = Observed(SUBJECT, (seen(RELEASE), seen(KEY), built(RELEASE)))
    other = Observed(at("1.4.0"), (seen(RELEASE),))
    found = learn([both, other], [f"sha256:{KEY.key.fingerprint}"])
    assert found.observed == (replace(both, seen=(seen(KEY),)), replace(other, seen=()))
    assert {line: item.version for line, item in found.packages[PACKAGE].lines.items()} == {"1": "1.3.0"}


def test_what_has_no_name_can_be_read_all_the_same() -> None:
    (item,) = learn([Observed(Subject(EMPTY, name="oci:x"), (seen(KEY),))]).unlearned
    assert item == Unlearned("oci:x", "it has no name under which it could be pinned", (), unreadable=False)


def pinned(name: str, *observed: Observed) -> Pinned:
    items = [replace(item, subject=at(str(item.subject.purl).rpartition("@")[2], name)) for item in observed]
    return learn(items).packages[f"pkg:npm/{name}"]


def test_a_new_package_and_an_older_version_hide_no_other_change() -> None:
    old = {"pkg:npm/b": pinned("b", Observed(at("1.3.0"), (built(KEY),)))}
    new = {
        "pkg:npm/a": pinned("a", Observed(SUBJECT, (seen(KEY),))),
        "pkg:npm/b": pinned("b", Observed(at("1.2.0"), (seen(KEY),)), Observed(at("2.0.0"), (seen(KEY),))),
        "pkg:npm/c": pinned("c", Observed(SUBJECT, (seen(RELEASE),))),
    }
    merged = merge(old, new)
    assert [(item.package, item.field, item.new) for item in merged.new] == [
        ("pkg:npm/a", None, f"sha256:{KEY.key.fingerprint}"),
        ("pkg:npm/b", "lines.2", "2.0.0"),
        ("pkg:npm/c", None, "https://github.com/acme/app/.github/workflows/release.yml"),
    ]
    assert merged.changed == []
    assert list(merged.packages["pkg:npm/b"].lines.values()) == [
        old["pkg:npm/b"].lines["1"],
        new["pkg:npm/b"].lines["2"],
    ]


def test_another_story_of_the_same_version_is_a_change() -> None:
    old, new = (
        pinned("a", Observed(SUBJECT, (built(KEY, name),))) for name in ("https://a.example", "https://b.example")
    )
    assert merge({"pkg:npm/a": old}, {"pkg:npm/a": new}).changed == [
        Change("pkg:npm/a", "lines.1.builder", "https://a.example", "https://b.example")
    ]


def test_a_version_without_a_number_is_before_all_others() -> None:
    order = ["a", "zzz", "0-rc1", "0", "0.0.1", "1-rc1", "1", "1:0"]
    mixed = order[::-1]
    assert sorted(mixed, key=version_order) == order
    assert version_order("0") == version_order("0.0")


# --- what is seen


def look(*candidates: Candidate, complete: bool = True, problems: tuple[str, ...] = ()) -> Observed:
    people = (Anybody("anybody"), KeyIdentity("key-1", KEY.key))
    found = evidence(candidates, people, complete=complete, problems=problems)
    return observed_in(found, {}, now=NOW)


def test_what_may_be_missing() -> None:
    good = signed("release")
    assert look(good) == Observed(SUBJECT, (seen(KEY),))
    assert look(good, problems=("a", "b")).unreadable is None
    assert look(good, complete=False, problems=("a", "b")).unreadable == "a; b"
    assert look(good, complete=False).unreadable == "not all could be listed"


def test_what_its_signer_revoked_is_not_seen() -> None:
    good = signed("release")
    assert look(good, revocation("release", good)).seen == ()


def provenance(author: Author, source: str | None = SOURCE) -> Candidate:
    return proven(signed("release", names.PREDICATE_SLSA_V1, slsa_v1(source=source)), author)


def test_provenance_is_held_against_its_certificate() -> None:
    bare = CertificateAuthor(GITHUB, RELEASE.subject, {})
    odd = CertificateAuthor(GITHUB, RELEASE.subject, {"source_repository": "acme/app"})
    assert look(provenance(KEY)).seen == (built(KEY),)
    assert look(provenance(bare)).seen == (built(bare),)
    assert look(provenance(bare, None)).seen == (replace(built(bare), source=None),)
    for source in (SOURCE, None):
        found = look(provenance(odd, source))
        assert found.seen == ()
        assert "the provenance names another source than its signer's certificate: acme/app" in found.problems[0]


def test_documents_with_a_signature_over_them_are_seen() -> None:
    store, repository = MemoryStore(), "npm/left-pad"
    raw, kind = json.dumps(slsa_v1()).encode(), "application/json"
    push_anchor(store, repository, "1.3.0", PURL, DIGEST)
    document = attach_document(
        store, repository, SUBJECT.manifest, raw, media_type=kind, title="p.json", created=NOW
    ).descriptor()
    over = bundle_of(signed("release", subject=replace(SUBJECT, manifest=document))).raw
    attach_bundle(store, repository, document, over, predicate_type=names.PREDICATE_COSIGN_SIGN, created=NOW)
    trust = Trust((KeyIdentity("key-1", KEY.key),))
    assert observe(store, repository, SUBJECT, trust, {}, now=NOW).seen == (built(KEY),)
