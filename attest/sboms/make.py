"""SBOMs of package files, directories of them, and lockfiles: read, put together, written."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from attest import limits, names
from attest.errors import PackageError, UsageError
from attest.packages.contents import PackedFile, contents
from attest.packages.digest import SHA256
from attest.packages.files import PackageFile, embedded_sboms
from attest.packages.lockfiles.lock import Lock
from attest.packages.metadata.table import metadata
from attest.packages.purl import Purl
from attest.sboms import cyclonedx, spdx
from attest.sboms.bill import Bill, Kind, Part
from attest.sboms.embedded import with_embedded
from attest.sboms.package import bill_of
from attest.sboms.united import bill_of_lock, locked_parts, united, with_known


class Form(StrEnum):
    """What an SBOM is written as: CycloneDX 1.6 or SPDX 2.3, both in JSON."""

    CYCLONEDX = "cyclonedx"
    SPDX = "spdx"

    @property
    def media_type(self) -> str:
        return names.CYCLONEDX_JSON if self is Form.CYCLONEDX else names.SPDX_JSON


def of_package(
    package: PackageFile,
    form: Form = Form.CYCLONEDX,
    *,
    made: datetime,
    files: bool = False,
    supplier: str | None = None,
    lock: Lock | None = None,
) -> bytes:
    """An SBOM of one package file. ``made`` is the time that it says it was made at; ``files``: list those
    in the package, too. ``supplier`` is who gives it out, instead of whom it names; ``lock`` pins what it needs.

    Raises `FormatError` for malformed metadata, `UsageError` for what cannot be read or written.
    """
    return _written(_bill(package, files=files, supplier=supplier, lock=lock), form, made)


def of_directory(
    name: str, packages: Sequence[PackageFile], form: Form, *, made: datetime, supplier: str | None = None
) -> bytes:
    """One SBOM of all package files of a directory. Raises as `of_package`."""
    bills = [(package.purl, _bill(package, supplier=supplier)) for package in packages]
    return _written(united(name, bills), form, made)


def of_lock(lock: Lock, form: Form, *, made: datetime, purl: Purl | None = None) -> bytes:
    """An SBOM of what a lockfile pins, for the package ``purl`` if given. Raises `UsageError`."""
    return _written(bill_of_lock(lock, purl), form, made)


def _bill(package: PackageFile, *, files: bool = False, supplier: str | None = None, lock: Lock | None = None) -> Bill:
    listed = tuple(map(_file, contents(package))) if files else ()
    found = bill_of(package, metadata(package), supplier=supplier, files=listed)
    try:
        found = with_embedded(found, embedded_sboms(package))
    except PackageError as error:
        where = f"{package.path}: {error.where}" if error.where else str(package.path)
        raise PackageError(error.what, where=where, why=error.why, next_step=error.next_step) from None
    return found if lock is None else with_known(found, locked_parts(lock))


def _file(file: PackedFile) -> Part:
    return Part(f"file:{file.path}", file.path, Kind.FILE, digests={"sha1": file.sha1, SHA256: file.sha256})


def _written(bill: Bill, form: Form, made: datetime) -> bytes:
    if len(bill.parts) > limits.SBOM_COMPONENTS:
        raise UsageError("too many components for an SBOM", why=f"more than {limits.SBOM_COMPONENTS}")
    if len({text for part in (bill.main, *bill.parts) for text in part.licenses}) > limits.SBOM_LICENSES:
        raise UsageError("too many licences for an SBOM", why=f"more than {limits.SBOM_LICENSES}")
    return cyclonedx.write(bill, made) if form is Form.CYCLONEDX else spdx.write(bill, made)
