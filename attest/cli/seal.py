"""``attest seal``: list all evidence that there is, signed and for a limited time."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from attest.cli import options, signers

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from attest.cli.copying import Source
    from attest.cli.written import Written
    from attest.evidence.model import Candidate, Collection
    from attest.signing.sign import StatementSigner
    from attest.stores.location import Location
    from attest.stores.protocol import Store

_DIGITS = 4

_EXAMPLES = """\
examples:
  attest seal dist/* --expires 7d --key security.key
  attest seal --repository --expires 36h --key security.key --store registry.example/evidence

A seal lists the evidence that each package has now. A policy whose rules say `absence: seal` then finds out if a store
hides any of it. Evidence that comes later is fine, and is sealed by the next seal, which should come before this one
expires. With --repository one seal covers every package in the store, and is found with one request; name the packages
where a registry does not say what it has.

"""


def add(commands: Any) -> None:
    parser = commands.add_parser(
        "seal",
        help="list all evidence there is, so that none can be hidden",
        description="Sign a list of all evidence of packages, or of a whole store, that expires.",
        epilog=_EXAMPLES + signers.KEYLESS,
    )
    options.add_subjects(parser, many=True, optional=True)
    parser.add_argument(
        "--repository",
        action="store_true",
        help="one seal for the whole store: of SUBJECTs, or without them of everything that is tagged",
    )
    parser.add_argument("--expires", metavar="TIME", default="7d", help="how long it holds, as 7d or 12h (default: 7d)")
    options.add_store(parser)
    options.add_json(parser)
    signers.add(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    from datetime import UTC, datetime

    from attest.cli import written
    from attest.errors import EXIT_DONE, UsageError

    if not arguments.subjects and not arguments.repository:
        raise UsageError("seal what?", next_step="name SUBJECTs, or say --repository for the whole store")
    lasts = _duration(arguments.expires)
    signer = signers.signer(arguments)
    issued = datetime.now(UTC).replace(microsecond=0)
    done = (_whole if arguments.repository else _each)(arguments, signer, issued, issued + lasts)
    written.show(done, as_json=arguments.json, verb="sealed")
    return EXIT_DONE


def _each(arguments: argparse.Namespace, signer: StatementSigner, issued: datetime, expires: datetime) -> list[Written]:
    """One seal of all subjects, attached to each."""
    from attest import names
    from attest.cli import console, subjects, written
    from attest.cli.targets import Targets
    from attest.evidence.collect import collect

    named = subjects.parse(arguments)
    with Targets(arguments, create=True) as targets:
        wanted = [targets.write(item) for item in named]
        collecting = (collect(target.store, target.repository, target.subject, documents=True) for target in wanted)
        collections = list(console.progress(collecting, len(wanted), "listing"))
        earlier = [candidate for collection in collections for candidate in collection.candidates]
        bundle = _sign(collections, earlier, signer, issued, expires)
        return [written.attach_signed(target, bundle, names.PREDICATE_SEAL, created=issued) for target in wanted]


def _whole(
    arguments: argparse.Namespace, signer: StatementSigner, issued: datetime, expires: datetime
) -> list[Written]:
    """One seal for the store, attached to what stands for it."""
    from contextlib import closing

    from attest import names
    from attest.cli import console, written
    from attest.cli.targets import Target
    from attest.errors import NotFound, UsageError
    from attest.evidence import seal
    from attest.evidence.collect import collect
    from attest.stores.location import Location, open_store
    from attest.stores.parallel import in_parallel
    from attest.stores.threads import for_threads

    location = Location.parse(options.store_texts(arguments)[0])
    repository = location.repository(names.SEALED_REPOSITORY)
    with closing(open_store(location, create=False)) as opened:
        store = for_threads(opened)
        wanted = [
            (source.side.repository, subject)
            for source in _sources(arguments, location, opened, store)
            for subject in seal.packages(store, source.side.repository, source.subjects)
        ]
        if not wanted:
            raise UsageError("there is nothing to seal", where=location.text, why="no package and no image is tagged")
        collecting = in_parallel(lambda item: collect(store, *item, documents=True), wanted)
        collections = list(console.progress(collecting, len(wanted), "listing"))
        try:
            earlier = seal.store_seals(store, repository).candidates
        except NotFound:
            earlier = ()
        bundle = _sign(collections, earlier, signer, issued, expires)
        target = Target(seal.push_whole_store(store, repository), store, repository)
        return [written.attach_signed(target, bundle, names.PREDICATE_SEAL, created=issued)]


def _sources(arguments: argparse.Namespace, location: Location, opened: Store, store: Store) -> list[Source]:
    """What was named, else everything tagged in the store."""
    from attest.cli import copying, subjects
    from attest.stores.directory import DirectoryStore

    if arguments.subjects:
        return copying.of_packages(store, location.repository, subjects.parse(arguments))
    if not location.per_package:
        return copying.of_store(location, store, [location.repository("")])
    if isinstance(opened, DirectoryStore):
        return copying.of_store(location, store, opened.repositories())
    return copying.of_registry(location, store)


def _sign(
    collections: Iterable[Collection],
    earlier: Iterable[Candidate],
    signer: StatementSigner,
    issued: datetime,
    expires: datetime,
) -> bytes:
    """The bundle of one seal over all that was listed."""
    from attest import names
    from attest.evidence.seal import seal_subjects, sealable, sequence
    from attest.signing.sign import KeySigner, sign_statement
    from attest.statements import lifecycle
    from attest.statements.lifecycle import Seal

    listed = {collection.subject.manifest.digest: collection for collection in collections}
    key = signer.key.public if isinstance(signer, KeySigner) else None
    content = Seal(
        sequence=sequence(earlier, key, issued),
        issued=issued,
        expires=expires,
        evidence={digest: sealable(collection) for digest, collection in listed.items()},
    )
    _, statement = lifecycle.write(seal_subjects(collection.subject for collection in listed.values()), content)
    return sign_statement(statement, signer, payload_type=names.SEAL_PAYLOAD)


def _duration(text: str) -> timedelta:
    """``7d`` or ``12h``, more than nothing. Raises `UsageError`."""
    from datetime import timedelta

    from attest.errors import UsageError

    number, unit = text[:-1], text[-1:]
    hours = {"d": 24, "h": 1}.get(unit)
    if hours is None or not (number.isascii() and number.isdigit()) or len(number) > _DIGITS or int(number) == 0:
        raise UsageError(f"not a time: {text[:40]!r}", where="--expires", why="expected days or hours, as 7d or 12h")
    return timedelta(hours=int(number) * hours)
