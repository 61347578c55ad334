"""`attest` and the `sigstore` package agree, on honest bundles and on changed ones, but for written reasons."""

from __future__ import annotations

import json
import os
import random
import re
from collections.abc import Callable
from itertools import islice

import pytest

from attest.errors import FormatError, VerificationError
from attest.signing.bundle import Bundle
from attest.signing.sigstore import by_sigstore
from attest.signing.sigstore.verify import Requirements, verify
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


def test_names_that_only_the_package_reads() -> None:
    """Its answer would be about a time that own steps do not see, and the other way round."""
    case = made("dsse 0.0.1")
    value = json.loads(case.raw)
    entry = value["verificationMaterial"]["tlogEntries"][0]
    entry["inclusion_promise"] = entry.pop("inclusionPromise")
    raw = json.dumps(value).encode()
    assert of_sigstore(raw, case) is None
    assert (of_attest(raw, case, Requirements()) or "").startswith("time: how many vouch")
    material = json.loads(case.raw)["verificationMaterial"]
    for name in ("tlogEntries", "logIndex", "inclusionProof", "rawBytes"):
        changed = json.dumps(material).replace(
            f'"{name}"', f'"{re.sub("([A-Z])", lambda m: "_" + m[1].lower(), name)}"'
        )
        bundle = Bundle.parse(json.dumps(json.loads(case.raw) | {"verificationMaterial": json.loads(changed)}).encode())
        with pytest.raises((FormatError, VerificationError)):
            verify(bundle, case.root)
