"""What of Kyverno's `verifyImages` is carried over, and what is said of the rest."""

from __future__ import annotations

import pytest

from attest.errors import PolicyError
from attest.policy.convert.model import Converted, Options
from tests.policy.test_convert import KEYLESS, attestors, entries, kyverno, one

TYPE = "https://type.example/v1"


def reasons(converted: Converted) -> list[str]:
    return [item.why for item in converted.left]


def entry(text: str, more: str = "") -> str:
    return kyverno(attestors(f"      - {more}entries:\n        - {text}\n"))


def attestation(members: str) -> str:
    """One that the key of the release must have signed."""
    signers = entries("release").replace("\n", "\n  ").rstrip(" ")
    return kyverno(f"      attestations:\n      - {members}attestors:\n  {signers}")


@pytest.mark.parametrize(
    ("kind", "formats"), [("", "[cosign]"), ("Cosign", "[cosign]"), ("SigstoreBundle", "[bundle]")]
)
def test_formats_of_signatures(kind: str, formats: str) -> None:
    converted = one(kyverno(attestors(entries("release")) + (f"      type: {kind}\n" if kind else "")))
    assert not converted.left
    ((who,),) = (demand.by for demand in converted.demands)
    assert who.terms == (("formats", formats),)


@pytest.mark.parametrize("key", ["type", "predicateType"])
def test_a_type_has_two_names(key: str) -> None:
    converted = one(attestation(f"{key}: {TYPE}\n        "))
    assert not converted.left
    assert [(demand.type, len(demand.by)) for demand in converted.demands] == [(TYPE, 1)]


@pytest.mark.parametrize("members", ["type: sbom\n        ", ""])
def test_a_type_is_a_uri(members: str) -> None:
    converted = one(attestation(members))
    assert reasons(converted) == ["an attestation without the URI of its type, or without attestors"]
    assert not converted.demands


@pytest.mark.parametrize(
    ("count", "threshold"), [("0", 2), ("1", 1), ("2", 2), ("02", 2), ("002", 2)], ids=lambda item: f"{item}"
)
def test_as_many_as_counted_and_0_is_all(count: str, threshold: int) -> None:
    converted = one(kyverno(attestors(entries("release", "other", count=f"count: {count}\n        "))))
    assert not converted.left
    assert [demand.threshold for demand in converted.demands] == [threshold]


@pytest.mark.parametrize(
    ("count", "why"),
    [
        ("3", "3 of these must sign, and 2 can be carried over"),
        ("100", "100 of these must sign, and 2 can be carried over"),
        ("0002", "a count of '0002'"),
        ("1000", "a count of '1000'"),
        ("\N{ARABIC-INDIC DIGIT ONE}", "a count of '\N{ARABIC-INDIC DIGIT ONE}'"),
        ("\N{SUPERSCRIPT ONE}", "a count of '\N{SUPERSCRIPT ONE}'"),
        ("one", "a count of 'one'"),
    ],
)
def test_counts_that_are_too_many_or_none(count: str, why: str) -> None:
    converted = one(kyverno(attestors(entries("release", "other", count=f"count: {count}\n        "))))
    assert reasons(converted) == [why]
    assert not converted.demands


@pytest.mark.parametrize(
    ("text", "whys"),
    [
        (
            entry("repository: registry.example/x"),
            [
                "where signatures lie is said with --store",
                "expected keys or keyless",
                "1 of these must sign, and 0 can be carried over",
            ],
        ),
        (kyverno("      attestors: [{entries: []}]\n"), ["0 of these must sign, and 0 can be carried over"]),
        (entry("keyless: {}", "more: x\n        "), ["attestors[0]: 'more' cannot be carried over"]),
        (
            entry("keys: {rekor: {ignoreTlog: true}}"),
            ["the key is not in the file", "1 of these must sign, and 0 can be carried over"],
        ),
        (
            entry("keys: {rekor: {ignoreTlog: true}, more: x, publicKeys: 'k8s://a/b'}"),
            ["keys: 'more' cannot be carried over", "1 of these must sign, and 0 can be carried over"],
        ),
        (
            kyverno(attestors("      - entries:\n" + KEYLESS.replace("rekor: {url", "ctlog: {url: x}, rekor: {url"))),
            [
                "another transparency log than the public one: give its root with --trust-root",
                "1 of these must sign, and 0 can be carried over",
            ],
        ),
    ],
)
def test_who_cannot_be_said(text: str, whys: list[str]) -> None:
    converted = one(text)
    assert reasons(converted) == whys
    assert not converted.demands


def test_where_signatures_lie_is_said_elsewhere() -> None:
    line = KEYLESS.replace("- keyless", "- repository: registry.example/x\n          keyless")
    converted = one(kyverno(attestors("      - entries:\n" + line)))
    assert converted.exists
    assert reasons(converted) == ["where signatures lie is said with --store"]


@pytest.mark.parametrize("rekor", ["", "            rekor: {}\n", "            rekor: {ignoreTlog: false}\n"])
def test_a_key_whose_signatures_are_logged(rekor: str) -> None:
    text = kyverno(attestors(entries("release").replace("            rekor: {ignoreTlog: true}\n", rekor)))
    assert reasons(one(text, Options())) == [
        "a key counts without a log entry here: --keys-without-log takes it all the same",
        "1 of these must sign, and 0 can be carried over",
    ]
    assert one(text).exists


def test_whether_a_log_is_ignored_is_true_or_false() -> None:
    text = kyverno(attestors(entries("release").replace("ignoreTlog: true", "ignoreTlog: maybe")))
    with pytest.raises(PolicyError, match="rekor: 'ignoreTlog': expected true or false"):
        one(text)


def test_images_are_a_list_of_texts() -> None:
    text = kyverno(attestors(entries("release")))
    with pytest.raises(PolicyError, match=r"verifyImages\[0\]: 'imageReferences': expected texts"):
        one(text.replace("['registry.example/acme/*']", "['registry.example/acme/*', {a: b}]"))
