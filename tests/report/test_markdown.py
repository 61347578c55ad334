"""Markdown: the reasons are there, and what others wrote is nothing but text."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from attest.policy.verdict import Verdict
from attest.report.answer import Asked, Tally, piece
from attest.report.markdown import MarkdownWriter, code
from attest.report.style import Style
from tests.report.conftest import Judge

EVIL = (
    "x](http://evil.example) ![i](http://evil.example/i) <script>alert(1)</script> @acme #1 `` `c` **b** | a\n# h\n- l"
    " www.evil.example"
)
ASKED = Asked(("gate",))


def report(*verdicts: Verdict) -> str:
    writer, tally = MarkdownWriter(ASKED), Tally(ASKED)
    return "".join(writer.whole(tally.counted([piece(writer, verdict) for verdict in verdicts]), tally))


def kinds(markdown: str) -> set[str]:
    tokens = MarkdownIt("gfm-like", {"linkify": False, "html": True}).parse(markdown)
    return {token.type for token in tokens} | {
        child.type for token in tokens if token.type == "inline" for child in token.children or ()
    }


def test_the_answer_then_every_reason(admitted: Verdict, denied: Verdict) -> None:
    lines = report(admitted, denied).splitlines()
    assert lines[:5] == [
        "## ❌ denied",
        "",
        "attest verify by `gate`: 1 admitted, 1 denied",
        "",
        f"- ✅ `{admitted.subject}` `{admitted.digest}`",
    ]
    assert lines[5].startswith("  - ⚠️ `sbom`: sbom-missing: `no verified SBOM by release; ")
    assert lines[7] == f"- ❌ `{denied.subject}` `{denied.digest}`"
    assert lines[8].startswith("  - ❌ `signed`: signature-missing: `no verified signature by release; ")
    assert lines[9].startswith(f"    - next: `attest sign {denied.subject} --digest ")


def test_what_others_wrote_is_text(judge: Judge) -> None:
    plain = report(judge(complete=False, problems=("x",)))
    verdict = replace(judge(complete=False, problems=(EVIL,)), subject=EVIL, digest=EVIL)
    assert kinds(report(verdict)) == kinds(plain)
    assert len(report(verdict).splitlines()) == len(plain.splitlines())


@given(st.text(max_size=40) | st.text("&#[](){}<>!*_~`|\\@:/.-+= \nhtpw1", max_size=40))
def test_any_text_is_shown_as_it_is_and_nothing_else(words: str) -> None:
    (_, inline, _) = MarkdownIt("gfm-like", {"linkify": False}).parse(f"a {code(words)} b")
    safe = Style().safe(words)
    if not safe.strip(" "):
        assert inline.content == "a (nothing) b"
        return
    before, *shown, after = list(inline.children or [])
    assert (before.content, after.content) == ("a ", " b")
    assert [(token.type, token.content) for token in shown] == [("code_inline", safe)]
