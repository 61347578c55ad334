"""``attest key``: make signing keys, and show the public half."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from attest.signing.keys import PrivateKey

_TYPES = ("ecdsa-p256", "ecdsa-p384", "ecdsa-p521", "ed25519", "rsa-3072")

_GENERATING = """\
  attest key generate release                 writes release.key and release.pub (ECDSA P-256)
  attest key generate release --type ed25519"""
_PUBLIC = """\
  attest key public cosign.key                prints the public key
  attest key public awskms:///alias/release   that of a key in a service; README says which URIs there are"""
_IMPORTING = "  attest key import old.pem release           rewrites a PEM key as release.key and release.pub"
_FORM = """\
A new private key is encrypted in cosign's form, with the password from ATTEST_PASSWORD or COSIGN_PASSWORD or
asked for; `cosign sign --key release.key` can use it as well."""


def add(commands: Any) -> None:
    parser = commands.add_parser(
        "key",
        help="make and convert signing keys",
        description="Make and convert signing keys.",
        epilog=f"examples:\n{_GENERATING}\n{_PUBLIC}\n{_IMPORTING}\n\n{_FORM}",
    )
    actions = parser.add_subparsers(title="actions", metavar="ACTION", dest="action", required=True)
    generate = actions.add_parser(
        "generate",
        help="write NAME.key and NAME.pub",
        description="Make a key: the private half in NAME.key, the public one in NAME.pub. No file is overwritten.",
        epilog=f"examples:\n{_GENERATING}\n\n{_FORM}",
    )
    generate.add_argument("name", metavar="NAME", help="what to call the files, which may begin with a directory")
    generate.add_argument(
        "--type", metavar="TYPE", default="ecdsa-p256", help=f"{', '.join(_TYPES)} (default: {_TYPES[0]})"
    )
    generate.set_defaults(run=run_generate)
    public = actions.add_parser(
        "public",
        help="print the public half of a private key",
        description="Print the public half of a private key in PEM, for the identities of a policy.",
        epilog=f"examples:\n{_PUBLIC}",
    )
    public.add_argument(
        "file", metavar="KEY", help="a file, or a URI: awskms:, azurekms:, gcpkms:, hashivault:, pkcs11:"
    )
    public.set_defaults(run=run_public)
    imported = actions.add_parser(
        "import",
        help="rewrite a private key as cosign's encrypted form",
        description="Write a private key as NAME.key in cosign's encrypted form, and its public half as NAME.pub.",
        epilog=f"example:\n{_IMPORTING}\n\n{_FORM}",
    )
    imported.add_argument("file", metavar="FILE", help="the private key: PEM (PKCS#8, SEC1 or PKCS#1) or cosign's form")
    imported.add_argument("name", metavar="NAME", help="what to call the files, which may begin with a directory")
    imported.set_defaults(run=run_import)


def run_generate(arguments: argparse.Namespace) -> int:
    from attest.signing.keys import generate

    return _write(generate(arguments.type), arguments.name)


def run_import(arguments: argparse.Namespace) -> int:
    from attest.signing.key_files import load_private
    from attest.signing.password import password_for

    return _write(load_private(arguments.file, password_for(arguments.file)), arguments.name)


def run_public(arguments: argparse.Namespace) -> int:
    from attest.errors import EXIT_DONE
    from attest.signing.password import password_for
    from attest.signing.remote_keys import load_signing_key

    print(load_signing_key(arguments.file, password_for(arguments.file)).public.pem().decode("ascii"), end="")
    return EXIT_DONE


def _write(key: PrivateKey, name: str) -> int:
    from pathlib import Path

    from attest.cli import console
    from attest.errors import EXIT_DONE, UsageError
    from attest.signing import cosign_key
    from attest.signing.key_files import write_private_file, write_public_file
    from attest.signing.password import new_password

    private, public = Path(f"{name}.key"), Path(f"{name}.pub")
    for path in (private, public):
        if path.exists():
            raise UsageError("the file exists already", where=str(path), next_step="choose another NAME")
    write_private_file(private, cosign_key.encrypt(key.pkcs8_der(), new_password(private)))
    write_public_file(public, key.public.pem())
    console.note(f"wrote {private} (encrypted; keep it secret) and {public} (for the identities of a policy)")
    return EXIT_DONE
