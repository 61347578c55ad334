"""Metadata made to keep a parser busy, to break it, or to read differently elsewhere."""

from __future__ import annotations

import gzip
import io
import tarfile
import time
from contextlib import suppress
from pathlib import Path

import pytest

from attest import limits
from attest.errors import PackageError, UsageError
from attest.packages.files import identify, wheel_sboms
from attest.packages.purl import Purl
from attest.packages.table import TABLE
from tests.packages.build import CARGO_TOML, PKG_INFO, tgz, wheel_members, write, zipped

SECONDS = 3.0
DIGITS = "1" * 5000


def refused(folder: Path, data: bytes) -> str:
    start = time.process_time()
    with pytest.raises(PackageError) as caught:
        identify(write(folder, data))
    assert time.process_time() - start < SECONDS
    assert len(str(caught.value)) < 1000
    return str(caught.value)


def crate(toml: bytes) -> bytes:
    return tgz([("foo-1.0.0/Cargo.toml", toml)])


# --- Cargo.toml ---

DEEP = b"a." * 500 + b"a"


@pytest.mark.parametrize(
    "toml",
    [
        b"a." * 20_000 + b"a = 1\n",
        b"[" + b"a." * 20_000 + b"a]\n",
        b'"a" . ' * 20_000 + b"a = 1\n",
        b"'a'\t.\t" * 20_000 + b"a = 1\n",
        b"x = {" + DEEP + b" = 1}\n",
        b"x = 1 # '''\n" + DEEP + b" = 1\n",
        b'x = """it\'s """\n' + DEEP + b" = 1\n",
        b'x = {b = """\n \' """, ' + DEEP + b" = 1}\n",
        b'x = """a"""""\n' + DEEP + b" = 1\n",
        b"x = '''a'''''\n" + DEEP + b" = 1\n",
        b'x = "\\""\n' + DEEP + b" = 1\n",
        b"x = '\\'\n" + DEEP + b" = 1\n",
    ],
)
def test_a_deep_key_is_never_parsed(tmp_path: Path, toml: bytes) -> None:
    assert "a key of too many parts" in refused(tmp_path, crate(toml))
    assert "a key of too many parts" in refused(tmp_path, crate(toml.replace(b"\n", b"\r\n")))


@pytest.mark.parametrize(
    "toml",
    [
        b'x = "' + DEEP + b'"\n',
        b"x = '" + DEEP + b"'\n",
        b'x = """\n' + DEEP + b' "" \\" \n"""\n',
        b"x = '''\n" + DEEP + b" '' \n'''\n",
        b"# " + DEEP + b"\n",
        b"[target.'cfg(a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q.r.s.t)'.dependencies.x]\n",
        b".".join([b"a"] * limits.TOML_KEY_DEPTH) + b" = 1\n",
    ],
)
def test_dots_elsewhere_do_no_harm(tmp_path: Path, toml: bytes) -> None:
    assert str(identify(write(tmp_path, crate(CARGO_TOML + toml))).purl) == "pkg:cargo/foo@1.0.0"


@pytest.mark.parametrize(
    ("toml", "message"),
    [
        (b"x = " + DIGITS.encode(), "not TOML"),
        (b"x = " + b"[" * 5000, "not TOML"),
        (b"\xff", "not TOML"),
        (b'"\\"' * 80_000, "not TOML"),
        (b"'\"" * 100_000, "not TOML"),
        (b"a" * limits.CARGO_TOML, "not TOML"),
        (CARGO_TOML + b"#" * limits.CARGO_TOML, "not read as TOML"),
    ],
)
def test_toml_that_cannot_be_read(tmp_path: Path, toml: bytes, message: str) -> None:
    assert message in refused(tmp_path, crate(toml))


# --- METADATA and PKG-INFO ---


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_many_headers(tmp_path: Path, end: bytes) -> None:
    few = b"".join(b"h%d: x" % number + end for number in range(limits.PACKAGE_HEADERS - 3))
    metadata = PKG_INFO.replace(b"\n", end)
    path = write(tmp_path, zipped(wheel_members(metadata=few + metadata)))
    start = time.process_time()
    assert identify(path).purl.name == "foo-bar"
    assert time.process_time() - start < SECONDS
    assert "headers" in refused(tmp_path, zipped(wheel_members(metadata=few + b"h: x" + end + metadata)))


def test_lines_of_a_description_are_no_headers(tmp_path: Path) -> None:
    lines = b"a: b\n" * (limits.PACKAGE_HEADERS + 1)
    folded = b"Description: x\n" + b"        text\n" * (limits.PACKAGE_HEADERS + 1)
    assert identify(write(tmp_path, zipped(wheel_members(metadata=folded + PKG_INFO + lines)))).purl.version == "1.0"


@pytest.mark.parametrize("kind", [b"multipart/mixed; boundary=x", b"message/rfc822", b"message/delivery-status"])
def test_metadata_is_no_mail(tmp_path: Path, kind: bytes) -> None:
    metadata = b"Content-Type: " + kind + b"\n" + PKG_INFO + b"--x\n\nhi\n--x--\n"
    assert identify(write(tmp_path, zipped(wheel_members(metadata=metadata)))).purl.name == "foo-bar"


