"""Who an identity is, and who only looks like it; what makes two signers one; when an end counts."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attest.errors import UsageError
from attest.evidence.identity import CertificateIdentity, Signer, principal
from attest.evidence.model import Check
from attest.evidence.text_patterns import Pattern, identity_pattern
from attest.signing.proof import CertificateAuthor, Format, KeyAuthor
from tests.evidence_factory import GITHUB, evidence, identity, key, proven, signed, workflow

RELEASE = "https://github.com/acme/app/.github/workflows/release.yml@refs/tags/*"
DEV = "dev@acme.example"
ISSUER = "https://accounts.example"
END = datetime(2026, 11, 20, tzinfo=UTC)


def certificate(subject: str = RELEASE, issuer: str = GITHUB, **claims: str) -> CertificateIdentity:
    patterns = {claim: identity_pattern(text) for claim, text in claims.items()}
    return CertificateIdentity("ci", issuer, identity_pattern(subject), patterns)


@pytest.mark.parametrize(
    ("who", "author"),
    [
        (certificate(), workflow()),
        (certificate(), workflow("refs/tags/v1.0.0-rc.1+2")),
        (certificate(source_repository="https://github.com/acme/app"), workflow()),
        (certificate(source_repository="https://github.com/acme/*"), workflow()),
        (certificate(source_repository_ref="refs/tags/*"), workflow(source_repository_ref="refs/tags/v1")),
        (certificate(DEV, ISSUER), CertificateAuthor(ISSUER, DEV, {})),
        (
            certificate("https://gitlab.com/acme/app//.gitlab-ci.yml@refs/heads/main", "https://gitlab.com"),
            CertificateAuthor("https://gitlab.com", "https://gitlab.com/acme/app//.gitlab-ci.yml@refs/heads/main", {}),
        ),
        (
            certificate("https://buildkite.com/acme/*", "https://agent.buildkite.com"),
            CertificateAuthor("https://agent.buildkite.com", "https://buildkite.com/acme/release", {}),
        ),
    ],
)
def test_who_it_is(who: CertificateIdentity, author: CertificateAuthor) -> None:
    assert who.differs(author) is None


@pytest.mark.parametrize(
    ("who", "author", "says"),
    [
        (certificate(), workflow(repository="acme-evil/app"), "expected subject"),
        (certificate(), workflow(repository="acme/app-evil"), "expected subject"),
        (certificate(), workflow("refs/heads/main"), "expected subject"),
        (certificate(), workflow("refs/tags/v1\n"), r"found 'https://github.com/acme/app/.*@refs/tags/v1\\n'"),
        (certificate(), workflow("refs/tags/v1/.."), "expected subject"),
        (certificate(), workflow(repository="аcme/app"), r"found 'https://github.com/\\u0430cme/app"),  # Cyrillic
        (certificate(), workflow(name="release.yml@refs/tags/v1?x=/release"), "expected subject"),
        (certificate(DEV, ISSUER), CertificateAuthor(ISSUER, DEV + "\n", {}), "expected subject"),
        (certificate(DEV, ISSUER), CertificateAuthor(ISSUER, DEV + ".evil.example", {}), "expected subject"),
        (certificate(DEV, ISSUER), CertificateAuthor(ISSUER, "x" + DEV, {}), "expected subject"),
        (certificate(DEV, ISSUER), CertificateAuthor(ISSUER, DEV.upper(), {}), "expected subject"),
        (certificate(DEV, ISSUER), CertificateAuthor(ISSUER + "/", DEV, {}), "expected issuer"),
        (certificate(DEV, ISSUER), CertificateAuthor(ISSUER + ".evil.example", DEV, {}), "expected issuer"),
        (
            certificate(source_repository="https://github.com/acme/app"),
            workflow(source_repository="https://github.com/acme/app-evil"),
            "expected source_repository 'https://github.com/acme/app', found 'https://github.com/acme/app-evil'",
        ),
        (certificate(runner_environment="github-hosted"), workflow(), "runner_environment 'github-hosted', found none"),
        (certificate(), KeyAuthor(key("release").public), "ci is a certificate's identity"),
    ],
)
def test_who_only_looks_like_it(who: CertificateIdentity, author: CertificateAuthor, says: str) -> None:
    found = evidence([proven(signed("release"), author)], [who])
    assert not found.verified
    (rejected,) = found.rejected
    assert rejected.check is Check.AUTHOR
    assert rejected.reason.startswith("by ")
    assert re.search(says, rejected.reason), rejected.reason


@pytest.mark.parametrize(
    "text",
    [
        "https://*/acme/app",
        "https://github.com/*",
        "https://github.com/*/app/.github/workflows/release.yml@refs/tags/v1",
        "https://github.com:*/acme",
        "https://*@github.com/acme/app",
        "spiffe://*/ns/prod",
        "dev@*",
        "mailto:*",
        "urn:acme:*",
    ],
)
def test_patterns_that_strangers_could_match_are_refused(text: str) -> None:
    with pytest.raises(UsageError, match="too wide a pattern"):
        identity_pattern(text)


@given(st.text(st.characters(codec="utf-8"), max_size=40), st.text(st.characters(codec="utf-8"), max_size=40))
def test_an_exact_identity_is_itself_alone(name: str, other: str) -> None:
    who = CertificateIdentity("x", ISSUER, Pattern.parse(name.replace("*", "")))
    assert (who.differs(CertificateAuthor(ISSUER, other, {})) is None) == (other == name.replace("*", ""))


def test_one_workload_under_two_names_and_two_refs_is_one_signer() -> None:
    names = [
        certificate(),
        CertificateIdentity(
            "again", GITHUB, identity_pattern("https://github.com/acme/app/.github/workflows/*@refs/tags/*")
        ),
    ]
    candidates = [proven(signed("release", note=ref), workflow(ref)) for ref in ("refs/tags/v1", "refs/tags/v2")]
    found = evidence(candidates, names).verified
    signers = {signer for item in found for signer in item.signers}
    assert {signer.name for signer in signers} == {"ci", "again"}
    assert len({signer.principal for signer in signers}) == 1


def test_principals() -> None:
    assert principal(workflow("refs/tags/@acme/x@1")) == principal(workflow("refs/heads/main"))
    assert principal(workflow(name="release")) != principal(workflow(name="test"))
    assert principal(workflow()) != principal(workflow(repository="acme/other"))
    people = [
        CertificateAuthor(issuer, email, {}) for issuer in (ISSUER, GITHUB) for email in (DEV, "ops@acme.example")
    ]
    assert len({principal(author) for author in people}) == 4
    assert certificate(DEV, ISSUER).principal == principal(people[0])
    assert certificate().principal == "any:ci"


def test_an_end_is_judged_by_the_proven_time() -> None:
    who = CertificateIdentity("ci", GITHUB, identity_pattern(RELEASE), until=END)
    for time, counts in ((END - timedelta(seconds=1), True), (END, False), (None, False)):
        found = evidence([proven(signed("release"), workflow(), time=time)], [who])
        assert bool(found.verified) == counts
    before = evidence([proven(signed("release"), workflow(), time=None)], [who], now=END - timedelta(seconds=1))
    assert before.verified[0].signers == (Signer("ci", principal(workflow())),)


def test_an_identity_limited_to_formats() -> None:
    who = identity("release", formats=(Format.BUNDLE, Format.NOTATION))
    author = KeyAuthor(key("release").public)
    assert evidence([proven(signed("release"), author, format=Format.BUNDLE)], [who]).verified
    (rejected,) = evidence([proven(signed("release"), author, format=Format.COSIGN)], [who]).rejected
    assert (rejected.check, rejected.reason) == (
        Check.IDENTITY,
        "release signs only as bundle, notation, not as cosign",
    )


def test_of_many_that_differ_some_are_shown() -> None:
    others = [certificate(DEV, f"https://issuer{number}.example") for number in range(5)]
    (rejected,) = evidence([proven(signed("release"), workflow())], others).rejected
    assert rejected.reason.count("expected issuer") == 3
    assert rejected.reason.endswith("; and 2 more)")
    (rejected,) = evidence([proven(signed("release"), workflow())], []).rejected
    assert rejected.reason.endswith("whom the policy does not name (it names nobody)")
