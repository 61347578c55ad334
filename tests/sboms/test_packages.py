"""SBOMs of one package of every ecosystem: valid, about it, and the same bytes every time."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from attest import names
from attest.errors import PackageError
from attest.evidence.naming import by_components
from attest.packages.files import PackageFile, identify
from attest.packages.purl import Purl
from attest.sboms.make import Form, of_package
from attest.statements.sbom import Sbom, missing_minimum, read_sbom
from tests.packages.build import tgz, write
from tests.packages.metadata import told
from tests.packages.samples import SAMPLES, Sample
from tests.sboms.official import complaints

MADE = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
FORMS = pytest.mark.parametrize("form", list(Form))
ALL = pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.file_name)


def packed(folder: Path, sample: Sample) -> PackageFile:
    return identify(write(folder, sample.data, sample.file_name), Purl.parse(sample.purl))


def facts(document: bytes) -> Sbom:
    return read_sbom(json.loads(document))


def properties(component: Any) -> list[tuple[str, str]]:
    return [(item["name"], item["value"]) for item in component.get("properties", ())]


@FORMS
@ALL
def test_an_sbom_of_every_ecosystem(tmp_path: Path, sample: Sample, form: Form) -> None:
    package = packed(tmp_path, sample)
    document = of_package(package, form, made=MADE, supplier="Acme")
    assert complaints(document, form) == []
    found = facts(document)
    (described,) = found.described
    assert list(by_components(found.described, package.purl.type)) == [package.purl]
    assert (described.purl, described.digests["sha256"]) == (sample.purl, package.sha256)
    assert described.digests.get("sha512", "") in ("", package.digest.hex)
    assert found.time == MADE
    assert of_package(package, form, made=MADE, supplier="Acme") == document


@FORMS
@ALL
def test_a_package_that_needs_nothing_has_the_minimum(tmp_path: Path, sample: Sample, form: Form) -> None:
    """With who gives it out, all that the minimum elements ask for is known."""
    package = packed(tmp_path, sample)
    found = facts(of_package(package, form, made=MADE, supplier="Acme"))
    if not found.components:
        assert list(missing_minimum(found)) == []
    else:
        assert sample.type in ("apk", "conda", "gem", "hex")


def test_names_that_differ_by_their_case_only(tmp_path: Path) -> None:
    data = tgz([("package/package.json", b'{"name": "JSONStream", "version": "1.3.5", "license": "MIT"}')])
    document = json.loads(of_package(told.packed(tmp_path, data), made=MADE))
    component = document["metadata"]["component"]
    assert (component["name"], component["purl"]) == ("JSONStream", "pkg:npm/JSONStream@1.3.5")


def test_cyclonedx_in_full(tmp_path: Path) -> None:
    data = told.npm(
        license="(MIT OR Apache-2.0)",
        author="A. Writer <a@example.org>",
        description="A widget.",
        homepage="https://example.org/widget",
        dependencies={"semver": "^7.6.0", "@acme/lib": "1.2.3"},
        devDependencies={"semver": "7.6.3", "tap": "^16"},
        optionalDependencies={"fsevents": "^2"},
    )
    package = told.packed(tmp_path, data, name="app.tgz")
    document = json.loads(of_package(package, made=MADE))
    assert list(document) == [
        "$schema", "bomFormat", "specVersion", "serialNumber", "version", "metadata", "components", "dependencies"
    ]  # fmt: skip
    assert (document["bomFormat"], document["specVersion"], document["version"]) == ("CycloneDX", "1.6", 1)
    assert document["metadata"]["timestamp"] == "2026-01-02T03:04:05Z"
    ref = f"pkg:npm/%40acme/app@1.0.0#{package.digest}"
    assert document["metadata"]["component"] == {
        "type": "library",
        "bom-ref": ref,
        "group": "@acme",
        "name": "app",
        "version": "1.0.0",
        "purl": "pkg:npm/%40acme/app@1.0.0",
        "description": "A widget.",
        "authors": [{"name": "A. Writer", "email": "a@example.org"}],
        "supplier": {"name": "A. Writer", "contact": [{"name": "A. Writer", "email": "a@example.org"}]},
        "licenses": [{"expression": "MIT OR Apache-2.0", "acknowledgement": "declared"}],
        "hashes": [
            {"alg": "SHA-256", "content": package.sha256},
            {"alg": "SHA-512", "content": package.digest.hex},
        ],
        "externalReferences": [{"type": "website", "url": "https://example.org/widget"}],
        "properties": [{"name": "attest:file", "value": "app.tgz"}],
    }
    parts = {item["bom-ref"]: item for item in document["components"]}
    assert {ref: (item["scope"], properties(item)) for ref, item in parts.items()} == {
        "pkg:npm/%40acme/lib@1.2.3": ("required", [("attest:requirement:runtime", "1.2.3")]),
        "pkg:npm/fsevents": ("optional", [("attest:requirement:optional", "^2")]),
        "pkg:npm/semver": ("required", [("attest:requirement:runtime", "^7.6.0")]),
        "pkg:npm/semver@7.6.3": ("excluded", [("attest:requirement:development", "7.6.3")]),
        "pkg:npm/tap": ("excluded", [("attest:requirement:development", "^16")]),
    }
    assert parts["pkg:npm/%40acme/lib@1.2.3"]["version"] == "1.2.3"
    assert "version" not in parts["pkg:npm/semver"]
    assert document["dependencies"] == [{"ref": ref, "dependsOn": sorted(parts)}]  # of theirs nothing is known


def test_spdx_in_full(tmp_path: Path) -> None:
    data = told.npm(
        license="Their own",
        author="A. Writer <a@example.org>",
        dependencies={"b": "^1"},
        devDependencies={"c": "2.0.0"},
    )
    package = told.packed(tmp_path, data, name="app.tgz")
    document = json.loads(of_package(package, Form.SPDX, made=MADE, supplier="Acme"))
    main, *others = document["packages"]
    (reference,) = document["hasExtractedLicensingInfos"]
    assert reference["extractedText"] == "Their own"
    assert {key: main[key] for key in ("name", "versionInfo", "packageFileName", "supplier", "originator")} == {
        "name": "@acme/app",
        "versionInfo": "1.0.0",
        "packageFileName": "app.tgz",
        "supplier": "Organization: Acme",
        "originator": "Person: A. Writer (a@example.org)",
    }
    assert main["licenseDeclared"] == reference["licenseId"]
    ids = {item["name"]: item["SPDXID"] for item in (main, *others)}
    assert [
        (item["spdxElementId"], item["relationshipType"], item["relatedSpdxElement"], item.get("comment"))
        for item in document["relationships"]
    ] == [
        ("SPDXRef-DOCUMENT", "DESCRIBES", ids["@acme/app"], None),
        (ids["@acme/app"], "DEPENDS_ON", ids["b"], "runtime ^1"),
        (ids["c"], "DEV_DEPENDENCY_OF", ids["@acme/app"], "development 2.0.0"),
    ]
    assert document["creationInfo"]["created"] == "2026-01-02T03:04:05Z"


@pytest.mark.parametrize(
    ("written", "cyclonedx", "spdx"),
    [
        ("mit", {"license": {"id": "MIT", "acknowledgement": "declared"}}, "MIT"),
        ("GPL-2.0", {"license": {"id": "GPL-2.0-only", "acknowledgement": "declared"}}, "GPL-2.0-only"),
        ("A B C", {"license": {"name": "A B C", "acknowledgement": "declared"}}, "LicenseRef-"),
        ("LicenseRef-x", {"license": {"name": "LicenseRef-x", "acknowledgement": "declared"}}, "LicenseRef-"),
        (
            "gpl-2.0+ WITH classpath-exception-2.0",
            {"expression": "GPL-2.0-or-later WITH Classpath-exception-2.0", "acknowledgement": "declared"},
            "GPL-2.0-or-later WITH Classpath-exception-2.0",
        ),
        ("MIT AND (", {"license": {"name": "MIT AND (", "acknowledgement": "declared"}}, "LicenseRef-"),
    ],
)
def test_licences(tmp_path: Path, written: str, cyclonedx: dict[str, Any], spdx: str) -> None:
    package = told.packed(tmp_path, told.npm(license=written))
    for form in Form:
        document = of_package(package, form, made=MADE)
        assert complaints(document, form) == []
        if form is Form.CYCLONEDX:
            assert json.loads(document)["metadata"]["component"]["licenses"] == [cyclonedx]
        else:
            assert json.loads(document)["packages"][0]["licenseDeclared"].startswith(spdx)


def test_several_licences(tmp_path: Path) -> None:
    package = told.packed(tmp_path, told.npm(license=["MIT", "ISC OR Zlib"]))
    document = json.loads(of_package(package, made=MADE))
    (license,) = document["metadata"]["component"]["licenses"]
    assert license["expression"] == "MIT AND (ISC OR Zlib)"
    package = told.packed(tmp_path, told.npm(license=["MIT", "Their own"]))
    document = json.loads(of_package(package, made=MADE))
    licenses = [item["license"] for item in document["metadata"]["component"]["licenses"]]
    assert [(item.get("id"), item.get("name")) for item in licenses] == [("MIT", None), (None, "Their own")]


def test_a_package_that_is_needed_twice(tmp_path: Path) -> None:
    """It is needed for the more important of both, and each range is kept."""
    package = told.packed(tmp_path, told.npm(devDependencies={"b": "^2"}, dependencies={"b": "^1"}))
    (part,) = json.loads(of_package(package, made=MADE))["components"]
    assert part["scope"] == "required"
    assert properties(part) == [("attest:requirement:development", "^2"), ("attest:requirement:runtime", "^1")]
    relations = json.loads(of_package(package, Form.SPDX, made=MADE))["relationships"]
    assert [item["relationshipType"] for item in relations] == ["DESCRIBES", "DEPENDS_ON", "DEV_DEPENDENCY_OF"]


def test_an_extra_of_its_own_is_no_other_package(tmp_path: Path) -> None:
    headers = "Requires-Dist: rich; extra == 'a'\nRequires-Dist: Foo.Bar[a]; extra == 'all'"
    document = json.loads(of_package(told.packed(tmp_path, told.wheel(headers)), made=MADE))
    assert [item["bom-ref"] for item in document["components"]] == ["pkg:pypi/rich"]


@FORMS
def test_what_is_not_said_stays_unsaid(tmp_path: Path, form: Form) -> None:
    """An sdist that leaves its requirements to its build is not one that needs nothing."""
    unsaid = of_package(told.packed(tmp_path, told.sdist("", "2.1")), form, made=MADE)
    nothing = of_package(told.packed(tmp_path, told.sdist("", "2.2")), form, made=MADE)
    assert complaints(unsaid, form) == complaints(nothing, form) == []
    assert (names.NOTE_UNSAID.encode() in unsaid, names.NOTE_UNSAID.encode() in nothing) == (True, False)
    if form is Form.CYCLONEDX:
        assert "dependencies" not in json.loads(unsaid)
        assert len(json.loads(nothing)["dependencies"]) == 1
    else:
        assert [json.loads(item)["relationships"][1]["relatedSpdxElement"] for item in (unsaid, nothing)] == [
            "NOASSERTION",
            "NONE",
        ]


def test_hashes_of_its_own_kind(tmp_path: Path) -> None:
    package = told.packed(tmp_path, told.module("require a.example/b v1.0.0\n"))
    document = json.loads(of_package(package, made=MADE))
    main = document["metadata"]["component"]
    assert ("attest:digest", f"dirHash1:{package.digest.hex}") in properties(main)
    assert main["hashes"] == [{"alg": "SHA-256", "content": package.sha256}]
    assert main["name"] == "example.com/acme/widget"


@FORMS
@ALL
def test_with_its_files(tmp_path: Path, sample: Sample, form: Form) -> None:
    package = packed(tmp_path, sample)
    if sample.type in ("gem", "rpm"):  # made without a payload that could be unpacked
        with pytest.raises(PackageError, match=sample.file_name):
            of_package(package, form, made=MADE, files=True)
        return
    document = of_package(package, form, made=MADE, files=True)
    assert complaints(document, form) == []
    text = document.decode()
    expected = {
        "cocoapods": None,
        "npm": "package/package.json",
        "deb": "usr/share/doc/control",
        "apk": "usr/bin/widget",
    }
    wanted = expected.get(sample.type, "")
    assert wanted is None or (wanted in text and '"SHA-256"' in text) or form is Form.SPDX


def test_the_verification_code(tmp_path: Path) -> None:
    """spdx-spec 2.3, 7.9: of the sums in their order, which is not that of the paths."""
    files = [("package/package.json", b'{"name": "a", "version": "1.0.0"}'), ("package/a", b"2"), ("package/b", b"1")]
    sums = [hashlib.sha1(data).hexdigest() for _, data in sorted(files)]
    assert sums != sorted(sums)
    document = json.loads(of_package(told.packed(tmp_path, tgz(files)), Form.SPDX, made=MADE, files=True))
    code = document["packages"][0]["packageVerificationCode"]["packageVerificationCodeValue"]
    assert code == hashlib.sha1("".join(sorted(sums)).encode()).hexdigest()


@FORMS
def test_the_same_bytes_in_another_process(tmp_path: Path, form: Form) -> None:
    path = write(tmp_path, told.npm(dependencies={f"a{n}": "^1" for n in range(20)}), "a.tgz")
    program = (
        "import sys; from datetime import datetime, UTC; from pathlib import Path\n"
        "from attest.packages.files import identify; from attest.sboms.make import Form, of_package\n"
        f"made, package = datetime(2026, 1, 2, tzinfo=UTC), identify(Path('a.tgz'))\n"
        f"sys.stdout.buffer.write(of_package(package, Form('{form}'), made=made))"
    )
    made = {
        subprocess.run(
            [sys.executable, "-c", program],
            cwd=path.parent,
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "4711")
    }
    assert len(made) == 1
    assert facts(made.pop()).described[0].name == "@acme/app"


def test_another_time_or_content_is_another_document(tmp_path: Path) -> None:
    one, other = (told.packed(tmp_path, told.npm(license=text), name=text) for text in ("MIT", "ISC"))
    serials = {
        json.loads(of_package(package, made=made))["serialNumber"]
        for package in (one, other)
        for made in (MADE, MADE.replace(year=2027))
    }
    assert len(serials) == 4
    assert all(serial.startswith("urn:uuid:") for serial in serials)
