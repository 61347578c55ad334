"""Kyverno's `verifyImages` rules of a ClusterPolicy (kyverno.io/v1, v2beta1).

Every attestor set of an entry must be satisfied, by `count` of its entries or all of them; every attestation too. Each
`verifyImages` entry with its images becomes a policy of its own, for all that apply must admit.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from attest.policy.convert import patterns, people
from attest.policy.convert.model import Converted, Demand, Ledger, NotCarried, Options, Who
from attest.policy.convert.source import Source

_HANDLED: Final = ("type", "imageReferences", "attestors", "attestations")
_WITHOUT_EFFECT: Final = (
    "mutateDigest",
    "verifyDigest",
    "required",
    "useCache",
    "imageRegistryCredentials",
    "cosignOCI11",
)
_STRICTER: Final = {
    "skipImageReferences": "images that it skips are verified here",
    "repository": "where signatures lie is said with --store",
    "failureAction": "its action is not carried over: here it denies",
}
_FORMATS: Final = {None: ("cosign",), "Cosign": ("cosign",), "SigstoreBundle": ("bundle",)}


def convert(document: Source, options: Options) -> Iterator[Converted]:
    """One policy for each `verifyImages` entry. Raises `PolicyError` for what is no such policy."""
    metadata, spec = document.mapping("metadata"), document.mapping("spec")
    name = (metadata.text("name") if metadata else None) or "policy"
    if spec is None:
        return
    for rule in spec.mappings("rules"):
        entries = rule.mappings("verifyImages")
        for position, entry in enumerate(entries):
            ledger = Ledger()
            label = f"{name}-{rule.text('name') or 'rule'}" + (f"-{position}" if len(entries) > 1 else "")
            _note_scope(rule, ledger)
            if (spec.text("validationFailureAction") or "").lower() == "audit":
                ledger.note(spec.place("validationFailureAction"), "it only audits: here it denies")
            try:
                demands = tuple(_entry(entry, options, ledger))
            except NotCarried as error:
                ledger.left.append(error.left)
                demands = ()
            globs = [(node.text, node.where) for node in entry.texts("imageReferences")]
            images = patterns.applies_to(globs, options, ledger)
            yield Converted(label, images, demands, tuple(ledger.left))
        if not entries:
            ledger = Ledger()
            ledger.note(rule.where, f"rule {rule.text('name') or ''!r} verifies no images")
            yield Converted(name, (), (), tuple(ledger.left))


def _note_scope(rule: Source, ledger: Ledger) -> None:
    for key in ("exclude", "preconditions", "celPreconditions"):
        if rule.has(key):
            ledger.note(rule.place(key), f"{key!r}: here it is for all")


def _entry(entry: Source, options: Options, ledger: Ledger) -> Iterator[Demand]:
    entry.only(*_HANDLED, *_WITHOUT_EFFECT, *_STRICTER)
    for key, why in _STRICTER.items():
        if entry.has(key):
            ledger.note(entry.place(key), why)
    kind = entry.text("type")
    if kind not in _FORMATS:
        raise NotCarried(entry.place("type"), f"signatures of type {kind!r}: write an identity with x509")
    formats = _FORMATS[kind]
    for attestors in entry.mappings("attestors"):
        yield _set(attestors, None, formats, options, ledger)
    for attestation in entry.mappings("attestations"):
        attestation.only("name", "type", "predicateType", "attestors")
        uri = attestation.text("type") or attestation.text("predicateType") or ""
        sets = attestation.mappings("attestors")
        if ":" not in uri or not sets:
            raise NotCarried(attestation.where, "an attestation without the URI of its type, or without attestors")
        for attestors in sets:
            yield _set(attestors, uri, formats, options, ledger)


def _set(attestors: Source, uri: str | None, formats: tuple[str, ...], options: Options, ledger: Ledger) -> Demand:
    attestors.only("count", "entries")
    whom: list[Who] = []
    wanted = 0
    for entry in attestors.mappings("entries"):
        wanted += 1
        try:
            found = _attestor(entry, formats, options, ledger)
            wanted += len(found) - 1
            whom += found
        except NotCarried as error:
            ledger.left.append(error.left)
    threshold = _count(attestors, wanted)
    distinct = tuple(dict.fromkeys(whom))
    if not 1 <= threshold <= len(distinct):
        raise NotCarried(attestors.where, f"{threshold} of these must sign, and {len(distinct)} can be carried over")
    return Demand(distinct, threshold, uri)


def _count(attestors: Source, wanted: int) -> int:
    text = attestors.text("count")
    if text is None:
        return wanted
    if not text.isascii() or not text.isdigit() or len(text) > 3:
        raise NotCarried(attestors.place("count"), f"a count of {text[:20]!r}")
    return int(text) or wanted


def _attestor(entry: Source, formats: tuple[str, ...], options: Options, ledger: Ledger) -> Sequence[Who]:
    """Those who stand for one entry: each key of several is an entry by itself."""
    entry.only("keys", "keyless", "repository")
    if entry.has("repository"):
        ledger.note(entry.place("repository"), "where signatures lie is said with --store")
    keys, keyless = entry.mapping("keys"), entry.mapping("keyless")
    if keys is not None and keyless is None:
        return _keys(keys, formats, options)
    if keyless is not None and keys is None:
        keyless.only("issuer", "subject", "issuerRegExp", "subjectRegExp", "rekor", "ctlog")
        people.public_log(keyless.mapping("rekor"), options)
        people.public_log(keyless.mapping("ctlog"), options)
        return [people.certificate(keyless, keyless.where, wildcards=True, formats=formats)]
    raise NotCarried(entry.where, "expected keys or keyless")


def _keys(keys: Source, formats: tuple[str, ...], options: Options) -> Sequence[Who]:
    keys.only("publicKeys", "signatureAlgorithm", "rekor", "ctlog")
    if (keys.text("signatureAlgorithm") or "sha256") != "sha256":
        raise NotCarried(keys.place("signatureAlgorithm"), "another hash than the key's own")
    log = keys.mapping("rekor")
    if log is None or not log.is_true("ignoreTlog"):
        people.logged_key(keys.where, options)
    pem = keys.text("publicKeys")
    if pem is None or "-----BEGIN" not in pem:
        raise NotCarried(keys.where, "the key is not in the file")
    return people.keys(pem, keys.place("publicKeys"), formats)
