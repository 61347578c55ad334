"""Caps on what is read from others, each with its reason. Bytes unless the name says otherwise."""

from __future__ import annotations

from typing import Final

KIB: Final = 1024
MIB: Final = 1024 * KIB

MANIFEST: Final = 4 * MIB
"""OCI distribution-spec, "Pushing Manifests": registries should take 4 MiB; more may be refused with 413."""

EVIDENCE_BLOB: Final = 32 * MIB
"""Largest bundle, envelope or document read as evidence; notation-go's cap on a signature blob."""

BLOB: Final = 512 * MIB
"""Largest blob held in memory when a graph is copied; anchors and evidence are far smaller."""

EVIDENCE_TOTAL: Final = 128 * MIB
"""Most bytes of bundles read for one subject; one signature has 2 KiB, one with a large SBOM 10 MiB."""

EVIDENCE_MANIFESTS: Final = 32 * MIB
"""Most bytes of manifests read for one subject; one has 2 KiB, with its bundle inside some 15 KiB."""

SIGNATURES: Final = 1_000
"""Most layers of one manifest that are read as signatures; cosign reads as many."""

SIGNED_DOCUMENTS: Final = 32
"""Most unsigned documents of one subject for which signatures over their own manifests are looked for."""

INLINE_DATA: Final = 64 * KIB
"""Layers up to this size are also written into the descriptor's `data` (design.md §4, Evidence)."""

SEALS: Final = 16
"""Most seals of a whole store that are read, the youngest first; each replaces the one before."""

INDEX: Final = 64 * MIB
"""Largest `index.json` of a layout on disk: some 100,000 entries."""

CACHE: Final = 512 * MIB
"""Most bytes of content from registries that are kept on disk: evidence of some 50,000 packages."""

JSON_DEPTH: Final = 128
"""Deepest nesting of arrays and objects; real SBOMs and statements stay below 30."""

JSON_CONTAINERS: Final = 1_000_000
"""Most objects and arrays in one document, which take some 100 bytes of memory each; 32 MiB of SBOM have 300,000."""

JSON_NUMBER_DIGITS: Final = 32
"""Longest number; a 64-bit integer has 20 digits, a shortest-form double 24 characters."""

REFERRERS: Final = 20_000
"""Most referrers of one manifest that are listed before the listing is called incomplete."""

LISTING_PAGES: Final = 1_000
"""Most pages of one listing of referrers or tags: a registry may send short and empty ones, and link them for ever."""

LISTING_BYTES: Final = 32 * MIB
"""Most bytes of all pages of a listing of referrers: 20,000 entries of 1,600 bytes."""

LISTING_SECONDS: Final = 300.0
"""Longest time for all its pages: a registry may send each of a thousand just before the time for one is up."""

EVIDENCE_SECONDS: Final = 600.0
"""Longest time in which new manifests and bundles of one subject are asked for."""

GRAPH_MANIFESTS: Final = 500_000
"""Most manifests that are copied as one graph: a hostile store can make referrers of referrers for ever."""

LAYOUT_SCAN_FILES: Final = 100_000
"""Most blobs of a layout that nothing names and that are read in search of unlisted referrers, in one listing."""

LAYOUT_SCAN_BYTES: Final = 512 * MIB
"""Most bytes of them; a second or two of reading and hashing."""

LAYOUT_LISTED_BYTES: Final = 2048 * MIB
"""Most bytes of listed manifests that are read in one listing: 100,000 signatures, each with its bundle inlined."""

PROBLEMS: Final = 20
"""Most problems of one listing that are shown: a hostile store can make millions."""

ARCHIVE_MEMBERS: Final = 500_000
"""Most members of an archive of a layout: a pack of some 50,000 packages."""

PACKAGE_METADATA: Final = 8 * MIB
"""Largest metadata file (package.json, METADATA, Cargo.toml) read from within a package."""

