"""STORE as users write it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attest.errors import UsageError
from attest.oci.reference import Reference
from attest.stores.archive import ArchiveStore
from attest.stores.directory import DirectoryStore
from attest.stores.location import Location, Scheme, open_store

GOOD = {
    "oci:store": (Scheme.DIRECTORY, "store", ""),
    "oci:.attest/{package}": (Scheme.DIRECTORY, ".attest", "{package}"),
    "oci:/a/b c/{package}": (Scheme.DIRECTORY, "/a/b c", "{package}"),
    "oci:/{package}": (Scheme.DIRECTORY, "/", "{package}"),
    "oci:a:b": (Scheme.DIRECTORY, "a:b", ""),
    "oci-archive:pack.tar": (Scheme.ARCHIVE, "pack.tar", ""),
    "registry.example/{package}": (Scheme.REGISTRY, "registry.example", "{package}"),
    "registry.example/team/x/{package}": (Scheme.REGISTRY, "registry.example", "team/x/{package}"),
    "registry.example/team/all": (Scheme.REGISTRY, "registry.example", "team/all"),
    "localhost/all": (Scheme.REGISTRY, "localhost", "all"),
    "localhost:5000/{package}": (Scheme.REGISTRY, "localhost:5000", "{package}"),
    "127.0.0.1:5000/a/{package}": (Scheme.REGISTRY, "127.0.0.1:5000", "a/{package}"),
}

BAD = [
    "",
    "oci:",
    "oci:{package}",
    "oci:a/{package}/b",
    "oci:a/x{package}",
    "oci:a/{package}{package}",
    "oci-archive:",
    "oci-archive:a/{package}",
    "npm:left-pad",
    "pypi:https://example.test",
    "registry.example",
    "registry.example/",
    "registry.example/{package}/x",
    "registry.example/a:tag",
    "registry.example/a:tag/{package}",
    "registry.example/a@sha256:" + "0" * 64,
    "registry.example/UPPER",
    "https://registry.example/a",
    "team/all",
    "{package}",
    "/{package}",
]


@pytest.mark.parametrize("host", ["registry.example", "localhost:5000", "oci:5000", "oci-archive:5000", "npm:5000"])
def test_of_a_reference(host: str) -> None:
    location = Location.of(Reference.parse(f"{host}/team/all:v1"))
    assert (location.scheme, location.root, location.template) == (Scheme.REGISTRY, host, "team/all")
    assert location.text == f"{host}/team/all"


@pytest.mark.parametrize("text", GOOD)
def test_good(text: str) -> None:
    location = Location.parse(text)
    assert (location.scheme, location.root, location.template) == GOOD[text]
    assert location.text == text
    assert location.per_package == ("{package}" in text)


@pytest.mark.parametrize("text", BAD)
def test_bad(text: str) -> None:
    with pytest.raises(UsageError):
        Location.parse(text)


@pytest.mark.parametrize("scheme", [Scheme.NPM, Scheme.PYPI])
def test_services_are_read_by_some_commands(scheme: Scheme) -> None:
    location = Location.parse(f"{scheme}:")
    assert location == Location(f"{scheme}:", scheme, "", "{package}")
    with pytest.raises(UsageError, match=f"does not read from a service .next: attest import {scheme}:"):
        open_store(location, create=False)


@given(st.text())
def test_any_text_is_a_location_or_a_usage_error(text: str) -> None:
    try:
        location = Location.parse(text)
    except UsageError:
        return
    assert location.text == text
    assert "{package}" not in location.repository("npm/semver")


def test_repository() -> None:
    assert Location.parse("oci:x/{package}").repository("npm/semver") == "npm/semver"
    assert Location.parse("oci:x").repository("npm/semver") == ""
    assert Location.parse("r.example/a/{package}").repository("npm/semver") == "a/npm/semver"
    assert Location.parse("r.example/a/b").repository("npm/semver") == "a/b"


def test_opening_touches_nothing(tmp_path: Path) -> None:
    assert isinstance(open_store(Location.parse(f"oci:{tmp_path}/new/{{package}}"), create=True), DirectoryStore)
    archive = open_store(Location.parse(f"oci-archive:{tmp_path}/new.tar"), create=True)
    assert isinstance(archive, ArchiveStore)
    archive.close()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("text", ["u:secret@host.test/x", "https://u:secret@host.test/x", "secret@host.test:5000/x"])
def test_a_password_is_not_repeated(text: str) -> None:
    with pytest.raises(UsageError, match="not a store") as caught:
        Location.parse(text)
    assert "secret" not in str(caught.value)
    assert "host.test" in str(caught.value)
