"""`attest` and the `sigstore` package agree, on honest bundles and on changed ones, but for written reasons."""

from __future__ import annotations

import os
import random
import re
from collections.abc import Callable
from itertools import islice

import pytest

from attest.signing.bundle import Bundle
from attest.signing.sigstore import by_sigstore
from attest.signing.sigstore.material import Material
from attest.signing.sigstore.upgrade import upgrade
from attest.signing.sigstore.verify import Requirements
from tests.signing.sigstore.cases import MADE, REAL, Case
from tests.signing.sigstore.differential import complaint, mutations, of_attest, of_sigstore

CASES = {**REAL, **MADE}


def made(name: str) -> Case:
    make: Callable[[], Case] = CASES[name]
    return make()


@pytest.mark.parametrize("name", CASES)
def test_honest_bundles(name: str) -> None:
    case = made(name)
    assert complaint(case.raw, case) is None
    npm = "npm" in name or "intoto" in name
    assert (of_sigstore(case.raw, case) is None) is not npm, "the package refuses intoto entries, and nothing else here"


@pytest.mark.parametrize("name", CASES)
def test_changed_bundles(name: str) -> None:
    case = made(name)
    complaints = {
        text: raw for raw in islice(mutations(case, random.Random(name)), 100) if (text := complaint(raw, case))
    }
    assert not complaints


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_many_changed_bundles(name: str) -> None:
    case = made(name)
    number = int(os.environ.get("FUZZ_BUNDLES", "1000"))
    draw = random.Random(os.environ.get("FUZZ_SEED", f"many {name}"))
    complaints = {text: raw for raw in islice(mutations(case, draw), number) if (text := complaint(raw, case))}
    assert not complaints


def test_each_difference_says_why() -> None:
    assert len({item.step for item in by_sigstore.DIFFERENCES}) == len(by_sigstore.DIFFERENCES)
    for item in by_sigstore.DIFFERENCES:
        assert item.accepted_by in ("attest", "sigstore")
        assert item.why.endswith(".")


@pytest.mark.parametrize("name", ["verificationMaterial", "tlogEntries", "inclusionPromise", "rawBytes", "payloadType"])
def test_members_by_their_names_in_the_proto_files(name: str) -> None:
    """protojson reads both; both at once are two meanings, of which two readers could choose different ones."""
    case = made("dsse 0.0.1")
    other = re.sub("([A-Z])", lambda match: "_" + match[1].lower(), name)
    raw = case.raw.replace(f'"{name}"'.encode(), f'"{other}"'.encode())
    assert raw != case.raw
    assert of_sigstore(raw, case) is None
    assert complaint(raw, case) is None
    assert of_attest(raw, case, Requirements()) == of_attest(case.raw, case, Requirements())
    assert upgrade(Bundle.parse(raw)) == raw
    twice = case.raw.replace(f'"{name}"'.encode(), f'"{other}": 1, "{name}"'.encode(), 1)
    assert "by two names" in str(of_attest(twice, case, Requirements()))
    assert of_sigstore(twice, case) is not None


def test_what_sigstore_refuses_needs_its_written_reason() -> None:
    """Own steps alone do not overrule it."""
    case = made("dsse 0.0.1")
    material = Material.of(Bundle.parse(case.raw))
    for refusal in ("something else", by_sigstore.LAST_SECOND.step):
        assert not by_sigstore.is_explained(by_sigstore.Judgement(refusal), material, case.root)