PACKAGE_MEMBERS: Final = 200_000
"""Most archive members walked in search of the metadata; the largest real packages have some 60,000."""

PACKAGE_UNPACKED: Final = 2048 * MIB
"""Most bytes decompressed while walking one archive."""

PACKAGE_RATIO: Final = 200
"""Most bytes that one byte of gzip may grow to, beyond `PACKAGE_RATIO_FREE`; real packages stay below 60."""

PACKAGE_RATIO_FREE: Final = 64 * MIB
"""What a package may unpack to whatever its own size."""

PACKAGE_WINDOW: Final = 128 * MIB
"""Most memory for unpacking xz or zstd; the highest levels of their own programs need as much."""

PACKAGE_TAR_HEADER: Final = 1 * MIB
"""Largest extended header (pax, GNU long name) of one tar member."""

PACKAGE_DIRECTORY: Final = 64 * MIB
"""Largest central directory of a zip: `PACKAGE_MEMBERS` members with names of some 250 bytes."""

PACKAGE_KEPT: Final = 64 * MIB
"""Most metadata read out of one package in all."""

PACKAGE_SEGMENT: Final = 255
"""Longest name of one file or directory in characters: no common file system takes a longer one."""

PACKAGE_HEADERS: Final = 10_000
"""Most headers of a METADATA or PKG-INFO; those with hundreds of extras have some 2,000."""

AR_MEMBERS: Final = 100
"""Most members of an ar; a Debian package has three, and some for what has been added to it."""

RPM_HEADER: Final = 64 * MIB
"""Largest header of an RPM package; those of packages with 100,000 files have some 20 MiB."""

RPM_TAGS: Final = 65_535
"""Most tags of one header of an RPM package; RPM's own cap."""

HEX_METADATA: Final = 1 * MIB
"""Largest metadata.config: it lists the files of a Hex package, some 10,000."""

XML_ELEMENTS: Final = 500_000
"""Most elements and attributes of one XML document; the verification metadata of a Gradle build has some 60,000."""

PUBSPEC: Final = 128 * KIB
"""Largest pubspec.yaml; pub takes none that is larger."""

CPAN_META: Final = 1 * MIB
"""Largest META.yml: the largest list some thousand modules that a distribution provides."""

REQUIREMENTS: Final = 10_000
"""Most packages that one package may declare to need; the largest meta packages of distributions need some 3,000."""

REQUIREMENT: Final = 16 * KIB
"""Longest requirement or marker of Python in characters; those that tools put together have some thousand."""

REQUIREMENT_PARENTHESES: Final = 100
"""Most opening parentheses in it: its parser calls itself for each, and Python stops it at some 500 within another."""

REQUIREMENTS_TEXT: Final = 512 * KIB
"""Most characters of all requirements of a METADATA: 10,000 of some 50; the worst take some seconds to parse."""

SBOM_COMPONENTS: Final = 20_000
"""Most components of an SBOM that is made; the largest lockfiles have some 5,000."""

SBOM_EDGES: Final = 200_000
"""Most dependencies that the SBOMs in one package list; the largest lockfiles have some 20,000."""

SBOM_LICENSES: Final = 1_000
"""Most different licences in an SBOM that is made, of up to 1,000 characters that take 3 ms; SPDX lists some 700."""

EMBEDDED_SBOM: Final = 8 * MIB
"""Largest SBOM that is taken over from within a package; one of 500 Rust crates has 1 MiB."""

EMBEDDED_SBOM_OBJECTS: Final = 200_000
"""Most JSON objects in one: ten for each of 20,000 components; every one of them may be read as a component first."""

EMBEDDED_SBOMS: Final = 100
"""Most SBOMs in one package; one for each library that was compiled into it."""

CARGO_TOML: Final = 256 * KIB
"""Largest Cargo.toml, some 5,000 features; the parser reads the worst of this size in two seconds."""

