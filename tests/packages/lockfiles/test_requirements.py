"""What pip reads in a `requirements.txt` and a simpler reader would not; each was tried with pip's own parser."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from attest.errors import LockError
from attest.packages.lockfiles.lock import Entry
from attest.packages.lockfiles.table import read_lock

GOOD, OTHER = "a" * 64, "b" * 64
PINNED = f"x==1 --hash=sha256:{GOOD}"


def entries(folder: Path, text: str) -> tuple[Entry, ...]:
    path = folder / "requirements.txt"
    path.write_text(text)
    return read_lock(path).entries


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("--pre -r https://h.example/more.txt", "names another file"),
        ('--pre "-r" more.txt', "names another file"),
        ("--pre --req more.txt", "not an option of a requirements file"),
        ("--pre 'more", "not an option of a requirements file"),
        (f"{PINNED} --has=sha256:{OTHER}", "not an option of a requirement"),
        (f"{PINNED} --hash", "--hash without a value"),
        (f"# -*- coding: utf-7 -*-\n{PINNED}\n# +AAo-y==1", "not UTF-8"),
        (f"\n# vim: set fileencoding=utf-16 :\n{PINNED}", "not UTF-8"),
    ],
)
def test_what_would_name_more_is_refused(tmp_path: Path, text: str, what: str) -> None:
    with pytest.raises(LockError, match=what):
        entries(tmp_path, text)


def test_an_editable_install_after_another_option_is_one(tmp_path: Path) -> None:
    (entry,) = entries(tmp_path, "--pre -e git+https://h.example/y")
    assert entry.gap == "an editable install of a local directory or a repository"


def test_every_hash_counts_however_it_is_quoted(tmp_path: Path) -> None:
    (entry,) = entries(tmp_path, f'{PINNED} --"hash"=sha256:{OTHER} --config-settings a=b')
    assert [digest.hex for digest in entry.digests] == [GOOD, OTHER]


@pytest.mark.parametrize("comment", ["# it goes on \\", "  # it goes on \\", "\t \t# it goes on \\"])
def test_a_comment_ends_at_its_line(tmp_path: Path, comment: str) -> None:
    found = entries(tmp_path, f"# -*- coding: utf-8 -*-\n{comment}\n{PINNED}\n")
    assert [str(entry.purl) for entry in found] == ["pkg:pypi/x@1"]


def test_white_space_costs_no_more_than_its_length(tmp_path: Path) -> None:
    began = time.process_time()
    (entry,) = entries(tmp_path, f"{PINNED}{' ' * 1_000_000}--config-settings a=b")
    assert str(entry.purl) == "pkg:pypi/x@1"
    assert time.process_time() - began < 5
