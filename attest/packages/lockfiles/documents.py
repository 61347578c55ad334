"""TOML, JSON and YAML lockfiles as `Fields`: typed access, every error with the path of the member."""

from __future__ import annotations

import lzma
import zlib
from typing import Any, Final

from attest import limits
from attest.errors import LockError, UsageError
from attest.formats import strict_toml, strict_yaml
from attest.formats.strict_yaml import Items, Node, Text
from attest.oci import strict_json
from attest.oci.strict_json import Fields
from attest.packages.digest import SHA256, SHA512, ArtifactDigest
from attest.packages.purl import Purl

_GZIP: Final = b"\x1f\x8b"
_XZ: Final = b"\xfd7zXZ\x00"
_ANY_HEADER: Final = 31
"""As ``wbits`` of zlib: a gzip header, and a window of any size."""
_XZ_MEMORY: Final = 128 * limits.MIB
"""What `xz -9` needs for unpacking is 65 MiB."""


def read_lines(data: bytes) -> list[str]:
    """The lines of UTF-8 text, without their ends. Raises `LockError`."""
    try:
        return [line.removesuffix("\r") for line in data.decode("utf-8").split("\n")]
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise LockError("not UTF-8", where=f"line {line}") from None


def unpacked(data: bytes) -> bytes:
    """What gzip or xz packed, at most `limits.LOCKFILE` bytes; anything else as it is. Raises `LockError`."""
    try:
        if data.startswith(_GZIP):
            gzip = zlib.decompressobj(_ANY_HEADER)
            text, whole, rest = gzip.decompress(data, limits.LOCKFILE + 1), gzip.eof, gzip.unused_data
        elif data.startswith(_XZ):
            xz = lzma.LZMADecompressor(memlimit=_XZ_MEMORY)
            text, whole, rest = xz.decompress(data, limits.LOCKFILE + 1), xz.eof, xz.unused_data
        else:
            return data
    except (zlib.error, lzma.LZMAError) as error:
        raise LockError("cannot be unpacked", where="lockfile", why=str(error)) from None
    if len(text) > limits.LOCKFILE:
        raise LockError(
            "the lockfile is too large", where="lockfile", why=f"unpacked, more than {limits.LOCKFILE} bytes"
        )
    if not whole or rest:
        raise LockError("cannot be unpacked", where="lockfile", why="something follows" if rest else "it is cut off")
    return text


def read_json(data: bytes) -> Fields:
    """The JSON object in ``data``. Raises `JSONError`."""
    return Fields(strict_json.read_object(data, where="lockfile", limit=limits.LOCKFILE), "lockfile")


def read_toml(data: bytes) -> Fields:
    """The TOML document in ``data``. Raises `TOMLError`."""
    return Fields(strict_toml.read(data, where="lockfile", limit=limits.LOCKFILE_TOML), "lockfile")


def read_yaml(data: bytes) -> Fields:
    """The YAML mapping in ``data``; every scalar stays the text that was written. Raises `YAMLError`, `LockError`."""
    value = _plain(strict_yaml.read(data, where="lockfile", limit=limits.LOCKFILE, by_program=True))
    if not isinstance(value, dict):
        raise LockError("not a mapping", where="lockfile")
    return Fields(value, "lockfile")


def _plain(node: Node) -> dict[str, Any] | list[Any] | str:
    if isinstance(node, Text):
        return node.text
    if isinstance(node, Items):
        return [_plain(item) for item in node.items]
    return {key: _plain(value) for key, value in node.values.items()}


def purl(type: str, name: str, version: str, *, where: str) -> Purl:
    """The package that an entry means; slashes in ``name`` end the segments of its namespace. Raises `LockError`."""
    *namespace, last = name.split("/")
    try:
        return Purl.of(type, tuple(namespace), last, version)
    except UsageError as error:
        raise LockError(f"not a package of {type}", where=where, why=f"{error.what}: {error.why}") from None


def hashes(texts: list[str], *, where: str) -> list[ArtifactDigest]:
    """The strong digests among ``algorithm:hex`` texts. Raises `LockError` for a malformed one."""
    found = []
    for text in texts:
        algorithm, _, encoded = text.partition(":")
        if algorithm in (SHA256, SHA512):
            try:
                found.append(ArtifactDigest.parse(f"{algorithm}:{encoded.lower()}"))
            except UsageError as error:
                raise LockError("not a digest", where=where, why=error.why) from None
    return found


def texts(fields: Fields, name: str) -> list[str]:
    """An array of strings; an absent one is empty. Raises `LockError`."""
    value = fields.value.get(name)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise LockError("expected an array of strings", where=f"{fields.path}.{name}")
    return value
