"""Policy files: what is read, and that everything else is refused with its line."""

from __future__ import annotations

import textwrap
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attest import limits
from attest.errors import PolicyError
from attest.evidence.identity import CertificateIdentity
from attest.evidence.text_patterns import Pattern
from attest.oci.digest import Digest
from attest.policy.document import load, parse
from attest.policy.rules.provenance import ProvenanceRule
from attest.policy.rules.rule import Builder, Mode
from attest.policy.rules.sbom import SbomRule
from attest.policy.rules.signature import SignatureRule
from attest.policy.schema import Leniency
from attest.policy.trust import RootTerms
from attest.signing.proof import Format, KeyAuthor
from tests.evidence_factory import SUBJECT, key
from tests.policy.conftest import HEAD, Read

SIGNED = "rules:\n  - {id: signed, require: signature, by: [release]}\n"

FULL = """\
version: 1
name: Release gate
applies_to: ["pkg:npm/@acme/*", "pkg:pypi/**"]
trust: {keys_only: true}
unresolved: warn
undigested: warn
identities:
  release:
    key: release.pub
    for: ["pkg:npm/@acme/*"]
    until: 2027-06-01
  security: {key: ./security.pub}
builders:
  hosted: {identity: release, id: "https://ci.example/builder", slsa: 3}
rules:
  - {id: signed, require: signature, by: [release, security], threshold: 2}
  - id: built
    require: provenance
    by: [release]
    builders: [hosted]
    slsa: 3
    source: "https://github.com/acme/*"
    mode: warn
  - {id: sbom, require: sbom, by: [security], mode: audit}
"""


def test_everything_that_this_version_reads(read: Read) -> None:
    policy = read(FULL)
    assert policy.name == "Release gate"
    assert policy.digest == Digest.of(FULL.encode())
    assert [str(pattern) for pattern in policy.applies_to] == ["pkg:npm/@acme/*", "pkg:pypi/**"]
    assert policy.unresolved is Leniency.WARN
    assert policy.undigested is Leniency.WARN
    assert policy.identities["release"].until == datetime(2027, 6, 1, tzinfo=UTC)
    assert [str(pattern) for pattern in policy.identities["release"].packages] == ["pkg:npm/@acme/*"]
    assert policy.identities["security"].differs(KeyAuthor(key("security").public)) is None
    assert policy.identities["security"].packages == ()
    assert policy.identities["security"].until is None
    assert policy.rules == (
        SignatureRule(id="signed", by=("release", "security"), threshold=2),
        ProvenanceRule(
            id="built",
            by=("release",),
            builders=(Builder("hosted", "release", "https://ci.example/builder", 3),),
            slsa=3,
            source=Pattern.parse("https://github.com/acme/*"),
            mode=Mode.WARN,
        ),
        SbomRule(id="sbom", by=("security",), mode=Mode.AUDIT),
    )


def test_defaults(read: Read) -> None:
    policy = read(HEAD + SIGNED)
    assert policy.unresolved is Leniency.DENY
    assert policy.undigested is Leniency.DENY
    assert policy.rules == (SignatureRule(id="signed", by=("release",), threshold=1, mode=Mode.ENFORCE),)
    assert policy.applies(SUBJECT)


def rules(text: str) -> str:
    """A whole policy with these rules, the first on line 10."""
    return HEAD + "builders:\n  ci: {identity: builder, id: 'https://ci.example', slsa: 2}\nrules:\n" + text


def rule(terms: str) -> str:
    return rules(f"  - {{id: a, {terms}}}\n")


def top(line: str) -> str:
    """A whole policy with one more line at the top, which is line 1."""
    return line + "\n" + HEAD + SIGNED


def trust(terms: str) -> str:
    return HEAD.replace("keys_only: true", terms) + SIGNED


def builder(terms: str) -> str:
    """A policy whose third identity, in line 8, is this."""
    return HEAD.replace("key: builder.pub", terms) + SIGNED


def keyless(terms: str) -> str:
    return builder(terms).replace("keys_only: true", "root: public-good")


