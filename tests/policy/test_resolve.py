"""Which artifacts a version has: what trusted release statements say, and never what anybody else does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import permutations

import pytest

from attest import names
from attest.errors import PolicyError, StoreUnavailable
from attest.evidence import seal as seals
from attest.evidence.attach import attach_bundle, push_anchor
from attest.evidence.lookup import subject_of, version_of
from attest.evidence.released import Released
from attest.evidence.verify import nothing_found
from attest.oci.digest import Digest
from attest.packages.anchors import version_anchor
from attest.packages.digest import ArtifactDigest
from attest.packages.purl import Purl
from attest.policy.codes import Code
from attest.policy.decide import Judge
from attest.policy.evaluate import evaluate
from attest.policy.resolve import resolve, resolve_all
from attest.policy.rules.rule import Mode
from attest.signing.sign import KeySigner, sign_statement
from attest.statements import lifecycle
from attest.statements.lifecycle import Evidence, Revocation, Seal
from attest.statements.release import Artifact, Release, write
from attest.statements.statement import Subject, write_statement
from attest.stores.memory import MemoryStore
from attest.stores.protocol import Referrers
from tests.evidence_factory import DIGEST, NOW, PURL, key
from tests.policy.conftest import HEAD, Read

REPOSITORY = "npm/left-pad"
OTHER = ArtifactDigest("sha512", "cd" * 64)
RULES = "rules:\n  - {id: signed, require: signature, by: [release]}\n"
FILE = Artifact("left-pad-1.3.0.tgz", {"sha512": DIGEST.hex, "sha256": "11" * 32})
SECOND = Artifact("left-pad-1.3.0-2.tgz", {"sha512": OTHER.hex})
NONE = "no release statement by release was shown, and nothing proves that there is none"
LISTED, SEALED = "[release], absence: listing", "[release, security], absence: seal"
Say = Callable[..., Digest]


@pytest.fixture
def store() -> MemoryStore:
    """The anchor, and another that anybody could have put there."""
    store = MemoryStore()
    for digest in (DIGEST, ArtifactDigest("sha512", "ee" * 64)):
        push_anchor(store, REPOSITORY, "1.3.0", PURL, digest)
    return store


@pytest.fixture
def say(store: MemoryStore) -> Say:
    """Attach a release statement, or any other, to the version anchor."""

    def attach(
        by: str, *artifacts: Artifact, purl: Purl = PURL, payload: bytes | None = None, type_: str = ""
    ) -> Digest:
        statement = payload or write(Release(purl, artifacts))
        kind = type_ or names.PREDICATE_RELEASE
        bundle = sign_statement(statement, KeySigner(key(by)), payload_type=lifecycle.payload_type(kind))
        anchor = version_anchor(PURL).descriptor()
        return attach_bundle(store, REPOSITORY, anchor, bundle, predicate_type=kind, created=NOW).digest

    return attach


def ask(store: MemoryStore, read: Read, more: str = "", by: str = "[release]", head: str = HEAD) -> Released:
    """By a policy; ``by`` may go on with what else stands in `resolve`."""
    policy = read(f"{head}{RULES}{more}resolve: {{by: {by}}}\n")
    return resolve(store, REPOSITORY, PURL, Judge(policy, policy.trust()), policy.resolve_absence, now=NOW)


def test_what_is_released_is_what_the_version_has(store: MemoryStore, read: Read, say: Say) -> None:
    say("release", FILE)
    found = ask(store, read)
    assert found.subjects == (subject_of(PURL, DIGEST),)
    assert not found.subjects[0].looked_up
    assert found.problems == ()


def test_without_a_statement_there_is_nothing(store: MemoryStore, read: Read) -> None:
    found = ask(store, read)
    assert (found.subjects, found.problems) == ((), (NONE,))


@pytest.mark.parametrize("stranger", ["stranger", "security"])
def test_who_is_not_named_says_nothing(store: MemoryStore, read: Read, say: Say, stranger: str) -> None:
    """Nobody, and somebody whom the policy trusts with something else."""
    say(stranger, SECOND)
    assert ask(store, read).problems == (NONE,)
    say("release", FILE)
    assert ask(store, read).subjects == (subject_of(PURL, DIGEST),)


def test_only_an_identity_that_speaks_for_the_package_counts(store: MemoryStore, read: Read, say: Say) -> None:
    say("release", FILE)
    elsewhere = HEAD.replace("{key: release.pub}", '{key: release.pub, for: ["pkg:npm/right-pad"]}')
    ended = HEAD.replace("{key: release.pub}", "{key: release.pub, until: 2026-01-01}")
    for head in (elsewhere, ended):
        assert ask(store, read, head=head).subjects == ()


def test_the_statement_of_another_version_does_not_bind(store: MemoryStore, read: Read, say: Say) -> None:
    say("release", FILE, purl=Purl.parse("pkg:npm/left-pad@1.2.0"))
    assert ask(store, read).problems == (NONE,)


def test_the_statement_of_another_version_that_lists_this_anchor(store: MemoryStore, read: Read, say: Say) -> None:
    anchor = {"sha256": version_anchor(PURL).digest.encoded, "sha512": OTHER.hex}
    digest = say("release", replace(SECOND, digests=anchor), purl=Purl.parse("pkg:npm/left-pad@1.2.0"))
    found = ask(store, read)
    assert (found.subjects, found.problems) == ((), (f"{digest}: a release statement of pkg:npm/left-pad@1.2.0",))


def test_statements_are_united(store: MemoryStore, read: Read, say: Say) -> None:
    say("release", FILE)
    say("builder", SECOND, replace(FILE, digests={"sha512": DIGEST.hex, "sha384": "22" * 48}))
    found = ask(store, read, by="[release, builder]")
    assert found.subjects == tuple(
        sorted((subject_of(PURL, DIGEST), subject_of(PURL, OTHER)), key=lambda s: str(s.digest))
    )
    assert found.artifacts[DIGEST].digests == {"sha512": DIGEST.hex, "sha256": "11" * 32, "sha384": "22" * 48}
    assert ask(store, read).subjects == (subject_of(PURL, DIGEST),)


@pytest.mark.parametrize(
    ("other", "why"),
    [
        (
            replace(FILE, digests={"sha512": DIGEST.hex, "sha256": "22" * 32}),
            "two sha256 digests of left-pad-1.3.0.tgz",
        ),
        (replace(FILE, digests={"sha512": OTHER.hex}), "two artifacts are left-pad-1.3.0.tgz"),
        (replace(SECOND, digests={"sha512": OTHER.hex, "sha256": "11" * 32}), f"two artifacts are sha256:{'11' * 32}"),
    ],
)
def test_statements_that_contradict_each_other_prove_nothing(
    store: MemoryStore, read: Read, say: Say, other: Artifact, why: str
) -> None:
    for statement in permutations(["release", "builder"]):
        say(statement[0], FILE)
        say(statement[1], other)
    found = ask(store, read, by="[release, builder]")
    assert found.subjects == ()
    assert found.same_file(ArtifactDigest("sha256", "11" * 32)) is None
    assert found.problems == (f"release statements contradict each other: {why}",)


def test_a_strangers_contradiction_takes_nothing_away(store: MemoryStore, read: Read, say: Say) -> None:
    say("release", FILE)
    say("stranger", replace(FILE, digests={"sha512": DIGEST.hex, "sha256": "22" * 32}))
    assert ask(store, read).same_file(ArtifactDigest("sha256", "11" * 32)) == DIGEST


def test_two_digests_are_one_file(store: MemoryStore, read: Read, say: Say) -> None:
    say("release", FILE)
    say("stranger", replace(SECOND, digests={"sha512": OTHER.hex, "sha256": "33" * 32}))
    found = ask(store, read)
    assert found.same_file(ArtifactDigest("sha256", "11" * 32)) == DIGEST
    assert found.same_file(DIGEST) == DIGEST
    for unknown in (ArtifactDigest("sha256", "33" * 32), ArtifactDigest("nugetContentHash", DIGEST.hex), OTHER):
        assert found.same_file(unknown) is None


def test_what_cannot_be_read_is_told(store: MemoryStore, read: Read, say: Say) -> None:
    anchor = Subject(None, {"sha256": version_anchor(PURL).digest.encoded})
    bad = write_statement([anchor, Subject(None, {"sha512": OTHER.hex})], names.PREDICATE_RELEASE, {"purl": str(PURL)})
    digest = say("release", payload=bad)
    say("release", FILE)
    found = ask(store, read)
    assert found.subjects == (subject_of(PURL, DIGEST),)
    assert found.problems == (f"{digest}: statement.subject.name: not the name of a file: None",)


def test_a_revoked_statement_does_not_count(store: MemoryStore, read: Read, say: Say) -> None:
    digest = say("release", FILE, SECOND)
    anchor = Subject(str(PURL), {"sha256": version_anchor(PURL).digest.encoded})
    kind, payload = lifecycle.write([anchor], Revocation(NOW, (Evidence(digest, None),), "a wrong file"))
    say("stranger", payload=payload, type_=kind)
    say("security", payload=payload, type_=kind)
    assert len(ask(store, read).subjects) == 2
    rule = "  - {id: not-revoked, require: no-revocation, by: [security], absence: listing}\n"
    assert ask(store, read, rule).subjects == ()
    say("release", payload=payload, type_=kind)
    assert ask(store, read).problems == (NONE,)


def test_a_store_that_cannot_be_asked(read: Read) -> None:
    class Broken(MemoryStore):
        def referrers(self, *_: object, **__: object) -> None:  # type: ignore[override]
            raise StoreUnavailable("gone")

    with pytest.raises(StoreUnavailable):
        ask(Broken(), read)


class Partial(MemoryStore):
    """Says that it did not list everything."""

    def referrers(self, repository: str, subject: Digest, *, artifact_type: str | None = None) -> Referrers:
        found = super().referrers(repository, subject, artifact_type=artifact_type)
        return replace(found, complete=False, problems=("page 2 failed",))


@pytest.mark.parametrize(
    ("by", "shown", "whole", "doubtful", "why"),
    [
        ("[release]", False, True, True, (NONE,)),
        ("[release]", False, False, True, (NONE,)),
        ("[release]", True, True, True, ()),
        ("[release]", True, False, True, ()),
        (LISTED, False, True, False, ("no release statement by release",)),
        (LISTED, True, True, False, ()),
        (LISTED, False, False, True, ("a release statement may be missing: page 2 failed",)),
        (LISTED, True, False, True, ("a release statement may be missing: page 2 failed",)),
    ],
)
def test_what_is_not_said_is_believed_by_proof_alone(
    read: Read, by: str, shown: bool, whole: bool, doubtful: bool, why: tuple[str, ...]
) -> None:
    store = MemoryStore() if whole else Partial()
    if shown:
        released(store, "release", FILE)
    found = ask(store, read, by=by)
    assert (found.doubtful, found.problems) == (doubtful, why)
    assert bool(found.subjects) == (shown and not (by == LISTED and not whole))


def test_statements_that_contradict_each_other_leave_doubt(store: MemoryStore, read: Read, say: Say) -> None:
    """Else one of those who may say it could take away what another said."""
    say("release", FILE)
    say("release", replace(FILE, digests={"sha512": OTHER.hex}))
    found = ask(store, read, by=LISTED)
    assert (found.subjects, found.doubtful) == ((), True)


def test_a_seal_proves_it(store: MemoryStore, read: Read, say: Say) -> None:
    unsealed = ask(store, read, by=SEALED)
    assert (unsealed.subjects, unsealed.doubtful) == ((), True)
    assert "no seal of this package by release or security" in unsealed.problems[0]
    hidden = MemoryStore()
    shown = released(hidden, "release", FILE)
    seal(hidden, shown)
    assert ask(hidden, read, by=SEALED).subjects == (subject_of(PURL, DIGEST),)
    seal(store, shown)
    found = ask(store, read, by=SEALED)
    assert (found.subjects, found.doubtful) == ((), True)
    assert f"the store did not show all that was sealed: {shown} is missing" in found.problems[0]
    nothing = MemoryStore()
    seal(nothing)
    assert ask(nothing, read, by=SEALED) == Released(PURL, {}, ("no release statement by release or security",))


@pytest.mark.parametrize(
    ("trusted", "whole", "by", "looked_up"),
    [
        (False, True, "[release]", True),
        (True, True, "[release]", False),
        (True, False, "[release]", True),
        (True, False, LISTED, True),
        (False, True, LISTED, True),
        (True, True, LISTED, False),
    ],
)
def test_what_a_store_lists_is_as_good_as_its_listing(
    read: Read, trusted: bool, whole: bool, by: str, looked_up: bool
) -> None:
    """``--resolve`` trusts the listing, and so takes it for proof that nobody said anything, if it is one."""
    store = MemoryStore() if whole else Partial()
    policy = read(f"{HEAD}{RULES}resolve: {{by: {by}}}\nunresolved: warn\n")
    judge = Judge(policy, policy.trust())
    listed = replace(subject_of(PURL, DIGEST), looked_up=not trusted)
    (found,), _ = resolve_all(store, REPOSITORY, PURL, [judge], [listed], now=NOW)
    assert found.looked_up is looked_up
    finding = evaluate(policy, nothing_found(found, ""), now=NOW).findings[-2]
    assert (finding.code is Code.SUBJECT_UNRESOLVED) == looked_up
    if looked_up:
        assert finding.mode is Mode.ENFORCE  # which `unresolved: warn` does not forgive where somebody could resolve it


def released(store: MemoryStore, by: str, *artifacts: Artifact) -> Digest:
    bundle = sign_statement(write(Release(PURL, artifacts)), KeySigner(key(by)))
    anchor = version_anchor(PURL).descriptor()
    kind = names.PREDICATE_RELEASE
    return attach_bundle(store, REPOSITORY, anchor, bundle, predicate_type=kind, created=NOW).digest


def seal(store: MemoryStore, *evidence: Digest) -> None:
    """By security, of the version."""
    version = version_of(PURL)
    content = Seal(1, NOW, NOW + timedelta(days=1), {version.manifest.digest: frozenset(evidence)})
    kind, statement = lifecycle.write(seals.seal_subjects([version]), content)
    bundle = sign_statement(statement, KeySigner(key("security")), payload_type=lifecycle.payload_type(kind))
    attach_bundle(store, REPOSITORY, version.manifest, bundle, predicate_type=kind, created=NOW)


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("resolve: {by: [release], absence: listed}", "absence"),
        ("resolve: [release]", "expected keys and values"),
        ("resolve: {}", "'by' is missing"),
        ("resolve: {by: []}", "'by' is empty"),
        ("resolve: {by: [nobody]}", "no identity 'nobody'"),
        ("resolve: {by: [release, release]}", "stands twice"),
        ("resolve: {by: [release], threshold: 2}", "unknown key 'threshold'"),
    ],
)
def test_how_it_is_not_written(read: Read, written: str, why: str) -> None:
    with pytest.raises(PolicyError, match=why):
        read(f"{HEAD}{RULES}{written}\n")
