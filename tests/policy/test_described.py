"""What an SBOM describes beside the subject is in the subject as well, for `require: dependencies`."""

from __future__ import annotations

from typing import Any

import pytest

from attest.evidence.model import Subject
from attest.oci.descriptor import EMPTY
from attest.policy.components import parts_of
from attest.statements.bom import Component, Sbom
from tests.policy.test_dependencies import artifact, purl

IMAGE = Subject(EMPTY, name="registry.example/app:1", image="registry.example/app")
SELF = Component("acme", "1.0.0", str(purl("acme")))
EVIL = Component("evil", "1.0.0", str(purl("evil")))
DEP = Component("dep", "1.0.0", str(purl("dep")))
NAMELESS = Component("acme", None, None)
APP = Component("app", None, "pkg:oci/app@sha256%3A1111?repository_url=registry.example/app")


def named(subject: Subject, *described: Component) -> list[str]:
    sbom = Sbom("SPDX", "2.3", described, (DEP,))
    return sorted(part.name for part in parts_of(sbom, subject) if part.name != str(purl("dep")))


@pytest.mark.parametrize(
    ("subject", "described", "expected"),
    [
        (artifact("acme"), [], []),
        (artifact("acme"), [SELF], []),
        (artifact("acme"), [SELF, EVIL], [str(purl("evil"))]),
        (artifact("acme"), [EVIL], [str(purl("evil"))]),
        (artifact("acme"), [NAMELESS], []),  # the one thing that it is about, by no name that could be compared
        (artifact("acme"), [SELF, NAMELESS], ["acme"]),
        (artifact("acme"), [APP], ["pkg:oci/app@sha256:1111"]),
        (IMAGE, [APP], []),
        (IMAGE, [NAMELESS], []),
        (IMAGE, [EVIL], [str(purl("evil"))]),
        (IMAGE, [APP, EVIL], [str(purl("evil")), "pkg:oci/app@sha256:1111"]),
    ],
)
def test_what_is_described(subject: Subject, described: list[Any], expected: list[str]) -> None:
    assert named(subject, *described) == expected
