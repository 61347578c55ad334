"""A verdict as text: exact bytes in a pipe, colours on a terminal, and nothing that a terminal would obey."""

from __future__ import annotations

import io
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from attest import names
from attest.evidence.verify import nothing_found
from attest.policy.document import Policy
from attest.policy.evaluate import evaluate
from attest.policy.verdict import Verdict
from attest.report.style import Role, Style
from attest.report.text import verdict_text
from tests.evidence_factory import CYCLONEDX, DIGEST, NOW, SUBJECT, signed, unsigned
from tests.report.conftest import Judge

EVIDENCE = "listed 2026-11-21T11:59:30Z; judged 2026-11-21T12:00:00Z"


def test_admitted(admitted: Verdict) -> None:
    assert verdict_text(admitted) == (
        f"admitted  pkg:npm/left-pad@1.3.0  {DIGEST}\n"
        "  ✓ signed       signature-verified: signature by release (1 of 1 needed)\n"
        "  ! sbom (warn)  sbom-missing: no verified SBOM by release; 2 referrers found: 1 unsigned SBOM, "
        "1 verified signature by release\n"
        f"      next: attest attach pkg:npm/left-pad@1.3.0 --digest {DIGEST} sbom.json --key KEY "
        "(KEY: the private key of release)\n"
        f"  policy gate  {admitted.policies[0].digest}\n"
        f"  evidence: 2 found, 1 verified, 1 rejected; {EVIDENCE}\n"
    )


def test_denied_in_ascii(denied: Verdict) -> None:
    lines = verdict_text(denied, Style(ascii=True)).splitlines()
    assert lines[0] == f"denied  pkg:npm/left-pad@1.3.0  {DIGEST}"
    assert lines[1] == (
        "  x signed       signature-missing: no verified signature by release; "
        "1 referrer found: 1 signature by no key that the policy names"
    )
    assert lines[3].startswith("  ! sbom (warn)  sbom-missing: ")


def test_inconclusive(policy: Policy) -> None:
    verdict = evaluate(policy, nothing_found(SUBJECT, "connection refused"), now=NOW)
    lines = verdict_text(verdict).splitlines()
    assert lines[0].startswith("inconclusive  pkg:npm/left-pad@1.3.0")
    assert lines[1].startswith("  ? signed         signature-missing: ")
    assert lines[5] == "  ! policy (warn)  listing-incomplete: not all evidence could be listed: connection refused"
    assert lines[-1] == (
        "  evidence: 0 found, 0 verified, 0 rejected; never listed, incompletely; judged 2026-11-21T12:00:00Z"
    )


def test_explain_shows_every_candidate_under_every_rule(judge: Judge) -> None:
    candidates = [signed("release"), signed("mallory"), unsigned(names.CYCLONEDX_JSON, CYCLONEDX)]
    lines = verdict_text(judge(*candidates), explain=True).splitlines()
    for candidate in candidates:
        assert sum(str(candidate.digest) in line for line in lines) == 2
    assert (
        "      counted https://sigstore.dev/cosign/sign/v1 by release: bound by anchor; "
        f"{candidates[0].digest} in oci:evidence (layout)"
    ) in lines
    assert (
        f"      rejected {names.CYCLONEDX_JSON}: signed: carries no signature; "
        f"{candidates[2].digest} in oci:evidence (layout)"
    ) in lines


def test_colours_only_add_escapes(denied: Verdict) -> None:
    coloured = verdict_text(denied, Style(colour=True), explain=True)
    assert coloured.startswith("\x1b[1;31mdenied\x1b[0m  pkg:npm/left-pad")
    plain = coloured
    for role in Role:
        start = Style(colour=True).paint("x", role).partition("x")[0]
        plain = plain.replace(start, "")
    assert plain.replace("\x1b[0m", "") == verdict_text(denied, explain=True)


def test_what_others_wrote_cannot_steer_the_terminal(judge: Judge) -> None:
    evil = "text/x\x1b[2J\r\n\u202e\x9badmitted"
    verdict = judge(unsigned(evil, {}), complete=False, problems=("broken\x1b]0;title\x07",))
    for style in (Style(), Style(ascii=True)):
        text = verdict_text(verdict, style, explain=True)
        assert not set(text) & set("\x1b\r\x07\x9b\u202e")
        assert "text/x\\x1b[2J\\r\\n\\u202e\\x9badmitted" in text
        assert len(text.splitlines()) == text.count("\n") == len(verdict_text(verdict, explain=True).splitlines())


@given(st.text(), st.sampled_from(Role))
def test_safe_text_is_one_harmless_line(text: str, role: Role) -> None:
    for style in (Style(), Style(ascii=True)):
        shown = style.paint(text, role)
        assert shown.isprintable()
        assert shown == style.safe(text)
    assert Style(ascii=True).safe(text).isascii()


def test_a_stream_that_cannot_carry_the_marks_gets_ascii() -> None:
    assert Style.of(io.TextIOWrapper(io.BytesIO(), encoding="ascii"), colour=False) == Style(ascii=True)
    assert Style.of(io.TextIOWrapper(io.BytesIO(), encoding="latin-1"), colour=True) == Style(True, ascii=True)
    assert Style.of(io.TextIOWrapper(io.BytesIO(), encoding="utf-8"), colour=True) == Style(colour=True)


def test_a_subject_that_is_no_package(admitted: Verdict) -> None:
    image = replace(admitted, subject="registry.example/app:1", purl=None, digest=None)
    assert verdict_text(image).startswith("admitted  registry.example/app:1\n")
