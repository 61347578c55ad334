"""Whom a policy trusts, as it is written and as it is read; keys that are not there, are elsewhere, or are none."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from attest.errors import PolicyError
from attest.evidence.identity import CertificateIdentity, Identity, KeyIdentity, X509Identity
from attest.evidence.patterns import parse_pattern
from attest.evidence.text_patterns import identity_pattern
from attest.policy.document import parse
from attest.policy.identities import IDENTITIES
from attest.policy.shapes import schema
from attest.signing.proof import Format
from tests.evidence_factory import key
from tests.policy.conftest import HEAD, Read
from tests.signing.notation.pki import pem, root

RULES = "rules:\n  - {id: signed, require: signature, by: [release]}\n"


def refused(read: Read, written: str) -> PolicyError:
    with pytest.raises(PolicyError) as caught:
        read(HEAD.replace("{key: release.pub}", f"{{key: '{written}'}}") + RULES)
    return caught.value


@pytest.mark.parametrize("service", ["awskms", "azurekms", "gcpkms", "hashivault", "pkcs11"])
def test_a_key_in_a_service_is_refused_as_what_it_is(read: Read, service: str) -> None:
    error = refused(read, f"{service}:///x")
    assert error.what.endswith(f": {service}:///x: a key in a service where a file is wanted")
    assert (error.why, error.next_step) == (
        "verifying asks no service",
        f"attest key public '{service}:///x' > key.pub, and name that file",
    )


def test_a_key_that_is_not_there(read: Read, keys: Path) -> None:
    error = refused(read, "missing.pub")
    assert error.what.endswith(f": {keys / 'missing.pub'}: cannot read the key")
    assert error.next_step == f"put the key there: paths in a policy begin at its directory, {keys}"


def test_a_key_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "private.pub").write_text("-----BEGIN PRIVATE KEY-----\nx\n-----END PRIVATE KEY-----\n")
    text = HEAD.partition("identities:")[0] + "identities:\n  release: {key: private.pub}\n" + RULES
    with pytest.raises(PolicyError) as caught:
        parse(text.encode(), where="gate.yaml", base=tmp_path)
    assert caught.value.what.endswith(": a private key where a public key is wanted")
    assert caught.value.next_step == f"attest key public {tmp_path / 'private.pub'}"
    assert caught.value.where == "gate.yaml:6"


def one(keys: Path, written: str, trust: str = "root: public-good") -> Identity:
    head = HEAD.partition("trust:")[0]
    text = f"{head}trust: {{{trust}}}\nidentities:\n  release: {{{written}}}\n{RULES}"
    return parse(text.encode(), where="gate.yaml", base=keys).identities["release"]


KEY = key("release").public
ISSUER = "https://token.actions.githubusercontent.com"
WORKFLOW = f"issuer: '{ISSUER}', subject: 'https://github.com/acme/app/.github/workflows/r.yml@refs/tags/*'"
SUBJECT = identity_pattern("https://github.com/acme/app/.github/workflows/r.yml@refs/tags/*")


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("key: release.pub", KeyIdentity("release", KEY)),
        (
            "key: release.pub, for: ['pkg:npm/a'], until: 2027-01-01, formats: [bundle, cosign]",
            KeyIdentity(
                "release",
                KEY,
                packages=(parse_pattern("pkg:npm/a"),),
                until=datetime(2027, 1, 1, tzinfo=UTC),
                formats=(Format.BUNDLE, Format.COSIGN),
            ),
        ),
        (WORKFLOW, CertificateIdentity("release", ISSUER, SUBJECT, {})),
        (
            f"{WORKFLOW}, claims: {{source_repository: 'https://github.com/acme/*'}}, formats: [cosign, bundle]",
            CertificateIdentity(
                "release",
                ISSUER,
                SUBJECT,
                {"source_repository": identity_pattern("https://github.com/acme/*")},
                formats=(Format.COSIGN, Format.BUNDLE),
            ),
        ),
    ],
)
def test_who_it_is(keys: Path, written: str, read: Identity) -> None:
    assert one(keys, written) == read


@pytest.mark.parametrize(
    ("written", "trust", "what", "why"),
    [
        (
            "for: ['pkg:npm/a']",
            "keys_only: true",
            "expected exactly one of 'key', 'x509', 'notation', 'issuer'",
            "there is none",
        ),
        (
            f"key: release.pub, {WORKFLOW}",
            "root: staging",
            "expected exactly one of 'key', 'x509', 'notation', 'issuer'",
            "there are 'key' and 'issuer'",
        ),
        (WORKFLOW, "keys_only: true", "a certificate cannot be verified without a trust root", None),
        ("key: release.pub, subject: x", "keys_only: true", "unknown key 'subject'", "known: key, for, until, formats"),
        (
            "key: release.pub, nobody: x",
            "keys_only: true",
            "unknown key 'nobody'",
            "known: key, x509, ca, tsa, notation, scope, issuer, subject, claims, for, until, formats",
        ),
        (
            "key: release.pub, formats: [notation]",
            "keys_only: true",
            "'formats': it never signs as 'notation'",
            "known: bundle, cosign",
        ),
        (
            f"{WORKFLOW}, formats: [notation]",
            "root: staging",
            "'formats': it never signs as 'notation'",
            "known: bundle, cosign",
        ),
        (
            "x509: 'C=US, ST=WA, O=Acme', ca: none.pem, formats: [bundle]",
            "root: staging",
            "'formats': it never signs as 'bundle'",
            "known: notation",
        ),
        (
            "notation: none, formats: [cosign]",
            "root: staging",
            "'formats': it never signs as 'cosign'",
            "known: notation",
        ),
        (
            WORKFLOW.replace("https://token", "https://*"),
            "root: staging",
            "'issuer' is exact",
            "whoever may choose an issuer may choose any subject",
        ),
    ],
)
def test_who_is_refused(keys: Path, written: str, trust: str, what: str, why: str | None) -> None:
    with pytest.raises(PolicyError) as caught:
        one(keys, written, trust)
    error = caught.value
    assert (error.where, error.what, error.why) == ("gate.yaml:6", f"identity 'release': {what}", why)


def test_certificates_need_a_trust_root_and_others_none(keys: Path, tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_bytes(pem([root("C=US,ST=WA,O=Acme").certificate]))
    assert one(keys, f"x509: 'C=US, ST=WA, O=Acme', ca: '{tmp_path}/ca.pem', formats: [notation]", "keys_only: true")
    with pytest.raises(PolicyError) as caught:
        one(keys, WORKFLOW, "keys_only: true")
    assert caught.value.next_step == "write trust: {root: public-good}, or name a file"


@pytest.mark.parametrize(
    ("claims", "what", "why"),
    [
        (
            "source_repositori: x",
            "unknown key 'source_repositori'",
            "nearest: source_repository, source_repository_ref",
        ),
        ("source_repository: 1", "'source_repository': expected text", "it is 1"),
    ],
)
def test_claims_that_are_refused(keys: Path, claims: str, what: str, why: str) -> None:
    with pytest.raises(PolicyError) as caught:
        one(keys, f"{WORKFLOW}, claims: {{{claims}}}")
    assert (caught.value.what, caught.value.why) == (f"identity 'release': 'claims': {what}", why)


def test_what_each_kind_must_and_may_have(keys: Path) -> None:
    one(keys, "key: release.pub")
    common = {"for", "until", "formats"}
    tables = [schema(table) for table in IDENTITIES]
    assert [(set(item["required"]), item["properties"].keys() - common) for item in tables] == [
        ({"key"}, {"key"}),
        ({"x509", "ca"}, {"x509", "ca", "tsa"}),
        ({"notation"}, {"notation", "scope"}),
        ({"issuer", "subject"}, {"issuer", "subject", "claims"}),
    ]
    assert all(common <= item["properties"].keys() for item in tables)
    assert all("anyOf" in tables[1]["properties"][name] for name in ("ca", "tsa"))


def test_whom_a_trust_policy_of_notations_names(keys: Path, tmp_path: Path) -> None:
    store = tmp_path / "truststore/x509/ca/acme"
    store.mkdir(parents=True)
    (store / "root.pem").write_bytes(pem([root("C=US,ST=WA,O=Acme").certificate]))
    every = {
        "name": "any",
        "registryScopes": ["*"],
        "signatureVerification": {"level": "strict"},
        "trustStores": ["ca:acme"],
        "trustedIdentities": ["x509.subject: C=US, ST=WA, O=Acme"],
    }
    (tmp_path / "trustpolicy.json").write_text(json.dumps({"version": "1.0", "trustPolicies": [every]}))
    found = one(keys, f"notation: '{tmp_path}', until: 2027-01-01", "keys_only: true")
    assert isinstance(found, X509Identity)
    assert (found.name, found.trusts.name, found.until) == ("release", "release", datetime(2027, 1, 1, tzinfo=UTC))
