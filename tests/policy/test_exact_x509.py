"""Certificates of ordinary CAs as a policy names them, by itself or by a trust policy of Notation's."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from attest.errors import PolicyError
from attest.evidence.identity import X509Identity
from attest.policy.document import parse
from attest.signing.notation.trust_policy import Action, Check, Level, actions
from tests.policy.conftest import HEAD
from tests.signing.notation.pki import pem, root

SIGNED = "rules:\n  - {id: signed, require: signature, by: [release]}\n"


@pytest.fixture
def folder(keys: Path, tmp_path: Path) -> Path:
    for path in keys.glob("*.pub"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    for name in ("one", "two"):
        (tmp_path / f"{name}.pem").write_bytes(pem([root(f"C=US,ST=WA,O=Acme,CN={name}").certificate]))
    return tmp_path


def identity(folder: Path, terms: str) -> X509Identity:
    text = f"{HEAD}  notary: {{{terms}}}\n{SIGNED}"
    found = parse(text.encode(), where="gate.yaml", base=folder).identities["notary"]
    assert isinstance(found, X509Identity)
    return found


def refused(folder: Path, terms: str) -> PolicyError:
    with pytest.raises(PolicyError) as error:
        identity(folder, terms)
    assert error.value.where == "gate.yaml:9"
    return error.value


NAME = "x509: 'C=US, ST=WA, O=Acme'"


def roots(folder: Path, terms: str, kind: str = "ca") -> list[str]:
    anchors = identity(folder, terms).trusts.anchors
    return [item.subject.rfc4514_string() for item in getattr(anchors, kind)]


def subjects(*names: str) -> list[str]:
    return [root(f"C=US,ST=WA,O=Acme,CN={name}").certificate.subject.rfc4514_string() for name in names]


def test_one_ca_or_several(folder: Path) -> None:
    assert roots(folder, f"{NAME}, ca: one.pem") == subjects("one")
    assert roots(folder, f"{NAME}, ca: [one.pem, two.pem]") == subjects("one", "two")
    assert roots(folder, f"{NAME}, ca: one.pem", "tsa") == []
    assert roots(folder, f"{NAME}, ca: one.pem, tsa: two.pem", "tsa") == subjects("two")
    assert roots(folder, f"{NAME}, ca: one.pem, tsa: [one.pem, two.pem]", "tsa") == subjects("one", "two")


def test_all_is_enforced_but_revocation(folder: Path) -> None:
    trusts = identity(folder, f"{NAME}, ca: one.pem").trusts
    assert trusts.name == "notary"
    assert trusts.actions == actions(Level.STRICT) | {Check.REVOCATION: Action.SKIP}
    assert [str(item) for item in trusts.identities] == ["C=US, ST=WA, O=Acme"]


def test_what_is_refused(folder: Path) -> None:
    assert refused(folder, f"{NAME}, ca: none.pem").what.startswith("identity 'notary': ")
    assert "none.pem" in refused(folder, f"{NAME}, ca: none.pem").what
    assert "release.pub" in refused(folder, f"{NAME}, ca: one.pem, tsa: release.pub").what
    assert refused(folder, "x509: 'O=Acme, nonsense', ca: one.pem").what.startswith("identity 'notary': ")


def statement(name: str, level: str, *scopes: str) -> dict[str, Any]:
    trusted = {"trustStores": ["ca:acme"], "trustedIdentities": ["x509.subject: C=US, ST=WA, O=Acme"]}
    return {
        "name": name,
        "registryScopes": list(scopes),
        "signatureVerification": {"level": level},
        **(trusted if level != "skip" else {}),
    }


@pytest.fixture
def notation(folder: Path) -> Path:
    store = folder / "notation" / "truststore" / "x509" / "ca" / "acme"
    store.mkdir(parents=True)
    (store / "root.pem").write_bytes(pem([root("C=US,ST=WA,O=Acme,CN=one").certificate]))
    every = [
        statement("strictly", "strict", "registry.example/acme/app"),
        statement("nothing", "skip", "registry.example/acme/skipped"),
        statement("others", "permissive", "*"),
    ]
    text = json.dumps({"version": "1.0", "trustPolicies": every})
    (folder / "notation" / "trustpolicy.json").write_text(text)
    return folder


def test_the_statement_of_a_scope(notation: Path) -> None:
    scoped = identity(notation, "notation: notation, scope: registry.example/acme/app").trusts
    assert (scoped.name, scoped.actions[Check.EXPIRY]) == ("notary", Action.ENFORCE)
    assert identity(notation, "notation: notation").trusts.actions[Check.EXPIRY] is Action.LOG


def test_scopes_that_are_refused(notation: Path) -> None:
    skipped = refused(notation, "notation: notation, scope: registry.example/acme/skipped")
    assert (skipped.what, skipped.why) == (
        "identity 'notary': 'nothing' verifies nothing",
        "its level is skip, so it names nobody",
    )
    missing = refused(notation, "notation: elsewhere")
    assert missing.what.startswith("identity 'notary': ")
    path = notation / "notation" / "trustpolicy.json"
    some = json.loads(path.read_text())
    path.write_text(json.dumps({**some, "trustPolicies": some["trustPolicies"][:1]}))
    assert refused(notation, "notation: notation").what == (
        f"identity 'notary': no statement of {notation}/notation is for '*'"
    )
