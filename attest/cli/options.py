"""Options that several commands share, and what they mean."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

DEFAULT_STORE: Final = "oci:.attest/{package}"
PLAIN_HTTP: Final = "ATTEST_PLAIN_HTTP"

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
            "where evidence lies: oci:DIR[/{package}], oci-archive:FILE, HOST/PATH[/{package}], npm: or pypi: "
            f"(default: $ATTEST_STORE, else {DEFAULT_STORE}); several are read as one, the first is written"
        ),
    )
    add_plain_http(parser)


def add_plain_http(parser: argparse.ArgumentParser) -> None:
    """``--plain-http``, for commands that speak with registries; it may stand before the command, too."""
    parser.add_argument(
        "--plain-http",
        action=argparse.BooleanOptionalAction,
        default=argparse.SUPPRESS,
        help=(
            "speak plain HTTP to every registry, or to none (default: $ATTEST_PLAIN_HTTP, 1 or 0, "
            "else to registries on this machine only)"
        ),
    )


def add_subjects(parser: argparse.ArgumentParser, *, many: bool, optional: bool = False) -> None:
    """SUBJECT and the options that complete one."""
    number: str | int = "+" if many else 1
    parser.add_argument("subjects", metavar="SUBJECT", nargs="*" if optional else number, help=_SUBJECT_HELP)
    parser.add_argument("--digest", metavar="ALG:HEX", help="the artifact's digest, for a purl; also as sha512-BASE64")
    parser.add_argument("--purl", metavar="PURL", help="what the file must be; an error if its content says otherwise")


def add_lock(parser: argparse.ArgumentParser) -> None:
    """``--lock``: SUBJECTs out of lockfiles."""
    parser.add_argument(
        "--lock", action="append", metavar="FILE", help="a lockfile or SBOM: every artifact that it pins is a SUBJECT"
    )
    parser.add_argument(
        "--lock-vendor", metavar="VENDOR", help="whose packages an index of a distribution lists, such as debian"
    )


def add_policies(parser: Any, words: str) -> None:
    """``--policy``, once or more often."""
    parser.add_argument(
        "--policy",
        action="append",
        default=[],
        metavar="FILE",
        help=(
            f"{words}, or oci:HOST/REPO@DIGEST of one in a registry; a directory stands for all *.yaml and *.yml "
            "in it, and of several policies all that apply must admit"
        ),
    )


def add_policy_key(parser: argparse.ArgumentParser) -> None:
    """``--policy-key``, for policies in registries."""
    parser.add_argument(
        "--policy-key", metavar="FILE", help="the public key that must have signed each policy in a registry"
    )


def add_index(parser: argparse.ArgumentParser) -> None:
    """``--index``, for commands that create anchors."""
    parser.add_argument(
        "--index", action="store_true", help="also tag an image index of each version's anchors, by platform"
    )


def add_json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print JSON, and only JSON, to stdout")


def store_texts(arguments: argparse.Namespace) -> list[str]:
    """Every STORE that was named on the command line, each once; else the one in the environment, else the default."""
    named = [*(arguments.stores_before or ()), *(arguments.stores or ())]
    return list(dict.fromkeys(named)) or [os.environ.get("ATTEST_STORE") or DEFAULT_STORE]


@contextmanager
def transport(arguments: argparse.Namespace) -> Iterator[None]:
    """Let ``--plain-http`` hold for everything that runs inside: it says the same as the environment, and wins."""
    if "plain_http" not in arguments:
        yield
        return
    before = os.environ.get(PLAIN_HTTP)
    os.environ[PLAIN_HTTP] = "1" if arguments.plain_http else "0"
    try:
        yield
    finally:
        if before is None:
            del os.environ[PLAIN_HTTP]
        else:
            os.environ[PLAIN_HTTP] = before