TOML_KEY_DEPTH: Final = 16
"""Most parts of one dotted key in any TOML; real ones have up to six, as in `package.metadata.docs.rs`."""

LOCKFILE: Final = 64 * MIB
"""Largest lockfile or SBOM read as one: an npm project of 100,000 packages has some 40 MiB."""

LOCKFILE_TOML: Final = 8 * MIB
"""Largest lockfile in TOML: its parser reads some 3 MiB a second; that of 2,000 Python packages has 3 MiB."""

LOCKFILE_MIX: Final = 4 * MIB
"""Largest mix.lock: some 10,000 packages; real ones have up to 100 KiB."""

POLICY: Final = 256 * KIB
"""Largest policy file: a thousand rules; the YAML parser reads some 100 KiB a second."""

POLICY_TOTAL: Final = 512 * KIB
"""Largest policy with all files that it extends: five seconds of reading."""

POLICY_FILES: Final = 64
"""Most files that one policy extends."""

POLICY_CARRIED: Final = 32 * MIB
"""Most bytes of a policy in a registry with the files that it needs; keys are small, attest.lock may be large."""

POLICY_DEPTH: Final = 8
"""Most files that extend one another in a row; three are common: a package's, a team's, a company's."""

POLICY_RULES: Final = 1_000
"""Most rules in one policy."""

PUBLISHERS: Final = 16 * MIB
"""Largest attest.lock: some 15,000 packages."""

POLICIES: Final = 256
"""Most policies of one run: every one that applies verifies the evidence anew."""

TRUSTED_ROOT: Final = 1 * MIB
"""Largest trusted root; those of Sigstore have 10 KiB."""

LOG_ENTRIES: Final = 32
"""Most log entries, and most timestamps, of one bundle; sigstore-go's cap."""

KEY_FILE: Final = 64 * KIB
"""Largest PEM key file."""

PURL: Final = 4096
"""Longest purl in characters: far above any real name, far below what would burden a manifest."""

CERTIFICATE_CHAIN: Final = 16
"""Most certificates in the chain of one X.509 signature; real ones have two to four."""

CBOR_DEPTH: Final = 16
"""Deepest nesting of CBOR in a COSE signature; real ones stay below 5."""

CBOR_ITEMS: Final = 10_000
"""Most items of CBOR in a COSE signature, each an object of memory; real ones have some 30."""

PLUGIN_OUTPUT: Final = 64 * MIB
"""Most bytes that a Notation plugin may write (plugin-extensibility.md)."""

CERTIFICATE_FILE: Final = 1 * MIB
"""Largest file of trusted certificates: the roots of all public CAs together have some 200 KiB."""

ATTESTATIONS: Final = 1_000
"""Most attestations read out of one published document; PyPI takes 2 a file, GitHub sends 100 a page."""

EXPRESSION: Final = 1_000
"""Longest expression of a `check`, in characters; what it costs grows with it."""

EXPRESSION_VALUE: Final = 1_024
"""Longest text that an expression compares, in characters: URLs and digests are far below."""

EXPRESSION_ITEMS: Final = 100
"""Most texts in a list that an expression looks at."""

EXPRESSION_TRIES: Final = 1_000
"""Most combinations of evidence for which one expression is tried: milliseconds, with the worst of them six seconds."""

COMPONENTS: Final = 10_000
"""Most components of one subject, and of its components, that are decided; the largest images have some 3,000."""

COMPONENTS_LISTED: Final = 200_000
"""Most entries of all SBOMs of components together; those of 3,000 packages that list 60 others each."""

COMPONENT_DEPTH: Final = 8
"""Deepest that components of components are decided; an SBOM mostly lists them all itself."""

COMPONENT_POLICIES: Final = 16
"""Most policies that `dependencies` rules name from one policy on."""

RECEIPT: Final = 256 * MIB
"""Largest receipt: a verdict takes some kilobytes for each rule that has evidence before it."""
