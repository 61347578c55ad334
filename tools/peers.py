#!/usr/bin/env python3
"""Builds the real programs that `attest` is tested against, with Go, by name and pinned version.

They go to ``$ATTEST_PEERS`` (default ``~/.cache/attest-peers``); what is there in the pinned version stays. A program
appears under its name only when it is whole. Needs nothing but Python 3.11 and Go.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

GO = (1, 26)
"""Oldest Go that builds all of them."""

OWN = Path(__file__).parent / "go"
"""The module of our own programs."""


@dataclass(frozen=True, slots=True)
class Peer:
    """A program: the module that holds it, the pinned version, and where in the module its ``main`` lies."""

    name: str
    module: str
    version: str
    folder: str
    serves: str

    @property
    def package(self) -> str:
        return f"{self.module}/{self.folder}".rstrip("/")


@dataclass(frozen=True, slots=True)
class OwnPeer:
    """A server that is put together here, in `tools/go`: nobody publishes such a program. Its version is a hash."""

    name: str
    serves: str

    @property
    def version(self) -> str:
        sources = [OWN / "go.mod", OWN / "go.sum", *sorted((OWN / self.name).glob("*.go"))]
        return hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()[:8]


@dataclass(frozen=True, slots=True)
class DebianPeer:
    """What only Debian builds, an old program or one in C: its package there, and where in it (a glob) it lies."""

    name: str
    package: str
    version: str
    path: str
    serves: str


AnyPeer = Peer | OwnPeer | DebianPeer

PEERS: tuple[AnyPeer, ...] = (
    Peer("olareg", "github.com/olareg/olareg", "v0.1.2", "cmd/olareg", "registry with the referrers API"),
    Peer("regctl", "github.com/regclient/regclient", "v0.11.7", "cmd/regctl", "registry and layout client"),
    Peer("oras", "oras.land/oras", "v1.3.3", "cmd/oras", "registry and layout client"),
    Peer("notation", "github.com/notaryproject/notation", "v1.3.2", "cmd/notation", "X.509 signatures"),
    Peer("crane", "github.com/google/go-containerregistry", "v0.22.1", "cmd/crane", "registry with fallback tags"),
    Peer(
        "distribution", "github.com/distribution/distribution/v3", "v3.0.0", "cmd/registry", "registry, fallback tags"
    ),
    # The newest that Go 1.26 builds in seconds.
    Peer("osv-scanner", "github.com/google/osv-scanner", "v1.9.2", "cmd/osv-scanner", "scanner, by OSV records"),
    DebianPeer("docker-registry", "docker-registry", "2.8.2", "usr/bin/docker-registry", "an old registry"),
    DebianPeer("softhsm2-util", "softhsm2", "2.6.1", "usr/bin/softhsm2-util", "makes PKCS#11 tokens in software"),
    DebianPeer("libsofthsm2.so", "libsofthsm2", "2.6.1", "usr/lib/*/softhsm/libsofthsm2.so", "such tokens"),
    Peer("cosign", "github.com/sigstore/cosign/v3", "v3.1.3", "cmd/cosign", "Sigstore signatures and attestations"),
    # The newest of each that Go 1.26 builds.
    Peer("fulcio", "github.com/sigstore/fulcio", "v1.8.8", "", "Sigstore: certificates for identities"),
    Peer("rekor-server", "github.com/sigstore/rekor-tiles/v2", "v2.3.0", "cmd/rekor-server/posix", "Sigstore: log, v2"),
    OwnPeer("ctlog", "Sigstore: log of certificates"),
    OwnPeer("tsa", "Sigstore: timestamps"),
)


class CannotBuild(Exception):
    """A peer was not built; the text says why and what to do."""


def folder() -> Path:
    return Path(os.environ.get("ATTEST_PEERS") or Path.home() / ".cache" / "attest-peers")


def check_go() -> None:
    wanted = ".".join(map(str, GO))
    if shutil.which("go") is None:
        raise CannotBuild(f"go is not on the PATH; install Go {wanted} or newer (https://go.dev/doc/install)")
    said = run(["go", "env", "GOVERSION"], Path.cwd()).strip()
    found = re.match(r"go(\d+)\.(\d+)", said)
    if found is None or tuple(map(int, found.groups())) < GO:
        raise CannotBuild(f"go is {said or 'of unknown version'}; these programs need Go {wanted} or newer")


def run(command: Sequence[str], where: Path) -> str:
    done = subprocess.run(command, cwd=where, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        last = "\n".join(f"  {line}" for line in done.stderr.strip().splitlines()[-15:])
        raise CannotBuild(f"`{' '.join(command)}` exited {done.returncode}\n{last}")
    return done.stdout


def is_there(peer: AnyPeer, bin_folder: Path) -> bool:
    """Whether the program is there, in the pinned version as far as Go can tell."""
    program = bin_folder / peer.name
    if not os.access(program, os.X_OK):
        return False
    if isinstance(peer, DebianPeer) or shutil.which("go") is None:
        return True
    told = subprocess.run(["go", "version", "-m", program], capture_output=True, text=True, check=False).stdout
    if isinstance(peer, OwnPeer):
        return f"main.version={peer.version}" in told
    built = re.search(rf"^\s+mod\s+{re.escape(peer.module)}\s+(\S+)", told, re.MULTILINE)
    return built is None or built[1] == peer.version


def build(peer: Peer, bin_folder: Path) -> None:
    """Build in a throw-away module.

    `go install PACKAGE@VERSION` also asks for module paths that do not exist, which some proxies refuse outright.
    """
    with tempfile.TemporaryDirectory(prefix=f".{peer.name}-", dir=bin_folder) as scratch:
        module = Path(scratch)
        (module / "go.mod").write_text(f"module peers\n\ngo {'.'.join(map(str, GO))}\n")
        run(["go", "get", f"{peer.module}@{peer.version}"], module)
        run(["go", "build", "-mod=mod", "-o", "program", peer.package], module)
        os.replace(module / "program", bin_folder / peer.name)


def assemble(peer: OwnPeer, bin_folder: Path) -> None:
    with tempfile.TemporaryDirectory(prefix=f".{peer.name}-", dir=bin_folder) as scratch:
        program = Path(scratch) / "program"
        version = f"-X main.version={peer.version}"
        run(["go", "build", "-buildvcs=false", "-ldflags", version, "-o", str(program), f"./{peer.name}"], OWN)
        os.replace(program, bin_folder / peer.name)


def unpack(peer: DebianPeer, bin_folder: Path) -> None:
    """Take the program out of Debian's package; nothing is installed."""
    if shutil.which("apt-get") is None or shutil.which("dpkg") is None:
        raise CannotBuild("apt-get and dpkg are not on the PATH; the package is Debian's")
    with tempfile.TemporaryDirectory(prefix=f".{peer.name}-", dir=bin_folder) as scratch:
        download = ["apt-get", "download", peer.package]
        try:
            run(download, Path(scratch))
        except CannotBuild:  # a fresh machine has no lists of packages yet
            run(["apt-get", "update"], Path(scratch))
            run(download, Path(scratch))
        (archive,) = Path(scratch).glob("*.deb")
        run(["dpkg", "-x", archive.name, "tree"], Path(scratch))
        (program,) = (Path(scratch) / "tree").glob(peer.path)
        program.chmod(0o755)
        os.replace(program, bin_folder / peer.name)


