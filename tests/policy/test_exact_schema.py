"""Which keys a policy has and which of them must be there, where somebody writes one by the schema."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from attest.policy import yaml_nodes
from attest.policy.document import parse
from attest.policy.schema import POLICY, document
from attest.policy.shapes import files_of
from tests.policy.test_schema import TEXT

MORE = """\
  - {id: parts, require: dependencies, by: [release], policy: parts.yaml}
  - {id: said, require: vex, by: [security]}
  - {id: same, require: no-downgrade, by: publisher, same: [signer]}
resolve:"""


@pytest.fixture(autouse=True)
def _read(keys: Path) -> None:
    """A policy with everything in it, by the same tables, of which the schema is made each time."""
    assert document() == WHOLE
    parse(TEXT.replace("resolve:", MORE).encode(), where="gate.yaml", base=keys)


RULED = """\
identities: {release: {key: release.pub}}
rules:
  - {id: parts, require: dependencies, by: [release], policy: parts.yaml}
"""
WANTED = "threshold match absence max_age"
RULES = {
    "signature": ("", WANTED),
    "provenance": ("", f"{WANTED} builders slsa source workflow ref build_type parameters"),
    "sbom": ("", f"{WANTED} minimum includes_package min_components licenses"),
    "dependencies": ("policy", WANTED),
    "scan": ("", f"{WANTED} deny max_score vex"),
    "vex": ("", WANTED),
    "vsa": ("verifier", f"{WANTED} resource policy levels"),
    "attestation": ("type", WANTED),
    "deny": ("type", "absence"),
    "no-downgrade": ("", "match absence same"),
    "no-revocation": ("", "absence"),
    "no-withdrawal": ("", "absence reasons"),
}
"""By what is required: what must stand there beside `id` and `by`, and what may."""
LIMITS = "for until formats"
IDENTITIES = {
    "key": ("", LIMITS),
    "x509": ("ca", f"tsa {LIMITS}"),
    "notation": ("", f"scope {LIMITS}"),
    "issuer": ("subject", f"claims {LIMITS}"),
}
PLACES = {
    "": (
        "version name",
        "extends applies_to trust identities builders rules resolve unresolved undigested waivers tests",
    ),
    "builders": ("identity id", "slsa"),
    "resolve": ("by", "absence"),
    "waivers": ("rule subject digest reason owner expires", ""),
    "tests": ("name subject digest expect", "evidence now"),
    "tests evidence": ("by type", "predicate time"),
    "tests expect": ("admitted", "codes"),
    "rules licenses": ("", "allow deny"),
    "rules vex": ("by", ""),
    "rules check": ("id check", "mode"),
}


def keys(table: dict[str, Any]) -> tuple[set[str], set[str]]:
    """Those that must be there, and those that may."""
    required = set(table["required"])
    return required, table["properties"].keys() - required


def words(pair: tuple[str, str]) -> tuple[set[str], set[str]]:
    return set(pair[0].split()), set(pair[1].split())


def mappings(shape: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Those that may stand where ``shape`` is wanted, alone or in a list or by names."""
    if "properties" in shape:
        yield shape
    for inner in (*shape.get("anyOf", ()), shape.get("items"), shape.get("additionalProperties")):
        if inner:
            yield from mappings(inner)


WHOLE = document()
TABLES = list(mappings(WHOLE["properties"]["rules"]))
BY_KIND = {table["properties"]["require"]["const"]: table for table in TABLES if "require" in table["properties"]}


def test_there_are_no_others() -> None:
    assert list(BY_KIND) == list(RULES)
    assert len(TABLES) == len(RULES) + 1
    assert len(list(mappings(WHOLE["properties"]["identities"]))) == len(IDENTITIES)
    assert [keys(table) for table in mappings(WHOLE["properties"]["trust"])] == [
        ({"root"}, {"root_max_age", "log", "timestamp"}),
        ({"keys_only"}, set()),
    ]


@pytest.mark.parametrize("kind", RULES)
def test_keys_of_a_rule(kind: str) -> None:
    required, optional = words(RULES[kind])
    assert keys(BY_KIND[kind]) == ({"id", "require", "by"} | required, {"mode"} | optional)


@pytest.mark.parametrize("kind", IDENTITIES)
def test_keys_of_an_identity(kind: str) -> None:
    required, optional = words(IDENTITIES[kind])
    (table,) = (item for item in mappings(WHOLE["properties"]["identities"]) if kind in item["properties"])
    assert keys(table) == ({kind} | required, optional)


def at(place: str) -> dict[str, Any]:
    """The mapping at the keys in ``place``; of several the one that has the next of them."""
    found = WHOLE
    for name in place.split():
        inside = list(mappings(found["properties"][name]))
        following = [item for item in inside if place.split()[-1] in item["properties"]] or inside
        found = following[0]
    return found


@pytest.mark.parametrize("place", PLACES)
def test_keys_elsewhere(place: str) -> None:
    assert keys(at(place) if place != "rules check" else TABLES[-1]) == words(PLACES[place])


