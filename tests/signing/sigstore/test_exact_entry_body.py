"""What of an entry's body is held against the bundle, and what comes of each difference."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from attest.errors import VerificationError
from attest.signing.sigstore.artifact import Artifact
from attest.signing.sigstore.content import Content
from attest.signing.sigstore.entry_body import check_body
from attest.signing.sigstore.material import Material
from tests.signing.sigstore.forge import FILE, Sigstore, keyless

SIGSTORE = Sigstore()
Change = Callable[[dict[str, Any]], None]


def checked(kind: str, change: Change = lambda _: None, file: bytes | None = None) -> str | None:
    """The hash on record of an entry whose ``spec`` was changed."""
    bundle = keyless(SIGSTORE, kind=kind, file=file).bundle()
    material = Material.of(bundle)
    (entry,) = material.entries
    body = json.loads(entry.body)
    change(body["spec"])
    content = Content.of(bundle, None if file is None else Artifact.of_bytes(file))
    return check_body(replace(entry, body=json.dumps(body).encode()), content, material.certificates[0])


@pytest.mark.parametrize(
    ("kind", "file", "hashed"),
    [
        ("hashedrekord 0.0.1", FILE, "sha256"),
        ("hashedrekord 0.0.2", FILE, "sha256"),
        ("hashedrekord 0.0.2", None, "sha256"),
        ("dsse 0.0.1", None, None),
        ("dsse 0.0.2", None, None),
        ("intoto 0.0.2", None, None),
    ],
)
def test_the_hash_on_record(kind: str, file: bytes | None, hashed: str | None) -> None:
    assert checked(kind, file=file) == hashed


def put(value: Any, *path: str) -> Change:
    """Write ``value`` where ``path`` leads; None takes out what is there."""

    def change(spec: dict[str, Any]) -> None:
        for name in path[:-1]:
            spec = spec[name]
        if value is None:
            del spec[path[-1]]
        else:
            spec[path[-1]] = value

    return change


def times(number: int, *path: str) -> Change:
    def change(spec: dict[str, Any]) -> None:
        for name in path:
            spec = spec[name]
        spec["signatures"] *= number

    return change


@pytest.mark.parametrize(
    ("kind", "file", "change", "why"),
    [
        ("dsse 0.0.1", None, put("sha512", "payloadHash", "algorithm"), "its hash of the payload: expected sha256"),
        (
            "dsse 0.0.2",
            None,
            put("SHA2_512", "dsseV002", "payloadHash", "algorithm"),
            "its hash of the payload: expected SHA2_256",
        ),
        (
            "intoto 0.0.2",
            None,
            put("sha512", "content", "payloadHash", "algorithm"),
            "its hash of the payload: expected sha256",
        ),
        ("intoto 0.0.2", None, put("text/plain", "content", "envelope", "payloadType"), "its payload type"),
        ("dsse 0.0.1", None, times(2), "its signatures: expected exactly one, found 2"),
        ("dsse 0.0.1", None, times(0), "its signatures: expected exactly one, found 0"),
        ("dsse 0.0.2", None, times(2, "dsseV002"), "its signatures: expected exactly one, found 2"),
        ("intoto 0.0.2", None, times(2, "content", "envelope"), "its signatures: expected exactly one, found 2"),
        (
            "hashedrekord 0.0.2",
            FILE,
            put("SHA3_256", "hashedRekordV002", "data", "algorithm"),
            "its hash of what was signed: expected sha256 or sha384 or sha512, found",
        ),
        (
            "hashedrekord 0.0.1",
            FILE,
            put("sha1", "data", "hash", "algorithm"),
            "its hash of what was signed: expected sha256 or sha384 or sha512, found sha1",
        ),
        (
            "hashedrekord 0.0.1",
            FILE,
            put("sha512", "data", "hash", "algorithm"),
            "its digest of what was signed",
        ),
    ],
)
def test_what_is_about_something_else(kind: str, file: bytes | None, change: Change, why: str) -> None:
    with pytest.raises(VerificationError, match=f"log entry: {why}"):
        checked(kind, change, file)


def test_an_older_entry_need_not_say_the_payload_s_type() -> None:
    assert checked("intoto 0.0.2", put(None, "content", "envelope", "payloadType")) is None


def test_a_file_of_which_one_digest_is_known() -> None:
    bundle = keyless(SIGSTORE, kind="hashedrekord 0.0.1", file=FILE).bundle()
    material = Material.of(bundle)
    known = Artifact.of_digest("sha512", "ab" * 64)
    with pytest.raises(VerificationError, match="its hash of what was signed: expected sha512, found sha256"):
        check_body(material.entries[0], Content.of(bundle, known), material.certificates[0])
