"""Sigstore's ClusterImagePolicy (policy.sigstore.dev, v1alpha1 and v1beta1).

Of several authorities one is enough. An authority without attestations wants a signature, one with them an attestation
of every type that it lists. The policies of this engine have no "or" between rules: of authorities that want different
things those that want a signature are kept, else the first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from attest import names
from attest.policy.convert import patterns, people
from attest.policy.convert.model import Converted, Demand, Ledger, NotCarried, Options, Who
from attest.policy.convert.source import Source

_TYPES: Final = MappingProxyType(
    {
        "slsaprovenance": names.PREDICATE_SLSA_V02,
        "slsaprovenance02": names.PREDICATE_SLSA_V02,
        "slsaprovenance1": names.PREDICATE_SLSA_V1,
        "link": names.PREDICATE_LINK,
        "spdx": names.PREDICATE_SPDX,
        "spdxjson": names.PREDICATE_SPDX,
        "cyclonedx": names.PREDICATE_CYCLONEDX,
        "vuln": names.PREDICATE_COSIGN_VULN,
        "openvex": names.PREDICATE_OPENVEX,
        "custom": names.PREDICATE_COSIGN_CUSTOM,
    }
)
"""By cosign's names of predicate types."""
_FORMATS: Final = MappingProxyType({None: ("cosign",), "legacy": ("cosign",), "bundle": ("bundle",)})


@dataclass(frozen=True, slots=True)
class _Authority:
    """Any of ``whom``; ``types`` are the attestations that it wants, none where it wants a signature."""

    where: str
    name: str
    whom: tuple[Who, ...]
    types: tuple[str, ...]


def convert(document: Source, options: Options) -> Converted:
    """Raises `PolicyError` for what is no such policy."""
    metadata, spec = document.mapping("metadata"), document.mapping("spec")
    name = (metadata.text("name") if metadata else None) or "policy"
    ledger = Ledger()
    if spec is None:
        ledger.note(document.where, "there is no spec")
        return Converted(name, (), (), tuple(ledger.left))
    try:
        spec.only("images", "authorities", "mode", "match")
        demands = _demands(_authorities(spec, options, ledger), ledger)
    except NotCarried as error:
        ledger.left.append(error.left)
        return Converted(name, (), (), tuple(ledger.left))
    if spec.text("mode") == "warn":
        ledger.note(spec.place("mode"), "it only warns: here it denies")
    if spec.has("match"):
        ledger.note(spec.place("match"), "it is for some resources only: here it is for all")
    return Converted(
        name,
        patterns.applies_to(patterns.globs(spec.mappings("images"), ledger), options, ledger),
        demands,
        tuple(ledger.left),
    )


def _authorities(spec: Source, options: Options, ledger: Ledger) -> list[_Authority]:
    found = []
    for position, entry in enumerate(spec.mappings("authorities")):
        try:
            found.append(_authority(entry, position, options, ledger))
        except NotCarried as error:
            ledger.left.append(error.left)
    return found


def _authority(entry: Source, position: int, options: Options, ledger: Ledger) -> _Authority:
    name = entry.text("name") or f"authority-{position}"
    if entry.has("static"):
        raise NotCarried(entry.place("static"), f"{name}: nothing is verified")
    entry.only("name", "key", "keyless", "source", "ctlog", "attestations", "signatureFormat", "rfc3161timestamp")
    written = entry.text("signatureFormat")
    if written not in _FORMATS:
        raise NotCarried(entry.place("signatureFormat"), f"{name}: format {written!r} is not known")
    formats = _FORMATS[written]
    if entry.has("source"):
        ledger.note(entry.place("source"), f"{name}: where its signatures lie is said with --store")
    stamped = entry.mapping("rfc3161timestamp")
    if stamped is not None and options.root is None:
        raise NotCarried(stamped.where, f"{name}: a timestamp authority of its own: give its root with --trust-root")
    key, keyless, log = entry.mapping("key"), entry.mapping("keyless"), entry.mapping("ctlog")
    if (key is None) == (keyless is None):
        raise NotCarried(entry.where, f"{name}: expected a key or keyless")
    if key is not None:
        if stamped is not None or log is None or log.keys():
            people.logged_key(entry.where, options)
        whom = people.inline_key(key, formats)
    else:
        assert keyless is not None
        people.public_log(log, options)
        whom = _keyless(keyless, name, formats, options, ledger)
    return _Authority(entry.where, name, tuple(whom), tuple(_types(entry, name)))


def _keyless(keyless: Source, name: str, formats: tuple[str, ...], options: Options, ledger: Ledger) -> list[Who]:
    keyless.only("url", "identities", "ca-cert", "trustRootRef", "insecureIgnoreSCT")
    url = keyless.text("url")
    foreign = url is not None and url.rstrip("/") != people.PUBLIC_FULCIO
    if (foreign or keyless.has("ca-cert") or keyless.has("trustRootRef")) and options.root is None:
        raise NotCarried(keyless.where, f"{name}: another Fulcio than the public one: give its root with --trust-root")
    return people.identities(keyless, ledger, formats)


def _types(entry: Source, name: str) -> list[str]:
    found = []
    for attestation in entry.mappings("attestations"):
        if attestation.has("policy"):
            raise NotCarried(attestation.place("policy"), f"{name}: a policy in CUE or Rego")
        attestation.only("name", "predicateType")
        written = attestation.text("predicateType") or ""
        uri = _TYPES.get(written, written)
        if ":" not in uri:
            raise NotCarried(attestation.where, f"{name}: predicate type {written[:80]!r} is not known")
        found.append(uri)
    return found


def _demands(authorities: Sequence[_Authority], ledger: Ledger) -> tuple[Demand, ...]:
    kept = [item for item in authorities if not item.types]
    if not kept and authorities:
        first = authorities[0].types
        kept = [item for item in authorities if item.types == first] if len(first) == 1 else [authorities[0]]
    for item in authorities:
        if item not in kept:
            ledger.note(item.where, f"{item.name}: it wants something else than the others, and one would be enough")
    whom = tuple(dict.fromkeys(who for item in kept for who in item.whom))
    if not whom:
        return ()
    return tuple(Demand(whom, type=kind) for kind in dict.fromkeys(kept[0].types)) or (Demand(whom),)
