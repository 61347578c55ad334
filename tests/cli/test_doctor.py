"""``attest doctor`` on three real registries: what each can do, and that nothing of the visit stays behind."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from urllib.parse import unquote

import jsonschema
import pytest
import requests

from attest.oci.descriptor import EMPTY
from attest.oci.digest import Digest
from attest.report.schemas import schema
from tests.cli.conftest import Workplace
from tests.peers import free_port, peer, serve
from tests.stores.registry import real
from tests.stores.registry.scripted import Answer, Asked, Scripted, error, index_answer

REPOSITORY = "team/scratch"
MANIFEST = {"Accept": "application/vnd.oci.image.manifest.v1+json"}

OLAREG = """\
  anchors           yes  stores anchors
  empty config      yes  stores documents and bundles
  custom types      yes  stores what other tools wrote
  data field        yes  puts small content into the manifest
  sha512            yes  keeps such digests when it copies
  OCI-Subject       yes  takes its word that a referrer is listed
  referrers API     yes  asks it, and the fallback tag too
  referrers filter  yes  spares what is not wanted
  referrers pages   no   reads everything at once
  conditional PUT   no   announces each referrer by a tag of its own, writes, and looks again
  chunked upload    yes  sends large content in pieces
  mount             yes  copies between repositories without moving content
  tags pages        yes  reads every page
  delete            yes  removes a manifest when asked to
  delete tags       yes  removes the tags of what it deletes
"""

DISTRIBUTION = """\
  anchors           yes  stores anchors
  empty config      yes  stores documents and bundles
  custom types      yes  stores what other tools wrote
  data field        yes  puts small content into the manifest
  sha512            no   cannot copy manifests named by sha512 to this registry (400 DIGEST_INVALID provided digest \
did not match uploaded content)
  OCI-Subject       no   looks after each write whether the API lists it
  referrers API     no   writes and reads the fallback tag
  referrers filter  no   lists all and filters itself
  referrers pages   no   reads everything at once
  conditional PUT   no   announces each referrer by a tag of its own, writes, and looks again
  chunked upload    yes  sends large content in pieces
  mount             yes  copies between repositories without moving content
  tags pages        yes  reads every page
  delete            yes  removes a manifest when asked to
  delete tags       yes  removes the tags of what it deletes
"""

CRANE = """\
  anchors           yes  stores anchors
  empty config      yes  stores documents and bundles
  custom types      yes  stores what other tools wrote
  data field        yes  puts small content into the manifest
  sha512            yes  keeps such digests when it copies
  OCI-Subject       no   looks after each write whether the API lists it
  referrers API     no   writes and reads the fallback tag
  referrers filter  no   lists all and filters itself
  referrers pages   no   reads everything at once
  conditional PUT   no   announces each referrer by a tag of its own, writes, and looks again
  chunked upload    yes  sends large content in pieces
  mount             no   uploads content again when it copies
  tags pages        no   goes on behind the last tag of a full page
  delete            yes  removes a manifest when asked to
  delete tags       yes  removes the tags of what it deletes
