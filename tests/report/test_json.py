"""Verdicts as JSON: what is printed is what the schema says, and the schema lets nothing else through."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable
from datetime import datetime, timedelta, timezone
from importlib.resources import files
from typing import Any

import jsonschema
import pytest

from attest import names
from attest.evidence.binding import Binding
from attest.evidence.verify import nothing_found
from attest.policy.codes import Code
from attest.policy.document import Policy
from attest.policy.evaluate import evaluate
from attest.policy.rules.rule import Mode
from attest.policy.verdict import Fate, Outcome, Verdict
from attest.report.answer import Asked, Tally, piece
from attest.report.json import JsonWriter, moment
from attest.report.schemas import NAMES, schema
from attest.stores.protocol import Where
from tests.evidence_factory import CYCLONEDX, DIGEST, NOW, SUBJECT, key, signed
from tests.report.conftest import Judge

VALIDATOR = jsonschema.Draft202012Validator(schema("verdict"), format_checker=jsonschema.FormatChecker())


def printed(*verdicts: Verdict) -> dict[str, Any]:
    return report(Asked(("gate",)), verdicts)


def report(asked: Asked, verdicts: Iterable[Verdict]) -> dict[str, Any]:
    writer, tally = JsonWriter(asked), Tally(asked)
    pieces = tally.counted([piece(writer, verdict) for verdict in verdicts])
    value: dict[str, Any] = json.loads("".join(writer.whole(pieces, tally)))
    return value


def test_real_verdicts_fit_the_schema(admitted: Verdict, denied: Verdict, judge: Judge, policy: Policy) -> None:
    unreachable = evaluate(policy, nothing_found(SUBJECT, "connection refused"), now=NOW)
    partly = judge(signed("release"), signed("release", names.PREDICATE_CYCLONEDX, CYCLONEDX), complete=False)
    for verdicts in ([admitted], [denied], [unreachable], [partly], [admitted, denied, unreachable, partly], []):
        VALIDATOR.validate(printed(*verdicts))


def test_one_verdict_whole(admitted: Verdict, policy: Policy) -> None:
    value = printed(admitted)
    signature, document = (item["digest"] for item in value["verdicts"][0]["findings"][0]["considered"])
    if signature != str(admitted.findings[0].evidence[0]):
        signature, document = document, signature
    found = [{"store": "oci:evidence", "where": "layout"}]
    candidates = {
        signature: {
            "digest": signature,
            "type": names.PREDICATE_COSIGN_SIGN,
            "fate": "counted",
            "failed": None,
            "reason": "bound by anchor",
            "signers": ["release"],
            "proof": {
                "author": f"key sha256:{key('release').public.fingerprint}",
                "format": "bundle",
                "time": None,
            },
            "binding": "anchor",
            "found": found,
        },
        document: {
            "digest": document,
            "type": names.CYCLONEDX_JSON,
            "fate": "rejected",
            "failed": "signed",
            "reason": "signed: carries no signature",
            "signers": [],
            "proof": None,
            "binding": None,
            "found": found,
        },
    }
    (verdict,) = value["verdicts"]
    assert value["outcome"] == verdict["outcome"] == "admitted"
    assert verdict["findings"][0] == {
        "policy": "gate",
        "rule": "signed",
        "code": "signature-verified",
        "outcome": "admitted",
        "mode": "enforce",
        "message": "signature by release (1 of 1 needed)",
        "remedy": None,
        "waiver": None,
        "evidence": [signature],
        "considered": [candidates[digest] for digest in sorted(candidates)],
    }
    del verdict["findings"]
    assert verdict == {
        "subject": "pkg:npm/left-pad@1.3.0",
        "purl": "pkg:npm/left-pad@1.3.0",
        "digest": str(DIGEST),
        "about": {
            "manifest": {
                "mediaType": admitted.about.manifest.media_type,
                "digest": str(admitted.about.manifest.digest),
                "size": admitted.about.manifest.size,
            },
            "image": None,
            "readFromFile": False,
            "lookedUp": False,
        },
        "outcome": "admitted",
        "policies": [
            {
                "name": "gate",
                "digest": str(policy.digest),
                "files": [],
                "trustRoot": None,
                "verified": 1,
                "rejected": 1,
                "sealProblems": [],
            }
        ],
        "evidence": sorted([signature, document]),
        "listing": {
            "complete": True,
            "whole": True,
            "problems": [],
            "unread": [],
            "over": [],
            "listedAt": "2026-11-21T11:59:30Z",
        },
        "now": "2026-11-21T12:00:00Z",
    }


def test_of_several_one_denial_denies(admitted: Verdict, denied: Verdict, policy: Policy) -> None:
    unreachable = evaluate(policy, nothing_found(SUBJECT, "connection refused"), now=NOW)
    assert printed(admitted, admitted)["outcome"] == "admitted"
    assert printed(admitted, unreachable)["outcome"] == "inconclusive"
    assert printed(admitted, unreachable, denied)["outcome"] == "denied"
    assert printed()["outcome"] == "denied"


def objects(value: Any) -> list[dict[str, Any]]:
    """Every object within ``value``."""
    if isinstance(value, list):
        return [found for item in value for found in objects(item)]
    if not isinstance(value, dict):
        return []
    return [value, *(found for item in value.values() for found in objects(item))]


def test_the_schema_refuses_any_member_too_few_or_too_many(admitted: Verdict) -> None:
    whole = printed(admitted)
    for position, place in enumerate(objects(whole)):
        for name in place:
            lacking = copy.deepcopy(whole)
            del objects(lacking)[position][name]
            assert not VALIDATOR.is_valid(lacking), name
        extended = copy.deepcopy(whole)
        objects(extended)[position]["extra"] = 1
        assert not VALIDATOR.is_valid(extended), place


@pytest.mark.parametrize(
    ("path", "kinds"),
    [
        (("outcome",), Outcome),
        (("finding", "properties", "code"), Code),
        (("finding", "properties", "mode"), Mode),
        (("considered", "properties", "fate"), Fate),
        (("considered", "properties", "found", "items", "properties", "where"), Where),
    ],
)
def test_the_schema_knows_every_value(path: tuple[str, ...], kinds: Any) -> None:
    place = schema("verdict")["$defs"]
    for name in path:
        place = place[name]
    assert place["enum"] == [str(kind) for kind in kinds]


def test_the_schema_knows_every_binding() -> None:
    properties = schema("verdict")["$defs"]["considered"]["properties"]
    assert properties["binding"]["enum"] == [*(str(kind) for kind in Binding), None]


def test_every_schema_in_the_package_is_valid_and_known() -> None:
    there = sorted(
        item.name.removesuffix(".schema.json")
        for item in files("attest.report.schemas").iterdir()
        if item.name.endswith(".schema.json")
    )
    assert there == sorted(NAMES)
    for name in NAMES:
        jsonschema.Draft202012Validator.check_schema(schema(name))


def test_no_other_file_is_a_schema() -> None:
    with pytest.raises(KeyError):
        schema("../json")


def test_times_are_in_utc() -> None:
    assert moment(datetime(2026, 1, 1, 1, tzinfo=timezone(timedelta(hours=2)))) == "2025-12-31T23:00:00Z"
