"""Bundles that ecosystems published: they verify offline, for whom they are, and no bit of them can be changed."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import Any

import pytest

from attest.errors import EnvelopeError, VerificationError
from attest.signing.bundle import Bundle
from attest.signing.key_files import load_public
from attest.signing.keys import PublicKey
from attest.signing.proof import CertificateAuthor, KeyAuthor
from attest.signing.sigstore.artifact import Artifact
from attest.signing.sigstore.trusted_root import TrustedRoot
from attest.signing.sigstore.verify import Requirements, verify, verify_with_key
from tests.material import sigstore_go
from tests.signing.sigstore.cases import REAL, Case, of_attest, public_good, staging


@pytest.fixture(params=REAL)
def case(request: pytest.FixtureRequest) -> Case:
    make: Callable[[], Case] = REAL[request.param]
    return make()


def test_verifies(case: Case) -> None:
    proof = verify(Bundle.parse(case.raw), case.root)
    assert isinstance(proof.author, CertificateAuthor)
    assert (proof.author.subject, proof.author.issuer) == (case.subject, case.issuer)
    assert proof.time is not None


def test_of_another_instance(case: Case) -> None:
    other = staging() if case.root is public_good() else public_good()
    with pytest.raises(VerificationError, match="how many logs hold"):
        verify(Bundle.parse(case.raw), other)


def test_claims() -> None:
    case = REAL["npm provenance, v0.1, with proof"]()
    author = verify(Bundle.parse(case.raw), case.root).author
    assert isinstance(author, CertificateAuthor)
    assert author.claims["source_repository"] == "https://github.com/sigstore/sigstore-js"
    assert author.claims["runner_environment"] == "github-hosted"
    assert author.claims["github_workflow_trigger"] == author.claims["build_trigger"] == "push"
    assert author.claims["source_repository_visibility"] == "public"


def swapped(case: Case, other: Case, member: str) -> Bundle:
    value, wrong = json.loads(case.raw), json.loads(other.raw)
    value[member] = wrong[member]
    return Bundle.parse(json.dumps(value).encode())


@pytest.mark.parametrize("member", ["dsseEnvelope", "verificationMaterial"])
def test_swapped(case: Case, member: str) -> None:
    others = [make() for make in REAL.values()]
    for other in others:
        if other.raw != case.raw and other.root is case.root:
            with pytest.raises((VerificationError, EnvelopeError)):
                verify(swapped(case, other, member), case.root)


def without(case: Case, change: Callable[[dict[str, Any]], object]) -> Bundle:
    value = json.loads(case.raw)
    change(value["verificationMaterial"])
    return Bundle.parse(json.dumps(value).encode())


def test_stripped(case: Case) -> None:
    with pytest.raises(VerificationError, match="how many logs hold"):
        verify(without(case, lambda material: material.pop("tlogEntries")), case.root)
    with pytest.raises((VerificationError, EnvelopeError), match=r"how many vouch|inclusion promise"):
        verify(without(case, lambda material: material["tlogEntries"][0].pop("inclusionPromise")), case.root)


def flipped(raw: bytes, position: int) -> bytes:
    changed = bytearray(raw)
    changed[position // 8] ^= 1 << position % 8
    return bytes(changed)


def hold_flips(case: Case, positions: list[int]) -> None:
    """After a flip the bundle is refused, or who signed what is unchanged."""
    honest = of_attest(case.raw, case)
    assert not isinstance(honest, str)
    for position in positions:
        answer = of_attest(flipped(case.raw, position), case)
        if not isinstance(answer, str):
            assert (answer[0], answer[2]) == (honest[0], honest[2]), position


def test_some_bits(case: Case) -> None:
    draw = random.Random(case.subject)
    hold_flips(case, draw.sample(range(len(case.raw) * 8), 150))


@pytest.mark.slow
def test_many_bits(case: Case) -> None:
    """One bit of every byte, another in each run of eight."""
    hold_flips(case, [8 * index + index % 8 for index in range(len(case.raw))])


def test_npm_signs_what_it_publishes_with_a_key() -> None:
    bundle = Bundle.parse(sigstore_go("examples/bundle-publish.json").read_bytes())
    key = load_public(sigstore_go("examples/publish_key.pub"))
    proof = verify_with_key(bundle, key, root=public_good(), requirements=Requirements(1, 1))
    assert proof.author == KeyAuthor(key)
    assert f"{proof.time:%Y-%m-%dT%H:%M:%SZ}" == "2023-04-18T17:45:16Z"
    assert verify_with_key(bundle, key, root=None, requirements=Requirements()).time is None
    with pytest.raises(VerificationError, match="how many logs"):
        verify_with_key(bundle, key, root=staging(), requirements=Requirements(1, 0))
    other: PublicKey = load_public(sigstore_go("pkg/testing/data/public-keys/public-key-validity.pem"))
    with pytest.raises(VerificationError, match="key or certificate"):
        verify_with_key(bundle, other, root=public_good(), requirements=Requirements())


def test_one_signature_an_envelope() -> None:
    """With two, verifiers could choose different ones."""
    with pytest.raises(EnvelopeError, match="exactly one signature"):
        Bundle.parse(sigstore_go("pkg/testing/data/bundles/dsse-2sigs.sigstore.json").read_bytes())
    bundle = Bundle.parse(sigstore_go("pkg/testing/data/bundles/dsse.sigstore.json").read_bytes())
    assert str(verify(bundle, public_good()).author) == "brian@dehamer.com (https://github.com/login/oauth)"


def test_user_names() -> None:
    """An identity that is neither an e-mail address nor a URI, of a deployment of its own."""
    bundle = Bundle.parse(sigstore_go("pkg/testing/data/bundles/othername.sigstore.json").read_bytes())
    root = TrustedRoot.parse(sigstore_go("pkg/testing/data/trusted-roots/scaffolding.json").read_bytes())
    digest = bundle.content.digest  # type: ignore[union-attr]
    assert digest is not None
    proof = verify(bundle, root, artifact=Artifact.of_digest("sha256", digest.hex()))
    assert isinstance(proof.author, CertificateAuthor)
    assert proof.author.subject == "foo!oidc.local"
