"""What is asked of a package service and how often, and what of its answers is listed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from attest.errors import EnvelopeError, JSONError, NotFound, StoreUnavailable
from attest.evidence.imports.model import Document, Form
from attest.evidence.imports.read import read
from attest.evidence.lookup import subject_of
from attest.evidence.services.npm import Npm
from attest.evidence.services.pypi import PyPI
from attest.evidence.services.service import Listed
from attest.evidence.services.store import ServiceStore
from attest.oci.reference import Reference
from attest.packages.anchors import version_anchor
from attest.packages.digest import ArtifactDigest
from attest.packages.purl import Purl
from attest.stores.registry.options import Backoff, RegistryOptions
from tests.evidence import published, service
from tests.evidence.service import INTEGRITY, SIMPLE, Service

OPTIONS = RegistryOptions(backoff=Backoff(attempts=1, first=0.0))
ABBREVIATED = "application/vnd.npm.install-v1+json"
SIGSTORE = Purl.parse("pkg:npm/sigstore@1.3.0")
SIGSTORE_DIGEST = ArtifactDigest("sha512", published.SIGSTORE_JS_SHA512)
SDIST = Purl.parse("pkg:pypi/pypi-attestations@0.0.19")
SDIST_DIGEST = ArtifactDigest.parse(published.PYPI_ATTESTATIONS_DIGEST)
OLDER = Purl.parse("pkg:pypi/pypi-attestations@0.0.18")
OTHER_DIGEST = ArtifactDigest("sha256", "33" * 32)


@pytest.fixture
def server() -> Iterator[Service]:
    with service.serve() as running:
        yield running


def npm(server: Service) -> Npm:
    return Npm({"npm_config_registry": server.url}, Path("/none"), OPTIONS)


def pypi(server: Service) -> PyPI:
    return PyPI({"PIP_INDEX_URL": f"{server.url}simple"}, Path("/none"), OPTIONS)


def packument(server: Service, **dist: Any) -> dict[str, Any]:
    version = published.npm_version(published.registry_key(), **dist)
    server.answer("/sigstore", {"name": "sigstore", "versions": {"1.3.0": version}}, ABBREVIATED)
    return version


# --- npm ---


def test_a_package_that_npm_does_not_have(server: Service) -> None:
    assert npm(server).artifacts(SIGSTORE) == []


@pytest.mark.parametrize("value", [[], "x", None])
def test_what_is_no_metadata(server: Service, value: Any) -> None:
    server.answer("/sigstore", value, ABBREVIATED)
    with pytest.raises(JSONError, match="not the metadata of a package"):
        npm(server).artifacts(SIGSTORE)


def test_the_registrys_signatures_are_there_whatever_was_attested(server: Service) -> None:
    packument(server, attestations={"url": "https://elsewhere.example/gone"})
    registry = npm(server)
    (listed,) = registry.artifacts(SIGSTORE)
    (document,) = registry.documents(listed)
    assert document.form is Form.NPM_SIGNATURES
    assert server.asked == ["/sigstore", "/gone"]


@pytest.mark.parametrize("signatures", [{"signatures": []}, {}])
def test_what_was_attested_is_there_whatever_the_registry_signed(
    server: Service, signatures: dict[str, list[Any]]
) -> None:
    version = published.npm_version(published.registry_key(), attestations={"url": "/there"})
    del version["dist"]["signatures"]
    version["dist"].update(signatures)
    server.answer("/there", published.npm_attestations())
    listed = Listed(SIGSTORE, SIGSTORE_DIGEST, version)
    (document,) = npm(server).documents(listed)
    assert document.form is Form.NPM_ATTESTATIONS


@pytest.mark.parametrize("make", [npm, pypi])
def test_one_connection_until_it_is_closed(make: Callable[[Service], Npm | PyPI]) -> None:
    with service.serve(keeps=True) as server:
        asked = make(server)
        for _ in range(2):
            assert asked.artifacts(Purl.parse(f"pkg:{asked.type}/a@1.0.0")) == []
        (connection,) = server.connections
        assert not connection.is_set()
        asked.close()
        assert connection.wait(2)


# --- PyPI ---


def file(name: str, **more: Any) -> dict[str, Any]:
    return {"filename": name, "hashes": {"sha256": "33" * 32}, **more}


def test_files_of_no_release_hide_none(server: Service) -> None:
    names = ["a-1.exe", "b-1.tar.gz", "a-1.tar.gz", "a.tar.gz", "a-2.zip", "a-2-py3-none-any.whl"]
    files = [file("a-0.tar.gz", hashes={"md5": "66"}), *map(file, names)]
    server.answer("/simple/a/", {"meta": {"api-version": "1.3"}, "files": files}, SIMPLE)
    found = [(str(item.purl), item.digest) for item in pypi(server).artifacts(Purl.parse("pkg:pypi/a@1"))]
    assert found == [(f"pkg:pypi/a@{version}", OTHER_DIGEST) for version in ("1", "2", "2")]


@pytest.mark.parametrize(
    ("version", "is_asked"),
    [("1", True), ("1.0", True), ("1.2", True), ("1.3", False), ("1.3.x", False), ("1.10", False), ("2.0", False)],
)
def test_whether_an_index_says_what_has_provenance(server: Service, version: str, is_asked: bool) -> None:
    server.answer("/simple/a/", {"meta": {"api-version": version}, "files": [file("a-1.tar.gz")]}, SIMPLE)
    index = pypi(server)
    (listed,) = index.artifacts(Purl.parse("pkg:pypi/a@1"))
    assert index.documents(listed) == []
    assert server.asked[1:] == (["/integrity/a/1/a-1.tar.gz/provenance"] if is_asked else [])
    assert (server.headers[-1]["accept"] == INTEGRITY) is is_asked


@pytest.mark.parametrize("said", ["/there", "../../there", "there?x"])
def test_where_an_index_says_that_provenance_is(server: Service, said: str) -> None:
    for version in ("1.0", "1.3"):
        files = [file("a-1.tar.gz", provenance=said)]
        server.answer("/simple/a/", {"meta": {"api-version": version}, "files": files}, SIMPLE)
        index = pypi(server)
        (listed,) = index.artifacts(Purl.parse("pkg:pypi/a@1"))
        assert index.documents(listed) == []
        assert server.asked[-1] == ("/simple/a/there?x" if said == "there?x" else "/there")


# --- the store over it ---


class Given:
    """A service that has what it was given."""

    type = "pypi"

    def __init__(self, *listed: Listed) -> None:
        self.listed = list(listed)
        self.asked: list[str] = []
        self.is_closed = False

    def artifacts(self, package: Purl) -> list[Listed]:
        self.asked.append(package.package)
        return self.listed

    def documents(self, listed: Listed) -> list[Document]:
        self.asked.append(f"{listed.purl} {listed.entry['name']}")
        found = listed.entry["value"]
        if isinstance(found, Exception):
            raise found
        return [] if found is None else [read(json.dumps(found).encode(), listed.entry["name"])]

    def close(self) -> None:
        self.is_closed = True


def sdist(name: str, value: Any = None, purl: Purl = SDIST, digest: ArtifactDigest = SDIST_DIGEST) -> Listed:
    return Listed(purl, digest, {"name": name, "value": value})


def test_each_question_is_asked_once_and_dated_by_the_first() -> None:
    given = Given(sdist("a", EnvelopeError("bad")))
    store = ServiceStore(given, "x:")
    subject = subject_of(SDIST, SDIST_DIGEST).manifest.digest
    first, again = (store.referrers(SDIST.package, subject) for _ in range(2))
    assert given.asked == [SDIST.package, f"{SDIST} a"]
    assert (first.complete, first.problems, first.items) == (False, ("bad",), ())
    assert again == first
    version = store.referrers(SDIST.package, version_anchor(SDIST).digest)
    assert (version.complete, version.listed_at, len(version.items)) == (True, first.listed_at, 1)
    assert len(given.asked) == 2
    store.close()
    assert given.is_closed


def test_what_cannot_be_read_hides_nothing() -> None:
    provenance = published.pypi(published.PROVENANCE)
    (bundles,) = provenance["attestation_bundles"]
    bundles["attestations"][:0] = [1, published.pypi(published.RFC8785)]
    store = ServiceStore(
        Given(sdist("a", StoreUnavailable("away")), sdist("b", EnvelopeError("bad")), sdist("c", provenance)), "x:"
    )
    listing = store.referrers(SDIST.package, subject_of(SDIST, SDIST_DIGEST).manifest.digest)
    assert (len(listing.items), listing.complete) == (1, False)
    away, bad, malformed, other = listing.problems
    place = "c: provenance.attestation_bundles[0].attestations"
    assert (away, bad) == ("away", "bad")
    assert malformed == f"{place}[0]: not an attestation object: it is no JSON object"
    assert other.startswith(f"{place}[1]: no subject has the digest")


def test_an_anchor_by_its_digest_and_a_version_by_its_tag() -> None:
    def opened() -> ServiceStore:
        return ServiceStore(Given(sdist("a"), sdist("b", digest=OTHER_DIGEST), sdist("c", purl=OLDER)), "x:")

    package = SDIST.package
    version, anchor = version_anchor(SDIST), subject_of(SDIST, OTHER_DIGEST).manifest
    assert opened().resolve(Reference(package, "0.0.18")).digest == version_anchor(OLDER).digest
    for reference in (Reference(package, "0.0.19"), Reference(package, digest=version.digest)):
        store = opened()
        assert store.resolve(reference).digest == version.digest
        assert store.fetch(package, version.descriptor()) == version.raw
    store = opened()
    assert store.resolve(Reference(package, digest=anchor.digest)).digest == anchor.digest
    for missing in (Reference(package, "0.0.17"), Reference(package, digest=OTHER.digest)):
        with pytest.raises(NotFound):
            store.resolve(missing)


OTHER = version_anchor(Purl.parse("pkg:pypi/pypi-attestations@0.0.17"))
