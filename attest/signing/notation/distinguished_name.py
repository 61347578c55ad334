"""Distinguished names as trust policies write them (RFC 4514; trust-store-trust-policy.md "Trusted Identities").

An identity is a set of attributes that a certificate's subject must have, each with exactly this value. Whole values
are compared, never text, so that order, spaces and escapes cannot make one name look like another.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from attest.errors import UsageError

if TYPE_CHECKING:
    from cryptography import x509

_MANDATORY: Final = ("C", "ST", "O")
_TYPES: Final = {
    "2.5.4.3": "CN",
    "2.5.4.5": "SERIALNUMBER",
    "2.5.4.6": "C",
    "2.5.4.7": "L",
    "2.5.4.8": "ST",
    "2.5.4.9": "STREET",
    "2.5.4.10": "O",
    "2.5.4.11": "OU",
    "2.5.4.17": "POSTALCODE",
    "0.9.2342.19200300.100.1.1": "UID",
    "0.9.2342.19200300.100.1.25": "DC",
}
"""RFC 4514 §3, and the names that notation prints for two more; any other attribute is named by its OID."""

_TYPE: Final = re.compile(r" *([A-Za-z][A-Za-z0-9-]*|[0-9]+(?:\.[0-9]+)+) *=", re.ASCII)
_ESCAPED: Final = frozenset(' ",#+;<=>\\')
_SPECIAL: Final = frozenset('"<>\0')


@dataclass(frozen=True, slots=True)
class DistinguishedName:
    """Attributes that a subject must have, as ``(("C", "US"), ("ST", "WA"), ("O", "Acme"))``; each type once."""

    attributes: tuple[tuple[str, str], ...]

    @classmethod
    def parse(cls, text: str) -> DistinguishedName:
        """Read ``C=US, ST=WA, O=Acme, …``; `S` is another spelling of `ST`. Raises `UsageError`."""
        found: dict[str, str] = {}
        for written, value in _attributes(text):
            kind = "ST" if written == "S" else written
            if kind in found:
                raise _bad(text, f"{kind} stands twice")
            if not value:
                raise _bad(text, f"{kind} has no value")
            found[kind] = value
        if missing := [kind for kind in _MANDATORY if kind not in found]:
            raise _bad(text, f"{', '.join(missing)} is missing; C, ST and O must be there")
        return cls(tuple(found.items()))

    def __str__(self) -> str:
        return ", ".join(f"{kind}={_escape(value)}" for kind, value in self.attributes)

    def matches(self, attributes: Sequence[tuple[str, str]]) -> bool:
        """Whether a subject has all of these attributes, and none of its own twice (which one would be meant?)."""
        subject = dict(attributes)
        if len(subject) != len(attributes):
            return False
        return all(subject.get(kind) == value for kind, value in self.attributes)

    def overlaps(self, other: DistinguishedName) -> bool:
        """Whether every subject that one of both matches is matched by the other one, too."""
        mine, theirs = set(self.attributes), set(other.attributes)
        return mine <= theirs or theirs <= mine


@dataclass(frozen=True, slots=True)
class ExactName(DistinguishedName):
    """All attributes that a subject may have, too."""

    def matches(self, attributes: Sequence[tuple[str, str]]) -> bool:
        """Whether a subject has these attributes and no other."""
        return sorted(attributes) == sorted(self.attributes)


def subject_attributes(name: x509.Name) -> tuple[tuple[str, str], ...]:
    """The attributes of a certificate's subject in its order; those of multi-valued RDNs one after the other."""
    return tuple(
        (
            _TYPES.get(item.oid.dotted_string, item.oid.dotted_string),
            item.value if isinstance(item.value, str) else item.value.hex(),
        )
        for item in name
    )


def _attributes(text: str) -> Iterator[tuple[str, str]]:
    position = 0
    while True:
        match = _TYPE.match(text, position)
        if match is None:
            raise _bad(text, f"expected TYPE=VALUE at character {position + 1}")
        value, position = _value(text, match.end())
        yield match[1], value
        if position == len(text):
            return
        if text[position] == "+":
            raise _bad(text, "attributes joined by '+' are not supported")
        position += 1


def _value(text: str, position: int) -> tuple[str, int]:
    """The value that begins at ``position``, without spaces around it, and where it ends."""
    while text[position : position + 1] == " ":
        position += 1
    if text[position : position + 1] == "#":
        raise _bad(text, "values in hex ('=#') are not supported")
    raw = bytearray()
    kept = 0  # up to where spaces at the end are part of the value
    while position < len(text) and (character := text[position]) not in ",;+":
        if character == "\\":
            following = text[position + 1 : position + 2]
            if following in _ESCAPED:
                raw += following.encode()
                position += 2
            else:
                raw += _hex_pair(text, position + 1)
                position += 3
            kept = len(raw)
            continue
        if character in _SPECIAL:
            raise _bad(text, f"{character!r} must be escaped")
        raw += character.encode("utf-8", "surrogatepass")
        position += 1
        if character != " ":
            kept = len(raw)
    try:
        return bytes(raw[:kept]).decode("utf-8"), position
    except UnicodeDecodeError:
        raise _bad(text, "an escaped value is not UTF-8") from None


def _hex_pair(text: str, position: int) -> bytes:
    pair = text[position : position + 2]
    if not re.fullmatch(r"[0-9A-Fa-f]{2}", pair, re.ASCII):
        raise _bad(text, "a backslash must escape a special character or be followed by two hex digits")
    return bytes.fromhex(pair)


def _escape(value: str) -> str:
    text = "".join(f"\\{character}" if character in '",+;<>\\' else character for character in value)
    text = text.replace("\0", "\\00")
    if text.startswith((" ", "#")):
        text = f"\\{text}"
    if text.endswith(" ") and len(value) > 1:
        text = f"{text[:-1]}\\ "
    return text


def _bad(text: str, why: str) -> UsageError:
    return UsageError("not a distinguished name that can be trusted", where=text[:160], why=why)
