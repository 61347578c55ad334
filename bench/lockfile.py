"""A whole lockfile: 800 packages, each with a signature and an SBOM, against one `cosign` process for each of the two.

Both sides verify the same bundles by the same key, in turns. cosign gets every image in one command, no transparency
log, and a home of its own; at a distance it would take a quarter of an hour, so there a few images are measured.
"""

from __future__ import annotations

import base64
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from attest import names
from attest.evidence.attach import attach_bundle, push_anchor, statement_subjects
from attest.evidence.lookup import subject_of
from attest.packages import placement
from attest.packages.digest import ArtifactDigest
from attest.packages.purl import Purl
from attest.signing.keys import KeyKind, PrivateKey, generate
from attest.signing.sign import KeySigner, sign_statement
from attest.statements.statement import write_statement
from attest.stores.archive import ArchiveStore
from attest.stores.parallel import in_parallel
from attest.stores.protocol import Store
from attest.stores.registry import RegistryStore
from attest.stores.registry.credentials import UserCredentials
from bench.harness import Row, Table, as_users, once
from bench.servers import far_away, olareg, program

PACKAGES = 800
SBOM_BYTES = 4096
ROUND_TRIP = 50  # milliseconds
_ROUNDS = 3
_FAR_IMAGES = 20
_GROWTH_ROUNDS = 3
GROWTH = (100, 1_000, 10_000)
MEMORY = 300  # MiB
_CREATED = datetime(2026, 1, 1, tzinfo=UTC)
_ATTEST = (str(Path(sys.executable).with_name("attest")),)
_NEAR_PEER = "cosign, loopback"
_FAR_PEER = f"cosign, far, {PACKAGES} × one of {_FAR_IMAGES} images"
_PEERS = {_FAR_PEER: _FAR_PEER, "attest, far, nothing cached": _FAR_PEER}
_TARGETS = {
    "attest, loopback, nothing cached": 1 / 3,
    "attest, loopback, content cached": 1 / 6,
    "attest, from a pack, offline": 1 / 10,
    "attest, far, nothing cached": 1 / 150,
}
_POLICY = """\
version: 1
name: bench
applies_to: ["pkg:npm/**"]
trust: {keys_only: true}
identities:
  bench: {key: bench.pub}
rules:
  - {id: signed, require: signature, by: [bench]}
  - {id: sbom, require: sbom, by: [bench]}
"""


@dataclass(frozen=True, slots=True)
class Package:
    """One package of the lockfile, and the digest of its anchor."""

    purl: Purl
    digest: ArtifactDigest

    @classmethod
    def number(cls, number: int) -> Package:
        return cls(Purl.parse(f"pkg:npm/bench-{number}@1.0.{number}"), ArtifactDigest.parse(f"sha512:{number:0128x}"))

    def image(self, host: str) -> str:
        """As cosign is given it."""
        return f"{host}/{placement.repository(self.purl)}@{subject_of(self.purl, self.digest).manifest.digest}"


def prepare(folder: Path, packages: Sequence[Package], host: str) -> None:
    """Keys, policy and lockfile in ``folder``; anchors and evidence in the registry at ``host``."""
    key = generate(KeyKind.ECDSA_P256)
    (folder / "bench.pub").write_bytes(key.public.pem())
    (folder / "policy.yaml").write_text(_POLICY, encoding="utf-8")
    write_lock(folder / "package-lock.json", packages)
    with closing(RegistryStore(host, name=host, credentials=UserCredentials({}, folder))) as store:
        work = in_parallel(lambda item: _publish(store, placement.repository(item.purl), item, key), packages)
        for _ in work:
            pass


def write_lock(path: Path, packages: Sequence[Package]) -> None:
    """A `package-lock.json` of them."""
    entries = {
        f"node_modules/{package.purl.name}": {
            "version": package.purl.version,
            "integrity": f"sha512-{base64.b64encode(bytes.fromhex(package.digest.hex)).decode()}",
        }
        for package in packages
    }
    path.write_text(
        json.dumps({"name": "bench", "lockfileVersion": 3, "packages": {"": {}, **entries}}, indent=2), encoding="utf-8"
    )


def _publish(store: Store, repository: str, package: Package, key: PrivateKey) -> None:
    anchor = push_anchor(store, repository, placement.shared_tag(package.purl), package.purl, package.digest)
    subjects = statement_subjects(subject_of(package.purl, package.digest))
    for kind, predicate in ((names.PREDICATE_COSIGN_SIGN, {}), (names.PREDICATE_CYCLONEDX, _sbom(package))):
        bundle = sign_statement(write_statement(subjects, kind, predicate), KeySigner(key))
        attach_bundle(store, repository, anchor, bundle, predicate_type=kind, created=_CREATED)


def _sbom(package: Package) -> dict[str, object]:
    """A CycloneDX document of some `SBOM_BYTES`."""
    about = {"type": "library", "name": package.purl.name, "version": package.purl.version, "purl": str(package.purl)}
    components: list[dict[str, str]] = []
    document: dict[str, object] = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": about},
        "components": components,
    }
    while len(json.dumps(document)) < SBOM_BYTES:
        number = len(components)
        purl = f"pkg:npm/component-{number}@2.{number}.0"
        components.append(
            {
                "type": "library",
                "bom-ref": purl,
                "name": f"component-{number}",
                "version": f"2.{number}.0",
                "purl": purl,
            }
        )
    return document


