"""``attest sign``: a signature that ``cosign verify`` accepts."""

from __future__ import annotations

import argparse
from typing import Any

from attest.cli import options, signers

_EXAMPLES = """\
examples:
  attest sign dist/acme-1.0-py3-none-any.whl --key release.key
  attest sign pkg:npm/semver@7.6.3 --digest sha512:9f4… --key release.key --store registry.example/{package}
  attest sign oci:image:v1 --key release.key
  attest sign dist/acme-1.0-py3-none-any.whl --keyless --trust-config sigstore.json

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
    options.add_subjects(parser, many=True)
    options.add_store(parser)
    options.add_json(parser)
    signers.add(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    from attest import names
    from attest.cli import subjects, written
    from attest.cli.targets import Targets
    from attest.errors import EXIT_DONE

    named = subjects.parse(arguments)
    signer = signers.signer(arguments)
    with Targets(arguments, create=True) as targets:
        signed = [
            written.sign_and_attach(
                targets.write(item), signer, predicate_type=names.PREDICATE_COSIGN_SIGN, predicate={}
            )
            for item in named
        ]
    written.show(signed, as_json=arguments.json, verb="signed")
    return EXIT_DONE
