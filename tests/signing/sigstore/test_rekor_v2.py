"""Signatures of three makers on a deployment with Rekor v2 and a timestamp authority: what holds, and what does not."""

from __future__ import annotations

import json
import os
import random
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from sigstore.models import ClientTrustConfig
from sigstore.oidc import IdentityToken
from sigstore.sign import SigningContext

from attest.errors import VerificationError
from attest.signing.bundle import Bundle
from attest.signing.proof import CertificateAuthor
from attest.signing.sigstore.artifact import Artifact
from attest.signing.sigstore.deployment import load_deployment
from attest.signing.sigstore.identity_token import Identity
from attest.signing.sigstore.keyless import KeylessSigner
from attest.signing.sigstore.trusted_root import TrustedRoot
from attest.signing.sigstore.verify import Requirements, verify
from tests.peers import peer
from tests.private_sigstore.stack import PrivateSigstore
from tests.signing.sigstore.cases import Case
from tests.signing.sigstore.differential import complaint, mutations, of_sigstore
from tests.signing.sigstore.forge import FILE, IN_TOTO, MINUTE, NOW, STATEMENT, Sigstore, keyless, parse, rfc3339

pytestmark = [pytest.mark.slow, pytest.mark.peer("ctlog", "fulcio", "rekor-server", "tsa", "cosign")]

ALICE = "alice@example.test"


def by_attest(stack: PrivateSigstore, _: Path) -> tuple[bytes, Artifact | None]:
    deployment = load_deployment(stack.client_trust_config, offline=True, now=datetime.now(UTC))
    signer = KeylessSigner(deployment, lambda: Identity.of(stack.token(ALICE), where="test"))
    return signer.bundle(STATEMENT, IN_TOTO), None


def by_sigstore(stack: PrivateSigstore, _: Path) -> tuple[bytes, Artifact | None]:
    context = SigningContext.from_trust_config(ClientTrustConfig.from_json(stack.client_trust_config.read_text()))
    with context.signer(IdentityToken(stack.token(ALICE))) as signer:
        return signer.sign_artifact(FILE).to_json().encode(), Artifact.of_bytes(FILE)


def by_cosign(stack: PrivateSigstore, folder: Path) -> tuple[bytes, Artifact | None]:
    file, bundle = folder / "file", folder / "file.sigstore.json"
    file.write_bytes(FILE)
    done = subprocess.run(
        [
            *(peer("cosign"), "sign-blob", "--yes", "--bundle", bundle, "--identity-token", stack.token(ALICE)),
            *("--signing-config", stack.signing_config, "--trusted-root", stack.trusted_root, file),
        ],
        env={**os.environ, "HOME": str(folder)},
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr.decode()
    return bundle.read_bytes(), Artifact.of_bytes(FILE)


MAKERS: dict[str, Callable[[PrivateSigstore, Path], tuple[bytes, Artifact | None]]] = {
    "attest, statement": by_attest,
    "sigstore-python, file": by_sigstore,
    "cosign, file": by_cosign,
}


@pytest.fixture(params=MAKERS, scope="module")
def case(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Case:
    stack: PrivateSigstore = request.getfixturevalue("private_sigstore")
    raw, artifact = MAKERS[request.param](stack, tmp_path_factory.mktemp("made"))
    root = TrustedRoot.parse(stack.trusted_root.read_bytes())
    return Case(raw, root, ALICE, stack.issuer.people, artifact)


def check(case: Case, root: TrustedRoot | None = None, **settings: Any) -> datetime:
    proof = verify(Bundle.parse(case.raw), root or case.root, artifact=case.artifact, **settings)
    assert isinstance(proof.author, CertificateAuthor)
    assert (proof.author.subject, proof.author.issuer) == (case.subject, case.issuer)
    assert proof.time is not None
    return proof.time


def test_holds_for_both(case: Case) -> None:
    assert datetime.now(UTC) - check(case) < timedelta(minutes=5)
    assert complaint(case.raw, case) is None
    assert of_sigstore(case.raw, case) is None


def with_window(case: Case, part: str, **window: datetime) -> TrustedRoot:
    value = json.loads(case.root.raw)
    for item in value[part]:
        times = item.get("validFor") or item["publicKey"]["validFor"]
        times.update({name: rfc3339(moment) for name, moment in window.items()})
    return TrustedRoot.parse(json.dumps(value).encode())


@pytest.mark.parametrize("part", ["timestampAuthorities", "tlogs", "certificateAuthorities"])
def test_the_last_second_of_a_window_is_within_it(case: Case, part: str) -> None:
    time = check(case)
    ends = with_window(case, part, end=time)
    assert check(case, ends) == time
    assert complaint(case.raw, Case(case.raw, ends, case.subject, case.issuer, case.artifact)) is None
    with pytest.raises(VerificationError, match="time"):
        check(case, with_window(case, part, end=time - timedelta(seconds=1)))
    assert check(case, with_window(case, part, start=time)) == time
    with pytest.raises(VerificationError, match="time"):
        check(case, with_window(case, part, start=time + timedelta(seconds=1)))


def test_without_its_timestamp(case: Case) -> None:
    value = json.loads(case.raw)
    del value["verificationMaterial"]["timestampVerificationData"]
    with pytest.raises(VerificationError, match="time: how many vouch"):
        verify(Bundle.parse(json.dumps(value).encode()), case.root, artifact=case.artifact)


def test_thresholds_count_distinct_authorities(case: Case) -> None:
    with pytest.raises(VerificationError, match="time: how many vouch"):
        check(case, requirements=Requirements(log=1, timestamp=2))
    with pytest.raises(VerificationError, match="how many logs"):
        check(case, requirements=Requirements(log=2, timestamp=1))
    value = json.loads(case.raw)
    timestamps = value["verificationMaterial"]["timestampVerificationData"]["rfc3161Timestamps"]
    timestamps.append(timestamps[0])
    with pytest.raises(VerificationError, match="the same one twice"):
        verify(Bundle.parse(json.dumps(value).encode()), case.root, artifact=case.artifact)


def test_changed(case: Case) -> None:
    found = {}
    for raw in islice(mutations(case, random.Random("rekor v2")), 150):
        if text := complaint(raw, case):
            found[text] = raw
    assert not found


def test_a_timestamp_over_something_else_is_never_the_time(case: Case) -> None:
    """Not even where the log's promise goes by its name in the proto files, which `sigstore` reads too."""
    instance = Sigstore()
    root = instance.root_json() | {"timestampAuthorities": json.loads(case.root.raw)["timestampAuthorities"]}
    trusted = TrustedRoot.parse(json.dumps(root).encode())
    value = keyless(instance).json()
    stolen = json.loads(case.raw)["verificationMaterial"]["timestampVerificationData"]
    value["verificationMaterial"]["timestampVerificationData"] = stolen
    assert verify(parse(value), trusted).time == NOW + MINUTE
    entry = value["verificationMaterial"]["tlogEntries"][0]
    entry["inclusion_promise"] = entry.pop("inclusionPromise")
    assert verify(parse(value), trusted).time == NOW + MINUTE
