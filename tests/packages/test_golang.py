"""Go modules: the name before every member, and the h1 hash as the go command computes it."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import random
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attest.errors import PackageError
from attest.packages.digest import ArtifactDigest
from attest.packages.dirhash import summary
from attest.packages.files import identify
from tests.packages.build import write, zipped
from tests.packages.samples import Members, module

PATH = "example.com/Acme/widget/v2"
PREFIX = f"{PATH}@v2.0.1/"
PURL = "pkg:golang/example.com/Acme/widget/v2@v2.0.1"
DEEP = 'require (\n\tmodule.example/x v1.0.0 // module y\n)\nretract "v1.0.0"\n'


def named(text: str) -> Members:
    return [(f"{PREFIX}go.mod", text.encode())]


@pytest.mark.parametrize(
    ("members", "purl"),
    [
        (module(), PURL),
        (module()[:1], PURL),  # older modules have no go.mod
        (module("example.com", "v0.0.0-20240101000000-0123456789ab"),
         "pkg:golang/example.com@v0.0.0-20240101000000-0123456789ab"),
        (module("example.com/~a/b.c_d-e", "v1.0.0"), "pkg:golang/example.com/~a/b.c_d-e@v1.0.0"),
        (module("example.com/x", "v3.0.0+incompatible")[:1], "pkg:golang/example.com/x@v3.0.0%2Bincompatible"),
        ([*module(), (f"{PREFIX}testdata/a@v1/Package.swift", b"")], PURL),
        (named(f'module "{PATH}"\r\n'), PURL),
        (named(f"// a\nmodule (\n\t`{PATH}` // b\n)\n{DEEP}"), PURL),
    ],
)  # fmt: skip
def test_a_module(tmp_path: Path, members: Members, purl: str) -> None:
    assert str(identify(write(tmp_path, zipped(members))).purl) == purl


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ([*module(), ("example.com/Acme/widget/v2@v2.0.2/x.go", b"")], "not a package of a known kind"),
        ([*module(), ("example.com/Acme/widget/v2@v2.0.12/x.go", b"")], "not a package of a known kind"),
        ([*module(), ("example.com/acme/widget/v2@v2.0.1/x.go", b"")], "not a package of a known kind"),
        ([*module(), ("x.go", b"")], "not a package of a known kind"),
        (module(version="2.0.1"), "not a package of a known kind"),
        (module(version="v2.0"), "not a package of a known kind"),
        (module(version="v02.0.1"), "not a package of a known kind"),
        (module("widget"), "not the path of a Go module"),
        (module("Example.com/x"), "not the path of a Go module"),
        (module("example.com/.x"), "not the path of a Go module"),
        (module("example.com/x y"), "not the path of a Go module"),
        (module("example.com//x"), "not the path of a Go module"),
        ([*module(), (f"{PREFIX}../x.go", b"")], "a member outside the package"),
        (module(declares="example.com/acme/widget/v2"), "it declares 'example.com/acme/widget/v2'"),
        (module(declares="example.com/Acme/widget"), "a Go module that contradicts itself"),
        (named("go 1.22\n"), "it declares no module path"),
        (named("// module example.com/Acme/widget/v2\n"), "it declares no module path"),
        (named(f"module {PATH}\nmodule example.com/x\n"), "'example.com/x'"),
        ([*module(), (f"{PREFIX}Go.Mod", b"")], "stands there twice"),
        ([(f"{PREFIX}Go.mod", b"module x")], "metadata in other letter case"),
        ([*module(), (f"{PREFIX}WIDGET.go", b"")], "two files of one name"),
        ([*module(), (f"{PREFIX}a\nb.go", b"")], "a line end in a name"),
        (
            [*module()[:1], (f"{PREFIX}x@v1/go.mod", b"module example.com/Acme/widget/v2")],
            "a go.mod that is not at the module's root",
        ),
    ],
)  # fmt: skip
def test_what_is_no_module(tmp_path: Path, members: Members, said: str) -> None:
    with pytest.raises(PackageError) as caught:
        identify(write(tmp_path, zipped(members)))
    assert said in str(caught.value)


def test_a_link_is_no_part_of_a_module(tmp_path: Path) -> None:
    path = tmp_path / "file"
    with zipfile.ZipFile(path, "w") as opened:
        for name, data in module():
            opened.writestr(zipfile.ZipInfo(name), data)
        info = zipfile.ZipInfo(f"{PREFIX}link.go")
        info.create_system, info.external_attr = 3, 0o120777 << 16
        opened.writestr(info, "/etc/passwd")
    with pytest.raises(PackageError, match="a Go module with a link"):
        identify(path)


def test_a_module_that_unpacks_to_too_much(tmp_path: Path) -> None:
    path = write(tmp_path, zipped([*module(), (f"{PREFIX}zeros", bytes(300 << 20))]))
    with pytest.raises(PackageError, match="unpacks to too much"):
        identify(path)


def test_what_is_hashed_by_hand(tmp_path: Path) -> None:
    """As `sha256sum` prints it, sorted by bytes: upper case first, ``-`` before ``/``."""
    names = [f"{PREFIX}{name}" for name in ("Z", "a-b", "a/b", "ab", "ä")]
    lines = "".join(f"{hashlib.sha256(name.encode()).hexdigest()}  {name}\n" for name in names)
    data = zipped([(name, name.encode()) for name in reversed(names)])
    assert identify(write(tmp_path, data)).digest.hex == hashlib.sha256(lines.encode()).hexdigest()


@given(st.dictionaries(st.text("abcAB-/.", min_size=1), st.binary(max_size=8)), st.randoms())
def test_neither_order_nor_compression_counts(files: dict[str, bytes], dice: random.Random) -> None:
    from io import BytesIO

    from attest.packages.dirhash import dir_hash_1

    files = {f"{number}{name}": data for number, (name, data) in enumerate(files.items())}
    expected = summary((name.encode(), hashlib.sha256(data).hexdigest()) for name, data in sorted(files.items()))
    members = list(files.items())
    dice.shuffle(members)
    for compression in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        data = zipped(members, compression)
        assert dir_hash_1(BytesIO(data), len(data)) == expected


def test_names_are_bytes(tmp_path: Path) -> None:
    """Without the flag for UTF-8 they are hashed as they stand there, as Go does."""
    data = zipped([(f"{PREFIX}Q.go", b"")]).replace(b"/Q.go", b"/\x82.go")
    line = hashlib.sha256(b"").hexdigest().encode() + b"  " + PREFIX.encode() + b"\x82.go\n"
    assert identify(write(tmp_path, data)).digest.hex == hashlib.sha256(line).hexdigest()


@pytest.mark.parametrize(
    ("local", "central", "value", "said"),
    [
        (6, 8, b"\x01\x00", "encrypted, or not deflated"),
        (8, 10, b"\x0c\x00", "encrypted, or not deflated"),
        (14, 16, b"\xff", "not a whole zip archive"),
        (22, 24, b"\xff", "15 bytes, 255 announced"),
        (22, 24, b"\x01", "not a whole zip archive"),
    ],
)
def test_content_that_is_not_what_is_announced(
    tmp_path: Path, local: int, central: int, value: bytes, said: str
) -> None:
    """Flags, method, checksum and size of the first member (APPNOTE 4.3.7 and 4.3.12), in both places."""
    data = bytearray(zipped(module()))
    for start in (local, data.index(b"PK\x01\x02") + central):
        data[start : start + len(value)] = value
    with pytest.raises(PackageError, match=said):
        identify(write(tmp_path, bytes(data)))


def test_every_name_and_every_byte_counts(tmp_path: Path) -> None:
    (first, content), *others = module()
    variants = [module(), [(first, content + b"\n"), *others], [(first + "x", content), *others], others]
    assert len({identify(write(tmp_path, zipped(members))).digest for members in variants}) == len(variants)


def download(folder: Path, *modules: str) -> list[dict[str, str]]:
    """What the go command says that it fetched, into a cache of its own."""
    go = shutil.which("go")
    if go is None:
        pytest.skip("go is not installed")
    environment = {
        **os.environ,
        "GOPATH": str(folder / "go"),
        "GOMODCACHE": str(folder / "mod"),
        "GOFLAGS": "-modcacherw",
    }
    done = subprocess.run(
        [go, "mod", "download", "-json", *modules],
        cwd=folder, env=environment, check=True, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    decoder, found, rest = json.JSONDecoder(), [], done.stdout.strip()
    while rest:
        item, end = decoder.raw_decode(rest)
        found.append(item)
        rest = rest[end:].strip()
    return found


@pytest.mark.slow
def test_modules_that_go_downloads(tmp_path: Path) -> None:
    """Purl and digest out of the zip are what the go command says of it, and what it writes into go.sum."""
    wanted = ("github.com/BurntSushi/toml@v1.4.0", "golang.org/x/mod@v0.20.0", "rsc.io/quote/v3@v3.1.0")
    items = download(tmp_path, *wanted)
    assert [f"{item['Path']}@{item['Version']}" for item in items] == list(wanted)
    for item in items:
        found = identify(Path(item["Zip"]))
        assert str(found.purl) == f"pkg:golang/{item['Path']}@{item['Version']}"
        assert found.digest == ArtifactDigest.parse(item["Sum"])
        assert base64.b64encode(bytes.fromhex(found.digest.hex)).decode() == item["Sum"].removeprefix("h1:")
        assert f"{found.registry_name}/@v/" in Path(item["Zip"]).as_posix()
