"""What must be as it was, field by field, whoever says so."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from attest import names
from attest.evidence.identity import CertificateIdentity, Signer, principal
from attest.evidence.text_patterns import identity_pattern
from attest.evidence.verify import Verified
from attest.policy.codes import Code
from attest.policy.publisher_lock import Admitted, Pinned, PublisherLock
from attest.policy.publishers import KeyPublisher
from attest.policy.rules.downgrade import NoDowngradeRule, Same
from attest.policy.rules.rule import Claim, Fit, Refusal, Scene
from attest.policy.standing import Standing
from tests.evidence_factory import CYCLONEDX, GITHUB, NOW, SUBJECT, evidence, key, proven, signed, slsa_v1, workflow

SOURCE, BUILDER = "https://github.com/acme/app", "https://ci.example/builder"
WHO = CertificateIdentity(
    "ci", GITHUB, identity_pattern("https://github.com/acme/app/.github/workflows/release.yml@refs/tags/*")
)
SIGNER = principal(workflow())
LAST = Admitted("1.2.0", SIGNER, BUILDER, SOURCE)


def rule(*same: Same, last: Admitted = LAST) -> NoDowngradeRule:
    return NoDowngradeRule(id="same", by=("ci",), lock=PublisherLock.of({}), same=same or tuple(Same), last=last)


def verified(kind: str = names.PREDICATE_SLSA_V1, predicate: Any = None, **claims: str) -> Verified:
    author = replace(workflow(), claims=claims)
    candidate = proven(signed("x", kind, slsa_v1() if predicate is None else predicate), author)
    (item,) = evidence([candidate], [WHO]).verified
    return item


def judged(rule: NoDowngradeRule, item: Verified) -> tuple[Code, str] | tuple[str, ...]:
    found = evidence([], [])
    scene = Scene(found, Standing.of((), (), SUBJECT, NOW), {"ci": WHO})
    answer = rule.judge(rule.content(item), Claim(item, frozenset({Signer("ci", SIGNER)}), scene))
    return answer.notes if isinstance(answer, Fit) else (answer.code, answer.why)


SIGNATURE = verified(names.PREDICATE_COSIGN_SIGN, {})
SAME_AS_LAST = ("as 1.2.0 was",)


@pytest.mark.parametrize(
    ("rule", "item", "told"),
    [
        (rule(), verified(), SAME_AS_LAST),
        (rule(), verified(source_repository=SOURCE), SAME_AS_LAST),
        (rule(), verified(source_repository=f"git+{SOURCE}.git"), SAME_AS_LAST),
        (
            rule(),
            verified(source_repository=f"{SOURCE}2"),
            (Code.DOWNGRADE_SOURCE, f"signed for {SOURCE}2, not {SOURCE} as 1.2.0 was"),
        ),
        (rule(Same.SIGNER, Same.BUILDER), verified(source_repository=f"{SOURCE}2"), SAME_AS_LAST),
        (rule(last=replace(LAST, source=None)), verified(source_repository=f"{SOURCE}2"), SAME_AS_LAST),
        (
            rule(),
            verified(predicate=slsa_v1(source=f"{SOURCE}2")),
            (Code.DOWNGRADE_SOURCE, f"built from {SOURCE}2, not {SOURCE} as 1.2.0 was"),
        ),
        (
            rule(),
            verified(predicate=slsa_v1(source=None)),
            (Code.DOWNGRADE_SOURCE, f"built from none that it names, not {SOURCE} as 1.2.0 was"),
        ),
        (
            rule(),
            verified(predicate=slsa_v1(builder="https://ci.example/other")),
            (Code.DOWNGRADE_BUILDER, f"built by https://ci.example/other, not {BUILDER} as 1.2.0 was"),
        ),
        (rule(Same.SIGNER), verified(predicate=slsa_v1(builder=None, source=None)), SAME_AS_LAST),
        (rule(last=replace(LAST, builder=None)), verified(predicate=slsa_v1(builder="x")), SAME_AS_LAST),
        (
            rule(last=replace(LAST, signer="key:sha256:00")),
            verified(),
            (Code.DOWNGRADE_SIGNER, f"signed by {SIGNER}, not key:sha256:00 as 1.2.0 was"),
        ),
        (rule(Same.BUILDER, last=replace(LAST, signer="key:sha256:00")), verified(), SAME_AS_LAST),
        (rule(Same.SIGNER), SIGNATURE, SAME_AS_LAST),
        (
            rule(),
            SIGNATURE,
            (Code.DOWNGRADE_BUILDER, f"built by none that it names, not {BUILDER} as 1.2.0 was"),
        ),
    ],
)
def test_what_must_be_the_same(rule: NoDowngradeRule, item: Verified, told: tuple[Code, str]) -> None:
    assert judged(rule, item) == told


PLAIN = Admitted("1.2.0", SIGNER)


@pytest.mark.parametrize(
    ("rule", "of_build"),
    [
        (rule(), True),
        (rule(Same.SOURCE), True),
        (rule(Same.BUILDER), True),
        (rule(Same.SIGNER), False),
        (rule(last=PLAIN), False),
        (rule(Same.BUILDER, last=replace(PLAIN, source=SOURCE)), False),
        (rule(last=replace(PLAIN, source=SOURCE)), True),
        (replace(rule(), last=None), False),
    ],
)
def test_what_it_looks_at(rule: NoDowngradeRule, of_build: bool) -> None:
    assert rule.noun == ("provenance" if of_build else "signature")
    assert rule.looks_at(verified())
    assert rule.looks_at(SIGNATURE) is not of_build
    assert not rule.looks_at(verified(names.PREDICATE_CYCLONEDX, CYCLONEDX))


def test_a_certificate_for_what_is_no_repository() -> None:
    assert judged(rule(), verified(source_repository="acme/app")) == (
        Code.DOWNGRADE_SOURCE,
        f"signed for acme/app, not {SOURCE} as 1.2.0 was",
    )


def test_an_image_has_no_release_line() -> None:
    image = replace(SUBJECT, purl=None, digest=None, image="registry.example/acme/app")
    pinned = Pinned(KeyPublisher(key("security").public), {"1": LAST})
    asked = replace(rule(), lock=PublisherLock.of({"registry.example/acme/app": pinned}), last=None)
    assert asked.about(image) == asked
    scene = Scene(evidence([], [], subject=image), Standing.of((), (), image, NOW), {"ci": WHO})
    assert asked.unanswerable(scene) == Refusal(Code.DOWNGRADE_UNKNOWN, "attest.lock has no version to compare with")
    scene = Scene(evidence([], []), Standing.of((), (), SUBJECT, NOW), {"ci": WHO})
    assert asked.unanswerable(scene) == Refusal(
        Code.DOWNGRADE_UNKNOWN, "attest.lock has no version of the release line 1 to compare with"
    )


def test_when_it_was_made() -> None:
    ended = {
        **slsa_v1(),
        "runDetails": {"builder": {"id": BUILDER}, "metadata": {"finishedOn": "2026-11-20T00:00:00Z"}},
    }
    assert rule().made_at(rule().content(verified(predicate=ended))) == datetime(2026, 11, 20, tzinfo=UTC)
    assert rule().made_at(rule().content(SIGNATURE)) is None