def measure(tick: Callable[[], None]) -> Table:
    """All cases of both sides in turns; ratios are to the case's own peer, in the row above."""
    taken: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory(prefix="attest-bench-") as scratch, ExitStack() as running:
        folder = Path(scratch)
        near = running.enter_context(olareg(folder / "registry"))
        packages = [Package.number(number) for number in range(PACKAGES)]
        prepare(folder, packages, f"127.0.0.1:{near}")
        far = running.enter_context(far_away(near, ROUND_TRIP))
        env = {
            **{
                name: value
                for name, value in as_users(os.environ).items()
                if not name.startswith(("ATTEST_", "XDG_", "COSIGN_"))
            },
            "HOME": scratch,
        }
        uncached = {**env, "ATTEST_CACHE": "off"}
        near_store, far_store = (f"127.0.0.1:{port}/{{package}}" for port in (near, far))
        _run(
            [*_ATTEST, "pack", "--lock", "package-lock.json", "--store", near_store, "--output", "evidence.tar"],
            env,
            folder,
        )
        for turn in range(_ROUNDS + 1):
            seconds = {
                _NEAR_PEER: _cosign(folder, env, [item.image(f"127.0.0.1:{near}") for item in packages]),
                "attest, loopback, nothing cached": _attest(near_store, uncached, folder),
                "attest, loopback, content cached": _attest(near_store, env, folder),
                "attest, from a pack, offline": _attest("oci-archive:evidence.tar", uncached, folder, "--offline"),
                _FAR_PEER: _cosign(
                    folder,
                    env,
                    [
                        item.image(f"127.0.0.1:{far}")
                        for item in packages[turn :: PACKAGES // _FAR_IMAGES][:_FAR_IMAGES]
                    ],
                )
                * (PACKAGES / _FAR_IMAGES),
                "attest, far, nothing cached": _attest(far_store, uncached, folder),
            }
            if turn:  # the first fills the caches
                for name, value in seconds.items():
                    taken.setdefault(name, []).append(value)
            tick()
    medians = {name: statistics.median(times) for name, times in taken.items()}
    rows = (
        Row(name, medians[name], min(times), medians[name] / medians[_PEERS.get(name, _NEAR_PEER)], _TARGETS.get(name))
        for name, times in taken.items()
    )
    return Table(
        f"a lockfile of {PACKAGES} packages, each with a signature and an SBOM", _NEAR_PEER, tuple(rows), _ROUNDS
    )


def _cosign(folder: Path, env: Mapping[str, str], images: Sequence[str]) -> float:
    """One process that verifies all signatures, and one for all attestations."""
    trust = ["--key", "bench.pub", "--insecure-ignore-tlog", "--private-infrastructure"]
    return sum(
        once([program("cosign"), *command, *trust, *images], env, folder)
        for command in (["verify"], ["verify-attestation", "--type", "cyclonedx"])
    )


def _attest(store: str, env: Mapping[str, str], folder: Path, *options: str) -> float:
    lock = ["--lock", "package-lock.json", "--policy", "policy.yaml"]
    return once([*_ATTEST, "verify", *lock, "--store", store, *options], env, folder)


def _run(argv: Sequence[str], env: Mapping[str, str], folder: Path) -> None:
    subprocess.run(argv, env=env, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, check=True)


def measure_growth(tick: Callable[[], None]) -> Table:
    """From a pack, so that no server is measured with it: time and memory of 100, 1,000 and 10,000 packages."""
    rows: list[Row] = []
    for number in GROWTH:
        with tempfile.TemporaryDirectory(prefix="attest-bench-") as scratch:
            folder = Path(scratch)
            # elsewhere: a process begins with the largest size that its parent ever had
            subprocess.run([sys.executable, "-m", "bench.lockfile", scratch, str(number)], check=True)
            times, peak = zip(*(_attest_with_memory(folder) for _ in range(_GROWTH_ROUNDS)), strict=True)
            median = statistics.median(times)
            name = f"{number} packages, {max(peak) / 1024:.0f} MiB of memory"
            base = rows[0].median if rows else median
            rows.append(Row(name, median, min(times), median / base, None if not rows else 1.2 * number / GROWTH[0]))
            if max(peak) > MEMORY * 1024:
                raise SystemExit(f"bench: {name}, more than {MEMORY} MiB")
        tick()
    return Table("how a lockfile's verification grows (ratios of time)", rows[0].name, tuple(rows), _GROWTH_ROUNDS)


def prepare_archive(folder: Path, packages: Sequence[Package]) -> None:
    """As `prepare`, with a layout in a tar instead of a registry."""
    key = generate(KeyKind.ECDSA_P256)
    (folder / "bench.pub").write_bytes(key.public.pem())
    (folder / "policy.yaml").write_text(_POLICY, encoding="utf-8")
    write_lock(folder / "package-lock.json", packages)
    with closing(ArchiveStore(folder / "evidence.tar", "evidence", create=True)) as store, store.together(""):
        for package in packages:
            _publish(store, "", package, key)


def _attest_with_memory(folder: Path) -> tuple[float, int]:
    """Seconds, and the KiB of the largest of its processes."""
    argv = [*_ATTEST, "verify", "--lock", "package-lock.json", "--policy", "policy.yaml"]
    argv += ["--offline", "--store", "oci-archive:evidence.tar"]
    started = time.perf_counter()
    process = subprocess.Popen(
        argv, env=as_users(os.environ), cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"bench: {' '.join(argv)} exited {process.returncode}")
    return time.perf_counter() - started, usage.ru_maxrss


if __name__ == "__main__":
    prepare_archive(Path(sys.argv[1]), [Package.number(number) for number in range(int(sys.argv[2]))])
