"""Images: signatures over manifests, in cosign's older form and in Notation's."""

from __future__ import annotations

from datetime import UTC, datetime

from attest import names
from attest.evidence.model import Subject
from attest.oci import strict_json
from attest.oci.descriptor import Descriptor
from attest.oci.digest import Digest
from attest.oci.manifest import Manifest, write_image
from tests.hostile.case import NOW, Case, Spoil, admitted, denied
from tests.hostile.formats import notation, simple, simple_payload, tagged
from tests.hostile.making import Piece, Shelf, by

MISSING = {"signed": "signature-missing"}
GOOD = {"signed": "signature-verified"}
APP = "registry.example/acme/app"
LAYER = b"not really a layer\n"


def manifest_of(name: str) -> Manifest:
    """An image of its own for every case."""
    config = strict_json.write({"architecture": "amd64", "os": "linux", "config": {"Labels": {"case": name}}})
    layers = [Descriptor.of("application/vnd.oci.image.layer.v1.tar", LAYER)]
    return write_image(artifact_type="", config=Descriptor.of(names.OCI_IMAGE_CONFIG, config), layers=layers)


def image(name: str, repository: str = APP) -> Subject:
    return Subject(manifest_of(name).descriptor(), name=repository, image=repository)


def _tagged(payload_of: str, name: str) -> Spoil:
    digest = str(image(payload_of).manifest.digest)
    return lambda shelf, _: tagged(shelf, image(name), simple_payload(digest), "release")


def store_image(shelf: Shelf, name: str) -> None:
    manifest = manifest_of(name)
    shelf.blob(LAYER)
    shelf.blob(strict_json.write({"architecture": "amd64", "os": "linux", "config": {"Labels": {"case": name}}}))
    shelf.manifest(manifest)


def cases() -> list[Case]:
    other = image("another-image")

    def good(name: str, *pieces: Piece, trick: str, spoil: Spoil | None = None) -> Case:
        return admitted(name, "images", *pieces, findings=GOOD, subject=image(name), now=NOW, trick=trick, spoil=spoil)

    def refused(name: str, *pieces: Piece, trick: str, naive: str, spoil: Spoil | None = None) -> Case:
        return denied(
            name,
            "images",
            *pieces,
            findings=MISSING,
            subject=image(name),
            now=NOW,
            trick=trick,
            naive=naive,
            spoil=spoil,
        )

    return [
        good("image-in-a-bundle", by("release"), trick="none: a bundle"),
        good("image-simply-signed", simple("release"), trick="none: simple signing, as a referrer"),
        good(
            "image-under-a-tag",
            trick="none: simple signing under cosign's tag",
            spoil=_tagged("image-under-a-tag", "image-under-a-tag"),
        ),
        good("image-with-a-certificate", notation("office"), trick="none: a Notation signature"),
        refused(
            "payload-of-another-image",
            simple("release", simple_payload(str(other.manifest.digest))),
            trick="a simple signing payload about another image, attached to this one",
            naive="verifies the signature and does not read the payload's digest",
        ),
        refused(
            "tag-of-another-image",
            trick="the same under the tag that cosign would look for",
            naive="believes the tag",
            spoil=_tagged("another-image", "tag-of-another-image"),
        ),
        refused(
            "payload-by-name",
            simple("release", simple_payload("sha256:" + "0" * 64)),
            trick="a payload with the right repository and a digest of nothing",
            naive="compares the payload's docker-reference",
        ),
        refused(
            "notation-of-another-image",
            notation("office", target=other.manifest.plain()),
            trick="a Notation signature over another image, attached to this one",
            naive="verifies the envelope and does not read its target",
        ),
        refused(
            "notation-with-another-size",
            _other_size("notation-with-another-size"),
            trick="the right digest in the signed target, with another size",
            naive="compares digests only; the specification wants the whole descriptor",
        ),
        refused(
            "notation-under-another-ca",
            notation("mallory", ca="mallory-ca"),
            trick="a certificate with the same subject under a CA with the same name",
            naive="compares names",
        ),
        refused(
            "notation-for-another-subject",
            notation("office", subject="C=US,ST=WA,O=Acme Evil,CN=Release"),
            trick="the right CA, and an organisation whose name begins alike",
            naive="compares the text of subjects by their beginning",
        ),
        refused(
            "notation-expired",
            notation("office", expiry=datetime(2026, 2, 28, tzinfo=UTC)),
            trick="the signature said itself that it would hold until yesterday",
            naive="looks at the certificate's end only",
        ),
        refused(
            "signed-document-of-an-image",
            by("release", names.PREDICATE_CYCLONEDX, {"bomFormat": "CycloneDX", "specVersion": "1.6"}),
            trick="an SBOM of the image is signed, the image is not",
            naive="counts every statement by the right key",
        ),
        denied(
            "image-look-alike",
            "images",
            by("release"),
            findings={"-": "policy-not-applicable"},
            subject=image("image-look-alike", "registry.example/acme-evil/app"),
            now=NOW,
            trick="rightly signed, in registry.example/acme-evil",
            naive="matches registry.example/acme*",
        ),
    ]


def _other_size(name: str) -> Piece:
    target = image(name).manifest.plain()
    return notation("office", target=Descriptor(target.media_type, Digest.parse(str(target.digest)), target.size + 1))
