"""What `trust` may say, where it says what is wrong, and which trust root each policy is left with."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from attest.errors import PolicyError, TrustError
from attest.policy import trust, yaml_nodes
from attest.policy.document import Policy, parse
from attest.policy.fields import Fields
from attest.policy.shapes import schema
from attest.policy.trust import KEYS_ONLY, ROOT, RootTerms
from attest.signing.sigstore.roots import INSTANCES, shipped_with_sigstore
from attest.signing.sigstore.trusted_root import TrustedRoot
from attest.signing.sigstore.verify import Requirements
from tests.evidence_factory import NOW
from tests.policy.conftest import HEAD

EITHER = "write trust: {root: public-good}, or a file, or trust: {keys_only: true}"
STAGING = shipped_with_sigstore(INSTANCES["staging"]).published.trusted_root


def read(text: str, base: Path = Path()) -> RootTerms | None:
    return trust.read(Fields(yaml_nodes.read(f"name: x\n{text}".encode(), where="p"), "policy"), base)


def test_what_it_may_say(tmp_path: Path) -> None:
    (tmp_path / "root.json").write_bytes(STAGING)
    assert read("trust: {keys_only: true}") is None
    assert read("trust: {root: public-good}") == RootTerms("public-good", None, 1, 1)
    assert read("trust: {root: staging, root_max_age: 12h, log: 0, timestamp: 2}") == RootTerms(
        "staging", timedelta(hours=12), 0, 2
    )
    assert read("trust: {root: root.json, log: 16, timestamp: 16}", tmp_path) == RootTerms(
        TrustedRoot.parse(STAGING), None, 16, 16
    )


@pytest.mark.parametrize(
    ("text", "where", "what", "why", "next_step"),
    [
        ("", "p:1", "policy: 'trust' is missing", None, EITHER),
        ("trust: {log: 1}", "p:2", "'trust': 'root' is missing", None, EITHER),
        ("trust: {keys_only: false}", "p:2", "'trust': 'keys_only' must be true", None, EITHER),
        (
            "trust:\n  keys_only: true\n  log: 1",
            "p:4",
            "'trust': unknown key 'log'",
            "known: keys_only",
            None,
        ),
        ("trust:\n  rood: x", "p:3", "'trust': unknown key 'rood'", "nearest: root", None),
        (
            "trust: {unheard: x}",
            "p:2",
            "'trust': unknown key 'unheard'",
            "known: keys_only, root, root_max_age, log, timestamp",
            None,
        ),
        (
            "trust:\n  root: root.json\n  root_max_age: 1d",
            "p:4",
            "'trust': 'root_max_age' is for roots with a name",
            "nothing says how old a file is",
            "take it out, or name public-good or staging",
        ),
        (
            "trust: {root: staging, log: 17}",
            "p:2",
            "'trust': 'log': expected a whole number from 0 to 16",
            "it is 17",
            None,
        ),
        (
            "trust: {root: staging, timestamp: 0}",
            "p:2",
            "'trust': 'timestamp': expected a whole number from 1 to 16",
            "it is 0",
            None,
        ),
    ],
)
def test_what_is_wrong(text: str, where: str, what: str, why: str | None, next_step: str | None) -> None:
    with pytest.raises(PolicyError) as refused:
        read(text)
    error = refused.value
    assert (error.where, error.what, error.why, error.next_step) == (where, what, why, next_step)


def test_a_file_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "root.json").write_text("[]")
    for name in ("root.json", "none.json"):
        with pytest.raises(PolicyError) as refused:
            read(f"trust:\n  root: {name}", tmp_path)
        assert refused.value.where == "p:3"
        assert refused.value.what.startswith(f"'trust': 'root': {tmp_path}/{name}: ")


def policy(keys: Path, terms: str) -> Policy:
    text = HEAD.replace("keys_only: true", terms) + "rules:\n  - {id: it, require: signature, by: [release]}\n"
    return parse(text.encode(), where="gate.yaml", base=keys)


def test_each_policy_has_its_own(keys: Path, tmp_path: Path) -> None:
    (tmp_path / "root.json").write_bytes(STAGING)
    file, named, alone, again, other = (
        policy(keys, terms)
        for terms in (
            f"root: {tmp_path}/root.json, log: 2",
            "root: staging, timestamp: 2",
            "keys_only: true",
            "root: staging, log: 0",
            "root: public-good",
        )
    )
    found = list(trust.load([file, alone, named, again, other], offline=True, now=NOW))
    assert [item.identities for item in found] == [tuple(file.identities.values())] * 5
    of_file, nothing, of_named, of_again, of_other = (item.sigstore for item in found)
    assert nothing is None
    assert of_file is not None
    assert of_named is not None
    assert of_again is not None
    assert of_other is not None
    assert of_file.requirements == Requirements(log=2, timestamp=1)
    assert of_named.requirements == Requirements(log=1, timestamp=2)
    assert of_again.requirements == Requirements(log=0, timestamp=1)
    assert of_file.root == of_named.root == TrustedRoot.parse(STAGING)
    assert of_again.root is of_named.root
    assert of_other.root.digest != of_named.root.digest


def test_a_root_with_a_name_may_be_too_old(keys: Path) -> None:
    some = [policy(keys, "root: staging"), policy(keys, "root: staging, root_max_age: 1d")]
    with pytest.raises(TrustError, match="not known to be fresh enough"):
        list(trust.load(some, offline=True, now=NOW))


def test_what_it_has_to_say() -> None:
    assert read("trust: {keys_only: true}") is None
    assert [schema(table)["required"] for table in (ROOT, KEYS_ONLY)] == [["root"], ["keys_only"]]
    assert list(ROOT) == ["root", "root_max_age", "log", "timestamp"]
