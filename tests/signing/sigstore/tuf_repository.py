"""A TUF repository on the loopback interface, made with `tuf`'s own metadata classes, that can be made to lie."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import (  # type: ignore[attr-defined]  # its __all__ is computed
    Metadata,
    MetaFile,
    Root,
    Snapshot,
    TargetFile,
    Targets,
    Timestamp,
)

from attest.signing.sigstore.updates import SIGNING_CONFIG, TRUSTED_ROOT

ROLES = ("root", "targets", "snapshot", "timestamp")


class TufRepository:
    """One key a role. Each `publish` is a new version of everything but the root, with ``documents`` as targets."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "targets").mkdir(parents=True)
        self.signers = {role: CryptoSigner.generate_ecdsa() for role in ROLES}
        self.version = 0
        root = Root(expires=datetime.now(UTC) + timedelta(days=365), consistent_snapshot=True)
        for role in ROLES:
            root.add_key(self.signers[role].public_key, role)
        self.root = Metadata(root)
        self.root.sign(self.signers["root"])
        self.first_root = self.root.to_bytes()
        (folder / "1.root.json").write_bytes(self.first_root)

    def publish(self, trusted_root: bytes, signing_config: bytes = b"{}", *, days: int = 7) -> None:
        """Sign both documents; the metadata expire in ``days``."""
        self.version += 1
        expires = datetime.now(UTC) + timedelta(days=days)
        targets = Targets(self.version, expires=expires)
        for name, data in ((TRUSTED_ROOT, trusted_root), (SIGNING_CONFIG, signing_config)):
            info = TargetFile.from_data(name, data, ["sha256"])
            targets.targets[name] = info
            (self.folder / "targets" / f"{info.hashes['sha256']}.{name}").write_bytes(data)
        snapshot = Snapshot(self.version, expires=expires, meta={"targets.json": MetaFile(self.version)})
        timestamp = Timestamp(self.version, expires=expires, snapshot_meta=MetaFile(self.version))
        self._write(f"{self.version}.targets.json", Metadata(targets), "targets")
        self._write(f"{self.version}.snapshot.json", Metadata(snapshot), "snapshot")
        self._write("timestamp.json", Metadata(timestamp), "timestamp")

    def rotate_root(self, *, by_the_old_key: bool = True) -> None:
        """A second root with another key; it must be signed by the first one's too."""
        old = self.signers["root"]
        self.signers["root"] = CryptoSigner.generate_ecdsa()
        root = self.root.signed
        root.version += 1
        root.revoke_key(old.public_key.keyid, "root")
        root.add_key(self.signers["root"].public_key, "root")
        self.root.sign(self.signers["root"])
        if by_the_old_key:
            self.root.sign(old, append=True)
        (self.folder / f"{root.version}.root.json").write_bytes(self.root.to_bytes())

    def _write(self, name: str, metadata: Metadata[Any], role: str) -> None:
        metadata.sign(self.signers[role])
        (self.folder / name).write_bytes(metadata.to_bytes())


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a directory until the block ends; yields its URL."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
