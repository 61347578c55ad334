"""RPM packages: what rpmbuild writes is read; headers that lie about themselves are refused."""

from __future__ import annotations

import shutil
import struct
import subprocess
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attest import limits
from attest.errors import PackageError
from attest.packages.ecosystem import names_from_file_name
from attest.packages.files import identify
from attest.packages.purl import Purl
from attest.packages.rpm import ROW
from tests.packages.build import write
from tests.packages.makers import RPM_ARCH, RPM_NAME, RPM_RELEASE, RPM_SOURCERPM, RPM_TAGS, RPM_VERSION, rpm, rpm_header

EXPECTED = Purl.parse("pkg:rpm/fedora/acme-widget@1.2.3~rc1-4.fc40")
SPEC = """\
Name: acme-widget
Version: 1.2.3~rc1
Release: 4.fc40
Epoch: 2
Summary: A widget
License: MIT
Vendor: Acme
BuildArch: noarch
%description
A widget.
%install
mkdir -p %{buildroot}/usr/share/acme
echo data > %{buildroot}/usr/share/acme/widget
%files
/usr/share/acme/widget
"""
LEAD = 96


def but(*left_out: int, **changed: bytes) -> bytes:
    tags = {"name": RPM_NAME, "version": RPM_VERSION, "release": RPM_RELEASE, "arch": RPM_ARCH}
    written = {**RPM_TAGS, **{tags[name]: value for name, value in changed.items()}}
    return rpm({tag: value for tag, value in written.items() if tag not in left_out})


def patched(data: bytes, offset: int, value: bytes) -> bytes:
    return data[:offset] + value + data[offset + len(value) :]


@pytest.mark.parametrize(
    ("data", "platform"),
    [
        (rpm(), "aarch64"),
        (but(arch=b"noarch"), None),
        (but(RPM_SOURCERPM), "src"),
        (rpm(digest=False), "aarch64"),
        (rpm(size=0), "aarch64"),
        (rpm(more=[(5092, 8, 1, b"md5\0"), (5093, 4, 1, bytes(4))], digest=False), "aarch64"),
        (rpm(more=[(1003, 4, 1, bytes(4)), (63, 7, 16, bytes(16)), (1004, 9, 2, b"a\0b\0")]), "aarch64"),
    ],
)
def test_a_package(tmp_path: Path, data: bytes, platform: str | None) -> None:
    found = identify(write(tmp_path, data), EXPECTED)
    assert (found.purl, found.platform, found.registry_name) == (EXPECTED, platform, "acme-widget")


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (but(RPM_NAME), "NAME: not the header of an RPM package: it is none: ''"),
        (but(RPM_VERSION), "VERSION: not the header"),
        (but(RPM_RELEASE), "RELEASE: not the header"),
        (but(RPM_ARCH), "ARCH: not the header"),
        (but(name=b"acme widget"), "NAME: not the header"),
        (but(name=b"-x"), "NAME: not the header"),
        (but(name=b"\xff"), "NAME: not the header"),
        (but(version=b"1-2"), "VERSION: not the header"),
        (but(version=b"2:1"), "VERSION: not the header"),
        (but(release=b"4/../5"), "RELEASE: not the header"),
        (rpm(more=[(RPM_NAME, 6, 1, b"other\0")]), "tag 1000 stands there twice"),
        (rpm({**RPM_TAGS, RPM_NAME: b"acme\0widget"}), "its content says pkg:rpm/fedora/acme@"),
        (rpm({}, more=[(RPM_NAME, 8, 2, b"a\0b\0")]), "tag 1000 is no string"),
        (rpm({}, more=[(RPM_NAME, 6, 2, b"a\0b\0")]), "tag 1000 is no string"),
        (rpm({}, more=[(RPM_NAME, 6, 1, b"no end")], digest=False), "tag 1000 is no string"),
        (rpm(size=17), "not 17"),
        (rpm()[:-1], "not a whole RPM package"),
        (rpm(size=0)[:-1], "its payload does not have the digest in its header"),
        (rpm(size=0, digest=False), "it says neither size nor digest of its payload"),
        (rpm() + b"x", "not a whole RPM package"),
        (rpm()[:LEAD], "no signature header where it should be"),
        (rpm()[: LEAD + 15], "no signature header where it should be"),
        (rpm()[: LEAD + 20], "it ends too early"),
        (patched(rpm(), LEAD, b"\0"), "no signature header where it should be"),
        (patched(rpm(), LEAD + 8, b"\xff" * 4), "too large a header: 4294967295 tags"),
        (patched(rpm(), LEAD + 12, b"\xff" * 4), "too large a header"),
        (patched(rpm(), LEAD + 12, struct.pack(">I", limits.RPM_HEADER)), "it ends too early"),
        (patched(rpm(), LEAD + 24, b"\xff" * 4), "tag 1000 lies beyond its end"),
        (patched(rpm(), LEAD + 24, b"\0\0\0\3"), "tag 1000 is no number"),
        (rpm_header([]), "not a package of a known kind"),
    ],
)
def test_what_is_refused(tmp_path: Path, data: bytes, why: str) -> None:
    start = time.process_time()
    with pytest.raises(PackageError) as caught:
        identify(write(tmp_path, data), EXPECTED)
    assert why in str(caught.value)
    assert time.process_time() - start < 3


