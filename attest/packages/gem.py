"""RubyGems: the version stands without the platform, which the digest tells apart."""

from __future__ import annotations

import re
from typing import Final

from attest.packages.row import Ecosystem

_PLATFORM: Final = re.compile(
    r"(?:[a-z0-9_]+-)?"  # the processor
    r"(?:aix|android|bitrig|cygwin|dalvik|darwin|dotnet|dragonfly|freebsd|java|jruby|linux|macruby|mingw|mswin|netbsd"
    r"|openbsd|ruby|solaris|wasi|wasm)[a-z0-9_.]*(?:-[a-z0-9_.]+)*"
)


def _version(version: str) -> str:
    number, dash, platform = version.partition("-")  # Gem::Version itself writes '-' as '.pre.'
    if dash and _PLATFORM.fullmatch(platform) is None:
        raise ValueError(f"{version!r} is no gem version: {platform!r} is no platform, and a version has no '-'")
    return number


ROW: Final = Ecosystem("gem", version=_version)
