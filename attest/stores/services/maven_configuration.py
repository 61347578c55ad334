"""Where Maven gets artifacts from (Maven, "Settings Reference", "Using Mirrors for Repositories").

A mirror of the repository ``central`` stands for it; else a profile that is active may name one of that id. Neither is
Maven's own address of it, which no configuration says. The user's settings come before those of the installation.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from attest import limits
from attest.errors import FormatError, UsageError
from attest.formats import strict_xml
from attest.formats.strict_xml import Element
from attest.stores.services.clients import data, http
from attest.stores.services.fetcher import Address

_WHERE: Final = "maven"
_CENTRAL: Final = "central"
_VARIABLE: Final = re.compile(r"\$\{(env\.[^}]+|user\.home)\}")


def maven_repository(environment: Mapping[str, str], home: Path) -> Address:
    """The repository that Maven asks instead of its central one. Raises `UsageError` where no settings name one."""
    settings = [item for path in _files(environment, home) if (item := _settings(path)) is not None]
    mirrors = [mirror for item in settings for mirror in _of(item, "mirrors", "mirror")]
    url = next((_url(item) for item in mirrors if _value(item, "mirrorOf") == _CENTRAL), None)
    url = url or next((_url(item) for item in mirrors if _covers(_value(item, "mirrorOf"))), None)
    url = url or next((found for item in settings for found in _by_profile(item)), None)
    if not url:
        raise UsageError(
            "no repository is configured",
            where=_WHERE,
            why=f"no settings.xml names a mirror or a repository {_CENTRAL}",
            next_step="see mirrors in Maven's settings reference",
        )

    def known(match: re.Match[str]) -> str:
        name = match[1]
        return str(home) if name == "user.home" else environment.get(name.removeprefix("env."), match[0])

    return Address(http(_VARIABLE.sub(known, url), _WHERE))


def _files(environment: Mapping[str, str], home: Path) -> Iterator[Path]:
    yield home / ".m2" / "settings.xml"
    installed = environment.get("MAVEN_HOME") or environment.get("M2_HOME")
    program = None if installed else shutil.which("mvn", path=environment.get("PATH", ""))
    if installed or program:
        place = Path(installed) if installed else Path(program or "").resolve().parents[1]
        yield place / "conf" / "settings.xml"


def _settings(path: Path) -> Element | None:
    found = data(path)
    if not found:
        return None
    try:
        return strict_xml.read(found, where=str(path), limit=limits.KEY_FILE)
    except FormatError as error:
        raise UsageError("cannot read Maven's settings", where=error.where, why=error.why or error.what) from None


def _covers(pattern: str) -> bool:
    """Whether a mirror is one of the central repository, which is far away and spoken to by HTTPS."""
    parts = [part.strip() for part in pattern.split(",")]
    return f"!{_CENTRAL}" not in parts and not {"*", "external:*", _CENTRAL}.isdisjoint(parts)


def _by_profile(settings: Element) -> Iterator[str]:
    """Of the profiles that are active by name or by default."""
    named = {item.text.strip() for item in _of(settings, "activeProfiles", "activeProfile")}
    for profile in _of(settings, "profiles", "profile"):
        activation = profile.one("activation")
        default = activation is not None and _value(activation, "activeByDefault") == "true"
        if _value(profile, "id") in named or (default and not named):
            for repository in _of(profile, "repositories", "repository"):
                if _value(repository, "id") == _CENTRAL:
                    yield _url(repository)


def _of(element: Element, group: str, name: str) -> tuple[Element, ...]:
    found = element.one(group)
    return () if found is None else found.all(name)


def _url(element: Element) -> str:
    return _value(element, "url")


def _value(element: Element, name: str) -> str:
    return (element.value(name) or "").strip()
