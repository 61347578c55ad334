"""Policies with certificate identities over signatures that the whole of a Sigstore deployment made."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Workplace
from tests.private_sigstore.stack import PrivateSigstore

pytestmark = [pytest.mark.slow, pytest.mark.peer("ctlog", "fulcio", "rekor-server", "tsa")]

WHEEL = "dist/acme-1.0-py3-none-any.whl"
POLICY = """\
version: 1
name: gate
applies_to: ["pkg:pypi/**"]
trust: {{{trust}}}
identities:
{identities}
rules:
  - {{id: signed, require: signature, by: [{by}], threshold: {threshold}}}
"""


@pytest.fixture
def signed(attest: Workplace, private_sigstore: PrivateSigstore, monkeypatch: pytest.MonkeyPatch) -> Workplace:
    """The wheel, signed by a workflow of acme/app on a tag."""
    sign(attest, private_sigstore, monkeypatch, private_sigstore.ci_token("acme/app", ref="refs/tags/v1"))
    return attest


def sign(attest: Workplace, sigstore: PrivateSigstore, monkeypatch: pytest.MonkeyPatch, token: str) -> None:
    monkeypatch.setenv("SIGSTORE_ID_TOKEN", token)
    attest.ok("sign", WHEEL, "--keyless", "--trust-config", sigstore.client_trust_config)


def judge(
    attest: Workplace, root: Path, *identities: str, terms: str = "", threshold: int = 1, code: int = 0
) -> dict[str, Any]:
    names = [f"who{number}" for number in range(len(identities))]
    policy = POLICY.format(
        trust=f"root: '{root}'{terms}",
        identities="\n".join(f"  {name}: {{{text}}}" for name, text in zip(names, identities, strict=True)),
        by=", ".join(names),
        threshold=threshold,
    )
    attest.write("keyless.yaml", policy)
    result = attest("verify", WHEEL, "--policy", "keyless.yaml", "--json")
    assert result.code == code, result
    verdict: dict[str, Any] = result.json["verdicts"][0]
    return verdict


def workflow(sigstore: PrivateSigstore, repository: str = "acme/app", ref: str = "refs/tags/v1", more: str = "") -> str:
    return f"issuer: '{sigstore.issuer.ci}', subject: '{sigstore.ci_subject(repository, ref)}'{more}"


def test_exact_and_by_pattern_and_by_claims(signed: Workplace, private_sigstore: PrivateSigstore) -> None:
    root = private_sigstore.trusted_root
    for ref in ("refs/tags/v1", "refs/tags/*"):
        verdict = judge(signed, root, workflow(private_sigstore, ref=ref))
        assert verdict["policies"][0]["trustRoot"] == "sha256:" + hashlib.sha256(root.read_bytes()).hexdigest()
        (item,) = verdict["findings"][0]["considered"]
        assert item["proof"]["time"] is not None
    claims = ", claims: {source_repository_ref: refs/tags/v1, runner_environment: github-hosted}"
    judge(signed, root, workflow(private_sigstore, more=claims))
    wrong = judge(signed, root, workflow(private_sigstore, more=claims.replace("v1", "v2")), code=1)
    assert "expected source_repository_ref 'refs/tags/v2', found 'refs/tags/v1'" in wrong["findings"][0]["message"]


def test_look_alikes_and_other_instances(signed: Workplace, private_sigstore: PrivateSigstore) -> None:
    root = private_sigstore.trusted_root
    for repository in ("acme-evil/app", "acme/app-evil", "Acme/app", "acme/*"):
        denied = judge(signed, root, workflow(private_sigstore, repository, "refs/heads/*"), code=1)
        assert "whom the policy does not name" in denied["findings"][0]["message"]
    other = judge(signed, private_sigstore.other_trusted_root, workflow(private_sigstore), code=1)
    assert "1 signature that does not hold" in other["findings"][0]["message"]
    more = judge(signed, root, workflow(private_sigstore), terms=", log: 2", code=1)
    assert "how many logs hold the signature: expected at least 2" in more["findings"][0]["message"]


def test_for_other_packages_and_after_the_end(signed: Workplace, private_sigstore: PrivateSigstore) -> None:
    root = private_sigstore.trusted_root
    other = judge(signed, root, workflow(private_sigstore, more=", for: ['pkg:npm/@acme/*']"), code=1)
    assert "who0 speaks only for pkg:npm/@acme/*" in other["findings"][0]["message"]
    ended = judge(signed, root, workflow(private_sigstore, more=", until: 2020-01-01"), code=1)
    assert "who0 ended on 2020-01-01" in ended["findings"][0]["message"]
    cosign = judge(signed, root, workflow(private_sigstore, more=", formats: [cosign]"), code=1)
    assert "signs only as cosign, not as bundle" in cosign["findings"][0]["message"]


def test_one_workflow_is_one_signer_and_a_person_another(
    signed: Workplace, private_sigstore: PrivateSigstore, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = private_sigstore.trusted_root
    sign(signed, private_sigstore, monkeypatch, private_sigstore.ci_token("acme/app", ref="refs/tags/v2"))
    twice = [workflow(private_sigstore, ref=ref) for ref in ("refs/tags/v1", "refs/tags/*")]
    denied = judge(signed, root, *twice, threshold=2, code=1)
    assert denied["findings"][0]["code"] == "signature-threshold"
    sign(signed, private_sigstore, monkeypatch, private_sigstore.token())
    alice = f"issuer: '{private_sigstore.issuer.people}', subject: alice@example.test"
    judge(signed, root, twice[0], alice, threshold=2)


def test_keys_and_certificates_in_one_policy(signed: Workplace, private_sigstore: PrivateSigstore) -> None:
    signed.ok("sign", WHEEL, "--key", "release.key")
    judge(signed, private_sigstore.trusted_root, workflow(private_sigstore), "key: release.pub", threshold=2)
