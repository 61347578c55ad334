"""``attest copy``: evidence with everything that hangs together with it, from one store to another."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from attest.cli import options

if TYPE_CHECKING:
    from contextlib import ExitStack

    from attest.cli.copying import Source
    from attest.cli.delivering import Delivered
    from attest.stores.location import Location

_EXAMPLES = """\
examples:
  attest copy oci:.attest/{package} registry.example/evidence/{package}
  attest copy registry.example/evidence/{package} oci-archive:evidence.tar pkg:npm/semver@7.6.3
  attest copy registry.example/team/app:1.4.2 mirror.example/team/app --verify
  attest copy registry.example/evidence oci:mirror --policy gate.yaml --dry-run
  attest copy registry.example/evidence/{package} oci:mirror/{package}   (all that the registry's catalogue names)

Copied are: the subject, its referrers and theirs, cosign's older tags, version anchors, tags. What is there already is
left alone, so a copy that was interrupted can be run again. With --policy, only what is admitted by the evidence in
SRC is copied.

exit codes: 0 all is copied, 1 something was denied, 2 usage, 3 something could not be read, written or decided"""


def add(commands: Any) -> None:
    parser = commands.add_parser(
        "copy",
        help="copy evidence between stores",
        description="Copy subjects with everything attached to them from one store to another.",
        epilog=_EXAMPLES,
    )
    parser.add_argument("source", metavar="SRC", help="a STORE, or one manifest in it as STORE:TAG or STORE@DIGEST")
    parser.add_argument("destination", metavar="DST", help="a STORE")
    options.add_subjects(parser, many=True, optional=True)
    options.add_policies(parser, "copy only what this policy (YAML) admits")
    options.add_policy_key(parser)
    parser.add_argument("--dry-run", action="store_true", help="say what would be copied, and write nothing")
    parser.add_argument("--verify", action="store_true", help="read both sides again and prove that they hold the same")
    options.add_plain_http(parser)
    options.add_json(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    from contextlib import ExitStack, closing, nullcontext
    from datetime import UTC, datetime

    from attest.cli import console, delivering
    from attest.cli.copying import gather, judge
    from attest.cli.policies import load
    from attest.errors import UsageError
    from attest.stores.location import Scheme, open_store
    from attest.stores.parallel import in_parallel
    from attest.stores.threads import Remote, for_threads

    if arguments.stores_before:
        raise UsageError("--store does not go with copy", next_step="name both stores: attest copy SRC DST")
    (policies,) = load(arguments, arguments.policy)
    location = delivering.parse_destination(arguments.destination)
    now = datetime.now(UTC)
    with ExitStack() as stack:
        origin, sources = _sources(arguments, stack)
        store = for_threads(stack.enter_context(closing(open_store(location, create=True))))
        mounting = location.scheme is origin.scheme is Scheme.REGISTRY and location.root == origin.root
        to = delivering.Destination(location, store, arguments.dry_run, arguments.verify, mounting)

        def carry(source: Source) -> Delivered:
            gathered = gather(source, artifacts=bool(policies))
            subjects = gathered.subjects
            done = delivering.Delivered()
            if policies:
                judged = list(judge(gathered, policies, now))
                done += delivering.Delivered(tuple(delivering.refused(judged)))
                out = {delivery.subject for delivery in done.deliveries}
                subjects = tuple(subject for subject in subjects if subject not in out)
            return done + delivering.deliver(gathered, subjects, to)

        parts = in_parallel(carry, sources) if isinstance(store, Remote) else map(carry, sources)
        with console.waiting("copying") if len(sources) == 1 else nullcontext():
            done = sum(console.progress(parts, len(sources), "copying"), delivering.Delivered())
    if arguments.json:
        console.print_json(delivering.as_json(done, dry_run=arguments.dry_run))
    else:
        delivering.show(done, dry_run=arguments.dry_run)
        if arguments.verify and not arguments.dry_run and done.whole:
            print("verified: both sides hold the same")
    return done.exit_code


def _sources(arguments: argparse.Namespace, stack: ExitStack) -> tuple[Location, list[Source]]:
    """The store that was named as SRC, and what of it is wanted."""
    from attest.cli import copying, subjects
    from attest.errors import UsageError
    from attest.stores.directory import DirectoryStore
    from attest.stores.threads import for_threads

    location, reference = copying.parse_source(arguments.source)
    opened = copying.open_source(location, stack)
    store = for_threads(opened)
    if arguments.subjects:
        if reference is not None:
            raise UsageError("SRC names one manifest", where=arguments.source, next_step="leave the SUBJECTs out")
        return location, copying.of_packages(store, location.repository, subjects.parse(arguments))
    if reference is not None:
        return location, [copying.of_reference(location, store, reference)]
    if not location.per_package:
        return location, copying.of_store(location, store, [location.repository("")])
    if isinstance(opened, DirectoryStore):
        return location, copying.of_store(location, store, opened.repositories())
    return location, copying.of_registry(location, store)
