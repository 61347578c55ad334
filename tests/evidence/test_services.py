"""npm: and pypi: are stores: what they list is what an import writes, and it needs no registry."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from attest import names
from attest.errors import NotFound, StoreRefused, StoreUnavailable, UsageError
from attest.evidence.collect import collect
from attest.evidence.imports.hang import hang
from attest.evidence.imports.model import Item
from attest.evidence.imports.place import place
from attest.evidence.imports.read import read
from attest.evidence.lookup import artifacts, subject_of
from attest.evidence.model import Subject
from attest.evidence.services.npm import Npm
from attest.evidence.services.pypi import PyPI
from attest.evidence.services.store import ServiceStore
from attest.oci.descriptor import EMPTY
from attest.oci.manifest import Manifest
from attest.oci.reference import Reference
from attest.packages.anchors import version_anchor
from attest.packages.digest import ArtifactDigest
from attest.packages.purl import Purl
from attest.stores.memory import MemoryStore
from attest.stores.protocol import Place, Where
from attest.stores.registry.options import Backoff, RegistryOptions
from attest.stores.services.configuration import npm_registry, pip_index
from attest.stores.services.fetcher import Address, Fetcher
from tests.evidence import published, service
from tests.evidence.service import INTEGRITY, SIMPLE, Service

OPTIONS = RegistryOptions(backoff=Backoff(attempts=2, first=0.0))
SDIST = Purl.parse("pkg:pypi/pypi-attestations@0.0.19")
SDIST_DIGEST = ArtifactDigest.parse(published.PYPI_ATTESTATIONS_DIGEST)
SIGSTORE = Purl.parse("pkg:npm/sigstore@1.3.0")
SIGSTORE_DIGEST = ArtifactDigest("sha512", published.SIGSTORE_JS_SHA512)
PROVENANCE_PATH = "/integrity/pypi-attestations/0.0.19/pypi_attestations-0.0.19.tar.gz/provenance"


@pytest.fixture
def server() -> Iterator[Service]:
    with service.serve() as running:
        yield running


def page(server: Service, *, version: str = "1.3", provenance: Any = ..., name: str = "pypi-attestations") -> None:
    """The project's page in the Simple API, with an sdist that has provenance and a wheel that has none."""
    said = {} if provenance is None else {"provenance": server.url + PROVENANCE_PATH[1:]}
    if provenance is not ... and provenance is not None:
        said = {"provenance": provenance}
    sdist = {"filename": "pypi_attestations-0.0.19.tar.gz", "url": "x", "hashes": {"sha256": SDIST_DIGEST.hex}, **said}
    wheel = {"filename": "pypi_attestations-0.0.19-py3-none-any.whl", "url": "x", "hashes": {"sha256": "33" * 32}}
    others = [
        {"filename": "pypi_attestations-0.0.19.exe", "url": "x", "hashes": {"sha256": "44" * 32}},
        {"filename": "other-0.0.19.tar.gz", "url": "x", "hashes": {"sha256": "55" * 32}},
        {"filename": "pypi_attestations-0.0.18.tar.gz", "url": "x", "hashes": {"md5": "66"}},
    ]
    server.answer(f"/simple/{name}/", {"meta": {"api-version": version}, "files": [sdist, wheel, *others]}, SIMPLE)


def pypi(server: Service) -> ServiceStore:
    return ServiceStore(PyPI({"PIP_INDEX_URL": f"{server.url}simple"}, Path("/none"), OPTIONS), "pypi:")


def npm(server: Service, **environment: str) -> ServiceStore:
    return ServiceStore(Npm({"npm_config_registry": server.url, **environment}, Path("/none"), OPTIONS), "npm:")


def test_a_verifier_needs_no_registry(server: Service) -> None:
    page(server)
    server.answer(PROVENANCE_PATH, published.pypi(published.PROVENANCE), INTEGRITY)
    store, subject = pypi(server), subject_of(SDIST, SDIST_DIGEST)
    collection = collect(store, SDIST.package, subject)
    (candidate,) = collection.candidates
    assert candidate.claims == "https://docs.pypi.org/attestations/publish/v1"
    assert candidate.found.places == (Place("pypi:", Where.SERVICE),)
    assert collection.complete
    assert collection.rejected == ()
    assert server.asked == ["/simple/pypi-attestations/", PROVENANCE_PATH]
    assert server.headers[0]["accept"] == SIMPLE
    assert server.headers[1]["accept"] == INTEGRITY


