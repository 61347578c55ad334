"""Which engine a document is of, and how what became of it is written."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from attest import limits
from attest.errors import PolicyError
from attest.policy.convert.convert import convert
from attest.policy.convert.model import Converted, Demand, Left, NotCarried, Options, Who, file_stem, write
from tests.policy.test_convert import ALL, cip, key_authority, one, read, whys

CIP = cip(key_authority())
BAD = cip("  - static: {action: pass}\n")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("apiVersion: v1\nkind: Pod\n", "v1 Pod"),
        ("apiVersion: kyverno.io/v1\nkind: ClusterImagePolicy\n", "kyverno.io ClusterImagePolicy"),
        ("kind: ClusterImagePolicy\n", " ClusterImagePolicy"),
    ],
)
def test_policies_of_other_engines(text: str, why: str) -> None:
    with pytest.raises(PolicyError, match="not a policy of a known engine") as caught:
        read(text)
    assert caught.value.why is not None
    assert caught.value.why.partition(";")[0] == why


@pytest.mark.parametrize("text", ["[]", "a", "[apiVersion]"])
def test_what_has_no_keys(text: str) -> None:
    with pytest.raises(PolicyError, match="not a policy of a known engine"):
        read(text)


def test_documents_without_anything_are_passed_over() -> None:
    assert [item.name for item in read(f"---\n\n---\n \t\n# nothing\n---\n{CIP}---\n# end")] == ["acme"]


def test_lines_are_counted_from_the_first_one() -> None:
    text = f"\n{CIP}---\n{BAD}"
    (found,) = whys(read(text)[1])
    assert found.partition(": ")[0] == f"in.yaml:{text[: text.index('static')].count(chr(10)) + 1}"


def test_a_file_has_a_limit() -> None:
    whole = f"{CIP}#".ljust(limits.POLICY, "x")
    assert one(whole).exists
    with pytest.raises(PolicyError, match=f"^in.yaml: {limits.POLICY + 1} bytes") as caught:
        one(f"{whole}x")
    assert caught.value.why == f"more than the limit of {limits.POLICY}"


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("acme", "acme"),
        ("../a b", "a-b"),
        ("///", "policy"),
        ("", "policy"),
        ("x" * 60, "x" * 60),
        ("x" * 61, "x" * 60),
    ],
)
def test_names_of_files(name: str, stem: str) -> None:
    assert file_stem(name) == stem


def test_what_is_written() -> None:
    """No word of the other policy begins a line of this one."""
    who, other = Who((("issuer", '"i"'), ("subject", '"s"'))), Who((("formats", "[cosign]"),), b"PEM")
    left = Left("in.yaml:1\n", "odd\nversion: 2\N{RIGHT-TO-LEFT OVERRIDE}")
    found = Converted("acme", ("a", "b"), (Demand((who,)), Demand((who, other), 2, "t")), (left,))
    files = write(found, Options(), "in\nversion: 3")
    assert files["acme-signer-2.pub"] == b"PEM"
    assert files["acme.yaml"].decode().splitlines() == [
        "# Converted from in?version: 3 by attest policy convert.",
        "# Left out: in.yaml:1?: odd?version: 2?",
        "version: 1",
        'name: "acme"',
        'applies_to: ["a", "b"]',
        'trust: {root: "public-good"}',
        "identities:",
        '  signer-1: {issuer: "i", subject: "s"}',
        '  signer-2: {key: "acme-signer-2.pub", formats: [cosign]}',
        "rules:",
        "  - {id: rule-1, require: signature, by: [signer-1]}",
        '  - {id: rule-2, require: attestation, type: "t", by: [signer-1, signer-2], threshold: 2}',
    ]


def test_one_of_whom_it_names_is_enough_where_nothing_else_is_said() -> None:
    assert [demand.threshold for demand in one(CIP).demands] == [1]


def test_what_is_not_carried_is_told_by_its_reason() -> None:
    assert str(NotCarried("in.yaml:1", "odd")) == "odd"


def notation(folder: Path, *scopes: str, options: Options = ALL) -> Converted:
    path = folder / "trustpolicy.json"
    trusted = {"trustStores": ["ca:acme"], "trustedIdentities": ["*"]}
    statement = {"name": "acme", "registryScopes": scopes, "signatureVerification": {"level": "strict"}, **trusted}
    path.write_text(json.dumps({"version": "1.0", "trustPolicies": [statement]}))
    (found,) = convert(
        path.read_bytes(), where="in.json/trustpolicy.json", directory=folder, beside=".", options=options
    )
    return found


def test_a_statement_of_notation_is_named_by_its_first_scope(tmp_path: Path) -> None:
    found = notation(tmp_path, "registry.example/b", "registry.example/a")
    assert (found.applies_to, found.left) == (("registry.example/b", "registry.example/a"), ())
    assert [demand.by for demand in found.demands] == [(Who((("notation", '"."'), ("scope", '"registry.example/b"'))),)]
    assert b"\ntrust: {keys_only: true}\n" in write(found, ALL, "in.json")["acme.yaml"]


def test_a_statement_of_notation_for_every_image(tmp_path: Path) -> None:
    found = notation(tmp_path, "*")
    assert (found.applies_to, whys(found)) == (
        (),
        ["in.json/trustpolicy.json: acme: every image: name those that you mean with --images"],
    )
    named = notation(tmp_path, "*", options=Options(images=("registry.example/**",)))
    assert (named.applies_to, named.left) == (("registry.example/**",), ())
