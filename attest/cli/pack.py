"""``attest pack``: one file with everything that is needed to verify packages where there is no network."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from attest.cli import options

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from attest.cli.copying import Gathered, Source
    from attest.cli.delivering import Delivered
    from attest.evidence.model import Subject
    from attest.evidence.pack import Pack
    from attest.signing.sign import SigningKey
    from attest.stores.protocol import Store

_EXAMPLES = """\
examples:
  attest pack dist/* --output evidence.pack
  attest pack pkg:npm/semver@7.6.3 --output evidence.pack --policy gate.yaml
  attest pack dist/* --output evidence.pack --policy gate.yaml --key packer.key
  attest pack --lock package-lock.json --output evidence.pack
  attest verify dist/acme-1.0-py3-none-any.whl --policy gate.yaml --store oci-archive:evidence.pack
  attest verify dist/acme-1.0-py3-none-any.whl --pack-key packer.pub --store oci-archive:evidence.pack

The same evidence gives the same bytes. With --policy, a pack is made only if the policy admits every subject, and the
policy goes into it with the files that it names, such as keys, for those who verify with --pack-digest or, if the pack
is signed, with --pack-key; nobody else will use it. A signature over a pack is of a kind of its own: it says nothing
about the packages in it."""


def add(commands: Any) -> None:
    parser = commands.add_parser(
        "pack",
        help="put everything needed to verify packages into one file",
        description="Put packages' anchors and all their evidence into one archive that lists what must be inside.",
        epilog=_EXAMPLES,
    )
    options.add_subjects(parser, many=True, optional=True)
    options.add_lock(parser)
    parser.add_argument("--output", required=True, metavar="FILE", help="the file to make; it must not exist")
    parser.add_argument("--policy", metavar="FILE", help="a policy (YAML) that must admit every subject, to pack too")
    parser.add_argument("--key", metavar="KEY", help="sign the pack with this private key: a file, or a URI as in sign")
    options.add_store(parser)
    options.add_json(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    from contextlib import ExitStack
    from datetime import UTC, datetime
    from pathlib import Path

    from attest import names
    from attest.cli import console, copying, delivering, locks, policies
    from attest.errors import EXIT_DONE, UsageError
    from attest.policy.document import load
    from attest.signing.password import password_for
    from attest.signing.remote_keys import load_signing_key
    from attest.stores.location import Location, Scheme
    from attest.stores.memory import MemoryStore
    from attest.stores.parallel import in_parallel
    from attest.stores.threads import for_threads

    file = Path(arguments.output)
    if file.exists():
        raise UsageError("the file exists", where=str(file), next_step="remove it, or name another --output")
    wanted = [] if arguments.policy is None else [arguments.policy]
    files = policies.on_disk(wanted, next_step="name the file: it goes into the pack, with all that it needs")
    judges = [load(path) for path in files]
    key = None if arguments.key is None else load_signing_key(arguments.key, password_for(arguments.key))
    location = Location.parse(f"{Scheme.ARCHIVE}:{file}")
    lockfiles = locks.read(arguments)
    named = locks.named(arguments, lockfiles)
    locks.note_gaps(lockfiles)
    now = datetime.now(UTC)
    with ExitStack() as stack:
        store = copying.open_all(arguments, stack)
        sources = copying.of_packages(store, lambda package: package, named)

        def collect(source: Source) -> tuple[Gathered, Delivered]:
            gathered = copying.gather(source, artifacts=True)
            judged = copying.judge(gathered, judges, now) if judges else []
            return gathered, delivering.Delivered(tuple(delivering.refused(judged)))

        found = list(console.progress(in_parallel(collect, sources), len(sources), "collecting"))
        done = sum((refused for _, refused in found), delivering.Delivered())
        memory = MemoryStore()
        if not done.deliveries:
            to = delivering.Destination(location, for_threads(memory))
            done = sum((delivering.deliver(item, item.subjects, to) for item, _ in found), delivering.Delivered())
            sealed = copying.of_seals(store, names.SEALED_REPOSITORY)
            if sealed is not None:
                delivering.deliver(copying.gather(sealed), sealed.subjects, to)
    if done.exit_code != EXIT_DONE:
        delivering.complain(done)
        return done.exit_code
    made = _write(file, memory, [subject for item, _ in found for subject in item.subjects], arguments, key)
    if arguments.json:
        subjects_json = [
            {"subject": str(item.subject), "manifest": str(item.subject.manifest.digest)} for item in done.deliveries
        ]
        signed_by = None if key is None else f"sha256:{key.public.fingerprint}"
        console.print_json(
            {"file": str(file), "digest": str(made.digest), "signedBy": signed_by, "subjects": subjects_json}
        )
    else:
        console.say(f"packed  {file}  {made.digest}")
    return EXIT_DONE


def _write(
    file: Path, memory: Store, subjects: Sequence[Subject], arguments: argparse.Namespace, key: SigningKey | None
) -> Pack:
    """From memory, in one order, so that the pack does not depend on where the evidence came from."""

    from attest.cli import copying, packed
    from attest.errors import StoreRefused
    from attest.evidence import pack, pack_signature
    from attest.oci.reference import Reference
    from attest.signing.sign import KeySigner
    from attest.stores.archive import ArchiveStore
    from attest.stores.graph import walk
    from attest.stores.threads import for_threads
    from attest.stores.transfer import Side, plan, transfer

    archive = ArchiveStore(file, str(file), create=True)
    source, target = Side(for_threads(memory), ""), Side(for_threads(archive), "")
    tags = {tag: memory.resolve(Reference("", tag)).digest for tag in memory.tags("")}
    sealed = copying.of_seals(memory, "")
    roots = [*subjects, *(sealed.subjects if sealed is not None else ())]
    graph = walk(source.store, "", [subject.manifest for subject in roots], tags=tags)
    failed = transfer(plan(graph, target, tags), source, target)
    if failed:
        raise StoreRefused("cannot write the pack", where=str(file), why=next(iter(failed.values())))
    policy, trusted = packed.read_files(arguments.policy)
    made = pack.write(archive, graph, subjects, policy=policy, trusted=trusted)
    if made.policy is not None:
        packed.load_policy(archive, made, made.digest)  # a pack with a policy that cannot be read there is no use
    if key is not None:
        pack_signature.sign(archive, made.manifest, KeySigner(key))
    archive.close()
    return made
