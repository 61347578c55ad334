"""Which policies look into `attest.lock`, what stands there for what, and where it is wrong."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from attest import limits
from attest.errors import PolicyError
from attest.evidence.model import Subject
from attest.oci.descriptor import EMPTY
from attest.policy import yaml_nodes
from attest.policy.fields import Fields
from attest.policy.publisher_lock import (
    FILE,
    Admitted,
    Pinned,
    PinnedIdentity,
    PublisherLock,
    beside,
    load,
    package_of,
    parse,
    write,
)
from attest.policy.publishers import KeyPublisher
from tests.evidence_factory import SUBJECT, key
from tests.policy.test_publisher_lock import X509

KEY = KeyPublisher(key("release").public)
LOCK = PublisherLock.of({"pkg:npm/left-pad": Pinned(KEY)})


@pytest.mark.parametrize(
    ("text", "looks"),
    [
        ("rules: [{by: publisher}]", True),
        ("rules: [{by: release}]", False),
        ("rules: [{by: [release, publisher]}]", True),
        ("rules: [{by: [publisher, release]}]", True),
        ("rules: [{by: [release, security]}]", False),
        ("rules: [{by: []}]", False),
        ("rules: [{by: [[publisher]]}]", False),
        ("rules: [{by: [{publisher: x}, publisher]}]", True),
        ("rules: [{by: {x: publisher}}]", False),
        ("rules: [{by: release}, {by: publisher}]", True),
        ("rules: [{id: publisher, by: release}]", False),
        ("rules: [{id: x, by: publisher, require: signature}]", True),
        ("rules: [{require: no-downgrade, by: release}]", True),
        ("rules: [{require: signature, id: no-downgrade}]", False),
        ("rules: [{require: publisher}]", False),
        ("rules: [{by: no-downgrade}]", False),
        ("rules: [{by: release, vex: {by: publisher}}]", True),
        ("rules: [{by: release, vex: {by: security}, x: {y: z}}]", False),
        ("rules: [publisher, by]", False),
        ("rules: publisher", False),
        ("builders: {ci: {id: x, identity: publisher}}", True),
        ("builders: {ci: {id: publisher, identity: ci}}", False),
        ("builders: {ci: {identity: ci}, more: {identity: publisher}}", True),
        ("resolve: {by: publisher}", True),
        ("resolve: {by: [release], absence: listing}", False),
        ("rules: [{by: release}]\nresolve: {by: publisher}", True),
        ("identities: {x: {by: publisher}}", False),
        ("name: publisher", False),
    ],
)
def test_who_looks_into_it(tmp_path: Path, text: str, looks: bool) -> None:
    fields = Fields(yaml_nodes.read(text.encode(), where="p"), "policy")
    if looks:
        with pytest.raises(PolicyError) as missing:
            beside(fields, tmp_path)
        assert (missing.value.what, missing.value.where) == ("cannot read who publishes what", f"{tmp_path}/{FILE}")
        assert missing.value.next_step == f"make it with attest policy learn SUBJECT… --output {tmp_path}/{FILE}"
    (tmp_path / FILE).write_bytes(write(LOCK.packages))
    found = beside(fields, tmp_path)
    assert (None if found is None else found.digest) == (LOCK.digest if looks else None)


def test_what_stands_there_for_what() -> None:
    assert package_of(SUBJECT) == "pkg:npm/left-pad"
    assert package_of(Subject(EMPTY, image="registry.example/a")) == "registry.example/a"
    assert package_of(Subject(EMPTY, name="x")) is None
    assert LOCK.find(SUBJECT) == Pinned(KEY)
    assert LOCK.find(Subject(EMPTY)) is None
    nobody = PinnedIdentity("publisher", LOCK)
    assert (nobody.principal, nobody.about(SUBJECT)) == ("any:publisher", KEY.identity)


def test_two_of_the_same_are_one() -> None:
    lines = {"1": Admitted("1.3.0", "key:sha256:ab")}
    assert len({Pinned(KEY, lines), Pinned(KEY, dict(lines)), Pinned(KEY)}) == 2
    assert len({LOCK, PublisherLock.of(dict(LOCK.packages)), PublisherLock.of({})}) == 2


def test_nothing_is_written_that_is_not_there() -> None:
    lines = {"2": Admitted("2.0", "b", None, "s"), "1": Admitted("1.3.0", "a", "c")}
    assert json.loads(write({"pkg:npm/b": Pinned(KEY, lines), "pkg:npm/a": Pinned(KEY)})) == {
        "version": 1,
        "packages": {
            "pkg:npm/a": {"publisher": dict(KEY.fields)},
            "pkg:npm/b": {
                "publisher": dict(KEY.fields),
                "lines": {
                    "1": {"version": "1.3.0", "signer": "a", "builder": "c"},
                    "2": {"version": "2.0", "signer": "b", "source": "s"},
                },
            },
        },
    }


def refused(content: Mapping[str, Any]) -> tuple[str | None, str, str | None]:
    with pytest.raises(PolicyError) as caught:
        parse(json.dumps({"version": 1, **content}).encode(), where="lock")
    return caught.value.where, caught.value.what, caught.value.why


PUBLISHER = {"publisher": dict(KEY.fields)}


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("a@1", "a package stands without version, and without '*'"),
        ("pkg:npm/a@1", "a package stands without version, and without '*'"),
        ("pkg:npm/@a/b@1", "a package stands without version, and without '*'"),
        ("pkg:npm/a*", "a package stands without version, and without '*'"),
        ("a", "not a package: 'a'"),
        ("", "not a package: ''"),
        ("pkg:npm/@a", "not a package: 'pkg:npm/@a'"),
        ("pkg:npm/@a/b", None),
        ("registry.example/a/b", None),
    ],
)
def test_names(name: str, what: str | None) -> None:
    content = {"packages": {name: PUBLISHER}}
    if what is None:
        assert list(parse(json.dumps({"version": 1, **content}).encode(), where="lock").packages) == [name]
    else:
        assert refused(content)[:2] == (f"lock.packages.{name}", what)


@pytest.mark.parametrize(
    ("entry", "where", "what", "why"),
    [
        ({**PUBLISHER, "note": "x"}, "", "unknown key 'note'", "known: publisher, lines"),
        ({}, ".publisher", "expected an object", "it is missing"),
        ({"publisher": {}}, ".publisher", "not a publisher", "expected one of key, workflow, subject, x509"),
        (
            {**PUBLISHER, "lines": {"1": {"version": "2.0", "signer": "a"}}},
            ".lines.1",
            "version 2.0 is not of the release line '1'",
            "it is of '2'",
        ),
        ({**PUBLISHER, "lines": {"1": {"version": "1.0", "signer": ""}}}, ".lines.1", "an empty value", None),
    ],
)
def test_entries(entry: Mapping[str, Any], where: str, what: str, why: str | None) -> None:
    assert refused({"packages": {"pkg:npm/a": entry}}) == (f"lock.packages.pkg:npm/a{where}", what, why)


def test_roots_are_strict_base64() -> None:
    digest, text = X509.root, base64.b64encode(X509.certificate).decode()
    parse(json.dumps({"version": 1, "roots": {digest: text}, "packages": {}}).encode(), where="lock")
    for bad in (f"{text[:9]}\n{text[9:]}", f"{text[:9]}-{text[9:]}", text[:-4]):
        assert refused({"roots": {digest: bad}, "packages": {}})[:2] == (
            f"lock.roots.{digest}",
            "not the certificate with this digest",
        )


def test_no_more_is_read_than_tells_that_it_is_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / FILE).write_bytes(write({}) + b" " * 100)
    monkeypatch.setattr(limits, "PUBLISHERS", 60)
    with pytest.raises(PolicyError) as caught:
        load(tmp_path / FILE)
    assert (caught.value.what, caught.value.why) == ("61 bytes of JSON", "more than the limit of 60")
