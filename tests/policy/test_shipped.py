"""The policies in `policies/` load, and do what their comments say."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from attest import names
from attest.policy.document import Policy, load
from attest.policy.evaluate import evaluate
from attest.policy.verdict import Outcome
from attest.signing.proof import CertificateAuthor
from tests.evidence_factory import CYCLONEDX, NOW, evidence, key, proven, signed, slsa_v1, workflow

SHIPPED = Path(__file__).parents[2] / "policies"


def test_all_are_tested_here() -> None:
    assert {path.name for path in SHIPPED.glob("**/*")} == {
        "keyless.yaml",
        "signed.yaml",
        "release-gate.yaml",
        "two-person.yaml",
    }


def shipped(name: str, directory: Path) -> Policy:
    """A copy of the policy, with a generated key beside it for every identity."""
    (directory / "keys").mkdir()
    for who in ("release", "alice", "bob", "carol"):
        (directory / "keys" / f"{who}.pub").write_bytes(key(who).public.pem())
    return load(Path(shutil.copy(SHIPPED / name, directory)))


@pytest.mark.parametrize(
    ("name", "admitted", "denied"),
    [
        ("signed.yaml", ["release"], ["alice"]),
        ("release-gate.yaml", ["release", "release sbom", "release built"], ["release", "release sbom"]),
        ("two-person.yaml", ["alice", "carol"], ["alice", "release"]),
    ],
)
def test_what_they_admit(name: str, admitted: list[str], denied: list[str], tmp_path: Path) -> None:
    policy = shipped(name, tmp_path)
    statements = {
        "": (names.PREDICATE_COSIGN_SIGN, {}),
        "sbom": (names.PREDICATE_CYCLONEDX, CYCLONEDX),
        "built": (names.PREDICATE_SLSA_V1, slsa_v1("https://attest.example/demo", source=None)),
    }
    for attached, outcome in ((admitted, Outcome.ADMITTED), (denied, Outcome.DENIED), ([], Outcome.DENIED)):
        candidates = [signed(who, *statements[what]) for who, _, what in (item.partition(" ") for item in attached)]
        found = evidence(candidates, policy.identities.values())
        assert evaluate(policy, found, now=NOW).outcome is outcome


def test_what_the_one_without_keys_admits(tmp_path: Path) -> None:
    policy = shipped("keyless.yaml", tmp_path)
    alice = CertificateAuthor("https://accounts.google.com", "alice@acme.example", {})
    mallory = CertificateAuthor("https://accounts.google.com", "alice@acme.example.evil.example", {})
    run, own_runner = workflow(runner_environment="github-hosted"), workflow(runner_environment="self-hosted")
    built = proven(signed("release", names.PREDICATE_SLSA_V1, slsa_v1()), run)
    for signers, outcome in (
        ([run, alice], Outcome.ADMITTED),
        ([run, run], Outcome.DENIED),
        ([run, mallory], Outcome.DENIED),
        ([own_runner, alice], Outcome.DENIED),
    ):
        candidates = [proven(signed("release", note=str(place)), who) for place, who in enumerate(signers)]
        found = evidence([built, *candidates], policy.identities.values())
        assert evaluate(policy, found, now=NOW).outcome is outcome
