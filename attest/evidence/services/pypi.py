"""PyPI and indexes like it: the Simple API in JSON (PEP 691) and its `provenance` (PEP 740)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final
from urllib.parse import quote, urljoin

from attest import limits
from attest.errors import JSONError, NotFound, UsageError
from attest.evidence.imports.model import Document
from attest.evidence.imports.read import read
from attest.evidence.services.service import Listed
from attest.oci.strict_json import Fields
from attest.packages.digest import ArtifactDigest
from attest.packages.ecosystem import names_from_file_name
from attest.packages.purl import Purl
from attest.stores.registry.options import RegistryOptions
from attest.stores.services.configuration import pip_index
from attest.stores.services.fetcher import Fetcher

_SIMPLE: Final = "application/vnd.pypi.simple.v1+json"
_INTEGRITY: Final = "application/vnd.pypi.integrity.v1+json"
_KNOWS_PROVENANCE: Final = (1, 3)


class PyPI:
    """See `Service`."""

    type: Final = "pypi"

    def __init__(self, environment: Mapping[str, str], home: Path, options: RegistryOptions) -> None:
        self._fetcher = Fetcher(pip_index(environment, home), options)

    def artifacts(self, package: Purl) -> list[Listed]:
        """As `Service.artifacts`, by the files of the project's page."""
        url = self._fetcher.address.path(f"{package.name}/")
        try:
            value, _ = self._fetcher.json(url, accept=_SIMPLE, limit=limits.INDEX)
        except NotFound:
            return []
        if not isinstance(value, dict):
            raise JSONError("not a project's page", where=url)
        page = Fields(value, "page")
        old = _version(page.object("meta").string("api-version")) < _KNOWS_PROVENANCE
        found = []
        for file in page.objects("files"):
            name, digest = file.string("filename"), file.object("hashes").optional_string("sha256")
            purl = next((purl for purl in names_from_file_name(self.type, name) if purl.name == package.name), None)
            if purl is None or digest is None:
                continue
            provenance = file.optional_string("provenance")
            if provenance is not None:
                provenance = urljoin(url, provenance)
            elif old:  # an index that serves attestations, but does not yet say so here
                provenance = urljoin(url, f"../../integrity/{purl.name}/{quote(purl.version)}/{quote(name)}/provenance")
            try:
                found.append(Listed(purl, ArtifactDigest.parse(f"sha256:{digest}"), {"provenance": provenance}))
            except UsageError as error:
                raise JSONError("not a project's page", where=file.path, why=str(error)) from None
        return found

    def documents(self, listed: Listed) -> list[Document]:
        """As `Service.documents`: the provenance object."""
        url = listed.entry["provenance"]
        if url is None:
            return []
        try:
            _, raw = self._fetcher.json(url, accept=_INTEGRITY)
        except NotFound:
            return []
        return [read(raw, str(listed.purl))]

    def close(self) -> None:
        self._fetcher.close()


def _version(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in text.split(".")[:2])
    except ValueError:
        raise JSONError("not a version of the Simple API", where="page.meta.api-version", why=text[:40]) from None
