"""A policy names key files, and a pull request may name a policy: no pipe among them holds the verifier up."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from attest.errors import KeyFileError, PolicyError, UsageError
from attest.packages.files import identify
from attest.policy import document
from attest.regular_file import open_regular
from attest.signing.key_files import load_private, load_public


def socket(path: Path) -> None:
    import socket

    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(path))


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir, socket, lambda path: path.symlink_to("/dev/zero")])
def test_what_is_no_file_is_refused_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make: Callable[[Path], None]
) -> None:
    monkeypatch.chdir(tmp_path)  # a socket's path is short
    path = Path("named")
    make(path)
    before = set(os.listdir("/proc/self/fd"))
    with pytest.raises(OSError, match=r"."):
        open_regular(path)
    with pytest.raises(KeyFileError, match="cannot read the key"):
        load_public(path)
    with pytest.raises(KeyFileError, match="cannot read the key"):
        load_private(path, lambda: b"")
    with pytest.raises(PolicyError, match="cannot read the policy"):
        document.load(path)
    with pytest.raises(UsageError, match="file"):
        identify(path)
    assert set(os.listdir("/proc/self/fd")) == before


def test_a_link_to_a_file_is_followed(tmp_path: Path) -> None:
    (tmp_path / "real").write_bytes(b"x")
    (tmp_path / "link").symlink_to("real")
    with open_regular(tmp_path / "link") as file:
        assert file.read() == b"x"


def test_a_directory_is_no_package_but_what_is_in_it(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"name the files, e\.g\. dist/\*"):
        identify(tmp_path)
