"""Kyverno's ImageValidatingPolicy (policies.kyverno.io): the validations that only say who must have signed.

Any other expression asks for something that is not said here, and then nothing of the policy can be carried over.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from attest.policy.convert import patterns, people
from attest.policy.convert.model import Converted, Demand, Ledger, NotCarried, Options, Who
from attest.policy.convert.source import Source

_NAME: Final = r"[A-Za-z_][A-Za-z0-9_]*"
_ATTESTORS: Final = rf"\[(?P<by>attestors\.{_NAME}(?:,attestors\.{_NAME})*)\]"
_VERIFIED: Final = (
    rf"(?:verifyImageSignatures\(image,{_ATTESTORS}\)"
    rf"|verifyAttestationSignatures\(image,attestations\.(?P<type>{_NAME}),{_ATTESTORS.replace('<by>', '<signed>')}\))"
)
_EXPRESSION: Final = re.compile(
    rf"images\.{_NAME}\.map\(image,{_VERIFIED}(?:>0\)\.all\((?P<a>{_NAME}),(?P=a)\)|\)\.all\((?P<e>{_NAME}),(?P=e)>0\))"
)
_HANDLED: Final = ("matchImageReferences", "attestors", "attestations", "validations")
_WITHOUT_EFFECT: Final = (
    "matchConstraints",
    "failurePolicy",
    "auditAnnotations",
    "validationConfigurations",
    "credentials",
    "images",
    "webhookConfiguration",
    "evaluation",
    "autogen",
    "variables",
)
_STRICTER: Final = {
    "matchConditions": "it is for some resources only: here it is for all",
    "validationActions": "its actions are not carried over: here it denies",
}


def convert(document: Source, options: Options) -> Converted:
    """Raises `PolicyError` for what is no such policy."""
    metadata, spec = document.mapping("metadata"), document.mapping("spec")
    name = (metadata.text("name") if metadata else None) or "policy"
    ledger = Ledger()
    if spec is None:
        ledger.note(document.where, "there is no spec")
        return Converted(name, (), (), tuple(ledger.left))
    try:
        spec.only(*_HANDLED, *_WITHOUT_EFFECT, *_STRICTER)
        for key, why in _STRICTER.items():
            if spec.has(key) and not (key == "validationActions" and _denies(spec)):
                ledger.note(spec.place(key), why)
        people_by_name = dict(_attestors(spec, options, ledger))
        demands = tuple(_demand(entry, people_by_name, _types(spec)) for entry in spec.mappings("validations"))
    except NotCarried as error:
        ledger.left.append(error.left)
        return Converted(name, (), (), tuple(ledger.left))
    return Converted(name, _images(spec, options, ledger), demands, tuple(ledger.left))


def _denies(spec: Source) -> bool:
    return [node.text for node in spec.texts("validationActions")] == ["Deny"]


def _images(spec: Source, options: Options, ledger: Ledger) -> tuple[str, ...]:
    if not spec.has("matchImageReferences"):
        if not options.images:
            ledger.note(spec.where, "every image: name those that you mean with --images")
        return options.images
    globs = patterns.globs(spec.mappings("matchImageReferences"), ledger)
    return patterns.applies_to(globs, options, ledger)


def _attestors(spec: Source, options: Options, ledger: Ledger) -> Iterator[tuple[str, tuple[Who, ...]]]:
    for entry in spec.mappings("attestors"):
        name = entry.text("name") or ""
        try:
            entry.only("name", "cosign")
            cosign = entry.mapping("cosign")
            if cosign is None:
                raise NotCarried(entry.where, f"attestor {name!r}: only cosign's are read")
            yield name, tuple(_cosign(cosign, options, ledger))
        except NotCarried as error:
            ledger.left.append(error.left)
            yield name, ()


def _cosign(cosign: Source, options: Options, ledger: Ledger) -> list[Who]:
    cosign.only("key", "keyless", "ctlog", "source")
    if cosign.has("source"):
        ledger.note(cosign.place("source"), "where signatures lie is said with --store")
    key, keyless, log = cosign.mapping("key"), cosign.mapping("keyless"), cosign.mapping("ctlog")
    if key is not None and keyless is None:
        if log is None or not log.is_true("insecureIgnoreTlog"):
            people.logged_key(key.where, options)
        return people.inline_key(key)
    if keyless is None or key is not None:
        raise NotCarried(cosign.where, "expected a key or keyless")
    keyless.only("identities")
    people.public_log(log, options)
    return people.identities(keyless, ledger)


def _types(spec: Source) -> dict[str, str]:
    found = {}
    for entry in spec.mappings("attestations"):
        name, intoto = entry.text("name") or "", entry.mapping("intoto")
        uri = intoto.text("type") if intoto is not None else None
        if uri is not None and ":" in uri:
            found[name] = uri
    return found


def _demand(entry: Source, whom: Mapping[str, tuple[Who, ...]], types: Mapping[str, str]) -> Demand:
    entry.only("expression", "message", "reason")
    match = _EXPRESSION.fullmatch(re.sub(r"\s+", "", entry.text("expression") or ""))
    if match is None:
        raise NotCarried(entry.place("expression"), "an expression that says more than who must have signed")
    by = [name.removeprefix("attestors.") for name in (match["by"] or match["signed"]).split(",")]
    people_found = tuple(dict.fromkeys(who for name in by for who in whom.get(name, ())))
    if not people_found:
        raise NotCarried(entry.where, f"nobody of {', '.join(by)} can be carried over")
    if match["type"] is None:
        return Demand(people_found)
    if match["type"] not in types:
        raise NotCarried(entry.where, f"attestation {match['type']!r} is not one in a statement")
    return Demand(people_found, type=types[match["type"]])
