"""Digests by the grammar of the image-spec (descriptor.md, "Digests")."""

from __future__ import annotations

import hashlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attest.errors import DigestMismatch, FormatError
from attest.oci.digest import Digest

SPEC = re.compile(r"[a-z0-9]+([+._-][a-z0-9]+)*:[a-zA-Z0-9=_-]+")
REGISTERED = {"sha256": re.compile("[a-f0-9]{64}"), "sha512": re.compile("[a-f0-9]{128}")}
TEXTS = (
    st.from_regex(SPEC, fullmatch=True)
    | st.from_regex(r"sha(256|512):[a-f0-9A-F]{62,66}", fullmatch=True)
    | st.from_regex(r"sha512:[a-f0-9]{128}", fullmatch=True)
    | st.text("ab1:+._-=A\n ", max_size=12)
    | st.text(max_size=12)
)


@given(TEXTS)
def test_the_grammar_is_that_of_the_specification(text: str) -> None:
    algorithm, _, encoded = text.partition(":")
    legal = SPEC.fullmatch(text) is not None
    if algorithm in REGISTERED:
        legal = legal and REGISTERED[algorithm].fullmatch(encoded) is not None
    if legal:
        assert str(Digest.parse(text)) == text
        assert Digest.parse(text) == Digest(algorithm, encoded)
    else:
        with pytest.raises(FormatError):
            Digest.parse(text)


@given(st.binary(), st.binary(), st.sampled_from(["sha256", "sha512"]))
def test_content_is_checked(data: bytes, other: bytes, algorithm: str) -> None:
    digest = Digest.of(data, algorithm)
    assert str(digest) == f"{algorithm}:{hashlib.new(algorithm, data).hexdigest()}"
    digest.check(data)
    if other != data:
        with pytest.raises(DigestMismatch, match="content does not match its digest"):
            digest.check(other)


def test_an_unknown_algorithm_is_carried_and_never_computed() -> None:
    digest = Digest.parse("multihash+base58:QmRZxt2b1FVZPNqd8hsiykDL3TdBDeTSPX9Kv46HmX4Gx8")
    for action in (lambda: digest.check(b""), lambda: Digest.of(b"", "md5")):
        with pytest.raises(FormatError, match="cannot compute"):
            action()