def test_what_it_lists_is_what_an_import_writes(server: Service) -> None:
    raw = json.dumps(published.pypi(published.PROVENANCE), indent=2).encode()
    page(server)
    server.answer(PROVENANCE_PATH, raw, INTEGRITY)
    imported, subject = MemoryStore(), subject_of(SDIST, SDIST_DIGEST)
    document = read(raw, "file")
    (item,) = document.parts
    assert isinstance(item, Item)
    found = place(item, [subject])
    assert isinstance(found, list)
    manifest = hang(imported, "r", found[0], document)
    store = pypi(server)
    for about in (subject.manifest.digest, manifest.digest):
        (here,) = store.referrers(SDIST.package, about).items
        (there,) = imported.referrers("r", about).items
        assert here.descriptor == there.descriptor
        assert store.fetch(SDIST.package, here.descriptor) == imported.fetch("r", there.descriptor)


def test_its_versions_and_artifacts(server: Service) -> None:
    page(server)
    store = pypi(server)
    known = artifacts(store, SDIST.package, SDIST)
    assert known.problems == ()
    assert {str(subject.digest) for subject in known.subjects} == {str(SDIST_DIGEST), "sha256:" + "33" * 32}
    assert list(store.tags(SDIST.package)) == ["0.0.19"]
    tagged = store.resolve(Reference(SDIST.package, "0.0.19"))
    assert tagged.digest == version_anchor(SDIST).digest
    anchor = subject_of(SDIST, SDIST_DIGEST).manifest
    fresh = pypi(server)
    assert fresh.resolve(Reference(SDIST.package, digest=anchor.digest)).digest == anchor.digest
    assert Manifest.parse(fresh.fetch(SDIST.package, anchor)).artifact_type == names.ANCHOR
    assert PROVENANCE_PATH not in server.asked


def test_nothing_published_is_nothing_found(server: Service) -> None:
    page(server)
    store = pypi(server)
    for digest in (SDIST_DIGEST, ArtifactDigest("sha256", "33" * 32), ArtifactDigest("sha256", "77" * 32)):
        listing = store.referrers(SDIST.package, subject_of(SDIST, digest).manifest.digest)
        assert (listing.items, listing.complete) == ((), True)
    unknown = Purl.parse("pkg:pypi/unknown@1")
    assert store.referrers(unknown.package, version_anchor(unknown).digest).items == ()
    other = Purl.parse("pkg:npm/left-pad@1.3.0")
    asked = len(server.asked)
    assert store.referrers(other.package, version_anchor(other).digest).complete
    assert len(server.asked) == asked


def test_an_index_that_does_not_say_what_has_provenance(server: Service) -> None:
    page(server, version="1.0", provenance=None)
    server.answer(PROVENANCE_PATH, published.pypi(published.PROVENANCE), INTEGRITY)
    assert len(collect(pypi(server), SDIST.package, subject_of(SDIST, SDIST_DIGEST)).candidates) == 1
    page(server, version="1.3", provenance=None)
    assert collect(pypi(server), SDIST.package, subject_of(SDIST, SDIST_DIGEST)).candidates == ()


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ({"version": 2, "attestation_bundles": []}, "not a version of the provenance object that is known"),
        ([1], "not a bundle"),
        (b"<html>", "not JSON"),
        (b"", "not JSON"),
    ],
)
def test_malformed_provenance_makes_the_listing_incomplete(server: Service, value: Any, problem: str) -> None:
    page(server)
    server.answer(PROVENANCE_PATH, value, INTEGRITY)
    collection = collect(pypi(server), SDIST.package, subject_of(SDIST, SDIST_DIGEST))
    assert not collection.complete
    assert problem in collection.problems[0]


def test_provenance_of_another_package_is_not_listed(server: Service) -> None:
    page(server)
    value = published.pypi(published.PROVENANCE)
    value["attestation_bundles"][0]["attestations"].insert(0, published.pypi(published.RFC8785))
    server.answer(PROVENANCE_PATH, value, INTEGRITY)
    collection = collect(pypi(server), SDIST.package, subject_of(SDIST, SDIST_DIGEST))
    assert len(collection.candidates) == 1
    assert not collection.complete
    assert "no subject has the digest" in collection.problems[0]


def test_only_the_configured_host_is_asked(server: Service) -> None:
    with service.serve() as other:
        page(server, provenance=f"{other.url}integrity")
        collection = collect(pypi(server), SDIST.package, subject_of(SDIST, SDIST_DIGEST))
        assert not collection.complete
        assert "leads to another host" in collection.problems[0]
        assert other.asked == []


