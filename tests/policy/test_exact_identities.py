"""Keys in policies that are not there, are elsewhere, or are none: what is said, and what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from attest.errors import PolicyError
from attest.policy.document import parse
from tests.policy.conftest import HEAD, Read

RULES = "rules:\n  - {id: signed, require: signature, by: [release]}\n"


def refused(read: Read, written: str) -> PolicyError:
    with pytest.raises(PolicyError) as caught:
        read(HEAD.replace("{key: release.pub}", f"{{key: '{written}'}}") + RULES)
    return caught.value


@pytest.mark.parametrize("service", ["awskms", "azurekms", "gcpkms", "hashivault", "pkcs11"])
def test_a_key_in_a_service_is_refused_as_what_it_is(read: Read, service: str) -> None:
    error = refused(read, f"{service}:///x")
    assert error.what.endswith(f": {service}:///x: a key in a service where a file is wanted")
    assert (error.why, error.next_step) == (
        "verifying asks no service",
        f"attest key public '{service}:///x' > key.pub, and name that file",
    )


def test_a_key_that_is_not_there(read: Read, keys: Path) -> None:
    error = refused(read, "missing.pub")
    assert error.what.endswith(f": {keys / 'missing.pub'}: cannot read the key")
    assert error.next_step == f"put the key there: paths in a policy begin at its directory, {keys}"


def test_a_key_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "private.pub").write_text("-----BEGIN PRIVATE KEY-----\nx\n-----END PRIVATE KEY-----\n")
    text = HEAD.partition("identities:")[0] + "identities:\n  release: {key: private.pub}\n" + RULES
    with pytest.raises(PolicyError) as caught:
        parse(text.encode(), where="gate.yaml", base=tmp_path)
    assert caught.value.what.endswith(": a private key where a public key is wanted")
    assert caught.value.next_step == f"attest key public {tmp_path / 'private.pub'}"
    assert caught.value.where == "gate.yaml:6"
