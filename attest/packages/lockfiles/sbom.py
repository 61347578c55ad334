"""A component of an SBOM as an entry: by purl and hashes, whoever made the document.

A purl's qualifiers are no part of its version here (design.md §4). For Go the makers disagree on what they call
SHA-256, so such a hash is never taken for `dirHash1`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from attest.errors import UsageError
from attest.packages.lockfiles import lock
from attest.packages.lockfiles.documents import hashes
from attest.packages.lockfiles.lock import Entry
from attest.packages.purl import Purl

DESCRIBED: Final = "what the document describes"

_ALGORITHMS: Final = {"SHA-256": "sha256", "SHA-512": "sha512", "SHA256": "sha256", "SHA512": "sha512"}
_QUALIFIERS: Final = re.compile(r"[?#]")


def component(name: str, place: str, purls: Iterable[str], files: Iterable[Iterable[tuple[str, str]]]) -> Entry:
    """``files`` are those that the component may be, each as (algorithm, hex) pairs. Raises `LockError`."""
    texts = list(dict.fromkeys(purls))
    if len(texts) != 1:
        return Entry(name, place, None, gap=f"{len(texts)} purls" if texts else "no purl")
    try:
        purl = Purl.parse(_QUALIFIERS.split(texts[0], maxsplit=1)[0])
    except UsageError as error:
        return Entry(name, place, None, gap=f"{error.what}: {error.why}")
    known = [[f"{_ALGORITHMS.get(algorithm, '')}:{content}" for algorithm, content in file] for file in files]
    return lock.entry(name, place, purl, [hashes(texts, where=place) for texts in known or [[]]])
