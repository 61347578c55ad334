"""Whom a Notation signature names as its signer, before anybody has verified it."""

from __future__ import annotations

from dataclasses import replace

from attest.evidence.signed_notation import SignedNotation
from tests.evidence_factory import SUBJECT
from tests.signing.notation.conftest import MEDIA, sign
from tests.signing.notation.pki import ACME, root


def test_the_signer_is_who_has_the_first_certificate() -> None:
    for media, media_type in MEDIA.items():
        signed = SignedNotation.parse(sign(root().issue(ACME), media, SUBJECT.manifest), media_type)
        leaf, authority = signed.envelope.chain
        assert signed.claimed_signer == "CN=Release,O=Acme,ST=WA,C=US"
        for chain in ((leaf,), (leaf, authority, authority)):
            assert SignedNotation(replace(signed.envelope, chain=chain)).claimed_signer == signed.claimed_signer
        broken = replace(signed.envelope, chain=(leaf[:-1], authority))
        assert SignedNotation(broken).claimed_signer == "a certificate that cannot be read"
