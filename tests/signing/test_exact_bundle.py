"""Bundles in the names of their protobuf messages, which older clients wrote, are the same bundles."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from attest.errors import EnvelopeError
from attest.signing.bundle import Bundle
from attest.signing.sigstore.material import Material
from tests.signing.sigstore.forge import FILE, Sigstore, keyless

SIGSTORE = Sigstore()


def in_proto_names(value: Any) -> Any:
    """``tlogEntries`` as ``tlog_entries``, everywhere."""
    if isinstance(value, list):
        return [in_proto_names(item) for item in value]
    if isinstance(value, dict):
        return {re.sub("([A-Z])", lambda m: f"_{m[1].lower()}", name): in_proto_names(v) for name, v in value.items()}
    return value


def parsed(value: Any) -> Bundle:
    return Bundle.parse(json.dumps(value).encode())


@pytest.mark.parametrize("file", [None, FILE])
def test_both_names_mean_the_same(file: bytes | None) -> None:
    kind = "dsse 0.0.1" if file is None else "hashedrekord 0.0.1"
    value = keyless(SIGSTORE, kind=kind, file=file).json()
    other = in_proto_names(value)
    assert other.keys() == {
        "media_type",
        "verification_material",
        "dsse_envelope" if file is None else "message_signature",
    }
    one, two = parsed(value), parsed(other)
    assert (one.content, one.material, one.version) == (two.content, two.material, two.version)
    assert Material.of(one) == Material.of(two)


def test_bundles_may_stand_in_a_set() -> None:
    value = keyless(SIGSTORE).json()
    assert len({parsed(value), parsed(value)}) == 1


def test_a_member_by_two_names() -> None:
    value = keyless(SIGSTORE).json()
    (entry,) = value["verificationMaterial"]["tlogEntries"]
    entry["log_index"] = entry["logIndex"]
    with pytest.raises(EnvelopeError, match="a member by two names: 'logIndex' stands there twice"):
        parsed(value)


@pytest.mark.parametrize(("kind", "hint"), [("publicKey", "release"), ("certificate", None)])
def test_only_a_key_has_a_hint(kind: str, hint: str | None) -> None:
    value = keyless(SIGSTORE).json()
    del value["verificationMaterial"]["certificate"]
    value["verificationMaterial"][kind] = {"rawBytes": "AAAA", "hint": "release"}
    assert parsed(value).key_hint == hint
