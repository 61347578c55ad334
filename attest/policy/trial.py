"""Cases are run as packages are verified: the same verification, the same rules, the same findings.

Evidence that is made up is proven by saying so. Nothing but a case can have such evidence.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from attest import limits, names
from attest.errors import AttestError, UsageError
from attest.evidence.attach import statement_subjects
from attest.evidence.identity import CertificateIdentity, Identity, KeyIdentity
from attest.evidence.lookup import subject_of
from attest.evidence.model import Candidate, Collection, Subject
from attest.evidence.trust import Context
from attest.oci import strict_json
from attest.oci.descriptor import EMPTY, Descriptor
from attest.oci.digest import Digest
from attest.oci.manifest import write_image
from attest.oci.reference import Reference
from attest.packages import placement
from attest.packages.digest import ArtifactDigest
from attest.packages.purl import Purl
from attest.policy.cases import Case, Described
from attest.policy.decide import Judge, decide, judges_of, with_seals
from attest.policy.document import Policy
from attest.policy.evaluate import Hearing, evaluate_all
from attest.policy.publisher_lock import FILE, PinnedIdentity
from attest.policy.rules.rule import Mode
from attest.policy.verdict import Outcome, Verdict
from attest.regular_file import open_regular
from attest.signing.proof import Author, CertificateAuthor, Format, KeyAuthor, Proof, X509Author
from attest.statements.statement import Statement, write_statement
from attest.stores.location import Location, open_store
from attest.stores.protocol import Found, Place, Store, Where


@dataclass(frozen=True, slots=True)
class Tried:
    """A case and what came of it; ``wrong`` says in which way that is not what it expects, None where it is."""

    case: Case
    wrong: str | None


def run(policy: Policy, *, offline: bool, now: datetime) -> Iterator[Tried]:
    """Every case of the policy. One whose evidence cannot be read is not as expected, whatever it expects."""
    for case in policy.cases:
        moment = case.now or now
        try:
            verdict = _verdict(policy, case, moment, offline)
        except AttestError as error:
            yield Tried(case, f"it cannot be tried: {error}")
        else:
            yield Tried(case, _difference(case, verdict))


def _difference(case: Case, verdict: Verdict) -> str | None:
    admitted = verdict.outcome is Outcome.ADMITTED
    unmet = [item for item in verdict.findings if item.mode is Mode.ENFORCE and item.effect is not Outcome.ADMITTED]
    codes = {item.code for item in unmet}
    if admitted == case.admitted and (case.codes is None or codes == case.codes):
        return None
    expected = "admitted" if case.admitted else "not admitted"
    if case.codes is not None:
        expected += f" for {', '.join(sorted(case.codes))}"
    reasons = "; ".join(f"{item.rule or 'policy'}: {item.code}: {item.message}" for item in unmet)
    return f"expected {expected}, found {verdict.outcome}{f': {reasons}' if reasons else ''}"


def _verdict(policy: Policy, case: Case, now: datetime, offline: bool) -> Verdict:
    if isinstance(case.evidence, Path):
        return _stored(judges_of([policy], offline=offline, now=now), case, case.evidence, now)
    return evaluate_all([heard(policy, case, case.evidence, now=now)], now=now)


def heard(policy: Policy, case: Case, described: Sequence[Described], *, now: datetime) -> Hearing:
    """What is left to be evaluated once ``described``, which is made up, is verified. Raises `AttestError`."""
    subject = _subject(case)
    candidates = tuple(_made_up(item, subject, policy, now) for item in described)
    collection = Collection(subject, candidates, (), True, (), now, whole=True)
    return Judge(policy, policy.trust()).hear(collection, now)


def _stored(judges: Sequence[Judge], case: Case, path: Path, now: datetime) -> Verdict:
    location = Location.parse(f"{'oci' if not path.is_file() else 'oci-archive'}:{path}")
    with closing(open_store(location, create=False)) as store:
        subject = _subject(case)
        repository = location.repository("" if subject.purl is None else placement.repository(subject.purl))
        sealed = location.repository(names.SEALED_REPOSITORY)
        if subject.purl is None:
            sealed = repository
            subject = replace(subject, manifest=store.resolve(Reference(repository, None, subject.manifest.digest)))
        sealing = with_seals(judges, store, sealed, now=now)

        def near(purl: Purl) -> tuple[Store, str]:
            return store, location.repository(placement.repository(purl))

        verdict = decide(store, repository, subject, sealing, now=now, near=near)
    if verdict.listed_at is None:
        raise UsageError("the evidence cannot be read", where=str(path), why="; ".join(verdict.problems))
    return verdict


def _subject(case: Case) -> Subject:
    if case.subject.startswith("pkg:"):
        return subject_of(Purl.parse(case.subject), ArtifactDigest.parse(case.digest))
    manifest = Descriptor(names.OCI_MANIFEST, Digest.parse(case.digest), 0)
    return Subject(manifest, name=case.subject, image=case.subject)


@dataclass(frozen=True, slots=True)
class _Said:
    """Signed content that was never signed."""

    proof: Proof
    payload: bytes

    @property
    def claimed_signer(self) -> str:
        return str(self.proof.author)

    def prove(self, context: Context) -> Proof:  # noqa: ARG002
        return self.proof

    def statement(self) -> Statement:
        return Statement.parse(self.payload)


def _made_up(item: Described, subject: Subject, policy: Policy, now: datetime) -> Candidate:
    identity = policy.identities[item.by].about(subject)
    if isinstance(identity, PinnedIdentity):
        raise UsageError(f"nobody can sign as {item.by}", why=f"{FILE} has no entry for {subject}")
    predicate = {} if item.predicate is None else _read(item.predicate)
    payload = write_statement(statement_subjects(subject), item.predicate_type, predicate)
    formats = identity.formats or (Format.BUNDLE if _is_sigstore(identity) else Format.NOTATION,)
    proof = Proof(_author(identity), formats[0], item.time or now)
    manifest = write_image(
        artifact_type=names.BUNDLE_V03,
        config=EMPTY,
        layers=[Descriptor.of(names.BUNDLE_V03, payload)],
        subject=subject.manifest,
        annotations={"by": item.by},  # two who say the same are two pieces of evidence
    )
    found = Found(manifest.listing_descriptor(), (Place("the policy", Where.LAYOUT),))
    return Candidate(found, manifest, _Said(proof, payload), item.predicate_type)


def _is_sigstore(identity: Identity) -> bool:
    return isinstance(identity, KeyIdentity | CertificateIdentity)


def _author(identity: Identity) -> Author:
    """Somebody who is ``identity``."""
    if isinstance(identity, KeyIdentity):
        return KeyAuthor(identity.key)
    if isinstance(identity, CertificateIdentity):
        claims = {claim: pattern.example for claim, pattern in identity.claims.items()}
        return CertificateAuthor(identity.issuer, identity.subject.example, claims)
    return X509Author(f"CN={identity.name}", (("CN", identity.name),), "", identity.name, frozenset({identity.name}))


def _read(path: Path) -> dict[str, Any]:
    try:
        with open_regular(path) as file:
            data = file.read(limits.EVIDENCE_BLOB + 1)
    except OSError as error:
        raise UsageError("cannot read the predicate", where=str(path), why=error.strerror) from None
    return strict_json.read_object(data, where=str(path), limit=limits.EVIDENCE_BLOB)
