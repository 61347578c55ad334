"""Revoked, withdrawn, sealed: who may say so, what a store hides, and what comes back in another form."""

from __future__ import annotations

from collections.abc import Sequence

from attest import names
from attest.evidence.model import Subject
from attest.evidence.seal import whole_store
from attest.oci.digest import Digest
from tests.hostile.case import NOW, Case, Spoil, admitted, denied, doubtful, package
from tests.hostile.documents import revocation
from tests.hostile.making import SIGN, Json, Piece, Referrer, by, itself, statement

GOOD = {"signed": "signature-verified", "not-revoked": "revocation-absent", "not-withdrawn": "withdrawal-absent"}
WEEK = "2026-03-05T12:00:00Z"


def only_manifest(subject: Subject) -> list[Json]:
    return [{"name": str(subject), "digest": {"sha256": subject.manifest.digest.encoded}}]


def revoke(who: str, piece: Piece) -> Piece:
    """Of the manifest and the statement of ``piece``, as `attest revoke` writes it."""

    def make(subject: Subject) -> Referrer:
        said = revocation(str(piece(subject).digest))
        return by(who, names.PREDICATE_REVOCATION, said, payload_type=names.REVOCATION_PAYLOAD)(subject)

    return make


def withdraw(who: str, **changes: object) -> Piece:
    said = {"issued": "2026-02-20T12:00:00Z", "reason": "malicious", **changes}
    return by(who, names.PREDICATE_WITHDRAWAL, said, payload_type=names.WITHDRAWAL_PAYLOAD)


def seal(
    who: str,
    pieces: Sequence[Piece],
    *,
    sequence: int = 1,
    issued: str = "2026-02-28T12:00:00Z",
    expires: str = WEEK,
    of: Subject | None = None,
) -> Piece:
    """That ``pieces`` are all there is."""

    def make(subject: Subject) -> Referrer:
        about = of or subject
        digests = sorted(str(piece(about).digest) for piece in pieces)
        said = {
            "sequence": sequence,
            "issued": issued,
            "expires": expires,
            "evidence": [{"anchor": str(about.manifest.digest), "digests": digests}],
        }
        signed = by(
            who,
            names.PREDICATE_SEAL,
            said,
            about=lambda _: only_manifest(about),
            payload_type=names.SEAL_PAYLOAD,
        )
        return signed(subject)

    return make