REFUSED = {
    "not a mapping": ("- a\n", 1, "policy: expected keys and values: it is a list"),
    "a text": ("hello\n", 1, "policy: expected keys and values: it is hello"),
    "unknown key": (top("aplies_to: [a]"), 1, "unknown key 'aplies_to': nearest: applies_to"),
    "unknown key, nothing near": (top("zzz: 1"), 1, "unknown key 'zzz': known: version, name, extends"),
    "waivers": (top("waivers: []"), 1, "'waivers' is empty"),
    "tests": (top("tests: []"), 1, "'tests' is empty"),
    "extends": (top("extends: other.yaml"), 1, "'extends': cannot read the policy"),
    "version missing": (HEAD.replace("version: 1\n", "") + SIGNED, 1, "policy: 'version' is missing"),
    "version 2": (HEAD.replace("version: 1", "version: 2") + SIGNED, 1, "from 1 to 1: it is 2"),
    "version as text": (HEAD.replace("version: 1", "version: '1'") + SIGNED, 1, "it is the text '1'"),
    "version as octal": (HEAD.replace("version: 1", "version: 0o1") + SIGNED, 1, "it is 0o1"),
    "version as float": (HEAD.replace("version: 1", "version: 1.0") + SIGNED, 1, "it is 1.0"),
    "name as number": (HEAD.replace("gate", "1.0") + SIGNED, 2, "expected text: it is 1.0 (next: put it in quotes)"),
    "name as boolean": (HEAD.replace("gate", "true") + SIGNED, 2, "expected text: it is true"),
    "name empty": (HEAD.replace("gate", "") + SIGNED, 2, "expected text: it is empty"),
    "name blank": (HEAD.replace("gate", "' '") + SIGNED, 2, "expected one line of text"),
    "name of two lines": (HEAD.replace("gate", '"a\\nb"') + SIGNED, 2, "expected one line of text"),
    "applies_to empty": (HEAD.replace('["pkg:npm/*"]', "[]") + SIGNED, 3, "'applies_to' is empty"),
    "applies_to missing": (HEAD.replace('applies_to: ["pkg:npm/*"]\n', "") + SIGNED, 1, "'applies_to' is missing"),
    "applies_to a text": (HEAD.replace('["pkg:npm/*"]', "pkg:npm/x") + SIGNED, 3, "expected a list"),
    "applies_to no pattern": (HEAD.replace("pkg:npm/*", "pkg:npm/app*") + SIGNED, 3, "not a package pattern"),
    "applies_to twice": (HEAD.replace('"pkg:npm/*"', "pkg:npm/a, pkg:npm/a") + SIGNED, 3, "stands twice"),
    "trust missing": (HEAD.replace("trust: {keys_only: true}\n", "") + SIGNED, 1, "'trust' is missing"),
    "trust false": (HEAD.replace("keys_only: true", "keys_only: false") + SIGNED, 4, "'keys_only' must be true"),
    "trust yes": (HEAD.replace("keys_only: true", "keys_only: yes") + SIGNED, 4, "expected true or false: it is yes"),
    "trust empty": (HEAD.replace("keys_only: true", "") + SIGNED, 4, "'trust': 'root' is missing"),
    "trust both": (trust("keys_only: true, root: staging"), 4, "'trust': unknown key 'root': known: keys_only"),
    "trust unknown": (trust("root: staging, logs: 1"), 4, "unknown key 'logs': nearest: log"),
    "trust no file": (trust("root: none.json"), 4, "none.json: cannot read the file: No such file"),
    "trust no root": (trust("root: release.pub"), 4, "release.pub: cannot read the trusted root"),
    "trust age of a file": (
        trust("root: release.pub, root_max_age: 30d"),
        4,
        "'root_max_age' is for roots with a name",
    ),
    "trust age": (trust("root: staging, root_max_age: 30"), 4, "expected text: it is 30"),
    "trust age in weeks": (trust("root: staging, root_max_age: 3w"), 4, "not an age: '3w'"),
    "trust age of nothing": (trust("root: staging, root_max_age: 0d"), 4, "not an age: '0d'"),
    "trust log": (trust("root: staging, log: 17"), 4, "'log': expected a whole number from 0 to 16: it is 17"),
    "trust timestamp": (trust("root: staging, timestamp: 0"), 4, "'timestamp': expected a whole number from 1 to 16"),
    "unresolved": (top("unresolved: maybe"), 1, "unknown value 'maybe': known: deny, warn"),
    "undigested": (top("undigested: maybe"), 1, "unknown value 'maybe': known: deny, warn"),
    "identity keyless": (builder("issuer: x, subject: y"), 8, "a certificate cannot be verified without a trust root"),
    "identity of two kinds": (builder("key: builder.pub, issuer: x"), 8, "there are 'key' and 'issuer'"),
    "identity subject only": (builder("subject: x"), 8, "expected exactly one of"),
    "identity issuer only": (keyless("issuer: x"), 8, "identity 'builder': 'subject' is missing"),
    "identity issuers": (keyless("issuer: 'https://*', subject: y"), 8, "'issuer' is exact"),
    "identity everybody": (keyless("issuer: x, subject: '*'"), 8, "'subject': not a pattern: '*'"),
    "identity any owner": (keyless("issuer: x, subject: 'https://github.com/*'"), 8, "'subject': too wide a pattern"),
    "identity any domain": (keyless("issuer: x, subject: 'dev@*'"), 8, "'subject': too wide a pattern: 'dev@*'"),
    "identity look-alikes": (keyless("issuer: x, subject: 'https://github.com/acme*'"), 8, "'subject': not a pattern"),
    "identity unknown claim": (keyless("issuer: x, subject: y, claims: {repo: z}"), 8, "unknown key 'repo': known: "),
    "identity claim nearly": (
        keyless("issuer: x, subject: y, claims: {source_repositori: z}"),
        8,
        "unknown key 'source_repositori': nearest: source_repository",
    ),
    "identity claim of anybody": (
        keyless("issuer: x, subject: y, claims: {source_repository: 'https://github.com/*/*'}"),
        8,
        "'claims': 'source_repository': too wide a pattern",
    ),
    "identity formats": (builder("key: builder.pub, formats: [notation]"), 8, "it never signs as 'notation'"),
    "identity no formats": (builder("key: builder.pub, formats: []"), 8, "'formats' is empty"),
    "identity unknown key": (HEAD.replace("key: builder.pub", "kye: x") + SIGNED, 8, "unknown key 'kye': nearest: key"),
    "identity no key": (
        HEAD.replace("key: builder.pub", "") + SIGNED,
        8,
        "identity 'builder': expected exactly one of",
    ),
    "identity key absent": (HEAD.replace("builder.pub", "none.pub") + SIGNED, 8, "none.pub: cannot read the key"),
    "identity key a folder": (HEAD.replace("builder.pub", ".") + SIGNED, 8, "cannot read the key"),
    "identity name": (HEAD.replace("builder:", "'a b':") + SIGNED, 8, "not a name: 'a b'"),
    "identity until": (HEAD.replace("builder.pub", "builder.pub, until: 2027-02-30") + SIGNED, 8, "not a day"),
    "identity until a week": (HEAD.replace("builder.pub", "builder.pub, until: 2027-W01-1") + SIGNED, 8, "not a day"),
    "identity until a time": (
        HEAD.replace("builder.pub", "builder.pub, until: 2027-01-01T00") + SIGNED,
        8,
        "not a day",
    ),
    "identity for": (HEAD.replace("builder.pub", "builder.pub, for: ['npm/x']") + SIGNED, 8, "not a package pattern"),
    "identity for nothing": (HEAD.replace("builder.pub", "builder.pub, for: []") + SIGNED, 8, "'for' is empty"),
    "identities a list": (top("").replace("identities:", "identities: []\nx:"), 7, "unknown key 'x'"),
    "no rules": (HEAD, 1, "policy: 'rules' is missing"),
    "rules empty": (HEAD + "rules: []\n", 9, "'rules' is empty"),
    "rules nothing": (HEAD + "rules:\n", 9, "'rules': expected a list: it is empty"),
    "rule a text": (HEAD + "rules: [signed]\n", 9, "rule 1: expected keys and values"),
    "rule without id": (rules("  - {require: sbom, by: [release]}\n"), 12, "rule 1: 'id' is missing"),
    "rule id": (rules("  - {id: '-', require: sbom, by: [release]}\n"), 12, "not a name"),
    "rule unknown key": (rule("require: sbom, by: [release], treshold: 2"), 12, "rule 'a': unknown key 'treshold'"),
    "rule require": (rule("require: blessing, by: [release]"), 12, "'require: blessing' is unknown: known: signature"),
    "rule absence": (rule("require: no-revocation, by: [security]"), 12, "rule 'a': 'absence' is missing"),
    "rule absence of what": (
        rule("require: no-withdrawal, by: [security], absence: hope"),
        12,
        "'absence': unknown value 'hope': known: listing, seal",
    ),
    "rule absence threshold": (
        rule("require: no-revocation, by: [security, release], absence: seal, threshold: 2"),
        12,
        "unknown key 'threshold'",
    ),
    "rule reasons": (
        rule("require: no-withdrawal, by: [security], absence: seal, reasons: [ugly]"),
        12,
        "'reasons': unknown value 'ugly': known: yanked, malicious, superseded",
    ),
    "rule reasons of revocation": (
        rule("require: no-revocation, by: [security], absence: seal, reasons: [yanked]"),
        12,
        "unknown key 'reasons'",
    ),
    "only absence enforced": (
        rules("  - {id: a, require: no-revocation, by: [release], absence: seal}\n"),
        11,
        "no rule that wants evidence is enforced",
    ),
    "rule neither": (rule("by: [release]"), 12, "rule 'a': 'require' is missing"),
    "rule match": (
        rule("require: sbom, by: [release], match: most"),
        12,
        "unknown value 'most': known: any, all, latest",
    ),
    "rule latest": (rule("require: sbom, by: [release], match: latest"), 12, "'absence' is missing"),
    "rule any absence": (
        rule("require: sbom, by: [release], absence: seal"),
        12,
        "'absence' does not go with match: any",
    ),
    "rule age": (rule("require: sbom, by: [release], max_age: 7"), 12, "expected text"),
    "rule age of what": (rule("require: sbom, by: [release], max_age: 7w"), 12, "'max_age': not an age: '7w'"),
    "rule by missing": (rule("require: signature"), 12, "rule 'a': 'by' is missing"),
    "rule by a mapping": (rule("require: signature, by: {release: x}"), 12, "'by': expected text"),
    "rule by nobody": (rule("require: signature, by: []"), 12, "'by' is empty"),
    "rule by unknown": (rule("require: signature, by: [nobody]"), 12, "no identity 'nobody': known: release, security"),
    "rule by twice": (rule("require: signature, by: [release, release]"), 12, "'release' stands twice"),
    "rule mode": (rule("require: signature, by: [release], mode: on"), 12, "unknown value 'on': known: enforce"),
    "rule threshold 0": (rule("require: signature, by: [release], threshold: 0"), 12, "from 1 to 1000: it is 0"),
    "rule threshold -1": (rule("require: signature, by: [release], threshold: -1"), 12, "it is -1"),
    "rule threshold 2": (rule("require: signature, by: [release], threshold: 2"), 12, "2 can never be met: 'by' has 1"),
    "rule threshold big": (rule("require: signature, by: [release], threshold: 99999999999"), 12, "from 1 to 1000"),
    "rule slsa, no builder": (
        rule("require: provenance, by: [release], slsa: 1"),
        12,
        "no builder of the rule is trust",
    ),
    "rule slsa too high": (
        rule("require: provenance, by: [builder], builders: [ci], slsa: 3"),
        12,
        "no builder of the rule is trusted with SLSA level 3",
    ),
    "rule slsa 5": (rule("require: provenance, by: [builder], builders: [ci], slsa: 5"), 12, "from 1 to 4: it is 5"),
    "rule builder unknown": (
        rule("require: provenance, by: [builder], builders: [x]"),
        12,
        "no builder 'x': known: ci",
    ),
    "rule builder never": (rule("require: provenance, by: [release], builders: [ci]"), 12, "'ci' could never count"),
    "rule source star": (rule("require: provenance, by: [release], source: 'https://x/app*'"), 12, "not a pattern"),
    "rule source git+": (
        rule("require: provenance, by: [release], source: 'git+https://GitHub.com/acme/app.git@refs/tags/v1'"),
        12,
        "write https://github.com/acme/app)",
    ),
    "rule source plain": (rule("require: provenance, by: [release], source: acme/app"), 12, "could never match"),
    "signature builders": (rule("require: signature, by: [release], builders: [ci]"), 12, "unknown key 'builders'"),
    "rule id twice": (
        rules("  - {id: a, require: sbom, by: [release]}\n  - {id: a, require: signature, by: [release]}\n"),
        13,
        "the rule id 'a' stands twice",
    ),
    "nothing enforced": (
        rules("  - {id: a, require: sbom, by: [release], mode: warn}\n"),
        11,
        "no rule that wants evidence is enforced, so the policy would admit anything",
    ),
    "builder unknown identity": (
        rules("").replace("identity: builder", "identity: x"),
        10,
        "builder 'ci': no identity 'x'",
    ),
    "builder no id": (rules("").replace(", id: 'https://ci.example'", ""), 10, "builder 'ci': 'id' is missing"),
    "builder slsa text": (rules("").replace("slsa: 2", "slsa: high"), 10, "whole number from 1 to 4: it is high"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused(read: Read, case: str) -> None:
    text, line, says = REFUSED[case]
    with pytest.raises(PolicyError) as caught:
        read(text)
    assert says in str(caught.value)
    assert caught.value.where == f"gate.yaml:{line}"


def test_one_key_under_two_names_is_one_signer(read: Read) -> None:
    text = HEAD.replace("security.pub", "release.pub")
    with pytest.raises(PolicyError, match="a threshold of 2 can never be met: 'by' has 1 distinct names"):
        read(text + "rules:\n  - {id: a, require: signature, by: [release, security], threshold: 2}\n")


def test_more_rules_than_the_limit(read: Read) -> None:
    many = "".join(f"  - {{id: r{n}, require: sbom, by: [release]}}\n" for n in range(limits.POLICY_RULES + 1))
    with pytest.raises(PolicyError, match="1001 rules: more than the limit of 1000"):
        read(f"{HEAD}rules:\n{many}")


def test_a_private_key_is_no_identity(read: Read, keys: Path) -> None:
    (keys / "secret.key").write_bytes(key("release").pkcs8_pem(None))
    with pytest.raises(PolicyError, match=r"gate.yaml:6: identity 'release': .*a private key where a public key"):
        read((HEAD + SIGNED).replace("release.pub", "secret.key"))


FULL_TRUST = """\
version: 1
name: gate
applies_to: ["pkg:npm/*"]
trust: {root: public-good, root_max_age: 12h, log: 2, timestamp: 3}
identities:
  release:
    issuer: https://token.actions.githubusercontent.com
    subject: https://github.com/acme/app/.github/workflows/release.yml@refs/tags/*
    claims: {source_repository: "https://github.com/acme/app", runner_environment: github-hosted}
    for: ["pkg:npm/@acme/*"]
    until: 2027-06-01
    formats: [bundle]
  security: {key: security.pub, formats: [cosign, bundle]}
"""


def test_a_trust_root_and_certificates(read: Read) -> None:
    policy = read(FULL_TRUST + SIGNED)
    assert policy.root == RootTerms("public-good", timedelta(hours=12), 2, 3)
    release = policy.identities["release"]
    assert isinstance(release, CertificateIdentity)
    assert (release.issuer, release.formats) == ("https://token.actions.githubusercontent.com", (Format.BUNDLE,))
    assert release.subject.text == "https://github.com/acme/app/.github/workflows/release.yml@refs/tags/*"
    assert {name: claim.text for name, claim in release.claims.items()} == {
        "source_repository": "https://github.com/acme/app",
        "runner_environment": "github-hosted",
    }
    assert release.until == datetime(2027, 6, 1, tzinfo=UTC)
    assert policy.identities["security"].formats == (Format.COSIGN, Format.BUNDLE)


def test_what_is_left_out_of_trust(read: Read) -> None:
    assert read(HEAD.replace("keys_only: true", "root: staging") + SIGNED).root == RootTerms("staging", None, 1, 1)
    assert read(HEAD + SIGNED).root is None


def test_two_names_for_one_subject_are_no_two_signers(read: Read) -> None:
    """A threshold that one workflow alone could never meet is refused when the policy is read."""
    again = FULL_TRUST.replace("tags/*", "tags/v1") + "  again: {issuer: ISSUER, subject: SUBJECT}\n"
    rules = "rules:\n  - {id: a, require: signature, by: [release, again], threshold: 2}\n"
    issuer = "https://token.actions.githubusercontent.com"
    subject = "https://github.com/acme/app/.github/workflows/release.yml@refs/heads/main"
    with pytest.raises(PolicyError, match="a threshold of 2 can never be met"):
        read(again.replace("ISSUER", issuer).replace("SUBJECT", subject) + rules)
    read(again.replace("ISSUER", issuer).replace("SUBJECT", subject.replace("release", "other")) + rules)


def test_key_files_are_relative_to_the_policy(keys: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (keys / "gate.yaml").write_text(HEAD + SIGNED)
    monkeypatch.chdir(tmp_path)
    policy = load(keys / "gate.yaml")
    assert policy.identities["release"].differs(KeyAuthor(key("release").public)) is None
    (tmp_path / "gate.yaml").write_text(HEAD + SIGNED)
    with pytest.raises(PolicyError) as refused:
        load(tmp_path / "gate.yaml")
    assert refused.value.next_step == f"put the key there: paths in a policy begin at its directory, {tmp_path}"


def test_files_that_are_no_policy(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match=r"none\.yaml: cannot read the policy: No such file"):
        load(tmp_path / "none.yaml")
    with pytest.raises(PolicyError, match="cannot read the policy: Is a directory"):
        load(tmp_path)
    (tmp_path / "empty.yaml").touch()
    with pytest.raises(PolicyError, match=r"empty\.yaml:1: the document is empty"):
        load(tmp_path / "empty.yaml")
    (tmp_path / "huge.yaml").write_bytes(b"#" * (2 * limits.MIB))
    with pytest.raises(PolicyError, match=r"huge\.yaml:1: 262145 bytes: more than the limit"):
        load(tmp_path / "huge.yaml")


LINES = [line for line in textwrap.dedent(FULL).splitlines(keepends=True) if line.strip()]


@given(st.data())
def test_a_policy_cut_and_mixed_is_read_or_refused(keys: Path, data: st.DataObject) -> None:
    chosen = data.draw(st.lists(st.sampled_from(LINES), max_size=24)) if data.draw(st.booleans()) else list(LINES)
    text = "".join(chosen)
    cut = data.draw(st.integers(0, len(text)))
    junk = data.draw(st.text(alphabet="[]{}:,-*&'\" \nabc1~", max_size=4))
    try:
        policy = parse(f"{text[:cut]}{junk}{text[cut:]}".encode(), where="p", base=keys)
    except PolicyError as error:
        refused_at = error.where or ""
    else:
        refused_at = "p:not"
        assert any(rule.mode is Mode.ENFORCE for rule in policy.rules)
        assert policy.applies_to
    assert refused_at.startswith("p:")
