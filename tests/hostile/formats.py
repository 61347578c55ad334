"""Other ways to sign than a bundle with a key: simple signing, Notation, certificates with a log."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding

from attest import names
from attest.evidence.model import Subject
from attest.oci import strict_json
from attest.oci.descriptor import EMPTY, EMPTY_BYTES, Descriptor
from attest.oci.manifest import Manifest, write_image
from attest.signing.notation.algorithms import EC, Algorithm
from attest.signing.notation.manifest import write_manifest
from attest.signing.notation.sign import EnvelopeSigner, Request
from tests.hostile.keys import NamedKey, curve_key
from tests.hostile.making import SIGN, About, Json, Piece, Referrer, Shelf, attached, itself, statement
from tests.signing.notation import pki
from tests.signing.sigstore import forge
from tests.signing.sigstore.forge import Forged, Log, Sigstore, fulcio, utf8_string

APP = "https://github.com/acme/app"
WORKFLOW = f"{APP}/.github/workflows/release.yml@refs/tags/v1"
BEGIN, END = datetime(2026, 1, 1, tzinfo=UTC), datetime(2126, 1, 1, tzinfo=UTC)
SIGNED_AT = datetime(2026, 2, 1, tzinfo=UTC)

# --- simple signing -------------------------------------------------------------------------------------------------


def simple_payload(digest: str) -> bytes:
    """Of cosign, about the manifest with that digest."""
    return strict_json.write(
        {
            "critical": {
                "identity": {"docker-reference": "registry.example/acme/app"},
                "image": {"docker-manifest-digest": digest},
                "type": "cosign container image signature",
            },
            "optional": None,
        }
    )


def tagged(shelf: Shelf, subject: Subject, payload: bytes, who: str) -> None:
    """A signature over ``payload`` under the `.sig` tag of ``subject``, as cosign wrote them before bundles."""
    manifest = _simple(payload, who)
    shelf.blob(payload)
    shelf.blob(EMPTY_BYTES)
    digest = subject.manifest.digest
    shelf.manifest(manifest, f"{digest.algorithm}-{digest.encoded}.sig")


def simple(who: str, payload: bytes | None = None) -> Piece:
    """The same as a referrer."""

    def make(subject: Subject) -> Referrer:
        content = payload or simple_payload(str(subject.manifest.digest))
        manifest = _simple(content, who, subject)
        return Referrer(manifest, (content, EMPTY_BYTES), manifest.listing_descriptor())

    return make


def _simple(payload: bytes, who: str, subject: Subject | None = None) -> Manifest:
    signature = base64.b64encode(NamedKey(who).sign(payload)).decode()
    layer = replace(
        Descriptor.of(names.SIMPLE_SIGNING, payload), annotations={names.ANNOTATION_COSIGN_SIGNATURE: signature}
    )
    return write_image(
        artifact_type=names.SIMPLE_SIGNING,
        config=EMPTY,
        layers=[layer],
        subject=None if subject is None else subject.manifest,
    )


# --- Notation -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Office:
    """`attest.signing.notation.sign.RawSigner` with the certificate of a named key under a named CA."""

    who: str
    ca: str
    subject: str = "C=US,ST=WA,O=Acme,CN=Release"
    agent: str = "attest-hostile-corpus"

    @property
    def algorithm(self) -> Algorithm:
        return EC[0]

    def sign(self, message: bytes) -> tuple[bytes, tuple[bytes, ...]]:
        r, s = decode_dss_signature(NamedKey(self.who).sign(message))
        leaf = _certificate(self.subject, self.who, self.ca, pki.CODE, 2)
        chain = tuple(item.public_bytes(Encoding.DER) for item in (leaf, authority(self.ca)))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big"), chain


@cache
def authority(ca: str) -> x509.Certificate:
    """The CA with that name; all call themselves alike."""
    return _certificate("C=US,ST=WA,O=Acme,CN=Root", ca, ca, pki.CA, 1)


def _certificate(subject: str, key: str, ca: str, extensions: pki.Extensions, serial: int) -> x509.Certificate:
    builder = (
        x509.CertificateBuilder()
        .subject_name(pki.name(subject))
        .issuer_name(pki.name("C=US,ST=WA,O=Acme,CN=Root"))
        .public_key(curve_key(key).public_key())
        .serial_number(serial)
        .not_valid_before(BEGIN)
        .not_valid_after(END)
    )
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    return builder.sign(curve_key(ca), hashes.SHA256(), ecdsa_deterministic=True)


def notation(
    who: str,
    *,
    ca: str = "acme-ca",
    subject: str = _Office.subject,
    target: Descriptor | None = None,
    expiry: datetime | None = None,
) -> Piece:
    """A JWS by the key ``who`` over ``target``, which is what it hangs on unless that is given."""

    def make(about: Subject) -> Referrer:
        request = Request(target or about.manifest.plain(), names.NOTATION_JWS, SIGNED_AT, expiry)
        signed = EnvelopeSigner(_Office(who, ca, subject)).sign(request)
        layer = Descriptor.of(names.NOTATION_JWS, signed.envelope)
        manifest = write_manifest(layer, about.manifest, signed.thumbprints, created=SIGNED_AT, annotations={})
        return Referrer(manifest, (signed.envelope, EMPTY_BYTES), manifest.listing_descriptor())

    return make


# --- certificates with a log ----------------------------------------------------------------------------------------


def _instance(name: str) -> Sigstore:
    return Sigstore(
        curve_key(f"{name} root"),
        curve_key(f"{name} authority"),
        Log(curve_key(f"{name} certificates"), "ct.example"),
        Log(curve_key(f"{name} log")),
    )


OURS, THEIRS = _instance("ours"), _instance("theirs")


def run(
    san: str = WORKFLOW,
    *,
    issuer: str = "https://issuer.example",
    source: str = APP,
    ref: str = "refs/tags/v1",
    runner: str = "github-hosted",
) -> tuple[x509.ExtensionType, ...]:
    """What a certificate of Fulcio's says of a workflow (fulcio, docs/oid-info.md)."""
    return (
        x509.SubjectAlternativeName([x509.UniformResourceIdentifier(san)]),
        fulcio(8, utf8_string(issuer)),
        fulcio(11, utf8_string(runner)),
        fulcio(12, utf8_string(source)),
        fulcio(14, utf8_string(ref)),
    )


def keyless(
    predicate_type: str = SIGN,
    predicate: Json | None = None,
    *,
    identity: tuple[x509.ExtensionType, ...] | None = None,
    sigstore: Sigstore = OURS,
    after: timedelta = forge.MINUTE,
    began: datetime = forge.NOW,
    about: About = itself,
    change: Callable[[Json, Callable[[bytes], Json]], Json] = lambda bundle, _: bundle,
    key: str = "run",
) -> Piece:
    """A statement by a workflow, logged ``after`` its certificate ``began``. ``change`` gets the bundle in JSON, and
    what makes that of another payload."""

    def make(subject: Subject) -> Referrer:
        def forged(payload: bytes) -> Json:
            certificate = sigstore.certificate(curve_key(key), identity or run(), at=began)
            return Forged(sigstore, curve_key(key), payload=payload, certificate=certificate, at=began + after).json()

        value = change(forged(statement(about(subject), predicate_type, predicate)), forged)
        return attached(json.dumps(value, sort_keys=True).encode(), subject, predicate_type)

    return make
