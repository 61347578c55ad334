"""Parts of `verify` that no whole bundle reaches alone."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from attest.errors import VerificationError
from attest.signing.keys import PublicKey
from attest.signing.sigstore.artifact import Artifact
from attest.signing.sigstore.certificate import load
from attest.signing.sigstore.content import Content
from attest.signing.sigstore.entry_body import check_body
from attest.signing.sigstore.material import Material
from attest.signing.sigstore.trusted_root import Window
from attest.signing.sigstore.verify import Requirements, _key_of, _trusted_then, _verify_content, verify
from tests.signing.sigstore.forge import FILE, MINUTE, NOW, Sigstore, keyless

SIGSTORE = Sigstore()


def test_by_default_one_log_and_one_time() -> None:
    one = Requirements(log=1, timestamp=1)
    bundle, root = keyless(SIGSTORE).bundle(), SIGSTORE.root()
    assert (Requirements(), verify(bundle, root)) == (one, verify(bundle, root, one))


def test_a_log_is_trusted_at_all_times_or_not() -> None:
    ((log,),) = SIGSTORE.root().logs.values()
    ended = [replace(log, window=Window(NOW, NOW + MINUTE))]
    assert _trusted_then(ended, [NOW, NOW + MINUTE]) == ended
    with pytest.raises(VerificationError, match="the time of its log"):
        _trusted_then(ended, [NOW, NOW + 2 * MINUTE])
    with pytest.raises(VerificationError, match="no verified time"):
        _trusted_then(ended, [])


def test_a_certificate_for_a_key_that_is_not_used() -> None:
    certificate = SIGSTORE.certificate(ec.generate_private_key(ec.SECP224R1()))
    with pytest.raises(VerificationError, match="certificate: its key: expected a kind that is used here"):
        _key_of(certificate)


@dataclass(frozen=True)
class Asked(Content):
    """Notes by which hash it is verified."""

    hashes: list[str | None] = field(default_factory=list)

    def verify(self, key: PublicKey, hash_name: str | None = None) -> None:
        self.hashes.append(hash_name)


def test_a_signature_is_held_against_the_hash_that_its_entry_records() -> None:
    bundle = keyless(SIGSTORE, kind="hashedrekord 0.0.1", file=FILE).bundle()
    material, content = Material.of(bundle), Content.of(bundle, Artifact.of_bytes(FILE))
    (entry,), signer = material.entries, material.certificates[0]
    recorded = check_body(entry, content, signer)
    assert recorded is not None
    asked = Asked(content.signature, content.envelope, content.artifact, content.hash_name)
    _verify_content(material, asked, _key_of(load(signer)), signer)
    assert asked.hashes == [recorded]
