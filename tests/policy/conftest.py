"""Policies for tests, with really generated keys."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from attest.evidence.identity import principal
from attest.policy.document import Policy, parse
from attest.policy.publisher_lock import FILE, Admitted, Pinned, write
from attest.policy.publishers import KeyPublisher
from attest.signing.proof import KeyAuthor
from tests.evidence_factory import PURL, key

NAMES = ("release", "security", "builder", "alice", "bob", "carol")

PINNED = Pinned(
    KeyPublisher(key("security").public),
    {
        "1": Admitted(
            "1.2.0",
            principal(KeyAuthor(key("security").public)),
            "https://ci.example/builder",
            "https://github.com/acme/app",
        )
    },
)
"""Of the package that all evidence is about."""

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


PARTS = f"{HEAD}rules:\n  - {{id: signed, require: signature, by: [release]}}\n"
"""A policy for components, beside the keys."""


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with one public key a name, and an `attest.lock` in which `PINNED` stands."""
    directory = tmp_path_factory.mktemp("keys")
    for name in NAMES:
        (directory / f"{name}.pub").write_bytes(key(name).public.pem())
    (directory / FILE).write_bytes(write({PURL.package: PINNED}))
    (directory / "parts.yaml").write_text(PARTS, "utf-8")
    return directory


@pytest.fixture
def read(keys: Path) -> Read:
    """Parse a policy text whose key files lie in `keys`."""
    return lambda text: parse(text.encode(), where="gate.yaml", base=keys)
