"""``attest verify``: may this be used? A verdict with reasons."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from attest.cli import options, summaries

if TYPE_CHECKING:
    from datetime import datetime

    from attest.cli.seals import Seals
    from attest.cli.subjects import Named, Version
    from attest.cli.targets import Target, Targets
    from attest.policy.decide import Judge
    from attest.policy.document import Policy
    from attest.policy.verdict import Verdict
    from attest.report.answer import Asked, Piece, Writer

FORMATS = ("text", "json", "sarif", "junit", "markdown")
_EXPLAINED = ("text", "json")

_EXAMPLES = """\
examples:
  attest verify dist/acme-1.0-py3-none-any.whl --policy policies/signed.yaml
  attest verify pkg:npm/semver@7.6.3 --digest sha512:9f4… --policy gate.yaml --explain
  attest verify dist/* --store oci-archive:evidence.pack --pack-digest sha256:3f1…     (policy from the pack)
  attest verify dist/* --store oci-archive:evidence.pack --pack-key vendor.pub         (the same, if that key signed it)
  attest verify pkg:npm/semver@7.6.3 --policy gate.yaml --resolve        (trusts the store to list its artifacts)
  attest verify --lock package-lock.json --policy gate.yaml --format sarif > attest.sarif
  attest verify --lock package-lock.json --policy gate.yaml --changed-since main/package-lock.json
  attest verify --lock package-lock.json --policy gate.yaml --format markdown >> "$GITHUB_STEP_SUMMARY"
  attest verify dist/* --policy gate.yaml --vsa dist.vsa --verifier https://acme.example/verifier --key verifier.key

exit codes: 0 admitted, 1 denied, 2 usage or malformed input, 3 inconclusive; of several, 2 before 1 before 3"""


def add(commands: Any) -> None:
    parser = commands.add_parser(
        "verify",
        help="decide by a policy whether packages may be used",
        description="Verify the evidence of packages and decide by a policy, with reasons.",
        epilog=_EXAMPLES,
    )
    options.add_subjects(parser, many=True, optional=True)
    options.add_lock(parser)
    parser.add_argument(
        "--changed-since", action="append", metavar="FILE", help="verify only what this older lockfile does not pin"
    )
    policy = parser.add_mutually_exclusive_group(required=True)
    options.add_policies(policy, "the policy (YAML)")
    options.add_policy_key(parser)
    policy.add_argument("--pack-digest", metavar="DIGEST", help="use the policy in the pack that has this digest")
    policy.add_argument("--pack-key", metavar="FILE", help="use the policy in the pack that this public key signed")
    options.add_store(parser)
    parser.add_argument("--resolve", action="store_true", help="for a purl without digest: trust the store's listing")
    parser.add_argument(
        "--offline", action="store_true", help="use no network: refuse stores that need it, ask for no newer trust root"
    )
    parser.add_argument(
        "--explain",
        action="store_true",
        help="show what became of every candidate under every rule, what it lacks, and what to do; as text or JSON",
    )
    parser.add_argument("--format", choices=FORMATS, default="text", help="how to print the verdict")
    parser.add_argument("--json", dest="format", action="store_const", const="json", help="the same as --format json")
    parser.add_argument("--receipt", metavar="FILE", help="also write the verdicts as JSON, for attest receipt check")
    summaries.add(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    from datetime import UTC, datetime

    from attest.cli.targets import Targets

    with Targets(arguments, create=False, offline=arguments.offline) as targets:
        targets.begin()  # before all that is loaded and read here

        from attest.cli import console, locks, output
        from attest.cli.recording import Recording
        from attest.cli.seals import Seals
        from attest.cli.subjects import Image
        from attest.cli.verdicts import exit_code
        from attest.policy.decide import judges_of
        from attest.report.answer import Tally, piece
        from attest.stores.parallel import WORKERS, in_parallel
        from attest.stores.processes import in_processes, shares

        _check_explained(arguments)
        output.check(arguments.receipt, arguments.vsa)
        policies = _policies(arguments)
        found = locks.read(arguments)
        named = locks.named(arguments, found)
        now = datetime.now(UTC)
        judges = judges_of(policies, offline=arguments.offline, now=now)
        asked = locks.asked(found, policies, arguments)
        writer = _writer(arguments, asked, policies, now)
        tally = Tally(asked)
        summary = summaries.Summaries(arguments, policies)
        receipt = Recording(asked, arguments.receipt)
        targets.open()
        seals = Seals(targets, judges, now)

        def decided(item: Named) -> list[Piece]:
            found = _verdicts(targets, item, judges, seals, now, arguments)
            if summary.wanted:
                summary.keep(item, found)
            return [piece(writer, verdict, receipt.of(verdict)) for verdict in found]

        processes = 1 if summary.wanted else shares(named)
        far = targets.far or any(isinstance(item, Image) for item in named)
        threads = WORKERS // processes if far else 1

        def share(items: Sequence[Named]) -> Iterator[list[Piece]]:
            return in_parallel(decided, items, workers=threads)

        done = console.progress(in_processes(share, named, processes=processes), len(named), "verifying")
        pieces = receipt.passing(item for some in done for item in some)
        for part in writer.whole(tally.counted(pieces), tally):
            print(part, end="")
    receipt.write()
    summary.write(named)
    return exit_code([tally.outcome])


def _check_explained(arguments: argparse.Namespace) -> None:
    """Raises `UsageError` for a format that has no place for it."""
    from attest.errors import UsageError

    if arguments.explain and arguments.format not in _EXPLAINED:
        raise UsageError(
            f"--explain does not go with --format {arguments.format}",
            why="that has no place for what became of each candidate",
            next_step=f"use --format {' or '.join(_EXPLAINED)}",
        )


def _policies(arguments: argparse.Namespace) -> Sequence[Policy]:
    """What ``--policy`` names, else the policy in a pack that ``--pack-digest`` or ``--pack-key`` vouches for."""
    if arguments.policy:
        from attest.policy.policies import load_all
        from attest.signing.key_files import load_public

        key = None if arguments.policy_key is None else load_public(arguments.policy_key)
        return load_all(arguments.policy, offline=arguments.offline, key=key)
    from attest.cli.packed import policy_of_store

    return [policy_of_store(arguments)]


def _verdicts(
    targets: Targets,
    named: Named,
    judges: Sequence[Judge],
    seals: Seals,
    now: datetime,
    arguments: argparse.Namespace,
) -> list[Verdict]:
    """One for each subject that ``named`` means. A package whose store cannot be asked has no evidence, incomplete."""
    from attest.cli.subjects import Version
    from attest.cli.targets import computed_subject
    from attest.errors import StoreError
    from attest.evidence.verify import nothing_found
    from attest.policy.decide import decide, unheard
    from attest.stores.parallel import in_parallel

    try:
        wanted = targets.read(named, resolve=arguments.resolve)
        if isinstance(named, Version) and any(judge.policy.resolvers for judge in judges):
            wanted = _released(wanted, named, judges, now)
    except StoreError as error:
        subject = computed_subject(named)
        if subject is None:
            raise
        return [unheard(judges, nothing_found(subject, str(error)), now=now)]

    def verdict(target: Target) -> Verdict:
        return decide(
            target.store,
            target.repository,
            target.subject,
            seals.known(target),
            now=now,
            everything=arguments.explain,
            near=targets.place,
        )

    return list(in_parallel(verdict, wanted))


def _released(wanted: list[Target], named: Version, judges: Sequence[Judge], now: datetime) -> list[Target]:
    """The artifacts that release statements name, whoever lists others; where they name none, what was ``wanted``."""
    from dataclasses import replace

    from attest.cli import console
    from attest.policy.resolve import resolve_all

    place, listed = wanted[0], [target.subject for target in wanted]
    subjects, problems = resolve_all(place.store, place.repository, named.purl, judges, listed, now=now)
    for problem in problems:
        console.note(f"{named.purl}: {problem}")
    return [replace(place, subject=subject) for subject in subjects]


def _writer(arguments: argparse.Namespace, asked: Asked, policies: Sequence[Policy], now: datetime) -> Writer:
    import sys

    from attest.cli import console

    match arguments.format:
        case "json" if arguments.explain:
            from attest.report.explain import ExplainWriter

            return ExplainWriter(policies)
        case "json":
            from attest.report.json import JsonWriter

            return JsonWriter(asked)
        case "sarif":
            from attest.report.sarif import SarifWriter

            return SarifWriter(asked)
        case "junit":
            from attest.report.junit import JunitWriter

            return JunitWriter(asked, now)
        case "markdown":
            from attest.report.markdown import MarkdownWriter

            return MarkdownWriter(asked)
    from attest.report.style import Style
    from attest.report.text import TextWriter

    style = Style.of(sys.stdout, colour=console.coloured(sys.stdout))
    return TextWriter(asked, style, explain=arguments.explain, policies=policies)
