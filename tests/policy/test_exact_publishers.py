"""Whom a publisher's fields mean, each read anew, and what is no publisher."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric import x448
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from attest.errors import UsageError
from attest.evidence.identity import CertificateIdentity, KeyIdentity, X509Identity
from attest.evidence.text_patterns import Pattern
from attest.policy.publishers import (
    CLAIMS,
    NAME,
    KeyPublisher,
    SubjectPublisher,
    WorkflowPublisher,
    X509Publisher,
    of_author,
    read,
)
from attest.signing.notation.certificates import load
from attest.signing.notation.distinguished_name import ExactName
from attest.signing.notation.trust_policy import Action, Check, Level, Statement, actions
from attest.signing.notation.trust_store import GivenAnchors
from attest.signing.proof import CertificateAuthor, KeyAuthor, X509Author
from tests.evidence_factory import GITHUB, key, workflow
from tests.signing.notation.pki import der, root

KEY = key("release").public
FIELDS = {"key": f"sha256:{KEY.fingerprint}", "spki": base64.b64encode(KEY.spki).decode()}
IDS = {"source_repository_identifier": "11", "source_repository_owner_identifier": "7"}
WHOLE = {"source_repository": "https://github.com/acme/app", **IDS}
WORKFLOW = "https://github.com/acme/app/.github/workflows/release.yml"
CERTIFICATE = der(root().certificate)
ROOT = f"sha256:{sha256(CERTIFICATE).hexdigest()}"
NAMED = (("C", "US"), ("CN", "Release"), ("O", "Acme"), ("ST", "WA"))


def test_a_key() -> None:
    found = read(FIELDS, {})
    assert (found, found.identity) == (KeyPublisher(KEY), KeyIdentity(NAME, KEY))
    assert dict(of_author(KeyAuthor(KEY), {}).fields) == FIELDS


def test_a_workflow() -> None:
    found = read({"issuer": GITHUB, "workflow": WORKFLOW, **WHOLE}, {})
    assert isinstance(found, WorkflowPublisher)
    assert (found.issuer, found.workflow, found.claims) == (GITHUB, WORKFLOW, WHOLE)
    claims = {claim: Pattern.exact(WHOLE[claim]) for claim in CLAIMS}
    assert found.identity == CertificateIdentity(NAME, GITHUB, Pattern.on_any_ref(WORKFLOW), claims)
    assert of_author(workflow(**IDS), {}) == found


def test_a_subject() -> None:
    found = read({"issuer": GITHUB, "subject": "me@acme.example"}, {})
    assert found.identity == CertificateIdentity(NAME, GITHUB, Pattern.exact("me@acme.example"))
    assert (
        of_author(CertificateAuthor(GITHUB, "me@acme.example", {}), {})
        == found
        == SubjectPublisher(GITHUB, "me@acme.example")
    )


@pytest.mark.parametrize("missing", CLAIMS)
def test_a_workflow_without_an_id_is_a_subject(missing: str) -> None:
    author = CertificateAuthor(GITHUB, f"{WORKFLOW}@refs/tags/v1", {**WHOLE, missing: ""})
    assert of_author(author, {}) == SubjectPublisher(GITHUB, author.subject)


def test_whom_a_ca_names() -> None:
    fields = {"x509": "C=US, CN=Release, O=Acme, ST=WA", "root": ROOT}
    found = read(fields, {ROOT: CERTIFICATE})
    assert isinstance(found, X509Publisher)
    assert (found.attributes, found.certificate, dict(found.fields)) == (NAMED, CERTIFICATE, fields)
    trusts = Statement(
        NAME,
        GivenAnchors(ca=(load(CERTIFICATE, where=ROOT),)),
        (ExactName(NAMED),),
        actions(Level.STRICT) | {Check.REVOCATION: Action.SKIP},
    )
    assert found.identity == X509Identity(NAME, trusts)
    author = X509Author("any", tuple(reversed(NAMED)), ROOT.removeprefix("sha256:"), "00")
    assert of_author(author, {ROOT: CERTIFICATE}) == found


OTHER = x448.X448PrivateKey.generate().public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


@pytest.mark.parametrize(
    ("fields", "what", "why"),
    [
        ({}, "not a publisher", "expected one of key, workflow, subject, x509"),
        ({**FIELDS, "subject": "x"}, "not a publisher", "expected one of key, workflow, subject, x509"),
        ({**FIELDS, "note": "x"}, "not a publisher with 'key'", "expected key, spki; see note"),
        ({"key": "x"}, "not a publisher with 'key'", "expected key, spki; see spki"),
        ({**FIELDS, "spki": " "}, "'spki' is empty", None),
        ({**FIELDS, "spki": FIELDS["spki"][:9] + "\n" + FIELDS["spki"][9:]}, "'spki' is no public key", "SPKI in DER"),
        ({**FIELDS, "spki": "AAAA"}, "'spki' is no public key", "SPKI in DER"),
        ({**FIELDS, "key": "sha256:00"}, "'key' is not the digest of 'spki'", f"that is sha256:{KEY.fingerprint}"),
        ({**FIELDS, "spki": base64.b64encode(OTHER).decode()}, "a key of another kind (X448)", None),
        ({"x509": "O=Acme", "root": ROOT}, "'root' is not among the roots", ROOT),
    ],
    ids=range(10),
)
def test_what_is_none(fields: Mapping[str, str], what: str, why: str | None) -> None:
    with pytest.raises(UsageError) as refused:
        read(fields, {})
    assert refused.value.what == what
    assert why is None or why in str(refused.value.why)
