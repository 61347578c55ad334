"""`attest import` and services as stores, as users have them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from attest.packages.files import identify
from attest.report.schemas import schema
from tests.cli.conftest import Workplace
from tests.evidence import published, service
from tests.evidence.service import INTEGRITY, SIMPLE, Service
from tests.material import sigstore_go
from tests.packages.test_gem import gem

RFC8785 = "pkg:pypi/rfc8785@0.1.2"


@pytest.fixture
def server() -> Iterator[Service]:
    with service.serve() as running:
        yield running


def imported(attest: Workplace, *arguments: str | Path, code: int = 0) -> list[dict[str, Any]]:
    result = attest("import", *arguments, "--json")
    assert result.code == code, result
    jsonschema.validate(result.json, schema("import"))
    found: list[dict[str, Any]] = result.json["attestations"]
    return found


def of_rfc8785(attest: Workplace) -> Path:
    return attest.write("a.json", json.dumps(published.pypi(published.RFC8785)))


def test_to_the_package_that_it_names(attest: Workplace) -> None:
    source = of_rfc8785(attest)
    first = attest.ok("import", source)
    assert first.out.startswith(f"imported {RFC8785} sha256:")
    assert attest.ok("import", source).out == first.out.replace("imported", "present")
    listed = attest.ok("list", RFC8785)
    assert "docs.pypi.org/attestations/publish/v1" in listed.out
    (only,) = imported(attest, source)
    assert only["outcome"] == "present"
    assert only["digest"] == published.RFC8785_DIGEST
    assert only["binding"] == "name"


def test_the_real_attestation_does_not_count_for_another_version(attest: Workplace) -> None:
    source = of_rfc8785(attest)
    said = attest.refused(
        "import", source, "--subject", "pkg:pypi/rfc8785@0.1.4", "--digest", published.RFC8785_DIGEST, code=1
    )
    assert said.endswith(f"a.json: refused: the signed content names another package: {RFC8785}")
    attest.ok("anchor", "pkg:pypi/rfc8785@0.1.4", "--digest", published.RFC8785_DIGEST)
    assert "nothing is attached" in attest.ok("list", "pkg:pypi/rfc8785@0.1.4").err


def test_a_dry_run_writes_nothing(attest: Workplace) -> None:
    result = attest.ok("import", of_rfc8785(attest), "--dry-run")
    assert result.out.startswith(f"planned {RFC8785} sha256:")
    assert not (attest.directory / ".attest").exists()


def test_one_bad_attestation_hides_no_good_one(attest: Workplace) -> None:
    value = [{"version": 1}, published.pypi(published.RFC8785), published.pypi(published.SLSA)]
    source = attest.write("a.json", json.dumps(value))
    arguments = (source, "--subject", RFC8785, "--digest", published.RFC8785_DIGEST)
    found = imported(attest, *arguments, code=2)
    assert [item["outcome"] for item in found] == ["malformed", "imported", "refused"]
    value = value[1:]
    source.write_text(json.dumps(value))
    assert [item["outcome"] for item in imported(attest, *arguments, code=1)] == ["present", "refused"]


def test_several_files_and_one_that_is_none(attest: Workplace) -> None:
    other = attest.write("b.json", "{}")
    result = attest("import", other, of_rfc8785(attest))
    assert result.code == 2
    assert "b.json: malformed: " in result.err
    assert result.out.startswith("imported")
    assert "cannot read the file" in attest.refused("import", "missing.json")


def test_an_empty_document(attest: Workplace) -> None:
    for text in ("[]", '{"attestations": []}'):
        assert attest.ok("import", attest.write("a.json", text)).out.endswith("a.json\n")


def test_a_signature_over_a_gem_needs_the_gem(attest: Workplace) -> None:
    path = attest.write("demo-gem-1.2.3.pre-java.gem", gem())
    source = attest.write("attestations.json", json.dumps([published.message_bundle(gem())]))
    digest = str(identify(path).digest)
    assert "give the package file" in attest.refused("import", source, code=1)
    by_name = attest.refused("import", source, "--subject", "pkg:gem/demo-gem@1.2.3.pre", "--digest", digest, code=1)
    assert "give the package file itself" in by_name
    (only,) = imported(attest, source, "--subject", path)
    assert (only["outcome"], only["binding"]) == ("imported", "bytes")
    assert only["subject"] == "pkg:gem/demo-gem@1.2.3.pre"
    wheel = attest.directory / "dist" / "acme-1.0-py3-none-any.whl"
    assert f"it signs {digest}, not sha256:" in attest.refused("import", source, "--subject", wheel, code=1)


def test_a_registry_signature_is_checked_with_the_keys_given(attest: Workplace) -> None:
    key = published.registry_key()
    source = attest.write("version.json", json.dumps(published.npm_version(key)))
    keys = attest.write("keys.json", json.dumps(published.npm_keys(key)))
    assert attest.ok("import", source, "--npm-keys", keys).out.startswith("imported pkg:npm/sigstore@1.3.0 ")
    keys.write_text(json.dumps(published.npm_keys(published.registry_key())))
    refused = attest.refused("import", source, "--npm-keys", keys, code=1)
    assert "over sigstore@1.3.0:sha512-dhdv+jOAi1" in refused
    assert refused.endswith("does not hold")


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["pypi:"], "which package?"),
        (["pypi:/x"], "a service has no path"),
        (["pypi:", "--subject", "pkg:npm/a@1", "--digest", "sha512:" + "00" * 64], "not a package of pypi"),
        (["a.json", "--subject", RFC8785], "no digest"),
        (["a.json", "--subject", "host.example/image:tag"], "not a package"),
    ],
)
def test_usage(attest: Workplace, monkeypatch: pytest.MonkeyPatch, arguments: list[str], why: str) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:1/simple")
    attest.write("a.json", "{}")
    assert why in attest.refused("import", *arguments)


def test_no_address_is_known_by_itself(attest: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.delenv("PIP_INDEX_URL", raising=False)
    said = attest.refused("import", "pypi:", "--subject", RFC8785)
    assert "pip's configuration does not name one" in said


# --- services ---


def index(server: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", f"{server.url}simple")
    file = {
        "filename": "rfc8785-0.1.2-py3-none-any.whl",
        "url": "x",
        "hashes": {"sha256": published.RFC8785_DIGEST.removeprefix("sha256:")},
        "provenance": f"{server.url}provenance",
    }
    server.answer("/simple/rfc8785/", {"meta": {"api-version": "1.3"}, "files": [file]}, SIMPLE)
    attestation = published.pypi(published.RFC8785)
    bundles = [{"publisher": {"kind": "GitHub", "repository": "a/b"}, "attestations": [attestation]}]
    server.answer("/provenance", {"version": 1, "attestation_bundles": bundles}, INTEGRITY)


def test_import_is_a_copy_of_what_a_service_shows(
    attest: Workplace, server: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    index(server, monkeypatch)
    shown = attest.ok("list", RFC8785, "--store", "pypi:", "--json").json
    done = attest.ok("import", "pypi:", "--subject", RFC8785)
    assert "publisher as the index says it, unverified: kind GitHub, repository a/b" in done.err
    here = attest.ok("list", RFC8785, "--json").json

    def digests(answer: Any) -> list[str]:
        return [item["digest"] for subject in answer["subjects"] for item in subject["referrers"]]

    assert digests(shown) == digests(here)
    assert len(digests(here)) == 1
    tree = attest.ok("tree", RFC8785, "--store", "pypi:")
    assert "attest.original.v1" in tree.out


def test_a_service_that_has_nothing(attest: Workplace, server: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    index(server, monkeypatch)
    other = ("--subject", RFC8785, "--digest", "sha256:" + "00" * 32)
    assert "the service does not list this artifact" in attest.refused("import", "pypi:", *other, code=1)
    server.answer("/provenance", {}, status=404)
    assert [item["outcome"] for item in imported(attest, "pypi:", "--subject", RFC8785)] == ["none"]
    assert attest.ok("import", "pypi:", "--subject", RFC8785).out.startswith(f"none {RFC8785}")
    server.answer("/provenance", {}, status=500)
    monkeypatch.setattr("attest.stores.registry.options.Clock.sleep", lambda *_: None)
    assert [item["outcome"] for item in imported(attest, "pypi:", "--subject", RFC8785, code=3)] == ["unread"]


def test_nothing_is_signed_into_a_service(attest: Workplace, server: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    index(server, monkeypatch)
    wheel = attest.directory / "dist" / "acme-1.0-py3-none-any.whl"
    assert "a service is only read" in attest.refused("sign", wheel, "--key", "release.key", "--store", "pypi:", code=3)
    said = attest.refused("copy", "pypi:", "oci:there", RFC8785)
    assert "attest import pypi: --subject" in said


# --- verdicts about what was really published, without a network ---

GATE = """\
version: 1
name: built
applies_to: ["pkg:{type}/**"]
trust: {{root: root.json}}
identities:
  release:
    issuer: https://token.actions.githubusercontent.com
    subject: "{subject}"
    claims: {{source_repository: "{source}"}}
