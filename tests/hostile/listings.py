"""What a store says: listings that are cut off, lie, or name what is not there."""

from __future__ import annotations

from attest import limits, names
from attest.evidence.model import Subject
from attest.oci import strict_json
from attest.oci.descriptor import EMPTY, EMPTY_BYTES, Descriptor
from attest.oci.digest import Digest
from attest.oci.manifest import write_image, write_index
from attest.stores.layout_referrers import fallback_tag
from tests.hostile.bindings import of
from tests.hostile.case import Case, Spoil, admitted, denied, doubtful, package
from tests.hostile.formats import simple_payload, tagged
from tests.hostile.lifecycles import revoke, withdraw
from tests.hostile.making import SIGN, Piece, Referrer, Shelf, by, listed_as, referrer

MISSING = {"signed": "signature-missing"}
GOOD = {"signed": "signature-verified"}
CUT = {"-": "listing-incomplete"}


def _cut_off(shelf: Shelf, subject: Subject) -> None:
    """A response that lists the referrers, and is not there."""
    response = write_index([by("mallory")(subject).listed])
    shelf.list(response.descriptor(), fallback_tag(subject.manifest.digest))


def _lost(piece: Piece) -> Spoil:
    """The manifest of ``piece`` is listed and not there."""

    def spoil(shelf: Shelf, subject: Subject) -> None:
        found = piece(subject)
        shelf.add(found)
        shelf.lose(found.digest)

    return spoil


def _lost_bundle(piece: Piece) -> Spoil:
    """The manifest of ``piece`` is there, and what it names is not."""

    def spoil(shelf: Shelf, subject: Subject) -> None:
        found = piece(subject)
        shelf.add(found)
        shelf.lose(Digest.of(found.blobs[0]))

    return spoil


def _other_bytes(shelf: Shelf, subject: Subject) -> None:
    """A stranger's signature where the releaser's was, under its digest."""
    honest, other = by("release")(subject), by("mallory")(subject)
    shelf.add(honest)
    shelf.blob(other.manifest.raw, honest.digest)


def _other_bundle(shelf: Shelf, subject: Subject) -> None:
    """The bundle's bytes are others than its manifest says."""
    signed, other = by("mallory")(subject), by("release")(subject)
    shelf.add(signed)
    shelf.blob(other.blobs[0], Digest.of(signed.blobs[0]))


def _listed_for_another(shelf: Shelf, subject: Subject) -> None:
    """The fallback tag of this package lists the signature of another."""
    other = by("release")(package("victim"))
    shelf.add(other)
    respond(shelf, subject, other)


def respond(shelf: Shelf, subject: Subject, found: Referrer) -> None:
    """List ``found`` under the fallback tag of ``subject``."""
    response = write_index([found.listed])
    shelf.blob(response.raw)
    shelf.list(response.descriptor(), fallback_tag(subject.manifest.digest))


def _tag_of_another(shelf: Shelf, subject: Subject) -> None:
    payload = simple_payload(str(package("victim").manifest.digest))
    tagged(shelf, subject, payload, "release")


def _as(media_type: str, artifact_type: str) -> Piece:
    """The releaser's bundle in a layer that says it is something else."""
    return lambda subject: referrer(subject, by("release")(subject).blobs[0], media_type, artifact_type)


def _with_config(subject: Subject) -> Referrer:
    """A document whose config says that it is a Notation signature."""
    raw = by("release", names.PREDICATE_CYCLONEDX, {"bomFormat": "CycloneDX"})(subject).blobs[0]
    manifest = write_image(
        artifact_type="",
        config=Descriptor(names.NOTATION_SIGNATURE, EMPTY.digest, EMPTY.size),
        layers=[Descriptor.of(names.NOTATION_JWS, raw)],
        subject=subject.manifest,
    )
    return Referrer(manifest, (raw, EMPTY_BYTES), manifest.listing_descriptor())


def _claims_to_be_large(number: int) -> Piece:
    def make(subject: Subject) -> Referrer:
        layer = Descriptor(names.BUNDLE_V03, Digest.of(b"never there %d" % number), 30 * limits.MIB)
        manifest = write_image(artifact_type=names.BUNDLE_V03, config=EMPTY, layers=[layer], subject=subject.manifest)
        return Referrer(manifest, (EMPTY_BYTES,), manifest.listing_descriptor())

    return make


def _oversized(subject: Subject) -> Referrer:
    """A layer that says it has a gigabyte; nobody has to find out that it does not."""
    layer = Descriptor(names.BUNDLE_V03, Digest.of(b"never there"), limits.EVIDENCE_BLOB * 32)
    manifest = write_image(artifact_type=names.BUNDLE_V03, config=EMPTY, layers=[layer], subject=subject.manifest)
    return Referrer(manifest, (EMPTY_BYTES,), manifest.listing_descriptor())


def _many_layers(subject: Subject) -> Referrer:
    """Two bundles in one manifest: for some a bundle, for others none."""
    bundles = [by(who)(subject).blobs[0] for who in ("mallory", "release")]
    layers = [Descriptor.of(names.BUNDLE_V03, raw) for raw in bundles]
    manifest = write_image(artifact_type=names.BUNDLE_V03, config=EMPTY, layers=layers, subject=subject.manifest)
    return Referrer(manifest, (*bundles, EMPTY_BYTES), manifest.listing_descriptor())


