"""Receipts: what ``attest verify --json`` wrote, read again, and held against the same verdicts made anew.

Everything that a verdict goes by is an input, which is taken from the receipt, or a conclusion, which is made anew from
the inputs, the policies and the evidence itself. So whatever was changed in a conclusion is found; what was changed in
an input makes another receipt, which is right or wrong by itself.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from attest import limits
from attest.errors import FormatError, UsageError
from attest.evidence.lookup import subject_of
from attest.evidence.model import Subject
from attest.oci import strict_json
from attest.oci.descriptor import Descriptor
from attest.oci.digest import Digest
from attest.oci.strict_json import Fields
from attest.packages.anchors import version_anchor
from attest.packages.digest import ArtifactDigest
from attest.packages.purl import Purl
from attest.policy.again import Record
from attest.policy.rules.rule import Mode
from attest.policy.verdict import Outcome, Unread, Verdict
from attest.report.answer import stands_in_the_way
from attest.report.json import reasons_json, verdict_json
from attest.statements.moments import parse_time
from attest.stores.protocol import Place, Where

_MISSING: Final = object()
_LONGEST: Final = 160


@dataclass(frozen=True, slots=True)
class Named:
    """A policy as a receipt names it; ``files`` are pairs of name and digest, ``root`` that of its trust root."""

    name: str
    digest: Digest
    files: tuple[tuple[str, str], ...]
    root: Digest | None


@dataclass(frozen=True, slots=True)
class Recorded:
    """One verdict in a receipt: what it went by, by which policies, and the whole as it is written."""

    record: Record
    policies: tuple[Named, ...]
    written: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Receipt:
    """``text`` is the file; ``written`` its value, of which nothing has been looked at but ``verdicts``."""

    text: str
    written: Mapping[str, Any]
    verdicts: tuple[Recorded, ...]

    @property
    def has_locks(self) -> bool:
        """Whether it is about lockfiles, which cannot be read again from it."""
        return bool(self.written.get("lockfiles") or self.written.get("withoutDigest"))


def read(data: bytes, *, where: str, clock: datetime) -> Receipt:
    """``clock`` is what it is now. Raises `FormatError`, also for verdicts of later."""
    value = strict_json.read_object(data, where=where, limit=limits.RECEIPT)
    fields = Fields(value, "receipt")
    try:
        verdicts = tuple(_recorded(item) for item in fields.objects("verdicts"))
        for name in ("lockfiles", "withoutDigest"):
            fields.objects(name)
    except UsageError as error:
        raise FormatError("not a receipt", where=where, why=str(error)) from None
    except FormatError as error:
        raise FormatError("not a receipt", where=where, why=str(error)) from None
    if not verdicts:
        hint = "name the file that attest verify --receipt has written"
        raise FormatError("a receipt without a verdict", where=where, next_step=hint)
    latest = max(item.record.now for item in verdicts)
    if latest > clock:
        raise FormatError("a receipt from the future", where=where, why=f"nobody can have judged at {latest} yet")
    return Receipt(data.decode(), value, verdicts)


def differences(receipt: Receipt, verdicts: Sequence[Verdict]) -> Iterator[str]:
    """Where the receipt says something else than ``verdicts``, which are in its order: nothing, if it is what `attest
    verify --json` writes of them, byte for byte."""
    made = [verdict_json(verdict) for verdict in verdicts]
    for recorded, verdict in zip(receipt.verdicts, made, strict=True):
        about = "  ".join(filter(None, (verdict["subject"], verdict["digest"])))
        yield from (f"{about}: {difference}" for difference in _verdict(recorded.written, verdict))
    locks, gaps = receipt.written.get("lockfiles"), receipt.written.get("withoutDigest")
    rest = {"verdicts": made, "lockfiles": locks, "withoutDigest": gaps, **_sums(verdicts, locks, gaps)}
    written = dict(receipt.written)
    yield from _differences("receipt", {**written, "verdicts": None}, {**rest, "verdicts": None})
    if written == rest and receipt.text != json.dumps(rest, indent=2) + "\n":
        yield "receipt: the same values, but not as attest verify --json writes them"


def _sums(verdicts: Iterable[Verdict], locks: Any, gaps: Any) -> dict[str, Any]:
    """What stands at the end; entries of lockfiles without digest are counted as the receipt has them."""
    outcomes = Counter(verdict.outcome for verdict in verdicts)
    codes: dict[Outcome, Counter[str]] = {outcome: Counter() for outcome in Outcome}
    for verdict in verdicts:
        codes[verdict.outcome].update(item.code.value for item in verdict.findings if stands_in_the_way(item))
    gaps = gaps if isinstance(gaps, list) else []
    found = set(outcomes)
    if any(_member(_member(item, "finding"), "mode") == Mode.ENFORCE.value for item in gaps):
        found.add(Outcome.DENIED)
    return {
        "counts": {**{outcome.value: outcomes[outcome] for outcome in Outcome}, "withoutDigest": len(gaps)},
        "reasons": reasons_json(codes),
        "outcome": (Outcome.of(found) if found or not locks else Outcome.ADMITTED).value,
    }


def _member(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, dict) else None


def _verdict(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    """Findings by their policy and rule, everything else by its path."""
    yield from _differences("verdict", {**old, "findings": None}, {**new, "findings": None})
    was, now = _by_rule(old.get("findings")), _by_rule(new["findings"])
    for key in dict.fromkeys([*was, *now]):
        name = f"finding {key}"
        if key not in now:
            yield f"{name}: recorded, and there is none now"
        elif key not in was:
            yield f"{name}: not recorded; now {now[key]['code']}: {now[key]['message']}"
        else:
            yield from _differences(name, was[key], now[key])
    if list(was) != list(now) and set(was) == set(now):
        yield "verdict.findings: another order"


def _by_rule(findings: Any) -> dict[str, Any]:
    """Each with a name of its own, however often a rule stands there."""
    found: dict[str, Any] = {}
    for item in findings if isinstance(findings, list) else []:
        policy, rule, code = (_member(item, name) for name in ("policy", "rule", "code"))
        key = " ".join(str(part) for part in (policy, rule or code) if part is not None)
        while key in found:
            key += "'"
        found[key] = item
    return found


def _differences(path: str, old: Any, new: Any) -> Iterator[str]:
    if isinstance(old, dict) and isinstance(new, dict):
        for key in dict.fromkeys([*new, *old]):
            yield from _differences(f"{path}.{key}", old.get(key, _MISSING), new.get(key, _MISSING))
        if list(old) != list(new) and set(old) == set(new):
            yield f"{path}: another order"
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for position, (was, now) in enumerate(zip(old, new, strict=True)):
            yield from _differences(f"{path}[{position}]", was, now)
    elif type(old) is not type(new) or old != new:
        yield f"{path}: recorded {_shown(old)}, now {_shown(new)}"


def _shown(value: Any) -> str:
    text = "nothing" if value is _MISSING else json.dumps(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _recorded(fields: Fields) -> Recorded:
    listing = fields.object("listing")
    policies = fields.objects("policies")
    listed = listing.optional_string("listedAt")
    record = Record(
        subject=_subject(fields),
        evidence=frozenset(_digests(fields, "evidence")),
        over=frozenset(_digests(listing, "over")),
        unread=tuple(_unread(item) for item in listing.objects("unread")),
        complete=_boolean(listing, "complete"),
        problems=_texts(listing, "problems"),
        listed_at=None if listed is None else parse_time(listed, f"{listing.path}.listedAt"),
        whole=_boolean(listing, "whole"),
        now=parse_time(fields.string("now"), f"{fields.path}.now"),
        seal_problems={policy.string("name"): _texts(policy, "sealProblems") for policy in policies},
        places=dict(_places(fields)),
    )
    return Recorded(record, tuple(map(_policy, policies)), fields.value)


def _subject(fields: Fields) -> Subject:
    """A package's manifest is computed, whatever is recorded."""
    about = fields.object("about")
    read_from_file, looked_up = _boolean(about, "readFromFile"), _boolean(about, "lookedUp")
    purl, digest = fields.optional_string("purl"), fields.optional_string("digest")
    if purl is not None and digest is not None:
        subject = subject_of(Purl.parse(purl), ArtifactDigest.parse(digest), read_from_file=read_from_file)
        return replace(subject, looked_up=looked_up)
    if purl is not None:
        version = Purl.parse(purl)
        return Subject(version_anchor(version).descriptor(), version, None, str(version), looked_up=looked_up)
    manifest = about.object("manifest")
    descriptor = Descriptor(
        manifest.string("mediaType"), Digest.parse(manifest.string("digest")), manifest.integer("size")
    )
    return Subject(descriptor, name=fields.string("subject"), image=about.optional_string("image"))


