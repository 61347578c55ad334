"""oras, regctl, cosign and olareg on layouts, as a person would call them."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

from attest.oci.digest import Digest
from attest.oci.manifest import MANIFEST_TYPES
from tests.peers import free_port, peer, serve


def run(program: str, *arguments: str | Path, cwd: Path | None = None, **environment: str) -> str:
    done = subprocess.run(
        [str(peer(program)), *(str(argument) for argument in arguments)],
        cwd=cwd,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def oras_referrers(layout: Path, subject: Digest) -> set[Digest]:
    answer = json.loads(run("oras", "discover", "--oci-layout", f"{layout}@{subject}", "--format", "json"))
    return {Digest.parse(item["digest"]) for item in answer["referrers"]}


def regctl_referrers(layout: Path, subject: Digest) -> set[Digest]:
    answer = run("regctl", "artifact", "list", f"ocidir://{layout}@{subject}", "--format", "{{json .Descriptors}}")
    return {Digest.parse(item["digest"]) for item in json.loads(answer)}


class Olareg:
    """A registry that serves the layouts of a directory."""

    def __init__(self, host: str) -> None:
        self.host = host
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.headers["Accept"] = ", ".join(MANIFEST_TYPES)

    def get(self, path: str) -> Any:
        response = self._session.get(f"http://{self.host}/v2/{path}", timeout=10)
        assert response.status_code == 200, response.text
        return response.json()

    def referrers(self, repository: str, subject: Digest, *, artifact_type: str | None = None) -> set[Digest]:
        query = f"?artifactType={artifact_type.replace('+', '%2B')}" if artifact_type else ""
        items = self.get(f"{repository}/referrers/{subject}{query}")["manifests"] or []
        return {Digest.parse(item["digest"]) for item in items}


@contextmanager
def olareg(directory: Path) -> Iterator[Olareg]:
    port = free_port()
    argv: list[str | Path] = [peer("olareg"), "serve", "--addr", "127.0.0.1", "--port", str(port), "--dir", directory]
    with serve([*argv, "--api-delete"], f"http://127.0.0.1:{port}/v2/"):
        yield Olareg(f"127.0.0.1:{port}")