@given(
    name=st.from_regex(r"[A-Za-z0-9_+.][A-Za-z0-9_+.-]{0,20}", fullmatch=True),
    version=st.from_regex(r"[A-Za-z0-9._+~^]{1,10}", fullmatch=True),
    release=st.from_regex(r"[A-Za-z0-9._+~^]{1,10}", fullmatch=True),
)
def test_what_is_written_is_read(
    tmp_path_factory: pytest.TempPathFactory, name: str, version: str, release: str
) -> None:
    if name in (".", ".."):
        return
    tags = {**RPM_TAGS, RPM_NAME: name.encode(), RPM_VERSION: version.encode(), RPM_RELEASE: release.encode()}
    expected = Purl.of("rpm", ("fedora",), name, f"{version}-{release}")
    path = tmp_path_factory.mktemp("rpm") / f"{name}-{version}-{release}.x86_64.rpm"
    path.write_bytes(rpm(tags))
    assert identify(path, expected).purl == expected


def test_its_file_name(tmp_path: Path) -> None:
    assert ROW.file_name is not None
    assert ROW.file_name("perl-A-B-1.0-2.el9.noarch.rpm") == ("perl-A-B", "1.0-2.el9")
    assert ROW.file_name("x-1.rpm") is None
    assert list(names_from_file_name("rpm", "x-1-2.noarch.rpm")) == []  # nothing says whose it is
    with pytest.raises(PackageError, match=r"the name says acme-widget 1\.2\.4-4\.fc40"):
        identify(write(tmp_path, rpm(), "acme-widget-1.2.4-4.fc40.aarch64.rpm"), EXPECTED)


@pytest.mark.slow
def test_what_rpmbuild_builds(tmp_path: Path) -> None:
    program = shutil.which("rpmbuild")
    if program is None:
        pytest.skip("rpmbuild is not installed")
    (tmp_path / "acme.spec").write_text(SPEC)
    command = [program, "-ba", "--define", f"_topdir {tmp_path}", "acme.spec"]
    subprocess.run(command, cwd=tmp_path, capture_output=True, timeout=120, check=True)
    built = {path.parent.name: identify(path, EXPECTED) for path in tmp_path.glob("*RPMS/**/*.rpm")}
    assert {folder: (found.purl, found.platform) for folder, found in built.items()} == {
        "SRPMS": (EXPECTED, "src"),
        "noarch": (EXPECTED, None),
    }
    path = built["noarch"].path
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(PackageError, match="not a whole RPM package"):
        identify(path, EXPECTED)
