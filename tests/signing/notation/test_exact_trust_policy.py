"""Why a trust policy is refused, in words, and what one says that is not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from attest import limits
from attest.errors import TrustError
from attest.signing.notation.distinguished_name import DistinguishedName
from attest.signing.notation.trust_policy import Action, Check, TimestampUse, TrustPolicy
from attest.signing.notation.trust_store import StoreKind
from tests.signing.notation.pki import pem, root
from tests.signing.notation.program import policy_statement
from tests.signing.notation.test_trust import SKIP, SUBJECT, document, one, verification


def parse(value: Any) -> TrustPolicy:
    return TrustPolicy.parse(json.dumps(value).encode(), where="p", stores=Path("stores"))


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (document(policy_statement(), more=1), "unknown key 'more'"),
        (one(more=1), "unknown key 'more'"),
        (one(**verification(more=1)), "unknown key 'more'"),
        (one(**verification("x")), "unknown value 'x'"),
        (one(**verification(verifyTimestamp="never")), "unknown value 'never'"),
        (one(**verification(override={"x": "log"})), "unknown value 'x'"),
        (one(**verification(override={"expiry": "x"})), "unknown value 'x'"),
        (one(**verification(override={"integrity": "log"})), "integrity cannot be overridden with log"),
        (one(**verification(override={"expiry": "skip"})), "expiry cannot be overridden with skip"),
        (one(**(SKIP | verification("skip", override={"expiry": "log"}))), "the level skip cannot be overridden"),
        (one(**verification("skip")), "skips verification but trusts somebody"),
        (one(trustStores=[]), "needs trustStores and trustedIdentities"),
        (one(trustedIdentities=[]), "needs trustStores and trustedIdentities"),
        (one(**SKIP), "the level skip is not for the scope '*'"),
        (one(name=""), "a statement without a name"),
        (one(registryScopes=[]), "no registryScopes"),
        (one(registryScopes=["*", "a.b/c"]), "'*' stands beside other scopes"),
        (one(registryScopes=["a.b"]), "not a repository"),
        (one(trustedIdentities=["*", SUBJECT]), "'*' stands beside other identities"),
        (one(trustedIdentities=["x509.subject"]), "not an identity"),
        (one(trustedIdentities=["C=US, ST=WA, O=Acme"]), "not an identity"),
        (one(trustedIdentities=["x509.issuer: C=US, ST=WA, O=Acme"]), "not an identity"),
        (one(trustedIdentities=["x509.subject: C=US"]), "not a distinguished name that can be trusted"),
        (one(trustedIdentities=[SUBJECT, f"{SUBJECT}, CN=x"]), "an identity overlaps with another one"),
        (one(trustStores="ca:x"), "expected an array of texts"),
        (one(trustStores=[1]), "expected an array of texts"),
        (document(policy_statement(), policy_statement(registryScopes=["a.b/c"])), "stands twice"),
        (document(policy_statement(), policy_statement(name="b")), "the scope '*' stands twice"),
        (document(), "no statement in the trust policy"),
        (one() | {"version": "2.0"}, "a trust policy of another version"),
    ],
)
def test_why_it_is_refused(value: Any, says: str) -> None:
    with pytest.raises(TrustError) as refused:
        parse(value)
    assert says in str(refused.value)


def test_what_it_says() -> None:
    plain = parse(one()).statement("any.example/x")
    assert plain is not None
    assert plain.timestamps is TimestampUse.ALWAYS
    assert not plain.skips
    changed = verification(verifyTimestamp="afterCertExpiry", override={"expiry": "log", "revocation": "skip"})
    other = parse(one(**changed)).statement("any.example/x")
    assert other is not None
    assert (other.timestamps, other.actions[Check.EXPIRY]) == (TimestampUse.AFTER_EXPIRY, Action.LOG)
    assert (other.actions[Check.REVOCATION], other.actions[Check.INTEGRITY]) == (Action.SKIP, Action.ENFORCE)


def test_whose_scope_it_is() -> None:
    own = policy_statement(name="own", registryScopes=["a.b/c"])
    both = parse(document(policy_statement(), own))
    assert [statement and statement.name for statement in map(both.statement, ("a.b/c", "a.b/d"))] == [
        "own",
        policy_statement()["name"],
    ]
    assert parse(document(own)).statement("a.b/d") is None


@pytest.mark.parametrize(("size", "large"), [(limits.POLICY, False), (limits.POLICY + 1, True)])
def test_how_long_it_may_be(tmp_path: Path, size: int, large: bool) -> None:
    data = json.dumps(one()).encode()
    (tmp_path / "trustpolicy.json").write_bytes(data + b" " * (size - len(data)))
    if large:
        with pytest.raises(TrustError, match="more than the limit"):
            TrustPolicy.load(tmp_path)
    else:
        assert TrustPolicy.load(tmp_path).statement("x.y/z") is not None


def test_whom_it_trusts(tmp_path: Path) -> None:
    name = "C=US, ST=WA, O=Acme"
    for written, expected in ((["*"], ()), ([f"x509.subject: {name}"], (DistinguishedName.parse(name),))):
        found = parse(one(trustedIdentities=written)).statement("a.b/c")
        assert found is not None
        assert found.identities == expected


def test_who_skips_trusts_nobody() -> None:
    """The lists may be empty, or not be there."""
    scope = {"registryScopes": ["a.b/c"]}
    lists: list[dict[str, Any]] = [{}, {"trustStores": []}, {"trustedIdentities": []}]
    for changed in lists:
        statement = {key: value for key, value in policy_statement().items() if not key.startswith("trust")}
        found = parse(document({**statement, **verification("skip"), **scope, **changed})).statement("a.b/c")
        assert found is not None
        assert found.skips
        assert found.identities == ()
    for trusting in ({"trustStores": ["ca:x"]}, {"trustedIdentities": ["*"]}):
        with pytest.raises(TrustError, match="skips verification but trusts somebody"):
            parse(one(**(SKIP | scope | trusting)))


def test_where_its_stores_are(tmp_path: Path) -> None:
    """notation writes `truststore`, the specification `trust-store`; the first is asked if both are there."""
    (tmp_path / "trustpolicy.json").write_text(json.dumps(one(trustStores=["ca:acme"])))
    for number, folder in enumerate(("trust-store", "truststore")):
        certificate = root(which=number).certificate
        store = tmp_path / folder / "x509" / "ca" / "acme"
        store.mkdir(parents=True)
        (store / "root.pem").write_bytes(pem([certificate]))
        found = TrustPolicy.load(tmp_path).statement("a.b/c")
        assert found is not None
        assert found.anchors.certificates(StoreKind.CA) == (certificate,)


def test_what_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "trustpolicy.json").mkdir()
    with pytest.raises(TrustError, match="cannot read the trust policy"):
        TrustPolicy.load(tmp_path)


def test_policies_stand_in_sets() -> None:
    policy = parse(one())
    assert len({policy, parse(one())}) == 1
    assert len({policy.statement("a.b/c"), parse(one()).statement("a.b/c")}) == 1
