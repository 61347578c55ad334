"""Two hundred packages by as many publishers: one rule and `attest.lock`, and no list of identities."""

from __future__ import annotations

from contextlib import closing

from attest import names
from attest.evidence.attach import attach_bundle, creation_time, statement_subjects, store_anchor
from attest.evidence.lookup import subject_of
from attest.packages import placement
from attest.packages.digest import ArtifactDigest
from attest.packages.purl import Purl
from attest.policy.publisher_lock import Pinned, write
from attest.policy.publishers import KeyPublisher
from attest.signing.keys import PrivateKey, generate
from attest.signing.sign import KeySigner, sign_statement
from attest.statements.statement import write_statement
from attest.stores.location import Location, open_store
from attest.stores.protocol import Store
from tests.cli.conftest import Workplace
from tests.cli.test_lock import lock, outcomes, package, sha512, verify

COUNT = 200
STORE = "oci:store/{package}"
STRANGER, SWAPPED, UNKNOWN = "p7", "p8", "p9"
POLICY = """\
version: 1
name: gate
applies_to: ["pkg:npm/**"]
trust: {keys_only: true}
rules:
  - {id: published, require: signature, by: publisher}
"""


def sign(store: Store, name: str, key: PrivateKey) -> None:
    purl, digest = Purl.parse(f"pkg:npm/{name}@1.0.0"), ArtifactDigest("sha512", sha512(name).hex())
    where = placement.repository(purl)
    anchor = store_anchor(store, where, purl, digest)
    kind = names.PREDICATE_COSIGN_SIGN
    statement = write_statement(statement_subjects(subject_of(purl, digest)), kind, {})
    bundle = sign_statement(statement, KeySigner(key))
    attach_bundle(store, where, anchor, bundle, predicate_type=kind, created=creation_time())


def test_one_rule_for_all(attest: Workplace) -> None:
    """Each is signed by its own publisher's key, but for one that a stranger signed and one that another's did."""
    everything = [f"p{number}" for number in range(COUNT)]
    keys = {name: generate("ed25519") for name in everything}
    signers = keys | {STRANGER: generate("ed25519"), SWAPPED: keys["p0"]}
    with closing(open_store(Location.parse(STORE), create=True)) as store:
        for name in everything:
            sign(store, name, signers[name])
    pinned = {f"pkg:npm/{name}": Pinned(KeyPublisher(keys[name].public)) for name in everything if name != UNKNOWN}
    attest.write("attest.lock", write(pinned))
    attest.write("gate.yaml", POLICY)
    lock(attest, {name: package(name) for name in everything})
    answer = verify(attest, "--store", STORE)
    assert answer["counts"] == {"admitted": COUNT - 3, "denied": 3, "inconclusive": 0, "withoutDigest": 0}
    denied = {name for name, outcome in outcomes(answer).items() if outcome == "denied"}
    assert denied == {f"pkg:npm/{name}@1.0.0" for name in (STRANGER, SWAPPED, UNKNOWN)}
    assert {item["code"]: item["count"] for item in answer["reasons"]} == {
        "signature-missing": 2,
        "publisher-unknown": 1,
    }