@pytest.mark.parametrize(
    ("metadata", "message"),
    [
        (PKG_INFO.replace(b"Name", b"Nom"), "is missing"),
        (b"\n" + PKG_INFO, "is missing"),
        (b"name: other\n" + PKG_INFO, "stands there twice"),
        (b"Version: 1.0\n" + PKG_INFO, "stands there twice"),
        (PKG_INFO.replace(b"1.0", DIGITS.encode()), "no Python version"),
        (PKG_INFO.replace(b"Foo.Bar", b"f\xc3\xb6\xff"), "no PyPI name"),
        (PKG_INFO.replace(b"Foo.Bar", b"Foo\n Bar"), "no PyPI name"),
        (PKG_INFO.replace(b"Foo.Bar", b"=?utf-8?q?Foo?="), "no PyPI name"),
    ],
)
def test_metadata_that_names_no_package(tmp_path: Path, metadata: bytes, message: str) -> None:
    assert message in refused(tmp_path, zipped(wheel_members(metadata=metadata)))


def test_a_directory_of_a_thousand_names(tmp_path: Path) -> None:
    assert "cannot be unpacked" in refused(tmp_path, tgz([("a-" * 100_000 + "/PKG-INFO", PKG_INFO)]))


@pytest.mark.parametrize(
    "name", [f"a-{DIGITS}.tar.gz", f"a-{DIGITS}-py3-none-any.whl", f"a-1-{DIGITS}-py3-none-any.whl"]
)
def test_a_file_name_with_a_huge_number_names_nothing(name: str) -> None:
    parse = TABLE["pypi"].file_name
    assert parse is not None
    assert parse(name) is None


@pytest.mark.parametrize("type_", sorted(TABLE))
def test_huge_numbers_are_a_usage_error_at_most(type_: str) -> None:
    for version in (DIGITS, f"1.{DIGITS}", f"1.0.0-{DIGITS}"):
        for text in (f"pkg:{type_}/a@{version}", f"pkg:{type_}/g/a@{version}"):
            with suppress(UsageError):
                Purl.parse(text)
    row = TABLE[type_]
    if row.version is not None:
        with suppress(ValueError):
            row.version(DIGITS)


# --- members ---


def test_many_members_of_the_same_kind(tmp_path: Path) -> None:
    data = tgz((f"d{number}/package.json", b"") for number in range(20_000))
    assert "more than one */package.json: 'd0/package.json' and 'd1/package.json'" in refused(tmp_path, data)


def test_many_sboms_cost_little(tmp_path: Path) -> None:
    sboms = [(f"foo_bar-1.0.dist-info/sboms/{number}.json", b"{}") for number in range(10_000)]
    path = write(tmp_path, zipped([*wheel_members(), *sboms]))
    start = time.process_time()
    assert len(wheel_sboms(path)) == 10_000
    assert time.process_time() - start < SECONDS


# --- tar headers that Python's `tarfile` reads differently ---


def member(
    name: bytes, data: bytes, *, flag: bytes = b"0", prefix: bytes = b"", magic: bytes = b"ustar\x0000"
) -> bytes:
    block = bytearray(512)
    block[: len(name)], block[124:136], block[156:157] = name, b"%011o\0" % len(data), flag
    block[257:265], block[345 : 345 + len(prefix)] = magic, prefix
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block) + data + bytes(-len(data) % 512)


def pax(*fields: bytes) -> bytes:
    records = (b"%d %s\n" % (len(field) + 4, field) for field in fields)
    return member(b"x", b"".join(records), flag=b"x")


MINE = member(b"mallory-1.0/PKG-INFO", PKG_INFO.replace(b"Foo.Bar", b"mallory"))
THEIRS = PKG_INFO.replace(b"Foo.Bar", b"requests")
LONG = member(b"././@LongLink", b"mallory-1.0/PKG-INFO\0", flag=b"L")


@pytest.mark.parametrize(
    "raw",
    [
        member(b"PKG-INFO", THEIRS, prefix=b"mallory-1.0", magic=b"ustar  \0"),
        member(b"PKG-INFO", THEIRS, prefix=b"mallory-1.0", magic=bytes(8)),
        LONG + pax(b"path=junk/a") + member(b"zzz", THEIRS),
    ],
)
def test_another_name_than_tarfile_reads(tmp_path: Path, raw: bytes) -> None:
    whole = MINE + raw + bytes(1024)
    with tarfile.open(fileobj=io.BytesIO(whole)) as opened:
        assert opened.getnames() == ["mallory-1.0/PKG-INFO"] * 2
    assert "tar" in refused(tmp_path, gzip.compress(whole))


@pytest.mark.parametrize(
    "headers",
    [
        LONG + LONG,
        LONG + pax(b"path=junk/a"),
        pax(b"path=junk/a") + LONG,
        pax(b"path=junk/a") + pax(b"path=junk/b"),
        pax(b"path=junk/a", b"path=junk/b"),
        pax(b"size=1", b"size=0"),
    ],
)
def test_a_name_or_size_given_twice(tmp_path: Path, headers: bytes) -> None:
    message = refused(tmp_path, gzip.compress(MINE + headers + member(b"zzz", b"") + bytes(1024)))
    assert "two names" in message or "stands there twice" in message


def test_a_prefix_where_it_belongs(tmp_path: Path) -> None:
    raw = member(b"PKG-INFO", MINE[512:].rstrip(b"\0"), prefix=b"mallory-1.0") + bytes(1024)
    assert str(identify(write(tmp_path, gzip.compress(raw))).purl) == "pkg:pypi/mallory@1.0"
