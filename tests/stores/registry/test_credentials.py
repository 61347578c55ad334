"""Where credentials are looked for, in which order, and for whom."""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path
from typing import Any

import pytest

from attest.errors import UsageError
from attest.stores.registry.credentials import Credential, UserCredentials

HOST = "registry.example"
REPO = "npm/semver"


class Home:
    def __init__(self, root: Path) -> None:
        self.root = root
        self.environment = {"PATH": f"{root / 'bin'}:{os.environ['PATH']}"}

    def write(self, path: str, value: Any) -> Path:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(value if isinstance(value, str) else json.dumps(value))
        file.chmod(0o600)
        return file

    def docker(self, **members: Any) -> None:
        self.write(".docker/config.json", members)

    def helper(self, suffix: str, script: str) -> None:
        self.write(f"bin/docker-credential-{suffix}", f"#!/bin/sh\n{script}\n").chmod(0o700)

    def lookup(self, host: str = HOST, repository: str = REPO) -> Credential | None:
        return UserCredentials(self.environment, self.root).lookup(host, repository)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def auth(user: str, password: str = "p") -> dict[str, str]:
    return {"auth": base64.b64encode(f"{user}:{password}".encode()).decode()}


def user(found: Credential | None) -> str | None:
    return None if found is None else found.username


def test_nobody_knows(home: Home) -> None:
    assert home.lookup() is None


def test_the_order_of_places(home: Home) -> None:
    home.write(".netrc", f"machine {HOST} login netrc password p")
    assert user(home.lookup()) == "netrc"
    home.write(".config/containers/auth.json", {"auths": {HOST: auth("config")}})
    assert user(home.lookup()) == "config"
    home.environment["XDG_RUNTIME_DIR"] = str(home.root / "run")
    home.write("run/containers/auth.json", {"auths": {HOST: auth("runtime")}})
    assert user(home.lookup()) == "runtime"
    home.docker(auths={HOST: auth("docker")})
    assert user(home.lookup()) == "docker"
    home.environment["DOCKER_CONFIG"] = str(home.root / "other")
    home.write("other/config.json", {"auths": {HOST: auth("other docker")}})
    assert user(home.lookup()) == "other docker"
    home.environment["REGISTRY_AUTH_FILE"] = str(home.write("podman.json", {"auths": {HOST: auth("podman")}}))
    assert user(home.lookup()) == "podman"
    home.environment |= {"ATTEST_REGISTRY_USER": "env", "ATTEST_REGISTRY_PASSWORD": "p", "ATTEST_REGISTRY_HOST": HOST}
    assert home.lookup() == Credential("env", "p")


def test_the_environment_is_for_one_host(home: Home) -> None:
    home.environment |= {"ATTEST_REGISTRY_USER": "env", "ATTEST_REGISTRY_PASSWORD": "p"}
    assert home.lookup() is None
    home.environment["ATTEST_STORE"] = f"{HOST}:5000/team/{{package}}"
    assert home.lookup() is None
    assert user(home.lookup(f"{HOST}:5000")) == "env"
    home.environment["ATTEST_REGISTRY_HOST"] = HOST
    assert user(home.lookup()) == "env"
    for other in ("evil.example", f"{HOST}.evil.example", f"sub.{HOST}", f"{HOST}:5000"):
        assert home.lookup(other) is None


@pytest.mark.parametrize(
    ("key", "host", "matches"),
    [
        (HOST, HOST, True),
        (f"https://{HOST}", HOST, True),
        (f"https://{HOST}/v2/", HOST, True),
        (f"{HOST}/v1/", HOST, True),
        (f"{HOST}:5000", f"{HOST}:5000", True),
        (f"{HOST}:5000", HOST, False),
        (HOST, f"{HOST}:5000", False),
        (f"{HOST}/npm", HOST, True),
        (f"{HOST}/npm/semver", HOST, True),
        (f"{HOST}/npm/semver/x", HOST, False),
        (f"{HOST}/np", HOST, False),
        ("registry.exampl", HOST, False),
        ("", HOST, False),
        ("https://index.docker.io/v1/", "docker.io", True),
        ("https://index.docker.io/v1/", "registry-1.docker.io", True),
        ("docker.io", "index.docker.io", True),
    ],
)
def test_keys(home: Home, key: str, host: str, matches: bool) -> None:
    home.docker(auths={key: auth("alice")})
    assert user(home.lookup(host)) == ("alice" if matches else None)


