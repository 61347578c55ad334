"""Older versions of lockfiles, after the documents and sources of the tools that wrote them."""

from __future__ import annotations

from pathlib import Path

from attest.packages.lockfiles.table import read_lock
from tests.packages.lockfiles.samples import COMMIT, SRI, A, B, C, Said, sha256
from tests.packages.lockfiles.test_samples import said

SHA512 = f"sha512:{'0f' * 64}"


def read(folder: Path, name: str, text: str) -> list[Said]:
    path = folder / name
    path.write_text(text)
    return list(map(said, read_lock(path).entries))


def test_cargo_1_keeps_checksums_apart(tmp_path: Path) -> None:
    source = "registry+https://h.example/index"
    assert read(
        tmp_path,
        "Cargo.lock",
        f"""[root]
name = "app"
version = "0.1.0"
dependencies = ["x 1.0.0 ({source})"]
[[package]]
name = "x"
version = "1.0.0"
source = "{source}"
[[package]]
name = "y"
version = "1.0.0"
source = "{source}"
[metadata]
"checksum x 1.0.0 ({source})" = "{A}"
"checksum y 1.0.0 ({source})" = "<none>"
""",
    ) == [
        Said(None, "covered: the project itself"),
        Said("pkg:cargo/x@1.0.0", sha256(A)),
        Said("pkg:cargo/y@1.0.0", "gap: no digest"),
    ]


def test_poetry_1_has_one_list_for_all_versions_of_a_package(tmp_path: Path) -> None:
    assert read(
        tmp_path,
        "poetry.lock",
        f"""[[package]]
name = "x"
version = "1.0"
[[package]]
name = "x"
version = "2.0"
[metadata]
lock-version = "1.1"
[metadata.files]
x = [
    {{file = "x-1.0-py3-none-any.whl", hash = "sha256:{A}"}},
    {{file = "x-2.0-py3-none-any.whl", hash = "sha256:{B}"}},
    {{file = "x-2.0.tar.gz", hash = "sha256:{C}"}},
]
""",
    ) == [Said("pkg:pypi/x@1.0", sha256(A)), Said("pkg:pypi/x@2.0", sha256(B, C))]


def test_pnpm_5(tmp_path: Path) -> None:
    assert read(
        tmp_path,
        "pnpm-lock.yaml",
        f"""lockfileVersion: 5.4
specifiers:
  w: workspace:*
dependencies:
  w: link:packages/w
packages:
  /@acme/x/1.0.0_react@18.0.0:
    resolution: {{integrity: {SRI}}}
    dev: false
  /y/2.0.0/peer@1.0.0:
    resolution: {{integrity: {SRI}}}
    optional: true
  r.example/z/1.0.0:
    resolution: {{integrity: {SRI}}}
""",
    ) == [
        Said(None, "gap: a link to a local directory"),
        Said("pkg:npm/%40acme/x@1.0.0", SHA512),
        Said("pkg:npm/y@2.0.0", SHA512, "optional"),
        Said(None, "gap: an archive from an address, whose version the file does not say"),
    ]


def test_pnpm_6(tmp_path: Path) -> None:
    assert read(
        tmp_path,
        "pnpm-lock.yaml",
        f"""lockfileVersion: '6.0'
packages:
  /@acme/x@1.0.0(react@18.0.0)(y@1.0.0(z@1.0.0)):
    resolution: {{integrity: {SRI}}}
""",
    ) == [Said("pkg:npm/%40acme/x@1.0.0", SHA512)]


def test_swift_1(tmp_path: Path) -> None:
    state = f'{{"branch": null, "revision": "{COMMIT}", "version": "1.0.0"}}'
    assert read(
        tmp_path,
        "Package.resolved",
        f"""{{"object": {{"pins": [
 {{"package": "X", "repositoryURL": "ssh://git@h.example:22/acme/x.git", "state": {state}}},
 {{"package": "Y", "repositoryURL": "/srv/y", "state": {state}}}]}}, "version": 1}}""",
    ) == [
        Said("pkg:swift/h.example/acme/x@1.0.0", f"gitCommit:{COMMIT}"),
        Said(None, "gap: a local repository"),
    ]


def test_elixir_maps_as_mix_wrote_them_first(tmp_path: Path) -> None:
    assert read(tmp_path, "mix.lock", '%{"x" => {:hex, :x, "1.0.0"}}') == [
        Said("pkg:hex/x@1.0.0", "gap: no digest of the archive: only an older Hex wrote this entry")
    ]


def test_a_package_of_two_names_is_none(tmp_path: Path) -> None:
    purls = ", ".join(f'{{"referenceType": "purl", "referenceLocator": "pkg:npm/{name}@1.0.0"}}' for name in "xy")
    text = f'{{"spdxVersion": "SPDX-2.3", "packages": [{{"SPDXID": "a", "name": "x", "externalRefs": [{purls}]}}]}}'
    assert read(tmp_path, "x.spdx.json", text) == [Said(None, "gap: 2 purls")]


def test_spdx_that_describes_several_packages_covers_none(tmp_path: Path) -> None:
    text = """{"spdxVersion": "SPDX-2.2", "documentDescribes": ["SPDXRef-x", "SPDXRef-y"], "packages": [
 {"SPDXID": "SPDXRef-x", "name": "x"}, {"SPDXID": "SPDXRef-y", "name": "y"}]}"""
    assert read(tmp_path, "x.spdx.json", text) == [Said(None, "gap: no purl"), Said(None, "gap: no purl")]
