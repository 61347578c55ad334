"""What came of the components of an SBOM, of theirs, and so on: each artifact is looked at once for each policy.

First all is gathered, level by level, then decided: everything counts as admitted until its policy says otherwise, and
what that takes along is decided again until nothing changes. So a circle of components harms nothing, and whether one
is admitted does not depend on where one begins (decision 23).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Final, TypeAlias

from attest import limits
from attest.errors import FormatError, StoreError
from attest.evidence.collect import collect
from attest.evidence.lookup import subject_of
from attest.evidence.model import Collection, Subject
from attest.evidence.released import Released
from attest.evidence.verify import nothing_found
from attest.packages.purl import Purl
from attest.policy.codes import Code
from attest.policy.components import NO_COMPONENTS, Answer, Components, Decided, Part, parts_of
from attest.policy.evaluate import Hearing, evaluate_all
from attest.policy.rules.dependencies import DependenciesRule
from attest.policy.rules.rule import Mode
from attest.policy.verdict import Outcome, Verdict
from attest.stores.parallel import in_parallel
from attest.stores.protocol import Store

Near: TypeAlias = Callable[[Purl], tuple[Store, str]]
"""Where the evidence of a package lies."""
Hear: TypeAlias = Callable[[Path, Collection], Hearing]
"""What of a collection holds by the policy at a path."""
Resolve: TypeAlias = Callable[[Path, Purl], Released]
"""Which artifacts a package has, by release statements of those whom the policy at a path names."""

_Asked: TypeAlias = tuple[Path, Part]
_Key: TypeAlias = tuple[Path, Subject]
_List: TypeAlias = tuple[_Asked, ...]
"""What one rule asks about one SBOM."""
_WORST: Final = tuple(Answer)
_UNCOUNTED: Final = Decided(
    Answer.INCONCLUSIVE, "its own components were not looked at: the SBOMs list too many in all"
)
_OF_COMPONENTS: Final = (
    Code.DEPENDENCIES_DENIED,
    Code.DEPENDENCIES_INCONCLUSIVE,
    Code.DEPENDENCIES_UNRESOLVED,
)


@dataclass(slots=True)
class Tree:
    """Everything below one subject. Raises nothing for a store that cannot be asked: that leaves doubt."""

    near: Near
    hear: Hear
    resolve: Resolve
    now: datetime
    _subjects: dict[_Asked, tuple[Subject, ...] | Decided] = field(default_factory=dict)
    _heard: dict[_Key, Hearing] = field(default_factory=dict)
    _wanted: dict[_Key, tuple[_List, ...]] = field(default_factory=dict)
    _listed: int = 0

    def below(self, hearing: Hearing) -> Hearing:
        """The hearing with what came of the components that its policy asks about."""
        if not any(isinstance(rule, DependenciesRule) for rule in hearing.policy.rules):
            return hearing
        own = asked = _all(_lists(hearing))
        for _ in range(limits.COMPONENT_DEPTH):
            asked = self._gather(asked)
        return replace(hearing, components=self._components(own, self._decide()))

    def _gather(self, asked: Iterable[_Asked]) -> list[_Asked]:
        """Hear what was not heard yet; what those ask about."""
        new = [item for item in dict.fromkeys(asked) if item not in self._subjects]
        new = new[: limits.COMPONENTS - len(self._subjects)]
        found = zip(new, in_parallel(self._located, new), strict=True)
        self._subjects.update(found)
        keys = dict.fromkeys((path, subject) for path, part in new for subject in self._artifacts(path, part))
        unheard = [key for key in keys if key not in self._heard]
        heard = dict(zip(unheard, in_parallel(self._hear, unheard), strict=True))
        self._heard.update(heard)
        for key, hearing in heard.items():
            self._want(key, hearing)
        return [item for key in heard for item in _all(self._wanted.get(key, ()))]

    def _want(self, key: _Key, hearing: Hearing) -> None:
        """Take down what it asks about, as long as all lists together are not too long."""
        lists: list[_List] = []
        for own in _lists(hearing):
            self._listed += len(own)
            if self._listed > limits.COMPONENTS_LISTED:
                return
            lists.append(own)
        self._wanted[key] = tuple(lists)

    def _artifacts(self, path: Path, part: Part) -> tuple[Subject, ...]:
        found = self._subjects.get((path, part), ())
        return () if isinstance(found, Decided) else found

    def _located(self, asked: _Asked) -> tuple[Subject, ...] | Decided:
        """By its own digest, else by release statements: of that file, where a digest of another kind is given."""
        path, part = asked
        if part.purl is None:
            return Decided(Answer.UNRESOLVED, "it has no purl")
        if part.artifact is not None:
            return (subject_of(part.purl, part.artifact),)
        try:
            released = self.resolve(path, part.purl)
        except (FormatError, StoreError) as error:
            return Decided(Answer.INCONCLUSIVE, str(error))
        same = dict.fromkeys(own for digest in part.digests if (own := released.same_file(digest)) is not None)
        subjects = tuple(subject_of(part.purl, own) for own in same) if part.digests else released.subjects
        if not subjects:
            why = "no digest" if not part.digests else "no digest by which its ecosystem names it"
            answer = Answer.INCONCLUSIVE if released.doubtful else Answer.UNRESOLVED
            return Decided(answer, "; ".join([f"it has {why}", *released.problems]))
        return subjects

    def _hear(self, key: _Key) -> Hearing:
        path, subject = key
        assert subject.purl is not None
        try:
            return self.hear(path, collect(*self.near(subject.purl), subject, documents=True))
        except (FormatError, StoreError) as error:
            none = Collection(subject, (), (), False, (str(error),), self.now, whole=False)
            return replace(self.hear(path, none), evidence=nothing_found(subject, str(error)))

    def _decide(self) -> Mapping[_Key, Decided]:
        """The answer about each: the best by which no policy is contradicted.

        What an SBOM comes to depends only on which answers there are among its components. So one is asked again only
        when an answer is the first of its kind in one of its SBOMs, and never once it is denied: it gets no better.
        """
        answers = dict.fromkeys(self._heard, Decided(Answer.ADMITTED))
        above = self._above()
        told: set[tuple[_Key, int, Answer]] = set()
        pending = dict.fromkeys(self._heard)
        while pending:
            key = next(iter(pending))
            del pending[key]
            found = self._decided(key, answers)
            if _WORST.index(found.answer) > _WORST.index(answers[key].answer):
                answers[key] = found
                for user, number in above.get(key, ()):
                    if answers[user].answer is not Answer.DENIED and (user, number, found.answer) not in told:
                        told.add((user, number, found.answer))
                        pending[user] = None
        # Once more, so that what is said does not depend on the order.
        return {key: self._decided(key, answers) for key in answers}

    def _above(self) -> Mapping[_Key, list[tuple[_Key, int]]]:
        """In which lists of which others each stands."""
        above: dict[_Key, list[tuple[_Key, int]]] = {}
        for key, lists in self._wanted.items():
            for number, asked in enumerate(lists):
                for path, part in asked:
                    for subject in self._artifacts(path, part):
                        above.setdefault((path, subject), []).append((key, number))
        return above

    def _decided(self, key: _Key, answers: Mapping[_Key, Decided]) -> Decided:
        if key not in self._wanted:
            return _UNCOUNTED
        components = self._components(_all(self._wanted[key]), answers)
        return _answer(evaluate_all([replace(self._heard[key], components=components)], now=self.now))

    def _components(self, asked: Iterable[_Asked], answers: Mapping[_Key, Decided]) -> Components:
        known: dict[_Asked, Decided] = {}
        for path, part in asked:
            found = self._subjects.get((path, part))
            if isinstance(found, Decided):
                known[path, part] = found
            elif found is not None:
                known[path, part] = max((answers[path, subject] for subject in found), key=_badness)
        return Components(known) if known else NO_COMPONENTS


def _badness(decided: Decided) -> tuple[int, str]:
    return _WORST.index(decided.answer), decided.why


def _lists(hearing: Hearing) -> Iterator[_List]:
    """What the policy asks about: the components of each SBOM that one of its rules looks at."""
    for rule in hearing.policy.rules:
        if isinstance(rule, DependenciesRule):
            for item in hearing.evidence.verified:
                if rule.looks_at(item) and any(signer.name in rule.by for signer in item.signers):
                    try:
                        sbom = rule.content(item)
                    except FormatError:
                        continue  # which the rule says
                    yield tuple((rule.policy, part) for part in parts_of(sbom, hearing.evidence.subject))


def _all(lists: Iterable[_List]) -> list[_Asked]:
    return list(dict.fromkeys(item for asked in lists for item in asked))


def _answer(verdict: Verdict) -> Decided:
    if verdict.outcome is Outcome.ADMITTED:
        return Decided(Answer.ADMITTED)
    unmet = [item for item in verdict.findings if item.mode is Mode.ENFORCE and item.effect is not Outcome.ADMITTED]
    worst = next(item for item in unmet if item.outcome is verdict.outcome)
    # What is wrong with components of components is told without their reasons, which may go round in a circle.
    why = f"{worst.code}" if worst.code in _OF_COMPONENTS else f"{worst.code}: {worst.message}"
    return Decided(Answer.DENIED if verdict.outcome is Outcome.DENIED else Answer.INCONCLUSIVE, why)
