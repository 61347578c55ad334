"""Real registries that want a login: behind a token service, and with a file of passwords."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from attest.stores.registry.credentials import Credential
from tests.stores.registry import real
from tests.stores.registry.scripted import Scripted
from tests.stores.registry.token_server import TokenServer

ALICE = Credential("alice", "correct-horse-battery")
IDENTITY = Credential(identity_token="refreshed-for-alice")
HTPASSWD = "alice:$2b$04$pf9U739I049cc3fC4BIaNeaNstQo3jSyEQMj8G3wPx3ycKUmLxmp.\n"

Serving = Callable[..., AbstractContextManager[str]]


@dataclass(frozen=True, slots=True)
class Behind:
    """A registry and the token service before it."""

    host: str
    tokens: TokenServer


@contextmanager
def behind_tokens(directory: Path) -> Iterator[Behind]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "token service")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .sign(key, hashes.SHA256())
    )
    with Scripted().running() as scripted:
        users, identities = {ALICE.username: ALICE.password}, {IDENTITY.identity_token: ALICE.username}
        tokens = TokenServer(scripted, key, certificate, users, identities)
        with real.distribution(directory, settings=tokens.settings(directory)) as host:
            yield Behind(host, tokens)


@contextmanager
def behind_password(directory: Path, serving: Serving) -> Iterator[str]:
    file = directory / "htpasswd"
    file.write_text(HTPASSWD)
    with serving(directory, settings=f"auth: {{htpasswd: {{realm: registry, path: '{file}'}}}}\n") as host:
        yield host
