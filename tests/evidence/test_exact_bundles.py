"""Bundles with faults that are known, and with others: what is repaired, what stays, and what hides nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest

from attest.evidence.imports.model import Form, Item, Malformed
from attest.evidence.imports.pypi import is_attestation, is_provenance
from attest.evidence.imports.read import read
from tests.evidence import published
from tests.evidence.test_exact_places import only, parts

DATA = b"the bytes of a gem"
REPAIRED = ("repaired: a log entry did not say its kind",)


def without_kind(**entry: Any) -> dict[str, Any]:
    value = published.message_bundle(DATA)
    (first,) = value["verificationMaterial"]["tlogEntries"]
    del first["kindVersion"]
    first.update(entry)
    return value


def test_one_by_itself_is_repaired_as_one_of_many() -> None:
    for value in (without_kind(), [without_kind()]):
        item = only(value)
        assert (json.loads(item.bundle.raw), item.notes) == (published.message_bundle(DATA), REPAIRED)


@pytest.mark.parametrize("body", ["!!", "e30=", "W10="])
def test_an_entry_whose_body_says_no_kind_stays_as_it_is(body: str) -> None:
    value = without_kind(canonicalizedBody=body)
    assert json.loads(only(value).bundle.raw) == value


def test_a_certificate_that_cannot_be_read_stays_as_it_is() -> None:
    value = published.message_bundle(DATA)
    value["verificationMaterial"]["certificate"]["rawBytes"] = "!!"
    item = only(value)
    assert (json.loads(item.bundle.raw), item.notes) == (value, ())


def test_a_line_that_ends_early_hides_none_before_it() -> None:
    line = json.dumps(published.message_bundle(DATA)).encode()
    document = read(line + b"\n{", "source")
    assert (document.form, [type(part) for part in document.parts]) == (Form.BUNDLES, [Item, Malformed])


def test_one_attestation_of_npms_makes_a_document_of_npms() -> None:
    good = published.npm_attestations(published.NPM_PUBLISH)["attestations"]
    document = read(json.dumps({"attestations": [*good, {"bundle": {}}]}).encode(), "source")
    assert (document.form, [type(part) for part in document.parts]) == (Form.NPM_ATTESTATIONS, [Item, Malformed])


def test_what_an_index_says_of_the_publisher_is_noted_word_for_word() -> None:
    provenance = published.pypi(published.PROVENANCE)
    hints = ("kind", "repository", "workflow", "workflow_filepath", "environment", "email")
    (group,) = provenance["attestation_bundles"]
    group["publisher"] = {**{name: name.upper() for name in reversed(hints)}, "claims": "not told"}
    (note,) = only(provenance).notes
    told = ", ".join(f"{name} {name.upper()}" for name in hints)
    assert note == f"publisher as the index says it, unverified: {told}"
    group["publisher"] = {"kind": 1, "email": "a"}
    assert only(provenance).notes == ("publisher as the index says it, unverified: email a",)


@pytest.mark.parametrize("value", [1, None, [], "attestation_bundles verification_material", ["attestation_bundles"]])
def test_only_an_object_is_one_of_pypis(value: Any) -> None:
    assert not is_provenance(value)
    assert not is_attestation(value)
    if value is not None and not isinstance(value, int):
        assert [type(part) for part in parts([value])] == [Malformed]
