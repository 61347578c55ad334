"""Lockfiles of which the tool that installs reads more, or something else, than a simpler reader would.

Each was tried with the tool itself: uv 0.13, pnpm 10, cargo 1.95; pipenv's by the function that writes for pip.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from attest.errors import LockError
from attest.packages.lockfiles.lock import Entry
from attest.packages.lockfiles.table import read_lock

A, B = "a" * 64, "b" * 64
SRI = "sha512-" + "A" * 86 + "=="
CRATES = "registry+https://index.example/crates"


def entries(folder: Path, name: str, text: str) -> tuple[Entry, ...]:
    path = folder / name
    path.write_text(text)
    return read_lock(path).entries


def uv(source: str, more: str = "") -> str:
    wheel = f'{{ url = "https://h.example/x-1-py3-none-any.whl", hash = "sha256:{A}"{more} }}'
    return f'version = 1\n[[package]]\nname = "x"\nversion = "1"\nsource = {{ {source} }}\nwheels = [{wheel}]\n'


@pytest.mark.parametrize("other", ['virtual = "."', 'editable = "."', 'git = "https://h.example/x"', 'path = "x"'])
def test_uv_takes_the_first_source_that_it_knows(tmp_path: Path, other: str) -> None:
    with pytest.raises(LockError, match="not one source"):
        entries(tmp_path, "uv.lock", uv(f'registry = "https://h.example/simple", {other}'))


def test_uv_prefers_the_wheel_that_is_packed_again(tmp_path: Path) -> None:
    text = uv('registry = "https://h.example/simple"', f', zstd = {{ hash = "sha256:{B}", size = 1 }}')
    (entry,) = entries(tmp_path, "uv.lock", text)
    assert [digest.hex for digest in entry.digests] == [A, B]


def pipfile(member: dict[str, Any]) -> str:
    package = {"version": "==1", "hashes": [f"sha256:{A}"], **member}
    return json.dumps({"_meta": {"pipfile-spec": 6}, "default": {"x": package}})


@pytest.mark.parametrize(
    ("member", "gap"),
    [
        ({"file": "https://h.example/x.whl"}, "an archive from an address"),
        ({"url": "https://h.example/x.whl"}, "an archive from an address"),
        ({"hg": "https://h.example/x", "ref": "1"}, "a hg dependency"),
        ({"svn": "https://h.example/x", "ref": "1"}, "a svn dependency"),
        ({"bzr": "https://h.example/x", "ref": "1"}, "a bzr dependency"),
    ],
)
def test_pipenv_looks_at_no_hash_of_an_address(tmp_path: Path, member: dict[str, Any], gap: str) -> None:
    (entry,) = entries(tmp_path, "Pipfile.lock", pipfile(member))
    assert (entry.digests, entry.gap) == ((), gap)


@pytest.mark.parametrize(
    "member",
    [
        {"markers": f"python_version > '3' --hash=sha256:{B}"},
        {"markers": "python_version > '3'\ny==1"},
        {"os_markers": f"sys_platform == 'linux' --hash=sha256:{B}"},
        {"extras": [f"a] --hash=sha256:{B} #"]},
    ],
)
def test_pipenv_hands_pip_what_stands_there(tmp_path: Path, member: dict[str, Any]) -> None:
    with pytest.raises(LockError, match=r"not an? (marker|extra)"):
        entries(tmp_path, "Pipfile.lock", pipfile(member))


def test_cargo_prefers_the_checksums_of_the_first_version(tmp_path: Path) -> None:
    text = f'''version = 3
[[package]]
name = "x"
version = "1.0.0"
source = "{CRATES}"
checksum = "{A}"
[metadata]
"checksum x 1.0.0 ({CRATES})" = "{B}"
'''
    with pytest.raises(LockError, match="two checksums"):
        entries(tmp_path, "Cargo.lock", text)
    (entry,) = entries(tmp_path, "Cargo.lock", text.replace(B, A))
    assert [digest.hex for digest in entry.digests] == [A]


def test_of_several_hashes_of_a_file_any_may_be_looked_at(tmp_path: Path) -> None:
    text = f'''lock-version = "1.0"
created-by = "x"
[[packages]]
name = "x"
version = "1"
[[packages.wheels]]
name = "x-1-py3-none-any.whl"
url = "https://h.example/x-1-py3-none-any.whl"
hashes = {{ sha256 = "{A}", sha512 = "{B}{B}" }}
'''
    (entry,) = entries(tmp_path, "pylock.toml", text)
    assert entry.gap == "one of its files: only sha512, and pypi artifacts are named by sha256"


PNPM = "lockfileVersion: '9.0'\n\npackages:\n\n  x@1.0.0:\n    resolution: {integrity: %s%s}\n\nsnapshots:\n\n%s"


def test_pnpm_installs_what_only_a_snapshot_names(tmp_path: Path) -> None:
    more = f"  x@1.0.0(z@1.0.0): {{}}\n\n  y@1.0.0:\n    resolution: {{integrity: {SRI}}}\n"
    with pytest.raises(LockError, match=r"a snapshot without its package.*y@1\.0\.0"):
        entries(tmp_path, "pnpm-lock.yaml", PNPM % (SRI, "", more))
    (entry,) = entries(tmp_path, "pnpm-lock.yaml", PNPM % (SRI, "", "  x@1.0.0(z@1.0.0): {}\n"))
    assert str(entry.purl) == "pkg:npm/x@1.0.0"


def test_pnpm_has_other_kinds_of_places(tmp_path: Path) -> None:
    (entry,) = entries(tmp_path, "pnpm-lock.yaml", PNPM % (SRI, ", type: variations", "  x@1.0.0: {}\n"))
    assert (entry.digests, entry.gap) == ((), "from variations, not a registry")