def cases() -> list[Case]:
    signed = by("release")
    revoked = revoke("security", signed)
    unproven = {"signed": "signature-verified"}

    def unsealed(name: str, code: str, *pieces: Piece, trick: str, naive: str) -> Case:
        found = unproven | {"not-revoked": f"absence-{code}", "not-withdrawn": f"absence-{code}"}
        return doubtful(name, "sealed", *pieces, findings=found, trick=trick, naive=naive, now=NOW)

    return [
        admitted("sealed", "sealed", signed, seal("security", [signed]), findings=GOOD, trick="none: sealed", now=NOW),
        admitted(
            "more-than-sealed",
            "sealed",
            signed,
            seal("security", [signed]),
            by("alice"),
            findings=GOOD,
            now=NOW,
            trick="none: more came after the seal",
        ),
        admitted(
            "revoked-by-a-stranger",
            "listed",
            signed,
            revoke("mallory", signed),
            withdraw("mallory"),
            findings=GOOD,
            trick="a stranger revokes the signature and withdraws the package",
            naive="honours every revocation, so that anybody who may push takes packages away",
        ),
        admitted(
            "revoked-by-a-colleague",
            "listed",
            signed,
            revoke("laptop", signed),
            findings=GOOD,
            trick="somebody who may sign, too, revokes what another has signed",
            naive="honours the revocations of everybody whom the policy names",
        ),
        admitted(
            "sealed-as-a-whole",
            "sealed",
            signed,
            findings=GOOD,
            now=NOW,
            spoil=_seal_store([signed]),
            trick="none: a seal of the whole store",
        ),
        denied(
            "revoked",
            "listed",
            signed,
            revoked,
            findings=GOOD | {"signed": "signature-missing", "not-revoked": "revocation-found"},
            trick="the signature is there, and its revocation too",
            naive="does not look for revocations",
        ),
        denied(
            "revoked-by-its-signer",
            "listed",
            signed,
            revoke("release", signed),
            findings=GOOD | {"signed": "signature-missing"},
            trick="whoever signed has taken it back, without being named by a rule about revocations",
            naive="honours revocations by the security team only",
        ),
        denied(
            "revoked-and-back",
            "listed",
            by("release", note="a copy"),
            _revoke_statement("security", signed),
            findings=GOOD | {"signed": "signature-missing", "not-revoked": "revocation-found"},
            trick="what was revoked comes back in another manifest",
            naive="compares the digests of manifests",
        ),
        denied(
            "revocation-undone-by-another",
            "listed",
            signed,
            revoked,
            revoke("release", revoked),
            findings=GOOD | {"signed": "signature-missing", "not-revoked": "revocation-found"},
            trick="whoever signed revokes the revocation",
            naive="lets anybody who is trusted undo what the security team did",
        ),
        denied(
            "revocation-undone-by-an-old-key",
            "listed",
            signed,
            revoke("ended", signed),
            revoke("ended", revoke("ended", signed)),
            findings=GOOD | {"signed": "signature-missing", "not-revoked": "revocation-found"},
            trick="a revocation by a key that has ended, undone by the same key",
            naive="treats a key that has ended alike, whether it takes away or gives back",
        ),
        denied(
            "withdrawn",
            "listed",
            signed,
            withdraw("security"),
            findings=GOOD | {"not-withdrawn": "withdrawal-found"},
            trick="signed, and withdrawn as malicious",
            naive="does not look for withdrawals",
        ),
        unsealed(
            "unsealed",
            "unsealed",
            signed,
            trick="nothing stands against it, and nothing proves that",
            naive="takes silence for absence",
        ),
        unsealed(
            "sealed-by-a-stranger",
            "unsealed",
            signed,
            seal("mallory", [signed]),
            trick="a seal by somebody whom the rule does not name",
            naive="believes whoever says that all is there",
        ),
        unsealed(
            "seal-of-another",
            "unsealed",
            signed,
            seal("security", [], of=package("another")),
            trick="a seal of another package, hung on this one",
            naive="verifies the seal and not what it seals",
        ),
        unsealed(
            "seal-from-the-future",
            "unsealed",
            signed,
            seal("security", [signed], issued="2026-03-02T00:00:00Z"),
            trick="a seal that is issued tomorrow",
            naive="looks only when it expires",
        ),
        unsealed(
            "seal-expired",
            "expired",
            signed,
            seal("security", [signed], issued="2026-02-01T12:00:00Z", expires="2026-02-28T12:00:00Z"),
            trick="a seal that expired yesterday: what came since is hidden",
            naive="takes a seal for good",
        ),
        unsealed(
            "older-seal-with-a-longer-life",
            "expired",
            signed,
            seal("security", [signed], sequence=1, expires="2027-01-01T00:00:00Z"),
            seal("security", [signed, revoked], sequence=2, expires="2026-02-28T18:00:00Z"),
            trick="the latest seal has expired, and an older one would hold for months",
            naive="takes any seal that holds",
        ),
        unsealed(
            "revocation-hidden",
            "hidden",
            signed,
            seal("security", [signed, revoked]),
            trick="the revocation is sealed, and the store does not show it",
            naive="sees nothing that stands against the package",
        ),
        doubtful(
            "hidden-from-the-whole-seal",
            "sealed",
            signed,
            findings=unproven | {"not-revoked": "absence-hidden", "not-withdrawn": "absence-hidden"},
            now=NOW,
            spoil=_seal_store([signed, revoked]),
            trick="the seal of the whole store has a revocation that the store does not show",
            naive="looks for seals at the package only",
        ),
        unsealed(
            "older-seal-beside-the-latest",
            "hidden",
            signed,
            seal("security", [signed], sequence=1),
            seal("security", [signed, revoked], sequence=2),
            trick="an older seal, of before the revocation, beside the latest",
            naive="is content with one seal of which all is there",
        ),
    ]


def _seal_store(pieces: Sequence[Piece]) -> Spoil:
    """A seal that hangs on what stands for the whole store."""
    return lambda shelf, subject: shelf.add(seal("security", pieces, of=subject)(whole_store()))


def _revoke_statement(who: str, piece: Piece) -> Piece:
    """Of the signed statement, in whatever manifest."""

    def make(subject: Subject) -> Referrer:
        found = piece(subject)
        said = revocation(str(found.digest))
        said["evidence"][0]["statement"] = str(Digest.of(statement(itself(subject), SIGN)))
        return by(who, names.PREDICATE_REVOCATION, said, payload_type=names.REVOCATION_PAYLOAD)(subject)

    return make
