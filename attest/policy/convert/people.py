"""Keys and certificates' identities, as several engines write them in nearly the same words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from attest.errors import KeyFileError
from attest.formats.strict_yaml import quoted
from attest.policy.convert import patterns
from attest.policy.convert.model import Ledger, NotCarried, Options, Who
from attest.policy.convert.source import Source

PUBLIC_FULCIO: Final = "https://fulcio.sigstore.dev"
PUBLIC_REKOR: Final = "https://rekor.sigstore.dev"

_PEM: Final = re.compile(r"-----BEGIN ([A-Z ]+)-----.*?-----END \1-----", re.DOTALL)


def keys(pem: str, where: str, formats: tuple[str, ...] = ()) -> list[Who]:
    """Every public key in a text, at least one. Raises `NotCarried`."""
    found = [match[0] for match in _PEM.finditer(pem)]
    if not found or _PEM.sub("", pem).strip():
        raise NotCarried(where, "expected public keys in PEM")
    return [_key("\n".join(line.strip() for line in block.splitlines()), where, formats) for block in found]


def inline_key(key: Source, formats: tuple[str, ...] = ()) -> list[Who]:
    """``data`` with the hash that goes with the key. Raises `NotCarried`."""
    key.only("data", "hashAlgorithm")
    if (key.text("hashAlgorithm") or "sha256") != "sha256":
        raise NotCarried(key.place("hashAlgorithm"), "another hash than the key's own")
    data = key.text("data")
    if data is None:
        raise NotCarried(key.where, "the key is not in the file")
    return keys(data, key.place("data"), formats)


def identities(keyless: Source, ledger: Ledger, formats: tuple[str, ...] = ()) -> list[Who]:
    """Those of ``identities`` that can be said, at least one. Raises `NotCarried`."""
    found: list[Who] = []
    for entry in keyless.mappings("identities"):
        try:
            entry.only("issuer", "subject", "issuerRegExp", "subjectRegExp")
            found.append(certificate(entry, entry.where, wildcards=False, formats=formats))
        except NotCarried as error:
            ledger.left.append(error.left)
    if not found:
        raise NotCarried(keyless.where, "nobody is left whom it names")
    return found


def certificate(entry: Source, where: str, *, wildcards: bool, formats: tuple[str, ...] = ()) -> Who:
    """``issuer``, ``subject`` and their regular expressions. Raises `NotCarried`."""
    issuer = patterns.issuer(exact=entry.text("issuer"), regex=entry.text("issuerRegExp"), where=where)
    subject = patterns.subject(
        exact=entry.text("subject"), regex=entry.text("subjectRegExp"), wildcards=wildcards, where=where
    )
    return Who((("issuer", quoted(issuer)), ("subject", quoted(subject)), *_formats(formats)))


def public_log(log: Source | None, options: Options) -> None:
    """That a certificate's log is the public one, or whichever the user's trust root has. Raises `NotCarried`."""
    if log is None:
        return
    log.only("url", "ignoreTlog", "insecureIgnoreTlog", "ignoreSCT", "insecureIgnoreSCT", "trustRootRef")
    url = log.text("url")
    foreign = log.has("trustRootRef") or (url is not None and url.rstrip("/") != PUBLIC_REKOR)
    if foreign and options.root is None:
        raise NotCarried(log.where, "another transparency log than the public one: give its root with --trust-root")


def logged_key(where: str, options: Options) -> None:
    """For a key whose signatures had to be logged. Raises `NotCarried`."""
    if not options.without_log:
        raise NotCarried(where, "a key counts without a log entry here: --keys-without-log takes it all the same")


def _key(block: str, where: str, formats: tuple[str, ...]) -> Who:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    from attest.signing.keys import PublicKey

    try:
        key = PublicKey.of(load_pem_public_key(block.encode()), where=where)
    except (ValueError, UnsupportedAlgorithm, KeyFileError) as error:
        raise NotCarried(where, f"not a public key that can be used: {str(error).splitlines()[0][:160]}") from None
    return Who(tuple(_formats(formats)), key.pem())


def _formats(formats: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    if formats:
        yield "formats", f"[{', '.join(formats)}]"
