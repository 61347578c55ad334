"""A real registry (distribution) behind a token service, behind htpasswd, and behind TLS with a private CA."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import trustme

from attest.errors import StoreRefused, StoreUnavailable
from attest.oci.descriptor import EMPTY
from attest.oci.reference import Reference
from attest.stores.registry import RegistryOptions, RegistryStore
from attest.stores.registry.credentials import Credential
from tests.peers import free_port, peer, serve
from tests.stores.graphs import attach, listed, push, subject
from tests.stores.registry import real
from tests.stores.registry.guarded import ALICE, IDENTITY, Behind, Serving, behind_password, behind_tokens
from tests.stores.registry.scripted import Known, opened

OF = subject().descriptor()


@pytest.fixture(scope="module")
def behind(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Behind]:
    with behind_tokens(tmp_path_factory.mktemp("token")) as behind:
        yield behind


def test_the_token_flow(behind: Behind) -> None:
    store = opened(behind.host, credential=ALICE)
    push(store, "private/thing", subject())
    one = attach(store, "private/thing", OF)
    assert listed(store, "private/thing", OF.digest) == {one.digest}
    assert store.mount("private/other", EMPTY.digest, "private/thing") is True
    store.delete("private/thing", one.digest)
    assert listed(store, "private/thing", OF.digest) == set()


def test_an_identity_token(behind: Behind) -> None:
    push(opened(behind.host, credential=ALICE), "private/identity", subject())
    store = opened(behind.host, credential=IDENTITY)
    assert store.resolve(Reference("private/identity", digest=OF.digest)) == OF
    stranger = opened(behind.host, credential=Credential(identity_token="stolen"))
    with pytest.raises(StoreUnavailable, match="the token service answered 401"):
        stranger.resolve(Reference("private/identity", digest=OF.digest))


def test_anybody_may_read_what_is_public_and_write_nothing(behind: Behind) -> None:
    push(opened(behind.host, credential=ALICE), "public/thing", subject())
    anybody = opened(behind.host)
    assert anybody.resolve(Reference("public/thing", digest=OF.digest)) == OF
    assert listed(anybody, "public/thing", OF.digest) == set()
    with pytest.raises(StoreRefused, match="401"):
        attach(anybody, "public/thing", OF)
    with pytest.raises(StoreUnavailable, match="401"):
        anybody.resolve(Reference("private/thing", digest=OF.digest))


def test_a_wrong_password(behind: Behind) -> None:
    store = opened(behind.host, credential=Credential("alice", "wrong-password"))
    with pytest.raises(StoreUnavailable) as caught:
        store.resolve(Reference("private/thing", digest=OF.digest))
    assert "the token service answered 401" in str(caught.value)
    assert "wrong-password" not in str(caught.value)


@pytest.mark.parametrize("serving", [real.distribution, real.docker_registry])
def test_htpasswd(tmp_path: Path, serving: Serving) -> None:
    with behind_password(tmp_path, serving) as host:
        store = opened(host, credential=ALICE)
        push(store, "npm/semver", subject())
        one = attach(store, "npm/semver", OF)
        assert listed(store, "npm/semver", OF.digest) == {one.digest}
        for credential in (None, Credential("alice", "wrong")):
            with pytest.raises(StoreUnavailable, match="docker login"):
                opened(host, credential=credential).resolve(Reference("npm/semver", digest=OF.digest))


@dataclass(frozen=True, slots=True)
class Secured:
    """A registry on HTTPS that wants client certificates, and the files to talk to it."""

    host: str
    ca: str
    client: str


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    directory = tmp_path_factory.mktemp("tls")
    authority = trustme.CA()
    authority.cert_pem.write_to_path(directory / "ca.pem")
    server, client = authority.issue_cert("127.0.0.1"), authority.issue_cert("client@example.org")
    server.private_key_and_cert_chain_pem.write_to_path(directory / "server.pem")
    client.private_key_and_cert_chain_pem.write_to_path(directory / "client.pem")
    port = free_port()
    file = directory / "registry.yml"
    tls = f"{{certificate: {directory}/server.pem, key: {directory}/server.pem, clientcas: ['{directory}/ca.pem']}}"
    file.write_text(
        "version: 0.1\nlog: {level: error, accesslog: {disabled: true}}\nstorage: {inmemory: {}}\n"
        f"http: {{addr: '127.0.0.1:{port}', tls: {tls}}}\n"
    )
    # without a client certificate every request fails: plain HTTP on the same port tells that the server is up
    with serve([peer("distribution"), "serve", file], f"http://127.0.0.1:{port}/v2/"):
        yield Secured(f"127.0.0.1:{port}", str(directory / "ca.pem"), str(directory / "client.pem"))


def over_tls(secured: Secured, *, ca_file: str | None = None, client_certificate: str | None = None) -> RegistryStore:
    options = RegistryOptions(plain_http=False, ca_file=ca_file, client_certificate=client_certificate)
    return RegistryStore(secured.host, name="store", options=options, credentials=Known())


def test_a_private_authority_and_a_client_certificate(secured: Secured) -> None:
    store = over_tls(secured, ca_file=secured.ca, client_certificate=secured.client)
    push(store, "npm/semver", subject())
    assert store.resolve(Reference("npm/semver", digest=OF.digest)) == OF


def test_an_unknown_authority_is_not_trusted(secured: Secured) -> None:
    store = over_tls(secured, client_certificate=secured.client)
    with pytest.raises(StoreUnavailable, match="no secure connection"):
        store.resolve(Reference("npm/semver", digest=OF.digest))


def test_the_environment_does_not_change_whom_we_trust(secured: Secured, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", secured.ca)
    monkeypatch.setenv("CURL_CA_BUNDLE", secured.ca)
    test_an_unknown_authority_is_not_trusted(secured)
    assert RegistryOptions.from_environment({"SSL_CERT_FILE": secured.ca}).ca_file == secured.ca
    assert RegistryOptions.from_environment(os.environ | {"SSL_CERT_FILE": ""}).ca_file is None
    secured_by = RegistryOptions.from_environment({"ATTEST_CLIENT_CERT": "c", "ATTEST_CLIENT_KEY": "k"})
    assert (secured_by.client_certificate, secured_by.client_key) == ("c", "k")
    assert [RegistryOptions.from_environment({"ATTEST_PLAIN_HTTP": value}).plain_http for value in ("1", "0", "")] == [
        True,
        False,
        None,
    ]


def test_without_a_client_certificate(secured: Secured) -> None:
    with pytest.raises(StoreUnavailable):
        over_tls(secured, ca_file=secured.ca).resolve(Reference("npm/semver", digest=OF.digest))


def test_a_file_of_authorities_that_is_missing(secured: Secured, tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match="cannot connect"):
        over_tls(secured, ca_file=str(tmp_path / "absent.pem")).resolve(Reference("a/b", digest=OF.digest))
