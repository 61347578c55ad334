"""Documents of ecosystems become bundles, and hang where they are bound: to no other name and no other bytes."""

from __future__ import annotations

import base64
import copy
import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attest import limits, names
from attest.errors import AttestError, FormatError, UsageError
from attest.evidence.attach import push_anchor
from attest.evidence.binding import Binding
from attest.evidence.collect import collect
from attest.evidence.imports import npm_keys
from attest.evidence.imports.hang import hang, referrer_of
from attest.evidence.imports.model import Document, Form, Item, Malformed
from attest.evidence.imports.npm import message
from attest.evidence.imports.place import Placement, place
from attest.evidence.imports.pypi import write_attestation
from attest.evidence.imports.read import read
from attest.evidence.lookup import subject_of
from attest.evidence.model import Subject
from attest.oci.manifest import Manifest
from attest.packages.digest import ArtifactDigest
from attest.packages.purl import Purl
from attest.signing.bundle import Bundle
from attest.stores.memory import MemoryStore
from tests.evidence import published

NOW = datetime(2026, 11, 21, tzinfo=UTC)


def parsed(value: Any) -> Document:
    return read(value if isinstance(value, bytes) else json.dumps(value).encode(), "source")


def only(value: Any) -> Item:
    (part,) = parsed(value).parts
    assert isinstance(part, Item), part
    return part


def subject(purl: str, digest: str, *, file: bool = False) -> Subject:
    return subject_of(Purl.parse(purl), ArtifactDigest.parse(digest), read_from_file=file)


def placed(item: Item, *subjects: Subject) -> Placement:
    found = place(item, subjects)
    assert isinstance(found, list), found
    assert len(found) == 1
    return found[0]


def unplaced(item: Item, *subjects: Subject) -> str:
    found = place(item, subjects)
    assert isinstance(found, str), found
    return found


# --- PyPI ---


def test_an_attestation_object_is_its_bundle() -> None:
    value = published.pypi(published.RFC8785)
    bundle = only(value).bundle
    assert bundle.version == "0.3"
    assert json.loads(bundle.raw) == {
        "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
        "verificationMaterial": {
            "certificate": {"rawBytes": value["verification_material"]["certificate"]},
            "tlogEntries": value["verification_material"]["transparency_entries"],
        },
        "dsseEnvelope": {
            "payload": value["envelope"]["statement"],
            "payloadType": "application/vnd.in-toto+json",
            "signatures": [{"sig": value["envelope"]["signature"]}],
        },
    }


@pytest.mark.parametrize("name", [published.RFC8785, published.PUBLISH, published.SLSA])
def test_back_to_the_form_of_pypi(name: str) -> None:
    value = published.pypi(name)
    assert write_attestation(only(value).bundle) == value


def test_the_provenance_object_holds_the_same_attestation() -> None:
    provenance = published.pypi(published.PROVENANCE)
    item = only(provenance)
    assert item.bundle.raw == only(published.pypi(published.PUBLISH)).bundle.raw
    assert item.notes == (
        "publisher as the index says it, unverified: "
        "kind GitHub, repository trailofbits/pypi-attestations, workflow release.yml",
    )
    (group,) = provenance["attestation_bundles"]
    assert [write_attestation(item.bundle)] == group["attestations"]


def test_every_log_entry_is_kept() -> None:
    value = published.pypi(published.RFC8785)
    entries = value["verification_material"]["transparency_entries"]
    entries.append(entries[0] | {"logIndex": "7"})
    bundle = only(value).bundle
    assert [entry["logIndex"] for entry in bundle.material["tlogEntries"]] == ["28175749", "7"]
    assert write_attestation(bundle) == value


def test_it_belongs_to_the_package_whose_file_it_names() -> None:
    item = only(published.pypi(published.RFC8785))
    found = placed(item)
    assert (str(found.subject), found.binding) == ("pkg:pypi/rfc8785@0.1.2", Binding.NAME)
    assert found.predicate_type == "https://docs.pypi.org/attestations/publish/v1"
    assert placed(item, found.subject) == found