def cases() -> list[Case]:
    signed = by("release")
    junk = [
        (lambda subject, n=n: referrer(subject, strict_json.write({"n": n}), "application/json", "application/x"))
        for n in range(30)
    ]
    return [
        admitted(
            "flooded",
            "signed",
            *junk,
            signed,
            findings=GOOD,
            trick="thirty worthless attachments, and one signature",
            naive="stops after a few",
        ),
        admitted(
            "listed-as-something-else",
            "signed",
            listed_as(signed, artifact_type="application/octet-stream", annotations={}),
            findings=GOOD,
            trick="the store lists a signature as something else, so that nobody reads it",
            naive="filters by what the listing says",
        ),
        admitted(
            "oversized",
            "signed",
            _oversized,
            signed,
            findings=GOOD,
            trick="an attachment of a gigabyte beside the signature",
            naive="downloads it",
        ),
        admitted(
            "many-large-ones",
            "signed",
            *(_claims_to_be_large(n) for n in range(8)),
            signed,
            findings=GOOD | CUT,
            trick="eight attachments that say they have 30 MiB each, which is more than is read for one subject",
            naive="spends its allowance on them, and calls the signature unread",
        ),
        admitted(
            "listing-cut-off-and-signed",
            "signed",
            signed,
            findings=GOOD | CUT,
            spoil=_cut_off,
            trick="none: a part of the listing is missing, and what is shown is enough",
        ),
        doubtful(
            "listing-cut-off",
            "signed",
            findings=MISSING | CUT,
            spoil=_cut_off,
            trick="a part of the listing is missing",
            naive="takes it for the whole, and says for certain that there is no signature",
        ),
        doubtful(
            "revocation-cut-off",
            "listed",
            signed,
            findings=GOOD | {"not-revoked": "absence-listing", "not-withdrawn": "absence-listing"} | CUT,
            spoil=_lost(revoke("security", signed)),
            trick="a revocation is listed and cannot be read",
            naive="admits, since nothing that it could read stands against the package",
        ),
        doubtful(
            "withdrawal-bundle-lost",
            "listed",
            signed,
            findings=GOOD | {"not-revoked": "absence-listing", "not-withdrawn": "absence-listing"} | CUT,
            spoil=_lost_bundle(withdraw("security")),
            trick="a withdrawal's manifest is there, and the statement is not",
            naive="rejects it as damaged evidence, and admits since nothing stands against the package",
        ),
        doubtful(
            "quarantine-cut-off",
            "tested",
            by("release", "https://in-toto.io/attestation/test-result/v0.1", {"result": "PASSED"}),
            findings={"tested": "attestation-verified", "free": "absence-listing"} | CUT,
            spoil=_lost(by("security", "https://acme.example/quarantine/v1", {"since": "2026-02-01"})),
            trick="what must not be there is listed and cannot be read",
            naive="finds none",
        ),
        doubtful(
            "signature-lost",
            "signed",
            findings=MISSING | CUT,
            spoil=_lost(signed),
            trick="the signature is listed and not there",
            naive="admits by the listing, which has the right annotations",
        ),
        doubtful(
            "bundle-lost",
            "signed",
            findings=MISSING | CUT,
            spoil=_lost_bundle(signed),
            trick="the signature's manifest is there, and its bundle is not",
            naive="admits by the manifest, which has the right annotations",
        ),
        doubtful(
            "other-bytes",
            "signed",
            findings=MISSING | CUT,
            spoil=_other_bytes,
            trick="other bytes under the digest of the releaser's signature",
            naive="does not compute digests of what it reads",
        ),
        doubtful(
            "other-bundle",
            "signed",
            findings=MISSING | CUT,
            spoil=_other_bundle,
            trick="the releaser's bundle under the digest of a stranger's",
            naive="does not compute digests of layers, so that a revocation of the manifest misses it",
        ),
        denied(
            "listed-for-another",
            "signed",
            findings=MISSING,
            spoil=_listed_for_another,
            trick="the fallback tag of this package lists the signature of another",
            naive="takes what is listed for what is attached, and any subject for the right one",
        ),
        denied(
            "tag-of-another",
            "signed",
            findings=MISSING,
            spoil=_tag_of_another,
            trick="cosign's tag for this package names a signature of another",
            naive="believes the tag",
        ),
        denied(
            "bundle-as-a-document",
            "signed",
            _as("application/json", names.BUNDLE_V03),
            findings=MISSING,
            trick="a real bundle in a layer that is said to be plain JSON: no client of cosign's reads it",
            naive="guesses by content, so that two verifiers see two sets of evidence",
        ),
        denied(
            "bundle-as-simple-signing",
            "signed",
            _as(names.SIMPLE_SIGNING, names.SIMPLE_SIGNING),
            findings=MISSING,
            trick="a bundle in a layer of simple signing",
            naive="takes another parser and is content with what that finds",
        ),
        denied(
            "bundle-as-notation",
            "signed",
            _with_config,
            findings=MISSING,
            trick="a signed SBOM whose config says that it is a Notation signature",
            naive="counts by artifact type",
        ),
        denied(
            "two-bundles-in-one",
            "signed",
            _many_layers,
            findings=MISSING,
            trick="two bundles in one manifest, a stranger's first",
            naive="reads the first, or all: the format has one",
        ),
        denied(
            "listed-as-signature",
            "signed",
            listed_as(
                by("release", names.PREDICATE_CYCLONEDX, {"bomFormat": "CycloneDX"}),
                annotations={names.ANNOTATION_BUNDLE_PREDICATE: SIGN},
            ),
            by("release", about=of(package("victim"))),
            findings=MISSING,
            trick="a signed SBOM, listed with the annotation of a signature",
            naive="admits by the listing",
        ),
    ]
