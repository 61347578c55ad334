"""Plain HTTP: by itself to this machine only, to every registry when the user says so, to none when they say that."""

from __future__ import annotations

import os
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from attest.stores.registry.options import Clock
from tests.cli.conftest import Workplace
from tests.stores.registry.scripted import Answer, Scripted, error

FAR = "registry.example/team"
NEAR = "dist/acme-1.0-py3-none-any.whl"
LISTING = Answer(
    200, b'{"schemaVersion":2,"manifests":[]}', {"Content-Type": "application/vnd.oci.image.index.v1+json"}
)


@pytest.fixture
def proxy(monkeypatch: pytest.MonkeyPatch) -> Iterator[Scripted]:
    """A proxy before the whole world: it sees which addresses are asked for, and whether they are plain."""
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.setattr(Clock, "sleep", lambda clock, seconds: None)
    with Scripted().running() as proxy:
        for name in ("http_proxy", "https_proxy"):
            monkeypatch.setenv(name, f"http://{proxy.host}")
        proxy.default = lambda asked: LISTING if "/referrers/" in asked.path else error(404, "MANIFEST_UNKNOWN")
        yield proxy


@pytest.mark.parametrize("place", ["before", "after", "environment"])
def test_to_every_registry_when_that_is_said(
    attest: Workplace, proxy: Scripted, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    command = ["list", NEAR, "--store", FAR]
    if place == "environment":
        monkeypatch.setenv("ATTEST_PLAIN_HTTP", "1")
    else:
        command.insert(0 if place == "before" else len(command), "--plain-http")
    attest.ok(*command)
    assert proxy.asked
    assert all(asked.path.startswith("http://registry.example/v2/") for asked in proxy.asked)
    assert os.environ.get("ATTEST_PLAIN_HTTP") == ("1" if place == "environment" else None)


def test_by_itself_and_against_the_environment_not_beyond_this_machine(
    attest: Workplace, proxy: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    attest.refused("list", NEAR, "--store", FAR, code=3)
    monkeypatch.setenv("ATTEST_PLAIN_HTTP", "1")
    attest.refused("list", NEAR, "--store", FAR, "--no-plain-http", code=3)
    assert os.environ["ATTEST_PLAIN_HTTP"] == "1"
    assert all(not asked.path.startswith("http:") for asked in proxy.asked)


def test_a_registry_on_this_machine_may_speak_https(
    attest: Workplace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with Scripted().running(context) as secure:
        secure.default = lambda asked: LISTING if "/referrers/" in asked.path else error(404, "MANIFEST_UNKNOWN")
        attest.ok("list", NEAR, "--store", f"{secure.host}/team", "--no-plain-http")
        assert secure.asked


@pytest.mark.parametrize(
    "command", ["anchor", "sign", "attach", "list", "tree", "verify", "copy", "pack", "unpack", "doctor"]
)
def test_every_command_that_opens_a_store_takes_it(attest: Workplace, command: str) -> None:
    assert "--plain-http, --no-plain-http" in attest.ok(command, "--help").out
