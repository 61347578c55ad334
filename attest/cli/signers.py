"""Who signs: the options that say so, and the signer they mean."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from attest.signing.sign import StatementSigner


def add(parser: Any, *, required: bool = True) -> Any:
    """``--key``; returns the group, to which a command may add another way."""
    how = parser.add_mutually_exclusive_group(required=required)
    how.add_argument(
        "--key",
        metavar="KEY",
        help=(
            "sign with this private key: a file (PEM PKCS#8 or cosign.key), or a URI: awskms:, azurekms:, gcpkms:, "
            "hashivault: or pkcs11:"
        ),
    )
    return how


def signer(arguments: argparse.Namespace) -> StatementSigner:
    """The signer that the options of `add` name. Raises `KeyFileError`."""
    from attest.signing.password import password_for
    from attest.signing.remote_keys import load_signing_key
    from attest.signing.sign import KeySigner

    return KeySigner(load_signing_key(arguments.key, password_for(arguments.key)))
