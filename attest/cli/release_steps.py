"""The steps of `attest release`: sign everything, ask the policy, store it, and only then tag it.

So a release that fails, or is killed, leaves manifests that nobody is pointed to, and doing it again completes it: what
the same key has signed already is found and not signed again. What the policy does not admit is not even stored.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from attest import limits, names
from attest.cli.indexing import Index
from attest.cli.release_files import File, Version
from attest.cli.seals import Seals
from attest.cli.targets import Home, Target, Targets
from attest.errors import FormatError
from attest.evidence.attach import attach_bundle, statement_subjects, store_anchor, tag_version
from attest.evidence.collect import collect
from attest.evidence.model import Subject
from attest.evidence.signed import SignedBundle
from attest.oci import strict_json
from attest.oci.digest import Digest
from attest.policy.decide import Judge, decide
from attest.policy.verdict import Verdict
from attest.sboms.make import Form, of_package
from attest.signing.bundle import verify_envelope
from attest.signing.keys import PublicKey
from attest.signing.sign import KeySigner, StatementSigner, sign_statement
from attest.statements import release
from attest.statements.release import Release
from attest.statements.sbom import read_sbom
from attest.statements.statement import Statement, write_statement
from attest.stores.memory import MemoryStore
from attest.stores.parallel import WORKERS, in_parallel
from attest.stores.protocol import Store
from attest.stores.union import Member, UnionStore


@dataclass(frozen=True, slots=True)
class Piece:
    """One statement to sign, and the subjects to whose manifests it is attached.

    ``at`` makes the statement that says it was made at another time, where one says when it was made.
    """

    home: Home
    subjects: tuple[Subject, ...]
    predicate_type: str
    statement: bytes
    at: Callable[[datetime], bytes] | None = None

    def is_said_by(self, payload: bytes) -> bool:
        """Whether ``payload`` says the same, at whatever time."""
        if payload == self.statement or self.at is None:
            return payload == self.statement
        try:
            statement = Statement.parse(payload)
            time = read_sbom(statement.predicate).time if statement.predicate_type == self.predicate_type else None
        except FormatError:
            return False
        return time is not None and payload == self.at(time)


@dataclass(frozen=True, slots=True)
class Signed:
    """A piece with its bundle, and by manifest the referrers in which it is attached already.

    There is no bundle where it is attached everywhere.
    """

    piece: Piece
    bundle: bytes | None
    before: Mapping[Digest, Digest] = field(hash=False)

    @property
    def missing(self) -> list[Subject]:
        """What it is still to be attached to."""
        return [subject for subject in self.piece.subjects if subject.manifest.digest not in self.before]


def signatures(version: Version, home: Home) -> list[Piece]:
    """A signature for each file, and the release statement of the version."""
    content = Release(version.purl, tuple(file.artifact for file in version.files))
    return [
        *(_piece(home, [file.subject], names.PREDICATE_COSIGN_SIGN, {}) for file in version.files),
        Piece(home, (version.subject,), names.PREDICATE_RELEASE, release.write(content)),
    ]


def sboms(version: Version, home: Home, form: Form, made: datetime) -> list[Piece]:
    """An SBOM for each file. Raises `FormatError` for malformed metadata, `UsageError` where none can be written."""
    kind = names.PREDICATE_CYCLONEDX if form is Form.CYCLONEDX else names.PREDICATE_SPDX

    def statement(file: File, at: datetime) -> bytes:
        raw = of_package(file.found, form, made=at)
        content = strict_json.read_object(raw, where=f"the SBOM of {file.found.path}", limit=limits.EVIDENCE_BLOB)
        return write_statement(statement_subjects(file.subject), kind, content)

    return [
        Piece(home, (file.subject,), kind, statement(file, made), partial(statement, file)) for file in version.files
    ]


def provenance(version: Version, home: Home, predicate: Mapping[str, object]) -> Piece:
    """One statement about all files of the version: one build made them."""
    return _piece(home, [file.subject for file in version.files], names.PREDICATE_SLSA_V1, predicate)


def sign(targets: Targets, wanted: Sequence[Piece], signer: StatementSigner) -> list[Signed]:
    """All pieces signed, nothing stored: what the signer's key has signed and is attached already, is kept.

    Who signs without a key has another certificate each time, and signs anew.
    """
    key = signer.key.public if isinstance(signer, KeySigner) else None
    before: list[Mapping[Digest, Digest]] = [{}] * len(wanted)
    if key is not None:
        workers = WORKERS if targets.far else 1
        before = list(in_parallel(lambda piece: _attached(piece, key), wanted, workers=workers))
    return [
        Signed(piece, None if len(found) == len(piece.subjects) else sign_statement(piece.statement, signer), found)
        for piece, found in zip(wanted, before, strict=True)
    ]


def judge(
    targets: Targets, versions: Iterable[Version], items: Sequence[Signed], judges: Sequence[Judge], now: datetime
) -> list[Verdict]:
    """What the policies would say of each file if all of it were stored; nothing is."""
    staged = MemoryStore("this release")
    for item in items:
        home = item.piece.home
        for subject in item.missing:
            _attach(staged, home.repository, item, subject, now)
    seals = Seals(targets, judges, now)

    def verdict(file: File) -> Verdict:
        home = targets.home(file.found.purl)
        both = UnionStore([Member(home.store, str), Member(staged, str)])
        target = Target(file.subject, both, home.repository)
        return decide(both, home.repository, file.subject, seals.known(target), now=now, near=targets.place)

    files = [file for version in versions for file in version.files]
    return list(in_parallel(verdict, files, workers=WORKERS if targets.far else 1))


def store(
    targets: Targets, versions: Iterable[Version], items: Sequence[Signed], created: datetime
) -> list[dict[Digest, Digest]]:
    """Store anchors and evidence, and tag nothing. Of each item the referrers by manifest."""
    for _ in targets.each(partial(_store_anchor, targets), [file for version in versions for file in version.files]):
        pass

    found = [dict(item.before) for item in items]
    missing: dict[Digest, list[tuple[int, Subject]]] = {}
    for number, item in enumerate(items):
        for subject in item.missing:
            missing.setdefault(subject.manifest.digest, []).append((number, subject))

    def attach(group: Sequence[tuple[int, Subject]]) -> None:
        """All that one manifest gets, one after the other: registries lose some of what comes at once."""
        for number, subject in group:
            home = items[number].piece.home
            referrer = _attach(home.store, home.repository, items[number], subject, created)
            found[number][subject.manifest.digest] = referrer

    for _ in targets.each(attach, list(missing.values())):
        pass
    return found


def tag(targets: Targets, versions: Iterable[Version], indexes: Iterable[Index]) -> None:
    """The last step: from now on people find it."""
    for index in indexes:
        index.publish()
    for version in versions:
        home = targets.home(version.purl)
        tag_version(home.store, home.repository, home.tag, version.purl, version.files[0].found.digest)


def _piece(home: Home, subjects: Sequence[Subject], kind: str, predicate: Mapping[str, object]) -> Piece:
    named = [part for subject in subjects for part in statement_subjects(subject)]
    return Piece(home, tuple(subjects), kind, write_statement(named, kind, predicate))


def _attach(store: Store, repository: str, item: Signed, subject: Subject, created: datetime) -> Digest:
    assert item.bundle is not None
    kind = item.piece.predicate_type
    made = attach_bundle(store, repository, subject.manifest, item.bundle, predicate_type=kind, created=created)
    return made.digest


def _store_anchor(targets: Targets, file: File) -> None:
    home = targets.home(file.found.purl)
    store_anchor(home.store, home.repository, file.found.purl, file.found.digest)


def _attached(piece: Piece, key: PublicKey) -> dict[Digest, Digest]:
    """By manifest the referrers in which somebody attached the piece as ``key`` has signed it."""
    found = {}
    for subject in piece.subjects:
        for candidate in collect(piece.home.store, piece.home.repository, subject).candidates:
            signed = candidate.signed
            if not isinstance(signed, SignedBundle):
                continue
            envelope = signed.bundle.envelope
            if envelope.payload_type != names.IN_TOTO_PAYLOAD or not piece.is_said_by(envelope.payload):
                continue
            if verify_envelope(envelope, [key]) is not None:
                found[subject.manifest.digest] = candidate.digest
                break
    return found
