"""NuGet packages: the manifest at the root, and the content hash that a signature does not change."""

from __future__ import annotations

import hashlib
import io
import random
import struct
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attest.errors import PackageError
from attest.packages.files import identify
from attest.packages.nuget_content import content_hash
from tests.packages.build import write, zipped
from tests.packages.samples import NUSPEC, Members, nupkg

SIGNATURE = ".signature.p7s"
PURL = "pkg:nuget/acme.widget@1.0.0-beta.1"
CMS = b"\x30\x82" + bytes(range(256)) * 20


def signed(data: bytes, at: int | None = None, name: str = SIGNATURE) -> bytes:
    """``data`` with a stored member before its ``at``. one, or at the end: what the gallery does to a package."""
    members, buffer = zipfile.ZipFile(io.BytesIO(data)).infolist(), io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(buffer, "w") as new:
        for number, member in enumerate(members):
            if number == at:
                new.writestr(zipfile.ZipInfo(name), CMS)
            new.writestr(member, old.read(member))
        if at is None:
            new.writestr(zipfile.ZipInfo(name), CMS)
    return buffer.getvalue()


def hashed(data: bytes) -> str:
    return content_hash(io.BytesIO(data), len(data))


def replaced(old: bytes, new: bytes) -> bytes:
    assert old in NUSPEC
    return zipped(nupkg(NUSPEC.replace(old, new)))


@pytest.mark.parametrize(
    ("data", "purl"),
    [
        (zipped(nupkg()), PURL),
        (replaced(b"1.0.0-Beta.1+build", b"01.2"), "pkg:nuget/acme.widget@1.2.0"),
        (replaced(b' xmlns="http://schemas.microsoft.com/packaging/2013/05/nuspec.xsd"', b""), PURL),
        (zipped(nupkg(b"\xef\xbb\xbf" + NUSPEC)), PURL),
        (zipped([("x.nuspec", NUSPEC), ("lib/b.nuspec", b"no"), ("content/x.csproj", b"")]), PURL),
    ],
)
def test_a_package(tmp_path: Path, data: bytes, purl: str) -> None:
    found = identify(write(tmp_path, data))
    assert (str(found.purl), found.registry_name) == (purl, "Acme.Widget")
    assert found.digest.hex == hashlib.sha512(data).hexdigest()
    assert found.sha256 == hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (zipped([*nupkg(), ("Other.nuspec", NUSPEC)]), "more than one *.nuspec"),
        (zipped([*nupkg(), ("acme.widget.NUSPEC", NUSPEC)]), "stands there twice"),
        (zipped([("Acme.NuSpec", NUSPEC)]), "metadata in other letter case"),
        (zipped([("lib/Acme.nuspec", NUSPEC)]), "not a package of a known kind"),
        (zipped(nupkg(b"")), "not XML"),
        (zipped(nupkg(b"<!DOCTYPE package>" + NUSPEC[39:])), "it declares a document type"),
        (zipped(nupkg(b"<package/>")), "no metadata in a package"),
        (zipped(nupkg(b"<p><metadata/></p>")), "no metadata in a package"),
        (replaced(b"<id>Acme.Widget</id>", b""), "id or version is missing"),
        (replaced(b"<version>1.0.0-Beta.1+build</version>", b""), "id or version is missing"),
        (replaced(b"<authors>", b"<id>Other</id><authors>"), "id stands there twice"),
        (replaced(b"</metadata>", b"</metadata><metadata/>"), "metadata stands there twice"),
        (replaced(b"<authors>", b'<n:id xmlns:n="u">Other</n:id><authors>'), "readers understand differently"),
        (replaced(b"Acme.Widget<", b"<b>Acme.Widget</b><"), "id is no text"),
        (replaced(b"Acme.Widget", b" Acme.Widget "), "' Acme.Widget ' is no id"),
        (replaced(b"Acme.Widget", b"$id$"), "'$id$' is no id"),
        (replaced(b"Acme.Widget", b"a" * 101), "is no id"),
        (replaced(b"1.0.0-Beta.1", b"1.0.0.0.0"), "is no NuGet version"),
    ],
)
def test_what_is_no_package(tmp_path: Path, data: bytes, said: str) -> None:
    with pytest.raises(PackageError) as caught:
        identify(write(tmp_path, data))
    assert said in str(caught.value)