def _policy(fields: Fields) -> Named:
    root = fields.optional_string("trustRoot")
    return Named(
        name=fields.string("name"),
        digest=Digest.parse(fields.string("digest")),
        files=tuple((file.string("name"), file.string("digest")) for file in fields.objects("files")),
        root=None if root is None else Digest.parse(root),
    )


def _unread(fields: Fields) -> Unread:
    return Unread(Digest.parse(fields.string("digest")), fields.optional_string("type"), fields.string("reason"))


def _places(fields: Fields) -> Iterator[tuple[Digest, tuple[Place, ...]]]:
    for finding in fields.objects("findings"):
        for item in finding.objects("considered"):
            found = item.objects("found")
            yield (
                Digest.parse(item.string("digest")),
                tuple(Place(place.string("store"), _where(place)) for place in found),
            )


def _where(fields: Fields) -> Where:
    try:
        return Where(fields.string("where"))
    except ValueError:
        raise FormatError("not a way in which evidence is found", where=f"{fields.path}.where") from None


def _digests(fields: Fields, name: str) -> tuple[Digest, ...]:
    return tuple(map(Digest.parse, _texts(fields, name)))


def _texts(fields: Fields, name: str) -> tuple[str, ...]:
    value = fields.value.get(name)
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise FormatError("expected an array of strings", where=f"{fields.path}.{name}")
    return tuple(value)


def _boolean(fields: Fields, name: str) -> bool:
    value = fields.value.get(name)
    if not isinstance(value, bool):
        raise FormatError("expected true or false", where=f"{fields.path}.{name}")
    return value
