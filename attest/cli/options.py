"""Options that several commands share, and what they mean."""

from __future__ import annotations

import argparse
import os
from typing import Final

DEFAULT_STORE: Final = "oci:.attest/{package}"

_SUBJECT_HELP = (
    "a package file (recognised by its content), a purl such as pkg:npm/semver@7.6.3, "
    "or a manifest (image, index, chart, …) as HOST/REPO[:TAG|@DIGEST] or oci:DIR[:TAG|@DIGEST]"
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
            f"(default: $ATTEST_STORE, else {DEFAULT_STORE}); several are read as one, the first is written"
        ),
    )


def add_subjects(parser: argparse.ArgumentParser, *, many: bool, optional: bool = False) -> None:
    """SUBJECT and the options that complete one."""
    number: str | int = "+" if many else 1
    parser.add_argument("subjects", metavar="SUBJECT", nargs="*" if optional else number, help=_SUBJECT_HELP)
    parser.add_argument("--digest", metavar="ALG:HEX", help="the artifact's digest, for a purl; also as sha512-BASE64")
    parser.add_argument("--purl", metavar="PURL", help="what the file must be; an error if its content says otherwise")


def add_json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print JSON, and only JSON, to stdout")


def store_texts(arguments: argparse.Namespace) -> list[str]:
    """Every STORE that was named on the command line, each once; else the one in the environment, else the default."""
    named = [*(arguments.stores_before or ()), *(arguments.stores or ())]
    return list(dict.fromkeys(named)) or [os.environ.get("ATTEST_STORE") or DEFAULT_STORE]
