"""Where the services of pip and npm are, as those are configured.

pip (documentation, "Configuration"): ``PIP_INDEX_URL``, else ``index-url`` of ``[global]`` in its files. npm ("config",
"npmrc"): ``npm_config_registry``, else ``.npmrc`` of project and user, a scope's own registry before the general one,
else what ``npm config get`` says, which knows the default.
"""

from __future__ import annotations

import configparser
import json
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from attest.errors import UsageError
from attest.stores.services.clients import asked, http, text
from attest.stores.services.fetcher import Address

_VARIABLE: Final = re.compile(r"\$\{([^}]+)\}")
_PIP_FILES: Final = (Path("/etc/xdg/pip/pip.conf"), Path("/etc/pip.conf"))


def pip_index(environment: Mapping[str, str], home: Path) -> Address:
    """The index that pip would use. Raises `UsageError` where pip's configuration names none."""
    url = environment.get("PIP_INDEX_URL")
    for path in _pip_files(environment, home) if not url else ():
        url = _pip_file(path) or url
    if not url:
        raise UsageError(
            "no index is configured",
            where="pypi:",
            why="pip's configuration does not name one",
            next_step="pip config set global.index-url URL, or set PIP_INDEX_URL",
        )
    return Address(http(url, "pypi:"))


def npm_registry(environment: Mapping[str, str], home: Path, scope: str | None) -> Address:
    """The registry that npm would use for packages of ``scope``, such as ``@acme``, or of none.

    Raises `UsageError` where npm's configuration names none and npm is not there to be asked.
    """
    layers = list(_npm_layers(environment, home))
    keys = ([f"{scope}:registry"] if scope else []) + ["registry"]
    url = next((layer[key] for key in keys for layer in layers if layer.get(key)), None)
    for key in keys if url is None else ():
        url = url or asked("npm", "config", "get", key)
    if not url:
        raise UsageError(
            "no registry is configured",
            where="npm:",
            why="npm's configuration does not name one, and npm is not there to be asked",
            next_step="npm config set registry URL, or set npm_config_registry",
        )
    return Address(http(url, "npm:"), _npm_authorization(url, layers))


def _pip_files(environment: Mapping[str, str], home: Path) -> Iterator[Path]:
    """From the weakest to the strongest."""
    named = environment.get("PIP_CONFIG_FILE")
    if named == os.devnull:
        return
    yield from _PIP_FILES
    yield home / ".pip" / "pip.conf"
    yield home / "Library" / "Application Support" / "pip" / "pip.conf"
    yield Path(environment.get("XDG_CONFIG_HOME") or home / ".config") / "pip" / "pip.conf"
    if environment.get("VIRTUAL_ENV"):
        yield Path(environment["VIRTUAL_ENV"]) / "pip.conf"
    if named:
        yield Path(named)


def _pip_file(path: Path) -> str | None:
    parser = configparser.RawConfigParser()
    try:
        parser.read_string(text(path))
    except configparser.Error as error:
        raise UsageError("cannot read pip's configuration", where=str(path), why=str(error)) from None
    return parser.get("global", "index-url", fallback=parser.get("global", "index_url", fallback=None))


def _npm_layers(environment: Mapping[str, str], home: Path) -> Iterator[dict[str, str]]:
    """From the strongest to the weakest."""
    own = {key.lower().removeprefix("npm_config_"): value for key, value in environment.items() if _is_npm(key)}
    yield own
    yield _npm_file(Path(".npmrc"), environment)
    yield _npm_file(Path(own.get("userconfig") or home / ".npmrc"), environment)
    if own.get("globalconfig"):
        yield _npm_file(Path(own["globalconfig"]), environment)


def _is_npm(key: str) -> bool:
    return key.lower().startswith("npm_config_")


def _npm_file(path: Path, environment: Mapping[str, str]) -> dict[str, str]:
    """``key = value`` a line, ``;`` and ``#`` for comments, ``${NAME}`` from the environment."""
    found = {}
    for line in text(path).splitlines():
        key, equals, value = (part.strip() for part in line.partition("="))
        if not equals or key.startswith((";", "#", "[")):
            continue
        if len(value) > 1 and value[0] == value[-1] == '"':
            try:
                value = str(json.loads(value))
            except ValueError:
                continue
        found[key] = _VARIABLE.sub(lambda match: environment.get(match[1], match[0]), value)
    return found


def _npm_authorization(url: str, layers: list[dict[str, str]]) -> str | None:
    """The credentials for the registry or a folder above it, as ``//HOST/PATH/:_authToken``."""
    parts = urlsplit(url)
    folders = parts.path.strip("/").split("/") if parts.path.strip("/") else []
    for depth in range(len(folders), -1, -1):
        place = f"//{parts.netloc.rpartition('@')[2]}/{''.join(f'{folder}/' for folder in folders[:depth])}"
        for layer in layers:
            if layer.get(f"{place}:_authToken"):
                return f"Bearer {layer[f'{place}:_authToken']}"
            if layer.get(f"{place}:_auth"):
                return f"Basic {layer[f'{place}:_auth']}"
    return None
