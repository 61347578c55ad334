"""What of an ImageValidatingPolicy is carried over, and what is said of the rest."""

from __future__ import annotations

from dataclasses import replace

import pytest

from attest.policy.convert.model import Converted, Options
from tests.policy.test_convert import ALL, RELEASE, SIGNED, block, cel, one, whys

KEYLESS = f"    cosign: {{keyless: {{identities: [{{{RELEASE}}}]}}}}\n"
NOTARY = "    notary: {certs: {value: x}}\n"
SCOPE = "  matchImageReferences: [{glob: 'registry.example/acme/*'}]\n"


def reasons(converted: Converted) -> list[str]:
    return [item.why for item in converted.left]


@pytest.mark.parametrize(
    ("attestor", "why"),
    [
        (NOTARY, "attestors[0]: 'notary' cannot be carried over"),
        ("", "attestor 'release': only cosign's are read"),
        (KEYLESS.replace("cosign: {", "cosign: {more: x, "), "cosign: 'more' cannot be carried over"),
        ("    cosign: {}\n", "expected a key or keyless"),
        (
            KEYLESS.replace("cosign: {", "cosign: {ctlog: {url: x}, "),
            "another transparency log than the public one: give its root with --trust-root",
        ),
    ],
)
def test_who_cannot_be_said(attestor: str, why: str) -> None:
    converted = one(cel(SIGNED, attestor or "#\n"))
    assert reasons(converted) == [why, "nobody of release can be carried over"]
    assert not converted.demands


def test_an_attestor_without_a_name() -> None:
    text = cel(SIGNED).replace("  attestations:", "  - {}\n  attestations:")
    converted = one(text)
    assert reasons(converted) == ["attestor '': only cosign's are read"]
    assert converted.exists


def test_of_several_attestors_the_others_remain() -> None:
    text = cel(SIGNED.replace("[attestors.release]", "[attestors.bad, attestors.release]"), KEYLESS)
    converted = one(text.replace("  attestations:", f"  - name: bad\n{NOTARY}  attestations:"))
    assert reasons(converted) == ["attestors[1]: 'notary' cannot be carried over"]
    assert [len(demand.by) for demand in converted.demands] == [1]


def test_of_two_attestors_with_one_name_the_last_is_meant() -> None:
    converted = one(cel(SIGNED).replace("  attestations:", f"  - name: release\n{NOTARY}  attestations:"))
    assert reasons(converted) == [
        "attestors[1]: 'notary' cannot be carried over",
        "nobody of release can be carried over",
    ]


def test_where_signatures_lie_is_said_elsewhere() -> None:
    converted = one(cel(SIGNED, KEYLESS.replace("cosign: {", "cosign: {source: {repository: x}, ")))
    assert converted.exists
    assert reasons(converted) == ["where signatures lie is said with --store"]


def test_a_key_of_which_no_log_is_said_is_logged() -> None:
    text = cel(SIGNED, f"    cosign:\n      key:\n        data: {block('release', 10)}\n")
    assert reasons(one(text, Options())) == [
        "a key counts without a log entry here: --keys-without-log takes it all the same",
        "nobody of release can be carried over",
    ]
    assert one(text).exists


@pytest.mark.parametrize(
    ("validation", "why"),
    [
        ("- {message: no}", "an expression that says more than who must have signed"),
        (f"- {{expression: '{SIGNED}', more: x}}", "validations[0]: 'more' cannot be carried over"),
    ],
)
def test_a_validation_that_cannot_be_said(validation: str, why: str) -> None:
    text = f"{cel(SIGNED, KEYLESS).partition('  - expression')[0]}  {validation}\n"
    converted = one(text)
    assert (converted.name, reasons(converted), converted.demands) == ("acme", [why], ())


def test_every_image() -> None:
    text = cel(SIGNED, KEYLESS).replace(SCOPE, "")
    converted = one(text)
    assert (converted.applies_to, whys(converted)) == (
        (),
        ["in.yaml:5: every image: name those that you mean with --images"],
    )
    named = one(text, replace(ALL, images=("registry.example/**",)))
    assert (named.applies_to, named.left) == (("registry.example/**",), ())


@pytest.mark.parametrize(
    ("more", "found"),
    [
        ("  validationActions: [Deny]\n", []),
        ("  validationActions: [Deny, Audit]\n", ["its actions are not carried over: here it denies"]),
        (
            "  validationActions: [Deny]\n  matchConditions: [{name: x}]\n",
            ["it is for some resources only: here it is for all"],
        ),
        ("  more: x\n", ["spec: 'more' cannot be carried over"]),
    ],
)
def test_what_is_said_beside_the_validations(more: str, found: list[str]) -> None:
    converted = one(cel(SIGNED, KEYLESS, more))
    assert (converted.name, reasons(converted)) == ("acme", found)
    assert converted.exists is (more != "  more: x\n")


def test_without_a_spec() -> None:
    converted = one(cel(SIGNED).partition("spec:")[0])
    assert (converted.name, whys(converted)) == ("acme", ["in.yaml:1: there is no spec"])