@pytest.mark.parametrize(
    ("status", "media_type", "value", "why"),
    [
        (500, SIMPLE, {}, "it answered 500"),
        (403, SIMPLE, {}, "the service refuses to answer: it answered 403"),
        (200, "text/html", b"<a>", "the service does not speak JSON: it answered text/html"),
        (200, SIMPLE, [], "not a project's page"),
        (200, SIMPLE, {"meta": {"api-version": "x"}}, "not a version of the Simple API"),
        (200, SIMPLE, {"meta": {"api-version": "1.3"}, "files": [{"filename": 1}]}, "expected a string"),
        (
            200,
            SIMPLE,
            {"meta": {"api-version": "1.3"}, "files": [{"filename": "a-1.tar.gz", "hashes": {"sha256": "zz"}}]},
            "not a project's page",
        ),
    ],
)
def test_a_service_that_does_not_answer(server: Service, status: int, media_type: str, value: Any, why: str) -> None:
    server.answer("/simple/a/", value, media_type, status)
    purl = Purl.parse("pkg:pypi/a@1")
    with pytest.raises(StoreUnavailable) as caught:
        pypi(server).referrers(purl.package, version_anchor(purl).digest)
    assert why in str(caught.value)


def test_a_service_that_is_away() -> None:
    with service.serve() as gone:
        store = pypi(gone)
    with pytest.raises(StoreUnavailable, match="cannot connect"):
        store.referrers(SDIST.package, version_anchor(SDIST).digest)


def test_a_page_that_moved(server: Service) -> None:
    server.moved["/simple/pypi-attestations/"] = "/simple/moved/"
    page(server, name="moved")
    assert len(artifacts(pypi(server), SDIST.package, SDIST).subjects) == 2
    server.moved["/simple/pypi-attestations/"] = "/simple/pypi-attestations/"
    with pytest.raises(StoreUnavailable, match="redirected too often"):
        artifacts(pypi(server), SDIST.package, SDIST)


def test_nothing_is_written_to_a_service(server: Service) -> None:
    store = pypi(server)
    with pytest.raises(StoreRefused, match="a service is only read"):
        store.push(SDIST.package, EMPTY, b"{}")
    with pytest.raises(StoreRefused, match="a service is only read"):
        store.tag(Reference(SDIST.package, "t"), EMPTY)
    with pytest.raises(StoreRefused, match="a service is only read"):
        store.delete(SDIST.package, EMPTY.digest)
    with pytest.raises(NotFound):
        store.fetch(SDIST.package, EMPTY)
    with pytest.raises(NotFound):
        store.referrers("no purl", EMPTY.digest)
    assert server.asked == []


# --- npm ---


def packument(server: Service, name: str = "sigstore", path: str = "/sigstore", **dist: Any) -> dict[str, Any]:
    version = published.npm_version(published.registry_key(), name, **dist)
    old = {"name": name, "version": "0.0.1", "dist": {"shasum": "00" * 20}}
    value = {"name": name, "versions": {"0.0.1": old, "0.0.2": 1, "1.3.0": version}}
    server.answer(path, value, "application/vnd.npm.install-v1+json")
    return version


def test_npms_attestations_and_signatures(server: Service) -> None:
    packument(server, attestations={"url": "https://elsewhere.example/-/npm/v1/attestations/sigstore@1.3.0"})
    server.answer("/-/npm/v1/attestations/sigstore@1.3.0", published.npm_attestations())
    collection = collect(npm(server), SIGSTORE.package, subject_of(SIGSTORE, SIGSTORE_DIGEST))
    assert collection.complete, collection.problems
    assert sorted(str(item.claims) for item in collection.candidates) == [
        "application/vnd.dev.sigstore.bundle.v0.3+json",
        "https://github.com/npm/attestation/tree/main/specs/publish/v0.1",
        "https://slsa.dev/provenance/v0.2",
    ]
    assert server.asked == ["/sigstore", "/-/npm/v1/attestations/sigstore@1.3.0"]


def test_attestations_of_another_version_are_not_listed(server: Service) -> None:
    packument(server, attestations={"url": "/x"})
    server.answer("/x", published.npm_attestations(published.NPM_PROVENANCE_V02))
    collection = collect(npm(server), SIGSTORE.package, subject_of(SIGSTORE, SIGSTORE_DIGEST))
    assert len(collection.candidates) == 1
    assert not collection.complete
    assert "no subject has the digest" in collection.problems[0]


def test_a_scope_has_its_own_registry_and_credentials(server: Service, tmp_path: Path) -> None:
    purl = Purl.parse("pkg:npm/%40acme/widget@1.3.0")
    packument(server, "@acme/widget", "/private/@acme%2Fwidget")
    host = server.url.removeprefix("http:")
    (tmp_path / ".npmrc").write_text(
        "; comment\nregistry=http://127.0.0.1:1/\n"
        f'@acme:registry = "{server.url}private"\n{host}:_authToken=${{TOKEN}}\n'
    )
    store = ServiceStore(
        Npm({"TOKEN": "secret", "npm_config_userconfig": str(tmp_path / ".npmrc")}, tmp_path, OPTIONS), "npm:"
    )
    subject = subject_of(purl, SIGSTORE_DIGEST)
    assert len(collect(store, purl.package, subject).candidates) == 1
    assert server.headers[0]["authorization"] == "Bearer secret"
    assert server.asked == ["/private/@acme%2Fwidget"]


