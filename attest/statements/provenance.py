"""Facts of SLSA provenance: who says that they built it, how, and from which source. Read, not judged.

v1: https://slsa.dev/spec/v1.0/provenance (the same predicate type for 1.0, 1.1 and 1.2); v0.2:
https://slsa.dev/provenance/v0.2. A fact that is not there, or that is there in several versions, is None.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from attest import names
from attest.errors import FormatError

_SOURCE: Final = re.compile(
    r"(?P<git>git\+)?(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<host>[^/?#\s]+)(?P<path>/[^@#\s]*)"
    r"(?:@[^#\s]*)?(?:#\S*)?"
)


@dataclass(frozen=True, slots=True)
class Provenance:
    """``source`` is a repository as `repository` writes it."""

    builder: str | None
    build_type: str | None
    source: str | None


def read_provenance(predicate_type: str, predicate: Mapping[str, Any] | None) -> Provenance:
    """Facts of a predicate of that type. Raises `FormatError` where it does not have its type's shape."""
    if predicate is None:
        raise FormatError("the provenance has no predicate")
    if predicate_type == names.PREDICATE_SLSA_V1:
        return _v1(predicate)
    if predicate_type == names.PREDICATE_SLSA_V02:
        return _v02(predicate)
    raise FormatError("not provenance of a known version", why=predicate_type)


def repository(uri: str) -> str | None:
    """The repository that a source URI names: without ``git+``, ``.git``, ``@ref`` and ``#fragment``; scheme and host
    in lower case. None where it is no URI with an authority and a path.

    >>> repository("git+https://GitHub.com/acme/app.git@refs/tags/v1")
    'https://github.com/acme/app'
    """
    match = _SOURCE.fullmatch(uri)
    if match is None:
        return None
    path = match["path"].removesuffix("/").removesuffix(".git")
    return f"{match['scheme'].lower()}://{match['host'].lower()}{path}" if path else None


def _v1(predicate: Mapping[str, Any]) -> Provenance:
    definition, details = _mapping(predicate, "buildDefinition"), _mapping(predicate, "runDetails")
    if definition is None or details is None:
        raise FormatError("not SLSA v1 provenance", why="it has no buildDefinition or no runDetails")
    workflow = _mapping(_mapping(definition, "externalParameters"), "workflow")
    declared = _string(workflow, "repository")
    return Provenance(
        builder=_string(_mapping(details, "builder"), "id"),
        build_type=_string(definition, "buildType"),
        source=repository(declared) if declared else _only_git(_uris(definition, "resolvedDependencies")),
    )


def _v02(predicate: Mapping[str, Any]) -> Provenance:
    if _mapping(predicate, "builder") is None:
        raise FormatError("not SLSA v0.2 provenance", why="it has no builder")
    config = _mapping(_mapping(predicate, "invocation"), "configSource")
    declared = _string(config, "uri")
    return Provenance(
        builder=_string(_mapping(predicate, "builder"), "id"),
        build_type=_string(predicate, "buildType"),
        source=repository(declared) if declared else _only_git(_uris(predicate, "materials")),
    )


def _only_git(uris: Iterable[str]) -> str | None:
    """The one git repository among ``uris``; None where there is none, or where it could be any of several."""
    found = {repository(uri) for uri in uris if uri.startswith(("git+", "git://"))}
    return found.pop() if len(found) == 1 else None


def _uris(value: Mapping[str, Any], name: str) -> Iterator[str]:
    items = value.get(name)
    for item in items if isinstance(items, list) else ():
        uri = _string(item, "uri") if isinstance(item, dict) else None
        if uri is not None:
            yield uri


def _mapping(value: Mapping[str, Any] | None, name: str) -> Mapping[str, Any] | None:
    found = None if value is None else value.get(name)
    return found if isinstance(found, dict) else None


def _string(value: Mapping[str, Any] | None, name: str) -> str | None:
    found = None if value is None else value.get(name)
    return found if isinstance(found, str) and found else None
