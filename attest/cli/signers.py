"""Who signs: the options that say so, and the signer they mean."""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from attest.signing.sign import StatementSigner
    from attest.signing.sigstore.deployment import Deployment
    from attest.signing.sigstore.identity_token import Identity

TOKEN: Final = "SIGSTORE_ID_TOKEN"

KEYLESS: Final = """\
With --keyless the signature is by whoever the identity token names: that of --identity-token, of $SIGSTORE_ID_TOKEN, of
the CI run (GitHub, GitLab, Buildkite, CircleCI, Google Cloud), or of a login in a browser. Sigstore's public services
write that name, for good, into logs that everybody can read. --trust-config names a deployment of one's own."""
"""What the examples of a command end with."""


def add(parser: Any, *, required: bool = True) -> Any:
    """``--key``, ``--keyless`` and what belongs to it; returns the group, to which a command may add another way."""
    how = parser.add_mutually_exclusive_group(required=required)
    how.add_argument(
        "--key",
        metavar="KEY",
        help=(
            "sign with this private key: a file (PEM PKCS#8 or cosign.key), or a URI: awskms:, azurekms:, gcpkms:, "
            "hashivault: or pkcs11:"
        ),
    )
    how.add_argument(
        "--keyless", action="store_true", help="sign as a person or a CI run, with a certificate from Sigstore"
    )
    where = parser.add_mutually_exclusive_group()
    where.add_argument(
        "--trust-config",
        metavar="FILE",
        help="with --keyless: use the private deployment that this ClientTrustConfig describes",
    )
    where.add_argument("--staging", action="store_true", help="with --keyless: use Sigstore's staging instance")
    parser.add_argument(
        "--identity-token",
        metavar="FILE",
        help=f"with --keyless: the OpenID Connect token to sign with (default: ${TOKEN}, the CI run's, a login)",
    )
    return how


def signer(arguments: argparse.Namespace) -> StatementSigner:
    """The signer that the options of `add` name.

    Raises `UsageError`, `KeyFileError`, `TrustError` or `StoreUnavailable`.
    """
    if arguments.keyless:
        return _keyless(arguments)
    refuse_keyless(arguments)
    from attest.signing.password import password_for
    from attest.signing.remote_keys import load_signing_key
    from attest.signing.sign import KeySigner

    return KeySigner(load_signing_key(arguments.key, password_for(arguments.key)))


def refuse_keyless(arguments: argparse.Namespace) -> None:
    """Raise `UsageError` where an option of ``--keyless`` is given for another way to sign."""
    from attest.errors import UsageError

    for option, value in (
        ("--trust-config", arguments.trust_config),
        ("--staging", arguments.staging),
        ("--identity-token", arguments.identity_token),
    ):
        if value:
            raise UsageError(f"{option} is for --keyless")


def _keyless(arguments: argparse.Namespace) -> StatementSigner:
    from datetime import UTC, datetime
    from importlib.util import find_spec
    from pathlib import Path

    from attest.errors import UsageError, install
    from attest.signing.sigstore import roots
    from attest.signing.sigstore.deployment import load_deployment
    from attest.signing.sigstore.keyless import KeylessSigner

    if find_spec("sigstore") is None:
        raise UsageError("the sigstore package is not installed", next_step=install("sigstore"))
    name = (
        Path(arguments.trust_config)
        if arguments.trust_config
        else (roots.STAGING if arguments.staging else roots.PUBLIC_GOOD)
    )
    deployment = load_deployment(name, offline=False, now=datetime.now(UTC))
    return KeylessSigner(deployment, lambda: _identity(arguments.identity_token, deployment))


def _identity(token_file: str | None, deployment: Deployment) -> Identity:
    """Who signs, told to whoever watches before anything is logged, and confirmed by a person who just logged in."""
    from pathlib import Path

    from attest.cli import console
    from attest.errors import UsageError
    from attest.signing.sigstore import identity_token

    person = False
    if token_file is not None:
        identity = identity_token.from_file(Path(token_file))
    elif text := os.environ.get(TOKEN):
        identity = identity_token.Identity.of(text, where=f"${TOKEN}")
    elif found := identity_token.from_environment():
        identity = found
    elif sys.stdin.isatty() and sys.stderr.isatty():
        identity, person = identity_token.from_login(deployment.oidc_url), True
    else:
        raise UsageError(
            "nobody is named who signs",
            why="there is no token, this is no CI run, and there is no terminal for a login",
            next_step=f"give a token with --identity-token FILE or ${TOKEN}",
        )
    if not deployment.public:
        console.note(f"signing as {identity}")
        return identity
    console.note(f"signing as {identity}: everybody will be able to read this name in Sigstore's logs, for good")
    if person and not console.agrees("sign and publish it?"):
        raise UsageError("nothing was signed", why="the name was not to be published")
    return identity
