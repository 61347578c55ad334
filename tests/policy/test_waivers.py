"""Waivers: one rule, one artifact, until a day; shown wherever they are used, and of no effect beside that."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import jsonschema
import pytest

from attest.errors import PolicyError
from attest.evidence.lookup import subject_of
from attest.evidence.model import Subject
from attest.evidence.verify import nothing_found
from attest.oci.descriptor import EMPTY
from attest.packages.digest import ArtifactDigest
from attest.packages.purl import Purl
from attest.policy.codes import Code
from attest.policy.evaluate import evaluate
from attest.policy.verdict import Outcome, Verdict
from attest.policy.waivers import Waiver
from attest.report.answer import Asked, Place, Tally, piece
from attest.report.json import JsonWriter, verdict_json
from attest.report.junit import JunitWriter
from attest.report.sarif import SarifWriter
from attest.report.schemas import schema
from attest.report.text import TextWriter, verdict_text
from tests.evidence_factory import DIGEST, NOW, PURL, SUBJECT, evidence, signed
from tests.policy.conftest import HEAD, Read

RULES = """\
rules:
  - {id: signed, require: signature, by: [release]}
  - {id: checked, require: signature, by: [security]}
"""
MIDNIGHT = datetime(2026, 12, 1, tzinfo=UTC)
IMAGE = "registry.example/acme/app"


def waiver(**terms: str) -> str:
    """A waiver of `checked` for the package of the tests; ``terms`` replace its own, or leave one out with ""."""
    own = {
        "rule": "checked",
        "subject": str(PURL),
        "digest": str(DIGEST),
        "reason": "the review is late",
        "owner": "alice@acme.example",
        "expires": "2026-12-01",
        **terms,
    }
    return "  - {" + ", ".join(f'{key}: "{value}"' for key, value in own.items() if value) + "}\n"


def text(*waivers: str) -> str:
    return HEAD + RULES + "waivers:\n" + "".join(waivers)


def judge(
    read: Read, policy: str, *, subject: Subject = SUBJECT, now: datetime = NOW, signer: str = "release"
) -> Verdict:
    found = read(policy)
    candidates = [signed(signer, subject=subject)]
    return evaluate(found, evidence(candidates, found.identities.values(), subject=subject, now=now), now=now)


def outcomes(verdict: Verdict) -> list[tuple[Outcome, Outcome]]:
    return [(finding.outcome, finding.effect) for finding in verdict.findings]


D, A, U = Outcome.DENIED, Outcome.ADMITTED, Outcome.INCONCLUSIVE


def test_what_is_read(read: Read) -> None:
    assert read(text(waiver())).waivers == (
        Waiver("checked", str(PURL), str(DIGEST), "the review is late", "alice@acme.example", MIDNIGHT),
    )


def test_a_waived_rule_does_not_hold_and_is_not_held_against_the_artifact(read: Read) -> None:
    assert judge(read, HEAD + RULES).outcome is D
    verdict = judge(read, text(waiver()))
    assert (verdict.outcome, outcomes(verdict)) == (A, [(A, A), (D, A)])
    assert verdict.findings[1].code is Code.SIGNATURE_MISSING


@pytest.mark.parametrize(("before", "outcome"), [(timedelta(microseconds=1), A), (timedelta(0), D)])
def test_it_ends_with_the_first_moment_of_its_day_in_utc(read: Read, before: timedelta, outcome: Outcome) -> None:
    verdict = judge(read, text(waiver()), now=MIDNIGHT - before)
    assert verdict.outcome is outcome
    assert verdict.findings[1].waived is not None


@pytest.mark.parametrize(
    "terms",
    [
        {"digest": "sha512:" + "ac" * 64},
        {"subject": "pkg:npm/left-pad@1.3.1"},
        {"subject": "pkg:npm/left-pads@1.3.0"},
        {"rule": "signed"},
        {"subject": IMAGE, "digest": str(SUBJECT.manifest.digest)},
    ],
)
def test_it_covers_nothing_else(read: Read, terms: dict[str, str]) -> None:
    verdict = judge(read, text(waiver(**terms)))
    assert verdict.outcome is D
    assert all(finding.waived is None for finding in verdict.findings)


def test_a_rule_that_holds_needs_none(read: Read) -> None:
    verdict = judge(read, text(waiver(rule="signed"), waiver()))
    assert [finding.waived is not None for finding in verdict.findings] == [False, True]


def test_it_covers_a_doubt_about_its_own_artifact_only(read: Read) -> None:
    policy = read(text(waiver(), waiver(rule="signed")))
    verdict = evaluate(policy, nothing_found(SUBJECT, "connection refused"), now=NOW)
    assert (verdict.outcome, outcomes(verdict)) == (A, [(U, A), (U, A), (U, U)])
    other = subject_of(Purl.parse("pkg:npm/left-pad@1.3.1"), DIGEST)
    assert evaluate(policy, nothing_found(other, "connection refused"), now=NOW).outcome is U


def test_what_no_rule_says_is_never_waived(read: Read) -> None:
    policy = text(waiver(), waiver(rule="signed")).replace("pkg:npm/*", "pkg:npm/@acme/*")
    verdict = judge(read, policy)
    assert [finding.code for finding in verdict.findings] == [Code.POLICY_NOT_APPLICABLE]
    assert (verdict.outcome, verdict.findings[0].waived) == (D, None)
    unresolved = replace(SUBJECT, looked_up=True)
    assert judge(read, text(waiver()), subject=unresolved).outcome is U


def test_an_image_is_waived_by_its_repository_and_manifest(read: Read) -> None:
    policy = text(waiver(subject=IMAGE, digest=str(EMPTY.digest))).replace('"pkg:npm/*"', f'"{IMAGE}"')
    subject = Subject(EMPTY, name=f"{IMAGE}:latest", image=IMAGE)
    assert judge(read, policy, subject=subject).outcome is A
    assert judge(read, policy, subject=replace(subject, image=f"{IMAGE}s")).outcome is D


def test_a_version_without_digest_is_never_waived(read: Read) -> None:
    assert judge(read, text(waiver()), subject=replace(SUBJECT, digest=None)).outcome is D


REFUSED = {
    "no rule": (waiver(rule="signde"), "waiver 1: no rule 'signde' in this file: known: signed, checked"),
    "pattern": (waiver(subject="pkg:npm/left-pad@*"), "one artifact and is no pattern"),
    "no version": (waiver(subject="pkg:npm/left-pad"), "it has no version"),
    "a tag": (waiver(subject=f"{IMAGE}:latest", digest=str(EMPTY.digest)), "'digest' says which"),
    "no host": (waiver(subject="left-pad"), "not a subject: 'left-pad'"),
    "broken digest": (waiver(digest="sha1:" + "ab" * 20), "'digest': "),
    "image by no digest": (waiver(subject=IMAGE, digest="latest"), "'digest': not a digest"),
    "no day": (waiver(expires="soon"), "'expires': not a day"),
    "unknown key": (waiver(ticket="SEC-1"), "unknown key 'ticket'"),
    "twice": (waiver() + waiver(reason="again"), "waiver 2: the same as another one"),
    **{
        f"without {key}": (waiver(**{key: ""}), f"waiver 1: {key!r} is missing")
        for key in ("rule", "subject", "digest", "reason", "owner", "expires")
    },
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused(read: Read, case: str) -> None:
    written, expected = REFUSED[case]
    with pytest.raises(PolicyError) as caught:
        read(text(written))
    assert expected in str(caught.value)
    assert "gate.yaml:1" in str(caught.value)


def test_people_are_told_who_waived_what_until_when_and_why(read: Read) -> None:
    lines = verdict_text(judge(read, text(waiver()))).splitlines()
    assert lines[0].startswith("admitted  ")
    assert lines[2].startswith("  ! checked  signature-missing: ")
    assert lines[4] == "      waived until 2026-12-01 by alice@acme.example: the review is late"
    expired = verdict_text(judge(read, text(waiver(expires="2026-11-20")))).splitlines()
    assert expired[0].startswith("denied  ")
    assert expired[2].startswith("  ✗ checked  signature-missing: ")
    assert expired[4] == "      waiver expired on 2026-11-20 by alice@acme.example: the review is late"


def test_of_a_lockfile_what_was_waived_is_shown(read: Read) -> None:
    asked = Asked(("gate",), places={(str(PURL), str(DIGEST)): (Place("package-lock.json", "line 3"),)})
    assert TextWriter(asked).verdict(judge(read, HEAD + RULES.replace("[security]", "[release]"))) == ""
    assert "waived until 2026-12-01" in TextWriter(asked).verdict(judge(read, text(waiver())))


def test_machines_are_told_too(read: Read) -> None:
    used, expired = judge(read, text(waiver())), judge(read, text(waiver(expires="2026-11-20")))
    validator = jsonschema.Draft202012Validator(
        {**schema("verdict"), "$ref": "#/$defs/verdict", "type": "object", "properties": {}, "required": []}
        | {"additionalProperties": True},
        format_checker=jsonschema.FormatChecker(),
    )
    for verdict in (used, expired):
        validator.validate(verdict_json(verdict))
    assert verdict_json(used)["findings"][1]["waiver"] == {
        "reason": "the review is late",
        "owner": "alice@acme.example",
        "expires": "2026-12-01T00:00:00Z",
        "holds": True,
    }
    assert verdict_json(used)["findings"][0]["waiver"] is None
    assert verdict_json(expired)["findings"][1]["waiver"]["holds"] is False
    assert piece(JsonWriter(Asked(("gate",))), used).codes == ()
    assert piece(JsonWriter(Asked(("gate",))), expired).codes == ("signature-missing",)


def test_sarif_suppresses_what_is_waived(read: Read) -> None:
    def result(expires: str) -> dict[str, Any]:
        (found,) = json.loads(f"[{SarifWriter(Asked(('gate',))).verdict(judge(read, text(waiver(expires=expires))))}]")
        return dict(found)

    words = "waived until 2026-12-01 by alice@acme.example: the review is late"
    assert result("2026-12-01")["suppressions"] == [{"kind": "external", "justification": words}]
    assert "suppressions" not in result("2026-11-20")
    assert "waiver expired on 2026-11-20" in result("2026-11-20")["message"]["text"]


def test_junit_tells_it_in_the_name_of_what_passed(read: Read) -> None:
    writer = JunitWriter(Asked(("gate",)), NOW)
    used = writer.verdict(judge(read, text(waiver())))
    assert "checked waived until 2026-12-01 by alice@acme.example: the review is late" in used
    assert used.endswith('time="0"/>\n')
    expired = writer.verdict(judge(read, text(waiver(expires="2026-11-20"))))
    assert "waiver expired on 2026-11-20" in expired
    assert "<failure" in expired
    assert Tally(Asked(("gate",))).outcome is Outcome.DENIED


def test_digests_are_compared_as_they_mean(read: Read) -> None:
    sri = "sha512-" + base64.b64encode(bytes.fromhex(DIGEST.hex)).decode()
    assert ArtifactDigest.parse(sri) == DIGEST
    assert judge(read, text(waiver(digest=sri, subject="pkg:NPM/left-pad@1.3.0"))).outcome is A