builders:
  hosted: {{identity: release, id: "{builder}", slsa: 2}}
rules:
  - {{id: built, require: provenance, by: [release], builders: [hosted], source: "{source}"}}
"""
PYPI_ATTESTATIONS = ("pkg:pypi/pypi-attestations@0.0.19", "--digest", published.PYPI_ATTESTATIONS_DIGEST)


def gate(attest: Workplace, **members: str) -> None:
    source = "https://github.com/trailofbits/pypi-attestations"
    workflow = f"{source}/.github/workflows/release.yml@refs/tags"
    written = {"type": "pypi", "subject": f"{workflow}/*", "source": source, "builder": f"{workflow}/v0.0.19"} | members
    attest.write("gate.yaml", GATE.format(**written))
    attest.write("root.json", sigstore_go("examples/trusted-root-public-good.json").read_bytes())


def test_a_verdict_by_imported_provenance(attest: Workplace) -> None:
    gate(attest)
    attest.ok("import", attest.write("slsa.json", json.dumps(published.pypi(published.SLSA))))
    admitted = attest.ok("verify", *PYPI_ATTESTATIONS, "--policy", "gate.yaml", "--explain")
    assert "bound by name" in admitted.out
    gate(
        attest,
        subject="https://github.com/trailofbits/pypi-attestations-evil/.github/workflows/release.yml@refs/tags/*",
    )
    assert attest("verify", *PYPI_ATTESTATIONS, "--policy", "gate.yaml").code == 1


def test_a_verdict_by_a_service_and_nothing_else(
    attest: Workplace, server: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Facts are the certificate's: what the index says of the publisher moves nothing."""
    monkeypatch.setenv("PIP_INDEX_URL", f"{server.url}simple")
    file = {
        "filename": "pypi_attestations-0.0.19.tar.gz",
        "url": "x",
        "hashes": {"sha256": published.PYPI_ATTESTATIONS_DIGEST.removeprefix("sha256:")},
        "provenance": "/provenance",
    }
    server.answer("/simple/pypi-attestations/", {"meta": {"api-version": "1.3"}, "files": [file]}, SIMPLE)
    attestations = [published.pypi(published.PUBLISH), published.pypi(published.SLSA)]
    for repository in ("trailofbits/pypi-attestations", "mallory/evil"):
        bundles = [{"publisher": {"kind": "GitHub", "repository": repository}, "attestations": attestations}]
        server.answer("/provenance", {"version": 1, "attestation_bundles": bundles}, INTEGRITY)
        gate(attest)
        assert attest("verify", *PYPI_ATTESTATIONS, "--policy", "gate.yaml", "--store", "pypi:").code == 0
        gate(attest, source="https://github.com/mallory/evil")
        assert attest("verify", *PYPI_ATTESTATIONS, "--policy", "gate.yaml", "--store", "pypi:").code == 1
    assert not (attest.directory / ".attest").exists()
    gate(attest)
    by_purl = ("verify", PYPI_ATTESTATIONS[0], "--policy", "gate.yaml", "--store", "pypi:")
    assert attest(*by_purl).code == 3
    assert attest(*by_purl, "--resolve").code == 0


