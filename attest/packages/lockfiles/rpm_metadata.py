"""RPM repositories' `primary.xml` (createrepo_c), with a digest a file; and the output of `rpm -qa`, without any."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from attest import limits
from attest.errors import LockError
from attest.formats import strict_xml
from attest.formats.strict_xml import Element
from attest.packages.lockfiles import lock
from attest.packages.lockfiles.documents import hashes, purl, read_lines, unpacked
from attest.packages.lockfiles.lock import Entry, Index, Kind

_INSTALLED: Final = re.compile(r"[^\s-]\S*-[^\s-]+-[^\s-]+")
_KEYS: Final = "gpg-pubkey-"


def _primary(data: bytes, vendor: str) -> Iterator[Entry]:
    root = strict_xml.read(unpacked(data), where="lockfile", limit=limits.LOCKFILE)
    packages = root.all("package")
    said = root.attributes.get("packages")
    if root.name != "metadata" or said != str(len(packages)):
        why = f"its root is {root.name[:80]}, it says {said or 'nothing'} and has {len(packages)} packages"
        raise LockError("not a primary.xml", where=root.where, why=why)
    for item in packages:
        yield _entry(item, vendor)


def _entry(item: Element, vendor: str) -> Entry:
    place = f"line {item.where.rpartition(':')[2]}"
    name, arch = _text(item, "name"), _text(item, "arch")
    version, checksum = item.one("version"), item.one("checksum")
    number, release = ("" if version is None else version.attributes.get(key, "") for key in ("ver", "rel"))
    package = purl("rpm", f"{vendor}/{name}", f"{number}-{release}", where=place)
    algorithm = "" if checksum is None else checksum.attributes.get("type", "")
    digests = hashes([f"{algorithm}:{_text(item, 'checksum')}"] if algorithm else [], where=place)
    return lock.entry(
        f"{name}-{number}-{release}.{arch}", place, package, [digests], None if arch == "noarch" else arch
    )


def _text(item: Element, name: str) -> str:
    value = (item.value(name) or "").strip()
    if not value:
        raise LockError(f"a package without {name}", where=item.where)
    return value


def _installed(data: bytes) -> Iterator[Entry]:
    for number, line in enumerate(read_lines(data), 1):
        text, place = line.strip(), f"line {number}"
        if not text:
            continue
        if _INSTALLED.fullmatch(text) is None:
            raise LockError("not a line of rpm -qa", where=place, why=text[:160])
        if text.startswith(_KEYS):
            yield Entry(text, place, None, covered="a key, not a package")
        else:
            yield Entry(text, place, None, gap="no digest: the list of what is installed has none of the files")


PRIMARY: Final = Index(
    "RPM primary.xml",
    tuple(f"{name}{packed}" for name in ("primary.xml", "*-primary.xml") for packed in ("", ".gz", ".xz")),
    limits.LOCKFILE,
    _primary,
)
INSTALLED: Final = Kind("rpm -qa", ("rpm-qa", "rpm-qa.txt"), limits.LOCKFILE, _installed)
