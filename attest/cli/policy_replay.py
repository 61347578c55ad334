"""``attest policy replay``: which real subjects get another verdict by another policy."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from attest.cli import options

if TYPE_CHECKING:
    from datetime import datetime

    from attest.cli.subjects import Named, Package
    from attest.cli.targets import Target, Targets
    from attest.policy.decide import Judge
    from attest.policy.replay import Replayed
    from attest.policy.verdict import Verdict

EXAMPLES = """\
  attest policy replay --old gate.yaml --new stricter.yaml --lock package-lock.json
  attest policy replay --old gate.yaml --new stricter.yaml --store oci-archive:evidence.pack     (all in the pack)"""


def add(actions: Any) -> None:
    parser = actions.add_parser(
        "replay",
        help="show which subjects change their verdict by another policy",
        description=(
            "Judge the same evidence by two policies and show whose verdict changes, with the reasons before and "
            "after. Without SUBJECT and --lock it is everything in the pack that is the store."
        ),
        epilog=(
            f"examples:\n{EXAMPLES}\n\nexit codes: 0 no verdict changes, 1 one does, 2 usage or malformed input, "
            "3 not all evidence could be read"
        ),
    )
    options.add_subjects(parser, many=True, optional=True)
    options.add_lock(parser)
    parser.add_argument("--old", action="append", metavar="FILE", required=True, help="the policy of today (YAML)")
    parser.add_argument("--new", action="append", metavar="FILE", required=True, help="the policy of tomorrow (YAML)")
    options.add_policy_key(parser)
    options.add_store(parser)
    parser.add_argument("--resolve", action="store_true", help="for a purl without digest: trust the store's listing")
    parser.add_argument("--offline", action="store_true", help="use no network, ask for no newer trust root")
    options.add_json(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    from datetime import UTC, datetime

    from attest.cli import console, locks, policies
    from attest.cli.targets import Targets
    from attest.errors import EXIT_DENIED, EXIT_DONE, EXIT_INCONCLUSIVE
    from attest.policy.decide import judges_of

    now = datetime.now(UTC)
    old, new = (
        judges_of(found, offline=arguments.offline, now=now)
        for found in policies.load(arguments, arguments.old, arguments.new, offline=arguments.offline)
    )
    found = locks.read(arguments)
    locks.note_gaps(found)
    named = locks.named(arguments, found) if arguments.subjects or arguments.lock else _of_pack(arguments)
    with Targets(arguments, create=False, offline=arguments.offline) as targets:
        targets.open()
        replayed = [
            item
            for items in console.progress(_replayed(targets, named, old, new, now, arguments), len(named), "replaying")
            for item in items
        ]
    changed = [item for item in replayed if item.changed]
    if arguments.json:
        console.print_json(
            {
                "subjects": len(replayed),
                "changed": [
                    {
                        "subject": item.old.subject,
                        "digest": item.old.digest,
                        "old": _json(item.old),
                        "new": _json(item.new),
                    }
                    for item in changed
                ],
            }
        )
    else:
        _show(changed, len(replayed))
    if changed:
        return EXIT_DENIED
    return EXIT_DONE if all(item.old.complete for item in replayed) else EXIT_INCONCLUSIVE


def _of_pack(arguments: argparse.Namespace) -> Sequence[Named]:
    """Every package of the pack that is the store. Raises `UsageError` where it is none."""
    from contextlib import closing
    from pathlib import Path

    from attest.cli.packed import open_pack
    from attest.cli.subjects import Package
    from attest.errors import FormatError, UsageError
    from attest.oci.manifest import Manifest
    from attest.oci.reference import Reference
    from attest.packages.anchors import read_anchor
    from attest.stores.archive import ArchiveStore
    from attest.stores.location import Location, Scheme

    locations = [Location.parse(text) for text in options.store_texts(arguments)]
    if len(locations) != 1 or locations[0].scheme is not Scheme.ARCHIVE:
        raise UsageError(
            "nothing named", next_step="name a SUBJECT, a lockfile with --lock FILE, or a pack as the one --store"
        )
    packages: list[Package] = []
    with closing(ArchiveStore(Path(locations[0].root), locations[0].text)) as store:
        for digest in open_pack(store, None).subjects:
            manifest = Manifest.parse(store.fetch("", store.resolve(Reference("", digest=digest))))
            try:
                packages.append(Package(*read_anchor(manifest)))
            except FormatError:  # an image, or the seals of the whole store
                continue
    return packages


def _replayed(
    targets: Targets,
    named: Sequence[Named],
    old: Sequence[Judge],
    new: Sequence[Judge],
    now: datetime,
    arguments: argparse.Namespace,
) -> Iterator[list[Replayed]]:
    from attest.cli.seals import Seals
    from attest.cli.targets import computed_subject
    from attest.errors import StoreError
    from attest.evidence.verify import nothing_found
    from attest.policy.decide import unheard
    from attest.policy.replay import Replayed, replay
    from attest.stores.parallel import in_parallel

    seals = Seals(targets, old, now), Seals(targets, new, now)

    def both(target: Target) -> Replayed:
        before, after = (item.known(target) for item in seals)
        return replay(target.store, target.repository, target.subject, before, after, now=now)

    def replayed(item: Named) -> list[Replayed]:
        try:
            found = targets.read(item, resolve=arguments.resolve)
        except StoreError as error:
            subject = computed_subject(item)
            if subject is None:
                raise
            nothing = nothing_found(subject, str(error))
            return [Replayed(unheard(old, nothing, now=now), unheard(new, nothing, now=now))]
        return [both(target) for target in found]

    return in_parallel(replayed, named)


def _show(changed: Sequence[Replayed], total: int) -> None:
    import sys

    from attest.policy.replay import reasons
    from attest.report.style import Style

    style = Style.of(sys.stdout, colour=False)
    for item in changed:
        digest = f" {item.old.digest}" if item.old.digest else ""
        print(style.safe(f"{item.old.subject}{digest}: {item.old.outcome} -> {item.new.outcome}"))
        for when, verdict in (("before", item.old), ("after", item.new)):
            for finding in reasons(verdict):
                print(style.safe(f"  {when}: {finding.rule or 'policy'}: {finding.code}: {finding.message}"))
    print(f"{total} subject{'' if total == 1 else 's'}: {len(changed)} changed")


def _json(verdict: Verdict) -> dict[str, Any]:
    from attest.policy.replay import reasons

    return {
        "outcome": verdict.outcome.value,
        "policies": [{"name": item.name, "digest": str(item.digest)} for item in verdict.policies],
        "reasons": [
            {"policy": item.policy, "rule": item.rule, "code": item.code.value, "message": item.message}
            for item in reasons(verdict)
        ],
    }
