"""A place with keys, certificates, a registry and a Sigstore, where four programs run as their users run them."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
from cryptography import x509

from attest import names
from tests.peers import peer
from tests.private_sigstore.stack import PrivateSigstore
from tests.signing.notation import pki

ALICE = "alice@example.test"
MALLORY = "mallory@example.test"
PASSWORD = "only for tests"
PROVENANCE = {
    "buildDefinition": {"buildType": "https://example.test/build", "externalParameters": {}},
    "runDetails": {"builder": {"id": "https://example.test/builder"}},
}


@dataclass(frozen=True, slots=True)
class Ran:
    """How a program ended, and all that it said, in one line."""

    code: int
    said: str


@dataclass(frozen=True, slots=True)
class Workshop:
    """A folder with keys and certificates, a registry at ``host``, and a whole Sigstore."""

    folder: Path
    host: str
    sigstore: PrivateSigstore
    authority: pki.Entity = field(default_factory=lambda: pki.root("C=US,ST=WA,O=Acme,CN=Root"))
    stranger: pki.Entity = field(default_factory=lambda: pki.root("C=US,ST=WA,O=Acme,CN=Root", which=5))

    def prepare(self) -> None:
        alice = (x509.SubjectAlternativeName([x509.RFC822Name(ALICE)]), False)
        leaf = self.authority.issue(pki.ACME, (*pki.CODE, alice))
        leaf.write(self.folder, "x509")
        self.write("leaf.pem", pki.pem([leaf.certificate]))
        self.write("root.pem", pki.pem([self.authority.certificate]))
        self.write("other-root.pem", pki.pem([self.stranger.certificate]))
        self.write("provenance.json", json.dumps(PROVENANCE))
        signing = json.loads(self.sigstore.signing_config.read_text())
        for name in ("release", "stranger"):
            self.expect("attest", "key", "generate", name)
        self.expect("cosign", "import-key-pair", "--key", "x509.key", "--output-key-prefix", "x509-cosign")
        self.expect("cosign", "signing-config", "create", "--out", "no-services.json")
        self.write("timestamps-only.json", json.dumps({**signing, "rekorTlogUrls": [], "caUrls": [], "oidcUrls": []}))
        for name, authority in (("root", self.authority), ("other-root", self.stranger)):
            self.write(f"{name}.json", json.dumps(self._trusted_root_of(authority)))

    def _trusted_root_of(self, authority: pki.Entity) -> dict[str, Any]:
        """Sigstore's form of "trust this CA": the timestamps are the private deployment's."""
        root: dict[str, Any] = json.loads(self.sigstore.trusted_root.read_text())
        encoded = base64.b64encode(pki.der(authority.certificate)).decode()
        root["certificateAuthorities"][0]["certChain"] = {"certificates": [{"rawBytes": encoded}]}
        return root

    def write(self, name: str, content: str | bytes) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def run(self, program: str, *arguments: str | Path) -> Ran:
        module = {"attest": "attest", "sigstore-python": "sigstore"}.get(program)
        command = [peer(program)] if module is None else [sys.executable, "-m", module]
        done = subprocess.run(
            [*command, *arguments],
            cwd=self.folder,
            env={
                **os.environ,
                "HOME": str(self.folder),
                "XDG_CONFIG_HOME": str(self.folder),
                "COLUMNS": "400",
                "ATTEST_PASSWORD": PASSWORD,
                "COSIGN_PASSWORD": PASSWORD,
                "SIGSTORE_ID_TOKEN": self.token(),
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
            check=False,
        )
        return Ran(done.returncode, " ".join(done.stdout.split()))

    def token(self) -> str:
        return self.sigstore.token(ALICE)

    def expect(self, program: str, *arguments: str | Path) -> str:
        ran = self.run(program, *arguments)
        assert ran.code == 0, (program, arguments, ran.said)
        return ran.said

    def anchored(self, repository: str) -> tuple[str, Path]:
        """An anchor in a repository of its own: its reference, and its manifest as a file."""
        package = ("pkg:npm/acme@1.0.0", "--digest", "sha512:" + "ab" * 64)
        digest = self.expect("attest", "anchor", *package, "--store", f"{self.host}/{repository}").split()[1]
        path = self.write(f"{repository}.json", self.get(f"{repository}/manifests/{digest}"))
        return f"{self.host}/{repository}@{digest}", path

    def envelope(self, reference: str) -> bytes:
        """The only signature on a manifest, as it lies in the registry."""
        repository, _, digest = reference.removeprefix(f"{self.host}/").partition("@")
        (referrer,) = json.loads(self.get(f"{repository}/referrers/{digest}"))["manifests"]
        manifest = json.loads(self.get(f"{repository}/manifests/{referrer['digest']}"))
        return self.get(f"{repository}/blobs/{manifest['layers'][0]['digest']}")

    def get(self, path: str) -> bytes:
        with requests.Session() as session:
            session.trust_env = False
            answer = session.get(f"http://{self.host}/v2/{path}", headers={"Accept": names.OCI_MANIFEST}, timeout=20)
        answer.raise_for_status()
        return answer.content
