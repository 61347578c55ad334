"""What of a ClusterImagePolicy is carried over, authority by authority, and what is said of the others."""

from __future__ import annotations

from dataclasses import replace

import pytest

from attest import names
from attest.policy.convert.model import Converted, Options
from tests.evidence_factory import GITHUB
from tests.policy.test_convert import ALL, RELEASE, TAGGED, cip, key_authority, keyless, one, public, whys

ROOT = replace(ALL, root="root.json")
STAMPED = "    rfc3161timestamp: {trustRootRef: x}\n"


def wanting(name: str, *kinds: str) -> str:
    listed = ", ".join(f"{{name: {kind}, predicateType: {kind!r}}}" for kind in kinds)
    return f"{key_authority(name)}    attestations: [{listed}]\n"


def reasons(converted: Converted) -> list[str]:
    return [item.why for item in converted.left]


@pytest.mark.parametrize(
    ("written", "type_"),
    {
        "slsaprovenance": names.PREDICATE_SLSA_V02,
        "slsaprovenance02": names.PREDICATE_SLSA_V02,
        "slsaprovenance1": names.PREDICATE_SLSA_V1,
        "link": names.PREDICATE_LINK,
        "spdx": names.PREDICATE_SPDX,
        "spdxjson": names.PREDICATE_SPDX,
        "cyclonedx": names.PREDICATE_CYCLONEDX,
        "vuln": names.PREDICATE_COSIGN_VULN,
        "openvex": names.PREDICATE_OPENVEX,
        "custom": names.PREDICATE_COSIGN_CUSTOM,
        "https://type.example/v1": "https://type.example/v1",
    }.items(),
)
def test_types_have_the_names_that_cosign_gives_them(written: str, type_: str) -> None:
    converted = one(cip(wanting("release", written)))
    assert [demand.type for demand in converted.demands] == [type_]
    assert not converted.left


@pytest.mark.parametrize(
    ("written", "formats"),
    [("", "[cosign]"), ("    signatureFormat: legacy\n", "[cosign]"), ("    signatureFormat: bundle\n", "[bundle]")],
)
def test_formats_of_signatures(written: str, formats: str) -> None:
    ((who,),) = (demand.by for demand in one(cip(key_authority() + written)).demands)
    assert who.terms == (("formats", formats),)


@pytest.mark.parametrize(
    ("authority", "why"),
    [
        (key_authority() + "    signatureFormat: odd\n", "release: format 'odd' is not known"),
        ("  - name: a\n", "a: expected a key or keyless"),
        (keyless(RELEASE) + f"    key: {{data: '{public()}'}}\n", "authority-0: expected a key or keyless"),
        (
            keyless(RELEASE).replace("      url: https://fulcio.sigstore.dev\n", "      more: x\n"),
            "keyless: 'more' cannot be carried over",
        ),
        (
            key_authority() + "    attestations: [{name: a, predicateType: vuln, more: x}]\n",
            "attestations[0]: 'more' cannot be carried over",
        ),
        (key_authority() + "    attestations: [{name: a}]\n", "release: predicate type '' is not known"),
        ("  - {name: a, ctlog: {}, key: {hashAlgorithm: sha256}}\n", "the key is not in the file"),
        ("  - {name: a, ctlog: {}, key: {data: ''}}\n", "expected public keys in PEM"),
        (key_authority() + "        and more\n", "expected public keys in PEM"),
        (keyless().replace("identities:\n", "identities: []\n"), "nobody is left whom it names"),
        (keyless(RELEASE) + "    ctlog: {more: x}\n", "ctlog: 'more' cannot be carried over"),
    ],
)
def test_an_authority_that_cannot_be_said(authority: str, why: str) -> None:
    converted = one(cip(authority))
    assert reasons(converted) == [why]
    assert (converted.applies_to, converted.demands) == (("registry.example/acme/**",), ())


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ("  policy: {type: cue, data: 'x: 1'}\n", "in.yaml:8: spec: 'policy' cannot be carried over"),
        ("  match: [{version: v1}]\n", "in.yaml:8: it is for some resources only: here it is for all"),
    ],
)
def test_what_is_said_of_all_authorities(more: str, why: str) -> None:
    assert whys(one(cip(key_authority(), more=more))) == [why]


def test_without_a_spec() -> None:
    assert whys(one(cip("").partition("spec:")[0])) == ["in.yaml:1: there is no spec"]


@pytest.mark.parametrize("more", ["      ca-cert: {data: x}\n", "      trustRootRef: x\n"])
def test_another_fulcio_wants_a_root(more: str) -> None:
    text = cip(keyless(RELEASE, more=more))
    assert reasons(one(text)) == ["authority-0: another Fulcio than the public one: give its root with --trust-root"]
    assert not one(text, ROOT).left


@pytest.mark.parametrize("log", ["{trustRootRef: x}", "{url: 'https://rekor.example'}"])
def test_another_log_wants_a_root(log: str) -> None:
    text = cip(keyless(RELEASE, more=f"    ctlog: {log}\n"))
    assert reasons(one(text)) == ["another transparency log than the public one: give its root with --trust-root"]
    assert not one(text, ROOT).left


def test_another_timestamp_authority_wants_a_root() -> None:
    text = cip(keyless(RELEASE, more=STAMPED))
    assert reasons(one(text)) == ["authority-0: a timestamp authority of its own: give its root with --trust-root"]
    assert not one(text, ROOT).left


@pytest.mark.parametrize("log", ["{}", "{url: 'https://rekor.sigstore.dev/'}", "{insecureIgnoreSCT: true}"])
@pytest.mark.parametrize("url", ["      url: https://fulcio.sigstore.dev/\n", ""])
def test_the_public_services_need_no_root(log: str, url: str) -> None:
    text = cip(keyless(RELEASE, more=f"    ctlog: {log}\n"))
    converted = one(text.replace("      url: https://fulcio.sigstore.dev\n", url), Options())
    assert not converted.left
    ((who,),) = (demand.by for demand in converted.demands)
    assert who.terms == (("issuer", f'"{GITHUB}"'), ("subject", f'"{TAGGED}"'), ("formats", "[cosign]"))


@pytest.mark.parametrize(
    "authority", [key_authority() + STAMPED, key_authority(log="{url: 'https://rekor.sigstore.dev'}")]
)
def test_a_key_whose_signatures_are_timed_counts_without_where_that_is_wanted(authority: str) -> None:
    without = one(cip(authority), replace(ROOT, without_log=False))
    assert reasons(without) == ["a key counts without a log entry here: --keys-without-log takes it all the same"]
    assert not without.demands
    converted = one(cip(authority), ROOT)
    assert not converted.left
    assert [demand.threshold for demand in converted.demands] == [1]


def test_of_authorities_that_want_different_things_the_first_remains() -> None:
    converted = one(cip(wanting("release", "spdx") + wanting("third", "spdx") + wanting("other", "vuln")))
    assert reasons(converted) == ["other: it wants something else than the others, and one would be enough"]
    (demand,) = converted.demands
    assert (demand.type, len(demand.by)) == (names.PREDICATE_SPDX, 2)
