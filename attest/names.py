"""Every name that `attest` writes on the wire or looks for there. Nothing else stands here."""

from __future__ import annotations

from typing import Final

# --- OCI image-spec v1.1 (media types, reserved annotations) ---------------------------------------------------------
OCI_MANIFEST: Final = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX: Final = "application/vnd.oci.image.index.v1+json"
OCI_IMAGE_CONFIG: Final = "application/vnd.oci.image.config.v1+json"
OCI_EMPTY: Final = "application/vnd.oci.empty.v1+json"
DOCKER_MANIFEST: Final = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_INDEX: Final = "application/vnd.docker.distribution.manifest.list.v2+json"
ANNOTATION_CREATED: Final = "org.opencontainers.image.created"
ANNOTATION_REF_NAME: Final = "org.opencontainers.image.ref.name"
ANNOTATION_TITLE: Final = "org.opencontainers.image.title"

# --- OCI image layouts (image-layout.md; olareg types/annotations.go) -------------------------------------------------
LAYOUT_VERSION: Final = "1.0.0"
ANNOTATION_OLAREG_CONVERTED: Final = "org.olareg.referrer.convert"
ANNOTATION_OLAREG_SUBJECT: Final = "org.olareg.referrer.subject"

# --- registries without the referrers API (docs/decisions/0005-registry-client.md) -----------------------------------
ANNOUNCEMENT: Final = ".ref-"
"""Between a subject's fallback tag and the first 32 hex digits of a referrer's digest."""

# --- attest (design.md §4) -------------------------------------------------------------------------------------------
VERSION_ANCHOR: Final = "application/vnd.attest.version.v1"
ANCHOR: Final = "application/vnd.attest.artifact.v1"
SEALED: Final = "application/vnd.attest.sealed.v1"
"""The manifest that stands for a whole store, so that seals can refer to it (docs/decisions/0013-lifecycle.md)."""
SEALED_REPOSITORY: Final = "attest-sealed"
"""Where it lies in a store with one repository a package; packages have at least two components."""
PACK: Final = "application/vnd.attest.pack.v1"
PACK_CONTENTS: Final = "application/vnd.attest.pack.contents.v1+json"
PACK_POLICY: Final = "application/vnd.attest.pack.policy.v1+yaml"
PACK_TRUSTED: Final = "application/vnd.attest.pack.trusted.v1"
PACK_TAG: Final = "attest-pack"
POLICY: Final = "application/vnd.attest.policy.v1"
POLICY_DOCUMENT: Final = "application/vnd.attest.policy.document.v1+yaml"
POLICY_FILE: Final = "application/vnd.attest.policy.file.v1"
ORIGINAL: Final = "application/vnd.attest.original.v1"
ANNOTATION_FORM: Final = "dev.attest.form"
ANNOTATION_PURL: Final = "dev.attest.purl"
ANNOTATION_DIGEST: Final = "dev.attest.digest"
ANNOTATION_PLATFORM: Final = "dev.attest.platform"
"""What a file is for, as its ecosystem writes it: in release statements and in indexes of anchors."""
ANNOTATION_SIZE: Final = "dev.attest.size"
"""The size of a file in bytes, a number: in release statements."""

# --- Sigstore (protobuf-specs sigstore_bundle.proto; cosign BUNDLE_SPEC.md) ------------------------------------------
BUNDLE_PREFIX: Final = "application/vnd.dev.sigstore.bundle"
BUNDLE_V01: Final = "application/vnd.dev.sigstore.bundle+json;version=0.1"
BUNDLE_V03: Final = "application/vnd.dev.sigstore.bundle.v0.3+json"
ANNOTATION_BUNDLE_CONTENT: Final = "dev.sigstore.bundle.content"
ANNOTATION_BUNDLE_PREDICATE: Final = "dev.sigstore.bundle.predicateType"
BUNDLE_CONTENT_DSSE: Final = "dsse-envelope"
BUNDLE_CONTENT_MESSAGE: Final = "message-signature"

# --- cosign before bundles (cosign SIGNATURE_SPEC.md, ATTESTATION_SPEC.md) --------------------------------------------
SIMPLE_SIGNING: Final = "application/vnd.dev.cosign.simplesigning.v1+json"
DSSE_ENVELOPE: Final = "application/vnd.dsse.envelope.v1+json"
ANNOTATION_COSIGN_SIGNATURE: Final = "dev.cosignproject.cosign/signature"
ANNOTATION_COSIGN_CERTIFICATE: Final = "dev.sigstore.cosign/certificate"
ANNOTATION_COSIGN_BUNDLE: Final = "dev.sigstore.cosign/bundle"
ANNOTATION_COSIGN_TIMESTAMP: Final = "dev.sigstore.cosign/rfc3161timestamp"
ANNOTATION_COSIGN_PREDICATE: Final = "predicateType"

# --- Notary Project (signature-specification.md; signature-envelope-jws.md, -cose.md) --------------------------------
NOTATION_SIGNATURE: Final = "application/vnd.cncf.notary.signature"
NOTATION_PAYLOAD: Final = "application/vnd.cncf.notary.payload.v1+json"
NOTATION_JWS: Final = "application/jose+json"
NOTATION_COSE: Final = "application/cose"
NOTATION_ENVELOPES: Final = (NOTATION_JWS, NOTATION_COSE)
ANNOTATION_THUMBPRINTS: Final = "io.cncf.notary.x509chain.thumbprint#S256"

