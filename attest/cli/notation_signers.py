"""Who signs with a certificate of an ordinary CA: the options of Notation signatures, and the signer they mean."""

from __future__ import annotations

import argparse
import re
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from datetime import timedelta

    from attest.signing.notation.sign import NotationSigner, Timestamper

FORMATS: Final = {"notation-jws": "application/jose+json", "notation-cose": "application/cose"}
"""By the word for it, the media type of the envelope."""

_OWN: Final = (
    ("certificate_chain", "--certificate-chain"),
    ("plugin", "--plugin"),
    ("id", "--id"),
    ("plugin_config", "--plugin-config"),
    ("expires_in", "--expires-in"),
    ("timestamp_url", "--timestamp-url"),
    ("timestamp_root", "--timestamp-root"),
)

_DURATION: Final = re.compile(r"([1-9][0-9]{0,4})([hd])", re.ASCII)


def add(parser: Any, how: Any) -> None:
    """The options; ``how`` is the group that has ``--key``."""
    parser.add_argument(
        "--format",
        choices=("bundle", *FORMATS),
        default="bundle",
        help="a Sigstore bundle, which cosign reads (default), or an X.509 signature, which notation reads",
    )
    parser.add_argument(
        "--certificate-chain",
        metavar="FILE",
        help="with --key and a notation format: the key's certificate and those above it up to the root, in PEM",
    )
    how.add_argument("--plugin", metavar="NAME", help="sign with this plugin of notation, in a notation format")
    parser.add_argument("--id", metavar="KEYID", help="with --plugin: which of its keys")
    parser.add_argument(
        "--plugin-config", metavar="KEY=VALUE", action="append", default=[], help="with --plugin: passed to it as it is"
    )
    parser.add_argument(
        "--expires-in", metavar="TIME", help="in a notation format: how long the signature is to be used, as 12h or 90d"
    )
    parser.add_argument(
        "--timestamp-url", metavar="URL", help="in a notation format: the timestamp authority (RFC 3161) to ask"
    )
    parser.add_argument(
        "--timestamp-root", metavar="FILE", help="with --timestamp-url: the root certificate of that authority"
    )


def refuse_foreign(arguments: argparse.Namespace) -> None:
    """Raise `UsageError` where an option of Notation's is given for a bundle."""
    from attest.errors import UsageError

    for name, option in _OWN:
        if getattr(arguments, name):
            raise UsageError(f"{option} is for --format {' or '.join(FORMATS)}")


def signer(arguments: argparse.Namespace) -> NotationSigner:
    """The signer that the options mean. Raises `UsageError`, `KeyFileError` or `TrustError`."""
    from pathlib import Path

    from attest.errors import UsageError

    if arguments.plugin:
        from attest.signing.notation.plugin import Plugin, plugin_signer

        if not arguments.id:
            raise UsageError("no key named", why="--plugin needs --id KEYID")
        if arguments.certificate_chain:
            raise UsageError("--certificate-chain is for --key", why="a plugin has its certificates itself")
        plugin = Plugin.find(arguments.plugin, _config(arguments.plugin_config))
        return plugin_signer(plugin, arguments.id, _timestamper(arguments))
    if not arguments.key:
        raise UsageError(
            f"--format {arguments.format} needs a key with an X.509 certificate",
            next_step="give --key FILE with --certificate-chain FILE, or --plugin NAME with --id KEYID",
        )
    if arguments.id or arguments.plugin_config:
        raise UsageError(f"{'--id' if arguments.id else '--plugin-config'} is for --plugin")
    if not arguments.certificate_chain:
        raise UsageError("no certificate named", why=f"--format {arguments.format} needs --certificate-chain FILE")
    from attest.signing.key_files import load_private
    from attest.signing.notation.sign import EnvelopeSigner, LocalSigner
    from attest.signing.password import password_for

    key = load_private(arguments.key, password_for(arguments.key))
    return EnvelopeSigner(LocalSigner.load(key, Path(arguments.certificate_chain)), _timestamper(arguments))


def expires_in(arguments: argparse.Namespace) -> timedelta | None:
    """How long a signature is to be used. Raises `UsageError`."""
    from datetime import timedelta

    from attest.errors import UsageError

    if arguments.expires_in is None:
        return None
    found = _DURATION.fullmatch(arguments.expires_in)
    if found is None:
        raise UsageError(
            "not a time", where="--expires-in", why=f"{arguments.expires_in[:40]!r}; expected as 12h or 90d"
        )
    return timedelta(hours=int(found[1]) * (24 if found[2] == "d" else 1))


def _timestamper(arguments: argparse.Namespace) -> Timestamper | None:
    from pathlib import Path

    from attest.errors import UsageError

    if not arguments.timestamp_url and not arguments.timestamp_root:
        return None
    if not (arguments.timestamp_url and arguments.timestamp_root):
        raise UsageError(
            "--timestamp-url and --timestamp-root go together", why="a timestamp is verified before it is used"
        )
    from attest.signing.notation.timestamp_request import http_timestamper
    from attest.signing.notation.trust_store import load_certificates

    return http_timestamper(arguments.timestamp_url, load_certificates(Path(arguments.timestamp_root)))


def _config(items: list[str]) -> dict[str, str]:
    from attest.errors import UsageError

    config = {}
    for item in items:
        key, separator, value = item.partition("=")
        if not key or not separator:
            raise UsageError("not KEY=VALUE", where="--plugin-config", why=item[:80])
        config[key] = value
    return config
