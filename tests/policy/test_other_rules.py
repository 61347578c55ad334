"""`require: vsa`, `attestation` and `deny`, and what provenance can be asked."""

from __future__ import annotations

from typing import Any

import pytest

from attest import names
from attest.errors import PolicyError
from attest.evidence.model import Candidate
from attest.policy.codes import Code
from attest.policy.evaluate import evaluate
from attest.policy.verdict import Finding, Outcome
from attest.signing.sign import KeySigner, sign_statement
from tests.evidence_factory import GITHUB, NOW, PURL, bundle_of, evidence, key, packed, proven, signed, workflow
from tests.policy.conftest import HEAD, Read

TEST = "https://in-toto.io/attestation/test-result/v0.1"
POLICY = "sha256:" + "ab" * 32
ASKED = (
    "require: vsa, by: [security], verifier: 'https://acme.example/v', "
    f"policy: '{POLICY}', levels: [SLSA_BUILD_LEVEL_2]"
)


def vsa(by: str = "security", **members: Any) -> Candidate:
    predicate = {
        "verifier": {"id": "https://acme.example/v"},
        "timeVerified": "2026-11-20T12:00:00Z",
        "resourceUri": str(PURL),
        "policy": {"uri": "https://acme.example/policy", "digest": {"sha256": "ab" * 32}},
        "verificationResult": "PASSED",
        "verifiedLevels": ["SLSA_BUILD_LEVEL_3", "ACME_REVIEWED"],
        **members,
    }
    return signed(by, names.PREDICATE_VSA, predicate)


def build(**workflow: str | None) -> Candidate:
    given = {
        "repository": "https://github.com/acme/app",
        "path": ".github/workflows/release.yml",
        "ref": "refs/tags/v1",
    }
    return signed(
        "builder",
        names.PREDICATE_SLSA_V1,
        {
            "buildDefinition": {
                "buildType": "https://ci.example/type/v1",
                "externalParameters": {
                    "workflow": {key: value for key, value in {**given, **workflow}.items() if value is not None},
                    "inputs": {"target": "prod", "debug": False},
                },
            },
            "runDetails": {"builder": {"id": "https://ci.example/builder"}},
        },
    )


def judge(read: Read, terms: str, *candidates: Candidate, **more: Any) -> Finding:
    builders = 'builders:\n  ci: {identity: builder, id: "https://ci.example/builder", slsa: 3}\n'
    policy = read(
        HEAD + builders + f"rules:\n  - {{id: a, {terms}}}\n  - {{id: b, require: signature, by: [release]}}\n"
    )
    return evaluate(policy, evidence(candidates, policy.identities.values(), **more), now=NOW).findings[0]