@pytest.mark.parametrize(
    ("purl", "digest", "why"),
    [
        ("pkg:pypi/rfc8785@0.1.4", published.RFC8785_DIGEST, "names another package: pkg:pypi/rfc8785@0.1.2"),
        ("pkg:pypi/rfc8786@0.1.2", published.RFC8785_DIGEST, "names another package: pkg:pypi/rfc8785@0.1.2"),
        ("pkg:gem/rfc8785@0.1.2", published.RFC8785_DIGEST, "the signed content names no package"),
        ("pkg:pypi/rfc8785@0.1.2", "sha256:" + "00" * 32, "no subject has the digest"),
    ],
)
def test_it_belongs_to_no_other_name_and_no_other_bytes(purl: str, digest: str, why: str) -> None:
    item = only(published.pypi(published.RFC8785))
    assert why in unplaced(item, subject(purl, digest))


def test_not_even_with_the_file_at_hand() -> None:
    item = only(published.pypi(published.RFC8785))
    assert "names another package" in unplaced(
        item, subject("pkg:pypi/rfc8785@0.1.4", published.RFC8785_DIGEST, file=True)
    )


def test_several_attestations_are_judged_one_by_one() -> None:
    value = [published.pypi(published.RFC8785), published.pypi(published.SLSA), {"verification_material": 1}]
    first, second, third = parsed(value).parts
    assert isinstance(first, Item)
    assert isinstance(second, Item)
    about = subject("pkg:pypi/rfc8785@0.1.2", published.RFC8785_DIGEST)
    assert placed(first, about).subject == about
    assert "no subject has the digest" in unplaced(second, about)
    assert third == Malformed("source[2]", "attestation.version: expected a number: it is missing")


# --- npm ---


def test_the_attestations_document_of_npm() -> None:
    publish, provenance = parsed(published.npm_attestations()).parts
    assert isinstance(publish, Item)
    assert isinstance(provenance, Item)
    for item in (publish, provenance):
        found = placed(item)
        assert (str(found.subject), found.binding) == ("pkg:npm/sigstore@1.3.0", Binding.NAME)
        assert found.subject.digest == ArtifactDigest("sha512", published.SIGSTORE_JS_SHA512)
        # nobody can make a v0.3 bundle of one without an inclusion proof
        assert item.notes == ("kept as v0.1: v0.3 wants an inclusion proof, and only the log can make one",)
        assert item.bundle.version == "0.1"
    assert publish.bundle.key_hint == "SHA256:jl3bwswu80PjjokCgh0o2w5c2U4LhQAE57gj9cz1kzA"


def test_a_bundle_with_all_that_v03_asks_for_is_upgraded() -> None:
    item = only(published.npm_attestations(published.NPM_PROVENANCE_V02))
    assert (item.bundle.version, item.notes) == ("0.3", ())
    assert str(placed(item).subject) == "pkg:npm/sigstore@2.0.0"


def test_what_the_document_says_beside_must_be_what_is_signed() -> None:
    value = published.npm_attestations(published.NPM_PUBLISH)
    value["attestations"][0]["predicateType"] = "https://slsa.dev/provenance/v1"
    assert "the document calls it https://slsa.dev/provenance/v1, what is signed is" in unplaced(only(value))


@pytest.mark.parametrize(("name", "said"), [("sigstore", "sigstore"), ("@acme/Widget", "@acme/Widget")])
def test_a_registry_signature_names_package_and_bytes(name: str, said: str) -> None:
    key = published.registry_key()
    item = only(published.npm_version(key, name))
    found = placed(item)
    assert found.binding is Binding.NAME
    assert found.predicate_type is None
    assert item.package is not None
    purl, digest = item.package
    assert message(purl, digest).startswith(f"{said}@1.3.0:sha512-dhdv+jOAi1".encode())
    keys = npm_keys.read_keys(json.dumps(published.npm_keys(key)).encode(), "keys")
    assert npm_keys.check(item.bundle, purl, digest, keys, NOW) is None
    others = (Purl.parse("pkg:npm/other@1.3.0"), Purl.parse("pkg:npm/sigstore@1.3.1"))
    for other in others:
        assert "does not hold" in (npm_keys.check(item.bundle, other, digest, keys, NOW) or "")
        assert "it is about" in unplaced(item, subject_of(other, digest))
    changed = ArtifactDigest("sha512", "00" * 64)
    assert "does not hold" in (npm_keys.check(item.bundle, purl, changed, keys, NOW) or "")


