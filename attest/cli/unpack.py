"""``attest unpack``: what is in a pack, into a store."""

from __future__ import annotations

import argparse
from typing import Any

from attest.cli import options

_EXAMPLES = """\
examples:
  attest unpack evidence.pack oci:.attest/{package}
  attest unpack evidence.pack registry.example/evidence --pack-digest sha256:3f1…
  attest unpack evidence.pack registry.example/evidence --pack-key vendor.pub

The pack is held against its list first: what is missing, changed or added is an error. A policy in it is not used and
not unpacked."""


def add(commands: Any) -> None:
    parser = commands.add_parser(
        "unpack",
        help="put what is in a pack into a store",
        description="Hold a pack against its list, then copy its packages with all evidence into a store.",
        epilog=_EXAMPLES,
    )
    parser.add_argument("file", metavar="FILE", help="the pack")
    parser.add_argument("destination", metavar="STORE", help="where to put it")
    vouching = parser.add_mutually_exclusive_group()
    vouching.add_argument("--pack-digest", metavar="DIGEST", help="the digest that the pack must have")
    vouching.add_argument("--pack-key", metavar="FILE", help="the public key that must have signed the pack")
    parser.add_argument("--dry-run", action="store_true", help="say what would be copied, and write nothing")
    options.add_plain_http(parser)
    options.add_json(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    from contextlib import closing
    from pathlib import Path

    from attest.cli import console, copying, delivering, packed
    from attest.errors import UsageError
    from attest.evidence.model import Subject
    from attest.oci.reference import Reference
    from attest.stores.archive import ArchiveStore
    from attest.stores.location import open_store
    from attest.stores.threads import for_threads
    from attest.stores.transfer import Side

    if arguments.stores_before:
        raise UsageError("--store does not go with unpack", next_step="name it: attest unpack FILE STORE")
    location = delivering.parse_destination(arguments.destination)
    by = packed.vouching(arguments)
    with closing(ArchiveStore(Path(arguments.file), arguments.file)) as archive, console.waiting("copying"):
        found = packed.open_pack(archive, by)
        manifests = [archive.resolve(Reference("", digest=digest)) for digest in found.subjects]
        subjects = tuple(Subject(manifest, name=str(manifest.digest)) for manifest in manifests)
        gathered = copying.gather(copying.Source(Side(for_threads(archive), ""), subjects))
        with closing(open_store(location, create=True)) as store:
            to = delivering.Destination(location, for_threads(store), dry_run=arguments.dry_run)
            done = delivering.deliver(gathered, gathered.subjects, to)
    if arguments.json:
        console.print_json(delivering.as_json(done, dry_run=arguments.dry_run))
    else:
        delivering.show(done, dry_run=arguments.dry_run)
    return done.exit_code
