"""Other engines' policies: what can be said is said, and nothing is ever admitted that they deny.

The documents are our own, written after the engines' documentation of their fields.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from textwrap import indent
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attest import names
from attest.errors import PolicyError
from attest.evidence.identity import CertificateIdentity, Identity, KeyIdentity
from attest.evidence.model import Candidate, Subject
from attest.evidence.text_patterns import Pattern
from attest.policy.convert import patterns
from attest.policy.convert.convert import convert
from attest.policy.convert.model import Converted, NotCarried, Options, write
from attest.policy.document import Policy, load
from attest.policy.evaluate import evaluate
from attest.policy.verdict import Outcome
from attest.signing.proof import Author, CertificateAuthor, Format
from tests.evidence_factory import GITHUB, NOW, SUBJECT, evidence, key, proven, signed
from tests.signing.notation.pki import pem, root

WORKFLOW = "https://github.com/acme/app/.github/workflows/release.yml"
TAGGED = f"{WORKFLOW}@refs/tags/v1"
IMAGE = replace(SUBJECT, purl=None, digest=None, name="registry.example/acme/app", image="registry.example/acme/app")
ALL = Options(without_log=True)


def public(name: str = "release", *, spaces: int = 0) -> str:
    return indent(key(name).public.pem().decode(), " " * spaces).rstrip()


def block(name: str, spaces: int) -> str:
    return f"|\n{public(name, spaces=spaces)}"


def read(text: str, options: Options = ALL) -> list[Converted]:
    return convert(text.encode(), where="in.yaml", directory=Path(), beside=".", options=options)


def one(text: str, options: Options = ALL) -> Converted:
    (found,) = read(text, options)
    return found


def whys(converted: Converted) -> list[str]:
    return [f"{item.where}: {item.why}" for item in converted.left]


def loaded(converted: Converted, folder: Path, options: Options = ALL) -> Policy:
    for name, data in write(converted, options, "in.yaml").items():
        (folder / name).write_bytes(data)
    return load(folder / converted.file_name)


def judge(policy: Policy, *candidates: Candidate, subject: Subject = IMAGE) -> Outcome:
    return evaluate(policy, evidence(candidates, policy.identities.values(), subject=subject), now=NOW).outcome


def by_key(name: str, kind: str = names.PREDICATE_COSIGN_SIGN, form: Format = Format.COSIGN) -> Candidate:
    from attest.signing.proof import KeyAuthor

    return by(KeyAuthor(key(name).public), kind, form)


def by(author: Author, kind: str = names.PREDICATE_COSIGN_SIGN, form: Format = Format.COSIGN) -> Candidate:
    return proven(signed("x", kind, {}, subject=IMAGE), author, format=form)


def cip(authorities: str, images: str = "registry.example/acme/*", more: str = "") -> str:
    return (
        "apiVersion: policy.sigstore.dev/v1beta1\nkind: ClusterImagePolicy\nmetadata:\n  name: acme\nspec:\n"
        f"  images:\n  - glob: '{images}'\n{more}  authorities:\n{authorities}"
    )


def key_authority(name: str = "release", *, log: str = "{}") -> str:
    return f"  - name: {name}\n    ctlog: {log}\n    key:\n      data: {block(name, 8)}\n"


def keyless(*identities: str, more: str = "") -> str:
    listed = "".join(f"      - {{{item}}}\n" for item in identities)
    return f"  - keyless:\n      url: https://fulcio.sigstore.dev\n      identities:\n{listed}{more}"


RELEASE = f"issuer: '{GITHUB}', subject: '{TAGGED}'"


class TestClusterImagePolicy:
    def test_a_key(self, tmp_path: Path) -> None:
        converted = one(cip(key_authority()))
        assert not converted.left
        assert converted.applies_to == ("registry.example/acme/**",)
        policy = loaded(converted, tmp_path)
        assert policy.root is None
        assert judge(policy, by_key("release")) is Outcome.ADMITTED
        assert judge(policy, by_key("mallory")) is Outcome.DENIED
        assert judge(policy, by_key("release", form=Format.BUNDLE)) is Outcome.DENIED
        assert judge(policy) is Outcome.DENIED

    def test_one_of_several_authorities_is_enough(self, tmp_path: Path) -> None:
        policy = loaded(one(cip(key_authority() + key_authority("other") + keyless(RELEASE))), tmp_path)
        for candidate in (by_key("release"), by_key("other"), by(CertificateAuthor(GITHUB, TAGGED, {}))):
            assert judge(policy, candidate) is Outcome.ADMITTED

    def test_certificates(self, tmp_path: Path) -> None:
        tags = f"issuer: '{GITHUB}', subjectRegExp: '^https://github\\.com/acme/app/\\.github/workflows/release\\.yml@refs/tags/.*$'"
        converted = one(cip(keyless(tags, "issuer: 'https://accounts.example', subject: me@acme.example")))
        assert not converted.left
        policy = loaded(converted, tmp_path)
        assert policy.root is not None
        assert judge(policy, by(CertificateAuthor(GITHUB, TAGGED, {}))) is Outcome.ADMITTED
        assert (
            judge(policy, by(CertificateAuthor("https://accounts.example", "me@acme.example", {}))) is Outcome.ADMITTED
        )
        for subject in (f"{WORKFLOW}@refs/heads/main", f"x{TAGGED}", TAGGED.replace("acme", "evil")):
            assert judge(policy, by(CertificateAuthor(GITHUB, subject, {}))) is Outcome.DENIED
        assert judge(policy, by(CertificateAuthor("https://evil.example", TAGGED, {}))) is Outcome.DENIED

    def test_attestations_are_all_wanted(self, tmp_path: Path) -> None:
        listed = "    attestations: [{name: a, predicateType: cyclonedx}, {name: b, predicateType: slsaprovenance1}]\n"
        policy = loaded(one(cip(key_authority() + listed)), tmp_path)
        bom, built = by_key("release", names.PREDICATE_CYCLONEDX), by_key("release", names.PREDICATE_SLSA_V1)
        assert judge(policy, bom, built) is Outcome.ADMITTED
        assert judge(policy, bom, by_key("release")) is Outcome.DENIED
        assert judge(policy, built, by_key("mallory", names.PREDICATE_CYCLONEDX)) is Outcome.DENIED

    def test_bundles(self, tmp_path: Path) -> None:
        policy = loaded(one(cip(key_authority() + "    signatureFormat: bundle\n")), tmp_path)
        assert judge(policy, by_key("release", form=Format.BUNDLE)) is Outcome.ADMITTED
        assert judge(policy, by_key("release")) is Outcome.DENIED

    @pytest.mark.parametrize(
        ("authority", "why"),
        [
            ("  - static: {action: pass}\n", "nothing is verified"),
            (key_authority("other", log="{url: 'https://rekor.sigstore.dev'}"), "without a log entry"),
            (key_authority("other").replace("    ctlog: {}\n", ""), "without a log entry"),
            ("  - ctlog: {}\n    key: {kms: 'awskms:///x'}\n", "'kms' cannot be carried over"),
            ("  - ctlog: {}\n    key: {secretRef: {name: x}}\n", "'secretRef' cannot be carried over"),
            ("  - ctlog: {}\n    key: {data: none}\n", "expected public keys in PEM"),
            (key_authority("other") + "      hashAlgorithm: sha512\n", "another hash"),
            (key_authority("other") + "    unheardOf: 1\n", "'unheardOf' cannot be carried over"),
            (key_authority("other") + "    attestations: [{name: a, predicateType: odd}]\n", "'odd' is not known"),
            (
                key_authority("other")
                + "    attestations: [{name: a, predicateType: vuln, policy: {type: cue, data: x}}]\n",
                "a policy in CUE or Rego",
            ),
            (key_authority("other") + "    attestations: [{name: a, predicateType: vuln}]\n", "something else"),
            (keyless(f"issuer: '{GITHUB}'"), "any subject would be accepted"),
            (keyless(f"subject: '{TAGGED}'"), "any issuer would be accepted"),
            (keyless(f"issuer: '{GITHUB}', subjectRegExp: 'https://github.com/acme/.*'"), "is no pattern here"),
            (keyless(f"issuerRegExp: '.*', subject: '{TAGGED}'"), "is no pattern here"),
            (keyless(f"issuer: '{GITHUB}', subject: 'https://github.com/acme/*'"), "would be a pattern here"),
            (keyless(RELEASE).replace("fulcio.sigstore.dev", "fulcio.example"), "another Fulcio"),
            (keyless(RELEASE, more="    ctlog: {url: 'https://rekor.example'}\n"), "another transparency log"),
            (keyless(RELEASE, more="    rfc3161timestamp: {trustRootRef: x}\n"), "a timestamp authority of its own"),
        ],
    )
    def test_a_way_that_cannot_be_said_is_left_out(self, tmp_path: Path, authority: str, why: str) -> None:
        """The other authority remains, and nobody else comes in."""
        converted = one(cip(key_authority() + authority), Options())
        assert any(why in item for item in whys(converted)), converted.left
        policy = loaded(converted, tmp_path)
        assert [type(identity) for identity in policy.identities.values()] == [KeyIdentity]
        assert judge(policy, by_key("release")) is Outcome.ADMITTED
        for stranger in (by_key("other"), by(CertificateAuthor(GITHUB, TAGGED, {}))):
            assert judge(policy, stranger) is Outcome.DENIED
        alone = one(cip(authority), Options())
        assert "something else" in why or not alone.exists

    @pytest.mark.parametrize("more", ["  policy: {type: cue, data: 'x: 1'}\n", "  unheardOf: 1\n"])
    def test_what_is_asked_beside_all_authorities(self, more: str) -> None:
        converted = one(cip(key_authority(), more=more))
        assert not converted.exists
        assert converted.left

    def test_ways_that_want_different_things(self, tmp_path: Path) -> None:
        def wants(name: str, *kinds: str) -> str:
            return (
                key_authority(name)
                + f"    attestations: [{', '.join(f'{{name: {kind}, predicateType: {kind}}}' for kind in kinds)}]\n"
            )

        converted = one(cip(wants("release", "vuln", "spdx") + wants("other", "vuln", "spdx")))
        assert "other: it wants something else" in whys(converted)[0]
        policy = loaded(converted, tmp_path)
        mixed = (by_key("release", names.PREDICATE_COSIGN_VULN), by_key("other", names.PREDICATE_SPDX))
        assert judge(policy, *mixed) is Outcome.DENIED
        same = one(cip(wants("release", "spdx") + wants("other", "spdx")))
        assert not same.left
        assert len(same.demands[0].by) == 2

    def test_what_becomes_stricter_is_said(self) -> None:
        more = "  mode: warn\n  match: [{version: v1, resource: pods}]\n"
        converted = one(cip(key_authority() + "    source: [{oci: registry.example/signatures}]\n", more=more))
        assert converted.exists
        assert [item.where for item in converted.left] == ["in.yaml:18", "in.yaml:8", "in.yaml:9"]

    def test_every_image(self) -> None:
        assert not one(cip(key_authority(), images="**")).exists
        named = one(cip(key_authority(), images="**"), replace(ALL, images=("registry.example/**",)))
        assert named.applies_to == ("registry.example/**",)

    def test_another_trust_root_by_name(self, tmp_path: Path) -> None:
        text = cip(keyless(RELEASE).replace("fulcio.sigstore.dev", "fulcio.example"))
        files = write(one(text, replace(ALL, root="root.json")), replace(ALL, root="root.json"), "in.yaml")
        assert b'trust: {root: "root.json"}' in files["acme.yaml"]


def kyverno(entry: str, images: str = "registry.example/acme/*", more: str = "") -> str:
    return (
        "apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata:\n  name: acme\nspec:\n  rules:\n  - name: check\n"
        "    match: {any: [{resources: {kinds: [Pod]}}]}\n"
        f"{more}    verifyImages:\n    - imageReferences: ['{images}']\n{entry}"
    )


def entries(*keys: str, count: str = "", more: str = "") -> str:
    listed = "".join(
        f"        - keys:\n            rekor: {{ignoreTlog: true}}\n            publicKeys: {block(name, 14)}\n"
        for name in keys
    )
    return f"      - {count}entries:\n{listed}{more}"


def attestors(*sets: str) -> str:
    return "      attestors:\n" + "".join(sets)


KEYLESS = (
    f"        - keyless: {{issuer: '{GITHUB}', subject: '{TAGGED}', rekor: {{url: 'https://rekor.sigstore.dev'}}}}\n"
)


class TestKyverno:
    def test_all_entries_or_as_many_as_counted(self, tmp_path: Path) -> None:
        both = loaded(one(kyverno(attestors(entries("release", "other")))), tmp_path)
        (tmp_path / "any").mkdir()
        either = loaded(
            one(kyverno(attestors(entries("release", "other", count="count: 1\n        ")))), tmp_path / "any"
        )
        assert judge(both, by_key("release")) is Outcome.DENIED
        assert judge(both, by_key("release"), by_key("other")) is Outcome.ADMITTED
        assert judge(either, by_key("other")) is Outcome.ADMITTED
        assert judge(either, by_key("mallory")) is Outcome.DENIED

    def test_all_sets(self, tmp_path: Path) -> None:
        policy = loaded(one(kyverno(attestors(entries("release"), entries("other")))), tmp_path)
        assert judge(policy, by_key("release")) is Outcome.DENIED
        assert judge(policy, by_key("release"), by_key("other")) is Outcome.ADMITTED

    def test_several_keys_in_one_entry_are_several_entries(self, tmp_path: Path) -> None:
        pems = f"{public('release', spaces=14)}\n{public('other', spaces=14)}"
        entry = f"        - keys:\n            rekor: {{ignoreTlog: true}}\n            publicKeys: |\n{pems}\n"
        policy = loaded(one(kyverno(f"      attestors:\n      - entries:\n{entry}")), tmp_path)
        assert judge(policy, by_key("release")) is Outcome.DENIED
        assert judge(policy, by_key("release"), by_key("other")) is Outcome.ADMITTED

    def test_certificates(self, tmp_path: Path) -> None:
        wild = KEYLESS.replace("refs/tags/v1", "refs/tags/*")
        policy = loaded(one(kyverno(f"      attestors:\n      - entries:\n{wild}")), tmp_path)
        assert judge(policy, by(CertificateAuthor(GITHUB, f"{WORKFLOW}@refs/tags/v9", {}))) is Outcome.ADMITTED
        assert judge(policy, by(CertificateAuthor(GITHUB, f"{WORKFLOW}@refs/heads/v9", {}))) is Outcome.DENIED

    def test_attestations(self, tmp_path: Path) -> None:
        entry = f"      attestations:\n      - type: {names.PREDICATE_SLSA_V1}\n        attestors:\n" + indent(
            entries("release"), "  "
        )
        policy = loaded(one(kyverno(entry)), tmp_path)
        assert judge(policy, by_key("release", names.PREDICATE_SLSA_V1)) is Outcome.ADMITTED
        assert judge(policy, by_key("release")) is Outcome.DENIED

    @pytest.mark.parametrize(
        ("entry", "why"),
        [
            (attestors(entries("release", more="        - certificates: {cert: x}\n")), "2 of these must sign, and 1"),
            (attestors(entries("release", more="        - attestor: {entries: []}\n")), "2 of these must sign, and 1"),
            (attestors(entries("release", count="count: 2\n        ")), "2 of these must sign, and 1"),
            (attestors(entries("release", "release")), "2 of these must sign, and 1"),
            (attestors(entries("release")) + "      annotations: {a: b}\n", "'annotations' cannot be carried over"),
            (attestors(entries("release", more="          annotations: {a: b}\n")), "1 of these must sign, and 0"),
            (attestors(entries("release")) + "      type: Notary\n", "signatures of type 'Notary'"),
            (attestors(entries("release")) + "      unheardOf: 1\n", "'unheardOf' cannot be carried over"),
            ("      key: x\n", "'key' cannot be carried over"),
            (
                attestors(entries("release")).replace("ignoreTlog: true", "url: 'https://rekor.sigstore.dev'"),
                "without a log entry",
            ),
            (
                attestors(entries("release")).replace(
                    "            publicKeys", "            signatureAlgorithm: sha512\n            publicKeys"
                ),
                "another hash",
            ),
            (
                f"      attestors:\n      - entries:\n{KEYLESS.replace(TAGGED, 'https://github.com/acme/*')}",
                "whole segments",
            ),
            (
                f"      attestors:\n      - entries:\n{KEYLESS.replace('rekor.sigstore.dev', 'rekor.example')}",
                "another transparency log",
            ),
            (
                attestors("      - entries:\n" + KEYLESS.replace("issuer", "additionalExtensions: {a: b}, issuer")),
                "additionalExtensions",
            ),
            (
                attestors(entries("release"))
                + "      attestations:\n      - type: https://x.example/v1\n        attestors: []\n",
                "without attestors",
            ),
            (
                attestors(entries("release"))
                + "      attestations:\n      - type: https://x.example/v1\n        conditions: [{all: []}]\n"
                + "        attestors:\n"
                + indent(entries("release"), "  "),
                "'conditions' cannot be carried over",
            ),
        ],
    )
    def test_what_is_asked_and_cannot_be_said(self, entry: str, why: str) -> None:
        """All of it must hold: without it nothing remains."""
        converted = one(kyverno(entry), Options())
        assert any(why in item for item in whys(converted)), converted.left
        assert not converted.exists

    def test_a_key_in_the_cluster(self) -> None:
        converted = one(
            kyverno("      attestors: [{entries: [{keys: {publicKeys: 'k8s://a/b', rekor: {ignoreTlog: true}}}]}]\n")
        )
        assert "the key is not in the file" in whys(converted)[0]
        assert not converted.exists

    def test_each_entry_is_a_policy(self) -> None:
        second = "    - imageReferences: ['registry.example/other/*']\n" + attestors(entries("other"))
        found = read(kyverno(attestors(entries("release")) + second))
        assert [item.name for item in found] == ["acme-check-0", "acme-check-1"]
        assert [item.applies_to for item in found] == [("registry.example/acme/**",), ("registry.example/other/**",)]

    def test_what_becomes_stricter_is_said(self) -> None:
        entry = (
            attestors(entries("release"))
            + "      skipImageReferences: ['registry.example/acme/x']\n      mutateDigest: true\n"
        )
        converted = one(kyverno(entry, more="    exclude: {any: []}\n"))
        assert converted.exists
        assert len(converted.left) == 2

    def test_rules_about_something_else(self) -> None:
        text = kyverno("").partition("    verifyImages")[0] + "    validate: {message: x}\n"
        assert "verifies no images" in whys(one(text))[0]


def cel(expression: str, attestor: str | None = None, more: str = "") -> str:
    written = (
        attestor
        or f"    cosign:\n      ctlog: {{insecureIgnoreTlog: true}}\n      key:\n        data: {block('release', 10)}\n"
    )
    return (
        "apiVersion: policies.kyverno.io/v1\nkind: ImageValidatingPolicy\nmetadata: {name: acme}\nspec:\n"
        f"  matchImageReferences: [{{glob: 'registry.example/acme/*'}}]\n  attestors:\n  - name: release\n{written}"
        f"  attestations: [{{name: sbom, intoto: {{type: '{names.PREDICATE_CYCLONEDX}'}}}},"
        " {name: old, referrer: {type: a/b}}]\n"
        f"{more}  validations:\n  - expression: >-\n      {expression}\n    message: no\n"
    )


SIGNED = "images.containers.map(image, verifyImageSignatures(image, [attestors.release])).all(e, e > 0)"


class TestImageValidatingPolicy:
    @pytest.mark.parametrize(
        "expression",
        [
            SIGNED,
            "images.containers.map(image,\n        "
            "verifyImageSignatures(image, [attestors.release]) > 0\n      ).all(e, e)",
        ],
    )
    def test_who_must_have_signed(self, tmp_path: Path, expression: str) -> None:
        converted = one(cel(expression))
        assert not converted.left
        policy = loaded(converted, tmp_path)
        assert judge(policy, by_key("release")) is Outcome.ADMITTED
        assert judge(policy, by_key("mallory")) is Outcome.DENIED

    def test_attestations(self, tmp_path: Path) -> None:
        expression = SIGNED.replace(
            "verifyImageSignatures(image, ", "verifyAttestationSignatures(image, attestations.sbom, "
        )
        policy = loaded(one(cel(expression)), tmp_path)
        assert judge(policy, by_key("release", names.PREDICATE_CYCLONEDX)) is Outcome.ADMITTED
        assert judge(policy, by_key("release")) is Outcome.DENIED
        assert not one(cel(expression.replace(".sbom", ".old"))).exists

    def test_certificates(self, tmp_path: Path) -> None:
        attestor = f"    cosign: {{keyless: {{identities: [{{{RELEASE}}}]}}}}\n"
        policy = loaded(one(cel(SIGNED, attestor)), tmp_path)
        (identity,) = policy.identities.values()
        assert isinstance(identity, CertificateIdentity)
        assert judge(policy, by(CertificateAuthor(GITHUB, TAGGED, {}))) is Outcome.ADMITTED

    @pytest.mark.parametrize(
        "expression",
        [
            SIGNED.replace("> 0", "> 1"),
            SIGNED.replace(".all(", ".exists("),
            f"{SIGNED} && true",
            f"!{SIGNED}",
            SIGNED.replace("attestors.release", "attestors.nobody"),
            SIGNED.replace("all(e, e", "all(e, f"),
            "images.containers.map(image, extractPayload(image, attestations.sbom).x == 1).all(e, e)",
            "true",
        ],
    )
    def test_any_other_expression(self, expression: str) -> None:
        converted = one(cel(expression))
        assert converted.left
        assert not converted.exists

    @pytest.mark.parametrize(
        "attestor",
        [
            "    notary: {certs: {value: x}}\n",
            "    cosign: {certificate: {cert: {value: x}}}\n",
            "    cosign: {annotations: {a: b}, keyless: {identities: []}}\n",
            "    cosign: {keyless: {identities: []}}\n",
            f"    cosign: {{keyless: {{roots: x, identities: [{{{RELEASE}}}]}}}}\n",
            "    cosign: {key: {kms: x}, ctlog: {insecureIgnoreTlog: true}}\n",
        ],
    )
    def test_who_cannot_be_said(self, attestor: str) -> None:
        assert not one(cel(SIGNED, attestor)).exists

    def test_what_becomes_stricter_is_said(self) -> None:
        assert not one(cel(SIGNED, more="  validationActions: [Deny]\n")).left
        assert "here it denies" in whys(one(cel(SIGNED, more="  validationActions: [Audit]\n")))[0]


BAD_IMAGE = "registry.example/a?p"


class TestInAll:
    """What the engines have in common is carried over in the same way."""

    CIP = cip(key_authority())
    KYVERNO = kyverno(attestors(entries("release")))
    CEL = cel(SIGNED)

    @pytest.mark.parametrize(
        ("text", "glob"),
        [(CIP, "- glob: '{}'"), (KYVERNO, "['{}']"), (CEL, "[{{glob: '{}'}}]")],
        ids=["cip", "kyverno", "cel"],
    )
    def test_of_several_images_the_others_remain(self, text: str, glob: str) -> None:
        good = glob.format("registry.example/acme/*")
        assert good in text
        several = {
            "- glob": f"{good}\n  - glob: '{BAD_IMAGE}'\n  - glob: '**'",
            "['{}']": f"['registry.example/acme/*', '{BAD_IMAGE}', '*']",
            "[{{glo": f"[{{glob: 'registry.example/acme/*'}}, {{glob: '{BAD_IMAGE}'}}, {{glob: '*'}}]",
        }[glob[:6]]
        converted = one(text.replace(good, several))
        assert converted.applies_to == ("registry.example/acme/**",)
        assert [item.why.partition(":")[0] for item in converted.left] == [
            "images 'registry.example/a?p'",
            "every image",
        ]
        named = one(text.replace(good, several), replace(ALL, images=("other.example/**",)))
        assert named.applies_to == ("registry.example/acme/**", "other.example/**")

    @pytest.mark.parametrize("text", [CIP, CEL])
    def test_images_by_something_else(self, text: str) -> None:
        converted = one(text.replace("glob: ", "expression: "))
        assert not converted.exists
        assert "'expression' cannot be carried over" in whys(converted)[0]

    @pytest.mark.parametrize(
        "text",
        [
            cip(keyless(RELEASE, f"{RELEASE}, other: x")),
            cel(SIGNED, f"    cosign: {{keyless: {{identities: [{{{RELEASE}}}, {{{RELEASE}, other: x}}]}}}}\n"),
        ],
        ids=["cip", "cel"],
    )
    def test_of_several_identities_the_others_remain(self, text: str) -> None:
        converted = one(text)
        assert [len(demand.by) for demand in converted.demands] == [1]
        assert "'other' cannot be carried over" in whys(converted)[0]

    @pytest.mark.parametrize(("text", "name"), [(CIP, "policy"), (KYVERNO, "policy-check"), (CEL, "policy")])
    def test_without_a_name(self, text: str, name: str) -> None:
        converted = one(text.replace("metadata:\n  name: acme\n", "").replace("metadata: {name: acme}\n", ""))
        assert converted.exists
        assert converted.name == name
        assert converted.file_name == f"{name}.yaml"

    @pytest.mark.parametrize("text", [CIP, KYVERNO, CEL])
    def test_without_a_spec(self, text: str) -> None:
        assert not [item for item in read(text.partition("spec:")[0]) if item.exists]

    def test_what_has_no_effect_here_is_nothing_left_out(self) -> None:
        effects = ("mutateDigest", "verifyDigest", "required", "useCache", "cosignOCI11")
        kept = (
            "".join(f"      {key}: true\n" for key in effects)
            + "      imageRegistryCredentials: {}\n      type: Cosign\n"
        )
        assert not one(self.KYVERNO + kept).left
        assert one(self.KYVERNO).name == "acme-check"
        more = ["matchConstraints", "auditAnnotations", "validationConfigurations", "credentials", "images"]
        more += ["webhookConfiguration", "evaluation", "autogen", "variables"]
        written = "".join(f"  {key}: {{}}\n" for key in more) + "  failurePolicy: Fail\n"
        assert not one(cel(SIGNED, more=written)).left

    def test_audits_are_said(self) -> None:
        audits = self.KYVERNO.replace("spec:\n", "spec:\n  validationFailureAction: Audit\n")
        assert whys(one(audits)) == ["in.yaml:6: it only audits: here it denies"]
        assert not one(audits.replace("Audit", "Enforce")).left

    @pytest.mark.parametrize("count", ["1000", "x", "-1", "1.5"])
    def test_counts(self, count: str) -> None:
        assert not one(kyverno(attestors(entries("release", count=f"count: {count}\n        ")))).exists

    def test_a_key_and_a_certificate_in_one(self) -> None:
        both = attestors(entries("release", more=f"          {KEYLESS.strip().removeprefix('- ')}\n"))
        assert "expected keys or keyless" in whys(one(kyverno(both)))[0]
        text = cel(
            SIGNED,
            self.CEL[self.CEL.index("    cosign:") : self.CEL.index("  attestations:")]
            + f"      keyless: {{identities: [{{{RELEASE}}}]}}\n",
        )
        assert "expected a key or keyless" in whys(one(text))[0]

    def test_logs_and_hashes_of_keys(self) -> None:
        assert one(self.CEL, Options()).exists
        for log in ("{insecureIgnoreTlog: false}", "{}"):
            converted = one(self.CEL.replace("{insecureIgnoreTlog: true}", log), Options())
            assert not converted.exists
            assert "--keys-without-log" in whys(converted)[0]
        other = self.CEL.replace("      key:\n", "      key:\n        hashAlgorithm: sha512\n")
        assert "another hash than the key's own" in whys(one(other))[0]

    def test_nobody_may_write_wildcards_where_they_are_exact(self) -> None:
        wild = RELEASE.replace("refs/tags/v1", "refs/tags/*")
        assert not one(cel(SIGNED, f"    cosign: {{keyless: {{identities: [{{{wild}}}]}}}}\n")).exists
        assert not one(cip(keyless(wild))).exists

    def test_a_type_that_is_no_uri(self) -> None:
        signed = SIGNED.replace(
            "verifyImageSignatures(image, ", "verifyAttestationSignatures(image, attestations.sbom, "
        )
        assert not one(cel(signed).replace(names.PREDICATE_CYCLONEDX, "bom")).exists


class TestNotation:
    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        (tmp_path / "truststore" / "x509" / "ca" / "acme").mkdir(parents=True)
        (tmp_path / "truststore" / "x509" / "ca" / "acme" / "root.pem").write_bytes(pem([root().certificate]))
        return tmp_path

    def policy(self, folder: Path, *statements: dict[str, Any], name: str = "trustpolicy.json") -> Path:
        path = folder / name
        path.write_text(json.dumps({"version": "1.0", "trustPolicies": list(statements)}))
        return path

    def statement(self, level: str = "strict", scope: str = "registry.example/acme/app") -> dict[str, Any]:
        trusted = {"trustStores": ["ca:acme"], "trustedIdentities": ["x509.subject: C=US, ST=WA, O=Acme"]}
        return {
            "name": f"for-{level}",
            "registryScopes": [scope],
            "signatureVerification": {"level": level},
            **(trusted if level != "skip" else {}),
        }

    def read(self, path: Path, options: Options = ALL) -> list[Converted]:
        return convert(path.read_bytes(), where=str(path), directory=path.parent, beside=".", options=options)

    @pytest.mark.parametrize("level", ["strict", "permissive"])
    def test_it_refers_to_the_statement(self, folder: Path, level: str) -> None:
        (converted,) = self.read(self.policy(folder, self.statement(level)))
        assert not converted.left
        policy = loaded(converted, folder)
        assert [str(pattern) for pattern in policy.applies_to] == ["registry.example/acme/app"]
        (identity,) = policy.identities.values()
        assert identity.trusts.actions is not None  # type: ignore[attr-defined]

    @pytest.mark.parametrize("level", ["audit", "skip"])
    def test_what_verifies_nothing_names_nobody(self, folder: Path, level: str) -> None:
        (converted,) = self.read(self.policy(folder, self.statement(level)))
        assert not converted.exists
        assert "does not enforce who signed" in str(converted.left[0])

    def test_every_image(self, folder: Path) -> None:
        path = self.policy(folder, self.statement(scope="*"))
        (converted,) = self.read(path)
        assert not converted.exists
        (converted,) = self.read(path, Options(images=("registry.example/**",)))
        assert loaded(converted, folder).name == "for-strict"

    def test_a_file_that_notation_does_not_read(self, folder: Path) -> None:
        with pytest.raises(PolicyError, match="not where notation reads"):
            self.read(self.policy(folder, self.statement(), name="other.json"))
        path = self.policy(folder, self.statement())
        self.policy(folder, self.statement("skip"), name="trustpolicy.oci.json")
        with pytest.raises(PolicyError, match="not where notation reads"):
            self.read(path)

    def test_what_is_no_trust_policy(self, folder: Path) -> None:
        path = folder / "trustpolicy.json"
        path.write_text("{}")
        with pytest.raises(PolicyError):
            self.read(path)


class TestPatterns:
    @pytest.mark.parametrize(
        ("glob", "pattern"),
        [
            ("registry.example/acme/app", "registry.example/acme/app"),
            ("registry.example/acme/*", "registry.example/acme/**"),
            ("registry.example/**", "registry.example/**"),
            ("registry.example/*/app", "registry.example/*/app"),
            ("registry.example/acme/app:*", "registry.example/acme/app"),
            ("localhost:5000/app", "localhost:5000/app"),
            ("nginx", "docker.io/library/nginx"),
            ("acme/app", "docker.io/acme/app"),
            ("index.docker.io/acme/*", "index.docker.io/acme/**"),
        ],
    )
    def test_images(self, glob: str, pattern: str) -> None:
        assert patterns.images(glob, "x") == pattern

    @pytest.mark.parametrize("glob", ["*", "**", "*/*"])
    def test_every_image(self, glob: str) -> None:
        assert patterns.images(glob, "x") is None

    @pytest.mark.parametrize(
        "glob",
        ["registry.example/app*", "registry.*/app", "*.example/app", "registry.example/app:v1",
         "registry.example/**/app", "registry.example/app@sha256:ab", "registry.example/a?p", "", "nginx*"],
    )  # fmt: skip
    def test_images_that_cannot_be_said(self, glob: str) -> None:
        with pytest.raises(NotCarried):
            patterns.images(glob, "x")

    @pytest.mark.parametrize(
        ("regex", "pattern"),
        [
            (r"^https://github\.com/acme/app/\.github/workflows/release\.yml@refs/tags/v1$", TAGGED),
            (r"https://github.com/acme/app/.github/workflows/release.yml@refs/tags/.+", f"{WORKFLOW}@refs/tags/*"),
            (r"^https://github\.com/acme/[^/]+/x@refs/heads/[^/]*$", "https://github.com/acme/*/x@refs/heads/*"),
            (r"^me@acme\.example$", "me@acme.example"),
        ],
    )
    def test_regular_expressions(self, regex: str, pattern: str) -> None:
        assert patterns.subject(exact=None, regex=regex, wildcards=False, where="x") == pattern

    @pytest.mark.parametrize(
        "regex",
        [".*", "^https://github.com/.*", "(a|b)", "a|b", "a+", "a*", "a?", "[a-z]", r"\d", "a{2}", "^https://github.com/acme/app[^/]+$",
         "^https://github.com/[^/]+/x$", "a.*b", r"https://github\.com/acme/.*", "(?i)x", "a$b"],
    )  # fmt: skip
    def test_regular_expressions_that_mean_more(self, regex: str) -> None:
        with pytest.raises(NotCarried):
            patterns.subject(exact=None, regex=regex, wildcards=False, where="x")

    @given(st.data())
    def test_what_is_taken_means_no_more(self, data: st.DataObject) -> None:
        """Whatever the pattern matches, the regular expression finds too."""
        import re

        parts = st.sampled_from(
            [
                "https://github.com/acme",
                "/app",
                "/",
                r"\.yml",
                "@refs/tags/",
                "[^/]+",
                ".*",
                ".",
                "a",
                r"\.",
                "+",
                "*",
                "?",
                "(",
                "^",
                "$",
                "v1",
                "@",
                "x|y",
            ]
        )
        regex = "".join(data.draw(st.lists(parts, min_size=1, max_size=6)))
        try:
            pattern = Pattern.parse(patterns.subject(exact=None, regex=regex, wildcards=False, where="x"))
        except NotCarried:
            return
        assert re.search(regex, pattern.example)


@pytest.mark.parametrize(
    "text", [kyverno(""), cip("").replace("authorities:", "authorities: []"), cel(SIGNED).partition("  validations")[0]]
)
def test_what_asks_for_nothing_is_no_policy(text: str) -> None:
    converted = one(text)
    assert not converted.exists
    assert "nobody has to sign anything" in whys(converted)[0]


def test_a_document_on_the_line_of_its_beginning_is_not_overlooked() -> None:
    with pytest.raises(PolicyError):
        read(f"{cip(key_authority())}--- {{spec: 1}}\n")


def test_several_documents_keep_their_lines() -> None:
    text = f"# first\n---\n{cip(key_authority())}---\n{cip('  - static: {action: pass}' + chr(10))}"
    first, second = read(text)
    assert first.exists
    line = text.splitlines().index("  - static: {action: pass}") + 1
    assert whys(second) == [f"in.yaml:{line}: authority-0: nothing is verified"]


@pytest.mark.parametrize(
    "text",
    ["", "[]", "a", "apiVersion: v1\nkind: Pod\n", "kind: ClusterImagePolicy\n", "apiVersion: [a]\n", "{",
     "a: &x 1\nb: *x\n",
     "apiVersion: policy.sigstore.dev/v1beta1\nkind: ClusterImagePolicy\nspec: []\n",
     "apiVersion: policy.sigstore.dev/v1beta1\nkind: ClusterImagePolicy\nspec: {images: 1}\n"],
)  # fmt: skip
def test_what_is_no_policy(text: str) -> None:
    found: list[Converted] = []
    try:
        found = read(text)
    except PolicyError:
        return
    assert not any(item.exists for item in found)


def _mutations() -> Iterator[str]:
    text = cip(key_authority() + keyless(RELEASE))
    yield from (text[:cut] for cut in range(0, len(text), 37))
    yield from (text[:cut] + "x" + text[cut:] for cut in range(0, len(text), 29))


@pytest.mark.parametrize("text", list(_mutations()))
def test_damaged_documents_never_let_anybody_in(tmp_path: Path, text: str) -> None:
    try:
        found = [item for item in read(text) if item.exists]
    except PolicyError:
        return
    for converted in found:
        try:
            policy = loaded(converted, tmp_path)
        except PolicyError:
            continue
        people: list[Identity] = list(policy.identities.values())
        assert people
        assert judge(policy, by_key("mallory")) is Outcome.DENIED
        assert judge(policy, by(CertificateAuthor(GITHUB, TAGGED.replace("acme", "evil"), {}))) is Outcome.DENIED


def test_what_stands_in_the_file(tmp_path: Path) -> None:
    converted = one(cip(key_authority() + "  - static: {action: pass}\n"))
    files = write(converted, ALL, "in.yaml")
    assert sorted(files) == ["acme-signer-1.pub", "acme.yaml"]
    assert files["acme.yaml"].decode().splitlines() == [
        "# Converted from in.yaml by attest policy convert.",
        "# Left out: in.yaml:16: authority-1: nothing is verified",
        "version: 1",
        'name: "acme"',
        'applies_to: ["registry.example/acme/**"]',
        "trust: {keys_only: true}",
        "identities:",
        '  signer-1: {key: "acme-signer-1.pub", formats: [cosign]}',
        "rules:",
        "  - {id: rule-1, require: signature, by: [signer-1]}",
    ]
