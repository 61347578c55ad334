"""Facts of SLSA provenance: who says that they built it, how, and from which source. Read, not judged.

v1: https://slsa.dev/spec/v1.0/provenance (the same predicate type for 1.0, 1.1 and 1.2); v0.2:
https://slsa.dev/provenance/v0.2. A fact that is not there, or that is there in several versions, is None.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from attest import names
from attest.errors import FormatError
from attest.oci.strict_json import Fields
from attest.statements.moments import parse_time

_SOURCE: Final = re.compile(
    r"(?P<git>git\+)?(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<host>[^/?#\s]+)(?P<path>/[^@#\s]*)"
    r"(?:@(?P<ref>[^#\s]*))?(?:#\S*)?"
)


@dataclass(frozen=True, slots=True)
class Provenance:
    """``source`` is a repository as `repository` writes it, ``ref`` a branch or tag in it, ``workflow`` a path in it.

    ``parameters`` are those that came from outside, by their dotted path, as text in JSON's words for what is none.
    ``time`` is when the build ended, or else began; ``run`` is how the builder names this one build.
    """

    builder: str | None
    build_type: str | None
    source: str | None
    ref: str | None = None
    workflow: str | None = None
    parameters: Mapping[str, str] = field(default_factory=dict, hash=False)
    time: datetime | None = None
    run: str | None = None


def read_provenance(predicate_type: str, predicate: Mapping[str, Any] | None) -> Provenance:
    """Facts of a predicate of that type. Raises `FormatError` where it does not have its type's shape."""
    if predicate is None:
        raise FormatError("the provenance has no predicate")
    if predicate_type == names.PREDICATE_SLSA_V1:
        return _v1(predicate)
    if predicate_type == names.PREDICATE_SLSA_V02:
        return _v02(predicate)
    raise FormatError("not provenance of a known version", why=predicate_type)


def validate(predicate_type: str, predicate: Mapping[str, Any]) -> Provenance:
    """As `read_provenance`, and what the specification requires must be there. Raises `FormatError` with the place."""
    fields = Fields(predicate, "provenance")
    if predicate_type == names.PREDICATE_SLSA_V1:
        definition = fields.object("buildDefinition")
        builder, sources = fields.object("runDetails").object("builder"), definition.objects("resolvedDependencies")
        definition.object("externalParameters")
        build_type = definition.string("buildType")
    else:
        builder, sources, build_type = fields.object("builder"), fields.objects("materials"), fields.string("buildType")
    for what, text in (("builder.id", builder.string("id")), ("buildType", build_type)):
        if ":" not in text:
            raise FormatError("not a URI", where=f"provenance: {what}", why=repr(text[:80]))
    for item in sources:
        if not any(item.value.get(name) for name in ("uri", "digest", "content")):
            raise FormatError("it names nothing", where=item.path, why="it has no uri, digest or content")
        item.optional_string("uri")
        item.strings("digest")
    return read_provenance(predicate_type, predicate)


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
        ref=_string(workflow, "ref"),
        workflow=_string(workflow, "path"),
        parameters=dict(_flat(_mapping(definition, "externalParameters"))),
        time=_time(_mapping(details, "metadata"), "finishedOn", "startedOn"),
        run=_string(_mapping(details, "metadata"), "invocationId"),
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
        ref=_ref(declared) if declared else None,
        workflow=_string(config, "entryPoint"),
        parameters=dict(_flat(_mapping(_mapping(predicate, "invocation"), "parameters"))),
        time=_time(_mapping(predicate, "metadata"), "buildFinishedOn", "buildStartedOn"),
        run=_string(_mapping(predicate, "metadata"), "buildInvocationId"),
    )


def _ref(uri: str) -> str | None:
    """What follows the ``@`` of a source URI."""
    match = _SOURCE.fullmatch(uri)
    return None if match is None else match["ref"]


def _flat(value: Mapping[str, Any] | None) -> Iterator[tuple[str, str]]:
    """Every text, number and boolean within, by dotted path; one that could be two of them is left out."""
    found: dict[str, list[str]] = {}
    pending: list[tuple[str, Any]] = [("", value or {})]
    while pending:
        path, item = pending.pop()
        if isinstance(item, dict):
            pending.extend((f"{path}.{key}" if path else key, inner) for key, inner in item.items())
        elif isinstance(item, str | int | float):
            found.setdefault(path, []).append(item if isinstance(item, str) else json.dumps(item))
    yield from ((path, values[0]) for path, values in found.items() if len(values) == 1)


def _time(metadata: Mapping[str, Any] | None, *keys: str) -> datetime | None:
    text = next((found for key in keys if (found := _string(metadata, key)) is not None), None)
    return None if text is None else parse_time(text, "provenance.metadata")


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