ANY = f"require: attestation, type: '{TEST}', by: [builder, security]"
NONE = f"require: deny, type: '{TEST}', by: [security], absence: listing"
BUILT = "require: provenance, by: [builder]"
CODES: dict[Code, tuple[str, list[Candidate], str]] = {
    Code.VSA_MISSING: (ASKED, [vsa("release")], "no verified verification summary by security"),
    Code.VSA_MALFORMED: (ASKED, [vsa(verificationResult="MAYBE")], "vsa.verificationResult: not a result: MAYBE"),
    Code.VSA_VERIFIER: (
        ASKED,
        [vsa(verifier={"id": "https://acme.example/other"})],
        "verified by https://acme.example/o",
    ),
    Code.VSA_RESOURCE: (ASKED, [vsa(resourceUri="pkg:npm/left-pad@1.3.1")], "it is about pkg:npm/left-pad@1.3.1, not"),
    Code.VSA_FAILED: (ASKED, [vsa(verificationResult="FAILED")], "says that the verification failed"),
    Code.VSA_POLICY: (ASKED, [vsa(policy={"uri": "x"})], f"the policy that it names is none, not {POLICY}"),
    Code.VSA_LEVEL: (
        ASKED,
        [vsa(verifiedLevels=["SLSA_BUILD_LEVEL_1"])],
        "it says SLSA_BUILD_LEVEL_1, not SLSA_BUILD_LE",
    ),
    Code.VSA_THRESHOLD: (ASKED.replace("[security]", "[security, release], threshold: 2"), [vsa()], "(1 of 2 needed"),
    Code.VSA_VERIFIED: (ASKED, [vsa()], "https://acme.example/v says SLSA_BUILD_LEVEL_3, ACME_REVIEWED"),
    Code.ATTESTATION_MISSING: (ANY, [signed("builder", f"{TEST}/x")], f"no verified {TEST} attestation by builder or"),
    Code.ATTESTATION_THRESHOLD: (f"{ANY}, threshold: 2", [signed("builder", TEST)], "(1 of 2 needed"),
    Code.ATTESTATION_VERIFIED: (ANY, [signed("builder", TEST)], f"{TEST} attestation by builder (1 of 1 needed)"),
    Code.DENY_FOUND: (NONE, [signed("security", TEST)], f"a {TEST} attestation by security is there, and must not be"),
    Code.DENY_ABSENT: (NONE, [signed("builder", TEST)], f"no {TEST} attestation (as far as the store lists)"),
    Code.PROVENANCE_WORKFLOW: (f"{BUILT}, workflow: .github/workflows/x.yml", [build()], "not .github/workflows/x.yml"),
    Code.PROVENANCE_REF: (f"{BUILT}, ref: refs/heads/main", [build()], "built from refs/tags/v1, not refs/heads/main"),
    Code.PROVENANCE_BUILD_TYPE: (f"{BUILT}, build_type: 'https://x/'", [build()], "not https://x/"),
    Code.PROVENANCE_PARAMETERS: (f"{BUILT}, parameters: {{inputs.target: test}}", [build()], "inputs.target is prod"),
}
HOLD = {Code.VSA_VERIFIED, Code.ATTESTATION_VERIFIED, Code.DENY_ABSENT}


@pytest.mark.parametrize("code", CODES)
def test_codes(read: Read, code: Code) -> None:
    terms, candidates, told = CODES[code]
    finding = judge(read, terms, *candidates)
    assert (finding.code, finding.outcome is Outcome.ADMITTED) == (code, code in HOLD), finding.message
    assert told in finding.message
    assert (finding.remedy is None) == (code in HOLD)


@pytest.mark.parametrize(
    "terms",
    [
        "workflow: .github/workflows/release.yml",
        "ref: refs/tags/*",
        "build_type: 'https://ci.example/type/v1'",
        "parameters: {inputs.target: prod, inputs.debug: 'false'}",
        "builders: [ci], slsa: 3",
    ],
)
def test_provenance_that_fits(read: Read, terms: str) -> None:
    assert judge(read, f"{BUILT}, {terms}", build()).outcome is Outcome.ADMITTED


@pytest.mark.parametrize(("ref", "code"), [("refs/tags/v1", None), ("refs/heads/main", Code.PROVENANCE_CERTIFICATE)])
def test_a_certificates_ref_is_the_predicates(read: Read, ref: str, code: Code | None) -> None:
    subject = "https://github.com/acme/app/.github/workflows/release.yml@refs/tags/*"
    by_certificate = HEAD.replace("keys_only: true", "root: public-good") + (
        f"  ci: {{issuer: '{GITHUB}', subject: '{subject}'}}\n"
        "rules:\n  - {id: a, require: provenance, by: [ci], ref: 'refs/tags/*'}\n"
    )
    policy = read(by_certificate)
    made = proven(build(), workflow(source_repository_ref=ref))
    finding = evaluate(policy, evidence([made], policy.identities.values()), now=NOW).findings[0]
    assert (finding.code if finding.outcome is not Outcome.ADMITTED else None) == code


def test_why_it_is_of_that_level(read: Read) -> None:
    told = "SLSA build level 3, with which the policy trusts https://ci.example/builder when builder signs for it"
    assert judge(read, f"{BUILT}, builders: [ci], slsa: 2", build()).message.endswith(f"(1 of 1 needed): {told}")


