"""What may be waived: one artifact by its digest, named as everybody names it, and where it says that it may not."""

from __future__ import annotations

from dataclasses import fields

import pytest

from attest.errors import PolicyError, UsageError
from attest.policy.shapes import schema
from attest.policy.waivers import WAIVER, parse_subject
from tests.policy.conftest import Read
from tests.policy.test_waivers import text, waiver

IMAGE = "registry.example/acme/app"
AT_DIGEST = f"{IMAGE}@sha256:{'0' * 64}"
IT = "expected a purl with its version, or HOST/REPO of an image"


@pytest.mark.parametrize(
    ("written", "subject"),
    [
        ("pkg:npm/left-pad@1.3.0", "pkg:npm/left-pad@1.3.0"),
        ("pkg:NPM/%40acme/x@1", "pkg:npm/%40acme/x@1"),
        (IMAGE, IMAGE),
        ("Registry.Example/acme/app", IMAGE),
        ("docker.io/alpine", "docker.io/library/alpine"),
        ("index.docker.io/acme/app", "docker.io/acme/app"),
        ("localhost:5000/app", "localhost:5000/app"),
    ],
)
def test_subjects(written: str, subject: str) -> None:
    assert parse_subject(written) == subject


@pytest.mark.parametrize(
    ("written", "what", "why"),
    [
        ("pkg:npm/*@1", "not a subject: 'pkg:npm/*@1'", "it names one artifact and is no pattern"),
        ("left-pad", "not a subject: 'left-pad'", IT),
        ("acme/app", "not a subject: 'acme/app'", IT),
        (f"{IMAGE}:v1", f"not a subject: '{IMAGE}:v1'", f"{IT}; 'digest' says which"),
        (AT_DIGEST, f"not a subject: {AT_DIGEST[:80]!r}", f"{IT}; 'digest' says which"),
        (f"{IMAGE}@latest", "not a digest: 'latest'", "expected ALGORITHM:HEX, such as sha256:…"),
        ("registry.example/Acme", "not a repository name: 'Acme'", "see distribution-spec <name>"),
    ],
)
def test_what_is_none(read: Read, written: str, what: str, why: str) -> None:
    with pytest.raises(UsageError) as none:
        parse_subject(written)
    assert (none.value.what, none.value.why) == (what, why)
    with pytest.raises(PolicyError) as refused:
        read(text(waiver(subject=written)))
    assert (refused.value.what, refused.value.why) == (f"waiver 1: 'subject': {what}", why)
    assert str(refused.value.where).startswith("gate.yaml:1")


def test_what_a_waiver_has_to_say(read: Read) -> None:
    (found,) = read(text(waiver())).waivers
    assert set(schema(WAIVER)["required"]) == set(WAIVER) == {field.name for field in fields(found)}
