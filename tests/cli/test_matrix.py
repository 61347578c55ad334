"""Every registry, every program: each reads what `attest` wrote, and `attest` reads what each wrote."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from tests.cli.conftest import Workplace
from tests.cli.test_cosign import BOM, OFFLINE, cosign
from tests.stores.programs import run
from tests.stores.registry import real

WHEEL = "dist/acme-1.0-py3-none-any.whl"
BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json"
CYCLONEDX = "application/vnd.cyclonedx+json"


class Place:
    """A wheel, anchored in a running registry."""

    def __init__(self, attest: Workplace, host: str) -> None:
        self.attest = attest
        self.store = f"{host}/team/{{package}}"
        self.repository = f"{host}/team/pypi/acme"
        self.anchor = attest.ok("anchor", WHEEL, "--store", self.store).out.split()[1]
        attest.write("bom.json", BOM)

    @property
    def reference(self) -> str:
        return f"{self.repository}@{self.anchor}"

    def write(self) -> tuple[str, str]:
        """A signature and an unsigned SBOM by `attest`; their digests."""
        signed = self.attest.ok("sign", WHEEL, "--key", "release.key", "--store", self.store, "--json").json
        attached = self.attest.ok("attach", WHEEL, "bom.json", "--unsigned", "--store", self.store, "--json").json
        return signed["written"][0]["referrer"], attached["written"][0]["referrer"]

    def listed(self) -> dict[str, str]:
        """Type by digest, as `attest list` tells it; nothing is damaged or missing."""
        (subject,) = self.attest.ok("list", WHEEL, "--store", self.store, "--json").json["subjects"]
        assert subject["complete"] is True
        assert [item["damage"] for item in subject["referrers"] if item["damage"]] == []
        return {item["digest"]: item["type"] for item in subject["referrers"]}


@pytest.fixture(params=["olareg", "distribution", "docker_registry", "crane"])
def place(request: pytest.FixtureRequest, attest: Workplace, tmp_path: Path) -> Iterator[Place]:
    serving: Callable[[Path], AbstractContextManager[str]] = getattr(real, request.param)
    (tmp_path / "served").mkdir()
    with serving(tmp_path / "served") as host:
        yield Place(attest, host)


def test_oras_reads_attest(place: Place, tmp_path: Path) -> None:
    signature, document = place.write()
    found = json.loads(run("oras", "discover", "--plain-http", place.reference, "--format", "json"))
    assert {item["digest"]: item["artifactType"] for item in found["referrers"]} == {
        signature: BUNDLE,
        document: CYCLONEDX,
    }
    run("oras", "pull", "--plain-http", f"{place.repository}@{document}", "--output", tmp_path / "pulled")
    assert (tmp_path / "pulled" / "bom.json").read_text(encoding="utf-8") == BOM
    layout = tmp_path / "copied"
    run("oras", "copy", "--recursive", "--from-plain-http", place.reference, "--to-oci-layout", f"{layout}:x")
    copied = place.attest.ok("list", WHEEL, "--store", f"oci:{layout}", "--json").json["subjects"][0]["referrers"]
    assert {item["digest"] for item in copied} == {signature, document}


def test_regctl_reads_attest(place: Place) -> None:
    signature, document = place.write()
    host = place.repository.partition("/")[0]
    plain = f"reg={host},tls=disabled"
    listed = run("regctl", "--host", plain, "artifact", "list", place.reference, "--format", "{{json .Descriptors}}")
    assert {item["digest"] for item in json.loads(listed)} == {signature, document}
    tree = run("regctl", "--host", plain, "artifact", "tree", place.reference)
    assert signature in tree
    assert document in tree


def test_crane_reads_attest(place: Place) -> None:
    signature, _ = place.write()
    manifest = json.loads(run("crane", "manifest", "--insecure", f"{place.repository}@{signature}"))
    assert manifest["subject"]["digest"] == place.anchor
    assert "1.0" in run("crane", "ls", "--insecure", place.repository).split()


def test_cosign_reads_attest(place: Place) -> None:
    place.write()
    assert place.anchor in cosign(place.attest, "verify", "--key", "release.pub", *OFFLINE, place.reference)


def test_cosign_draws_the_tree_of_what_attest_wrote(place: Place) -> None:
    """Without any option, and one level of it: under the version its artifact, under the artifact its evidence."""
    signature, document = place.write()

    def drawn(reference: str) -> set[tuple[str, str]]:
        shown = cosign(place.attest, "tree", reference)
        return set(re.findall(r"(\S+) artifacts via OCI referrer: \S+@(sha256:[0-9a-f]{64})", shown))

    assert drawn(place.reference) == {("https://sigstore.dev/cosign/sign/v1", signature), (CYCLONEDX, document)}
    assert drawn(f"{place.repository}:1.0") == {("application/vnd.attest.artifact.v1", place.anchor)}


def test_attest_reads_oras(place: Place) -> None:
    attached = json.loads(
        run(
            *("oras", "attach", "--plain-http", place.reference, "--artifact-type", CYCLONEDX, "--format", "json"),
            "bom.json:application/json",
        )
    )
    assert place.listed() == {attached["digest"]: CYCLONEDX}


def test_attest_reads_regctl(place: Place) -> None:
    plain = f"reg={place.repository.partition('/')[0]},tls=disabled"
    run(
        *("regctl", "--host", plain, "artifact", "put", "--artifact-type", CYCLONEDX, "--subject", place.reference),
        *("--file", "bom.json"),
    )
    assert list(place.listed().values()) == [CYCLONEDX]


def test_attest_reads_cosign(place: Place) -> None:
    place.attest.write("signing.json", cosign(place.attest, "signing-config", "create"))
    signing = ("--key", "release.key", "--signing-config", "signing.json", "--yes")
    cosign(place.attest, "sign", *signing, place.reference)
    cosign(place.attest, "attest", *signing, "--type", "cyclonedx", "--predicate", "bom.json", place.reference)
    assert sorted(place.listed().values()) == [
        "https://cyclonedx.org/bom",
        "https://sigstore.dev/cosign/sign/v1",
    ]
    place.attest.ok("verify", WHEEL, "--policy", "policy.yaml", "--store", place.store)


def test_all_of_them_together(place: Place) -> None:
    """One writer's entry never costs another's, whoever keeps the fallback index."""
    signature, document = place.write()
    run(
        *("oras", "attach", "--plain-http", place.reference, "--artifact-type", "text/x", "--annotation", "by=oras"),
        "bom.json:application/json",
    )
    place.attest.write("signing.json", cosign(place.attest, "signing-config", "create"))
    cosign(place.attest, "sign", "--key", "release.key", "--signing-config", "signing.json", "--yes", place.reference)
    again = place.attest.ok("sign", WHEEL, "--key", "release.key", "--store", place.store, "--json").json
    listed = place.listed()
    assert len(listed) == 5
    assert {signature, document, again["written"][0]["referrer"]} < set(listed)
