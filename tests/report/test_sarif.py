"""SARIF 2.1.0: what is not admitted is a result at its place, by the members that the specification asks for."""

from __future__ import annotations

import json
from typing import Any

import jsonschema

from attest.evidence.verify import nothing_found
from attest.packages.lockfiles.lock import Entry
from attest.policy import undigested
from attest.policy.document import Policy
from attest.policy.evaluate import evaluate
from attest.policy.verdict import Verdict
from attest.report.answer import Asked, Place, Tally, Undigested, piece
from attest.report.sarif import SarifWriter
from tests.evidence_factory import NOW, SUBJECT

WHERE = Place("apps/web shop/package-lock.json", "line 12")
TEXT = {"type": "string", "minLength": 1}


def members(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": False, "required": list(properties), "properties": properties}


def array(items: Any, least: int = 0) -> dict[str, Any]:
    return {"type": "array", "items": items, "minItems": least}


MESSAGE = members(text=TEXT)
RESULT = members(
    ruleId=TEXT,
    level={"enum": ["none", "note", "warning", "error"]},
    message=MESSAGE,
    locations=array(
        {
            "type": "object",
            "additionalProperties": False,
            "required": ["physicalLocation"],
            "properties": {
                "physicalLocation": {
                    "type": "object",
                    "additionalProperties": False,
                    "properties": {
                        "artifactLocation": members(uri={"type": "string", "pattern": "^[A-Za-z0-9._~/%-]+$"}),
                        "region": members(startLine={"type": "integer", "minimum": 1}),
                    },
                },
                "logicalLocations": array(members(name=TEXT, fullyQualifiedName=TEXT, kind=TEXT)),
            },
        }
    ),
    partialFingerprints={"type": "object", "additionalProperties": TEXT},
    properties={"type": "object"},
)
RESULT["required"].remove("properties")
DOCUMENT = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    **members(
        **{"$schema": {"const": "https://json.schemastore.org/sarif-2.1.0.json"}},
        version={"const": "2.1.0"},
        runs=array(
            members(
                tool=members(
                    driver=members(name=TEXT, version=TEXT, rules=array(members(id=TEXT, shortDescription=MESSAGE)))
                ),
                columnKind={"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
                results=array(RESULT),
                properties={"type": "object"},
            ),
            least=1,
        ),
    ),
}
"""What this program uses of SARIF 2.1.0 (OASIS, §3.13, §3.14, §3.19, §3.27 and §3.28), written by hand."""


def report(asked: Asked, *verdicts: Verdict) -> Any:
    writer, tally = SarifWriter(asked), Tally(asked)
    text = "".join(writer.whole(tally.counted([piece(writer, verdict) for verdict in verdicts]), tally))
    value = json.loads(text)
    jsonschema.Draft202012Validator(DOCUMENT).validate(value)
    return value["runs"][0]


def gap(policy: Policy) -> Undigested:
    entry = Entry("from-git", "line 40", None, gap="a git dependency")
    return Undigested(Place("package-lock.json", "line 40"), "from-git", None, undigested.judge([policy], entry))


def test_each_finding_that_is_not_met_is_a_result(admitted: Verdict, denied: Verdict, policy: Policy) -> None:
    asked = Asked(("gate",), undigested=(gap(policy),), places={(denied.purl, denied.digest): (WHERE,)})
    run = report(asked, denied, evaluate(policy, nothing_found(SUBJECT, "refused"), now=NOW))
    levels = [(result["ruleId"], result["level"]) for result in run["results"]]
    assert levels == [
        ("subject-undigested", "error"),
        ("signature-missing", "error"),
        ("sbom-missing", "warning"),
        ("signature-missing", "error"),
        ("sbom-missing", "warning"),
        ("listing-incomplete", "warning"),
    ]
    first = run["results"][1]["locations"][0]
    assert first["physicalLocation"] == {
        "artifactLocation": {"uri": "apps/web%20shop/package-lock.json"},
        "region": {"startLine": 12},
    }
    assert run["results"][1]["message"]["text"].startswith(f"{denied.subject}  {denied.digest}: no verified signature")
    assert run["properties"]["counts"] == {"admitted": 0, "denied": 1, "inconclusive": 1, "withoutDigest": 1}
    known = {rule["id"] for rule in run["tool"]["driver"]["rules"]}
    assert {result["ruleId"] for result in run["results"]} <= known


def test_a_place_without_a_line_is_a_logical_one(denied: Verdict) -> None:
    asked = Asked(("gate",), places={(denied.purl, denied.digest): (Place("package-lock.json", "packages.a"),)})
    location = report(asked, denied)["results"][0]["locations"][0]
    assert "region" not in location["physicalLocation"]
    assert location["logicalLocations"][0]["fullyQualifiedName"] == "packages.a"


def test_what_is_admitted_is_counted_only(admitted: Verdict) -> None:
    run = report(Asked(("gate",)), admitted, admitted)
    assert [result["level"] for result in run["results"]] == ["warning", "warning"]  # the rule in mode warn is not met
    assert run["properties"]["counts"]["admitted"] == 2
    assert report(Asked(("gate",)))["results"] == []


def test_the_same_finding_has_the_same_fingerprint(denied: Verdict, policy: Policy) -> None:
    unlisted = evaluate(policy, nothing_found(SUBJECT, "refused"), now=NOW)
    prints = [
        result["partialFingerprints"]["attestFinding/v1"]
        for verdict in (denied, denied, unlisted)
        for result in report(Asked(("gate",)), verdict)["results"]
    ]
    assert len(set(prints)) == 3
