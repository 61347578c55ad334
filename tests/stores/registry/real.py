"""Real registries on loopback, each stopped when its block ends."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.peers import free_port, peer, serve


@contextmanager
def olareg(directory: Path) -> Iterator[str]:
    """With the referrers API; yields HOST:PORT."""
    port = free_port()
    argv: list[str | Path] = [peer("olareg"), "serve", "--addr", "127.0.0.1", "--port", str(port), "--dir", directory]
    with serve([*argv, "--api-delete", "--api-blob-delete"], f"http://127.0.0.1:{port}/v2/"):
        yield f"127.0.0.1:{port}"


@contextmanager
def crane(directory: Path) -> Iterator[str]:
    """Without the referrers API, and without dropping tags when their manifest is deleted."""
    port = free_port()
    with serve([peer("crane"), "registry", "serve", "--address", f"127.0.0.1:{port}"], f"http://127.0.0.1:{port}/v2/"):
        yield f"127.0.0.1:{port}"


@contextmanager
def docker_registry(directory: Path, *, settings: str = "") -> Iterator[str]:
    """Debian's 2.8.2 of 2023: an old registry, to see how one behaves."""
    with distribution(directory, settings=settings, program="docker-registry") as host:
        yield host


@contextmanager
def distribution(
    directory: Path,
    *,
    settings: str = "",
    environment: Mapping[str, str] | None = None,
    program: str = "distribution",
) -> Iterator[str]:
    """Without the referrers API; ``settings`` are more lines of its configuration."""
    port = free_port()
    directory.mkdir(exist_ok=True)
    file = directory / "registry.yml"
    file.write_text(
        "version: 0.1\n"
        "log: {level: error, accesslog: {disabled: true}}\n"
        f"storage: {{filesystem: {{rootdirectory: '{directory}/data'}}, delete: {{enabled: true}}}}\n"
        f"http: {{addr: '127.0.0.1:{port}', secret: loopback}}\n"
        f"{settings}"
    )
    with serve([peer(program), "serve", file], f"http://127.0.0.1:{port}/v2/", env=environment):
        yield f"127.0.0.1:{port}"
