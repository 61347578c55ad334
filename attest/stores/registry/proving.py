"""Whether a registry takes credentials, found out before they are kept."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from attest.errors import StoreRefused, StoreUnavailable
from attest.oci.reference import hub
from attest.stores.registry.client import Client
from attest.stores.registry.credentials import Credential
from attest.stores.registry.options import RegistryOptions
from attest.stores.registry.token import TokenRefused

_REFUSED: Final = (400, 401, 403)  # token services answer 400 to identity tokens that they do not know (RFC 6749 §5.2)


@dataclass(slots=True)
class _Offered:
    """One credential for one host, and whether anybody wanted it."""

    host: str
    credential: Credential = field(repr=False)
    wanted: bool = False

    def lookup(self, host: str, repository: str) -> Credential | None:  # noqa: ARG002 - all of the host is meant
        self.wanted = True
        return self.credential if host == self.host else None


def prove(host: str, credential: Credential, options: RegistryOptions) -> bool:
    """Log in to ``host`` once. False when it lets anybody in and so says nothing about ``credential``.

    Raises `StoreRefused` when it does not take it, `StoreUnavailable` when it does not answer as a registry.
    """
    offered = _Offered(hub(host), credential)
    client = Client(host, options, offered)
    try:
        response = client.ping()
    except TokenRefused as error:
        if error.status in _REFUSED:
            raise _refused(host, error.why) from None
        raise
    finally:
        client.close()
    if response.ok:
        return offered.wanted
    if response.status in (401, 403):
        raise _refused(host, f"it answered {response.status}")
    if response.status in (408, 429) or response.status >= 500:
        raise client.failure(response, "cannot log in", "v2/")
    raise StoreUnavailable("not a registry", where=host, why=f"it answered {response.status} to GET /v2/")


def _refused(host: str, why: str | None) -> StoreRefused:
    return StoreRefused(
        "the credentials are not accepted", where=host, why=why, next_step="check user name and password, or token"
    )
