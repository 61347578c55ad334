"""Which logs count for a bundle, and what comes of two verifiers who do not agree."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from attest.errors import VerificationError
from attest.signing.sigstore.by_sigstore import LAST_SECOND, Judgement
from attest.signing.sigstore.trusted_root import TrustedRoot
from attest.signing.sigstore.verify import Requirements, verify
from tests.signing.sigstore.forge import MINUTE, NOW, Log, Sigstore, b64, keyless, parse

SIGSTORE = Sigstore()
OWN = Requirements(log=0, timestamp=1)
"""Not what the sigstore package demands, so that own steps alone decide."""


def test_an_entry_is_of_the_log_that_it_names() -> None:
    """Though the package finds a key of the root that fits."""
    value = SIGSTORE.root_json()
    value["tlogs"][0]["logId"]["keyId"] = b64(b"another name".ljust(32))
    root = TrustedRoot.parse(json.dumps(value).encode())
    with pytest.raises(VerificationError) as caught:
        verify(keyless(SIGSTORE).bundle(), root)
    assert caught.value.step == "log entry: how many logs hold the signature"


@pytest.mark.parametrize("first", [True, False])
def test_an_entry_of_a_stranger_s_log_is_passed_over(first: bool) -> None:
    forged = keyless(SIGSTORE)
    stranger = replace(SIGSTORE, log=Log(ec.generate_private_key(ec.SECP256R1())))
    (other,) = replace(forged, sigstore=stranger).json()["verificationMaterial"]["tlogEntries"]
    value = forged.json()
    value["verificationMaterial"]["tlogEntries"].insert(0 if first else 1, other)
    for requirements in (OWN, Requirements(log=1, timestamp=1)):
        assert verify(parse(value), SIGSTORE.root(), requirements).time == NOW + MINUTE
    with pytest.raises(VerificationError, match="how many logs hold the signature: expected at least 2"):
        verify(parse(value), SIGSTORE.root(), Requirements(log=2, timestamp=1))


@pytest.mark.parametrize(
    ("end", "holds"),
    [
        (None, True),
        (NOW + 60 * MINUTE, True),
        (NOW + MINUTE, True),
        (NOW + MINUTE - timedelta(seconds=1), False),
    ],
)
def test_a_log_is_trusted_for_the_time_of_its_promise(end: datetime | None, holds: bool) -> None:
    root = replace(SIGSTORE, log=replace(SIGSTORE.log, end=end)).root()
    bundle = keyless(SIGSTORE).bundle()
    if holds:
        assert verify(bundle, root, OWN).time == NOW + MINUTE
        return
    with pytest.raises(VerificationError, match="log entry: the time of its log"):
        verify(bundle, root, OWN)


def judged(monkeypatch: pytest.MonkeyPatch, judgement: Judgement, *, explained: bool) -> None:
    """Have the package say this; on honest bundles it would not."""

    def judge(*_: Any) -> Judgement:
        return judgement

    def is_explained(said: Judgement, *_: Any) -> bool:
        assert said is judgement
        return explained

    monkeypatch.setattr("attest.signing.sigstore.verify.judge", judge)
    monkeypatch.setattr("attest.signing.sigstore.verify.is_explained", is_explained)


def test_a_refusal_by_the_package_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    bundle = keyless(SIGSTORE).bundle()
    judged(monkeypatch, Judgement("something is wrong"), explained=False)
    with pytest.raises(VerificationError, match="verification by the sigstore package") as caught:
        verify(bundle, SIGSTORE.root())
    assert caught.value.found == "something is wrong"
    assert verify(bundle, SIGSTORE.root(), OWN).time == NOW + MINUTE


def test_a_refusal_whose_reason_is_written_down_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    judged(monkeypatch, Judgement(LAST_SECOND.step), explained=True)
    assert verify(keyless(SIGSTORE).bundle(), SIGSTORE.root()).time == NOW + MINUTE
