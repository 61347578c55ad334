from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.stores.registry.scripted import Scripted


@pytest.fixture
def registry() -> Iterator[Scripted]:
    with Scripted().running() as scripted:
        yield scripted


@pytest.fixture
def elsewhere() -> Iterator[Scripted]:
    """Another origin: another port."""
    with Scripted().running() as scripted:
        yield scripted
