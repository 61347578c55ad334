"""``attest sign``: a signature that ``cosign verify`` accepts, or one that ``notation verify`` does."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from attest.cli import notation_signers, options, signers

if TYPE_CHECKING:
    from attest.cli.subjects import Named
    from attest.cli.written import Written

_EXAMPLES = """\
examples:
  attest sign dist/acme-1.0-py3-none-any.whl --key release.key
  attest sign pkg:npm/semver@7.6.3 --digest sha512:9f4… --key release.key --store registry.example/{package}
  attest sign oci:image:v1 --key release.key
  attest sign dist/acme-1.0-py3-none-any.whl --keyless --trust-config sigstore.json
  attest sign --lock package-lock.json --key release.key          (every artifact that it pins)
  attest sign registry.example/acme/app:v1 --format notation-jws --key release.key --certificate-chain release.crt

The anchor is created if it is not there. The password of an encrypted key is taken from ATTEST_PASSWORD or
COSIGN_PASSWORD, else asked for.

"""


def add(commands: Any) -> None:
    parser = commands.add_parser(
        "sign",
        help="sign a package artifact or an image",
        description="Sign a package artifact: attach a statement that names its anchor and its digest.",
        epilog=_EXAMPLES + signers.KEYLESS,
    )
    options.add_subjects(parser, many=True, optional=True)
    options.add_lock(parser)
    options.add_store(parser)
    options.add_json(parser)
    notation_signers.add(parser, signers.add(parser))
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    from attest.cli import locks, written
    from attest.errors import EXIT_DONE

    found = locks.read(arguments)
    named = locks.named(arguments, found)
    locks.note_gaps(found)
    notation = arguments.format in notation_signers.FORMATS
    signed = _notation(arguments, named) if notation else _bundles(arguments, named)
    written.show(signed, as_json=arguments.json, verb="signed")
    return EXIT_DONE


def _bundles(arguments: argparse.Namespace, named: list[Named]) -> list[Written]:
    from attest import names
    from attest.cli import console, written
    from attest.cli.targets import Targets

    notation_signers.refuse_foreign(arguments)
    signer = signers.signer(arguments)
    with Targets(arguments, create=True) as targets:
        signing = (
            written.sign_and_attach(
                [targets.write(item)], signer, predicate_type=names.PREDICATE_COSIGN_SIGN, predicate={}
            )
            for item in named
        )
        return [item for (item,) in console.progress(signing, len(named), "signing")]


def _notation(arguments: argparse.Namespace, named: list[Named]) -> list[Written]:
    from attest import names
    from attest.cli import console
    from attest.cli.targets import Targets
    from attest.cli.written import Written
    from attest.evidence.attach import creation_time
    from attest.evidence.attach_signature import attach_signature
    from attest.signing.notation.sign import Request

    signers.refuse_keyless(arguments)
    media_type, lifetime = notation_signers.FORMATS[arguments.format], notation_signers.expires_in(arguments)
    signer = notation_signers.signer(arguments)
    signed = []
    with Targets(arguments, create=True) as targets:
        for item in console.progress(named, len(named), "signing"):
            target, created = targets.write(item), creation_time()
            manifest = target.subject.manifest.plain()
            signature = signer.sign(Request(manifest, media_type, created, created + lifetime if lifetime else None))
            referrer = attach_signature(target.store, target.repository, manifest, signature, created=created)
            signed.append(Written(target.subject, referrer.digest, names.NOTATION_SIGNATURE, target.repository))
    return signed
