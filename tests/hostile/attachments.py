"""Documents that nobody signed, in manifests that somebody did: which document, and attached to what."""

from __future__ import annotations

from attest import names
from attest.evidence.model import Subject
from attest.oci import strict_json
from tests.hostile.case import Case, Spoil, admitted, denied, package
from tests.hostile.documents import bom
from tests.hostile.listings import respond
from tests.hostile.making import Json, Referrer, Shelf, by, referrer

MISSING = {"sbom": "sbom-missing"}


def document(subject: Subject, *, main: Json | None = None) -> Referrer:
    """An SBOM of ``subject`` as ``oras attach`` attaches it."""
    media_type = names.CYCLONEDX_JSON
    return referrer(subject, strict_json.write(bom(subject, main=main)), media_type, media_type)


def over(found: Referrer) -> Subject:
    """A manifest as what somebody signs."""
    return Subject(found.manifest.descriptor(), name="a document")


def _signed_by(who: str) -> Spoil:
    def spoil(shelf: Shelf, subject: Subject) -> None:
        found = document(subject)
        shelf.add(found)
        shelf.add(by(who)(over(found)))

    return spoil


def _signed_instead(shelf: Shelf, subject: Subject) -> None:
    """The signature of another document, hung on this one's manifest."""
    honest, other = document(subject), document(subject, main={"supplier": {"name": "another"}})
    shelf.add(honest)
    signature = by("release", about=lambda _: [{"digest": {"sha256": other.digest.encoded}}])
    shelf.add(signature(over(honest)))


def _of_another(shelf: Shelf, subject: Subject) -> None:
    """Another package's document with its signature, and this package's tag lists the document."""
    found = document(package("victim"))
    shelf.add(found)
    shelf.add(by("release")(over(found)))
    respond(shelf, subject, found)


def _attested(shelf: Shelf, subject: Subject) -> None:
    """About the document's manifest there is an attestation, and no signature."""
    found = document(subject)
    shelf.add(found)
    shelf.add(by("release", "https://in-toto.io/attestation/test-result/v0.1", {"result": "FAILED"})(over(found)))


def cases() -> list[Case]:
    return [
        admitted(
            "signed-by-its-manifest",
            "sbom",
            findings={"sbom": "sbom-verified"},
            spoil=_signed_by("release"),
            trick="none: the manifest of an attached SBOM is signed, as cosign does with attachments",
        ),
        denied(
            "manifest-signed-by-a-stranger",
            "sbom",
            findings=MISSING,
            spoil=_signed_by("mallory"),
            trick="a stranger has signed the manifest of the SBOM",
            naive="asks whether it is signed",
        ),
        denied(
            "signature-of-another-document",
            "sbom",
            findings=MISSING,
            spoil=_signed_instead,
            trick="the signature of another document hangs on this one's manifest",
            naive="takes what is attached to a manifest for what is said of it",
        ),
        denied(
            "document-of-another-package",
            "sbom",
            findings=MISSING,
            spoil=_of_another,
            trick="a signed SBOM of another package, listed for this one",
            naive="does not look at the subject of the document's manifest, which is what was signed",
        ),
        denied(
            "attested-is-not-signed",
            "sbom",
            findings=MISSING,
            spoil=_attested,
            trick="somebody has attested that the SBOM failed a test",
            naive="counts every statement about the document as its signature",
        ),
    ]
