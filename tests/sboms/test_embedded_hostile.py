"""SBOMs in a wheel that are too much together, that contradict each other, or that hide behind one another."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from attest import limits
from attest.errors import PackageError, UsageError
from attest.packages.files import embedded_sboms, identify
from attest.packages.metadata.table import metadata
from attest.sboms.bill import Bill, Part
from attest.sboms.embedded import with_embedded
from attest.sboms.make import Form, of_directory, of_package
from attest.sboms.package import bill_of
from tests.packages.build import wheel_members, write, zipped
from tests.packages.metadata import told
from tests.sboms.official import complaints
from tests.sboms.test_embedded import FOLDER, needs, wheel

MADE = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
SECONDS = 5.0
MAIN = Part("pkg:pypi/foo-bar@1.0#sha256:00", "foo-bar", version="1.0", purl="pkg:pypi/foo-bar@1.0")


def component(number: int, **more: object) -> dict[str, Any]:
    return {
        "type": "library",
        "name": f"n{number}",
        "version": "1",
        "purl": f"pkg:cargo/n{number}@1",
        "bom-ref": f"{number}",
        **more,
    }


def bom(*components: dict[str, Any], **more: object) -> dict[str, Any]:
    return {"bomFormat": "CycloneDX", "specVersion": "1.6", "components": list(components), **more}


def named(*names: str) -> list[dict[str, Any]]:
    return [{"license": {"name": name}} for name in names]


def edges(count: int, components: int) -> list[dict[str, Any]]:
    """So many, each another."""
    each = [str(number) for number in range(components)]
    whole = [{"ref": one, "dependsOn": each} for one in each[: count // components]]
    rest = count - len(whole) * components
    return [*whole, {"ref": each[len(whole)], "dependsOn": each[:rest]}]


def taken(documents: Mapping[str, object]) -> Bill:
    return with_embedded(Bill(MAIN), [(name, json.dumps(data).encode()) for name, data in documents.items()])


def refused(documents: Mapping[str, object]) -> str:
    """Why, in short time and without much memory."""
    written = [(name, json.dumps(data).encode()) for name, data in documents.items()]
    start = time.process_time()
    with pytest.raises(PackageError) as caught:
        with_embedded(Bill(MAIN), written)
    assert time.process_time() - start < SECONDS
    return str(caught.value)


def test_the_most_components_of_one_document() -> None:
    most = [component(number) for number in range(limits.SBOM_COMPONENTS)]
    assert len(taken({"a": bom(*most)}).parts) == limits.SBOM_COMPONENTS
    assert (
        refused({"a": bom(*most, component(-1))}) == "a: cannot take over an SBOM: too much: more than 20000 components"
    )


def test_the_same_components_in_many_documents() -> None:
    """As many as are listed count, not as many as are different."""
    half = bom(*(component(number) for number in range(limits.SBOM_COMPONENTS // 2)))
    bill = taken({"a": half, "b": half})
    assert len(bill.parts) == limits.SBOM_COMPONENTS // 2
    assert "c: cannot take over an SBOM: too much: more than 20000 components" in refused(
        {"a": half, "b": half, "c": half}
    )


def test_the_most_dependencies() -> None:
    parts = [component(number) for number in range(1000)]
    most = limits.SBOM_EDGES
    bill = taken({"a": bom(*parts, dependencies=edges(most - 1, 1000)), "b": bom(*parts, dependencies=edges(1, 1000))})
    assert sum(map(len, bill.edges.values())) >= most - 1000
    why = "a: cannot take over an SBOM: too much: more than 200000 dependencies"
    assert refused({"a": bom(*parts, dependencies=edges(most + 1, 1000))}) == why
    halves = {name: bom(*parts, dependencies=edges(most // 2 + 1, 1000)) for name in ("x", "y")}
    assert refused(halves) == "y" + why[1:]


def test_dependencies_of_nothing_count() -> None:
    item = {"ref": "nobody", "dependsOn": ["nothing"] * (limits.SBOM_EDGES + 1)}
    assert "more than 200000 dependencies" in refused({"a": bom(dependencies=[item])})


def test_the_most_licences() -> None:
    names = [f"l{number}" for number in range(limits.SBOM_LICENSES)]
    (part,) = taken(
        {"a": bom(component(1, licenses=named(*names))), "b": bom(component(1, licenses=named(*names)))}
    ).parts
    assert part.licenses == tuple(names)
    one_more = {"a": bom(component(1, licenses=named(*names))), "b": bom(component(1, licenses=named("another")))}
    assert refused(one_more) == "b: cannot take over an SBOM: too much: more than 1000 licences"


def test_the_most_documents() -> None:
    most = {f"{number}": bom(component(1)) for number in range(limits.EMBEDDED_SBOMS)}
    (part,) = taken(most).parts
    assert len(part.notes) == limits.EMBEDDED_SBOMS
    assert refused({**most, "more": bom()}) == "too many SBOMs in one package: more than 100"


def dense() -> bytes:
    """Nearly a million dependencies, in a small file: what repeats itself packs well."""
    each = [str(number) for number in range(0, 14_000, 240)]
    parts = [{"type": "library", "name": "n", "bom-ref": str(number)} for number in range(14_000)]
    needs = [{"ref": str(number), "dependsOn": each} for number in range(14_000)]
    return json.dumps(bom(*parts, dependencies=needs)).encode()


def empty(objects: int) -> bytes:
    """A document of so many, of which all but one are components."""
    document = json.dumps(bom(), separators=(",", ":")).encode()
    return document.replace(b"[]", b"[" + b",".join([b"{}"] * (objects - 1)) + b"]")


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (dense(), "more than 200000 dependencies"),
        (empty(limits.EMBEDDED_SBOM_OBJECTS), "more than 20000 components"),
        (empty(limits.EMBEDDED_SBOM_OBJECTS + 1), "more than 200000 objects"),
    ],
    ids=["dense", "components", "objects"],
)
def test_time_and_memory(tmp_path: Path, data: bytes, why: str) -> None:
    """Of a process of its own, all together."""
    file = write(tmp_path, wheel({"a.json": data}), "foo_bar-1.0-py3-none-any.whl")
    assert file.stat().st_size < 300_000
    measured = """
