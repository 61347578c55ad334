"""`--lock-vendor` on the command line: whose packages a distribution's index lists."""

from __future__ import annotations

from pathlib import Path

import pytest

from attest.cli.main import main
from tests.packages.lockfiles.samples import BY_KIND, A


@pytest.fixture
def index(tmp_path: Path) -> Path:
    path = tmp_path / "Packages"
    path.write_bytes(BY_KIND["Debian Packages"].data)
    return path


def test_the_vendor_is_the_namespace(index: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["anchor", "--dry-run", "--lock", str(index), "--lock-vendor", "acme"]) == 0
    out, err = capsys.readouterr()
    assert out.startswith("pkg:deb/acme/x@1:1.0~rc1%2Bdfsg-1 ")
    assert "no anchor for pkg:deb/acme/weak@1.0: no digest" in err
    assert A not in out  # the anchor's digest stands there, not the file's


def test_without_it_the_index_is_refused(index: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["anchor", "--dry-run", "--lock", str(index)]) == 2
    assert "--lock-vendor" in capsys.readouterr().err
