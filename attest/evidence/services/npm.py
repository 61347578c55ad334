"""npm's registry and those like it: package metadata, registry signatures in it, attestation documents."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Final
from urllib.parse import quote, urlsplit

from attest import limits
from attest.errors import FormatError, JSONError, NotFound
from attest.evidence.imports.model import Document
from attest.evidence.imports.npm import read_version
from attest.evidence.imports.read import read
from attest.evidence.services.service import Listed
from attest.oci import strict_json
from attest.oci.strict_json import Fields
from attest.packages.purl import Purl
from attest.stores.registry.options import RegistryOptions
from attest.stores.services.configuration import npm_registry
from attest.stores.services.fetcher import Fetcher

_ABBREVIATED: Final = "application/vnd.npm.install-v1+json"
_METADATA: Final = 256 * limits.MIB
_SIGNED: Final = ("integrity", "signatures")


class Npm:
    """See `Service`. Each scope may have a registry of its own."""

    type: Final = "npm"

    def __init__(self, environment: Mapping[str, str], home: Path, options: RegistryOptions) -> None:
        self._environment, self._home, self._options = environment, home, options
        self._fetchers: dict[str | None, Fetcher] = {}
        self._lock = threading.Lock()

    def artifacts(self, package: Purl) -> list[Listed]:
        """As `Service.artifacts`: one a version; versions without a sha512, which are very old, have none."""
        fetcher = self._fetcher(package)
        name = "/".join((*package.namespace, package.name))
        try:
            value, _ = fetcher.json(fetcher.address.path(quote(name, safe="@")), accept=_ABBREVIATED, limit=_METADATA)
        except NotFound:
            return []
        if not isinstance(value, dict):
            raise JSONError("not the metadata of a package", where=name)
        found = []
        for version in Fields(value, "package").object("versions").value.values():
            try:
                purl, digest = read_version(version if isinstance(version, dict) else {})
            except FormatError:
                continue
            if (purl.namespace, purl.name) == (package.namespace, package.name):
                found.append(Listed(purl, digest, version))
        return found

    def documents(self, listed: Listed) -> list[Document]:
        """As `Service.documents`: what the registry signed, and what its attestations document holds."""
        version = Fields(listed.entry, "version")
        dist = version.object("dist")
        found = []
        if dist.value.get("signatures"):
            part = {name: dist.value[name] for name in _SIGNED}
            raw = strict_json.write(
                {"name": version.string("name"), "version": version.string("version"), "dist": part}
            )
            found.append(read(raw, str(listed.purl)))
        attestations = dist.optional_object("attestations")
        if attestations is not None:
            fetcher = self._fetcher(listed.purl)
            path = urlsplit(attestations.string("url")).path  # of the registry that is configured, as npm does
            try:
                _, raw = fetcher.json(fetcher.address.path(path), accept="application/json")
            except NotFound:
                return found
            found.append(read(raw, str(listed.purl)))
        return found

    def close(self) -> None:
        for fetcher in self._fetchers.values():
            fetcher.close()

    def _fetcher(self, package: Purl) -> Fetcher:
        scope = package.namespace[0] if package.namespace else None
        with self._lock:
            if scope not in self._fetchers:
                address = npm_registry(self._environment, self._home, scope)
                self._fetchers[scope] = Fetcher(address, self._options)
            return self._fetchers[scope]
