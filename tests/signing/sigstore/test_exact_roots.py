"""How old what is known of an instance may be, to the second, and where it lies."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from attest import limits
from attest.errors import TrustError
from attest.signing.sigstore.roots import (
    INSTANCES,
    PUBLIC_GOOD,
    STAGING,
    choose,
    folder_of_user,
    read_document,
    shipped_with_sigstore,
)
from attest.signing.sigstore.trusted_root import TrustedRoot
from attest.signing.sigstore.updates import Published, Updates

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def known(tmp_path: Path, checked: datetime | None, max_age: timedelta | None) -> str | None:
    """Why what was confirmed then is not enough now, offline; None if it is."""
    published = Published(b"root", b"{}", checked)
    updates = Updates("https://tuf.example", b"", tmp_path)
    try:
        current = choose(updates, published, offline=True, max_age=max_age, now=NOW)
    except TrustError as error:
        return error.why
    assert (current.published, current.problem) == (published, None)
    return None


@pytest.mark.parametrize(
    ("age", "max_age", "why"),
    [
        (timedelta(hours=12), timedelta(hours=12), None),
        (
            timedelta(hours=12) + SECOND,
            timedelta(hours=12),
            "it was last confirmed at 2026-02-28T23:59:59Z, and at most 12 hours are allowed",
        ),
        (timedelta(days=2), timedelta(days=2), None),
        (
            timedelta(days=2) + SECOND,
            timedelta(days=2),
            "it was last confirmed at 2026-02-27T11:59:59Z, and at most 2 days are allowed",
        ),
        (
            timedelta(days=2),
            timedelta(days=1, hours=12),
            "it was last confirmed at 2026-02-27T12:00:00Z, and at most 36 hours are allowed",
        ),
        (-timedelta(days=1), SECOND, None),
        (None, timedelta(days=2), "its age is unknown, and at most 2 days are allowed"),
        (None, None, None),
        (timedelta(days=900), None, None),
    ],
)
def test_how_old_it_may_be(tmp_path: Path, age: timedelta | None, max_age: timedelta | None, why: str | None) -> None:
    said = known(tmp_path, None if age is None else NOW - age, max_age)
    assert said == (None if why is None else f"{why}; nothing was asked, offline")


@pytest.mark.parametrize(
    ("environment", "folder"),
    [
        ({"XDG_DATA_HOME": "/data"}, "/data/attest/trust"),
        ({"XDG_DATA_HOME": "data"}, "/home/somebody/.local/share/attest/trust"),
        ({"XDG_DATA_HOME": ""}, "/home/somebody/.local/share/attest/trust"),
        ({}, "/home/somebody/.local/share/attest/trust"),
    ],
)
def test_where_it_is_kept(environment: dict[str, str], folder: str) -> None:
    assert folder_of_user(environment, Path("/home/somebody")) == Path(folder)


def test_how_large_a_document_may_be(tmp_path: Path) -> None:
    path = tmp_path / "root.json"
    path.write_bytes(b"x" * limits.TRUSTED_ROOT)
    assert read_document(path) == path.read_bytes()
    path.write_bytes(b"x" * (limits.TRUSTED_ROOT + 1))
    with pytest.raises(TrustError, match="the file is too large"):
        read_document(path)


@pytest.mark.parametrize(
    ("name", "log"), [(PUBLIC_GOOD, "https://rekor.sigstore.dev"), (STAGING, "https://rekor.sigstage.dev")]
)
def test_each_instance_is_its_own(name: str, log: str) -> None:
    root = TrustedRoot.parse(shipped_with_sigstore(INSTANCES[name]).published.trusted_root)
    assert log in {item.url for logs in root.logs.values() for item in logs}


def missing(_: str) -> None:
    raise importlib.metadata.PackageNotFoundError


@pytest.mark.parametrize(
    ("files", "what"),
    [
        (missing, "Sigstore's instances are not known here"),
        (lambda _: None, "the sigstore package does not carry this instance"),
        (lambda _: [], "the sigstore package does not carry this instance"),
    ],
)
def test_a_package_that_does_not_know_an_instance(
    monkeypatch: pytest.MonkeyPatch, files: Callable[[str], object], what: str
) -> None:
    monkeypatch.setattr(importlib.metadata, "files", files)
    with pytest.raises(TrustError) as caught:
        shipped_with_sigstore(INSTANCES[STAGING])
    assert caught.value.what == what