@pytest.mark.parametrize(
    ("members", "why"),
    [
        ({"expires": "2026-11-21T00:00:00.000Z"}, "ended on 2026-11-21, and nothing proves"),
        ({"keyid": "SHA256:other"}, "which is not among those given"),
    ],
)
def test_keys_that_prove_nothing(members: dict[str, Any], why: str) -> None:
    key = published.registry_key()
    item = only(published.npm_version(key))
    assert item.package is not None
    keys = npm_keys.read_keys(json.dumps(published.npm_keys(key, **members)).encode(), "keys")
    assert why in (npm_keys.check(item.bundle, *item.package, keys, NOW) or "")


def test_keys_as_tuf_distributes_them() -> None:
    key = published.registry_key()
    item = only(published.npm_version(key))
    spki = published.npm_keys(key)["keys"][0]["key"]
    entry = {
        "keyId": published.KEY_ID,
        "keyUsage": "npm:signatures",
        "publicKey": {
            "rawBytes": spki,
            "keyDetails": "PKIX_ECDSA_P256_SHA_256",
            "validFor": {"start": "1999-01-01T00:00:00.000Z"},
        },
    }
    raw = json.dumps({"keys": [entry | {"keyUsage": "npm:attestations", "keyId": "x"}, entry]}).encode()
    (known,) = npm_keys.read_keys(raw, "keys")
    assert item.package is not None
    assert npm_keys.check(item.bundle, *item.package, (known,), NOW) is None


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"keys": []},
        {"keys": [1]},
        {"keys": [{"keyid": "a", "key": "!!"}]},
        {"keys": [{"keyid": "a", "key": "AAAA"}]},
        {"keys": [{"keyId": "a", "keyUsage": "npm:signatures", "publicKey": {"rawBytes": "AAAA"}}]},
    ],
)
def test_what_are_no_keys(value: Any) -> None:
    with pytest.raises(FormatError):
        npm_keys.read_keys(json.dumps(value).encode(), "keys")


# --- RubyGems, Maven, GitHub ---

GEM = b"the bytes of a gem"
GEM_DIGEST = str(ArtifactDigest("sha256", hashlib.sha256(GEM).hexdigest()))


def test_a_signature_over_a_file_needs_the_file() -> None:
    item = only([published.message_bundle(GEM)])
    assert unplaced(item) == "it signs a file and names no package; give the package file"
    assert "give the package file itself" in unplaced(item, subject("pkg:gem/a@1", GEM_DIGEST))
    assert placed(item, subject("pkg:gem/a@1", GEM_DIGEST, file=True)).binding is Binding.BYTES
    other = subject("pkg:gem/a@1", "sha256:" + "11" * 32, file=True)
    assert unplaced(item, other) == f"it signs {GEM_DIGEST}, not {other.digest}"
    by_sha512 = subject("pkg:npm/a@1", "sha512:" + "11" * 64, file=True)
    assert "which says nothing about sha512:" in unplaced(item, by_sha512)


def test_a_bundle_whose_log_entry_is_for_other_content() -> None:
    value = published.message_bundle(GEM)
    value["verificationMaterial"]["tlogEntries"].append(
        published.message_bundle(b"other")["verificationMaterial"]["tlogEntries"][0]
    )
    assert "it signs sha256:" in unplaced(only([value]), subject("pkg:gem/a@1", GEM_DIGEST, file=True))


def test_malformed_bundles_of_rubygems_are_repaired() -> None:
    good = published.message_bundle(GEM)
    bad = copy.deepcopy(good)
    material = bad["verificationMaterial"]
    der = material["certificate"]["rawBytes"]
    pem = f"-----BEGIN CERTIFICATE-----\n{der}\n-----END CERTIFICATE-----\n"
    material["certificate"]["rawBytes"] = base64.b64encode(pem.encode()).decode()
    del material["tlogEntries"][0]["kindVersion"]
    item = only([bad])
    assert item.bundle.raw == only([good]).bundle.raw
    assert item.notes == (
        "repaired: the certificate was PEM, not DER",
        "repaired: a log entry did not say its kind",
    )


def test_a_sidecar_keeps_its_bytes() -> None:
    raw = json.dumps(published.message_bundle(GEM), indent=3).encode()
    assert only(raw).bundle.raw == raw
    assert parsed(raw).form is Form.BUNDLE


