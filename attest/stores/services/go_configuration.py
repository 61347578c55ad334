"""Where Go gets modules from (Go Modules Reference, "Environment variables"; `go help environment`).

A setting stands in the environment, else in the file that ``GOENV`` names, else it is what ``go env`` answers, which
knows the default.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

from attest.errors import UsageError
from attest.stores.services.clients import asked, http, text
from attest.stores.services.fetcher import Address

_WHERE: Final = "golang"
_SEPARATOR: Final = re.compile("[,|]")


def go_proxy(environment: Mapping[str, str], home: Path, module: str | None = None) -> Address:
    """The proxy that Go asks first, for ``module`` or for any that is not private.

    Raises `UsageError` where Go asks no proxy, or nobody says which.
    """
    file = _file(environment, home)
    private = _setting("GONOPROXY", environment, file) or _setting("GOPRIVATE", environment, file) or ""
    if module is not None and any(_covers(pattern, module) for pattern in private.split(",")):
        raise _none(f"{module} is private, so Go asks its repository")
    chosen = _setting("GOPROXY", environment, file) or asked("go", "env", "GOPROXY", environment=_quiet(environment))
    if not chosen:
        raise _none("no configuration names one, and go is not there to be asked")
    first = next((item for item in map(str.strip, _SEPARATOR.split(chosen)) if item), "off")
    if first in ("direct", "off"):
        raise _none(f"GOPROXY is {first}")
    return Address(http(first, _WHERE))


def _setting(name: str, environment: Mapping[str, str], file: Mapping[str, str]) -> str | None:
    return environment.get(name) or file.get(name)


def _file(environment: Mapping[str, str], home: Path) -> dict[str, str]:
    """``NAME=value`` a line (`go help environment`)."""
    named = environment.get("GOENV")
    if named == "off":
        return {}
    if sys.platform == "darwin":
        base = home / "Library" / "Application Support"
    else:
        base = Path(environment.get("XDG_CONFIG_HOME") or home / ".config")
    lines = (line.partition("=") for line in text(Path(named) if named else base / "go" / "env").splitlines())
    return {name.strip(): value for name, equals, value in lines if equals and not name.startswith("#")}


def _covers(pattern: str, module: str) -> bool:
    """Whether a glob fits the beginning of a module's path, segment by segment."""
    globs, segments = pattern.strip().split("/"), module.split("/")
    fits = zip(globs, segments, strict=False)
    return bool(pattern.strip()) and len(globs) <= len(segments) and all(fnmatchcase(part, glob) for glob, part in fits)


def _quiet(environment: Mapping[str, str]) -> dict[str, str]:
    """So that to be asked makes Go fetch no other version of itself."""
    return {**environment, "GOTOOLCHAIN": "local"}


def _none(why: str) -> UsageError:
    return UsageError("no proxy is configured", where=_WHERE, why=why, next_step="go env -w GOPROXY=URL")
