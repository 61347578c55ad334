"""Keys that are in no file, and how much of a file is read."""

from __future__ import annotations

from pathlib import Path

import pytest

from attest import limits
from attest.errors import KeyFileError
from attest.signing.key_files import load_public
from attest.signing.keys import PrivateKey


@pytest.mark.parametrize("service", ["awskms", "azurekms", "gcpkms", "hashivault", "pkcs11"])
def test_a_public_key_is_a_file(service: str) -> None:
    with pytest.raises(KeyFileError, match="a key in a service where a file is wanted"):
        load_public(f"{service}://key")


def test_a_file_of_the_greatest_size_is_read(tmp_path: Path, p256: PrivateKey) -> None:
    pem = p256.public.pem()
    for size, says in ((limits.KEY_FILE, None), (limits.KEY_FILE + 1, "more than")):
        path = tmp_path / f"{size}.pub"
        path.write_bytes(pem + b"\n" * (size - len(pem)))
        if says is None:
            assert load_public(path).pem() == pem
        else:
            with pytest.raises(KeyFileError, match=says):
                load_public(path)
