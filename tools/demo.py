"""The main job on real packages, as `make run` shows it: fetch, anchor, sign, attach, verify, and what is not admitted.

Packages come by name from the ordinary clients (pip, npm), as these are set up on this machine. Everything is written
below one directory, ``.demo`` unless another is given; nothing else is touched.

usage: demo.py [DIRECTORY]
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from attest.packages.files import wheel_sboms

HERE = Path(__file__).resolve().parent.parent
PROGRAMS = Path(sys.executable).parent
WHEEL = "rfc3161-client"  # carries its own CycloneDX SBOM (PEP 770)
SDIST = "idna"
NPM = "semver@7.6.3"
PASSWORD = "a password for a demonstration"  # the key signs nothing but this demonstration

BOLD, DIM, GREEN, RED, PLAIN = (
    ("\033[1m", "\033[2m", "\033[32m", "\033[31m", "\033[0m")
    if sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    else ("", "", "", "", "")
)


class Demo:
    """Runs commands in one directory, shows each with its output, and remembers those that can be typed again."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.commands: list[str] = []
        self.environment = {
            **os.environ,
            "PATH": f"{PROGRAMS}{os.pathsep}{os.environ.get('PATH', '')}",
            "ATTEST_PASSWORD": PASSWORD,
            "ATTEST_STORE": "oci:evidence/{package}",
        }

    def say(self, text: str) -> None:
        print(f"\n{BOLD}{text}{PLAIN}", flush=True)

    def run(self, *command: str, expect: int = 0, quiet: bool = False) -> str:
        """Run ``command``; anything but the expected exit code ends the demonstration with its output."""
        line = shlex.join(command)
        self.commands.append(line)
        print(f"{DIM}$ {line}{PLAIN}", flush=True)
        done = subprocess.run(
            command, cwd=self.directory, env=self.environment, capture_output=True, text=True, stdin=subprocess.DEVNULL
        )
        if not quiet or done.returncode != expect:
            print(done.stdout + done.stderr, end="", flush=True)
        if done.returncode != expect:
            raise SystemExit(f"demo: exit code {done.returncode} where {expect} was expected: {line}")
        if expect:
            print(f"{DIM}  exit code {expect}, as it must be{PLAIN}")
        return done.stdout

    def one(self, pattern: str) -> str:
        """The one file that matches, relative to the directory."""
        found = sorted(self.directory.glob(pattern))
        if len(found) != 1:
            raise SystemExit(f"demo: expected one {pattern}, found {len(found)}")
        return str(found[0].relative_to(self.directory))


def main() -> int:
    directory = Path(sys.argv[1] if len(sys.argv) > 1 else HERE / ".demo").resolve()
    fresh(directory)
    demo = Demo(directory)

    demo.say("1. Real packages, by name, with their own clients")
    packages = fetch(demo)
    started = time.monotonic()

    demo.say("2. Anchors: what stands for a package on a registry. Pure functions of name and digest")
    demo.run("attest", "anchor", *packages)

    demo.say("3. A key, and signatures that `cosign verify` accepts too")
    demo.run("attest", "key", "generate", "release")
    demo.run("attest", "sign", *packages, "--key", "release.key")

    demo.say(f"4. The SBOM that {WHEEL} carries within itself, and provenance, signed and attached")
    wheel = packages[0]
    write_sbom(directory, wheel)
    write_provenance(directory, wheel)
    demo.run("attest", "attach", wheel, "sbom.cdx.json", "--key", "release.key")
    demo.run("attest", "attach", wheel, "provenance.json", "--key", "release.key")
    demo.run("attest", "tree", wheel)

    demo.say("5. May it be used? The policy decides, with reasons")
    shutil.copy(HERE / "policies" / "release-gate.yaml", directory / "policy.yaml")
    (directory / "keys").mkdir()
    shutil.copy(directory / "release.pub", directory / "keys" / "release.pub")
    demo.run("attest", "verify", wheel, "--policy", "policy.yaml")

    refusals(demo, wheel)

    demo.say(f"Done in {time.monotonic() - started:.1f} s once the packages were there")
    print(f"In {directory.name}/, these can be typed again (but the key, which is there and is never overwritten):")
    print(f'  export PATH="$PWD/{os.path.relpath(PROGRAMS, directory)}:$PATH"')
    print(f'  export ATTEST_STORE="{demo.environment["ATTEST_STORE"]}" ATTEST_PASSWORD="{PASSWORD}"')
    for line in dict.fromkeys(demo.commands):
        print(f"  {line}")
    return 0


