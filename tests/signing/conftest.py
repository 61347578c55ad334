from __future__ import annotations

from functools import cache

import pytest

from attest.signing.keys import KeyKind, PrivateKey, generate


@cache
def key_of(kind: KeyKind) -> PrivateKey:
    """One key a kind for the whole run: RSA keys take a while to make."""
    return generate(kind)


@pytest.fixture(params=list(KeyKind))
def key(request: pytest.FixtureRequest) -> PrivateKey:
    return key_of(request.param)


@pytest.fixture
def p256() -> PrivateKey:
    return key_of(KeyKind.ECDSA_P256)
