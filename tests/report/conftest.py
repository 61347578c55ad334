"""Verdicts to print."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from attest import names
from attest.evidence.model import Candidate
from attest.policy.document import Policy, parse
from attest.policy.evaluate import evaluate
from attest.policy.verdict import Verdict
from tests.evidence_factory import CYCLONEDX, NOW, evidence, key, signed, unsigned

POLICY = """\
version: 1
name: gate
applies_to: ["pkg:npm/*"]
trust: {keys_only: true}
identities:
  release: {key: release.pub}
rules:
  - {id: signed, require: signature, by: [release]}
  - {id: sbom, require: sbom, by: [release], mode: warn}
"""

Judge = Callable[..., Verdict]


@pytest.fixture(scope="session")
def policy(tmp_path_factory: pytest.TempPathFactory) -> Policy:
    directory = tmp_path_factory.mktemp("policy")
    (directory / "release.pub").write_bytes(key("release").public.pem())
    return parse(POLICY.encode(), where="gate.yaml", base=directory)


@pytest.fixture(scope="session")
def judge(policy: Policy) -> Judge:
    def judge(*candidates: Candidate, complete: bool = True, problems: tuple[str, ...] = ()) -> Verdict:
        found = evidence(candidates, policy.identities.values(), complete=complete, problems=problems)
        return evaluate(policy, found, now=NOW)

    return judge


@pytest.fixture(scope="session")
def admitted(judge: Judge) -> Verdict:
    return judge(signed("release"), unsigned(names.CYCLONEDX_JSON, CYCLONEDX))


@pytest.fixture(scope="session")
def denied(judge: Judge) -> Verdict:
    return judge(signed("mallory"))
