"""Where each ecosystem's client on this machine gets packages from, as it is configured."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from attest.errors import UsageError
from attest.stores.services.cargo_configuration import cargo_index
from attest.stores.services.configuration import npm_registry, pip_index
from attest.stores.services.fetcher import Address
from attest.stores.services.go_configuration import go_proxy
from attest.stores.services.maven_configuration import maven_repository


def registries(environment: Mapping[str, str], home: Path, folder: Path) -> Iterator[tuple[str, Address | UsageError]]:
    """By purl type; the error says why none is known. ``folder`` is the working directory."""
    clients: dict[str, Callable[[], Address]] = {
        "npm": lambda: npm_registry(environment, home, None),
        "pypi": lambda: pip_index(environment, home),
        "golang": lambda: go_proxy(environment, home),
        "cargo": lambda: cargo_index(environment, home, folder),
        "maven": lambda: maven_repository(environment, home),
    }
    for type, ask in clients.items():
        try:
            yield type, ask()
        except UsageError as error:
            yield type, error
