"""What a bundle carries, member by member: what may be left out, and what that means."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from attest import limits
from attest.errors import EnvelopeError
from attest.signing.sigstore.material import Material
from tests.signing.sigstore.forge import FILE, Sigstore, b64, keyless, parse

SIGSTORE = Sigstore()
FORGED = keyless(SIGSTORE, kind="hashedrekord 0.0.1", file=FILE)


def material(change: Callable[[dict[str, Any]], None], version: str = "0.3") -> Material:
    """Of a bundle whose material was changed."""
    value = FORGED.json() | {"mediaType": f"application/vnd.dev.sigstore.bundle+json;version={version}"}
    change(value["verificationMaterial"])
    return Material.of(parse(value))


def without(name: str, part: str | None = None) -> Callable[[dict[str, Any]], None]:
    """Take a member out of the log entry, or of a part of it."""

    def change(value: dict[str, Any]) -> None:
        entry = value["tlogEntries"][0]
        del (entry if part is None else entry[part])[name]

    return change


def test_a_key_has_no_certificates() -> None:
    def by_key(value: dict[str, Any]) -> None:
        del value["certificate"]
        value["publicKey"] = {"hint": "release"}

    assert material(by_key).certificates == ()


def test_a_chain_has_a_certificate() -> None:
    def chain(*items: bytes) -> Callable[[dict[str, Any]], None]:
        def change(value: dict[str, Any]) -> None:
            del value["certificate"]
            value["x509CertificateChain"] = {"certificates": [{"rawBytes": b64(item)} for item in items]}

        return change

    assert material(chain(b"leaf", b"root")).certificates == (b"leaf", b"root")
    with pytest.raises(EnvelopeError, match="a certificate chain without certificates"):
        material(chain())


def test_numbers_that_are_left_out_are_zero() -> None:
    (entry,) = material(without("logIndex")).entries
    assert (entry.index, entry.integrated_time) == (0, 1772366460)
    (entry,) = material(without("integratedTime")).entries
    assert (entry.index, entry.integrated_time) == (7, 0)
    for name in ("logIndex", "treeSize"):
        (entry,) = material(without(name, "inclusionProof")).entries
        assert entry.proof is not None
        assert (entry.proof.index, entry.proof.size) == ((0, 3) if name == "logIndex" else (1, 0))


@pytest.mark.parametrize("given", [0, "0", 9, "9", 2**63 - 1, str(2**63 - 1)])
def test_numbers(given: int | str) -> None:
    def change(value: dict[str, Any]) -> None:
        value["tlogEntries"][0]["logIndex"] = given

    assert material(change).entries[0].index == int(given)


@pytest.mark.parametrize(
    "given", [-1, "-1", str(2**63), "9" * 20, "\u0663", "\u00b2", "", "1.0", 1.0, True, False, [], {}]
)
def test_what_is_no_number(given: Any) -> None:
    def change(value: dict[str, Any]) -> None:
        value["tlogEntries"][0]["logIndex"] = given

    with pytest.raises(EnvelopeError, match=r"expected a number of at least 0") as caught:
        material(change)
    assert (caught.value.where or "").endswith("tlogEntries[0].logIndex")


@pytest.mark.parametrize(
    ("change", "version", "why"),
    [
        (without("inclusionPromise"), "0.1", "no inclusion promise"),
        (without("inclusionPromise"), "0.2", None),
        (without("inclusionPromise"), "0.3", None),
        (without("inclusionProof"), "0.1", None),
        (without("inclusionProof"), "0.2", "no inclusion proof"),
        (without("inclusionProof"), "0.3", "no inclusion proof"),
        (without("checkpoint", "inclusionProof"), "0.1", "an inclusion proof without a checkpoint"),
        (without("checkpoint", "inclusionProof"), "0.3", "an inclusion proof without a checkpoint"),
    ],
)
def test_what_an_entry_must_have(change: Callable[[dict[str, Any]], None], version: str, why: str | None) -> None:
    if why is None:
        assert len(material(change, version).entries) == 1
        return
    with pytest.raises(EnvelopeError, match=why):
        material(change, version)


def test_an_empty_promise_is_none_that_was_kept() -> None:
    def change(value: dict[str, Any]) -> None:
        value["tlogEntries"][0]["inclusionPromise"]["signedEntryTimestamp"] = ""

    with pytest.raises(EnvelopeError, match="an empty inclusion promise"):
        material(change)


@pytest.mark.parametrize("given", [None, []])
def test_the_only_leaf_has_no_path(given: Any) -> None:
    def change(value: dict[str, Any]) -> None:
        value["tlogEntries"][0]["inclusionProof"]["hashes"] = given

    (entry,) = material(change).entries
    assert entry.proof is not None
    assert entry.proof.hashes == ()


@pytest.mark.parametrize("given", ["AAAA", {"AAAA": 1}, ["AAAA", 1], [None]])
def test_a_path_is_a_list_of_texts(given: Any) -> None:
    def change(value: dict[str, Any]) -> None:
        value["tlogEntries"][0]["inclusionProof"]["hashes"] = given

    with pytest.raises(EnvelopeError, match="expected an array of strings"):
        material(change)


def test_timestamps() -> None:
    def change(value: dict[str, Any]) -> None:
        value["timestampVerificationData"] = {"rfc3161Timestamps": [{"signedTimestamp": b64(b"then")}]}

    assert material(change).timestamps == (b"then",)
    assert material(lambda _: None).timestamps == ()


@pytest.mark.parametrize("more", [0, 1])
def test_as_many_entries_as_the_limit(more: int) -> None:
    def change(value: dict[str, Any]) -> None:
        value["tlogEntries"] *= limits.LOG_ENTRIES + more

    if not more:
        assert len(material(change).entries) == limits.LOG_ENTRIES
        return
    with pytest.raises(EnvelopeError, match=f"{limits.LOG_ENTRIES + 1} of tlogEntries"):
        material(change)
