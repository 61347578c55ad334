"""`attest.lock`: one publisher a package, and what the last admitted version of each release line was like.

A package stands there by its purl without version, an image by HOST/REPO. Read strictly; written sorted, one fact a
line, so that a change of a publisher can be read in a diff. `attest policy learn` writes it.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from attest import limits
from attest.errors import JSONError, PolicyError, UsageError
from attest.evidence.identity import Identity
from attest.evidence.model import Subject
from attest.evidence.patterns import parse_pattern
from attest.oci import strict_json
from attest.oci.digest import Digest
from attest.oci.strict_json import Fields
from attest.policy import publishers
from attest.policy.fields import Fields as PolicyFields
from attest.policy.publishers import NAME, Publisher, Roots, X509Publisher
from attest.policy.yaml_nodes import Entries, Items, Node, Text
from attest.regular_file import open_regular
from attest.signing.proof import Author

FILE: Final = "attest.lock"
VERSION: Final = 1

NO_DOWNGRADE: Final = "no-downgrade"
"""The rule that looks into the lock whoever signs."""

_LINE: Final = re.compile(r"v?(?P<epoch>[0-9]+[:!])?(?P<major>[0-9]+)(?:\.(?P<minor>[0-9]+))?(?![0-9])")
_OTHER: Final = "other"


@dataclass(frozen=True, slots=True)
class Admitted:
    """What the last admitted version of a release line was like. ``signer`` is a `principal`; ``builder`` and
    ``source`` are its provenance's, None where it had none or several."""

    version: str
    signer: str
    builder: str | None = None
    source: str | None = None

    @property
    def fields(self) -> Mapping[str, str]:
        """As written, without what is None."""
        found = {"version": self.version, "signer": self.signer, "builder": self.builder, "source": self.source}
        return {key: value for key, value in found.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Pinned:
    """One package: its publisher, and `Admitted` by release line."""

    publisher: Publisher
    lines: Mapping[str, Admitted] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class PublisherLock:
    """Everything in the file; ``digest`` is that of its bytes."""

    packages: Mapping[str, Pinned] = field(hash=False)
    digest: Digest

    @classmethod
    def of(cls, packages: Mapping[str, Pinned]) -> PublisherLock:
        """The lock that has these."""
        return cls(MappingProxyType(dict(packages)), Digest.of(write(packages)))

    def find(self, subject: Subject) -> Pinned | None:
        """What is pinned for the subject's package."""
        return self.packages.get(package_of(subject) or "")


@dataclass(frozen=True, slots=True)
class PinnedIdentity(Identity):
    """Whoever the lock pins for a package: nobody, until it is said for which subject."""

    lock: PublisherLock

    @property
    def principal(self) -> str:
        """Another one for each package."""
        return f"any:{self.name}"

    def differs(self, author: Author) -> str | None:  # noqa: ARG002
        """From everybody."""
        return f"{self.name} is nobody: {FILE} has no entry for this package"

    def about(self, subject: Subject) -> Identity:
        """The publisher of the subject's package; still nobody where none is pinned."""
        pinned = self.lock.find(subject)
        return self if pinned is None else pinned.publisher.identity


def beside(fields: PolicyFields, base: Path) -> PublisherLock | None:
    """The lock in ``base``, the directory of a policy, if the policy looks into it. Raises `PolicyError`."""
    parts = [fields.node(part) for part in ("rules", "resolve", "builders") if fields.has(part)]
    return load(base / FILE) if any(map(_names_publisher, parts)) else None


def _names_publisher(node: Node) -> bool:
    if isinstance(node, Items):
        return any(map(_names_publisher, node.items))
    if not isinstance(node, Entries):
        return False
    return any(
        _is(value, NAME) if key in ("by", "identity") else (key == "require" and _is(value, NO_DOWNGRADE))
        for key, value in node.values.items()
    ) or any(map(_names_publisher, node.values.values()))


def _is(node: Node, text: str) -> bool:
    """Whether ``text`` is all that ``node`` says, or among it."""
    if isinstance(node, Items):
        return any(isinstance(item, Text) and item.text == text for item in node.items)
    return isinstance(node, Text) and node.text == text


def package_of(subject: Subject) -> str | None:
    """By what a subject's package stands in the lock; None for a manifest without a name."""
    return subject.image if subject.purl is None else subject.purl.package


def release_line(version: str) -> str:
    """Versions that are meant to follow each other: those of one major version, before 1.0 of one minor version.

    >>> release_line("7.6.3"), release_line("v0.4.1"), release_line("1:2.3-1"), release_line("latest")
    ('7', '0.4', '1:2', 'other')
    """
    match = _LINE.match(version)
    if match is None:
        return _OTHER
    line = match["major"] if match["major"].strip("0") else f"{match['major']}.{match['minor'] or 0}"
    return f"{match['epoch'] or ''}{line}"


def load(path: Path) -> PublisherLock:
    """Read the file. Raises `PolicyError`."""
    try:
        with open_regular(path) as file:
            data = file.read(limits.PUBLISHERS + 1)
    except OSError as error:
        raise PolicyError(
            "cannot read who publishes what",
            where=str(path),
            why=error.strerror,
            next_step=f"make it with attest policy learn SUBJECT… --output {path}",
        ) from None
    return parse(data, where=str(path))


def parse(data: bytes, *, where: str) -> PublisherLock:
    """Read its bytes. Raises `PolicyError`."""
    try:
        whole = Fields(strict_json.read_object(data, where=where, limit=limits.PUBLISHERS), where)
        _only(whole, "version", "packages", "roots")
        if whole.integer("version") != VERSION:
            raise UsageError(f"version {whole.integer('version')} is not known", where=where, why=f"known: {VERSION}")
        roots = {digest: _root(digest, text, where) for digest, text in whole.strings("roots").items()}
        entries = whole.object("packages")
        packages = {name: _pinned(name, entries.object(name), roots) for name in entries.value}
    except (JSONError, UsageError) as error:
        raise PolicyError(error.what, where=error.where, why=error.why, next_step=error.next_step) from None
    return PublisherLock(MappingProxyType(packages), Digest.of(data))


def write(packages: Mapping[str, Pinned]) -> bytes:
    """The bytes of a lock with these: the same for the same content."""
    roots = {
        item.publisher.root: base64.b64encode(item.publisher.certificate).decode()
        for item in packages.values()
        if isinstance(item.publisher, X509Publisher)
    }
    content: dict[str, Any] = {
        "version": VERSION,
        **({"roots": dict(sorted(roots.items()))} if roots else {}),
        "packages": {
            name: {
                "publisher": dict(item.publisher.fields),
                **(
                    {"lines": {line: dict(item.lines[line].fields) for line in sorted(item.lines)}}
                    if item.lines
                    else {}
                ),
            }
            for name, item in sorted(packages.items())
        },
    }
    return f"{json.dumps(content, indent=2)}\n".encode()


def _pinned(name: str, entry: Fields, roots: Roots) -> Pinned:
    _check_name(name, entry.path)
    _only(entry, "publisher", "lines")
    try:
        entry.object("publisher")
        publisher = publishers.read(entry.strings("publisher"), roots)
    except UsageError as error:
        raise UsageError(error.what, where=f"{entry.path}.publisher", why=error.why) from None
    lines = entry.optional_object("lines")
    return Pinned(publisher, {} if lines is None else {line: _line(line, lines.object(line)) for line in lines.value})


def _line(line: str, entry: Fields) -> Admitted:
    _only(entry, "version", "signer", "builder", "source")
    found = Admitted(
        entry.string("version"),
        entry.string("signer"),
        entry.optional_string("builder"),
        entry.optional_string("source"),
    )
    if not all(found.fields.values()):
        raise UsageError("an empty value", where=entry.path)
    if release_line(found.version) != line:
        raise UsageError(
            f"version {found.version[:80]} is not of the release line {line[:80]!r}",
            where=entry.path,
            why=f"it is of {release_line(found.version)[:80]!r}",
        )
    return found


def _check_name(name: str, where: str) -> None:
    """Raises `UsageError` for what is no package and no image."""
    if "*" in name or "@" in name[name.rfind("/") + 2 :]:
        raise UsageError("a package stands without version, and without '*'", where=where)
    try:
        parse_pattern(name)
    except UsageError as error:
        raise UsageError(f"not a package: {name[:160]!r}", where=where, why=error.why) from None


def _root(digest: str, text: str, where: str) -> bytes:
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError:
        data = b""
    if f"sha256:{sha256(data).hexdigest()}" != digest:
        raise UsageError("not the certificate with this digest", where=f"{where}.roots.{digest[:80]}")
    return data


def _only(entry: Fields, *known: str) -> None:
    unknown = sorted(set(entry.value) - set(known))
    if unknown:
        raise UsageError(f"unknown key {unknown[0][:80]!r}", where=entry.path, why=f"known: {', '.join(known)}")
