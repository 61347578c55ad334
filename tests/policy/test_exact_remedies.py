"""What to type next, word for word: by rule, by code, and by who is left to do it."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import replace
from typing import Final

import pytest

from attest.evidence.model import Subject
from attest.oci.descriptor import EMPTY
from attest.packages.purl import Purl
from attest.policy import remedies
from attest.policy.codes import Code
from tests.evidence_factory import DIGEST, NOW, SUBJECT
from tests.policy.conftest import HEAD, Read

HERE: Final = f"{SUBJECT} --digest {DIGEST}"
RELEASE: Final = "--key KEY (KEY: the private key of release)"
PEOPLE: Final = """\
  ended: {key: builder.pub, until: 2026-11-21}
  elsewhere: {key: builder.pub, for: ["pkg:npm/other"]}
  ci: {issuer: "https://token.example", subject: "https://ci.example/app@main"}
  ci-2: {issuer: "https://token.example", subject: "https://ci.example/other@main"}
"""


def after(
    read: Read,
    terms: str = "require: signature, by: [release]",
    code: Code = Code.SIGNATURE_MISSING,
    *,
    subject: Subject = SUBJECT,
    signed: Set[str] = frozenset(),
) -> str:
    head = HEAD.replace("{keys_only: true}", "{root: public-good}")
    policy = read(f"{head}{PEOPLE}rules:\n  - {{id: it, {terms}}}\n")
    return remedies.after(policy.rules[0], code, subject, signed, policy.identities, now=NOW)


@pytest.mark.parametrize(
    ("terms", "command"),
    [
        ("require: signature", f"attest sign {HERE}"),
        ("require: provenance", f"attest attach {HERE} provenance.json"),
        ("require: sbom", f"attest attach {HERE} sbom.json"),
        ("require: scan", f"attest attach {HERE} scan.json"),
        ("require: vex", f"attest attach {HERE} vex.json"),
        ("require: vsa, verifier: v", f"attest attach {HERE} vsa.json"),
        ("require: attestation, type: 'https://acme.example/t'", f"attest attach {HERE} attestation.json"),
    ],
)
def test_what_each_rule_wants_attached(read: Read, terms: str, command: str) -> None:
    assert after(read, f"{terms}, by: [release]") == f"{command} {RELEASE}"


@pytest.mark.parametrize(
    ("code", "advice"),
    [
        (Code.PROVENANCE_REF, "build from the branch or tag that the policy names"),
        (Code.SCAN_MALFORMED, "scan it anew"),
        (Code.SBOM_COMPONENTS, "make an SBOM of all dependencies"),
        (Code.EVIDENCE_STALE, "make it anew"),
        (Code.EVIDENCE_UNDATED, "have it say when it was made"),
    ],
)
def test_what_comes_before_signing_it(read: Read, code: Code, advice: str) -> None:
    assert after(read, code=code) == f"{advice}, then attest sign {HERE} {RELEASE}"


@pytest.mark.parametrize(
    "code",
    [
        Code.DOWNGRADE_MISSING,
        Code.DOWNGRADE_MALFORMED,
        Code.DOWNGRADE_SIGNER,
        Code.DOWNGRADE_BUILDER,
        Code.DOWNGRADE_SOURCE,
    ],
)
def test_a_downgrade_is_undone_or_learned(read: Read, code: Code) -> None:
    assert after(read, code=code) == (
        "publish it as the last admitted version was; if the change is meant, look at it with "
        f"attest policy learn {HERE} --diff, then write it with --replace"
    )


@pytest.mark.parametrize(
    ("by", "signed", "who"),
    [
        ("[release, security]", set(), " --key KEY (KEY: the private key of release or security)"),
        ("[release, security]", {"release"}, " --key KEY (KEY: the private key of security)"),
        ("[release, ended, elsewhere]", set(), " --key KEY (KEY: the private key of release)"),
        ("[ci]", set(), " --keyless (as ci)"),
        ("[ci, ci-2]", set(), " --keyless (as ci or ci-2)"),
        (
            "[release, ci, security, ci-2]",
            {"ci"},
            f" --key KEY (KEY: the private key of release or security), or attest sign {HERE} --keyless (as ci-2)",
        ),
        ("[release]", {"release"}, ""),
    ],
)
def test_who_is_left_to_sign(read: Read, by: str, signed: set[str], who: str) -> None:
    assert after(read, f"require: signature, by: {by}", signed=signed) == f"attest sign {HERE}{who}"


@pytest.mark.parametrize("signed", [set(), {"release"}])
def test_nobody_is_left_who_may_sign(read: Read, signed: set[str]) -> None:
    by = ["ended", "elsewhere", *signed]
    assert after(read, f"require: signature, by: [{', '.join(by)}]", signed=signed) == (
        "have the policy name somebody in 'by' who may sign it now: "
        "ended ended on 2026-11-21; elsewhere speaks only for pkg:npm/other"
    )


@pytest.mark.parametrize(
    ("subject", "typed"),
    [
        (SUBJECT, HERE),
        (replace(SUBJECT, digest=None), f"{SUBJECT} --digest ALG:HEX"),
        (Subject(EMPTY, name="registry.example/acme/app:1"), "registry.example/acme/app:1"),
        (Subject(EMPTY, name="a file; rm"), "'a file; rm'"),
        (
            replace(SUBJECT, purl=Purl.parse("pkg:deb/debian/attr@1~rc1"), digest=None),
            "'pkg:deb/debian/attr@1~rc1' --digest ALG:HEX",
        ),
    ],
)
def test_the_subject_as_the_command_line_takes_it(subject: Subject, typed: str, read: Read) -> None:
    assert after(read, subject=subject) == f"attest sign {typed} {RELEASE}"
    assert remedies.learning(subject) == (
        f"look at who publishes it: attest policy learn {typed} (and commit attest.lock)"
    )


@pytest.mark.parametrize(
    ("terms", "told"),
    [
        (
            "require: no-revocation, absence: listing",
            "use another version, or replace what was revoked, remove it from the store and have the store sealed anew",
        ),
        (
            "require: deny, type: 'https://acme.example/t', absence: listing",
            "use another version, or have whoever made it revoke it with attest revoke",
        ),
        ("require: no-withdrawal, absence: listing", "use another version"),
    ],
)
def test_what_to_do_with_what_somebody_stands_against(read: Read, terms: str, told: str) -> None:
    wanted = "{id: signed, require: signature, by: [release]}"
    rule = read(f"{HEAD}rules:\n  - {wanted}\n  - {{id: it, by: [release], {terms}}}\n").rules[1]
    assert remedies.against(rule) == told


@pytest.mark.parametrize(
    ("code", "told"),
    [
        (Code.ABSENCE_LISTING, "make the store readable and verify again"),
        (
            Code.ABSENCE_HIDDEN,
            "ask a store that has it all; if it was removed on purpose, have it sealed anew with attest seal",
        ),
        (Code.ABSENCE_UNSEALED, "have the package or the whole store sealed with attest seal"),
        (Code.ABSENCE_EXPIRED, "have the package or the whole store sealed with attest seal"),
    ],
)
def test_how_absence_can_be_proven(code: Code, told: str) -> None:
    assert remedies.unproven(code) == told
