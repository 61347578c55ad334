"""Walk what is attached to a subject and read each piece as candidates, or reject it with the reason.

Damaged evidence never hides good evidence: what cannot be read is one rejected candidate, and the walk goes on. It goes
in two stages, so that who is satisfied by the first need not wait for the second: what the store lists in its first
way; then its other ways, cosign's older tags, and signatures over the manifests of attached documents.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from attest import limits, names
from attest.errors import StoreError
from attest.evidence.message import aimed
from attest.evidence.model import Candidate, Check, Collection, Rejected, Subject
from attest.evidence.reading import Outcome, Reader, Unread
from attest.evidence.signed import SignedDocument
from attest.oci.digest import Digest
from attest.stores.cosign_tags import CosignTags
from attest.stores.listings import listings
from attest.stores.parallel import in_parallel
from attest.stores.protocol import Found, Referrers, Store, Where, bounded, unite


def collect(
    store: Store, repository: str, subject: Subject, cosign: CosignTags | None = None, *, documents: bool = False
) -> Collection:
    """All that is attached to ``subject`` in one repository; of what is attached to that, with ``documents``, the
    signatures over manifests of documents.

    Who collects for many subjects gives all the same ``cosign``. Raises `StoreUnavailable` where nothing can be listed
    at all.
    """
    walk = _Walk(store, repository, subject, cosign)
    walk.begin()
    walk.finish(documents=documents)
    return walk.collection(whole=True)


def stages(store: Store, repository: str, subject: Subject) -> Iterator[Collection]:
    """Two collections, the second made only when it is asked for; it has all that the first has.

    Each raises `StoreUnavailable` where nothing can be listed at all.
    """
    walk = _Walk(store, repository, subject)
    walk.begin()
    yield walk.collection(whole=False)
    walk.finish(documents=True)
    yield walk.collection(whole=True)


@dataclass(slots=True)
class _Answers:
    """What came of asking for referrers and tags."""

    found: list[Found] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    complete: bool = True
    listed_at: list[datetime] = field(default_factory=list)

    def add(self, answer: Referrers | Found | str | None) -> None:
        if isinstance(answer, Referrers):
            self.found.extend(answer.items)
            self.problems.extend(answer.problems)
            self.complete = self.complete and answer.complete
            self.listed_at.append(answer.listed_at)
        elif isinstance(answer, Found):
            self.found.append(answer)
        elif answer is not None:
            self.problems.append(answer)
            self.complete = False


_Question = Callable[[], Iterable[Referrers | Found | str | None]]


class _Walk:
    """One walk; manifests first and then their content, each of these in parallel."""

    def __init__(self, store: Store, repository: str, subject: Subject, cosign: CosignTags | None = None) -> None:
        self._cosign = cosign or CosignTags()
        self._store = store
        self._repository = repository
        self._subject = subject
        self._reader = Reader(store, repository)
        self._answers = _Answers()
        self._read: dict[Digest, list[Outcome]] = {}
        self._over: set[Digest] = set()
        self._parts = listings(store, repository, subject.manifest.digest)

    def begin(self) -> None:
        """What the store lists in its first way."""
        self._answers.add(next(self._parts))
        self._look(self._answers.found)

    def finish(self, *, documents: bool) -> None:
        """Everything else."""
        digest = self._subject.manifest.digest
        known = self._documents() if documents else []
        about: dict[Digest, _Answers] = {document.digest: _Answers() for document in known}
        questions: list[tuple[_Answers, _Question]] = [
            (self._answers, lambda: list(self._parts)),
            *((self._answers, question) for question in self._tags(digest)),
            *((about[item.digest], question) for item in known for question in self._about(item.digest)),
        ]
        self._ask(questions)
        self._look(self._answers.found)
        if documents:
            late = [document for document in self._documents() if document.digest not in about]
            about |= {document.digest: _Answers() for document in late}
            self._ask([(about[item.digest], question) for item in late for question in self._about(item.digest)])
            for document in [*known, *late]:
                self._sign(document, about[document.digest])

    def collection(self, *, whole: bool) -> Collection:
        """All that was read so far; of bundles at most `limits.EVIDENCE_TOTAL` bytes were."""
        places = {found.descriptor.digest: found for found in unite(self._answers.found)}
        outcomes = [_placed(outcome, places[digest]) for digest in sorted(self._read) for outcome in self._read[digest]]
        unread = [outcome for outcome in outcomes if isinstance(outcome, Unread)]
        return Collection(
            subject=self._subject,
            candidates=tuple(outcome for outcome in outcomes if isinstance(outcome, Candidate)),
            rejected=tuple(
                outcome.rejected if isinstance(outcome, Unread) else outcome
                for outcome in outcomes
                if not isinstance(outcome, Candidate)
            ),
            complete=self._answers.complete and not unread,
            problems=bounded(_told_once(self._answers.problems, unread)),
            listed_at=min(self._answers.listed_at),
            whole=whole,
            over=frozenset(self._over),
        )

    def _ask(self, questions: Sequence[tuple[_Answers, _Question]]) -> None:
        for (answers, _), told in zip(questions, in_parallel(lambda item: list(item[1]()), questions), strict=True):
            for answer in told:
                answers.add(answer)

    def _tags(self, digest: Digest) -> Iterator[_Question]:
        for ask in self._cosign.questions(self._store, self._repository, digest):
            yield lambda ask=ask: [ask()]  # type: ignore[misc]

    def _about(self, digest: Digest) -> Iterator[_Question]:
        """The questions after what signs a document's manifest; an answer that is missing is a problem, no more."""

        def listed() -> Iterator[Referrers | str]:
            try:
                yield from listings(self._store, self._repository, digest)
            except StoreError as error:
                yield str(error)

        yield listed
        yield from self._tags(digest)

    def _look(self, found: Iterable[Found]) -> None:
        """Read what was not read before, and what was refused for its form and is by now known to have a tag."""
        news = [item for item in unite(found) if item.descriptor.digest not in self._read or self._may_fit(item)]
        read = self._reader.read(news, about=self._subject.manifest.digest)
        self._read |= {digest: [aimed(item, self._subject) for item in outcomes] for digest, outcomes in read.items()}

    def _may_fit(self, item: Found) -> bool:
        refused = all(
            isinstance(outcome, Rejected) and outcome.check is Check.FORM
            for outcome in self._read[item.descriptor.digest]
        )
        return refused and any(place.where is Where.COSIGN_TAG for place in item.places)

    def _documents(self) -> list[Candidate]:
        """The unsigned documents among what was read, up to a cap."""
        found = [
            outcome
            for digest in sorted(self._read)
            for outcome in self._read[digest]
            if isinstance(outcome, Candidate) and outcome.signed is None and _is_document(outcome)
        ]
        if len(found) > limits.SIGNED_DOCUMENTS:
            self._answers.add(f"signatures over more than {limits.SIGNED_DOCUMENTS} attached documents")
        return found[: limits.SIGNED_DOCUMENTS]

    def _sign(self, document: Candidate, answers: _Answers) -> None:
        """Let every signature over a document's manifest make a candidate of it."""
        self._answers.problems.extend(answers.problems)
        self._answers.complete = self._answers.complete and answers.complete
        read = self._reader.read(unite(answers.found), about=document.digest)
        self._over |= {digest for digest, outcomes in read.items() if all(map(_was_read, outcomes))}
        for outcome in (outcome for outcomes in read.values() for outcome in outcomes):
            if isinstance(outcome, Unread):
                self._answers.add(outcome.problem)
        signed = [item.signed for outcomes in read.values() for item in outcomes if isinstance(item, Candidate)]
        over = [item for item in signed if item is not None]
        if over:
            content = self._reader.document(document)
            self._read[document.digest] = (
                [replace(document, signed=SignedDocument(content, document.manifest, item)) for item in over]
                if isinstance(content, bytes)
                else [content]
            )


def _told_once(problems: Iterable[str], unread: Iterable[Unread]) -> tuple[str, ...]:
    """Where listing has told what is the matter with one referrer, reading it says the same again."""
    listed = dict.fromkeys(problems)
    about = {problem.partition(": ")[0] for problem in listed}
    return (*listed, *(item.problem for item in unread if str(item.digest) not in about))


def _is_document(candidate: Candidate) -> bool:
    """Whether its manifest holds one file; anchors hold none, and an index no layers."""
    layers = candidate.manifest.layers
    return len(layers) == 1 and layers[0].media_type != names.OCI_EMPTY


def _was_read(outcome: Outcome) -> bool:
    if isinstance(outcome, Unread):
        return False
    return not isinstance(outcome, Rejected) or outcome.check is not Check.READ


def _placed(outcome: Outcome, found: Found) -> Outcome:
    """With every place where it was found by now."""
    if isinstance(outcome, Unread):
        return Unread(replace(outcome.rejected, found=found))
    return replace(outcome, found=found)
