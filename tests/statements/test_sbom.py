"""Facts of CycloneDX and SPDX documents."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attest.errors import FormatError
from attest.statements.sbom import Component, Sbom, missing_minimum, read_sbom

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=10,
)


def test_cyclonedx() -> None:
    component = {"type": "application", "group": "@acme", "name": "app", "version": "1.0", "purl": "pkg:npm/x@1"}
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "metadata": {"component": component},
        "components": [{"name": "a"}, {"name": "b"}],
    }
    sbom = read_sbom(document)
    assert (sbom.format, sbom.version, sbom.time, sbom.authors) == ("CycloneDX", "1.6", None, ())
    assert sbom.described == (Component("@acme/app", "1.0", "pkg:npm/x@1", identified=True),)
    assert [item.name for item in sbom.components] == ["a", "b"]


def test_cyclonedx_about_a_file_names_no_package() -> None:
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "metadata": {"component": {"type": "file", "name": "x.tgz", "version": "sha256:ab"}},
    }
    (described,) = read_sbom(document).described
    assert (described.name, described.package_name, described.version) == ("x.tgz", None, "sha256:ab")


def test_cyclonedx_about_nothing() -> None:
    assert read_sbom({"bomFormat": "CycloneDX", "specVersion": "1.4"}) == Sbom("CycloneDX", "1.4", (), ())


PURL_REFERENCE = {"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": "pkg:npm/a@1"}
PACKAGE = {"SPDXID": "SPDXRef-a", "name": "a", "versionInfo": "1", "externalRefs": [PURL_REFERENCE]}


@pytest.mark.parametrize(
    "root",
    [
        {"documentDescribes": ["SPDXRef-a"]},
        {
            "relationships": [
                {
                    "spdxElementId": "SPDXRef-DOCUMENT",
                    "relationshipType": "DESCRIBES",
                    "relatedSpdxElement": "SPDXRef-a",
                }
            ]
        },
        {
            "relationships": [
                {
                    "spdxElementId": "SPDXRef-a",
                    "relationshipType": "DESCRIBED_BY",
                    "relatedSpdxElement": "SPDXRef-DOCUMENT",
                }
            ]
        },
    ],
)
def test_spdx_2(root: dict[str, Any]) -> None:
    document = {"spdxVersion": "SPDX-2.3", "packages": [PACKAGE, {"SPDXID": "SPDXRef-b", "name": "b"}], **root}
    sbom = read_sbom(document)
    assert (sbom.format, sbom.version, len(sbom.components)) == ("SPDX", "2.3", 1)
    assert sbom.described == (Component("a", "1", "pkg:npm/a@1", ref="SPDXRef-a", identified=True),)


def test_spdx_2_relations_between_others_describe_nothing() -> None:
    relation = {"spdxElementId": "SPDXRef-b", "relationshipType": "DESCRIBES", "relatedSpdxElement": "SPDXRef-a"}
    document = {"spdxVersion": "SPDX-2.3", "packages": [PACKAGE], "relationships": [relation]}
    assert read_sbom(document).described == ()


def test_spdx_3() -> None:
    document = {
        "@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld",
        "@graph": [
            {"type": "SpdxDocument", "spdxId": "urn:doc", "rootElement": ["urn:sbom"]},
            {"type": "software_Sbom", "spdxId": "urn:sbom", "rootElement": ["urn:a"]},
            {
                "type": "software_Package",
                "spdxId": "urn:a",
                "name": "a",
                "software_packageVersion": "1",
                "software_packageUrl": "pkg:npm/a@1",
            },
            {"type": "software_Package", "spdxId": "urn:b", "name": "b"},
        ],
    }
    sbom = read_sbom(document)
    assert (sbom.format, sbom.version, len(sbom.components)) == ("SPDX", "3.0.1", 1)
    assert sbom.described == (Component("a", "1", "pkg:npm/a@1", ref="urn:a", identified=True),)


@pytest.mark.parametrize(
    ("kind", "read", "is_software"),
    [
        ("ai_AIPackage", 1, True),
        ("dataset_DatasetPackage", 1, False),
        ("software_File", 0, True),
    ],
)
def test_packages_of_spdx_3_of_another_class(kind: str, read: int, is_software: bool) -> None:
    graph = [{"type": kind, "spdxId": "urn:a", "name": "a"}]
    sbom = read_sbom({"@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld", "@graph": graph})
    assert sbom.components == (Component("a", None, None, ref="urn:a", is_software=is_software),) * read


@pytest.mark.parametrize(
    "document",
    [
        None,
        {},
        {"bomFormat": "cyclonedx", "specVersion": "1.6"},
        {"bomFormat": "CycloneDX"},
        {"bomFormat": "CycloneDX", "specVersion": 1.6},
        {"bomFormat": "CycloneDX", "specVersion": "2.0"},
        {"spdxVersion": "2.3"},
        {"spdxVersion": None},
        {"spdxVersion": "SPDX-3.0"},
        {"@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld"},
        {"@context": "https://openvex.dev/ns/v0.2.0", "@graph": []},
        {"@context": None, "@graph": []},
        {"Data": '{"bomFormat": "CycloneDX"}'},
    ],
)
def test_what_is_no_bill_of_materials(document: dict[str, Any] | None) -> None:
    with pytest.raises(FormatError):
        read_sbom(document)


MEMBERS = ["metadata", "components", "packages", "relationships", "documentDescribes", "@graph", "@context"]
HEADS: list[dict[str, Any]] = [
    {"bomFormat": "CycloneDX", "specVersion": "1.6"},
    {"spdxVersion": "SPDX-2.3"},
    {"@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld"},
]


@given(st.sampled_from(HEADS), st.dictionaries(st.sampled_from(MEMBERS), JSON, max_size=4))
def test_any_shape_is_read_or_refused(head: dict[str, Any], rest: dict[str, Any]) -> None:
    try:
        sbom = read_sbom({**rest, **head})
    except FormatError:
        return
    assert list(missing_minimum(sbom))


def test_many_packages_of_spdx_3_with_licences() -> None:
    """In time by their number, not by its square."""
    count = 20_000
    packages = [{"type": "software_Package", "spdxId": f"p{number}", "name": "x"} for number in range(count)]
    relations = [
        {"type": "Relationship", "relationshipType": "hasDeclaredLicense", "from": f"p{number}", "to": [f"l{number}"]}
        for number in range(count)
    ]
    document = {"@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld", "@graph": [*packages, *relations]}
    start = time.process_time()
    found = read_sbom(document)
    assert time.process_time() - start < 5
    assert [item.licenses[0].text for item in found.components] == [f"l{number}" for number in range(count)]