"""

Serving = Callable[[Path], AbstractContextManager[str]]


def repository_files(directory: Path) -> set[str]:
    """What a registry on disk keeps that names a manifest, without uploads and blobs."""
    links = directory.glob("data/docker/registry/v2/repositories/**/link")
    found = {path.read_text() for path in links if "_layers" not in path.parts}
    for index in directory.rglob("index.json"):
        found |= {entry["digest"] for entry in json.loads(index.read_bytes()).get("manifests") or ()}
    return found


@pytest.mark.peer("olareg", "distribution", "crane")
@pytest.mark.parametrize(
    ("serving", "table"), [(real.olareg, OLAREG), (real.distribution, DISTRIBUTION), (real.crane, CRANE)]
)
def test_the_table_of_a_real_registry(attest: Workplace, tmp_path: Path, serving: Serving, table: str) -> None:
    with serving(tmp_path / "data") as host:
        result = attest.ok("doctor", f"{host}/{REPOSITORY}")
        assert result.out == f"{host}/{REPOSITORY}\n{table}"
        assert result.err == ""
        assert not requests.get(f"http://{host}/v2/{REPOSITORY}/tags/list", timeout=10).json().get("tags")
        again = attest.ok("doctor", f"{host}/{REPOSITORY}", "--json").json
    jsonschema.validate(again, schema("doctor"))
    rows = [f"  {finding['ability']:16}  {finding['answer']:3}  {finding['attest']}" for finding in again["findings"]]
    assert [row for row, line in zip(rows, table.splitlines(), strict=True) if not line.startswith(row)] == []
    assert (again["registry"], again["repository"], again["left"]) == (host, REPOSITORY, [])
    assert repository_files(tmp_path / "data") == set()


def test_anchors_and_evidence_of_the_repository_stay_as_they_are(attest: Workplace, tmp_path: Path) -> None:
    with real.olareg(tmp_path / "data") as host:
        store = ("--store", f"{host}/{REPOSITORY}")
        attest.ok("sign", "dist/acme-1.0-py3-none-any.whl", "--key", "release.key", *store)
        before = attest.ok("tree", "pkg:pypi/acme@1.0", "--json", *store).json
        attest.ok("doctor", f"{host}/{REPOSITORY}")
        assert attest.ok("tree", "pkg:pypi/acme@1.0", "--json", *store).json == before
        attest.ok("verify", "dist/acme-1.0-py3-none-any.whl", "--policy", "policy.yaml", *store)


def test_a_registry_that_takes_no_deletes(attest: Workplace, tmp_path: Path) -> None:
    """What stays is said, on stderr and in JSON."""
    port = free_port()
    argv: list[str | Path] = [peer("olareg"), "serve", "--addr", "127.0.0.1", "--port", str(port)]
    host = f"127.0.0.1:{port}"
    with serve([*argv, "--dir", tmp_path / "data", "--api-delete=false"], f"http://{host}/v2/"):
        result = attest.ok("doctor", f"{host}/{REPOSITORY}", "--json")
        for name in result.json["left"]:
            answer = requests.head(f"http://{host}/v2/{REPOSITORY}/manifests/{name}", headers=MANIFEST, timeout=10)
            assert answer.status_code == 200
    answers = {finding["ability"]: finding["answer"] for finding in result.json["findings"]}
    assert (answers["delete"], answers["delete tags"]) == ("no", "no")
    left: list[str] = result.json["left"]
    assert sum(name.startswith("attest-doctor-") for name in left) == 2
    assert result.err.splitlines() == [f"attest: could not be removed: {name}" for name in left]


class Picky:
    """A registry that takes plain images only, forbids chunks, and lists no referrers."""

    def __init__(self, referrers: Answer) -> None:
        self.kept: dict[str, bytes] = {}
        self._referrers = referrers

    def __call__(self, asked: Asked) -> Answer:
        path, _, query = asked.path.partition("?")
        kind, _, name = path.removeprefix(f"/v2/{REPOSITORY}/").partition("/")
        if kind == "referrers":
            return self._referrers
        if asked.method == "POST":
            return Answer(202, b"", {"Location": f"/v2/{REPOSITORY}/blobs/uploads/1"})
        if asked.method == "PATCH":
            return error(403, "DENIED", "not for you")
        if asked.method == "PUT" and kind == "blobs":
            self.kept["blobs " + unquote(query.partition("digest=")[2])] = asked.body
            return Answer(201)
        if asked.method == "PUT":
            if json.loads(asked.body)["config"]["mediaType"] != "application/vnd.oci.image.config.v1+json":
                return error(400, "MANIFEST_INVALID", "unknown config")
            self.kept[f"{kind} {name}"] = asked.body
            if ":" not in name:
                self.kept[f"{kind} {Digest.of(asked.body)}"] = asked.body
            return Answer(201)
        if asked.method == "DELETE":
            return Answer(202) if self.kept.pop(f"{kind} {name}", None) is not None else error(404, "UNKNOWN")
        found = self.kept.get(f"{kind} {name}")
        return error(404, "UNKNOWN") if found is None else Answer(200, found, {"Content-Type": MANIFEST["Accept"]})


WEB_PAGE = Answer(200, b"<html>", {"Content-Type": "text/html"})


@pytest.mark.parametrize("referrers", [WEB_PAGE, index_answer()], ids=["a web page", "an empty list"])
def test_what_is_refused_is_told_apart_from_what_fails(attest: Workplace, referrers: Answer) -> None:
    picky = Picky(referrers)
    scripted = Scripted()
    scripted.default = picky
    with scripted.running():
        found = attest.ok("doctor", f"{scripted.host}/{REPOSITORY}", "--json").json
    jsonschema.validate(found, schema("doctor"))
    answers = {finding["ability"]: (finding["answer"], finding["detail"]) for finding in found["findings"]}
    for ability in ("anchors", "empty config", "custom types"):
        assert answers[ability] == ("no", "400 MANIFEST_INVALID unknown config")
    assert answers["chunked upload"] == ("unknown", "403 DENIED: not for you")
    for ability in ("data field", "sha512", "delete", "delete tags"):
        assert answers[ability] == ("yes", None), "asked with an image instead"
    for ability in ("OCI-Subject", "referrers API", "conditional PUT", "mount", "tags pages"):
        assert answers[ability] == ("no", None)
    assert found["left"] == []
    assert [name for name in picky.kept if name.startswith("manifests")] == []
    assert f"blobs {EMPTY.digest}" in picky.kept, "other anchors need it"


def test_who_may_not_push_is_told_so(attest: Workplace) -> None:
    scripted = Scripted()
    scripted.default = lambda asked: error(403, "DENIED", "read only")
    with scripted.running():
        said = attest.refused("doctor", f"{scripted.host}/{REPOSITORY}", code=3)
    assert "it answered 403 (next: attest login HOST, docker login, or podman login)" in said
    assert {asked.method for asked in scripted.asked} <= {"HEAD", "POST"}


def test_bad_names(attest: Workplace) -> None:
    assert "a tag or digest" in attest.refused("doctor", "registry.example/app:v1")
    assert "not a reference" in attest.refused("doctor", "no-host")


@pytest.mark.slow
def test_a_registry_that_is_not_there(attest: Workplace) -> None:
    said = attest.refused("doctor", f"127.0.0.1:{free_port()}/{REPOSITORY}", code=3)
    assert "cannot connect" in said


def test_where_packages_come_from_here(attest: Workplace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("npm_config_registry", "https://user:secret@npm.example/")
    monkeypatch.setenv("PIP_INDEX_URL", "https://pip.example/simple?token=secret")
    monkeypatch.setenv("GOPROXY", "direct")
    monkeypatch.setenv("CARGO_HOME", str(tmp_path / "home"))
    for name in ("MAVEN_HOME", "M2_HOME", "GOENV", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    assert attest.ok("doctor").out.splitlines() == [
        "npm     https://npm.example/",
        "pypi    https://pip.example/simple",
        "golang  no proxy is configured: GOPROXY is direct",
        "cargo   no registry is configured: nothing replaces Cargo's own, whose address no configuration says",
        "maven   no repository is configured: no settings.xml names a mirror or a repository central",
    ]
    said = attest.ok("doctor", "--json").json
    jsonschema.validate(said, schema("clients"))
    assert [(item["type"], item["url"]) for item in said["registries"] if item["url"]] == [
        ("npm", "https://npm.example/"),
        ("pypi", "https://pip.example/simple"),
    ]
    assert "secret" not in json.dumps(said)