def test_a_package_that_is_another(server: Service) -> None:
    packument(server, "other")
    store = npm(server)
    assert artifacts(store, SIGSTORE.package, SIGSTORE).subjects == ()
    assert list(store.tags(SIGSTORE.package)) == []


def test_a_whole_version_by_npm(server: Service) -> None:
    packument(server)
    (subject,) = artifacts(npm(server), SIGSTORE.package, SIGSTORE).subjects
    assert subject == Subject(subject.manifest, SIGSTORE, SIGSTORE_DIGEST, str(SIGSTORE))
    tagged = npm(server).resolve(Reference(SIGSTORE.package, "1.3.0"))
    assert tagged.digest == subject.manifest.digest


# --- configuration ---


def test_pips_index_from_its_files(tmp_path: Path) -> None:
    def index(**environment: str) -> str:
        return pip_index(environment, tmp_path).url

    with pytest.raises(UsageError, match=r"no index is configured.*pip config set global.index-url"):
        index(PIP_CONFIG_FILE="/dev/null")
    user = tmp_path / ".config" / "pip" / "pip.conf"
    user.parent.mkdir(parents=True)
    user.write_text("[global]\nindex-url = https://user.example/simple/\n")
    assert index() == "https://user.example/simple/"
    env = tmp_path / "venv" / "pip.conf"
    env.parent.mkdir()
    env.write_text("[global]\nindex_url: https://venv.example/simple\n[install]\nindex-url = https://no.example/\n")
    assert index(VIRTUAL_ENV=str(env.parent)) == "https://venv.example/simple/"
    named = tmp_path / "named.conf"
    named.write_text("[global]\nindex-url = https://named.example/simple\n")
    assert index(VIRTUAL_ENV=str(env.parent), PIP_CONFIG_FILE=str(named)) == "https://named.example/simple/"
    assert index(PIP_INDEX_URL="https://e.example", PIP_CONFIG_FILE=str(named)) == "https://e.example/"
    named.write_text("no section\n")
    with pytest.raises(UsageError, match="cannot read pip's configuration"):
        index(PIP_CONFIG_FILE=str(named))
    named.write_bytes(b"\xff")
    with pytest.raises(UsageError, match="not UTF-8"):
        index(PIP_CONFIG_FILE=str(named))
    with pytest.raises(UsageError, match="not the address of a service"):
        index(PIP_INDEX_URL="file:///simple")


def test_npms_registry_from_its_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))  # without npm

    def registry(scope: str | None = None, **environment: str) -> Address:
        return npm_registry(environment, tmp_path / "home", scope)

    with pytest.raises(UsageError, match=r"no registry is configured.*npm config set registry URL"):
        registry()
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / ".npmrc").write_text(
        "registry=https://user.example/a/b\n//user.example/a/:_auth=dTpw\n//user.example/:_authToken=t\n@acme:registry=https://acme.example\n"
    )
    assert registry() == Address("https://user.example/a/b/", "Basic dTpw")
    assert registry("@acme") == Address("https://acme.example/")
    (tmp_path / ".npmrc").write_text("registry = https://project.example\n")
    assert registry().url == "https://project.example/"
    assert registry("@acme").url == "https://acme.example/"
    assert registry(NPM_CONFIG_REGISTRY="https://e.example/").url == "https://e.example/"
    assert "secret" not in repr(Address("https://e.example/", "Bearer secret"))


def test_npm_is_asked_where_its_files_say_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "npm"
    program.write_text('#!/bin/sh\n[ "$3" = registry ] && echo https://default.example/ || echo undefined\n')
    program.chmod(0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    assert npm_registry({}, tmp_path, "@acme").url == "https://default.example/"
    program.write_text("#!/bin/sh\nexit 1\n")
    with pytest.raises(UsageError, match="no registry is configured"):
        npm_registry({}, tmp_path, None)


def test_credentials_stay_with_the_origin(server: Service) -> None:
    with service.serve() as other:
        other.answer("/there", {"a": 1})
        server.moved["/here"] = f"{other.url}there"
        fetcher = Fetcher(Address(server.url, "Basic " + base64.b64encode(b"u:p").decode()), OPTIONS)
        assert fetcher.json(f"{server.url}here", accept="*/*")[0] == {"a": 1}
        fetcher.close()
        assert "authorization" in server.headers[0]
        assert "authorization" not in other.headers[0]