def test_what_is_missing_equals_nothing(read: Read) -> None:
    for asked, code in (("workflow", Code.PROVENANCE_WORKFLOW), ("ref", Code.PROVENANCE_REF)):
        missing = build(**{"path" if asked == "workflow" else asked: None})
        assert judge(read, f"{BUILT}, {asked}: none", missing).code is code
    assert judge(read, f"{BUILT}, parameters: {{x.y: z}}", build()).code is Code.PROVENANCE_PARAMETERS


def test_levels(read: Read) -> None:
    for level, holds in (
        ("SLSA_BUILD_LEVEL_3", True),
        ("SLSA_BUILD_LEVEL_4", False),
        ("ACME_REVIEWED", True),
        ("ACME", False),
    ):
        finding = judge(read, ASKED.replace("SLSA_BUILD_LEVEL_2", level), vsa())
        assert (finding.outcome is Outcome.ADMITTED) == holds


def test_a_summary_is_old_when_it_says_so(read: Read) -> None:
    assert judge(read, f"{ASKED}, max_age: 12h", vsa()).code is Code.EVIDENCE_STALE


@pytest.mark.parametrize(
    ("payload_type", "result", "code"),
    [
        (names.IN_TOTO_PAYLOAD, "PASSED", Code.VSA_VERIFIED),
        (names.IN_TOTO_PAYLOAD, "FAILED", Code.VSA_FAILED),
        (names.FAILED_VSA_PAYLOAD, "FAILED", Code.VSA_FAILED),
        (names.FAILED_VSA_PAYLOAD, "PASSED", Code.VSA_MISSING),
        (names.SEAL_PAYLOAD, "FAILED", Code.VSA_MISSING),
    ],
)
def test_a_failed_summary_has_a_payload_type_of_its_own(read: Read, payload_type: str, result: str, code: Code) -> None:
    payload = bundle_of(vsa(verificationResult=result)).envelope.payload
    bundle = sign_statement(payload, KeySigner(key("security")), payload_type=payload_type)
    assert judge(read, ASKED, packed(bundle, names.PREDICATE_VSA)).code is code


def test_no_other_statement_stands_in_it(read: Read) -> None:
    payload = bundle_of(signed("builder", TEST, {"verificationResult": "FAILED"})).envelope.payload
    bundle = sign_statement(payload, KeySigner(key("builder")), payload_type=names.FAILED_VSA_PAYLOAD)
    assert judge(read, ANY, packed(bundle, TEST)).code is Code.ATTESTATION_MISSING


def test_another_resource_if_the_rule_names_it(read: Read) -> None:
    asked = f"{ASKED}, resource: 'https://acme.example/prod/*'"
    assert judge(read, asked, vsa(resourceUri="https://acme.example/prod/left-pad")).outcome is Outcome.ADMITTED
    assert judge(read, asked, vsa()).code is Code.VSA_RESOURCE


@pytest.mark.parametrize(
    ("terms", "why"),
    [
        ("require: attestation, by: [builder]", "'type' is missing"),
        ("require: attestation, by: [builder], type: test-result", "not a predicate type"),
        (f"require: deny, by: [builder], type: '{TEST}'", "'absence' is missing"),
        (f"require: deny, by: [builder], type: '{names.PREDICATE_REVOCATION}', absence: seal", "is for no-revocation"),
        ("require: vsa, by: [security]", "'verifier' is missing"),
        (ASKED.replace(POLICY, "ab"), "'policy'"),
        (f"{BUILT}, ref: 'refs/tags/v*'", "not a pattern"),
        (f"{BUILT}, parameters: []", "expected keys and values"),
    ],
)
def test_what_is_not_written_so(read: Read, terms: str, why: str) -> None:
    with pytest.raises(PolicyError, match=r"gate\.yaml:1") as error:
        judge(read, terms)
    assert why in str(error.value)
