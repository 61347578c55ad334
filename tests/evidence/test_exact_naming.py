"""Which package a statement names, and what names none."""

from __future__ import annotations

from typing import Any

import pytest

from attest import names
from attest.evidence.naming import by_predicate, by_subject
from attest.statements.statement import Statement


@pytest.mark.parametrize(
    ("name", "type", "found"),
    [
        (None, "npm", []),
        ("", "npm", []),
        ("pkg:npm/left-pad@1.3.0", "npm", ["pkg:npm/left-pad@1.3.0"]),
        ("pkg:npm/left-pad@1.3.0?arch=x", "pypi", ["pkg:npm/left-pad@1.3.0"]),
        ("pkg:npm/left-pad", "npm", []),
        ("pkg:nothing", "npm", []),
        ("left_pad-1.3.0.tar.gz", "pypi", ["pkg:pypi/left-pad@1.3.0"]),
        ("left-pad", "pypi", []),
    ],
)
def test_by_a_subject(name: str | None, type: str, found: list[str]) -> None:
    assert [str(purl) for purl in by_subject(name, type)] == found


def said(predicate: Any, predicate_type: str = "https://x.example/v1") -> list[str]:
    return [
        str(purl) for purl in by_predicate(Statement(b"", names.STATEMENT_V1, predicate_type, (), predicate), "npm")
    ]


@pytest.mark.parametrize(
    ("predicate", "found"),
    [
        (None, []),
        ({}, []),
        ({"purl": "pkg:npm/a@1.0.0"}, ["pkg:npm/a@1.0.0"]),
        ({"purl": "pkg:npm/a@1.0.0", "name": "b", "version": "2.0.0"}, ["pkg:npm/a@1.0.0"]),
        ({"purl": "pkg:cargo/a@1.0.0", "name": "b", "version": "2.0.0"}, []),
        ({"purl": "no purl", "name": "b", "version": "2.0.0"}, []),
        ({"purl": 1, "name": "b", "version": "2.0.0"}, ["pkg:npm/b@2.0.0"]),
        ({"name": "@acme/b", "version": "2.0.0"}, ["pkg:npm/%40acme/b@2.0.0"]),
        ({"name": "acme/b", "version": "2.0.0"}, []),
        ({"name": "b"}, []),
        ({"name": "b", "version": None}, []),
        ({"name": "b", "version": 2}, []),
        ({"name": 1, "version": "2.0.0"}, []),
        ({"version": "2.0.0"}, []),
    ],
)
def test_by_a_predicate(predicate: Any, found: list[str]) -> None:
    assert said(predicate) == found


def test_by_an_sbom() -> None:
    component = {"type": "library", "name": "a", "version": "1.0.0", "purl": "pkg:npm/a@1.0.0"}
    document = {"bomFormat": "CycloneDX", "specVersion": "1.6", "metadata": {"component": component}}
    assert said(document, names.PREDICATE_CYCLONEDX) == ["pkg:npm/a@1.0.0"]
    for broken in ({**document, "components": 5}, {**document, "metadata": 5}, {"purl": "pkg:npm/a@1.0.0"}):
        assert said(broken, names.PREDICATE_CYCLONEDX) == []
