"""The JSON Schema of policies is made of the reader's tables: what it refuses, the reader refuses."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from attest.errors import PolicyError
from attest.oci.digest import Digest
from attest.policy import yaml_nodes
from attest.policy.document import compose, parse
from attest.policy.fields import Fields
from attest.policy.files import File
from attest.policy.schema import POLICY, RULE_TABLES, document
from attest.policy.shapes import Key, Listed, Named, Record, Shape, Table
from attest.policy.yaml_nodes import Entries, Items, Node, Text
from tests.policy.conftest import HEAD

VALIDATOR = jsonschema.Draft202012Validator(document())
SHIPPED = sorted((Path(__file__).parents[2] / "policies").glob("*.yaml"))
RULES = """\
builders:
  ci: {identity: builder, id: "https://ci.example/builder", slsa: 3}
rules:
  - {id: signed, require: signature, by: [release, security], threshold: 2, max_age: 30d}
  - {id: built, require: provenance, by: builder, builders: [ci], slsa: 3, source: "https://github.com/acme/app"}
  - {id: sbom, require: sbom, by: [release], minimum: ntia, includes_package: true, licenses: {deny: [MIT]}}
  - {id: scan, require: scan, by: [security], match: latest, absence: listing, deny: [critical], vex: {by: [security]}}
  - {id: scored, require: scan, by: [security], max_score: 7.5}
  - {id: summed, require: vsa, by: [security], verifier: "https://acme.example", levels: [SLSA_BUILD_LEVEL_3]}
  - {id: typed, require: attestation, by: [security], type: "https://acme.example/x"}
  - {id: none, require: deny, by: [security], type: "https://acme.example/y", absence: seal}
  - {id: revoked, require: no-revocation, by: [security], absence: listing}
  - {id: withdrawn, require: no-withdrawal, by: [security], absence: seal, reasons: [malicious]}
  - {id: compared, check: "built.source == built.source", mode: warn}
resolve: {by: [release]}
unresolved: warn
undigested: deny
waivers:
  - {rule: signed, subject: "pkg:npm/a@1", digest: "sha512:%s", reason: r, owner: o, expires: 2027-01-01}
tests:
  - {name: t, subject: "pkg:npm/a@1", digest: "sha512:%s", expect: {admitted: false, codes: [signature-missing]}}
  - {name: u, subject: "pkg:npm/a@1", digest: "sha512:%s", now: 2027-01-01, evidence: e.tar, expect: {admitted: true}}
  - name: v
    subject: pkg:npm/a@1
    digest: "sha512:%s"
    evidence: [{by: release, type: signature, time: 2026-01-01}]
    expect: {admitted: true}
""" % (("ab" * 64,) * 4)
TEXT = HEAD + RULES


def value(node: Node) -> Any:
    """As an editor's reader of YAML takes it (core schema, 10.3.2)."""
    if isinstance(node, Items):
        return [value(item) for item in node.items]
    if isinstance(node, Entries):
        return {key: value(item) for key, item in node.values.items()}
    if node.plain:
        if node.text in ("true", "false"):
            return node.text == "true"
        if node.text in ("", "null", "~"):
            return None
        if re.fullmatch(r"[-+]?[0-9]+", node.text):
            return int(node.text)
        if re.fullmatch(r"[-+]?[0-9]+\.[0-9]*", node.text):
            return float(node.text)
    return node.text


def read(text: str) -> Any:
    return value(yaml_nodes.read(text.encode(), where="p"))


def test_it_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(document())


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_what_is_shipped_fits(path: Path) -> None:
    VALIDATOR.validate(read(path.read_text(encoding="utf-8")))


def test_what_is_read_fits(keys: Path) -> None:
    parse(TEXT.encode(), where="gate.yaml", base=keys)
    VALIDATOR.validate(read(TEXT))


def _paths(item: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    for key, inner in item.items() if isinstance(item, dict) else enumerate(item) if isinstance(item, list) else ():
        yield from _paths(inner, (*path, key))


BASE = read(TEXT)
PATHS = sorted(_paths(BASE), key=str)
VALUES: list[Any] = [None, 17, 11.5, "a\nb", [], ["a", "a"], {}]


def node(value: Any, where: str = "gate.yaml:1") -> Node:
    """What the reader makes of a value that is written as JSON, which is YAML."""
    if isinstance(value, dict):
        return Entries(where, dict.fromkeys(value, where), {key: node(item) for key, item in value.items()})
    if isinstance(value, list):
        return Items(where, tuple(map(node, value)))
    return Text(where, value if isinstance(value, str) else json.dumps(value), plain=not isinstance(value, str))


def damaged(path: tuple[Any, ...], how: str, new: Any) -> Any:
    """With something else, something more or something less at ``path``."""
    whole = copy.deepcopy(BASE)
    if not path:
        return whole
    holder = whole
    for key in path[:-1]:
        holder = holder[key]
    if how == "less":
        del holder[path[-1]]
    elif how == "more" and isinstance(holder[path[-1]], dict):
        holder[path[-1]]["extra"] = new
    elif how == "more" and isinstance(holder[path[-1]], list):
        holder[path[-1]].append(new)
    else:
        holder[path[-1]] = new
    return whole


@pytest.mark.parametrize("how", ["less", "more", "other"])
def test_what_it_refuses_the_reader_refuses(keys: Path, how: str) -> None:
    """Everywhere in a policy: something else, something more, something less."""
    refused = 0
    for path in PATHS:
        for new in VALUES if how == "other" else VALUES[:1]:
            whole = damaged(path, how, new)
            if VALIDATOR.is_valid(whole):
                continue
            refused += 1
            file = File("gate.yaml", Digest.of(b""), keys, Fields(node(whole), "policy"), (), ())
            try:
                compose(file)
            except PolicyError:
                continue
            pytest.fail(f"{how} at {path}: {new!r} is read")
    assert refused > {"less": 20, "more": 50, "other": 500}[how]


def _keys(table: Table) -> Iterator[tuple[str, Key]]:
    for name, key in table.items():
        yield name, key
        yield from _below(key.shape)


def _below(shape: Shape) -> Iterator[tuple[str, Key]]:
    match shape:
        case Record(table):
            yield from _keys(table)
        case Listed(tables) | Named(tables):
            for table in tables:
                yield from _keys(table)


def test_every_key_is_explained() -> None:
    """A sentence each, for editors."""
    for name, key in _keys(POLICY):
        assert key.about.endswith("."), name


def test_every_kind_of_rule_is_in_it() -> None:
    found = {str(table["require"].shape.schema().get("const")) for table in RULE_TABLES if "require" in table}
    assert {"signature", "provenance", "sbom", "scan", "vsa", "deny", "no-revocation"} <= found
    assert len(RULE_TABLES) == len(found) + 1
