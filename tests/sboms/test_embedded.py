"""What wheels carry about what was compiled into them (PEP 770) is taken over, each part with where it comes from."""

from __future__ import annotations

import importlib.metadata
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from attest import limits
from attest.errors import PackageError
from attest.sboms.make import Form, of_package
from attest.statements.sbom import Sbom, read_sbom
from tests.packages.build import wheel_members, zipped
from tests.packages.metadata import told
from tests.sboms.official import complaints

MADE = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
FOLDER = "foo_bar-1.0.dist-info/sboms"
FORMS = pytest.mark.parametrize("form", list(Form))
CARGO: dict[str, Any] = {
    "bomFormat": "CycloneDX",
    "specVersion": "1.5",
    "metadata": {"component": {"type": "library", "bom-ref": "root", "name": "core", "purl": "pkg:cargo/core@0.1.0"}},
    "components": [
        {
            "type": "library",
            "bom-ref": "a",
            "name": "asn1",
            "version": "0.24.1",
            "purl": "pkg:cargo/asn1@0.24.1",
            "hashes": [{"alg": "SHA-256", "content": "ab" * 32}],
            "licenses": [{"expression": "BSD-3-Clause"}],
        },
        {"type": "library", "bom-ref": "b", "name": "deep", "version": "1.0.0", "purl": "pkg:cargo/deep@1.0.0"},
    ],
    "dependencies": [{"ref": "root", "dependsOn": ["a"]}, {"ref": "a", "dependsOn": ["b"]}, {"ref": "b"}],
}


def wheel(documents: Mapping[str, object]) -> bytes:
    members = [
        (f"{FOLDER}/{name}", data if isinstance(data, bytes) else json.dumps(data).encode())
        for name, data in documents.items()
    ]
    return zipped([*wheel_members(), *members])


def made(folder: Path, documents: Mapping[str, object], form: Form = Form.CYCLONEDX) -> Any:
    document = of_package(told.packed(folder, wheel(documents)), form, made=MADE)
    assert complaints(document, form) == []
    return json.loads(document)


def needs(document: Any) -> dict[str, list[str]]:
    return {item["ref"].partition("#")[0]: item.get("dependsOn", []) for item in document["dependencies"]}


def refused(folder: Path, documents: Mapping[str, object]) -> str:
    package = told.packed(folder, wheel(documents))
    with pytest.raises(PackageError) as caught:
        of_package(package, made=MADE)
    return str(caught.value).removeprefix(f"{package.path}: {FOLDER}/")


def test_components_and_what_needs_what(tmp_path: Path) -> None:
    document = made(tmp_path, {"core.cdx.json": CARGO})
    parts = {item["bom-ref"]: item for item in document["components"]}
    assert list(parts) == ["pkg:cargo/asn1@0.24.1", "pkg:cargo/core@0.1.0", "pkg:cargo/deep@1.0.0"]
    asn1 = parts["pkg:cargo/asn1@0.24.1"]
    assert asn1["properties"] == [{"name": "attest:from", "value": f"{FOLDER}/core.cdx.json"}]
    assert asn1["hashes"] == [{"alg": "SHA-256", "content": "ab" * 32}]
    assert asn1["licenses"][0]["license"]["id"] == "BSD-3-Clause"
    assert "scope" not in asn1
    assert needs(document) == {
        "pkg:pypi/foo-bar@1.0": ["pkg:cargo/core@0.1.0"],
        "pkg:cargo/core@0.1.0": ["pkg:cargo/asn1@0.24.1"],
        "pkg:cargo/asn1@0.24.1": ["pkg:cargo/deep@1.0.0"],
    }
    (reference,) = document["metadata"]["component"]["externalReferences"]
    assert (reference["type"], reference["url"]) == ("bom", f"{FOLDER}/core.cdx.json")


def test_a_document_that_describes_the_wheel_itself(tmp_path: Path) -> None:
    """As auditwheel writes it: it is the package, and not one more component."""
    document = {
        **CARGO,
        "metadata": {"component": {**CARGO["metadata"]["component"], "purl": "pkg:pypi/Foo_Bar@1.0?file_name=x.whl"}},
    }
    found = made(tmp_path, {"a.json": document})
    assert [item["name"] for item in found["components"]] == ["asn1", "deep"]
    assert needs(found)["pkg:pypi/foo-bar@1.0"] == ["pkg:cargo/asn1@0.24.1"]
    without_graph = {key: value for key, value in document.items() if key != "dependencies"}
    both = ["pkg:cargo/asn1@0.24.1", "pkg:cargo/deep@1.0.0"]
    assert needs(made(tmp_path, {"a.json": without_graph})) == {"pkg:pypi/foo-bar@1.0": both}


def test_a_document_that_describes_nothing(tmp_path: Path) -> None:
    document = {key: value for key, value in CARGO.items() if key != "metadata"}
    assert needs(made(tmp_path, {"a.json": document}))["pkg:pypi/foo-bar@1.0"] == ["pkg:cargo/asn1@0.24.1"]