def test_bundles_one_a_line() -> None:
    line = json.dumps(published.message_bundle(GEM)).encode()
    document = parsed(line + b"\n" + line + b"\n{}\n")
    assert document.form is Form.BUNDLES
    assert [type(part) for part in document.parts] == [Item, Item, Malformed]
    assert document.parts[2].where == "source: line[2]"


def test_githubs_answer() -> None:
    bundle = published.npm(published.NPM_PROVENANCE_V02)
    document = parsed({"attestations": [{"bundle": bundle, "repository_id": 1}, {"bundle_url": "https://x.example"}]})
    assert document.form is Form.GITHUB
    item, gone = document.parts
    assert isinstance(item, Item)
    assert str(placed(item).subject) == "pkg:npm/sigstore@2.0.0"
    assert isinstance(gone, Malformed)
    assert "from API version 2026-03-10 on GitHub sends its address only" in gone.reason


def test_a_bottle_is_named_by_its_file() -> None:
    statement = {
        "_type": names.STATEMENT_V1,
        "subject": [{"name": "gh--2.1.0.arm64_sonoma.bottle.tar.gz", "digest": {"sha256": "22" * 32}}],
        "predicateType": names.PREDICATE_SLSA_V1,
        "predicate": {},
    }
    value = published.message_bundle(GEM)
    del value["messageSignature"]
    value["dsseEnvelope"] = {
        "payload": base64.b64encode(json.dumps(statement).encode()).decode(),
        "payloadType": names.IN_TOTO_PAYLOAD,
        "signatures": [{"sig": "AAAA"}],
    }
    item = only({"attestations": [{"bundle": value, "repository_id": 1}]})
    assert "names no package" in unplaced(item)
    assert placed(item, subject("pkg:brew/gh@2.1.0", "sha256:" + "22" * 32)).binding is Binding.NAME
    assert "names another package" in unplaced(item, subject("pkg:brew/gh@2.1.1", "sha256:" + "22" * 32))


def test_another_payload_type_is_another_protocol() -> None:
    value = json.loads(only(published.pypi(published.RFC8785)).bundle.raw)
    value["dsseEnvelope"]["payloadType"] = "application/vnd.in-toto.revocation+json"
    about = subject("pkg:pypi/rfc8785@0.1.2", published.RFC8785_DIGEST)
    assert unplaced(only(value), about).startswith("not an in-toto statement: the payload type is application/vnd.in-t")


# --- what is written ---


def written(value: Any, store: MemoryStore, purl: str = "pkg:pypi/rfc8785@0.1.2") -> tuple[Placement, Manifest]:
    document = parsed(value)
    item = document.parts[0]
    assert isinstance(item, Item)
    placement = placed(item)
    assert placement.subject.digest is not None
    push_anchor(store, "r", "t", Purl.parse(purl), placement.subject.digest)
    return placement, hang(store, "r", placement, document)


def test_the_original_hangs_on_the_bundle_and_not_on_the_anchor() -> None:
    store, raw = MemoryStore(), json.dumps(published.pypi(published.RFC8785), indent=1).encode()
    placement, manifest = written(raw, store)
    anchor = placement.subject.manifest.digest
    (found,) = store.referrers("r", anchor).items
    assert found.descriptor.digest == manifest.digest
    assert manifest.artifact_type == names.BUNDLE_V03
    assert dict(manifest.annotations) == {
        "dev.sigstore.bundle.content": "dsse-envelope",
        "dev.sigstore.bundle.predicateType": "https://docs.pypi.org/attestations/publish/v1",
        "org.opencontainers.image.created": "2024-06-06T18:39:05Z",
    }
    assert len(manifest.layers) == 1
    (kept,) = store.referrers("r", manifest.digest).items
    assert kept.descriptor.artifact_type == names.ORIGINAL
    original = Manifest.parse(store.fetch("r", kept.descriptor))
    assert original.annotations == {names.ANNOTATION_FORM: "pypi-attestation"}
    assert store.fetch("r", original.layers[0]) == raw
    (candidate,) = collect(store, "r", placement.subject).candidates
    assert candidate.signed is not None


def test_doing_it_again_changes_nothing() -> None:
    value, store = published.pypi(published.RFC8785), MemoryStore()
    first, second = written(value, store)[1], written(value, store)[1]
    assert first.raw == second.raw
    assert len(store.referrers("r", first.digest).items) == 1


