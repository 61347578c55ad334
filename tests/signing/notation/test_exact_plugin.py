"""What a plugin that makes whole envelopes may add, and what it must leave as it is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from attest import names
from attest.errors import KeyFileError
from attest.signing.notation.plugin import plugin_signer
from attest.signing.notation.sign import Request
from tests.signing.notation.conftest import sign, target
from tests.signing.notation.pki import ACME, NOW, root
from tests.signing.notation.plugins import ENVELOPE
from tests.signing.notation.test_plugin import plugin


@pytest.mark.parametrize(
    ("asked", "signed", "changed"),
    [
        ({}, {}, None),
        ({}, {"added": "x"}, None),
        ({"a": "1"}, {"a": "1"}, None),
        ({"a": "1"}, {"a": "1", "added": "x"}, None),
        ({"a": "1"}, {}, "a"),
        ({"a": "1"}, {"a": "2"}, "a"),
        ({"a": "1", "b": "2"}, {"a": "1"}, "b"),
    ],
)
def test_what_is_signed_may_be_more_and_not_less(
    tmp_path: Path, asked: dict[str, str], signed: dict[str, str], changed: str | None
) -> None:
    entity = root().issue(ACME)
    (tmp_path / "envelope").write_bytes(sign(entity, "jws", replace(target(), annotations=signed)))
    signer = plugin_signer(plugin(tmp_path, ENVELOPE), "key-1")
    request = Request(replace(target(), annotations=asked), names.NOTATION_JWS, NOW)
    if changed is None:
        assert signer.sign(request).media_type == names.NOTATION_JWS
    else:
        with pytest.raises(KeyFileError, match="the plugin changed what it signed") as refused:
            signer.sign(request)
        assert refused.value.why == changed


def test_another_type_is_named(tmp_path: Path) -> None:
    (tmp_path / "envelope").write_bytes(sign(root().issue(ACME), "jws", target()))
    body = ENVELOPE.replace('request["signatureEnvelopeType"]', '"text/x"')
    signer = plugin_signer(plugin(tmp_path, body), "key-1")
    with pytest.raises(KeyFileError, match="the plugin made another envelope") as refused:
        signer.sign(Request(target(), names.NOTATION_JWS, NOW))
    assert refused.value.why == "text/x"
