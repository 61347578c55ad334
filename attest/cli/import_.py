"""``attest import``: the attestations that ecosystems publish themselves, made evidence."""

from __future__ import annotations

import argparse
from typing import Any

from attest.cli import options

_EXAMPLES = """\
examples:
  attest import rfc8785-0.1.2-py3-none-any.whl.publish.attestation
  attest import attestations.json --subject pkg:npm/semver@7.6.3 --digest sha512-4n8…
  attest import rack-3.0.8.attestations.json --subject rack-3.0.8.gem
  attest import pypi: --subject dist/acme-1.0-py3-none-any.whl --store registry.example/evidence/{package}

SOURCE is a file (Sigstore bundles, one, an array or one a line, as RubyGems, Maven and GitHub have them; attestation
and provenance objects of PyPI; attestation documents and version metadata of npm) or a service that publishes them:
npm: or pypi:, at the address in the configuration of npm or pip.

Attestations are attached to the packages that they are bound to: those given, else those that the signed content names
itself. One about another name or other bytes is refused. Nothing is verified yet: `attest verify` does that.

exit codes: 0 all is imported, 1 something was refused, 2 usage or malformed input, 3 a service did not answer; of
several, 2 before 1 before 3"""


def add(commands: Any) -> None:
    parser = commands.add_parser(
        "import",
        help="bring in attestations that an ecosystem publishes itself",
        description="Attach attestations that npm, PyPI, RubyGems, Maven or GitHub publish to the anchors of packages.",
        epilog=_EXAMPLES,
    )
    parser.add_argument("sources", metavar="SOURCE", nargs="+", help="a file, or npm: or pypi:")
    parser.add_argument(
        "--subject",
        dest="subjects",
        metavar="SUBJECT",
        action="append",
        default=[],
        help="the package that it is about: its file, or a purl; may be given several times",
    )
    parser.add_argument("--digest", metavar="ALG:HEX", help="the artifact's digest, for a purl; also as sha512-BASE64")
    parser.add_argument("--purl", metavar="PURL", help="what the file must be; an error if its content says otherwise")
    options.add_store(parser)
    options.add_json(parser)
    parser.add_argument("--npm-keys", metavar="FILE", help="check registry signatures of npm against these keys (JSON)")
    parser.add_argument("--dry-run", action="store_true", help="say what would be imported, and write nothing")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    from attest.cli import console, importing

    with console.waiting("importing"):
        done = importing.run(arguments)
    if arguments.json:
        console.print_json(importing.as_json(done, dry_run=arguments.dry_run))
    else:
        importing.show(done)
    return importing.exit_code(done)