import re, sys, time
from pathlib import Path
from attest.cli.main import main
code = main(["sbom", sys.argv[1]])
status = Path("/proc/self/status")  # a process's ru_maxrss is at least that of the one that began it
peak = re.search(r"VmHWM:\\s*([0-9]+) kB", status.read_text())[1] if status.exists() else 0
print(code, time.process_time(), peak)
"""
    ran = subprocess.run([sys.executable, "-c", measured, file], capture_output=True, text=True, check=False)
    assert why in ran.stderr
    code, seconds, peak = ran.stdout.split()
    assert code == "2"
    assert float(seconds) < SECONDS
    assert int(peak) < 300_000  # KiB; nobody tells elsewhere than on Linux


def test_licences_of_a_package_itself(tmp_path: Path) -> None:
    classifiers = "".join(f"Classifier: License :: l{number}\n" for number in range(limits.SBOM_LICENSES + 1))
    package = told.packed(tmp_path, told.wheel(classifiers))
    with pytest.raises(UsageError, match="too many licences for an SBOM: more than 1000"):
        of_package(package, made=MADE)


# --- What two say of one component ---


@pytest.mark.parametrize(
    ("one", "other", "together"),
    [
        ({"licenses": named("a")}, {"licenses": named("b", "a")}, {"licenses": ("a", "b")}),
        ({}, {"hashes": [{"alg": "SHA-256", "content": "AB" * 32}]}, {"digests": {"sha256": "ab" * 32}}),
        (
            {"hashes": [{"alg": "SHA-256", "content": "ab" * 32}]},
            {"hashes": [{"alg": "SHA-512", "content": "cd" * 64}, {"alg": "SHA-256", "content": "ab" * 32}]},
            {"digests": {"sha256": "ab" * 32, "sha512": "cd" * 64}},
        ),
        ({}, {"supplier": {"name": "x"}}, {"supplier": "x"}),
        ({"supplier": {"name": "x"}}, {"supplier": {"name": "x"}}, {"supplier": "x"}),
    ],
)
def test_what_two_say_of_one_is_united(one: Any, other: Any, together: Mapping[str, object]) -> None:
    for first, second in ((one, other), (other, one)):
        (part,) = taken({"a": bom(component(1, **first)), "b": bom(component(1, **second))}).parts
        said = {
            "licenses": tuple(sorted(part.licenses)),
            "digests": dict(part.digests),
            "supplier": None if part.supplier is None else str(part.supplier),
        }
        assert {key: value for key, value in said.items() if value} == together
        assert part.notes == (("attest:from", "a"), ("attest:from", "b"))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"version": "1"}, {"version": "2"}),
        ({"supplier": {"name": "x"}}, {"supplier": {"name": "y"}}),
        (
            {"hashes": [{"alg": "SHA-256", "content": "ab" * 32}]},
            {"hashes": [{"alg": "SHA-512", "content": "ab" * 64}, {"alg": "SHA-256", "content": "cd" * 32}]},
        ),
    ],
)
def test_what_contradicts_stands_beside(one: Any, other: Any) -> None:
    first, second, again = bom(component(1, **one)), bom(component(1, **other)), bom(component(1, **one))
    parts = taken({"a": first, "b": second, "c": again}).parts
    assert [part.notes for part in parts] == [
        (("attest:from", "a"), ("attest:from", "c")),
        (("attest:from", "b"),),
    ]
    assert parts[0].ref == parts[0].purl == parts[1].purl
    assert parts[1].ref.startswith("sbom:")


def test_a_purl_that_is_none_hides_nothing() -> None:
    """Whatever it says, no component takes the place of another."""
    alone = bom(component(0, purl="x"), component(1, purl=None))
    data = json.dumps(alone).encode()
    ours = [part.ref for part in with_embedded(Bill(MAIN), [("a", data)]).parts]
    assert len(ours) == 2
    hiding = bom(*(component(number + 5, purl=ref) for number, ref in enumerate(ours)))
    found = with_embedded(Bill(MAIN), [("a", data), ("b", json.dumps(hiding).encode())])
    assert [part.name for part in found.parts] == ["n0", "n1", "n5", "n6"]


def test_what_is_declared_and_lies_in_the_wheel(tmp_path: Path) -> None:
    """It is there, so that it is not optional; its licence and digest are those of the document."""
    document = bom(component(1, purl="pkg:pypi/dep@1.0", version="1.0", licenses=named("x")))
    headers = b"Metadata-Version: 2.3\nName: foo-bar\nVersion: 1.0\nRequires-Dist: dep==1.0; extra == 'a'\n\n"
    members = [*wheel_members(metadata=headers), (f"{FOLDER}/a.json", json.dumps(document).encode())]
    package = told.packed(tmp_path, zipped(members))
    bill = with_embedded(bill_of(package, metadata(package)), embedded_sboms(package))
    (part,) = bill.parts
    assert (part.ref, part.licenses, part.needed) == ("pkg:pypi/dep@1.0", ("x",), None)
    assert [name for name, _ in part.notes] == ["attest:requirement:optional", "attest:from"]
    assert [edge.to for edge in bill.edges[bill.main.ref]] == ["pkg:pypi/dep@1.0"]


# --- What a document says of the wheel that it lies in ---


def test_of_the_package_itself_licences_hold_and_all_else_is_told() -> None:
    itself = component(
        1,
        purl="pkg:pypi/Foo.Bar@1.0",
        version="1.0.0",
        licenses=named("a", "b"),
        supplier={"name": "x"},
        hashes=[{"alg": "SHA-256", "content": "ab" * 32}],
    )
    bill = taken(
        {"s.json": bom(itself), "t.json": bom(component(2, purl="pkg:pypi/foo-bar@1.0#x", licenses=named("c", "a")))}
    )
    assert bill.parts == ()
    assert bill.main.licenses == ("a", "b", "c")
    assert (bill.main.digests, bill.main.supplier, bill.main.version) == ({}, None, "1.0")
    assert bill.main.notes == (
        ("attest:said", f"s.json: sha256:{'ab' * 32}"),
        ("attest:said", "s.json: version 1.0.0"),
        ("attest:said", "s.json: supplier x"),
        ("attest:said", "t.json: version 1"),
    )


@pytest.mark.parametrize("form", list(Form))
def test_it_is_told_in_every_form(tmp_path: Path, form: Form) -> None:
    itself = component(
        1, purl="pkg:pypi/foo-bar@1.0", version="1.0", licenses=named("GPL-3.0-only"), supplier={"name": "x"}
    )
    document = of_package(told.packed(tmp_path, wheel({"a.json": bom(itself)})), form, made=MADE)
    assert complaints(document, form) == []
    assert f"{FOLDER}/a.json: supplier x" in document.decode()
    assert "GPL-3.0-only" in document.decode()


# --- Several wheels of one directory ---


def directory(folder: Path, *documents: dict[str, Any]) -> Any:
    packages = []
    for number, document in enumerate(documents):
        place = folder / f"{number}"
        place.mkdir()
        data = wheel({"a.json": document, "own.txt": str(number).encode()})
        packages.append(identify(write(place, data, "foo_bar-1.0-py3-none-any.whl")))
    written = of_directory("dist", packages, Form.CYCLONEDX, made=MADE)
    assert complaints(written, Form.CYCLONEDX) == []
    return json.loads(written)


def test_components_without_purl_of_two_wheels() -> None:
    one, other = (with_embedded(Bill(MAIN), [("a", json.dumps(bom(component(n, purl=None))).encode())]) for n in (1, 2))
    assert {part.ref for part in one.parts}.isdisjoint(part.ref for part in other.parts)


def test_two_wheels_that_carry_others_of_one_name(tmp_path: Path) -> None:
    """Both stand there, with what needs them."""
    digests = [[{"alg": "SHA-256", "content": text * 32}] for text in ("ab", "cd")]
    found = directory(
        tmp_path,
        *(
            bom(component(1, hashes=each), component(2, licenses=named(each[0]["content"][:2])), dependencies=[
                {"ref": "2", "dependsOn": ["1"]}
            ])
            for each in digests
        ),
    )  # fmt: skip
    by_ref = {item["bom-ref"]: item for item in found["components"]}
    twice = [item["hashes"][0]["content"] for item in by_ref.values() if item["name"] == "n1"]
    assert sorted(twice) == ["ab" * 32, "cd" * 32]
    (both,) = [item for item in by_ref.values() if item["name"] == "n2"]
    assert [item["license"]["name"] for item in both["licenses"]] == ["ab", "cd"]
    graph = {item["ref"]: item["dependsOn"] for item in found["dependencies"]}
    assert [by_ref[ref]["name"] for ref in graph[both["bom-ref"]]] == ["n1", "n1"]
    assert needs(found)["pkg:pypi/foo-bar@1.0"] == ["pkg:cargo/n2@1"]


def test_a_component_that_contradicts_the_file_beside_it(tmp_path: Path) -> None:
    """What lies there has its own digest; what the wheel carries stands beside it."""
    inside = bom(
        component(1, purl="pkg:npm/x@1.0.0", version="1.0.0", hashes=[{"alg": "SHA-256", "content": "ab" * 32}])
    )
    packages = [
        told.packed(tmp_path, wheel({"a.json": inside})),
        told.packed(tmp_path, told.npm(name="x", version="1.0.0"), name="x.tgz"),
    ]
    written = of_directory("dist", packages, Form.CYCLONEDX, made=MADE)
    assert complaints(written, Form.CYCLONEDX) == []
    document = json.loads(written)
    found = [item for item in document["components"] if item.get("purl") == "pkg:npm/x@1.0.0"]
    digests = {digest["content"] for item in found for digest in item["hashes"] if digest["alg"] == "SHA-256"}
    assert digests == {packages[1].sha256, "ab" * 32}
    assert len({item["bom-ref"] for item in found}) == 2
    (needed,) = needs(document)["pkg:pypi/foo-bar@1.0"]
    (carried,) = [item["bom-ref"] for item in found if item["hashes"][0]["content"] == "ab" * 32]
    assert needed == carried.partition("#")[0]
