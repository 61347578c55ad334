"""Whatever others wrote into names, reasons and places, every format shows it as text: nothing in it is an order to a
terminal, a line of its own, an element, or a link.

Others' words stand wherever a verdict or a lockfile has any; what comes out has the shape that harmless ones have.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from attest.packages.lockfiles.lock import Entry
from attest.policy.codes import Code
from attest.policy.rules.rule import Mode
from attest.policy.verdict import Finding, Outcome, Verdict
from attest.policy.waivers import Waived, Waiver
from attest.report.answer import Asked, Locked, Place, Tally, Undigested, Writer, piece
from attest.report.junit import JunitWriter
from attest.report.markdown import MarkdownWriter
from attest.report.sarif import SarifWriter
from attest.report.style import Style
from attest.report.text import TextWriter
from attest.stores.protocol import Place as Store
from attest.stores.protocol import Where
from tests.evidence_factory import NOW, signed
from tests.report.conftest import Judge

WORDS = st.text(min_size=1, max_size=12) | st.text(
    "\x00\x1b\x07\x7f\x9b\r\n\t\u2028\u202e\u2066\ufeff<>&\"'|`[](){}\\# a", min_size=1
)
LINK = re.compile(r"(?<!\\)\[[^\]]*\]\(")
"""§3.11.6 of SARIF: in a plain text, too."""
WRITERS: dict[str, Callable[[Asked], Writer]] = {
    "text": TextWriter,
    "explain": lambda asked: TextWriter(asked, explain=True),
    "ascii": lambda asked: TextWriter(asked, Style(ascii=True)),
    "markdown": MarkdownWriter,
    "junit": lambda asked: JunitWriter(asked, NOW),
    "sarif": SarifWriter,
}
EVIL = "\x1b[2J\x1b]0;x\x07\r\nadmitted \u202e\u2066\x9b1m ]]> </testcase> `` | [x](https://evil.example) \ud800\ufffe"
EXPIRES = datetime(2027, 1, 1, tzinfo=UTC)


def of_others(verdict: Verdict, words: str) -> Verdict:
    """With their words in every place for some."""
    waiver = Waiver("signed", words, words, words, words, EXPIRES)
    items = tuple(
        replace(item, claims=words, signers=(words,), reason=words, places=(Store(words, Where.LAYOUT),))
        for item in verdict.findings[0].considered
    )
    first, *others = verdict.findings
    findings = [
        replace(first, message=words, remedy=words, considered=items),
        *(replace(item, message=words, remedy=words, waived=Waived(waiver, True)) for item in others),
    ]
    return replace(verdict, subject=words, purl=None, digest=words, findings=tuple(findings))


def asked(words: str) -> Asked:
    path = os.fsdecode(words.encode(errors="surrogatepass"))
    finding = Finding("gate", None, Code.SUBJECT_UNDIGESTED, Outcome.DENIED, Mode.ENFORCE, words, remedy=words)
    entries = (Entry(words, words, None, covered=words), Entry(words, words, None, gap=words, condition=words))
    lock = Locked(path, "npm", 2, 1, 1, entries[:1], entries[:1], entries[1:])
    places: dict[tuple[str | None, str | None], tuple[Place, ...]] = {(None, words): (Place(path, words),)}
    return Asked(("gate",), (lock,), (Undigested(Place(path, words), words, None, finding),), places)


def written(form: str, verdict: Verdict, words: str) -> str:
    about = asked(words)
    writer, tally = WRITERS[form](about), Tally(about)
    return "".join(writer.whole(tally.counted([piece(writer, of_others(verdict, words))]), tally))


def shape(form: str, text: str) -> Any:
    """All but the words."""
    match form:
        case "junit":
            return [
                (item.tag, sorted(item.attrib), (item.text or "").count("\n")) for item in ET.fromstring(text).iter()
            ]
        case "sarif":
            return [type(item).__name__ for item in values(json.loads(text))]
    return text.count("\n")


def values(value: Any) -> Iterator[Any]:
    yield value
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from values(item)


@pytest.mark.parametrize("form", WRITERS)
@given(words=WORDS)
@example(words=EVIL)
def test_nothing_of_it_is_an_order(judge: Judge, form: str, words: str) -> None:
    verdict = judge(signed("release"), signed("mallory"))
    text = written(form, verdict, words)
    assert all(line.isprintable() for line in text.split("\n"))
    assert shape(form, text) == shape(form, written(form, verdict, "x"))
    if form == "sarif":
        said = [item for item in values(json.loads(text)) if isinstance(item, str)]
        assert all(item.isprintable() for item in said)
        messages = [item["text"] for item in values(json.loads(text)) if isinstance(item, dict) and "text" in item]
        assert not any(LINK.search(message) for message in messages)
