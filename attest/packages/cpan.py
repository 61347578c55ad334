"""CPAN: the name is that of the distribution (Foo-Bar, not Foo::Bar), the author's id is the namespace."""

from __future__ import annotations

import re
from typing import Final

from attest.packages.row import Ecosystem

_AUTHOR: Final = re.compile(r"[A-Z][A-Z0-9-]*")


def _author(text: str) -> str:
    if _AUTHOR.fullmatch(text) is None:
        raise ValueError(f"{text!r} is no author id, which is in upper case")
    return text


def _name(name: str) -> str:
    if "::" in name:
        raise ValueError(f"{name!r} is a module, not a distribution")
    return name


ROW: Final = Ecosystem(
    "cpan",
    one_artifact=True,
    namespace="the author's id",
    namespace_min=1,
    namespace_max=1,
    first_segment=_author,
    name=_name,
)
