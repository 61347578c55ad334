"""NuGet: ids in lower case, versions as NuGetVersion.ToNormalizedString writes them, in lower case.

The digest is that of the content without the package's signature, which the gallery adds after upload.
"""

from __future__ import annotations

import re
from typing import Final

from attest.packages.digest import NUGET_CONTENT_HASH
from attest.packages.row import Ecosystem, ascii_lower

_LABELS: Final = r"[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*"
_VERSION: Final = re.compile(rf"(?P<numbers>[0-9]+(?:\.[0-9]+){{0,3}})(?P<release>-{_LABELS})?(?:\+{_LABELS})?")
_INT_32_DIGITS: Final = 10
_INT_32_MAX: Final = 2**31 - 1


def _version(version: str) -> str:
    match = _VERSION.fullmatch(version)
    if match is None:
        raise ValueError(f"{version!r} is no NuGet version")
    texts = [text.lstrip("0") or "0" for text in match["numbers"].split(".")]
    if any(len(text) > _INT_32_DIGITS or int(text) > _INT_32_MAX for text in texts):
        raise ValueError(f"{version!r} is no NuGet version: a number does not fit 32 bits")
    texts += ["0"] * (3 - len(texts))
    if texts[3:] == ["0"]:
        texts.pop()
    return ".".join(texts) + ascii_lower(match["release"] or "")


ROW: Final = Ecosystem("nuget", algorithms=(NUGET_CONTENT_HASH,), one_artifact=True, name=ascii_lower, version=_version)
