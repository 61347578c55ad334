"""The policies in `policies/` load, and do what their comments say."""

from __future__ import annotations

import hashlib
import shutil
from contextlib import suppress
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from attest import names
from attest.cli import main as cli
from attest.policy.document import Policy, load
from attest.policy.evaluate import evaluate
from attest.policy.publisher_lock import load as load_lock
from attest.policy.publishers import KeyPublisher
from attest.policy.verdict import Outcome
from attest.signing.key_files import load_public
from attest.signing.keys import PublicKey
from attest.signing.proof import CertificateAuthor
from tests.evidence_factory import CYCLONEDX, NOW, evidence, key, proven, signed, slsa_v1, workflow

SHIPPED = Path(__file__).parents[2] / "policies"


POLICIES = sorted(SHIPPED.glob("*.yaml"))


def placeholder(name: str) -> bytes:
    """A point on the curve whose first coordinate is a hash: nobody can know its private half."""
    for number in range(256):
        x = hashlib.sha256(f"attest placeholder {name} {number}".encode()).digest()
        with suppress(ValueError):
            point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), b"\x02" + x)
            return b"A placeholder, whose private half nobody has. Put your own key here.\n" + PublicKey.of(point).pem()
    raise AssertionError("half of all numbers are coordinates of a point")


def test_keys_are_nobodys() -> None:
    """Whoever forgets to put in their own admits nothing; a key that somebody has would admit what they sign."""
    for path in (SHIPPED / "keys").iterdir():
        assert path.read_bytes() == placeholder(path.stem)
    pinned = load_lock(SHIPPED / "attest.lock").packages.values()
    release = load_public(SHIPPED / "keys" / "release.pub")
    assert [item.publisher for item in pinned] == [KeyPublisher(release)]


@pytest.mark.parametrize("path", POLICIES, ids=lambda path: path.stem)
def test_its_own_tests(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["policy", "lint", str(path)]) == 0
    assert cli.main(["policy", "test", str(path), "--offline"]) == 0, capsys.readouterr().out
    cases = load(path).cases
    assert {case.admitted for case in cases} == {True, False}
    assert all(case.codes for case in cases if not case.admitted), "refused for a reason"


def test_nothing_lies_about() -> None:
    text = "".join(path.read_text() for path in POLICIES)
    assert {path.name for path in SHIPPED.iterdir()} - {path.name for path in POLICIES} == {
        "keys",
        "tests",
        "attest.lock",
    }
    assert [path.name for path in (SHIPPED / "keys").iterdir() if f"keys/{path.name}" not in text] == []
    assert [path.name for path in (SHIPPED / "tests").iterdir() if f"tests/{path.name}" not in text] == []


def test_readme_names_all() -> None:
    readme = (SHIPPED.parent / "README.md").read_text()
    assert [path.name for path in POLICIES if f"| `{path.stem}` |" not in readme] == []


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
