"""Every error that `attest` raises on purpose, in one tree.

::

    AttestError                 what happened, where, why, what to do next
    ├── UsageError              what the user typed or named cannot be used          exit 2
    ├── FormatError             bytes that somebody wrote are not what they claim    exit 2
    │   ├── JSONError           not strict JSON (duplicate keys, depth, numbers, …)
    │   ├── TOMLError           not TOML, or too large or deep to be read
    │   ├── YAMLError           not YAML, or with what could surprise its reader
    │   ├── XMLError            not XML, or with what could surprise its reader
    │   ├── DigestMismatch      bytes and digest or size disagree
    │   ├── PackageError        not a package file, or one that contradicts itself
    │   │   └── UnknownPackage  a file of no known kind of package
    │   ├── LockError           a lockfile that is malformed or contradicts itself
    │   └── EnvelopeError       a bundle, envelope or statement that is malformed
    ├── VerificationError       a signature does not hold: step, expected, found     exit 1
    ├── TrustError              a trust root that cannot be read or is out of date   exit 2
    ├── KeyFileError            a key that cannot be read, decrypted or used         exit 2
    ├── PolicyError             a policy file that cannot be used; names the line    exit 2
    └── StoreError              a store could not answer                             exit 3
        ├── NotFound            it answered: there is no such thing
        ├── StoreUnavailable    it could not be reached or read
        └── StoreRefused        it would not take the write (read-only, full, denied)

A `FormatError` about evidence found in a store is caught by the code that walks the evidence and
becomes a *rejected candidate*; about a file the user named it reaches the command line.
"""

from __future__ import annotations

from typing import ClassVar

__all__ = [
    "AttestError",
    "DigestMismatch",
    "EnvelopeError",
    "FormatError",
    "JSONError",
    "KeyFileError",
    "LockError",
    "NotFound",
    "PackageError",
    "PolicyError",
    "StoreError",
    "StoreRefused",
    "StoreUnavailable",
    "TOMLError",
    "TrustError",
    "UnknownPackage",
    "UsageError",
    "VerificationError",
    "XMLError",
    "YAMLError",
]

EXIT_DONE = 0
EXIT_DENIED = 1
EXIT_USAGE = 2
EXIT_INCONCLUSIVE = 3


class AttestError(Exception):
    """Base of all. ``str()`` is one line: ``where: what: why (next: …)``, parts left out when unknown."""

    exit_code: ClassVar[int] = EXIT_USAGE

    def __init__(
        self, what: str, *, where: str | None = None, why: str | None = None, next_step: str | None = None
    ) -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.why = why
        self.next_step = next_step

    def __str__(self) -> str:
        text = ": ".join(part for part in (self.where, self.what, self.why) if part)
        if self.next_step:
            text = f"{text} (next: {self.next_step})"
        return " ".join(text.split())


def install(extra: str) -> str:
    """The next step where the packages of an extra are missing. Not by name: on registries it may be another's."""
    return f"in a clone of attest: pip install '.[{extra}]'"


class UsageError(AttestError):
    """What the user typed or named cannot be used."""


class FormatError(AttestError):
    """Bytes are not what they claim to be."""


class JSONError(FormatError):
    """Not strict JSON: see `attest.oci.strict_json`."""


class TOMLError(FormatError):
    """Not TOML that is read: see `attest.formats.strict_toml`."""


class YAMLError(FormatError):
    """Not YAML that is read: see `attest.formats.strict_yaml`."""


class XMLError(FormatError):
    """Not XML that is read: see `attest.formats.strict_xml`."""


class DigestMismatch(FormatError):
    """Bytes do not have the digest or the size that they were asked for by."""


class PackageError(FormatError):
    """A file is no package of a known kind, or contradicts itself or its purl."""


class UnknownPackage(PackageError):
    """A file is of no known kind of package; it may be anything else."""


class LockError(FormatError):
    """A lockfile is malformed, contradicts itself, or is of no known kind; ``where`` has the file and the place."""


class EnvelopeError(FormatError):
    """A bundle, DSSE envelope or statement is malformed."""


class VerificationError(AttestError):
    """A signature, certificate, log entry or timestamp does not hold.

    ``step`` names the check, in the words of the specification; ``expected`` and ``found`` say what differs.
    """

    exit_code = EXIT_DENIED

    def __init__(self, step: str, *, expected: str, found: str, next_step: str | None = None) -> None:
        super().__init__(step, why=f"expected {expected}, found {found}", next_step=next_step)
        self.step = step
        self.expected = expected
        self.found = found


class TrustError(AttestError):
    """A trust root or its description cannot be read, does not hold, or is older than allowed."""


class KeyFileError(AttestError):
    """A key cannot be read, decrypted or used."""


class PolicyError(AttestError):
    """A policy file cannot be used; ``where`` is ``file:line``."""


class StoreError(AttestError):
    """A store could not answer."""

    exit_code = EXIT_INCONCLUSIVE


class NotFound(StoreError):
    """The store answered: there is no such manifest, blob, tag or repository."""


class StoreUnavailable(StoreError):
    """The store could not be reached or read; this says nothing about what it holds."""


class StoreRefused(StoreError):
    """The store would not take a write: read-only, full, or not allowed."""