def test_two_documents_with_one_component(tmp_path: Path) -> None:
    document = made(tmp_path, {"a.json": CARGO, "b.json": CARGO})
    assert len(document["components"]) == 3
    assert [item["value"] for item in document["components"][0]["properties"]] == [
        f"{FOLDER}/a.json",
        f"{FOLDER}/b.json",
    ]


def test_two_documents_that_contradict_each_other(tmp_path: Path) -> None:
    """Neither is right for the other: both stand there."""
    other = json.loads(json.dumps(CARGO).replace("ab" * 32, "cd" * 32))
    document = made(tmp_path, {"a.json": CARGO, "b.json": other})
    found = [item for item in document["components"] if item["name"] == "asn1"]
    assert sorted(item["hashes"][0]["content"] for item in found) == ["ab" * 32, "cd" * 32]


def test_spdx_in_a_wheel(tmp_path: Path) -> None:
    package = {"SPDXID": "SPDXRef-a", "name": "zlib", "versionInfo": "1.3", "downloadLocation": "NOASSERTION"}
    document = {
        "spdxVersion": "SPDX-2.3",
        "packages": [package, {**package, "SPDXID": "SPDXRef-b", "name": "deep"}],
        "relationships": [
            {"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES", "relatedSpdxElement": "SPDXRef-a"},
            {
                "spdxElementId": "SPDXRef-b",
                "relationshipType": "BUILD_DEPENDENCY_OF",
                "relatedSpdxElement": "SPDXRef-a",
            },
        ],
    }
    found = made(tmp_path, {"a.spdx.json": document})
    names = {item["bom-ref"]: item["name"] for item in found["components"]}
    assert sorted(names.values()) == ["deep", "zlib"]
    graph = {item["ref"]: [names[ref] for ref in item["dependsOn"]] for item in found["dependencies"]}
    assert sorted(graph.values()) == [["deep"], ["zlib"]]


@FORMS
def test_what_is_not_json_is_only_named(tmp_path: Path, form: Form) -> None:
    document = made(tmp_path, {"a.cdx.xml": b"<bom/>"}, form)
    assert f"{FOLDER}/a.cdx.xml" in json.dumps(document)
    assert "components" not in document


@pytest.mark.parametrize(
    ("document", "why"),
    [
        (b"{", "a.json: cannot take over an SBOM: not JSON: Expecting property name"),
        ({}, "cannot take over an SBOM: neither CycloneDX nor SPDX: no bomFormat, spdxVersion or @context"),
        ({"bomFormat": "CycloneDX", "specVersion": "9"}, "not CycloneDX 1.x: specVersion is '9'"),
        ({**CARGO, "components": 7}, "a.json: sbom.components: cannot take over an SBOM: expected an array: it is a "),
        ({**CARGO, "dependencies": [{"ref": "a", "dependsOn": "b"}]}, "sbom.dependencies[0].dependsOn: cannot take"),
        ({**CARGO, "dependencies": [{"ref": "a", "dependsOn": [1]}]}, "expected an array of strings"),
        (b'{"a":' * 200 + b"1" + b"}" * 200, "nested deeper"),
        (b"{" + b" " * limits.EMBEDDED_SBOM, "8388609 bytes of JSON: more than the limit of 8388608"),
    ],
)
def test_what_is_no_sbom_is_refused(tmp_path: Path, document: object, why: str) -> None:
    assert why in refused(tmp_path, {"a.json": document})


def test_refs_to_nothing_and_to_itself(tmp_path: Path) -> None:
    edges = [{"ref": "a", "dependsOn": ["a", "nothing", "b"]}, {"ref": "no", "dependsOn": ["a"]}]
    found = needs(made(tmp_path, {"a.json": {**CARGO, "dependencies": edges}}))
    assert found["pkg:cargo/asn1@0.24.1"] == ["pkg:cargo/deep@1.0.0"]


def installed(name: str) -> dict[str, bytes]:
    """The SBOMs in an installed package, as its wheel brought them."""
    files = importlib.metadata.files(name) or ()
    return {file.name: file.locate().read_bytes() for file in files if file.parent.name == "sboms"}  # type: ignore[attr-defined]


def facts(document: Any) -> Sbom:
    return read_sbom(document)


@FORMS
def test_those_of_cryptography(tmp_path: Path, form: Form) -> None:
    """Real ones: every component of theirs is there, with its digest, its licence, and what it needs."""
    documents = installed("cryptography")
    assert documents
    found = facts(made(tmp_path, documents, form))
    by_purl = {item.purl: item for item in found.components}
    for data in documents.values():
        theirs = facts(json.loads(data))
        assert theirs.components
        for item in theirs.everything:
            ours = by_purl[item.purl]
            assert (ours.name, ours.version, ours.digests) == (item.name, item.version, item.digests)
            assert [license.text for license in ours.licenses] == [license.text for license in item.licenses]
