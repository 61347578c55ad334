"""Packs: verified without a network, the same bytes for the same evidence, and nothing missing, added or changed."""

from __future__ import annotations

import io
import json
import shutil
import tarfile
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest

from attest.report.schemas import schema
from tests.cli.conftest import POLICY, Workplace
from tests.stores.registry import real

WHEEL = "dist/acme-1.0-py3-none-any.whl"
OTHER = "dist/other-1.0-py3-none-any.whl"
PACK = ("--store", "oci-archive:evidence.pack")


@pytest.fixture
def packed(attest: Workplace) -> Workplace:
    """A pack of two signed packages with a policy, and no other store."""
    attest.wheel("other")
    attest.ok("sign", WHEEL, OTHER, "--key", "release.key")
    policy = ("--policy", "policy.yaml")
    attest.ok("pack", WHEEL, OTHER, "--output", "evidence.pack", *policy)
    Path(".attest").rename("original")
    return attest


def pack_digest() -> str:
    with tarfile.open("evidence.pack") as tar:
        index = tar.extractfile("index.json")
        assert index is not None
        (entry,) = (item for item in json.load(index)["manifests"] if "attest-pack" in json.dumps(item))
    return str(entry["digest"])


def altered(change: Callable[[dict[str, bytes]], None]) -> None:
    """Write the pack anew with other members."""
    with tarfile.open("evidence.pack") as tar:
        contents = {name: file.read() for name in tar.getnames() if (file := tar.extractfile(name)) is not None}
    change(contents)
    with tarfile.open("evidence.pack", "w") as tar:
        for name, data in contents.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))


def evidence_path(attest: Workplace) -> str:
    shown = attest.ok("list", WHEEL, "--store", "oci:original/{package}", "--json").json
    return "blobs/sha256/" + str(shown["subjects"][0]["referrers"][0]["digest"]).removeprefix("sha256:")


def test_a_pack_is_verified_with_nothing_else(packed: Workplace) -> None:
    admitted = packed.ok("verify", WHEEL, OTHER, "--policy", "policy.yaml", *PACK)
    assert [line.split()[0] for line in admitted.out.splitlines() if line.startswith("admitted")] == ["admitted"] * 2


def test_the_same_evidence_gives_the_same_bytes(packed: Workplace, tmp_path: Path) -> None:
    """Whatever store it comes from, whatever the order."""
    policy = ("--policy", "policy.yaml")
    packed.ok("copy", "oci:original/{package}", "oci:shared")
    with real.olareg(tmp_path / "olareg") as host:
        packed.ok("copy", "oci:original/{package}", f"{host}/all")
        for number, store in enumerate(("oci:original/{package}", "oci:shared", f"{host}/all")):
            packed.ok("pack", OTHER, WHEEL, "--output", f"{number}.pack", "--store", store, *policy)
            assert Path(f"{number}.pack").read_bytes() == Path("evidence.pack").read_bytes()


def test_what_is_printed(packed: Workplace) -> None:
    made = packed.ok("pack", WHEEL, "--output", "one.pack", "--store", "oci:original/{package}", "--json").json
    jsonschema.Draft202012Validator(schema("pack")).validate(made)
    assert [item["subject"] for item in made["subjects"]] == ["pkg:pypi/acme@1.0"]


def missing(contents: dict[str, bytes], path: str) -> None:
    del contents[path]


def changed(contents: dict[str, bytes], path: str) -> None:
    contents[path] = contents[path][:-1] + b" "


def added(contents: dict[str, bytes], path: str) -> None:
    contents["blobs/sha256/" + "0" * 64] = b"{}"


def added_outside(contents: dict[str, bytes], path: str) -> None:
    contents["evil.txt"] = b"{}"


@pytest.mark.parametrize(
    ("change", "says"),
    [(missing, "is missing"), (changed, "was changed"), (added, "was added"), (added_outside, "evil.txt was added")],
)
def test_what_is_not_as_listed_is_detected(
    packed: Workplace, change: Callable[[dict[str, bytes], str], None], says: str
) -> None:
    path = evidence_path(packed)
    altered(lambda contents: change(contents, path))
    verdict = packed("verify", OTHER, "--policy", "policy.yaml", *PACK, "--json")
    assert verdict.code == 3
    assert says in verdict.json["verdicts"][0]["listing"]["problems"][0]
    assert says in packed.refused("unpack", "evidence.pack", "oci:unpacked", code=3)
    assert not Path("unpacked").exists()
    assert says in packed.refused("list", WHEEL, *PACK, code=3)
    assert says in packed.refused("copy", "oci-archive:evidence.pack", "oci:copied", code=3)


