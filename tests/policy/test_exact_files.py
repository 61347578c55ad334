"""Which files a policy is made of, what each is called, how much of it is read, and where it says that it cannot be."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from attest import limits
from attest.errors import PolicyError, UsageError
from attest.oci.digest import Digest
from attest.policy.files import Fetched, File, content, files_in, read, read_fetched

Put = Callable[[dict[str, str]], None]


@pytest.fixture
def put(tmp_path: Path) -> Put:
    """Write files by their relative paths."""

    def write(files: dict[str, str]) -> None:
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    return write


def nowhere(name: str) -> Fetched:
    raise UsageError("not here", where=name, why="tests ask nobody", next_step="do without")


def opened(path: Path, *, columns: bool = False, fetch: Callable[[str], Fetched] = nowhere) -> File:
    return read(path.read_bytes(), where=str(path), base=path.parent, columns=columns, fetch=fetch)


def refused(path: Path, *, columns: bool = False, fetch: Callable[[str], Fetched] = nowhere) -> PolicyError:
    with pytest.raises(PolicyError) as error:
        opened(path, columns=columns, fetch=fetch)
    return error.value


def names(files: tuple[File, ...]) -> list[str]:
    return [file.name for file in files]


def test_a_large_file_is_read_until_it_is_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "POLICY", 4)
    for text, kept in (("abc", b"abc"), ("abcd", b"abcd"), ("abcde", b"abcde"), ("abcdef", b"abcde")):
        (tmp_path / "a.yaml").write_text(text)
        assert content(tmp_path / "a.yaml") == kept


def test_what_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match="cannot read the policy") as missing:
        content(tmp_path / "a.yaml")
    assert (missing.value.where, missing.value.why) == (str(tmp_path / "a.yaml"), "No such file or directory")
    assert missing.value.next_step == "check the name; policies/ has some to begin with"
    with pytest.raises(PolicyError, match="cannot read the policy") as directory:
        content(tmp_path)
    assert (directory.value.why, directory.value.next_step) == ("Is a directory", None)


def test_the_policies_of_a_directory(tmp_path: Path) -> None:
    for name in ("b.yaml", "c.YML", "a.yml", "notes.txt", "yaml", "d.yaml.bak"):
        (tmp_path / name).touch()
    assert [path.name for path in files_in(tmp_path, "here")] == ["a.yml", "b.yaml", "c.YML"]


def test_a_directory_without_policies(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match="no policy in the directory") as empty:
        files_in(tmp_path, "here")
    assert (empty.value.where, empty.value.why) == ("here", f"there is no *.yaml and no *.yml in {tmp_path}")
    with pytest.raises(PolicyError, match="cannot read the directory") as missing:
        files_in(tmp_path / "none", "here")
    assert (missing.value.where, missing.value.why) == ("here", f"{tmp_path}/none: No such file or directory")


def test_a_tree_of_files(put: Put, tmp_path: Path) -> None:
    put(
        {
            "top.yaml": "extends: [left.yaml, deep/right.yaml]",
            "left.yaml": "extends: deep",
            "deep/right.yaml": "extends: ../base.yaml",
            "deep/a.yaml": "extends: ../base.yaml",
            "base.yaml": "name: base",
        }
    )
    top = opened(tmp_path / "top.yaml")
    left, right = top.parents
    assert (top.name, top.base, top.fields.where) == ("top.yaml", tmp_path, f"{tmp_path}/top.yaml:1")
    assert names(top.ancestors) == ["base.yaml", "deep/a.yaml", "deep/right.yaml", "left.yaml"]
    assert names(left.parents) == ["deep/a.yaml", "deep/right.yaml"]
    assert left.parents[1] is right
    assert left.parents[0].parents[0] is right.parents[0]
    assert right.base == tmp_path / "deep"
    assert right.parents[0].digest == Digest.of(b"name: base")
    assert names(right.ancestors) == ["base.yaml"]
    assert right.parents[0].ancestors == ()


def test_what_lies_elsewhere_is_named_from_the_first_file(put: Put, tmp_path: Path) -> None:
    put({"team/top.yaml": "extends: ../base.yaml", "base.yaml": "extends: team/more.yaml", "team/more.yaml": "a: b"})
    assert names(opened(tmp_path / "team" / "top.yaml").ancestors) == ["more.yaml", "../base.yaml"]


@pytest.mark.parametrize(("columns", "place"), [(False, "2"), (True, "2:1")])
def test_where_it_names_what_is_missing(put: Put, tmp_path: Path, columns: bool, place: str) -> None:
    put({"top.yaml": "a: b\nextends: none.yaml"})
    error = refused(tmp_path / "top.yaml", columns=columns)
    assert error.what == "'extends': cannot read the policy"
    assert error.why == f"{tmp_path}/none.yaml: No such file or directory"
    assert error.where == f"{tmp_path}/top.yaml:{place}"


def test_one_of_several_is_missing(put: Put, tmp_path: Path) -> None:
    put({"top.yaml": "extends:\n  - base.yaml\n  - none.yaml\n", "base.yaml": "a: b"})
    assert refused(tmp_path / "top.yaml").where == f"{tmp_path}/top.yaml:3"


# --- how much


def test_how_deep(put: Put, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put({"a.yaml": "extends: b.yaml", "b.yaml": "extends: c.yaml", "c.yaml": "x: y"})
    monkeypatch.setattr(limits, "POLICY_DEPTH", 2)
    assert names(opened(tmp_path / "a.yaml").ancestors) == ["c.yaml", "b.yaml"]
    monkeypatch.setattr(limits, "POLICY_DEPTH", 1)
    error = refused(tmp_path / "a.yaml")
    assert (error.what, error.where) == ("the policy extends too much", f"{tmp_path}/b.yaml:1")
    assert error.why == "more than the limit of files that extend one another 1 deep"


def test_many_beside_one_another_are_not_deep(put: Put, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put({"top.yaml": "extends: [a.yaml, b.yaml, c.yaml]", **{f"{name}.yaml": "x: y" for name in "abc"}})
    monkeypatch.setattr(limits, "POLICY_DEPTH", 1)
    assert names(opened(tmp_path / "top.yaml").ancestors) == ["a.yaml", "b.yaml", "c.yaml"]


def test_how_many(put: Put, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put({"top.yaml": "extends: [a.yaml, b.yaml]", "a.yaml": "x: y", "b.yaml": "extends: a.yaml"})
    monkeypatch.setattr(limits, "POLICY_FILES", 2)
    assert names(opened(tmp_path / "top.yaml").ancestors) == ["a.yaml", "b.yaml"]
    monkeypatch.setattr(limits, "POLICY_FILES", 1)
    assert refused(tmp_path / "top.yaml").why == "more than the limit of 1 files"


def test_how_large(put: Put, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {"top.yaml": "extends: [a.yaml, b.yaml]", "a.yaml": "x: y", "b.yaml": "extends: a.yaml"}
    size = sum(map(len, files.values()))
    put(files)
    monkeypatch.setattr(limits, "POLICY_TOTAL", size)
    assert names(opened(tmp_path / "top.yaml").ancestors) == ["a.yaml", "b.yaml"]
    monkeypatch.setattr(limits, "POLICY_TOTAL", size - 1)
    error = refused(tmp_path / "top.yaml")
    assert (error.why, error.where) == (f"more than the limit of {size - 1} bytes", f"{tmp_path}/top.yaml:1")


# --- policies in registries

ONE = "oci:registry.example/one@sha256:1"
TWO = "oci:registry.example/two@sha256:2"


@pytest.fixture
def registry(put: Put, tmp_path: Path) -> Callable[[str], Fetched]:
    """Two policies, the second of which the first extends, each of which is fetched once."""
    put(
        {
            "one/gate.yaml": f"extends: [{TWO}, parts/more.yaml]",
            "one/parts/more.yaml": "extends: ../again.yaml",
            "one/again.yaml": f"extends: {TWO}",
            "two/base/base.yaml": "a: b",
        }
    )
    known = {
        ONE: Fetched(ONE, tmp_path / "one/gate.yaml", tmp_path / "one"),
        TWO: Fetched(TWO, tmp_path / "two/base/base.yaml", tmp_path / "two"),
    }
    return known.pop


FETCHED = [TWO, f"{ONE}/again.yaml", f"{ONE}/parts/more.yaml"]


def test_a_policy_from_a_registry(registry: Callable[[str], Fetched], tmp_path: Path) -> None:
    top = read_fetched(registry(ONE), registry)
    assert (top.name, top.base, top.fields.where) == (f"{ONE}/gate.yaml", tmp_path / "one", f"{ONE}:1")
    assert names(top.ancestors) == FETCHED
    assert [item.fields.where for item in top.ancestors] == [
        f"{TWO}:1",
        *(f"{name}:1" for name in FETCHED[1:]),
    ]


def test_a_file_extends_a_policy_from_a_registry(registry: Callable[[str], Fetched], put: Put, tmp_path: Path) -> None:
    put({"top.yaml": f"extends: [{ONE}, own.yaml]", "own.yaml": f"extends: {TWO}"})
    top = opened(tmp_path / "top.yaml", fetch=registry)
    assert names(top.ancestors) == [*FETCHED, ONE, "own.yaml"]
    assert [item.fields.where for item in top.ancestors[-2:]] == [f"{ONE}:1", f"{tmp_path}/own.yaml:1"]
    assert top.parents[1].parents[0] is top.parents[0].parents[0]


def test_what_cannot_be_fetched(put: Put, tmp_path: Path) -> None:
    put({"top.yaml": f"a: b\nextends: {ONE}"})
    error = refused(tmp_path / "top.yaml")
    assert (error.what, error.where) == (f"'extends': {ONE}: not here", f"{tmp_path}/top.yaml:2")
    assert (error.why, error.next_step) == ("tests ask nobody", "do without")


def test_policies_of_registries_in_a_circle(put: Put, tmp_path: Path) -> None:
    put({"one/gate.yaml": f"extends: {TWO}", "two/gate.yaml": f"extends: {ONE}", "top.yaml": f"extends: {ONE}"})
    known = {
        name: Fetched(name, tmp_path / folder / "gate.yaml", tmp_path / folder)
        for name, folder in ((ONE, "one"), (TWO, "two"))
    }
    error = refused(tmp_path / "top.yaml", fetch=known.__getitem__)
    assert (error.what, error.why) == ("the policy extends itself", f"{ONE} extends {TWO} extends {ONE}")
    assert error.where == f"{TWO}:1"
    known[ONE].path.write_text("a: [")
    with pytest.raises(PolicyError) as broken:
        read_fetched(known[ONE], nowhere)
    assert str(broken.value.where).startswith(f"{ONE}:1")
