"""Really signed evidence about one package, without a store: keys, candidates, and the sets that `verify` makes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from typing import Any

from attest import names
from attest.evidence.identity import Identity, KeyIdentity
from attest.evidence.lookup import subject_of
from attest.evidence.model import Candidate, Check, Collection, Rejected, Subject
from attest.evidence.signed import SignedBundle
from attest.evidence.trust import Context, Sigstore, Trust
from attest.evidence.verify import EvidenceSet, verify
from attest.oci import strict_json
from attest.oci.descriptor import EMPTY, Descriptor
from attest.oci.manifest import Manifest, write_image
from attest.packages.digest import ArtifactDigest
from attest.packages.purl import Purl
from attest.signing.bundle import Bundle
from attest.signing.keys import PrivateKey, generate
from attest.signing.proof import Author, CertificateAuthor, Format, Proof
from attest.signing.sign import KeySigner, sign_statement
from attest.statements.statement import Statement
from attest.statements.statement import Subject as StatementSubject
from attest.stores.protocol import Found, Place, Where

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
LISTED = datetime(2026, 11, 21, 11, 59, 30, tzinfo=UTC)
PURL = Purl.parse("pkg:npm/left-pad@1.3.0")
DIGEST = ArtifactDigest("sha512", "ab" * 64)
SUBJECT = subject_of(PURL, DIGEST)

GITHUB = "https://token.actions.githubusercontent.com"

CYCLONEDX: Mapping[str, Any] = {
    "bomFormat": "CycloneDX",
    "specVersion": "1.6",
    "metadata": {"component": {"type": "library", "name": "left-pad", "version": "1.3.0", "purl": str(PURL)}},
    "components": [{"type": "library", "name": "ansi", "version": "2.0.0"}],
}


@cache
def key(name: str) -> PrivateKey:
    """The same key for the same name, throughout one test run."""
    assert name
    return generate("ed25519")


def identity(name: str, key_name: str | None = None, **limits: Any) -> KeyIdentity:
    return KeyIdentity(name, key(key_name or name).public, **limits)


def signed(
    key_name: str,
    predicate_type: str = names.PREDICATE_COSIGN_SIGN,
    predicate: Mapping[str, Any] | None = None,
    *,
    subject: Subject = SUBJECT,
    about: Iterable[StatementSubject] = (),
    note: str = "",
) -> Candidate:
    """A statement about ``subject`` (or ``about`` others) in a bundle; ``note`` makes another referrer of the same."""
    subjects = list(about) or [StatementSubject(str(subject), {"sha256": subject.manifest.digest.encoded})]
    statement = {  # by hand: others sign what our own writer would refuse
        "_type": names.STATEMENT_V1,
        "subject": [{"name": item.name, "digest": dict(item.digests)} for item in subjects],
        "predicateType": predicate_type,
        "predicate": dict(predicate or {}),
    }
    bundle = sign_statement(strict_json.write(statement), KeySigner(key(key_name)))
    return packed(bundle, predicate_type, subject=subject, note=note)


def packed(bundle: bytes, predicate_type: str, *, subject: Subject = SUBJECT, note: str = "") -> Candidate:
    manifest = write_image(
        artifact_type=names.BUNDLE_V03,
        config=EMPTY,
        layers=[Descriptor.of(names.BUNDLE_V03, bundle)],
        subject=subject.manifest,
        annotations={names.ANNOTATION_BUNDLE_PREDICATE: predicate_type, "note": note},
    )
    return Candidate(_found(manifest), manifest, SignedBundle(Bundle.parse(bundle)), predicate_type)


@dataclass(frozen=True)
class Given:
    """Signed content whose proof is given: for what comes after proving, whoever signed in whatever way."""

    proof: Proof
    payload: bytes

    @property
    def claimed_signer(self) -> str:
        return str(self.proof.author)

    def prove(self, context: Context) -> Proof | None:
        return self.proof

    def statement(self) -> Statement:
        return Statement.parse(self.payload)


def proven(
    candidate: Candidate, author: Author, *, format: Format = Format.BUNDLE, time: datetime | None = NOW
) -> Candidate:
    """The same statement, signed by ``author``."""
    payload = bundle_of(candidate).envelope.payload
    return replace(candidate, signed=Given(Proof(author, format, time), payload))


def workflow(
    ref: str = "refs/tags/v1", *, name: str = "release", repository: str = "acme/app", **claims: str
) -> CertificateAuthor:
    """A workflow of GitHub's, as its certificate names it."""
    subject = f"https://github.com/{repository}/.github/workflows/{name}.yml@{ref}"
    return CertificateAuthor(GITHUB, subject, {"source_repository": f"https://github.com/{repository}", **claims})


def unsigned(media_type: str, document: Mapping[str, Any], *, subject: Subject = SUBJECT) -> Candidate:
    data = json.dumps(document).encode()
    manifest = write_image(
        artifact_type=media_type,
        config=EMPTY,
        layers=[Descriptor.of(media_type, data)],
        subject=subject.manifest,
    )
    return Candidate(_found(manifest), manifest, None, media_type)


def bundle_of(candidate: Candidate) -> Bundle:
    """The bundle of one that `signed` made."""
    assert isinstance(candidate.signed, SignedBundle)
    return candidate.signed.bundle


def damaged(check: Check, reason: str, claims: str | None = None) -> Rejected:
    return Rejected(Found(EMPTY, (Place("memory", Where.LAYOUT),)), check, reason, claims)


def slsa_v1(
    builder: str | None = "https://ci.example/builder", source: str | None = "https://github.com/acme/app"
) -> dict[str, Any]:
    workflow = {} if source is None else {"workflow": {"repository": source, "path": ".ci/release.yml"}}
    return {
        "buildDefinition": {"buildType": "https://ci.example/type/v1", "externalParameters": workflow},
        "runDetails": {"builder": {} if builder is None else {"id": builder}},
    }


def evidence(
    candidates: Iterable[Candidate],
    identities: Iterable[Identity],
    *,
    subject: Subject = SUBJECT,
    rejected: Iterable[Rejected] = (),
    complete: bool = True,
    problems: tuple[str, ...] = (),
    now: datetime = NOW,
    sigstore: Sigstore | None = None,
) -> EvidenceSet:
    """What `verify` makes of the candidates."""
    collection = Collection(subject, tuple(candidates), tuple(rejected), complete, problems, LISTED, whole=True)
    return verify(collection, Trust(tuple(identities), sigstore), now=now)


def _found(manifest: Manifest) -> Found:
    return Found(manifest.listing_descriptor(), (Place("oci:evidence", Where.LAYOUT),))
