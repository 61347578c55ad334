"""JUnit's XML: as much of it as Ant's and Jenkins' schemas have in common, whatever names and messages hold."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from attest.evidence.verify import nothing_found
from attest.packages.lockfiles.lock import Entry
from attest.policy import undigested
from attest.policy.document import Policy
from attest.policy.evaluate import evaluate
from attest.policy.verdict import Verdict
from attest.report.answer import Asked, Place, Tally, Undigested, piece
from attest.report.junit import JunitWriter
from attest.report.style import Style
from tests.evidence_factory import NOW, SUBJECT

SUITE = {"name", "tests", "failures", "errors", "skipped", "time", "timestamp", "hostname", "id", "package"}


def report(asked: Asked, *verdicts: Verdict) -> ET.Element:
    writer, tally = JunitWriter(asked, NOW), Tally(asked)
    text = "".join(writer.whole(tally.counted([piece(writer, verdict) for verdict in verdicts]), tally))
    root = ET.fromstring(text.encode())
    assert (root.tag, [child.tag for child in root], root.attrib) == ("testsuites", ["testsuite"], {})
    (suite,) = root
    assert set(suite.attrib) == SUITE
    tags = [child.tag for child in suite]
    cases = tags.count("testcase")
    assert tags == ["properties", *["testcase"] * cases, "system-out", "system-err"]
    assert int(suite.attrib["tests"]) == cases
    for case in suite.iter("testcase"):
        assert set(case.attrib) == {"classname", "name", "time"}
        assert [child.tag for child in case] in ([], ["failure"], ["error"], ["skipped"])
    for word, kind in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        assert int(suite.attrib[word]) == len(list(suite.iter(kind)))
    return suite


def gap(policy: Policy, name: str = "from-git", why: str = "a git dependency") -> Undigested:
    entry = Entry(name, "line 40", None, gap=why)
    return Undigested(Place("package-lock.json", "line 40"), name, None, undigested.judge([policy], entry))


def test_denied_is_a_failure_and_doubt_an_error(admitted: Verdict, denied: Verdict, policy: Policy) -> None:
    unreachable = evaluate(policy, nothing_found(SUBJECT, "connection refused"), now=NOW)
    suite = report(Asked(("gate",), undigested=(gap(policy),)), admitted, denied, unreachable)
    assert suite.attrib["timestamp"] == "2026-11-21T12:00:00"
    assert suite.find("properties/property").attrib == {"name": "outcome", "value": "denied"}  # type: ignore[union-attr]
    without, good, bad, doubt = suite.iter("testcase")
    assert without[0].attrib == {"message": "a git dependency", "type": "subject-undigested"}
    assert list(good) == []
    assert good.attrib["name"] == f"{admitted.subject}  {admitted.digest}"
    assert (bad[0].tag, bad[0].attrib["type"]) == ("failure", "signature-missing")
    assert (bad[0].text or "").startswith("signed: signature-missing: no verified signature by release")
    assert (doubt[0].tag, doubt[0].attrib["type"]) == ("error", "signature-missing")


@given(st.text(), st.text(min_size=1))
def test_no_text_breaks_out_of_the_document(policy: Policy, name: str, why: str) -> None:
    suite = report(Asked(("gate",), undigested=(gap(policy, name, why),)))
    (case,) = suite.iter("testcase")
    assert case[0].attrib["message"] == Style().safe(why)
