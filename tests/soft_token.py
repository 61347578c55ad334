"""A SoftHSM, which is a real PKCS#11 module, with a token called `release`; made once a process, which can load one."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pytest

from attest.signing.keys import KeyKind, generate
from tests.peers import peer

KINDS = {"p256": "ecdsa-p256", "p384": "ecdsa-p384", "p521": "ecdsa-p521", "rsa": "rsa-3072", "ed": "ed25519"}


@dataclass(frozen=True)
class SoftToken:
    """Keys by label, and two that are called `twin`; a second token has none."""

    module: Path

    def uri(self, path: str, *, pin: str | None = "1234", module: Path | None = None) -> str:
        pin_value = "" if pin is None else f"&pin-value={pin}"
        return f"pkcs11:{path}?module-path={quote(str(module or self.module))}{pin_value}"


@contextmanager
def soft_token_in(directory: Path) -> Iterator[SoftToken]:
    """Make it in ``directory``, where this process will find it until the block ends."""
    util, module = peer("softhsm2-util"), peer("libsofthsm2.so")
    (directory / "tokens").mkdir()
    (directory / "softhsm2.conf").write_text(f"directories.tokendir = {directory}/tokens\n", encoding="utf-8")

    def run(*arguments: str) -> None:
        subprocess.run([util, "--module", module, *arguments], check=True, capture_output=True, timeout=60)

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOFTHSM2_CONF", str(directory / "softhsm2.conf"))
        for label in ("release", "second"):
            run("--init-token", "--free", "--label", label, "--pin", "1234", "--so-pin", "12345678")
        for number, (label, kind) in enumerate([*KINDS.items(), ("twin", "ecdsa-p256"), ("twin", "ecdsa-p256")], 1):
            file = directory / f"{number}.p8"
            file.write_bytes(generate(KeyKind(kind)).pkcs8_pem(None))
            place = ("--token", "release", "--pin", "1234", "--label", label, "--id", f"{number:02x}")
            run("--import", str(file), *place)
        yield SoftToken(module)
