"""Whom to trust for keyless signatures: a Sigstore instance by name, or a file; and how old that knowledge may be.

An instance's documents come, in this order, from what TUF brought last (`attest.signing.sigstore.updates`), from TUF
itself where a network may be used, or from the copy that the `sigstore` package ships, whose age nobody knows.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final
from urllib.parse import quote

from attest import limits
from attest.errors import StoreRefused, StoreUnavailable, TrustError, install
from attest.regular_file import open_regular
from attest.signing.sigstore.trusted_root import TrustedRoot
from attest.signing.sigstore.updates import SIGNING_CONFIG, TRUSTED_ROOT, Published, Updates

PUBLIC_GOOD: Final = "public-good"
STAGING: Final = "staging"
INSTANCES: Final = {
    PUBLIC_GOOD: "https://tuf-repo-cdn.sigstore.dev",
    STAGING: "https://tuf-repo-cdn.sigstage.dev",
}
"""The instances that Sigstore runs itself, each with its TUF repository."""

REFRESH_AFTER: Final = timedelta(days=1)
"""Age from which an instance is asked again; its own metadata expire after three to seven days."""


@dataclass(frozen=True, slots=True)
class Current:
    """What is known of an instance. ``problem`` says why it is not fresher; None if nothing went wrong."""

    published: Published
    problem: str | None = None


def load_root(name: str | Path, *, offline: bool, max_age: timedelta | None, now: datetime) -> TrustedRoot:
    """The trusted root of ``public-good`` or ``staging``, or the one in a file.

    ``max_age`` is how long ago it may have been confirmed at ``now``; that is known of instances only. With ``offline``
    nothing is asked. Raises `TrustError`.
    """
    if name not in INSTANCES:
        if max_age is not None:
            raise TrustError(
                "the age of a trusted root in a file is not known",
                where=str(name),
                next_step=f"name {PUBLIC_GOOD} or {STAGING}, or leave root_max_age out",
            )
        return TrustedRoot.parse(read_document(Path(name)))
    return TrustedRoot.parse(find(str(name), offline=offline, max_age=max_age, now=now).published.trusted_root)


def find(name: str, *, offline: bool, max_age: timedelta | None, now: datetime) -> Current:
    """What is known of the instance ``name``: see `load_root`."""
    shipped = shipped_with_sigstore(INSTANCES[name])
    updates = Updates(INSTANCES[name], shipped.first_root, folder_of_user(os.environ, Path.home()) / name)
    return choose(updates, shipped.published, offline=offline, max_age=max_age, now=now)


def choose(updates: Updates, shipped: Published, *, offline: bool, max_age: timedelta | None, now: datetime) -> Current:
    """The freshest documents that may be had; those of a repository that lies are never replaced by older ones.

    Raises `TrustError` if they are older than ``max_age``, or of unknown age where that is limited.
    """
    current = Current(updates.kept() or shipped)
    if not offline and not _is_younger(current.published, min(max_age or REFRESH_AFTER, REFRESH_AFTER), now):
        try:
            current = Current(updates.refresh())
        except (StoreUnavailable, StoreRefused) as error:
            current = Current(current.published, problem=str(error))
    if max_age is not None and not _is_younger(current.published, max_age, now):
        checked = current.published.checked
        age = "its age is unknown" if checked is None else f"it was last confirmed at {checked:%Y-%m-%dT%H:%M:%SZ}"
        tried = current.problem or ("nothing was asked, offline" if offline else "it was asked just now")
        raise TrustError(
            "the trusted root is not known to be fresh enough",
            where=updates.url,
            why=f"{age}, and at most {_words(max_age)} are allowed; {tried}",
            next_step="run once with a network, or allow an older one (root_max_age)",
        )
    return current


@dataclass(frozen=True, slots=True)
class Shipped:
    """What the `sigstore` package carries for an instance: its first TUF root and its documents, of unknown age."""

    first_root: bytes
    published: Published


def shipped_with_sigstore(url: str) -> Shipped:
    """The files that the installed `sigstore` package lists for the repository at ``url``. Raises `TrustError`."""
    import importlib.metadata

    try:
        listed = importlib.metadata.files("sigstore") or ()
    except importlib.metadata.PackageNotFoundError:
        raise TrustError(
            "Sigstore's instances are not known here",
            why="the sigstore package is not installed",
            next_step=f"{install('sigstore')}; or name a file with a trusted root",
        ) from None
    here = {path.name: path for path in listed if path.parent.name == quote(url, safe="")}
    try:
        first_root, trusted_root, signing_config = (
            here[name].read_binary() for name in ("root.json", TRUSTED_ROOT, SIGNING_CONFIG)
        )
    except (KeyError, OSError) as error:
        raise TrustError("the sigstore package does not carry this instance", where=url, why=str(error)) from None
    return Shipped(first_root, Published(trusted_root, signing_config, checked=None))


def folder_of_user(environment: Mapping[str, str], home: Path) -> Path:
    """Where what TUF brought is kept: below ``XDG_DATA_HOME`` or ``~/.local/share``.

    It is data, not a cache: without it an older answer of a repository could not be told from a new one.
    """
    base = environment.get("XDG_DATA_HOME", "")
    return (Path(base) if base.startswith("/") else home / ".local" / "share") / "attest" / "trust"


def read_document(path: Path) -> bytes:
    """A file with a description of a deployment. Raises `TrustError`."""
    try:
        with open_regular(path) as file:
            raw = file.read(limits.TRUSTED_ROOT + 1)
    except OSError as error:
        raise TrustError("cannot read the file", where=str(path), why=error.strerror or str(error)) from None
    if len(raw) > limits.TRUSTED_ROOT:
        raise TrustError("the file is too large", where=str(path), why=f"more than {limits.TRUSTED_ROOT} bytes")
    return raw


def _is_younger(published: Published, age: timedelta, now: datetime) -> bool:
    """Confirmed at most ``age`` before ``now``, or after it."""
    return published.checked is not None and now - published.checked <= age


def _words(age: timedelta) -> str:
    return f"{age.days} days" if age == timedelta(age.days) else f"{age.total_seconds() / 3600:.3g} hours"
