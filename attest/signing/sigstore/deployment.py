"""A Sigstore deployment as a signer needs it: whom it believes, and where its services are.

protobuf-specs, sigstore_trustroot.proto: `ClientTrustConfig` is a `TrustedRoot` and a `SigningConfig` in one document.
"""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from attest import limits
from attest.errors import FormatError, TrustError
from attest.oci import strict_json
from attest.signing.sigstore import roots
from attest.signing.sigstore.trusted_root import TrustedRoot

if TYPE_CHECKING:
    from sigstore.models import ClientTrustConfig

MEDIA_TYPE: Final = "application/vnd.dev.sigstore.clienttrustconfig.v0.1+json"


@dataclass(frozen=True, slots=True)
class Deployment:
    """``name`` is for people. ``public`` says that its logs can be read by everyone."""

    name: str
    public: bool
    document: bytes
    """The `ClientTrustConfig`, as JSON."""

    def client_trust_config(self) -> tuple[ClientTrustConfig, int]:
        """For `sigstore`, limited to logs of one major version, which is returned too: 2 where there is one now.

        Raises `TrustError`.
        """
        from sigstore.errors import Error
        from sigstore.models import ClientTrustConfig

        try:
            config = ClientTrustConfig.from_json(self.document.decode())
            _ = config.trusted_root  # read only when it is asked for
            config.force_tlog_version = 2
            with suppress(Error):
                _ = config.signing_config
                return config, 2
            config.force_tlog_version = 1
            _ = config.signing_config
        except (Error, ValueError) as error:
            raise TrustError("cannot sign with this deployment", where=self.name, why=str(error)) from None
        return config, 1

    def trusted_root(self) -> TrustedRoot:
        """Whom it believes. Raises `TrustError`."""
        return TrustedRoot.parse(json.dumps(json.loads(self.document).get("trustedRoot")).encode())

    @property
    def oidc_url(self) -> str:
        """Where people log in. Raises `TrustError`."""
        from sigstore.errors import Error

        config, _ = self.client_trust_config()
        try:
            return config.signing_config.get_oidc_url()
        except Error as error:
            raise TrustError("nobody can log in here", where=self.name, why=str(error)) from None


def load_deployment(name: str | Path, *, offline: bool, now: datetime) -> Deployment:
    """``public-good`` or ``staging`` as TUF brings them, or a file with a `ClientTrustConfig`. Raises `TrustError`."""
    if name not in roots.INSTANCES:
        path = Path(name)
        return Deployment(str(path), public=False, document=_checked(roots.read_document(path), str(path)))
    published = roots.find(str(name), offline=offline, max_age=None, now=now).published
    document = {
        "mediaType": MEDIA_TYPE,
        "trustedRoot": json.loads(published.trusted_root),
        "signingConfig": json.loads(published.signing_config),
    }
    return Deployment(str(name), public=True, document=json.dumps(document).encode())


def _checked(raw: bytes, where: str) -> bytes:
    try:
        document = strict_json.read_object(raw, where=where, limit=limits.TRUSTED_ROOT)
    except FormatError as error:
        raise TrustError("cannot read the trust configuration", where=where, why=error.what) from None
    if (found := document.get("mediaType")) != MEDIA_TYPE:
        raise TrustError(
            "not a trust configuration",
            where=where,
            why=f"its mediaType is {str(found)[:160]}, not {MEDIA_TYPE}",
            next_step="a trusted root alone says whom to believe, not where to sign",
        )
    return raw
