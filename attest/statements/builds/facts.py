"""What is known of a build, and the SLSA v1 predicate that says it (https://slsa.dev/spec/v1.0/provenance).

Only what somebody said stands in it: a CI service or a person. A SLSA level is nothing that a predicate could say of
itself: who verifies decides with which level the builder is trusted.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote, urlsplit, urlunsplit

from attest.errors import UsageError
from attest.statements.provenance import repository

REQUIRED: Final[tuple[str, ...]] = ("builder", "build_type", "source", "commit")
"""Facts without which there is no provenance, whoever says them."""
_COMMIT: Final = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_REF: Final = re.compile(r"refs/(?:(?!\.\.)[^\s\x00-\x1f\x7f~^:?*\[\\])+")
_SCP: Final = re.compile(r"(?:[^@/:\s]+@)?(?P<host>[^@/:\s]{2,}):(?!//)(?P<path>[^\s\\]+)")
"""git's own short form; what has one letter before the colon is a drive."""
_ABSOLUTE: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s\x00-\x1f\x7f]+")
_FORMAT: Final = "%Y-%m-%dT%H:%M:%SZ"


@dataclass(frozen=True, slots=True)
class Facts:
    """``source`` is a repository as `attest.statements.provenance.repository` writes it, ``ref`` a whole name in it
    (``refs/tags/v1``), ``commit`` in lower-case hex, ``workflow`` the path in it that says how it is built.

    ``inputs`` are what somebody outside chose, ``external`` other parameters that the build type has, ``internal`` what
    the service adds. What nobody said is None or empty.
    """

    builder: str | None = None
    build_type: str | None = None
    source: str | None = None
    ref: str | None = None
    commit: str | None = None
    workflow: str | None = None
    inputs: Mapping[str, str] = field(default_factory=dict, hash=False)
    external: Mapping[str, Any] = field(default_factory=dict, hash=False)
    internal: Mapping[str, Any] = field(default_factory=dict, hash=False)
    invocation: str | None = None
    started: datetime | None = None
    finished: datetime | None = None

    def over(self, other: Facts) -> Facts:
        """What is said here, and the rest as ``other`` says it."""
        return replace(other, **{name: value for name in self.__slots__ if (value := getattr(self, name))})

    def checked(self, places: Mapping[str, str], *, but: Facts | None = None) -> Facts:
        """The same, each fact in its one form and without credentials; those that ``but`` says are left as they are.

        ``places`` says where each fact comes from. Raises `UsageError`.
        """
        found: dict[str, Any] = {
            name: check(text, places.get(name, name))
            for name, check in _CHECKS.items()
            if (text := getattr(self, name)) is not None and (but is None or getattr(but, name) is None)
        }
        return replace(self, **found)

    def predicate(self) -> dict[str, Any]:
        """The predicate. All `REQUIRED` facts are said, and all are checked."""
        workflow = _said({"repository": self.source, "ref": self.ref, "path": self.workflow})
        at = "" if self.ref is None else f"@{quote(self.ref, safe='/@+=,!$&()')}"
        definition = {
            "buildType": self.build_type,
            "externalParameters": _said({"workflow": workflow, **self.external, "inputs": dict(self.inputs)}),
            "internalParameters": dict(self.internal),
            "resolvedDependencies": [{"uri": f"git+{self.source}{at}", "digest": {"gitCommit": self.commit}}],
        }
        metadata = {
            "invocationId": self.invocation,
            "startedOn": _written(self.started),
            "finishedOn": _written(self.finished),
        }
        details = {"builder": {"id": self.builder}, "metadata": _said(metadata)}
        return {"buildDefinition": _said(definition), "runDetails": _said(details)}


def without_secrets(text: str) -> str:
    """The same address without user, password, query and fragment: whatever may hold a token."""
    try:
        parts = urlsplit(text)
    except ValueError:  # such as a bracket that is not closed
        return ""
    if not parts.netloc:
        return text
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def _source(text: str, where: str) -> str:
    """The repository that a URL or git's ``host:path`` names; never a path on this machine."""
    short = _SCP.fullmatch(text)
    url = f"ssh://{short['host']}/{short['path']}" if short else without_secrets(text.removeprefix("git+"))
    found = repository(url)
    if found is None:
        raise UsageError("not a repository", where=where, why="expected a URL such as https://github.com/acme/app")
    return found


def _ref(text: str, where: str) -> str:
    """A whole one: a short one could be a branch or a tag."""
    if _REF.fullmatch(text) is None:
        raise UsageError("not a whole ref", where=where, why=f"{text[:160]!r} is not like refs/heads/… or refs/tags/…")
    return text


def _commit(text: str, where: str) -> str:
    if _COMMIT.fullmatch(text) is None:
        raise UsageError(
            "not a commit",
            where=where,
            why=f"{text[:80]!r} is not 40 or 64 lower-case hex digits",
            next_step='give --commit "$(git rev-parse HEAD)"',
        )
    return text


def _uri(text: str, where: str) -> str:
    found = without_secrets(text)
    if _ABSOLUTE.fullmatch(found) is None:
        raise UsageError("not a URI", where=where)
    return found


_CHECKS: Final[Mapping[str, Callable[[str, str], str]]] = {
    "builder": _uri,
    "build_type": _uri,
    "source": _source,
    "ref": _ref,
    "commit": _commit,
}


def _said(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value}


def _written(moment: datetime | None) -> str | None:
    return None if moment is None else moment.strftime(_FORMAT)
