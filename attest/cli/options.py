"""Options that several commands share, and what they mean."""

from __future__ import annotations

import argparse
import os
from typing import Final

from attest.errors import UsageError

DEFAULT_STORE: Final = "oci:.attest/{package}"

_SUBJECT_HELP = (
    "a package file (recognised by its content), a purl such as pkg:npm/semver@7.6.3, "
    "or a manifest as oci:DIR[:TAG|@DIGEST]"
)


def add_store(parser: argparse.ArgumentParser, *, before: bool = False) -> None:
    """``--store``, which may stand before and after the command."""
    parser.add_argument(
        "--store",
        dest="stores_before" if before else "stores",
        action="append",
        metavar="STORE",
        help=(
            "where evidence lies: oci:DIR[/{package}], oci-archive:FILE or HOST/PATH[/{package}] "
            f"(default: $ATTEST_STORE, else {DEFAULT_STORE})"
        ),
    )


def add_subjects(parser: argparse.ArgumentParser, *, many: bool) -> None:
    """SUBJECT and the options that complete one."""
    parser.add_argument("subjects", metavar="SUBJECT", nargs="+" if many else 1, help=_SUBJECT_HELP)
    parser.add_argument("--digest", metavar="ALG:HEX", help="the artifact's digest, for a purl; also as sha512-BASE64")
    parser.add_argument("--purl", metavar="PURL", help="what the file must be; an error if its content says otherwise")


def add_json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print JSON, and only JSON, to stdout")


def store_text(arguments: argparse.Namespace) -> str:
    """The STORE that was named on the command line or in the environment, else the default."""
    named = [*(arguments.stores_before or ()), *(arguments.stores or ())]
    if len(named) > 1:
        raise UsageError("more than one --store", why="this version reads one store at a time")
    return named[0] if named else os.environ.get("ATTEST_STORE") or DEFAULT_STORE