def test_what_is_a_v03_bundle_already_needs_no_original() -> None:
    raw = only(published.pypi(published.RFC8785)).bundle.raw
    store = MemoryStore()
    document = parsed(raw)
    placement = placed(only(raw), subject("pkg:pypi/rfc8785@0.1.2", published.RFC8785_DIGEST))
    manifest = hang(store, "r", placement, document)
    assert store.referrers("r", manifest.digest).items == ()


def test_a_bundle_that_stays_old_says_so() -> None:
    manifest, layer = referrer_of(placed(only(published.npm_attestations(published.NPM_PUBLISH))))
    assert manifest.artifact_type == layer.media_type == "application/vnd.dev.sigstore.bundle+json;version=0.1"
    assert Bundle.parse(layer.data or b"").version == "0.1"


@pytest.mark.parametrize("time", ["0", "", "-5", "9" * 40, None, "12345678901234"])
def test_a_time_that_is_none(time: Any) -> None:
    value = published.pypi(published.RFC8785)
    value["verification_material"]["transparency_entries"][0]["integratedTime"] = time
    manifest, _ = referrer_of(placed(only(value)))
    assert names.ANNOTATION_CREATED not in manifest.annotations


# --- what cannot go back to PyPI ---


def change(path: str, value: Any) -> Callable[[dict[str, Any]], None]:
    def apply(bundle: dict[str, Any]) -> None:
        *folders, last = path.split(".")
        for folder in folders:
            bundle = bundle[folder]
        bundle[last] = value

    return apply


@pytest.mark.parametrize(
    ("edit", "why"),
    [
        (change("verificationMaterial.tlogEntries", []), "no log entry"),
        (change("dsseEnvelope.payloadType", "application/vnd.in-toto.revocation+json"), "no in-toto statement"),
        (
            change("verificationMaterial.timestampVerificationData", {"rfc3161Timestamps": [{"signedTimestamp": "A"}]}),
            "timestamps, which would be lost",
        ),
    ],
)
def test_what_pypis_form_cannot_hold(edit: Callable[[dict[str, Any]], None], why: str) -> None:
    value = json.loads(only(published.pypi(published.RFC8785)).bundle.raw)
    edit(value)
    with pytest.raises(UsageError, match=why):
        write_attestation(Bundle.parse(json.dumps(value).encode()))


def test_a_managed_key_has_no_form_there() -> None:
    with pytest.raises(UsageError, match="no single certificate"):
        write_attestation(only(published.npm_attestations(published.NPM_PUBLISH)).bundle)


# --- hostile ---


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"", "not JSON"),
        (b"\xff", "not UTF-8"),
        (b"[" * 100_000, "nested deeper"),
        (b"{}", "not a document of attestations"),
        (b"1", "not a document of attestations"),
        (b'"text"', "not a document of attestations"),
        (b'{"mediaType": "text/plain"}', "not a document of attestations"),
        (b'{"version": 1, "version": 1}', "stands twice"),
        (b'{"attestation_bundles": 1, "version": 1}', "expected an array"),
        (b'{"attestation_bundles": [{}], "version": 1}', "expected an array"),
        (b'{"attestation_bundles": [], "version": 2}', "not a version of the provenance object that is known: it is 2"),
        (b'{"attestation_bundles": [], "version": true}', "it is a boolean"),
        (b'{"verification_material": {}, "version": 1}', "envelope: expected an object"),
        (b'{"dist": {}}', "no signature"),
        (b'{"dist": {"signatures": [1], "integrity": "sha1-AAAA"}, "name": "a", "version": "1"}', "no sha512 digest"),
        (b'{"dist": {"signatures": [1], "integrity": "sha512-AA"}, "name": "a", "version": "1"}', "not the metadata"),
        (
            b'{"dist": {"signatures": [1], "integrity": "sha512-AA"}, "name": "a/b/c", "version": "1"}',
            "not the metadata",
        ),
        (b'{"mediaType": "application/vnd.dev.sigstore.bundle.v0.9+json"}', "not a bundle of a known version"),
    ],
)
def test_what_is_no_document(raw: bytes, why: str) -> None:
    with pytest.raises(FormatError) as caught:
        parsed(raw)
    assert why in str(caught.value)
    assert len(str(caught.value)) < 1000