@given(
    st.lists(st.tuples(st.text("abc./", min_size=1, max_size=6), st.binary(max_size=40)), max_size=6),
    st.integers(0, 6),
    st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED]),
)
def test_a_signature_changes_nothing(files: Members, at: int, compression: int) -> None:
    """Wherever it lies: the hash is that of the package as it was uploaded."""
    members = [(f"{number}{name}", data) for number, (name, data) in enumerate(files)]
    data = zipped([("a.nuspec", NUSPEC), *members], compression)
    place = at if at <= len(members) else None
    assert hashed(data) == hashlib.sha512(data).hexdigest()
    assert hashed(signed(data, place)) == hashlib.sha512(data).hexdigest()


@given(st.randoms())
def test_the_order_of_the_directory_counts_not_for_the_cut(dice: random.Random) -> None:
    """A directory in another order than the members is kept in that order, with the right offsets."""
    whole = zipped(nupkg())
    for data, cut in ((whole, whole), (signed(whole, 2), whole)):
        order = list(range(4))
        dice.shuffle(order)
        expected = reordered(cut, order)
        given_order = order if data is whole else [*order, 4]
        if data is not whole:
            names = [name for name, _ in nupkg()]
            there = zipfile.ZipFile(io.BytesIO(data)).namelist()
            given_order = [there.index(names[number]) for number in order]
            given_order.insert(dice.randrange(5), there.index(SIGNATURE))
        assert hashed(reordered(data, given_order)) == hashlib.sha512(expected).hexdigest()


def reordered(data: bytes, order: list[int]) -> bytes:
    """``data`` with the records of its central directory in another order."""
    length, start = struct.unpack("<2L", data[-10:-2])
    records, position = [], start
    while position < start + length:
        size = 46 + sum(struct.unpack("<3H", data[position + 28 : position + 34]))
        records.append(data[position : position + size])
        position += size
    return data[:start] + b"".join(records[number] for number in order) + data[start + length :]


def test_a_signed_package_is_the_uploaded_one(tmp_path: Path) -> None:
    data = zipped(nupkg())
    before, after = identify(write(tmp_path, data)), identify(write(tmp_path, signed(data), "signed"))
    assert (before.purl, before.digest) == (after.purl, after.digest)
    assert before.sha256 != after.sha256


@pytest.mark.parametrize(
    "changed",
    [
        zipped(nupkg(NUSPEC + b"\n")),
        signed(zipped(nupkg()), name="signature.p7s"),
        signed(zipped(nupkg()), name="lib/.signature.p7s"),
        zipped(list(reversed(nupkg()))),
    ],
)
def test_everything_else_counts(changed: bytes) -> None:
    assert hashed(changed) == hashlib.sha512(changed).hexdigest() != hashed(zipped(nupkg()))


def in_utf_8(data: bytes) -> bytes:
    """``data`` with the flag for UTF-8 on the signature's name, in both places."""
    changed = bytearray(data)
    for name, flags in ((data.index(SIGNATURE.encode()), -24), (data.rindex(SIGNATURE.encode()), -38)):
        changed[name + flags + 1] |= 0x08
    return bytes(changed)


def zip64(data: bytes) -> bytes:
    """``data`` with its number of members only in a zip64 end record (APPNOTE 4.3.14 to 4.3.16)."""
    end = len(data) - 22
    count, length, start = struct.unpack("<10xH2L2x", data[end:])
    record = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, count, count, length, start)
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, end, 1)
    return data[:end] + record + locator + data[end : end + 8] + b"\xff" * 4 + data[end + 12 :]


def test_zip64_without_a_signature(tmp_path: Path) -> None:
    data = zip64(zipped(nupkg()))
    assert identify(write(tmp_path, data)).digest.hex == hashlib.sha512(data).hexdigest()


@pytest.mark.parametrize(
    "data",
    [
        in_utf_8(signed(zipped(nupkg()))),
        zip64(signed(zipped(nupkg()))),
        signed(signed(zipped(nupkg())), name=".Signature.p7s"),
        signed(zipped(nupkg()), name=".SIGNATURE.P7S"),
    ],
)
def test_a_signature_that_nuget_does_not_write(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(PackageError, match="a package signature that NuGet does not write"):
        identify(write(tmp_path, data))
