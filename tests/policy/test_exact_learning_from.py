"""Whom learning takes its word from: which identities that makes, under which trust root, and what a policy names."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from attest.errors import TrustError
from attest.evidence.identity import KeyIdentity, X509Identity
from attest.evidence.trust import Sigstore, Trust
from attest.policy.learn import Anybody
from attest.policy.learned_policy import Files
from attest.policy.learning_from import LearningFrom
from attest.signing.notation.certificates import thumbprint
from attest.signing.notation.trust_policy import Action, Check, Level, actions
from attest.signing.notation.trust_store import GivenAnchors
from attest.signing.sigstore.roots import INSTANCES, shipped_with_sigstore
from attest.signing.sigstore.trusted_root import TrustedRoot
from attest.signing.sigstore.verify import Requirements
from tests.evidence_factory import NOW, key
from tests.signing.notation.pki import pem, root

ONE, TWO = key("release").public, key("security").public
CAS = [root(f"C=US,ST=WA,O=Acme,CN={name}").certificate for name in ("a", "b", "c")]
STAGING = shipped_with_sigstore(INSTANCES["staging"]).published.trusted_root
KEYS = (KeyIdentity("key-1", ONE), KeyIdentity("key-2", TWO))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """With two keys, three certificates in two files, and a trust root."""
    (tmp_path / "one.pub").write_bytes(ONE.pem())
    (tmp_path / "two.pub").write_bytes(TWO.pem())
    (tmp_path / "ab.pem").write_bytes(pem(CAS[:2]))
    (tmp_path / "c.pem").write_bytes(pem(CAS[2:]))
    (tmp_path / "root.json").write_bytes(STAGING)
    return tmp_path


def load(folder: Path, *keys: str, cas: tuple[str, ...] = (), instance: str | None = None) -> LearningFrom:
    return LearningFrom.load(
        [str(folder / name) for name in keys], [str(folder / name) for name in cas], instance, offline=True, now=NOW
    )


def test_keys_alone(folder: Path) -> None:
    found = load(folder, "one.pub", "two.pub")
    assert found.trust == Trust(KEYS)
    assert (found.instance, found.root, dict(found.roots)) == (None, None, {})
    assert hash(found) == hash(load(folder, "two.pub"))


def test_anybody_with_a_certificate(folder: Path) -> None:
    wanted = Requirements(log=1, timestamp=1)
    whole = TrustedRoot.parse(STAGING)
    for instance in ("staging", str(folder / "root.json")):
        found = load(folder, "one.pub", "two.pub", instance=instance)
        assert (found.instance, found.root) == (instance, whole)
        assert found.trust == Trust((*KEYS, Anybody("anybody")), Sigstore(whole, wanted))
    public = load(folder, instance="public-good").trust
    assert public.identities == (Anybody("anybody"),)
    assert public.root not in (None, Trust((), Sigstore(whole, wanted)).root)
    with pytest.raises(TrustError):
        load(folder, instance="nowhere")


def test_whom_cas_name(folder: Path) -> None:
    found = load(folder, "one.pub", cas=("ab.pem", "c.pem"))
    one, named = found.trust.identities
    assert one == KEYS[0]
    assert isinstance(named, X509Identity)
    assert (named.name, named.trusts.name, named.trusts.identities) == ("ca", "ca", ())
    assert named.trusts.anchors == GivenAnchors(ca=tuple(CAS))
    assert named.trusts.actions == actions(Level.STRICT) | {Check.REVOCATION: Action.SKIP}
    assert found.roots == {f"sha256:{thumbprint(item)}": item.public_bytes(Encoding.DER) for item in CAS}


def test_what_a_policy_names(folder: Path) -> None:
    keys = {ONE.fingerprint: "../one.pub", TWO.fingerprint: "../two.pub"}
    roots = dict(zip(map(thumbprint, CAS), ("../ab.pem", "../ab.pem", "../c.pem"), strict=True))
    beside = folder / "policies"

    def files(instance: str | None) -> Files:
        return load(folder, "one.pub", "two.pub", cas=("ab.pem", "c.pem"), instance=instance).files(beside)

    assert files(None) == Files({"keys_only": True}, keys, roots)
    assert files("public-good") == Files({"root": "public-good"}, keys, roots)
    assert files(str(folder / "root.json")) == Files({"root": "../root.json"}, keys, roots)
