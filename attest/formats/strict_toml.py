"""TOML 1.0 that somebody else wrote, read in bounded time."""

from __future__ import annotations

import re
from typing import Any, Final

from attest import limits
from attest.errors import TOMLError

_STRINGS: Final = re.compile(
    r"""\#[^\n]*+
    | \"{3} (?: [^"\\] | \\. | "{1,2}(?!") )*+ "{0,5}
    | '{3} (?: [^'] | '{1,2}(?!') )*+ '{0,5}
    | "(?: [^"\\\n] | \\. )*+ "?
    | '[^'\n]*+ '?""",
    re.VERBOSE | re.DOTALL,
)
_DEEP_KEY: Final = re.compile(rf"(?<![\w-])(?:[\w-]++[ \t]*+\.[ \t]*+){{{limits.TOML_KEY_DEPTH}}}")


def read(data: bytes, *, where: str, limit: int) -> dict[str, Any]:
    """The document in ``data``, at most ``limit`` bytes. Raises `TOMLError`."""
    import tomllib

    if len(data) > limit:
        raise TOMLError("not read as TOML", where=where, why=f"more than {limit} bytes")
    try:
        text = data.decode("utf-8")
        if _DEEP_KEY.search(_STRINGS.sub(_without, text)):  # tomllib needs memory by the square of a key's depth
            raise TOMLError("not read as TOML", where=where, why="a key of too many parts")
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # also of UTF-8, and of a number of too many digits
        raise TOMLError("not TOML", where=where, why=str(error)) from None


def _without(match: re.Match[str]) -> str:
    """A comment is nothing; a string may be a part of a key."""
    return "" if match[0].startswith("#") else "s"
