"""SBOMs in every version that is read, by their formats' own tools: attached, and taken by a policy."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Workplace

WHEEL = "dist/acme-1.0-py3-none-any.whl"
POLICY = """\
version: 1
name: gate
applies_to: ["pkg:pypi/**"]
trust: {keys_only: true}
identities:
  release: {key: release.pub}
rules:
  - id: sbom
    require: sbom
    by: [release]
    includes_package: true
    min_components: COUNT
    max_age: 1d
    licenses: {deny: [AGPL-3.0-only]}
"""
PINNED = "idna==3.10\nrequests==2.32.3\n"
PROJECT = '[project]\nname = "acme"\nversion = "1.0"\nlicense = "MIT"\n'


def cyclonedx(spec: str) -> Any:
    """By `cyclonedx-py`, of a project and what it pins."""
    Path("requirements.txt").write_text(PINNED)
    Path("pyproject.toml").write_text(PROJECT)
    program = Path(sys.executable).with_name("cyclonedx-py")
    what = ["requirements", "requirements.txt", "--pyproject", "pyproject.toml"]
    command = [str(program), *what, "--spec-version", spec, "--output-format", "JSON"]
    done = subprocess.run(command, capture_output=True, check=True, timeout=120)
    document = json.loads(done.stdout)
    assert document["specVersion"] == spec
    return document


def spdx2() -> Any:
    """By `spdx-tools`, the library of the SPDX project."""
    from spdx_tools.spdx import model
    from spdx_tools.spdx.jsonschema.document_converter import DocumentConverter

    def package(name: str, number: str) -> model.Package:
        kind = model.ExternalPackageRefCategory.PACKAGE_MANAGER
        purl = model.ExternalPackageRef(kind, "purl", f"pkg:pypi/{name}@{number}")
        nowhere = model.SpdxNoAssertion()
        return model.Package(f"SPDXRef-{name}", name, nowhere, version=number, external_references=[purl])

    tool = model.Actor(model.ActorType.TOOL, "spdx-tools")
    head = model.CreationInfo("SPDX-2.3", "SPDXRef-DOCUMENT", "acme", "urn:acme", [tool], datetime.now(UTC))
    packages = [package("acme", "1.0"), package("idna", "3.10"), package("requests", "2.32.3")]
    describes = model.Relationship("SPDXRef-DOCUMENT", model.RelationshipType.DESCRIBES, "SPDXRef-acme")
    return DocumentConverter().convert(model.Document(head, packages=packages, relationships=[describes]))  # type: ignore[no-untyped-call]


def spdx3() -> Any:
    """By `spdx-python-model`, which the SPDX project makes of its model."""
    from spdx_python_model import v3_0_1 as model

    head = model.CreationInfo(_id="_:made", specVersion="3.0.1", created=datetime.now(UTC))
    acme = model.Organization(_id="urn:acme", name="Acme", creationInfo=head)
    head.createdBy = [acme]
    packages = [
        model.software_Package(
            _id=f"urn:acme:{name}",
            creationInfo=head,
            name=name,
            software_packageVersion=number,
            software_packageUrl=f"pkg:pypi/{name}@{number}",
        )
        for name, number in (("acme", "1.0"), ("idna", "3.10"), ("requests", "2.32.3"))
    ]
    bom = model.software_Sbom(_id="urn:acme:bom", creationInfo=head, rootElement=packages[:1], element=packages)
    document = model.SpdxDocument(_id="urn:acme:document", creationInfo=head, rootElement=[bom])
    written = BytesIO()
    model.JSONLDSerializer().write(model.SHACLObjectSet([acme, *packages, bom, document]), written)
    return json.loads(written.getvalue())


MAKERS: dict[str, Callable[[], Any]] = {
    **{f"CycloneDX 1.{minor}": partial(cyclonedx, f"1.{minor}") for minor in range(4, 8)},
    "SPDX 2.3": spdx2,
    "SPDX 3.0": spdx3,
}


@pytest.mark.slow
@pytest.mark.parametrize("name", MAKERS)
def test_each_version_from_its_tool_to_the_verdict(attest: Workplace, name: str) -> None:
    attest.write("bom.json", json.dumps(MAKERS[name]()))
    other = attest.wheel(version="2.0")

    def verdict(wheel: str | Path, count: int) -> tuple[int, str]:
        attest.write("gate.yaml", POLICY.replace("COUNT", str(count)))
        result = attest("verify", wheel, "--policy", "gate.yaml")
        return result.code, result.out

    for wheel in (WHEEL, other):
        attest.ok("attach", wheel, "bom.json", "--key", "release.key")
    assert verdict(WHEEL, 2)[0] == 0
    code, said = verdict(WHEEL, 9)
    assert (code, "components" in said) == (1, True)
    code, said = verdict(other, 2)
    assert (code, "acme@2.0" in said) == (1, True)
