"""Jars: coordinates as Maven's archiver leaves them in one, and no entity of XML."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from attest.errors import PackageError
from attest.packages.files import identify
from tests.packages.build import write, zipped

FOLDER = "META-INF/maven/org.example.acme/widget"
PROPERTIES = b"#Created by Maven\n#date\nversion=1.4.0\ngroupId=org.example.acme\nartifactId=widget\n"
POM = b"""<?xml version="1.0"?><project xmlns="http://maven.apache.org/POM/4.0.0"><!-- <version>9</version> -->
<parent><groupId>org.example.acme</groupId><artifactId>parent</artifactId><version>1.4.0</version></parent>
<artifactId> widget </artifactId><dependencies><dependency><version>8</version></dependency></dependencies>
<build><version>7</version></build></project>"""


def jar(properties: bytes | None = PROPERTIES, pom: bytes | None = None, folder: str = FOLDER) -> bytes:
    described = [
        (f"{folder}/{name}", data) for name, data in (("pom.properties", properties), ("pom.xml", pom)) if data
    ]
    return zipped([("META-INF/MANIFEST.MF", b""), ("META-INF/maven/notes.txt", b""), *described, ("a.class", b"")])


@pytest.mark.parametrize(
    "data",
    [
        jar(),
        jar(pom=POM),
        jar(None, POM),
        jar(PROPERTIES.replace(b"\n", b"\r\n") + b"m2e.projectLocation=C\\:/x\n"),
        jar(pom=POM.replace(b"1.4.0", b"${revision}")),
    ],
)
def test_a_jar_by_maven(tmp_path: Path, data: bytes) -> None:
    assert str(identify(write(tmp_path, data)).purl) == "pkg:maven/org.example.acme/widget@1.4.0"


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (zipped([("a.class", b"")]), "not a package of a known kind"),
        (zipped([("meta-inf/maven/g/a/pom.properties", PROPERTIES)]), "not a package of a known kind"),
        (jar(folder="META-INF/maven/org.example/widget"), "its groupId is 'org.example.acme' and 'org.example'"),
        (jar(folder="META-INF/maven/org.example.acme/other"), "its artifactId is 'widget' and 'other'"),
        (jar(pom=POM.replace(b"1.4.0", b"1.4.1")), "its version is '1.4.0' and '1.4.1'"),
        (jar(None, POM.replace(b"1.4.0", b"${revision}")), "a jar that does not say its version"),
        (
            zipped([(f"{FOLDER}/pom.properties", PROPERTIES), (f"{FOLDER}2/pom.properties", PROPERTIES)]),
            "several Maven artifacts in one jar: 2 of them",
        ),
        (jar(PROPERTIES + b"version=2\n"), "version stands there twice"),
        (jar(PROPERTIES + b"version : 2\n"), "a line that Maven does not write: 'version : 2'"),
        (jar(PROPERTIES + b"vers\\u0069on=2\n"), "a line that Maven does not write"),
        (jar(PROPERTIES + b"x=\\\nversion=2\n"), "a line that Maven does not write"),
        (jar(b"groupId=a\nartifactId=b\n"), "it has no version"),
        (jar(PROPERTIES.replace(b"1.4.0", b"1 4")), "its version is none: '1 4'"),
        (jar(None, b"<project>"), "not XML: no element found"),
        (jar(None, b"<projects/>"), "its root is 'projects'"),
        (jar(None, b"<!DOCTYPE project [<!ENTITY a 'b'>]><project>&a;</project>"), "it declares a document type"),
        (jar(None, b"<!DOCTYPE project SYSTEM 'file:///etc/passwd'><project/>"), "it declares a document type"),
        (jar(None, b"<project><version>&x;</version></project>"), "not XML: undefined entity"),
        (jar(None, b"<project><version>1</version><version>2</version></project>"), "version stands there twice"),
        (jar(None, b"<project>" + b"<a>" * 100), "nested too deeply"),
        (jar(None, b'<?xml version="1.0" encoding="nope"?><project/>'), "not XML"),
    ],
)
def test_what_is_refused(tmp_path: Path, data: bytes, why: str) -> None:
    with pytest.raises(PackageError) as caught:
        identify(write(tmp_path, data))
    assert why in str(caught.value)
    assert len(str(caught.value)) < 1000


@pytest.mark.slow
def test_a_jar_by_jar(tmp_path: Path) -> None:
    """The JDK's own archiver writes data descriptors and a first member with an extra field."""
    program = shutil.which("jar")
    if program is None:
        pytest.skip("jar is not installed")
    folder = tmp_path / "content" / FOLDER
    folder.mkdir(parents=True)
    (folder / "pom.properties").write_bytes(PROPERTIES)
    (folder / "pom.xml").write_bytes(POM)
    path = tmp_path / "widget-1.4.0.jar"
    subprocess.run([program, "cf", path, "-C", tmp_path / "content", "."], check=True, timeout=60)
    assert str(identify(path).purl) == "pkg:maven/org.example.acme/widget@1.4.0"
