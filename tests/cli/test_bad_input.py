"""Bad input gets one line with what, where, why and what next, exit code 2 or 3, and nothing half-written."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import POLICY, Workplace

WHEEL = "dist/acme-1.0-py3-none-any.whl"
PURL = "pkg:pypi/acme@1.0"


def test_a_file_that_is_no_package(attest: Workplace) -> None:
    attest.write("notes.txt", "hello")
    said = attest.refused("anchor", "notes.txt")
    assert said.startswith("attest: notes.txt: ")
    assert not Path(".attest").exists()


def test_a_file_that_is_not_there(attest: Workplace) -> None:
    assert attest.refused("anchor", "gone.whl") == (
        "attest: gone.whl: no such file (next: name an existing package file, a purl, HOST/REPO[:TAG|@DIGEST], "
        "or oci:DIR[:TAG|@DIGEST])"
    )


def test_a_wrong_digest(attest: Workplace) -> None:
    said = attest.refused("sign", WHEEL, "--digest", "sha256:" + "00" * 32, "--key", "release.key")
    assert said.startswith(f"attest: {WHEEL}: the file does not have the digest sha256:0000")
    assert not Path(".attest").exists()


def test_a_purl_that_contradicts_the_file(attest: Workplace) -> None:
    said = attest.refused("anchor", WHEEL, "--purl", "pkg:pypi/other@1.0")
    assert said == f"attest: {WHEEL}: the file is not pkg:pypi/other@1.0: its content says {PURL}"


def test_a_purl_without_digest_is_not_signed(attest: Workplace) -> None:
    said = attest.refused("sign", PURL, "--key", "release.key")
    assert "give --digest ALG:HEX" in said


@pytest.mark.parametrize(
    ("digest", "said"),
    [
        ("sha512:" + "ab" * 64, "pypi artifacts are named by sha256"),
        ("sha1:" + "ab" * 20, "sha1"),
        ("nonsense", "expected ALGORITHM:HEX"),
    ],
)
def test_a_digest_of_another_kind(attest: Workplace, digest: str, said: str) -> None:
    assert said in attest.refused("anchor", PURL, "--digest", digest)


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("", 1, "the document is empty"),
        (POLICY.replace("identities:", "identitys:"), 5, "'identitys'"),
        (POLICY.replace("id: signed", "extra: 1, id: signed"), 8, "'extra'"),
        (POLICY.replace("by: [release]", "by: [nobody]"), 8, "nobody"),
        (POLICY + "name: twice\n", 9, "name"),
    ],
    ids=["empty", "unknown key", "unknown key in a rule", "unknown identity", "key twice"],
)
def test_a_bad_policy_names_the_line(attest: Workplace, text: str, line: int, said: str) -> None:
    attest.write("bad.yaml", text)
    error = attest.refused("verify", WHEEL, "--policy", "bad.yaml")
    assert error.startswith((f"attest: bad.yaml:{line}", "attest: bad.yaml: "))
    assert said in error


def test_a_wrong_password(attest: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ATTEST_PASSWORD", "another")
    said = attest.refused("sign", WHEEL, "--key", "release.key")
    assert said.startswith("attest: wrong password for release.key")
    assert not Path(".attest").exists()


def test_a_public_key_where_a_private_one_is_wanted(attest: Workplace) -> None:
    assert "a public key where a private key is wanted" in attest.refused("sign", WHEEL, "--key", "release.pub")


def test_an_existing_key_is_never_overwritten(attest: Workplace) -> None:
    before = Path("release.key").read_bytes()
    assert "exists already" in attest.refused("key", "generate", "release")
    assert Path("release.key").read_bytes() == before


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ("{", "not JSON"),
        ('{"bomFormat": "CycloneDX", "bomFormat": "CycloneDX"}', "the key 'bomFormat' stands twice"),
        ("[]", "not a JSON object"),
        ('{"what": "is this"}', "cannot tell what kind of document this is"),
        ('{"bomFormat": "CycloneDX", "x": ' + "[" * 200 + "]" * 200 + "}", "nested deeper"),
    ],
    ids=["truncated", "key twice", "array", "unknown", "deep"],
)
def test_a_bad_document(attest: Workplace, document: str, said: str) -> None:
    attest.write("document.json", document)
    assert said in attest.refused("attach", WHEEL, "document.json", "--key", "release.key")
    assert not Path(".attest").exists()


def test_a_document_that_is_not_what_type_says(attest: Workplace) -> None:
    attest.write("bom.json", '{"bomFormat": "CycloneDX", "specVersion": "1.5"}')
    assert "not a spdx document" in attest.refused(
        "attach", WHEEL, "bom.json", "--type", "spdx", "--key", "release.key"
    )


def test_a_store_where_nothing_can_be_written(attest: Workplace) -> None:
    store = "oci:/proc/attest/{package}"  # nobody can make a directory there, root included
    said = attest.refused("sign", WHEEL, "--key", "release.key", "--store", store, code=3)
    assert "/proc/attest" in said


@pytest.mark.parametrize("arguments", [[], ["frobnicate"], ["verify", WHEEL], ["attach", WHEEL, "x.json"]])
def test_usage_errors_exit_with_2(attest: Workplace, arguments: list[str]) -> None:
    result = attest(*arguments)
    assert result.code == 2
    assert "usage: attest" in result.err


def test_stores_that_cannot_be_meant(attest: Workplace) -> None:
    for store in ("oci:", "nonsense", "oci:x/{package}/y", "ftp://x/y"):
        assert attest.refused("list", WHEEL, "--store", store)
