"""What a case of a policy is tried with: made-up evidence of each kind of identity, and stores of each shape."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from attest import limits, names
from attest.evidence.attach import attach_bundle, push_anchor
from attest.oci.descriptor import EMPTY, EMPTY_BYTES, Descriptor
from attest.oci.digest import Digest
from attest.oci.manifest import write_image
from attest.packages import placement
from attest.packages.digest import ArtifactDigest
from attest.packages.purl import Purl
from attest.policy.document import Policy, parse
from attest.policy.trial import heard
from attest.signing.proof import Format
from attest.stores.location import Location, open_store
from tests.evidence_factory import CYCLONEDX, NOW, PURL, SUBJECT, bundle_of, signed
from tests.policy.conftest import HEAD, Read
from tests.policy.test_cases import ADMITTED, DENIED, RULES, SIGNED, case, one, tried
from tests.policy.test_dependencies import artifact, component, digest, purl
from tests.signing.notation.pki import pem, root

MISSING = "expect: {admitted: false, codes: [signature-missing]}"
IMAGE = "registry.example/acme/app"


def test_only_what_is_enforced_is_expected(read: Read) -> None:
    policy = HEAD + RULES + "  - {id: bom, require: sbom, by: [release], mode: warn}\n"
    assert one(read, MISSING, policy=policy) is None
    assert one(read, SIGNED, ADMITTED, policy=policy) is None
    both = "expect: {admitted: false, codes: [signature-missing, sbom-missing]}"
    told = one(read, both, policy=policy)
    assert told is not None
    assert told.startswith("expected not admitted for sbom-missing, signature-missing, found denied: signed: ")
    assert "bom: " not in told


def test_without_a_time_it_was_signed_just_now(read: Read) -> None:
    policy = HEAD + RULES.replace("by: [release]", "by: [release], max_age: 7d")
    assert one(read, SIGNED, ADMITTED, policy=policy) is None
    for day, expected in (("2026-11-20", ADMITTED), ("2026-11-01", DENIED)):
        evidence = f"evidence: [{{by: release, type: signature, time: {day}}}]"
        assert one(read, evidence, expected, policy=policy) is None


PEOPLE = """\
  both: {key: alice.pub, formats: [cosign, bundle]}
  ci: {issuer: "https://ci.example", subject: "https://git.example/acme/*"}
  notary: {x509: "C=US, ST=WA, O=Acme", ca: ca.pem}
