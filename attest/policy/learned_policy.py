"""A policy that pins exactly what was observed: whole identities, with their refs, and no pattern anywhere.

It asks of every package what every one of them has: a signature, provenance, or both.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from attest.errors import UsageError
from attest.evidence.model import Kind
from attest.formats.strict_yaml import quoted
from attest.policy.learn import Observed, Seen
from attest.policy.publisher_lock import package_of
from attest.policy.publishers import CLAIMS
from attest.signing.proof import Author, CertificateAuthor, KeyAuthor, X509Author

_RULES: Final = {Kind.SIGNATURE: "signed", Kind.PROVENANCE: "built"}


@dataclass(frozen=True, slots=True)
class Files:
    """As the policy names them: the trust root, public keys by fingerprint, root certificates by SHA-256 (hex)."""

    trust: Mapping[str, str | bool]
    keys: Mapping[str, str]
    roots: Mapping[str, str]


def write_policy(name: str, observed: Sequence[Observed], files: Files) -> str:
    """The policy in YAML. Raises `UsageError` where the subjects have nothing in common, and for what cannot be written
    without being a pattern."""
    pairs = [(package, seen) for item in observed if (package := package_of(item.subject)) for seen in item.seen]
    common = [kind for kind in _RULES if observed and all(_has(item, kind) for item in observed)]
    if not common:
        lacking = next((str(item.subject) for item in observed if not _has(item, Kind.SIGNATURE)), "nothing")
        raise UsageError(
            "no policy fits all of these",
            why=f"{lacking} has no signature by its publisher, and not all have provenance",
            next_step="make a policy of those that are alike: name fewer SUBJECTs",
        )
    names = _named(pairs)
    lines = [
        "# Written by attest policy learn: exactly what was observed.",
        "version: 1",
        f"name: {quoted(name)}",
        f"applies_to: {_list(sorted({_exact(package) for package, _ in pairs}))}",
        f"trust: {{{', '.join(f'{key}: {_value(value)}' for key, value in files.trust.items())}}}",
        "identities:",
        *(line for author, label in names.items() for line in _identity(label, author, pairs, files)),
    ]
    builders = _builders(pairs, names)
    if Kind.PROVENANCE in common and builders:
        lines.append("builders:")
        lines += [
            f"  {label}: {{identity: {identity}, id: {quoted(builder)}}}"
            for (identity, builder), label in builders.items()
        ]
    lines.append("rules:")
    lines += [_rule(kind, pairs, names, builders) for kind in common]
    return "\n".join((*lines, ""))


def _has(item: Observed, kind: Kind) -> bool:
    return any(seen.kind is kind for seen in item.seen)


def _named(pairs: Iterable[tuple[str, Seen]]) -> dict[Author, str]:
    """A name for each author, in the order in which they are told."""
    authors = sorted({_key(seen.author): seen.author for _, seen in pairs}.items())
    return {author: f"publisher-{number}" for number, (_, author) in enumerate(authors, 1)}


def _key(author: Author) -> tuple[str, ...]:
    """What makes two of them one in a policy: all of it that is written there."""
    claims = author.claims if isinstance(author, CertificateAuthor) else {}
    root = author.root if isinstance(author, X509Author) else ""
    return str(author), root, *(claims.get(claim, "") for claim in CLAIMS)


def _builders(pairs: Iterable[tuple[str, Seen]], names: Mapping[Author, str]) -> dict[tuple[str, str], str]:
    found = sorted({(_label(names, seen), seen.builder) for _, seen in pairs if seen.builder is not None})
    return {pair: f"builder-{number}" for number, pair in enumerate(found, 1)}


def _label(names: Mapping[Author, str], seen: Seen) -> str:
    wanted = _key(seen.author)
    return next(label for author, label in names.items() if _key(author) == wanted)


def _identity(label: str, author: Author, pairs: Iterable[tuple[str, Seen]], files: Files) -> Iterator[str]:
    yield f"  {label}:"
    yield from (f"    {key}: {value}" for key, value in _whom(author, files))
    packages = sorted({_exact(package) for package, seen in pairs if _key(seen.author) == _key(author)})
    yield f"    for: {_list(packages)}"


def _whom(author: Author, files: Files) -> Iterator[tuple[str, str]]:
    if isinstance(author, KeyAuthor):
        yield "key", quoted(files.keys[author.key.fingerprint])
    elif isinstance(author, CertificateAuthor):
        yield "issuer", quoted(_exact(author.issuer))
        yield "subject", quoted(_exact(author.subject))
        claims = {claim: author.claims[claim] for claim in CLAIMS if claim in author.claims}
        if claims:
            written = (f"{claim}: {quoted(_exact(value))}" for claim, value in claims.items())
            yield "claims", f"{{{', '.join(written)}}}"
    else:
        assert isinstance(author, X509Author)
        from attest.signing.notation.distinguished_name import DistinguishedName

        yield "x509", quoted(str(DistinguishedName(author.attributes)))
        yield "ca", quoted(files.roots[author.root])


def _rule(
    kind: Kind,
    pairs: Sequence[tuple[str, Seen]],
    names: Mapping[Author, str],
    builders: Mapping[tuple[str, str], str],
) -> str:
    seen = [item for _, item in pairs if item.kind is kind]
    by = sorted({_label(names, item) for item in seen})
    terms = [f"id: {_RULES[kind]}", f"require: {kind}", f"by: [{', '.join(by)}]"]
    if all(item.builder is not None for item in seen):  # a signature has none, and no source
        terms.append(f"builders: [{', '.join(builders.values())}]")
    sources = {item.source for item in seen}
    if len(sources) == 1 and (source := sources.pop()) is not None:
        terms.append(f"source: {quoted(_exact(source))}")
    return f"  - {{{', '.join(terms)}}}"


def _exact(text: str) -> str:
    if "*" in text:
        raise UsageError("it would be a pattern in a policy", where=text[:160], why="it has a '*'")
    return text


def _list(texts: Iterable[str]) -> str:
    return f"[{', '.join(map(quoted, texts))}]"


def _value(value: str | bool) -> str:
    return json.dumps(value) if isinstance(value, bool) else quoted(value)