def test_the_longest_key_wins(home: Home) -> None:
    home.docker(auths={HOST: auth("host"), f"{HOST}/npm": auth("npm"), f"{HOST}/npm/semver": auth("semver")})
    assert user(home.lookup()) == "semver"
    assert user(home.lookup(repository="npm/other")) == "npm"
    assert user(home.lookup(repository="npmx")) == "host"


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (auth("a", "p:q"), Credential("a", "p:q")),
        ({"username": "a", "password": "p"}, Credential("a", "p")),
        ({**auth("a"), "identitytoken": "i"}, Credential("a", "p", identity_token="i")),
        ({"registrytoken": "r"}, Credential(registry_token="r")),
        ({}, None),
        ({"auth": ""}, None),
        ("text", None),
        ({"username": 7}, None),
    ],
)
def test_entries(home: Home, entry: Any, expected: Credential | None) -> None:
    home.docker(auths={HOST: entry})
    assert home.lookup() == expected


def test_helpers_come_before_entries(home: Home) -> None:
    home.helper("one", 'read host; echo "{\\"Username\\":\\"one\\",\\"Secret\\":\\"$host $1\\"}"')
    home.helper("two", 'echo "{\\"ServerURL\\":\\"x\\",\\"Username\\":\\"<token>\\",\\"Secret\\":\\"identity\\"}"')
    home.helper("none", "echo credentials not found in native keychain; exit 1")
    home.docker(auths={HOST: auth("entry")}, credsStore="two")
    assert home.lookup() == Credential(identity_token="identity")
    home.docker(auths={HOST: auth("entry")}, credsStore="two", credHelpers={HOST: "one"})
    assert home.lookup() == Credential("one", f"{HOST} get")
    home.docker(credsStore="one")
    assert home.lookup("docker.io") == Credential("one", "https://index.docker.io/v1/ get")
    home.docker(auths={HOST: auth("entry")}, credsStore="none")
    assert user(home.lookup()) == "entry"


@pytest.mark.parametrize("name", ["../evil", "a/b", "-x", "a b", ""])
def test_a_helper_is_a_plain_name(home: Home, name: str) -> None:
    home.docker(credHelpers={HOST: name})
    if name == "":
        assert home.lookup() is None
    else:
        with pytest.raises(UsageError, match="not the name of a credential helper"):
            home.lookup()


@pytest.mark.parametrize(
    ("script", "why"),
    [
        ("echo s3cr3t; echo s3cr3t >&2; exit 3", "it exited 3"),
        ("echo s3cr3t", "its answer is malformed"),
        ('echo "{\\"Username\\":7,\\"Secret\\":\\"s3cr3t\\"}"', "its answer is malformed"),
    ],
)
def test_a_helper_that_fails_says_so_without_what_it_said(home: Home, script: str, why: str) -> None:
    home.helper("bad", script)
    home.docker(credsStore="bad")
    with pytest.raises(UsageError, match=why) as caught:
        home.lookup()
    assert "s3cr3t" not in str(caught.value)


def test_a_helper_that_is_missing(home: Home) -> None:
    home.docker(credsStore="missing-helper")
    with pytest.raises(UsageError, match="did not run: No such file"):
        home.lookup()


@pytest.mark.parametrize("text", ["{", "[]", '{"auths":{"registry.example":{"auth":"s3cr3t!"}}}', "\0"])
def test_a_file_that_cannot_be_used_is_named_and_not_quoted(home: Home, text: str) -> None:
    home.write(".docker/config.json", text)
    with pytest.raises(UsageError, match=r"config\.json: cannot read credentials") as caught:
        home.lookup()
    assert "s3cr3t" not in str(caught.value)


def test_netrc_by_host_and_never_by_default(home: Home) -> None:
    home.write(".netrc", f"machine {HOST} login alice password p\ndefault login anybody password p")
    assert user(home.lookup(f"{HOST}:5000")) == "alice"
    assert home.lookup("other.example") is None
    home.write("elsewhere", f"machine {HOST} login bob password p")
    home.environment["NETRC"] = str(home.root / "elsewhere")
    assert user(home.lookup()) == "bob"


def test_a_broken_netrc_is_named_and_not_quoted(home: Home) -> None:
    home.write(".netrc", f"machine {HOST} login alice s3cr3t password")
    with pytest.raises(UsageError, match="not a netrc file") as caught:
        home.lookup()
    assert "s3cr3t" not in str(caught.value)


def test_nothing_of_a_credential_is_shown() -> None:
    shown = repr(Credential("alice", "p1", "i1", "r1")) + repr(
        UserCredentials({"ATTEST_REGISTRY_PASSWORD": "p1"}, Path())
    )
    assert all(secret not in shown for secret in ("p1", "i1", "r1"))