# --- in-toto and DSSE ------------------------------------------------------------------------------------------------
IN_TOTO_PAYLOAD: Final = "application/vnd.in-toto+json"
PACK_PAYLOAD: Final = "application/vnd.in-toto.pack+json"
REVOCATION_PAYLOAD: Final = "application/vnd.in-toto.revocation+json"
WITHDRAWAL_PAYLOAD: Final = "application/vnd.in-toto.withdrawal+json"
FAILED_VSA_PAYLOAD: Final = "application/vnd.in-toto.failed-vsa+json"
"""Of a verification summary that says FAILED; one that says PASSED stands in in-toto's own."""
SEAL_PAYLOAD: Final = "application/vnd.in-toto.seal+json"
STATEMENT_V1: Final = "https://in-toto.io/Statement/v1"
STATEMENT_V01: Final = "https://in-toto.io/Statement/v0.1"

# --- predicate types -------------------------------------------------------------------------------------------------
PREDICATE_COSIGN_SIGN: Final = "https://sigstore.dev/cosign/sign/v1"
PREDICATE_CYCLONEDX: Final = "https://cyclonedx.org/bom"
PREDICATE_SPDX: Final = "https://spdx.dev/Document"
PREDICATES_SBOM: Final = (
    PREDICATE_CYCLONEDX,
    *(f"{PREDICATE_CYCLONEDX}/v1.{minor}" for minor in range(2, 8)),
    PREDICATE_SPDX,
    f"{PREDICATE_SPDX}/v2.3",
    f"{PREDICATE_SPDX}/v3",
)
"""The aliases that exist (in-toto attestation spec/predicates); compared as whole strings, never by prefix."""
PREDICATE_PACK: Final = "https://attest.dev/pack/v1"
PREDICATE_REVOCATION: Final = "https://attest.dev/revocation/v1"
PREDICATE_WITHDRAWAL: Final = "https://attest.dev/withdrawal/v1"
PREDICATE_SEAL: Final = "https://attest.dev/seal/v1"
PREDICATE_PYPI_PUBLISH: Final = "https://docs.pypi.org/attestations/publish/v1"
PREDICATE_NPM_PUBLISH: Final = "https://github.com/npm/attestation/tree/main/specs/publish/v0.1"
PREDICATE_SLSA_V1: Final = "https://slsa.dev/provenance/v1"
PREDICATE_SLSA_V02: Final = "https://slsa.dev/provenance/v0.2"
PREDICATE_RELEASE: Final = "https://in-toto.io/attestation/release/v0.1"
PREDICATE_RELEASE_V02: Final = "https://in-toto.io/attestation/release/v0.2"
PREDICATES_RELEASE: Final = (PREDICATE_RELEASE, PREDICATE_RELEASE_V02)

PREDICATE_VSA: Final = "https://slsa.dev/verification_summary/v1"
EXTENSION_VERDICT: Final = "https://attest.dev/verdict/v1"
"""The field of a verification summary with what the summary's own fields cannot say."""
PREDICATE_LINK: Final = "https://in-toto.io/Link/v1"
PREDICATE_COSIGN_CUSTOM: Final = "https://cosign.sigstore.dev/attestation/v1"
PREDICATE_COSIGN_VULN: Final = "https://cosign.sigstore.dev/attestation/vuln/v1"
PREDICATES_COSIGN_VULN: Final = (PREDICATE_COSIGN_VULN, "cosign.sigstore.dev/attestation/vuln/v1")
PREDICATES_VULNS: Final = tuple(f"https://in-toto.io/attestation/vulns/v0.{minor}" for minor in (1, 2))
PREDICATE_SCAN: Final = "https://attest.dev/scan/v1"
"""A scanner's own report, in whatever form: SARIF, Trivy's, Grype's, pip-audit's, OSV-Scanner's."""
PREDICATES_SCAN: Final = (
    *PREDICATES_COSIGN_VULN,
    *PREDICATES_VULNS,
    PREDICATE_SCAN,
    "https://json.schemastore.org/sarif-2.1.0.json",
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json",
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
)
PREDICATE_OPENVEX: Final = "https://openvex.dev/ns"
PREDICATE_CSAF: Final = "https://docs.oasis-open.org/csaf/csaf/v2.0/csaf_json_schema.json"
PREDICATES_VEX: Final = (
    PREDICATE_OPENVEX,
    *(f"{PREDICATE_OPENVEX}/v0.{rest}" for rest in ("0.1", "0.2", "2.0")),
    PREDICATE_CSAF,
)

# --- document media types --------------------------------------------------------------------------------------------
CYCLONEDX_JSON: Final = "application/vnd.cyclonedx+json"
SPDX_JSON: Final = "application/spdx+json"
SARIF_JSON: Final = "application/sarif+json"

# --- properties in SBOMs that attest makes (CycloneDX: properties; SPDX 2: lines of a comment) -----------------------
NOTE_REQUIREMENT: Final = "attest:requirement"
"""With a scope behind it, such as ``attest:requirement:runtime``: the versions that will do, as written there."""
NOTE_UNSAID: Final = "attest:requirements"
"""``unknown`` where a file does not say what it needs."""
NOTE_PLATFORM: Final = "attest:platform"
NOTE_FILE: Final = "attest:file"
NOTE_DIGEST: Final = "attest:digest"
"""A digest by an algorithm of its ecosystem's own, or one of several files: ``algorithm:hex``."""
NOTE_FROM: Final = "attest:from"
"""The SBOM in the package that a component was taken over from, by its path."""
NOTE_SAID: Final = "attest:said"
"""What an SBOM in the package says of the package itself and nothing else does: ``path: what``."""
NOTE_LOCK: Final = "attest:lock"
"""What a lockfile says of an entry: why it has no digest, or on what condition it is installed."""
