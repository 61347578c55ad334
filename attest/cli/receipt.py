"""``attest receipt check``: does a recorded verdict follow from its policies and evidence?"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from attest.cli import options

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from attest.cli.targets import Targets
    from attest.policy.again import Again
    from attest.policy.decide import Judge
    from attest.policy.document import Policy
    from attest.policy.verdict import Verdict
    from attest.report.receipt import Named, Recorded

_SHOWN = 8

_EXAMPLES = """\
examples:
  attest verify dist/acme-1.0-py3-none-any.whl --policy gate.yaml --receipt acme.receipt.json
  attest receipt check acme.receipt.json --policy gate.yaml
  attest receipt check acme.receipt.json --policy gate.yaml --store oci-archive:evidence.pack --offline

A receipt is what attest verify writes with --json or --receipt. It is evaluated again with policies and trust roots of
the digests in it, at the time in it, with the evidence that it lists, wherever that lies by now; what has come since
changes nothing, and is counted. What comes out must be the same file, byte for byte.

That proves that the verdict follows from these policies, this evidence and what the receipt says of its listing. It
does not prove that the listing was honest, when it was, that a name was read out of the file itself, what a lockfile
had in it, or who wrote the receipt: a summary by attest verify --vsa has its digest, signed.

exit codes: 0 reproduced, 1 it says something else, 2 no receipt or another policy, 3 evidence or store out of reach"""


def add(commands: Any) -> None:
    parser = commands.add_parser(
        "receipt",
        help="evaluate a recorded verdict again",
        description="Work on receipts of verdicts.",
        epilog=_EXAMPLES,
    )
    actions = parser.add_subparsers(title="actions", metavar="ACTION", dest="action", required=True)
    check = actions.add_parser(
        "check",
        help="hold a recorded verdict against its policies and evidence",
        description="Evaluate recorded verdicts again, from the same inputs, and say where they differ.",
        epilog=_EXAMPLES,
    )
    check.add_argument("file", metavar="FILE", help="what attest verify wrote with --json or --receipt")
    options.add_policies(check, "the policy (YAML) of the receipt")
    options.add_policy_key(check)
    options.add_store(check)
    check.add_argument("--trust-root", metavar="FILE", help="the trusted root of then, for policies that name theirs")
    check.add_argument("--offline", action="store_true", help="use no network")
    options.add_json(check)
    check.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    from datetime import UTC, datetime
    from pathlib import Path

    from attest import limits
    from attest.cli import console
    from attest.cli.targets import Targets
    from attest.cli.written import read_file
    from attest.errors import EXIT_DENIED, EXIT_DONE, UsageError
    from attest.report import receipt
    from attest.stores.parallel import WORKERS, in_parallel

    if not arguments.policy:
        raise UsageError("a receipt is checked with its policy", next_step="name it with --policy FILE")
    data = read_file(Path(arguments.file), limit=limits.RECEIPT)
    found = receipt.read(data, where=arguments.file, clock=datetime.now(UTC))
    judges = _judges(arguments)
    with Targets(arguments, create=False, offline=arguments.offline) as targets:
        targets.open()

        def again(item: Recorded) -> Again:
            return _again(item, judges, targets)

        done = in_parallel(again, found.verdicts, workers=WORKERS if targets.far else 1)
        evaluated = list(console.progress(done, len(found.verdicts), "evaluating"))
    verdicts = [item.verdict for item in evaluated]
    differences = list(receipt.differences(found, verdicts))
    if arguments.json:
        outcomes = [
            {"subject": item.subject, "digest": item.digest, "outcome": item.outcome.value} for item in verdicts
        ]
        console.print_json({"reproduced": not differences, "differences": differences, "verdicts": outcomes})
    else:
        _show(arguments.file, verdicts, differences)
    beside = sum(item.beside for item in evaluated)
    if beside:
        console.note(f"{arguments.file}: {beside} more are listed now than it has: come since, or left out of it")
    if found.has_locks:
        console.note(f"{arguments.file}: what it says of lockfiles themselves was not looked at")
    return EXIT_DENIED if differences else EXIT_DONE


def _show(file: str, verdicts: Sequence[Verdict], differences: Sequence[str]) -> None:
    import sys

    from attest.report.style import Style

    style = Style.of(sys.stdout, colour=False)
    print(style.safe(f"{'differs' if differences else 'reproduced'}  {file}"))
    for difference in differences[:_SHOWN]:
        print(style.safe(f"  {difference}"))
    if len(differences) > _SHOWN:
        print(f"  and {len(differences) - _SHOWN} more differences")
    if not differences:
        for verdict in verdicts:
            about = "  ".join(filter(None, (verdict.subject, verdict.digest)))
            print(style.safe(f"  {verdict.outcome}  {about}"))


def _judges(arguments: argparse.Namespace) -> Callable[[datetime], Sequence[Judge]]:
    """What the policies trust at a time, each time once."""
    from functools import cache

    from attest.cli.policies import load
    from attest.policy.decide import judges_of

    (found,) = load(arguments, arguments.policy, offline=arguments.offline)
    policies = [_rooted(policy, arguments.trust_root) for policy in found]

    @cache
    def judges(now: datetime) -> Sequence[Judge]:
        return judges_of(policies, offline=arguments.offline, now=now)

    return judges


def _rooted(policy: Policy, file: str | None) -> Policy:
    """With the trust root in a file instead of the one that the policy only names: that one may have changed."""
    from dataclasses import replace
    from pathlib import Path

    from attest.signing.sigstore.roots import read_document
    from attest.signing.sigstore.trusted_root import TrustedRoot

    if file is None or policy.root is None or not isinstance(policy.root.root, str):
        return policy
    root = TrustedRoot.parse(read_document(Path(file)))
    return replace(policy, root=replace(policy.root, root=root, max_age=None))


def _again(recorded: Recorded, judges: Callable[[datetime], Sequence[Judge]], targets: Targets) -> Again:
    from attest.policy.again import evaluate_again

    record = recorded.record
    known = _in_order(judges(record.now), recorded)
    purl = record.subject.purl
    if purl is not None:
        store, repository = targets.place(purl)
        return evaluate_again(record, known, store, repository, targets.sealed())
    store, repository = targets.beside(record.subject)
    return evaluate_again(record, known, store, repository, (store, repository))


def _in_order(judges: Sequence[Judge], recorded: Recorded) -> Sequence[Judge]:
    """Those of the receipt first, in its order. Raises `UsageError` unless each is the very same."""
    from attest.errors import UsageError

    by_name = {judge.policy.name: judge for judge in judges}
    for named in recorded.policies:
        judge = by_name.get(named.name)
        if judge is None:
            known = ", ".join(by_name)
            raise UsageError(f"the receipt is by the policy {named.name!r:.80}", why=f"--policy names {known}")
        _check_same(named, judge, listed=recorded.record.listed_at is not None)
    first = [by_name[named.name] for named in recorded.policies]
    return [*first, *(judge for judge in judges if judge not in first)]


def _check_same(named: Named, judge: Judge, *, listed: bool) -> None:
    from attest.errors import UsageError

    policy = judge.policy
    wrong = f"the policy {policy.name} is not the one of the receipt"
    if policy.digest != named.digest:
        raise UsageError(wrong, why=f"its digest is {policy.digest}, the receipt has {named.digest}")
    files = tuple((file.name, str(file.digest)) for file in policy.files)
    if files != named.files:
        other = sorted({name for name, _ in {*files} ^ {*named.files}}) or [name for name, _ in files]
        raise UsageError(wrong, why=f"files that it is made of differ: {', '.join(other)[:240]}")
    if listed and judge.trust.root != named.root:
        raise UsageError(
            f"the trust root of the policy {policy.name} is not that of the receipt",
            why=f"its digest is {judge.trust.root}, the receipt has {named.root}",
            next_step="give the trusted root of then with --trust-root FILE",
        )
