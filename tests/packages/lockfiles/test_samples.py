"""Each kind of lockfile: what its sample says, entry by entry; and that every kind has one."""

from __future__ import annotations

import gzip
import lzma
from pathlib import Path

import pytest

from attest import limits
from attest.errors import LockError, UsageError
from attest.packages.lockfiles.lock import Entry, Index
from attest.packages.lockfiles.table import KINDS, read_lock
from tests.packages.lockfiles.samples import BY_KIND, SAMPLES, Said, Sample

REFUSED = {"CycloneDX XML"}
"""Kinds that are known only to say why they are not read."""


def said(entry: Entry) -> Said:
    what = " ".join(map(str, entry.digests))
    if entry.gap is not None:
        what = f"gap: {entry.gap}"
    if entry.covered is not None:
        what = f"covered: {entry.covered}"
    return Said(None if entry.purl is None else str(entry.purl), what, entry.condition)


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.kind)
def test_what_it_says(tmp_path: Path, sample: Sample) -> None:
    path = tmp_path / sample.file
    path.write_bytes(sample.data)
    lock = read_lock(path, vendor="acme")
    assert lock.kind == sample.kind
    assert tuple(map(said, lock.entries)) == sample.says
    assert len(lock.artifacts()) == len({(entry.purl, digest) for entry in lock.entries for digest in entry.digests})


def test_every_kind_has_a_sample() -> None:
    assert {kind.name for kind in KINDS} - REFUSED == set(BY_KIND)
    assert len({kind.name for kind in KINDS}) == len(KINDS)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if isinstance(kind, Index)], ids=lambda kind: kind.name)
def test_an_index_needs_to_be_told_whose_packages_it_lists(tmp_path: Path, kind: Index) -> None:
    path = tmp_path / BY_KIND[kind.name].file
    path.write_bytes(BY_KIND[kind.name].data)
    with pytest.raises(UsageError, match="a list of whose packages") as caught:
        read_lock(path)
    assert "--lock-vendor" in (caught.value.next_step or "")


@pytest.mark.parametrize("kind", ["Debian Packages", "RPM primary.xml"])
@pytest.mark.parametrize(("suffix", "pack"), [(".gz", gzip.compress), (".xz", lzma.compress)], ids=["gz", "xz"])
def test_an_index_may_be_packed(tmp_path: Path, kind: str, suffix: str, pack: object) -> None:
    sample = BY_KIND[kind]
    path = tmp_path / f"{sample.file}{suffix}"
    assert callable(pack)
    packed = pack(sample.data)
    path.write_bytes(packed)
    assert tuple(map(said, read_lock(path, vendor="acme").entries)) == sample.says
    for broken in (packed[:-4], packed + b"x", packed[:-12] + bytes(12)):
        path.write_bytes(broken)
        with pytest.raises(LockError, match="cannot be unpacked"):
            read_lock(path, vendor="acme")


def test_an_index_that_unpacks_to_too_much_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "Packages.gz"
    path.write_bytes(gzip.compress(bytes(limits.LOCKFILE + 1)))
    with pytest.raises(LockError, match="too large"):
        read_lock(path, vendor="acme")


def test_cyclonedx_in_xml_is_refused_with_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "bom.xml"
    path.write_text('<bom xmlns="http://cyclonedx.org/schema/bom/1.6"/>')
    with pytest.raises(LockError, match="in XML") as caught:
        read_lock(path)
    assert "JSON" in (caught.value.next_step or "")
