"""Whose credentials go to which registry. The first place that knows the registry wins:

1. ``ATTEST_REGISTRY_USER`` and ``ATTEST_REGISTRY_PASSWORD``, only for the host in ``ATTEST_REGISTRY_HOST`` or, without
   that, the host of ``ATTEST_STORE``; never for another one;
2. the file ``$REGISTRY_AUTH_FILE`` (podman);
3. ``config.json`` in ``$DOCKER_CONFIG``, else ``~/.docker``;
4. ``$XDG_RUNTIME_DIR/containers/auth.json``, then ``~/.config/containers/auth.json`` (podman, skopeo, buildah);
5. ``$NETRC``, else ``~/.netrc``; its ``default`` entry is ignored, since it would go to any host.

Within a file: ``credHelpers``, then ``credsStore``, then ``auths``; the longest key that begins HOST/REPOSITORY fits.
"""

from __future__ import annotations

import base64
import binascii
import netrc
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Protocol

from attest import limits
from attest.errors import FormatError, UsageError
from attest.oci import strict_json
from attest.oci.reference import DOCKER_HUB, hub
from attest.regular_file import open_regular
from attest.stores.registry import helper

TOKEN_USER: Final = "<token>"
"""The user name that says: the secret is an identity token (docker-credential-helpers)."""
_FILE_LIMIT: Final = limits.MIB
_HUB_KEY: Final = "https://index.docker.io/v1/"


@dataclass(frozen=True, slots=True)
class Credential:
    """One way in: a user name with a password, an identity (refresh) token, or a bearer token to send as it is."""

    username: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    identity_token: str = field(default="", repr=False)
    registry_token: str = field(default="", repr=False)

    def secrets(self) -> tuple[str, ...]:
        """Everything that must not be shown."""
        pair = base64.b64encode(f"{self.username}:{self.password}".encode()).decode("ascii") if self.password else ""
        found = (self.password, self.identity_token, self.registry_token, pair)
        return tuple(secret for secret in found if secret)


class Credentials(Protocol):
    """A source of credentials."""

    def lookup(self, host: str, repository: str) -> Credential | None:
        """What to show to ``host`` for ``repository``; None to go as anybody. Raises `UsageError`."""
        ...


@dataclass(frozen=True, slots=True)
class UserCredentials:
    """The places named above, read anew at every lookup."""

    environment: Mapping[str, str] = field(repr=False)
    home: Path

    def lookup(self, host: str, repository: str) -> Credential | None:
        host = hub(host)
        found = self._from_environment(host)
        if found is not None:
            return found
        for path in self._files():
            found = _from_file(path, host, repository, self.environment)
            if found is not None:
                return found
        return self._from_netrc(host)

    def _from_environment(self, host: str) -> Credential | None:
        password = self.environment.get("ATTEST_REGISTRY_PASSWORD")
        if not password:
            return None
        meant = (
            self.environment.get("ATTEST_REGISTRY_HOST") or self.environment.get("ATTEST_STORE", "").partition("/")[0]
        )
        if hub(meant) != host:
            return None
        return Credential(self.environment.get("ATTEST_REGISTRY_USER", ""), password)

    def _files(self) -> Iterator[Path]:
        environment = self.environment
        if environment.get("REGISTRY_AUTH_FILE"):
            yield Path(environment["REGISTRY_AUTH_FILE"])
        yield docker_config(environment, self.home)
        if environment.get("XDG_RUNTIME_DIR"):
            yield Path(environment["XDG_RUNTIME_DIR"]) / "containers" / "auth.json"
        yield Path(environment.get("XDG_CONFIG_HOME") or self.home / ".config") / "containers" / "auth.json"

    def _from_netrc(self, host: str) -> Credential | None:
        path = Path(self.environment.get("NETRC") or self.home / ".netrc")
        try:
            entry = netrc.netrc(path).hosts.get(host.rpartition(":")[0] if ":" in host else host)
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError, netrc.NetrcParseError):  # its text quotes the file
            raise UsageError("cannot read credentials", where=str(path), why="not a netrc file") from None
        return None if entry is None else Credential(entry[0], entry[2] or "")


def docker_config(environment: Mapping[str, str], home: Path) -> Path:
    """Docker's file."""
    return Path(environment.get("DOCKER_CONFIG") or home / ".docker") / "config.json"


def read_file(path: Path) -> tuple[str, dict[str, Any]] | None:
    """The text of a docker or podman file and what it says; None when there is none. Raises `UsageError`."""
    try:
        with open_regular(path) as file:
            raw = file.read(_FILE_LIMIT + 1)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise UsageError("cannot read credentials", where=str(path), why=error.strerror) from None
    if len(raw) > _FILE_LIMIT:
        raise UsageError("cannot read credentials", where=str(path), why=f"larger than {_FILE_LIMIT} bytes")
    try:
        value = strict_json.read_object(raw, where=str(path), limit=_FILE_LIMIT)
    except FormatError:
        raise UsageError("cannot read credentials", where=str(path), why="not a JSON object") from None
    return raw.decode(), value


def helper_of(value: dict[str, Any], host: str, repository: str) -> str | None:
    """The credential helper that a file names for ``host``."""
    found = _best(value.get("credHelpers"), host, repository)
    found = value.get("credsStore") if found is None else found
    return found if isinstance(found, str) and found else None


def server_key(host: str) -> str:
    """What docker calls ``host`` in its file and towards helpers."""
    return _HUB_KEY if host == DOCKER_HUB else host


def is_key_of(key: str, host: str) -> bool:
    """Whether a key of ``auths`` is one of the spellings of the whole ``host``."""
    return _normal(key) == host


def _from_file(path: Path, host: str, repository: str, environment: Mapping[str, str]) -> Credential | None:
    read = read_file(path)
    if read is None:
        return None
    _, value = read
    suffix = helper_of(value, host, repository)
    if suffix is not None:
        found = helper.get(suffix, server_key(host), environment)
        if found is not None:
            username, secret = found
            return Credential(identity_token=secret) if username == TOKEN_USER else Credential(username, secret)
    entry = _best(value.get("auths"), host, repository)
    return _read_entry(entry, path) if isinstance(entry, dict) else None


def _best(table: Any, host: str, repository: str) -> Any:
    """The value whose key is the longest prefix, by path components, of HOST/REPOSITORY."""
    if not isinstance(table, dict):
        return None
    wanted = f"{host}/{repository}/"
    fitting = [key for key in table if wanted.startswith(f"{_normal(key)}/")]
    return table[max(fitting, key=lambda key: (len(_normal(key)), key == host))] if fitting else None


def _normal(key: str) -> str:
    """``https://index.docker.io/v1/`` and its like, as docker wrote them, are keys for a whole host."""
    scheme, separator, rest = key.partition("://")
    host, slash, path = (rest if separator else scheme).strip("/").partition("/")
    if separator or path in ("v1", "v2"):
        return hub(host)
    return f"{hub(host)}{slash}{path}"


def _read_entry(entry: dict[str, Any], path: Path) -> Credential | None:
    def text(name: str) -> str:
        found = entry.get(name)
        return found if isinstance(found, str) else ""

    username, password = text("username"), text("password")
    if text("auth"):
        try:
            pair = base64.b64decode(text("auth"), validate=True).decode().rstrip("\0")
        except (binascii.Error, UnicodeDecodeError):
            raise UsageError("cannot read credentials", where=str(path), why="an `auth` is not base64") from None
        username, _, password = pair.partition(":")
    found = Credential(username, password, text("identitytoken"), text("registrytoken"))
    return found if found.secrets() else None