def test_a_document_of_100_mb() -> None:
    with pytest.raises(FormatError, match=f"more than the limit of {limits.EVIDENCE_BLOB}"):
        parsed(b"[" + b" " * 100_000_000 + b"]")


@pytest.mark.parametrize("form", ["[{}]", '{{"attestations": [{}]}}', "{}"])
def test_a_document_of_many_attestations(form: str) -> None:
    separator = "\n" if form == "{}" else ","
    enough = form.format(separator.join(["{}"] * limits.ATTESTATIONS)).encode()
    assert len(parsed(enough).parts) == limits.ATTESTATIONS
    with pytest.raises(FormatError, match=f"too many attestations: more than {limits.ATTESTATIONS}"):
        parsed(form.format(separator.join(["{}"] * 100_000)).encode())


@pytest.mark.parametrize(
    ("edit", "why"),
    [
        (change("verification_material.certificate", "not base64!"), "not base64"),
        (change("verification_material.certificate", None), "expected a string"),
        (change("verification_material.transparency_entries", []), "no transparency entry"),
        (change("verification_material.transparency_entries", [1]), "expected an object"),
        (change("verification_material.transparency_entries", {}), "expected an array"),
        (change("envelope.statement", "AAA=\n"), "not base64"),
        (change("envelope.signature", 1), "expected a string"),
        (change("version", 2), "not a version of the attestation object that is known: it is 2"),
        (change("version", "1"), "expected a number"),
    ],
)
def test_a_malformed_attestation_object(edit: Callable[[dict[str, Any]], None], why: str) -> None:
    value = published.pypi(published.RFC8785)
    edit(value)
    (part,) = parsed([value]).parts
    assert isinstance(part, Malformed)
    assert why in part.reason
    assert part.where == "source[0]"


@pytest.mark.parametrize(
    ("statement", "why"),
    [
        (b"{}", "statement"),
        (b"no", "not JSON"),
        (b"", "not JSON"),
        (b'{"_type": "https://in-toto.io/Statement/v1", "subject": [], "predicateType": "x:y"}', "subject"),
    ],
)
def test_what_is_signed_is_no_statement(statement: bytes, why: str) -> None:
    value = published.pypi(published.RFC8785)
    value["envelope"]["statement"] = base64.b64encode(statement).decode()
    assert why in unplaced(only(value))


@pytest.mark.parametrize("part", ["tlogEntries", "x509CertificateChain", "certificate", "timestampVerificationData"])
@pytest.mark.parametrize("value", [1, "x", [], {}, [1], [{}], None, {"certificates": []}, {"certificates": [1]}])
def test_verification_material_of_other_types(part: str, value: Any) -> None:
    for name in (published.NPM_PROVENANCE_V02, published.NPM_PUBLISH):
        bundle = published.npm(name)
        bundle["verificationMaterial"][part] = value
        for document in (bundle, [bundle], {"attestations": [{"bundle": bundle}]}):
            try:
                found = parsed(document)
            except FormatError:
                continue
            for item in found.parts:
                if isinstance(item, Item):
                    place(item, [])


def every_path(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path] if path else []
    if isinstance(value, dict | list):
        for key in value if isinstance(value, dict) else range(len(value)):
            found += every_path(value[key], (*path, key))
    return found


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@given(st.data())
def test_one_changed_member_is_an_error_of_ours_or_harmless(data: st.DataObject) -> None:
    """Whatever stands in one place: a refusal with a reason, or an item; and it is never about another package."""
    value = copy.deepcopy(SAMPLE)
    path = data.draw(st.sampled_from(PATHS))
    target: Any = value
    for key in path[:-1]:
        target = target[key]
    target[path[-1]] = data.draw(JSON)
    try:
        document = parsed(value)
        for part in document.parts:
            if isinstance(part, Item):
                found = place(part, [subject("pkg:gem/a@1", GEM_DIGEST, file=True)])
                if isinstance(found, list):
                    referrer_of(found[0])
                    assert str(found[0].subject.digest) == GEM_DIGEST
    except AttestError:
        return


SAMPLE = [published.message_bundle(GEM)]
PATHS = every_path(SAMPLE)


def test_a_truncated_document() -> None:
    """At every tenth byte: never anything but an error of ours."""
    raw = json.dumps(SAMPLE).encode()
    for end in range(0, len(raw) - 1, 10):
        with pytest.raises(FormatError):
            parsed(raw[:end])