def main(arguments: Sequence[str] | None = None) -> int:
    known = {peer.name: peer for peer in PEERS}
    parser = argparse.ArgumentParser(description="Build the real programs that attest is tested against.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(known)}; default: all")
    parser.add_argument("--list", action="store_true", help="show them and whether they are there; build nothing")
    chosen = parser.parse_args(arguments)
    if unknown := [name for name in chosen.names if name not in known]:
        parser.error(f"no peer named {', '.join(unknown)}; there are {', '.join(known)}")
    wanted = [known[name] for name in dict.fromkeys(chosen.names)] or list(PEERS)

    bin_folder = folder()
    if chosen.list:
        for peer in wanted:
            state = "there" if os.access(bin_folder / peer.name, os.X_OK) else "missing"
            print(f"{peer.name:<13} {peer.version:<8} {state:<8} {peer.serves}")
        return 0

    missing = [peer for peer in wanted if not is_there(peer, bin_folder)]
    failed = 0
    try:
        if any(not isinstance(peer, DebianPeer) for peer in missing):
            check_go()
        if missing:
            bin_folder.mkdir(parents=True, exist_ok=True)
    except (CannotBuild, OSError) as error:
        print(f"peers: {error}", file=sys.stderr)
        return 1
    for peer in missing:
        print(f"peers: building {peer.name} {peer.version} …", file=sys.stderr, flush=True)
        started = time.monotonic()
        try:
            if isinstance(peer, Peer):
                build(peer, bin_folder)
            elif isinstance(peer, OwnPeer):
                assemble(peer, bin_folder)
            else:
                unpack(peer, bin_folder)
        except CannotBuild as error:
            failed += 1
            print(f"peers: {peer.name} {peer.version} was not built: {error}", file=sys.stderr)
        else:
            print(f"peers: built {peer.name} in {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)
    if not failed:
        print(f"peers: {len(wanted)} in {bin_folder}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
