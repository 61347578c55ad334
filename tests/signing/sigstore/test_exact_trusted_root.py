"""What an authority of a trusted root is called, and when it can be believed."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from attest.errors import TrustError
from attest.signing.sigstore.trusted_root import Authority, TrustedRoot, Window
from tests.signing.notation.pki import CA, DAY, NOW
from tests.signing.notation.pki import root as top
from tests.signing.sigstore.forge import Sigstore, b64

SIGSTORE = Sigstore()


def authority(part: str, **changes: Any) -> Authority:
    """The only one, with what was changed."""
    value = SIGSTORE.root_json()
    (own,) = value["certificateAuthorities"]
    own = {name: item for name, item in (own | changes).items() if item is not None}
    root = TrustedRoot.parse(json.dumps(value | {part: [own]}).encode())
    found = {"certificateAuthorities": root.authorities, "timestampAuthorities": root.timestamp_authorities}
    (made,) = found[part]
    return made


@pytest.mark.parametrize("part", ["certificateAuthorities", "timestampAuthorities"])
@pytest.mark.parametrize(
    ("given", "uri"),
    [("https://ca.example", "https://ca.example"), ("", ""), (None, "")],
    ids=["some", "empty", "none"],
)
def test_where_an_authority_is(part: str, given: str | None, uri: str) -> None:
    assert authority(part, uri=given).uri == uri


@pytest.mark.parametrize("inner", [False, True])
def test_an_authority_is_valid_while_all_of_its_certificates_are(inner: bool) -> None:
    short, long = (NOW - DAY, NOW + DAY), (NOW - 2 * DAY, NOW + 2 * DAY)
    above, below = (long, short) if inner else (short, long)
    entity = top(begin=above[0], end=above[1], which=95).issue(
        "C=US,ST=WA,O=Acme,CN=Issuing", CA, begin=below[0], end=below[1], which=96
    )
    chain = [{"rawBytes": b64(item.public_bytes(Encoding.DER))} for item in entity.chain]
    made = authority("certificateAuthorities", certChain={"certificates": chain})
    assert made.valid == Window(*short)
    assert made.subjects == tuple(item.subject for item in entity.chain)


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"[]", "not a JSON object: it is an array"),
        (b"{}", "expected a string: it is missing"),
        (b"\xff", "not UTF-8: byte 0"),
    ],
)
def test_why_it_cannot_be_read(raw: bytes, why: str) -> None:
    with pytest.raises(TrustError, match="cannot read the trusted root") as caught:
        TrustedRoot.parse(raw)
    assert caught.value.why == why


@pytest.mark.parametrize("version", ["+json;version=0.1", ".v0.1+json", ".v0.2+json"])
def test_which_versions_are_read(version: str) -> None:
    value = SIGSTORE.root_json() | {"mediaType": f"application/vnd.dev.sigstore.trustedroot{version}"}
    assert TrustedRoot.parse(json.dumps(value).encode()).media_type == value["mediaType"]


@pytest.mark.parametrize("part", ["tlogs", "ctlogs"])
def test_what_a_log_is_called(part: str) -> None:
    """By its number, or by the digest of its key (RFC 6962 §3.2)."""
    value = SIGSTORE.root_json()
    log = {name: item for name, item in value[part][0].items() if name not in ("logId", "baseUrl")}
    digest = hashlib.sha256(base64.b64decode(log["publicKey"]["rawBytes"])).digest()
    for given, number, url in (
        ({}, digest, ""),
        ({"logId": {"keyId": b64(b"number")}, "baseUrl": "https://log.example"}, b"number", "https://log.example"),
    ):
        root = TrustedRoot.parse(json.dumps(value | {part: [log | given]}).encode())
        found = root.logs if part == "tlogs" else root.ct_logs
        assert {name: [item.url for item in logs] for name, logs in found.items()} == {number: [url]}


def test_only_a_time_is_within_a_window() -> None:
    assert NOW in Window(NOW, None)
    assert "now" not in Window(NOW, None)


def test_two_equal_roots_are_one_in_a_set() -> None:
    assert len({SIGSTORE.root(), SIGSTORE.root()}) == 1
