"""Policies for tests, with really generated keys."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from attest.policy.document import Policy, parse
from tests.evidence_factory import key

NAMES = ("release", "security", "builder", "alice", "bob", "carol")

Read = Callable[[str], Policy]

HEAD = """\
version: 1
name: gate
applies_to: ["pkg:npm/*"]
trust: {keys_only: true}
identities:
  release: {key: release.pub}
  security: {key: security.pub}
  builder: {key: builder.pub}
"""


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with one public key a name."""
    directory = tmp_path_factory.mktemp("keys")
    for name in NAMES:
        (directory / f"{name}.pub").write_bytes(key(name).public.pem())
    return directory


@pytest.fixture
def read(keys: Path) -> Read:
    """Parse a policy text whose key files lie in `keys`."""
    return lambda text: parse(text.encode(), where="gate.yaml", base=keys)