@pytest.mark.parametrize(
    ("shape", "minimum", "maximum"),
    [
        (WHOLE["properties"]["version"], 1, 1),
        (at("builders")["properties"]["slsa"], 1, 4),
        (BY_KIND["provenance"]["properties"]["slsa"], 1, 4),
        (BY_KIND["signature"]["properties"]["threshold"], 1, 1000),
        (BY_KIND["sbom"]["properties"]["min_components"], 1, 1_000_000),
        (BY_KIND["scan"]["properties"]["max_score"], 0, 10),
        (next(mappings(WHOLE["properties"]["trust"]))["properties"]["log"], 0, 16),
        (next(mappings(WHOLE["properties"]["trust"]))["properties"]["timestamp"], 1, 16),
    ],
)
def test_numbers_have_bounds(shape: dict[str, Any], minimum: int, maximum: int) -> None:
    assert (shape["minimum"], shape["maximum"]) == (minimum, maximum)


@pytest.mark.parametrize(
    ("shape", "known"),
    [
        (BY_KIND["signature"]["properties"]["mode"], "enforce warn audit"),
        (BY_KIND["signature"]["properties"]["match"], "any all latest"),
        (BY_KIND["signature"]["properties"]["absence"], "listing seal"),
        (BY_KIND["sbom"]["properties"]["minimum"], "ntia"),
        (BY_KIND["scan"]["properties"]["deny"]["items"], "low medium high critical"),
        (BY_KIND["no-downgrade"]["properties"]["same"]["items"], "signer builder source"),
        (BY_KIND["no-withdrawal"]["properties"]["reasons"]["items"], "yanked malicious superseded"),
        (WHOLE["properties"]["unresolved"], "deny warn"),
        (WHOLE["properties"]["undigested"], "deny warn"),
    ],
)
def test_what_may_be_chosen(shape: dict[str, Any], known: str) -> None:
    assert shape["enum"] == known.split()


def both(shape: dict[str, Any]) -> bool:
    """Whether one may stand there without a list."""
    return {item["type"] for item in shape.get("anyOf", ())} == {"string", "array"}


def test_one_name_needs_no_list() -> None:
    for table in BY_KIND.values():
        assert both(table["properties"]["by"])
    assert both(WHOLE["properties"]["extends"])
    assert both(at("resolve")["properties"]["by"])
    (x509,) = (item for item in mappings(WHOLE["properties"]["identities"]) if "x509" in item["properties"])
    assert both(x509["properties"]["ca"])
    assert both(x509["properties"]["tsa"])
    assert both(at("rules vex")["properties"]["by"])
    assert not both(WHOLE["properties"]["applies_to"])


def shapes(shape: Any) -> Iterator[dict[str, Any]]:
    """Every shape within."""
    if isinstance(shape, dict):
        yield shape
        for inner in shape.values():
            yield from shapes(inner)
    elif isinstance(shape, list):
        for inner in shape:
            yield from shapes(inner)


def test_nothing_else_is_taken() -> None:
    found = [item for item in shapes(WHOLE) if isinstance(item.get("properties"), dict) and "required" in item]
    assert all(item["additionalProperties"] is False and item["type"] == "object" for item in found)
    lists = [item for item in shapes(WHOLE) if item.get("type") == "array"]
    assert all(item["minItems"] == 1 for item in lists)
    assert all(item["uniqueItems"] is True for item in lists if item["items"].get("type") == "string")


def test_examples_are_for_editors() -> None:
    shown = [item["examples"] for item in shapes(WHOLE) if isinstance(item.get("examples"), list)]
    assert ["pkg:npm/@acme/*", "pkg:pypi/**", "registry.example/acme/*"] in shown
    assert ["public-good", "staging"] in shown
    assert ["30d", "12h"] in shown
    assert all(shown)
    assert "examples" not in WHOLE["properties"]["name"]
    assert "examples" not in BY_KIND["dependencies"]["properties"]["policy"]


def test_what_may_be_several_may_be_one() -> None:
    for table, name in ((WHOLE, "extends"), (at("resolve"), "by"), (BY_KIND["signature"], "by")):
        one, several = table["properties"][name]["anyOf"]
        assert (one["type"], several["type"], several["items"]) == ("string", "array", one)
    assert "anyOf" not in WHOLE["properties"]["applies_to"]


def test_which_dialect_it_is_in() -> None:
    assert WHOLE["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert (WHOLE["title"], WHOLE["type"]) == ("A policy of attest", "object")


def test_which_files_are_policies(keys: Path) -> None:
    text = f"extends: [base.yaml, parts]\ntrust: {{root: root.json}}\n{RULED}"
    found = files_of(yaml_nodes.read(text.encode(), where="p"), POLICY)
    assert [(item.text, shape.policy) for item, shape in found] == [
        ("base.yaml", True),
        ("parts", True),
        ("root.json", False),
        ("release.pub", False),
        ("parts.yaml", True),
    ]
