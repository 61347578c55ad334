"""``attest sbom``: a bill of materials from what a package file, a directory of them, or a lockfile itself says."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    from attest.packages.files import PackageFile
    from attest.packages.lockfiles.lock import Lock
    from attest.packages.purl import Purl
    from attest.sboms.make import Form

_DESCRIPTION = """\
Make an SBOM of what is at hand; nothing is fetched, and what is not said stays unsaid. Of a package file: itself, with
its licence, its hashes and what it declares to need, and the SBOMs in a wheel. Of a directory: all package files in it,
in one document. Of a lockfile: all that it pins. A purl needs --lock: its name alone says nothing of what is in it."""

_EXAMPLES = """\
examples:
  attest sbom dist/acme-1.0-py3-none-any.whl -o acme.cdx.json
  attest sbom dist/acme-1.0-py3-none-any.whl --format spdx --files
  attest sbom dist/acme-1.0-py3-none-any.whl --lock uv.lock        (with the versions that were locked)
  attest sbom dist/                                                (every package file in it)
  attest sbom package-lock.json
  attest sbom pkg:npm/%40acme/app@1.0.0 --lock package-lock.json
  attest sbom curl_8.5.0-2_amd64.deb --purl pkg:deb/debian/curl@8.5.0-2

The same input and SOURCE_DATE_EPOCH give the same bytes. Attach it: attest attach SUBJECT FILE --key KEY"""


def add(commands: Any) -> None:
    parser = commands.add_parser(
        "sbom", help="make an SBOM from a package's own metadata", description=_DESCRIPTION, epilog=_EXAMPLES
    )
    parser.add_argument("subject", metavar="FILE|DIR|PURL", help="a package file, a directory of them, or a lockfile")
    parser.add_argument("--purl", metavar="PURL", help="what the package file, or what was locked, is")
    parser.add_argument("--format", choices=("cyclonedx", "spdx"), default="cyclonedx", help="1.6, or 2.3; in JSON")
    parser.add_argument("--files", action="store_true", help="list the files in the package, each with its hashes")
    parser.add_argument("--supplier", metavar="NAME", help="who gives it out, instead of whom the package names")
    parser.add_argument("--lock", metavar="FILE", help="a lockfile that pins what the package needs")
    parser.add_argument("--lock-vendor", metavar="VENDOR", help="whose packages a distribution's index lists")
    parser.add_argument("-o", "--output", metavar="FILE", help="write it there, whole or not at all (default: stdout)")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    from pathlib import Path

    from attest.cli import output
    from attest.errors import EXIT_DONE, UsageError
    from attest.evidence.attach import creation_time
    from attest.packages.purl import Purl
    from attest.sboms.make import Form

    form, made = Form(arguments.format), creation_time()
    expected = Purl.parse(arguments.purl) if arguments.purl else None
    path = Path(arguments.subject)
    if arguments.subject.startswith("pkg:"):
        named = Purl.parse(arguments.subject)
        if expected is not None and expected != named:
            raise UsageError(f"{named} is not {expected}", why="PURL and --purl name different packages")
        data = _of_purl(arguments, named, form, made)
    elif path.is_dir():
        data = _of_directory(arguments, path, form, made)
    else:
        data = _of_file(arguments, path, expected, form, made)
    output.write(data, arguments.output)
    return EXIT_DONE


def _of_purl(arguments: argparse.Namespace, purl: Purl, form: Form, made: datetime) -> bytes:
    from attest.errors import UsageError

    if arguments.lock is None:
        raise UsageError(
            "no SBOM can be made of a purl alone",
            where=str(purl),
            why="what is in a package stands in its file, and nothing is fetched",
            next_step=f"attest sbom FILE --purl {purl}, or add --lock FILE for what was locked for it",
        )
    _only(arguments, "files", "supplier", of="a purl")
    return _of_lock(_lock(arguments, arguments.lock), form, made, purl)


def _of_directory(arguments: argparse.Namespace, path: Path, form: Form, made: datetime) -> bytes:
    from attest.errors import UsageError
    from attest.sboms import make

    _only(arguments, "purl", "files", "lock", of="a directory")
    packages = list(_packages(path))
    if not packages:
        raise UsageError(
            "no package file in the directory",
            where=str(path),
            why="what is installed or unpacked has no digest that evidence could be about",
            next_step="name the package file that it came in",
        )
    return make.of_directory(path.resolve().name, packages, form, made=made, supplier=arguments.supplier)


def _packages(directory: Path) -> Iterator[PackageFile]:
    """The package files in a directory, by name; whatever else lies there is named on stderr."""
    from attest.cli import console
    from attest.errors import UnknownPackage
    from attest.packages.files import identify

    for path in sorted(directory.iterdir()):
        why = _no_file_in(directory, path)
        if why is None:
            try:
                yield identify(path)
            except UnknownPackage:
                why = "not a package file"
        if why is not None:
            console.note(f"{path}: {why}, and not in the SBOM")


def _no_file_in(directory: Path, path: Path) -> str | None:
    """Why it is not looked at; None for a file that lies there, or that a link there means."""
    if path.is_dir():
        return "a directory"
    if not path.is_file():
        return "not a file"
    if path.is_symlink() and not path.resolve().is_relative_to(directory.resolve()):
        return "a link that leads out of the directory"
    return "hidden by the dot before its name" if path.name.startswith(".") else None


def _of_file(arguments: argparse.Namespace, path: Path, expected: Purl | None, form: Form, made: datetime) -> bytes:
    from attest.packages.files import identify
    from attest.packages.lockfiles.table import is_lock
    from attest.sboms import make

    if is_lock(path):
        _only(arguments, "files", "supplier", "lock", of="a lockfile")
        return _of_lock(_lock(arguments, arguments.subject), form, made, expected)
    lock = None if arguments.lock is None else _lock(arguments, arguments.lock)
    package = identify(path, expected)
    return make.of_package(package, form, made=made, files=arguments.files, supplier=arguments.supplier, lock=lock)


def _lock(arguments: argparse.Namespace, name: str) -> Lock:
    from pathlib import Path

    from attest.errors import UsageError
    from attest.packages.lockfiles.table import SBOMS, read_lock

    lock = read_lock(Path(name), vendor=arguments.lock_vendor)
    if lock.kind in SBOMS:
        raise UsageError("it is an SBOM already", where=name, why=lock.kind, next_step="attest attach SUBJECT FILE")
    return lock


def _of_lock(lock: Lock, form: Form, made: datetime, purl: Purl | None) -> bytes:
    from attest.cli import console
    from attest.sboms import make

    gaps = sum(entry.gap is not None for entry in lock.entries)
    if gaps:
        console.note(f"{lock.path}: {gaps} of {len(lock.entries)} entries have no digest")
    return make.of_lock(lock, form, made=made, purl=purl)


def _only(arguments: argparse.Namespace, *options: str, of: str) -> None:
    """Refuse what means nothing for such a subject."""
    from attest.errors import UsageError

    given = [option for option in options if getattr(arguments, option)]
    if given:
        raise UsageError(f"--{given[0]} is for package files", where=arguments.subject, why=f"it is {of}")