def test_an_index_that_hides_evidence_hides_nothing(packed: Workplace) -> None:
    """`index.json` is not in the list: what it leaves out is found among the blobs."""

    def bare(contents: dict[str, bytes]) -> None:
        index = json.loads(contents["index.json"])
        index["manifests"] = [entry for entry in index["manifests"] if "attest-pack" in json.dumps(entry)]
        contents["index.json"] = json.dumps(index).encode()

    altered(bare)
    packed.ok("verify", WHEEL, "--policy", "policy.yaml", *PACK)


def test_a_policy_in_the_pack_is_used_only_with_its_digest(packed: Workplace) -> None:
    digest = pack_digest()
    for name in ("policy.yaml", "release.pub"):
        Path(name).unlink()
    assert packed("verify", WHEEL, *PACK).code == 2
    assert packed.ok("verify", WHEEL, *PACK, "--pack-digest", digest).out.startswith("admitted")
    wrong = f"sha256:{'0' * 64}"
    assert "another pack" in packed.refused("verify", WHEEL, *PACK, "--pack-digest", wrong)
    assert "another pack" in packed.refused("unpack", "evidence.pack", "oci:x", "--pack-digest", wrong)


def test_the_users_policy_is_the_one_that_counts(packed: Workplace) -> None:
    packed.ok("key", "generate", "stranger")
    packed.write("strict.yaml", POLICY.replace("release.pub", "stranger.pub"))
    assert packed("verify", WHEEL, "--policy", "strict.yaml", *PACK).code == 1


def test_no_pack_of_what_is_not_admitted_or_not_whole(packed: Workplace) -> None:
    unsigned = packed.wheel("unsigned")
    packed.ok("anchor", unsigned, "--store", "oci:original/{package}")
    store = ("--store", "oci:original/{package}", "--output", "no.pack")
    assert packed("pack", WHEEL, unsigned, *store, "--policy", "policy.yaml").code == 1
    assert packed("pack", WHEEL, "pkg:pypi/unheard-of@1", *store).code == 3
    blob = Path("original/pypi/acme") / evidence_path(packed)
    blob.unlink()
    assert packed("pack", WHEEL, *store).code == 3
    assert not Path("no.pack").exists()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--output", "evidence.pack"), "the file exists"),
        (("--output", "x.pack", "--policy", "absolute.yaml"), "an absolute path"),
    ],
)
def test_what_cannot_be_packed(packed: Workplace, arguments: tuple[str, ...], says: str) -> None:
    packed.write("absolute.yaml", POLICY.replace("release.pub", f"{packed.directory}/release.pub"))
    assert says in packed.refused("pack", WHEEL, "--store", "oci:original/{package}", *arguments)
    assert not Path("x.pack").exists()


def test_only_packs_are_unpacked(packed: Workplace) -> None:
    packed.ok("copy", "oci:original/{package}", "oci-archive:plain.tar")
    assert "not a pack" in packed.refused("unpack", "plain.tar", "oci:x")
    packed.ok("verify", WHEEL, "--policy", "policy.yaml", "--store", "oci-archive:plain.tar")
    shutil.rmtree("dist")
    assert "does not exist" in packed.refused("unpack", "nowhere.pack", "oci:x", code=3)


def test_unpacking_gives_back_what_was_packed(packed: Workplace) -> None:
    done = packed.ok("unpack", "evidence.pack", "oci:back/{package}", "--json").json
    jsonschema.Draft202012Validator(schema("copy")).validate(done)
    assert {item["outcome"] for item in done["subjects"]} == {"copied"}
    packed.ok("verify", WHEEL, OTHER, "--policy", "policy.yaml", "--store", "oci:back/{package}")
    same = packed.ok("copy", "oci:original/{package}", "oci:back/{package}", "--json").json
    assert {item["outcome"] for item in same["subjects"]} == {"present"}
    assert sorted(path.name for path in Path("back/pypi").iterdir()) == ["acme", "other"]
