"""What a Sigstore deployment publishes by TUF (theupdateframework.io, specification §5): fetched, checked and kept.

The metadata and the last good answer lie in one folder a deployment. An attacker on the way can hold an answer back,
which shows in its age; a changed, older or expired one is refused.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from attest import __version__, limits
from attest.errors import FormatError, StoreRefused, StoreUnavailable, TrustError
from attest.oci import strict_json
from attest.oci.strict_json import Fields
from attest.regular_file import open_regular
from attest.signing.dsse import decode_base64
from attest.stores import durable

if TYPE_CHECKING:
    from tuf.ngclient.updater import Updater

TRUSTED_ROOT: Final = "trusted_root.json"
SIGNING_CONFIG: Final = "signing_config.v0.2.json"
"""The names of the two targets in every Sigstore repository."""

_KEPT: Final = "kept.json"
_LOCK: Final = "lock"
_TIMEOUT: Final = 5  # seconds for a connection or between two packets; it is tried four times


@dataclass(frozen=True, slots=True)
class Published:
    """The two documents as they were published. ``checked`` is when a repository last said so; None if unknown."""

    trusted_root: bytes
    signing_config: bytes
    checked: datetime | None


@dataclass(frozen=True, slots=True)
class Updates:
    """A TUF repository at ``url``, trusted from ``first_root`` (its `root.json`) on; ``folder`` is ours alone."""

    url: str
    first_root: bytes
    folder: Path

    def kept(self) -> Published | None:
        """What the last `refresh` brought, without a network; None if there was none. Raises `TrustError`."""
        path = self.folder / _KEPT
        try:
            with open_regular(path) as file:
                raw = file.read(4 * limits.TRUSTED_ROOT + 1)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise TrustError("cannot read what is known of the trust root", where=str(path), why=str(error)) from None
        try:
            fields = Fields(strict_json.read_object(raw, where=str(path), limit=4 * limits.TRUSTED_ROOT), str(path))
            return Published(
                decode_base64(fields.string("trustedRoot"), where=f"{path}: trustedRoot"),
                decode_base64(fields.string("signingConfig"), where=f"{path}: signingConfig"),
                datetime.fromtimestamp(fields.integer("checked"), UTC),
            )
        except (FormatError, OverflowError, ValueError, OSError) as error:
            raise TrustError(
                "what is known of the trust root is damaged", where=str(path), why=str(error), next_step="delete it"
            ) from None

    def refresh(self) -> Published:
        """Ask the repository, and keep what it says; one process at a time.

        Raises `StoreUnavailable` if it cannot be reached, `StoreRefused` if nothing can be kept, and `TrustError` if
        what it says does not hold.
        """
        from tuf.api.exceptions import DownloadError, RepositoryError

        try:
            with durable.folder(self.folder, create=True) as held, durable.locked(held, _LOCK):
                published = self._fetch()
                durable.write(held, _KEPT, _document(published), scratch=held)
        except DownloadError as error:
            raise StoreUnavailable("cannot refresh the trust root", where=self.url, why=_reason(error)) from None
        except RepositoryError as error:
            raise TrustError(
                "the trust root's repository says what does not hold",
                where=self.url,
                why=str(error),
                next_step=f"if this lasts, somebody interferes; what was good before still lies in {self.folder}",
            ) from None
        except OSError as error:
            raise StoreRefused("cannot keep the trust root", where=str(self.folder), why=str(error)) from None
        return published

    def _fetch(self) -> Published:
        """What the repository says now. Raises what `tuf` raises."""
        from tuf.ngclient.updater import Updater
        from tuf.ngclient.urllib3_fetcher import Urllib3Fetcher

        updater = Updater(
            str(self.folder / "metadata"),
            self.url,
            str(self.folder / "targets"),
            f"{self.url}/targets",
            Urllib3Fetcher(socket_timeout=_TIMEOUT, app_user_agent=f"attest/{__version__}"),
            bootstrap=self.first_root,
        )
        updater.refresh()
        now = datetime.now(UTC).replace(microsecond=0)
        return Published(_target(updater, TRUSTED_ROOT), _target(updater, SIGNING_CONFIG), now)


def _document(published: Published) -> bytes:
    assert published.checked is not None
    document = {
        "checked": int(published.checked.timestamp()),
        "trustedRoot": base64.b64encode(published.trusted_root).decode(),
        "signingConfig": base64.b64encode(published.signing_config).decode(),
    }
    return json.dumps(document).encode()


def _reason(error: Exception) -> str:
    """Why nothing came; `tuf` often says it only in the cause."""
    return str(error) or str(error.__cause__ or "")


def _target(updater: Updater, name: str) -> bytes:
    """One published document, checked against the metadata. Raises what `tuf` raises."""
    from tuf.api.exceptions import RepositoryError

    info = updater.get_targetinfo(name)
    if info is None:
        raise RepositoryError(f"there is no {name}")
    path = updater.find_cached_target(info) or updater.download_target(info)
    return Path(path).read_bytes()
