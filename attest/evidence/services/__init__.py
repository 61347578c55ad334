"""Ecosystems' own attestation services as read-only stores (design.md §2, "store")."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from attest.evidence.services.npm import Npm
from attest.evidence.services.pypi import PyPI
from attest.evidence.services.service import Service
from attest.stores.location import Scheme
from attest.stores.registry.options import RegistryOptions


def open_service(scheme: Scheme, environment: Mapping[str, str], home: Path) -> Service:
    """The service of a STORE ``npm:`` or ``pypi:``, at the address in its client's configuration.

    Raises `UsageError` where that names none.
    """
    options = RegistryOptions.from_environment(environment)
    return Npm(environment, home, options) if scheme is Scheme.NPM else PyPI(environment, home, options)
