"""docs/lockfiles.md has a row for every kind, with the names by which a file is taken for one."""

from __future__ import annotations

from pathlib import Path

import pytest

from attest.packages.lockfiles.lock import Index, Kind
from attest.packages.lockfiles.table import KINDS

PAGE = Path(__file__).parents[3] / "docs" / "lockfiles.md"
PACKED = (".gz", ".xz")


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_the_page_has_a_row(kind: Kind | Index) -> None:
    (row,) = [line for line in PAGE.read_text().splitlines() if line.startswith(f"| `{kind.name}` |")]
    names = row.split("|")[2]
    wanted = [pattern for pattern in kind.files if not pattern.endswith(PACKED)]
    assert [name.strip("` ") for name in names.partition(", each")[0].split(",")] == wanted
    assert all(f"`{suffix}`" in names for suffix in PACKED if any(name.endswith(suffix) for name in kind.files))
    assert ("--lock-vendor" in row) is isinstance(kind, Index)