def fresh(directory: Path) -> None:
    """An empty directory; one that this script did not make is left alone."""
    mark = directory / ".made-by-demo"
    if directory.exists() and any(directory.iterdir()) and not mark.exists():
        raise SystemExit(f"demo: {directory} is not empty and not of an earlier demonstration; name another directory")
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    mark.touch()


def fetch(demo: Demo) -> list[str]:
    """A wheel, an sdist and an npm package; the last is left out, and that said, where npm is missing."""
    pip = ("python", "-m", "pip", "download", "--quiet", "--no-deps", "--dest", "dist")
    demo.run(*pip, "--only-binary", ":all:", WHEEL)
    demo.run(*pip, "--no-binary", ":all:", SDIST)
    packages = [demo.one("dist/*.whl"), demo.one("dist/*.tar.gz")]
    if shutil.which("npm", path=demo.environment["PATH"]) is None:
        print(f"{RED}npm is not installed: going on without {NPM}{PLAIN}")
        return packages
    demo.run("npm", "pack", "--silent", "--pack-destination", "dist", NPM)
    return [*packages, demo.one("dist/*.tgz")]


def write_sbom(directory: Path, wheel: str) -> None:
    """Copy the wheel's own SBOM beside it, as `unzip` would."""
    ((member, content),) = wheel_sboms(directory / wheel)
    (directory / "sbom.cdx.json").write_bytes(content)
    print(f"{DIM}(sbom.cdx.json is {member}, as it lies in the wheel){PLAIN}")


def write_provenance(directory: Path, wheel: str) -> None:
    """SLSA provenance that says what is true: this demonstration fetched the file by name, it built nothing."""
    predicate = {
        "buildDefinition": {
            "buildType": "https://attest.example/demo/fetched-by-name/v1",
            "externalParameters": {"requirement": WHEEL, "file": Path(wheel).name},
            "resolvedDependencies": [],
        },
        "runDetails": {
            "builder": {"id": "https://attest.example/demo"},
            "metadata": {"startedOn": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")},
        },
    }
    (directory / "provenance.json").write_text(json.dumps(predicate, indent=2) + "\n", encoding="utf-8")


def refusals(demo: Demo, wheel: str) -> None:
    """Three things that must not be admitted; each is undone afterwards."""
    verify = ("attest", "verify", wheel, "--policy", "policy.yaml")

    demo.say("6. Refused: one byte of the package is another")
    with flipped(demo.directory / wheel):
        demo.run(*verify, expect=1)

    signature = referrer(demo, wheel, "https://sigstore.dev/cosign/sign/v1")
    repository = demo.directory / "evidence" / "pypi" / WHEEL
    demo.say("7. In doubt: one byte of the signature's bundle is another (a small bundle lies within its manifest)")
    with flipped(blob(repository, signature)):
        demo.run(*verify, expect=3)

    demo.say("8. In doubt: the signature is listed and not there")
    hidden = blob(repository, signature)
    aside = hidden.rename(demo.directory / "signature.aside")
    demo.run(*verify, expect=3)
    aside.rename(hidden)


def referrer(demo: Demo, wheel: str, kind: str) -> str:
    """The digest of the first referrer of one type, from `attest list --json`."""
    listed = json.loads(demo.run("attest", "list", wheel, "--json", quiet=True))
    return next(str(item["digest"]) for item in listed["subjects"][0]["referrers"] if item["type"] == kind)


def blob(repository: Path, digest: str) -> Path:
    return repository / "blobs" / Path(*digest.split(":"))


@contextmanager
def flipped(path: Path) -> Iterator[None]:
    """Change the lowest bit of the byte in the middle of a file, for a while."""
    original = path.read_bytes()
    changed = bytearray(original)
    changed[len(changed) // 2] ^= 1
    path.chmod(0o644)
    path.write_bytes(bytes(changed))
    try:
        yield
    finally:
        path.write_bytes(original)


if __name__ == "__main__":
    sys.exit(main())
