"""The commands that verdicts propose can be typed as they stand: they are about the stores that were named."""

from __future__ import annotations

import argparse
import html
import json
import shlex

import pytest

from attest.cli.remedies import typed_here
from tests.cli.conftest import Workplace
from tests.cli.test_cosign import WHEEL

STORE = "oci:it's mine/{package}"
NAMED = f"attest --store {shlex.quote(STORE)} "


def typed(remedy: str, *stores: str, before: tuple[str, ...] = (), **others: bool) -> str:
    named = argparse.Namespace(stores_before=list(before), stores=list(stores), **others)
    return typed_here(named)(remedy)


def test_what_is_proposed_does_what_it_says(attest: Workplace) -> None:
    asked = ("verify", WHEEL, "--policy", "policy.yaml", "--store", STORE)
    attest.ok("anchor", WHEEL, "--store", STORE)
    (line,) = [line for line in attest(*asked).out.splitlines() if "next: " in line]
    command = line.partition("next: ")[2].partition(" (KEY: ")[0]
    assert command.startswith(f"{NAMED}sign pkg:pypi/acme@1.0 --digest sha256:")
    attest.ok(*shlex.split(command.replace("KEY", "release.key"))[1:])
    attest.ok(*asked)


@pytest.mark.parametrize("form", ["text", "markdown", "junit", "sarif"])
def test_in_all_that_people_read(attest: Workplace, form: str) -> None:
    attest.ok("anchor", WHEEL, "--store", STORE)
    said = attest("verify", WHEEL, "--policy", "policy.yaml", "--store", STORE, "--format", form).out
    assert f"{NAMED}sign " in html.unescape(said).replace('\\"', '"')
    assert " attest sign " not in said


def test_each_candidate_has_them(attest: Workplace) -> None:
    attest.ok("key", "generate", "stranger")
    attest.ok("sign", WHEEL, "--key", "stranger.key", "--store", STORE)
    said = attest("verify", WHEEL, "--policy", "policy.yaml", "--store", STORE, "--explain").out
    assert said.count(f"next: {NAMED}sign ") == 2


def test_what_is_recorded_is_the_same_wherever_the_evidence_lies(attest: Workplace) -> None:
    attest.ok("anchor", WHEEL, "--store", STORE)
    asked = ("verify", WHEEL, "--policy", "policy.yaml", "--store", STORE, "--receipt", "x.json", "--json")
    (finding,) = attest(*asked).json["verdicts"][0]["findings"]
    assert finding["remedy"].startswith("attest sign ")
    (finding,) = json.loads((attest.directory / "x.json").read_text())["verdicts"][0]["findings"]
    assert finding["remedy"].startswith("attest sign ")


def test_which_stores() -> None:
    sign, learn = "mend it, then attest sign x", "look: attest policy learn x (and commit attest.lock)"
    assert typed(sign) == sign
    assert typed(sign, "oci:b", before=("oci:a", "oci:b")) == "mend it, then attest --store oci:a --store oci:b sign x"
    assert typed(sign, "npm:", "oci-archive:x.pack") == sign
    assert typed(sign, "npm:", "host.example/x") == "mend it, then attest --store host.example/x sign x"
    assert typed(learn, "npm:") == "look: attest --store npm: policy learn x (and commit attest.lock)"
    assert typed(sign, "h.example/x", plain_http=True) == "mend it, then attest --plain-http --store h.example/x sign x"
    assert typed(sign, "h.example/x", plain_http=False) == "mend it, then attest --store h.example/x sign x"
    assert (
        typed("have it sealed anew with attest seal", "oci:a") == "have it sealed anew with attest --store oci:a seal"
    )
    assert typed("make the store readable", "oci:a") == "make the store readable"
