"""Podspecs: a file that is its own metadata."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from attest import limits
from attest.errors import PackageError
from attest.packages.files import identify
from tests.packages.build import PACKAGE_JSON, write
from tests.packages.makers import PODSPEC, podspec

UNKNOWN = "looked in JSON for name, version, summary and source (podspec)"


@pytest.mark.parametrize(
    ("data", "purl"),
    [
        (podspec(), "pkg:cocoapods/AcmeWidget%2BCore@1.0.0-beta.1"),
        (podspec(name="Acme", version="1"), "pkg:cocoapods/Acme@1"),
        (podspec(subspecs=[{"name": "Other", "version": "2"}]), "pkg:cocoapods/AcmeWidget%2BCore@1.0.0-beta.1"),
        (json.dumps(PODSPEC, indent=2).encode() + b"\n", "pkg:cocoapods/AcmeWidget%2BCore@1.0.0-beta.1"),
    ],
)
def test_a_podspec(tmp_path: Path, data: bytes, purl: str) -> None:
    found = identify(write(tmp_path, data))
    assert (str(found.purl), found.platform) == (purl, None)
    assert (found.digest.hex, found.sha256) == (hashlib.sha256(data).hexdigest(),) * 2


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"{}", UNKNOWN),
        (PACKAGE_JSON, UNKNOWN),
        (podspec(source="https://example.org/"), UNKNOWN),
        (json.dumps({"name": "a", "version": "1", "source": {}}).encode(), UNKNOWN),
        (b'{"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1}', UNKNOWN),
        (b"{", "document: not JSON"),
        (b"{}{}", "document: not JSON"),
        (podspec()[:-1] + b', "name": "Other"}', "stands twice"),
        (podspec(name=1), "document.name"),
        (podspec(version=1.0), "document.version"),
        (podspec(name="a/b"), "name or version is none"),
        (podspec(name="a b"), "name or version is none"),
        (podspec(name=".a"), "name or version is none"),
        (podspec(version="latest"), "name or version is none"),
        (b'{"a": ' + b"[" * 5000, "document: "),
        (b"{" + b" " * limits.PACKAGE_METADATA + b"}", "metadata too large"),
        (b"[" + podspec() + b"]", "it is none of JSON"),
        (b"Pod::Spec.new do |s|\n", "it is none of JSON"),
    ],
)
def test_what_is_refused(tmp_path: Path, data: bytes, why: str) -> None:
    with pytest.raises(PackageError) as caught:
        identify(write(tmp_path, data))
    assert why in str(caught.value)