"""


@pytest.fixture
def people(keys: Path, tmp_path: Path) -> Policy:
    """A policy with an identity of each kind, and a case with a signature of each."""
    for path in keys.glob("*.pub"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "ca.pem").write_bytes(pem([root("C=US,ST=WA,O=Acme").certificate]))
    head = HEAD.replace("keys_only: true", "root: public-good") + PEOPLE
    by = ["release", "security", "both", "ci", "notary"]
    evidence = ", ".join(f"{{by: {name}, type: signature}}" for name in by)
    rules = RULES.replace("[release]", f"[{', '.join(by)}], threshold: 5")
    text = f"{head}{rules}tests:\n{case(f'evidence: [{evidence}]', ADMITTED)}"
    return parse(text.encode(), where="gate.yaml", base=tmp_path)


def test_each_identity_signs_in_its_own_way(people: Policy) -> None:
    assert tried(people) == [None]
    (written,) = people.cases
    assert isinstance(written.evidence, tuple)
    found = heard(people, written, written.evidence, now=NOW).evidence
    formats = {signer.name: item.proof.format for item in found.verified for signer in item.signers}
    assert formats == {
        "release": Format.BUNDLE,
        "security": Format.BUNDLE,
        "both": Format.COSIGN,
        "ci": Format.BUNDLE,
        "notary": Format.NOTATION,
    }
    assert len({item.digest for item in found.verified}) == 5
    assert {item.proof.time for item in found.verified} == {NOW}
    assert (found.whole, found.complete, found.rejected, found.subject) == (True, True, (), SUBJECT)


def test_an_image_is_its_digest(read: Read) -> None:
    policy = read(
        f"{HEAD.replace('pkg:npm/*', IMAGE)}{RULES}tests:\n"
        + case(SIGNED, ADMITTED, subject=IMAGE, digest=str(EMPTY.digest))
    )
    subject = heard(policy, policy.cases[0], (), now=NOW).evidence.subject
    assert subject.manifest == Descriptor(names.OCI_MANIFEST, EMPTY.digest, 0)
    assert (str(subject), subject.image, subject.purl) == (IMAGE, IMAGE, None)


def test_who_is_nobody_here_signs_nothing(read: Read) -> None:
    policy = HEAD + RULES.replace("[release]", "publisher")
    signs = "evidence: [{by: publisher, type: signature}]"
    assert one(read, signs, ADMITTED, policy=policy) is None
    told = one(read, signs, ADMITTED, policy=policy, subject="pkg:npm/right-pad@1.0.0")
    assert told == (
        "it cannot be tried: nobody can sign as publisher: attest.lock has no entry for pkg:npm/right-pad@1.0.0"
    )


def test_how_large_a_predicate_may_be(read: Read, keys: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = json.dumps(CYCLONEDX).encode()
    policy = HEAD + "rules:\n  - {id: sbom, require: sbom, by: [release]}\n"
    evidence = f"evidence: [{{by: release, type: '{names.PREDICATE_CYCLONEDX}', predicate: large.json}}]"
    monkeypatch.setattr(limits, "EVIDENCE_BLOB", 1_000)
    (keys / "large.json").write_bytes(data.ljust(1_000))
    assert one(read, evidence, ADMITTED, policy=policy) is None
    for size in (1_001, 1_009):
        (keys / "large.json").write_bytes(data.ljust(size))
        told = one(read, evidence, ADMITTED, policy=policy)
        assert told is not None
        assert told.startswith(f"it cannot be tried: {keys}/large.json: 1001 bytes of JSON")


# --- evidence in stores


def attach(location: Location, package: Purl, by: str, kind: str, predicate: Mapping[str, Any] | None = None) -> None:
    """A package with evidence about the artifact that tests of components have of it."""
    subject = artifact(package.name) if package != PURL else SUBJECT
    assert subject.digest is not None
    repository = location.repository(placement.repository(package))
    with closing(open_store(location, create=True)) as store:
        push_anchor(store, repository, package.version, package, subject.digest)
        raw = bundle_of(signed(by, kind, predicate, subject=subject)).raw
        attach_bundle(store, repository, subject.manifest, raw, predicate_type=kind, created=NOW)


@pytest.mark.parametrize("name", ["evidence-one", "evidence-each/{package}"])
def test_a_package_in_a_store_of_either_kind(read: Read, keys: Path, name: str) -> None:
    location = Location.parse(f"oci:{keys / name}")
    attach(location, PURL, "release", names.PREDICATE_COSIGN_SIGN)
    where = f"evidence: '{name}'"
    assert one(read, where, ADMITTED) is None
    assert one(read, where, MISSING, subject="pkg:npm/right-pad@1.0.0") is None
    assert one(read, where, MISSING, digest=str(ArtifactDigest("sha512", "cd" * 64))) is None
    told = one(read, where, DENIED)
    assert told == "expected not admitted, found admitted"
    both = HEAD + RULES + "  - {id: too, require: signature, by: [security]}\n"
    assert one(read, where, MISSING, policy=both) is None


def test_an_image_in_a_store(read: Read, keys: Path) -> None:
    location = Location.parse(f"oci:{keys / 'images'}")
    with closing(open_store(location, create=True)) as store:
        store.push("", EMPTY, EMPTY_BYTES)
        manifest = write_image(artifact_type="application/vnd.example", config=EMPTY, layers=[EMPTY])
        store.push("", manifest.descriptor(), manifest.raw)
    policy = HEAD.replace("pkg:npm/*", IMAGE) + RULES
    where = "evidence: images"
    assert one(read, where, MISSING, policy=policy, subject=IMAGE, digest=str(manifest.digest)) is None
    for expected in (MISSING, ADMITTED):
        told = one(read, where, expected, policy=policy, subject=IMAGE, digest=str(Digest.of(b"x")))
        assert told is not None
        assert told.startswith("it cannot be tried: ")


@pytest.mark.parametrize("name", ["parts-one", "parts-each/{package}"])
def test_components_lie_in_the_same_store(read: Read, keys: Path, tmp_path: Path, name: str) -> None:
    name = f"{tmp_path.name}-{name}"  # the directory of the keys may be one for several runs
    location = Location.parse(f"oci:{keys / name}")
    listed = {**CYCLONEDX, "components": [component("dep", digest("dep"))]}
    attach(location, PURL, "release", names.PREDICATE_CYCLONEDX, listed)
    policy = f"{HEAD}rules:\n  - {{id: parts, require: dependencies, by: [release], policy: parts.yaml}}\n"
    denied = "expect: {admitted: false, codes: [dependencies-denied]}"
    assert one(read, f"evidence: '{name}'", denied, policy=policy) is None
    attach(location, purl("dep"), "release", names.PREDICATE_COSIGN_SIGN)
    assert one(read, f"evidence: '{name}'", ADMITTED, policy=policy) is None
