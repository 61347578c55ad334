"""How `fixtures/anchors/vectors.json` was made: ``python -m tests.packages.vectors`` writes it anew from these cases.

The expected values are the code's own; `test_vectors.py` computes them a second time, by hand.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from attest.packages import placement
from attest.packages.anchors import anchor, version_anchor
from attest.packages.digest import ArtifactDigest
from attest.packages.ecosystem import ecosystem
from attest.packages.purl import Purl

VECTORS = Path(__file__).parents[2] / "fixtures" / "anchors" / "vectors.json"

SEMVER = (
    "sha512:a157a43f570ab48f824c3bc759815470cb6c2bfd34c260047f2a8a7cd740466f"
    "2ed7035585281a5fb03c77852e225508e5ef38884c0e86ced93d8466cd4f54e8"
)
"""What the registry and every lockfile say of semver 7.6.3."""

HASH = "0123456789abcdef" * 2

WRITTEN = [
    "pkg:npm/semver@7.6.3",
    "pkg:npm/JSONStream@1.3.5",
    "pkg:npm/jsonstream@1.3.5",
    "pkg:npm/@acme/Widget@1.0.0",
    "pkg:npm/%40acme/Widget@1.0.0-rc.1+build.5",
    "PKG:NPM/%40types/node@20.0.0",
    "pkg:npm/lodash.merge@4.6.2",
    "pkg:npm/_underscored@0.0.1",
    "pkg:pypi/Foo_.-Bar@v1.0.0-alpha.1",
    "pkg:pypi/zope.interface@1!2.0.post1+Local.1",
    "pkg:pypi/typing_extensions@4.12.0",
    "pkg:gem/nokogiri@1.16.0-x86_64-linux-gnu",
    "pkg:gem/RedCloth@4.3.3-java",
    "pkg:gem/rails@7.1.0.beta1",
    "pkg:maven/org.apache.logging.log4j/log4j-core@2.23.1",
    "pkg:maven/com.fasterxml.jackson.core/Jackson_Databind@2.0.0-SNAPSHOT",
    "pkg:cargo/serde_json@1.0.100",
    "pkg:cargo/Inflector@0.11.4",
    "pkg:cargo/wasi@0.11.0+wasi-snapshot-preview1",
    "pkg:nuget/Newtonsoft.Json@13.0.3",
    "pkg:nuget/Newtonsoft.Json@013.00.3.0-Beta.1+meta",
    "pkg:nuget/Foo@1.2",
    "pkg:nuget/Foo@1.2.3.4",
    "pkg:brew/wget@1.24.5_1",
    "pkg:brew/openssl@3@3.3.1",
    "pkg:brew/Acme/Tap/tool@1.0",
    "pkg:golang/github.com/BurntSushi/toml@v1.3.2",
    "pkg:golang/github.com/burntsushi/toml@v1.3.2",
    "pkg:golang/gopkg.in/yaml.v3@v3.0.1",
    "pkg:golang/github.com/docker/docker@v24.0.7+incompatible",
    "pkg:golang/std@v1.22.0",
    "pkg:golang/example.com/"
    + "/".join(f"segment-{number:02}" for number in range(20))
    + "@v0.0.0-20240101000000-abcdefabcdef",
    "pkg:hex/phoenix@1.7.12",
    "pkg:hex/Acme/secret_lib@0.1.0",
    "pkg:deb/debian/curl@1:2.3~rc1+dfsg",
    "pkg:deb/debian/libstdc++6@12.2.0-14",
    "pkg:deb/Ubuntu/base-files@13ubuntu10",
    "pkg:rpm/fedora/curl@7.50.3-1.fc25",
    "pkg:rpm/opensuse/Mesa-libGL1@23.3.4-373.1",
    "pkg:apk/alpine/busybox@1.36.1-r15",
    "pkg:apk/wolfi/py3.12-pip@24.0-r0",
    "pkg:conda/numpy@1.26.4",
    "pkg:conda/_libgcc_mutex@0.1",
    "pkg:pub/http@1.2.1",
    "pkg:pub/Intl@0.19.0+1",
    "pkg:swift/GitHub.com/Apple/swift-nio@2.65.0",
    "pkg:swift/gitlab.example:8443/group/sub/Lib@1.0.0",
    "pkg:cpan/DROLSKY/DateTime@1.65",
    "pkg:cpan/GAAS/libwww-perl@6.77",
    "pkg:cocoapods/AFNetworking@4.0.1",
    "pkg:cocoapods/Ainoob+Category@0.1",
    "pkg:generic/blobs@1",
    "pkg:generic/index.json@1",
    "pkg:generic/acme/oci-layout@blobs",
    f"pkg:generic/x--{HASH}@1",
    f"pkg:generic/x@1--{HASH}",
    f"pkg:generic/x@1--{HASH.upper()}",
    "pkg:generic/x@sha256-" + "ab" * 32,
    "pkg:generic/x@sha256-" + "ab" * 32 + ".sig",
    "pkg:generic/x@SHA512-0.att",
    "pkg:generic/x@sha256-",
    "pkg:generic/caf%C3%A9@1",
    "pkg:generic/cafe%CC%81@1",
    "pkg:generic/日本語/パッケージ@令和",
    "pkg:generic/%F0%9F%93%A6@%E2%80%AE1",
    "pkg:generic/a%20b@1%2F2",
    "pkg:generic/50%25%26more@100%25",
    "pkg:generic/trailing-@1-",
    "pkg:generic/a..b@.1",
    "pkg:generic/a__b@-1",
    "pkg:generic/a___b@_1",
    "pkg:generic/~@~",
    "pkg:generic/" + "n" * 64 + "@" + "1" * 64,
    "pkg:generic/" + "n" * 65 + "@" + "1" * 65,
    "pkg:generic/" + "n" * 300 + "@" + "1" * 300,
    "pkg:generic/" + "n" * 29 + "%21m@" + "1" * 89 + "%212",
    "pkg:foo+bar/Name@1",
    "pkg:oci/app@sha256:" + "cd" * 32,
    "pkg://generic/x@1",
]

REFUSED = [
    "",
    "npm/semver@7.6.3",
    "pkg:npm",
    "pkg:npm/semver",
    "pkg:npm/semver@",
    "pkg:npm/@acme",
    "pkg:npm/@7.6.3",
    "pkg:npm//semver@1",
    "pkg:npm/@acme//x@1",
    "pkg:npm/../semver@1",
    "pkg:npm/%2E%2E@1",
    "pkg:npm/./semver@1",
    "pkg:npm/%40acme%2Fx@1",
    "pkg:npm/semver@7.6.3?vcs_url=x",
    "pkg:npm/semver@7.6.3#dist",
    "pkg:npm/sem%ver@1",
    "pkg:npm/sem%2@1",
    "pkg:npm/sem%FFver@1",
    "pkg:npm/sem%ED%A0%80ver@1",
    "pkg:npm/sem%00ver@1",
    "pkg:npm/sem%C2%85ver@1",
    "pkg:npm/sem ver@1",
    "pkg:npm/acme/x@1",
    "pkg:npm/%40/x@1",
    "pkg:npm/%40a/%40b/x@1",
    "pkg:1npm/x@1",
    "pkg:/x@1",
    "pkg:pypi/acme/x@1",
    "pkg:pypi/-x@1",
    "pkg:pypi/%C5%BF@1",
    "pkg:pypi/x@not-a-version",
    "pkg:gem/x@1.0-beta",
    "pkg:maven/log4j@1",
    "pkg:maven/org/apache/x@1",
    "pkg:nuget/x@1.0.0.0.0",
    "pkg:nuget/x@2147483648.0.0",
    "pkg:nuget/x@1.0-",
    "pkg:brew/acme/tool@1",
    "pkg:deb/curl@1",
    "pkg:rpm/fedora/curl@7.50.3",
    "pkg:rpm/fedora/curl@1:7.50.3-1",
    "pkg:swift/github.com/swift-nio@1",
    "pkg:cpan/drolsky/DateTime@1",
    "pkg:cpan/DROLSKY/Date::Time@1",
    "pkg:generic/" + "n" * 4096 + "@1",
    "pkg:generic/" + "%C3%A9" * 700 + "@1",
]


def digest_for(written: str, algorithm: str) -> str:
    """A digest of the right length for a case, made from its text."""
    if written == "pkg:npm/semver@7.6.3":
        return SEMVER
    length = {"sha256": 64, "dirHash1": 64, "gitCommit": 40}.get(algorithm, 128)
    return f"{algorithm}:{hashlib.sha512(written.encode()).hexdigest()[:length]}"


def vector(written: str, digest: str) -> dict[str, Any]:
    purl, parsed = Purl.parse(written), ArtifactDigest.parse(digest)
    version, artifact = version_anchor(purl), anchor(purl, parsed)
    return {
        "written": written,
        "purl": str(purl),
        "digest": str(parsed),
        "repository": placement.repository(purl),
        "tag": placement.tag(purl),
        "shared_tag": placement.shared_tag(purl),
        "tag_names": "anchor" if ecosystem(purl.type).one_artifact else "version_anchor",
        "version_anchor": {"manifest": version.raw.decode("utf-8"), "digest": str(version.digest)},
        "anchor": {"manifest": artifact.raw.decode("utf-8"), "digest": str(artifact.digest)},
    }


def document() -> dict[str, Any]:
    cases = [
        (written, digest_for(written, algorithm))
        for written in WRITTEN
        for algorithm in sorted(ecosystem(Purl.parse(written).type).algorithms)
    ]
    return {"version": 1, "vectors": [vector(*case) for case in cases], "refused": REFUSED}


def text() -> str:
    return json.dumps(document(), ensure_ascii=True, indent=1) + "\n"


if __name__ == "__main__":
    VECTORS.write_text(text())