def test_a_verdict_by_imported_provenance_of_npm(attest: Workplace) -> None:
    source = "https://github.com/sigstore/sigstore-js"
    gate(
        attest,
        type="npm",
        source=source,
        subject=f"{source}/.github/workflows/release.yml@refs/heads/main",
        builder="https://github.com/actions/runner/github-hosted",
    )
    document = published.npm_attestations(published.NPM_PROVENANCE_V02)
    attest.ok("import", attest.write("npm.json", json.dumps(document)))
    sha512 = published.statement(document["attestations"][0]["bundle"])["subject"][0]["digest"]["sha512"]
    about = ("pkg:npm/sigstore@2.0.0", "--digest", f"sha512:{sha512}")
    assert "bound by name" in attest.ok("verify", *about, "--policy", "gate.yaml", "--explain").out
    attest.ok("import", attest.write("old.json", json.dumps(published.npm_attestations())))
    older = ("pkg:npm/sigstore@1.3.0", "--digest", f"sha512:{published.SIGSTORE_JS_SHA512}")
    gate(
        attest,
        type="npm",
        source=source,
        subject=f"{source}/.github/workflows/release.yml@refs/heads/main",
        builder="https://github.com/actions/runner",
    )
    # v0.1 with an inclusion promise only, kept as it is: verified all the same
    assert "bound by name" in attest.ok("verify", *older, "--policy", "gate.yaml", "--explain").out


def test_a_publish_attestation_is_a_signature_by_whom_the_certificate_names(attest: Workplace) -> None:
    """It satisfies a rule for signatures and none for provenance."""
    gate(attest)
    attest.ok("import", attest.write("publish.json", json.dumps(published.pypi(published.PUBLISH))))
    assert attest("verify", *PYPI_ATTESTATIONS, "--policy", "gate.yaml").code == 1
    policy = (attest.directory / "gate.yaml").read_text().partition("builders:")[0]
    attest.write("signed.yaml", policy + "rules:\n  - {id: signed, require: signature, by: [release]}\n")
    assert "bound by name" in attest.ok("verify", *PYPI_ATTESTATIONS, "--policy", "signed.yaml", "--explain").out
    other = ("pkg:pypi/pypi-attestations@0.0.20", *PYPI_ATTESTATIONS[1:])
    attest.ok("anchor", *other)
    assert attest("verify", *other, "--policy", "signed.yaml").code == 1
