"""``attest policy learn``: who publishes what, pinned in `attest.lock`."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from attest.cli import options

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from attest.cli.subjects import Named
    from attest.cli.targets import Targets
    from attest.policy.learn import Change, Learned, Merged, Observed, Unlearned
    from attest.policy.learning_from import LearningFrom
    from attest.policy.publisher_lock import Pinned

EXAMPLES = """\
  attest policy learn --lock package-lock.json --store npm:     pins who publishes each package in attest.lock
  attest policy learn --lock package-lock.json --store npm: --diff             shows who is new and who changed
  attest policy learn dist/acme-1.0-py3-none-any.whl --key release.pub --keys-only --policy acme.yaml"""


def add(actions: Any) -> None:
    parser = actions.add_parser(
        "learn",
        help="pin who publishes what, as it is observed",
        description=(
            "Verify what is attached, whoever made it, and pin one publisher a package in attest.lock, which policies "
            "with 'by: publisher' read. Nothing is guessed: a package with several publishers is left alone until "
            "--signer says which one is meant. Learning trusts what is there today: look at what is written."
        ),
        epilog=(
            f"examples:\n{EXAMPLES}\n\nexit codes: 0 all learned, 1 one could not be or has changed (with --diff: "
            "or is new), 2 usage or malformed input, 3 a store could not be read"
        ),
    )
    options.add_subjects(parser, many=True, optional=True)
    options.add_lock(parser)
    options.add_store(parser)
    parser.add_argument("--key", action="append", metavar="FILE", help="a public key that may sign; several times")
    parser.add_argument("--ca", action="append", metavar="FILE", help="root certificates of Notation's signatures")
    root = parser.add_mutually_exclusive_group()
    root.add_argument("--trust-root", metavar="ROOT", default="public-good", help="public-good, staging, or a file")
    root.add_argument("--keys-only", action="store_true", help="trust keys and --ca only, no certificate of Sigstore's")
    parser.add_argument("--offline", action="store_true", help="use no network, ask for no newer trust root")
    parser.add_argument(
        "--signer", action="append", metavar="WHO", help="of several publishers take this one: as they are listed"
    )
    parser.add_argument("--output", metavar="FILE", default="attest.lock", help="the lock (default: attest.lock)")
    parser.add_argument("--policy", metavar="OUT", help="also write a policy that pins exactly what was observed")
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--diff", action="store_true", help="write nothing, show who is new and who changed")
    how.add_argument("--replace", action="store_true", help="write changed publishers, too")
    options.add_json(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    from datetime import UTC, datetime
    from pathlib import Path

    from attest.cli import console, locks, output
    from attest.cli.targets import Targets
    from attest.errors import EXIT_DENIED, EXIT_DONE, EXIT_INCONCLUSIVE
    from attest.policy.learn import learn, merge
    from attest.policy.learned_policy import write_policy
    from attest.policy.learning_from import LearningFrom

    path = Path(arguments.output)
    output.check(*(() if arguments.diff else (path, arguments.policy)))
    old = _old(path)
    found = locks.read(arguments)
    named = locks.named(arguments, found)
    locks.note_gaps(found)
    now = datetime.now(UTC)
    known = LearningFrom.load(
        arguments.key or (),
        arguments.ca or (),
        None if arguments.keys_only else arguments.trust_root,
        offline=arguments.offline,
        now=now,
    )
    with Targets(arguments, create=False, offline=arguments.offline) as targets:
        targets.open()
        observed = list(console.progress(_observed(targets, named, known, now), len(named), "learning"))
    learned = learn([item for items in observed for item in items], arguments.signer or ())
    merged = merge(old, learned.packages)
    writes = not arguments.diff and (arguments.replace or not merged.changed)
    written = False
    if writes:
        if arguments.policy is not None:
            out = Path(arguments.policy)
            output.write(write_policy(out.stem, learned.observed, known.files(out.parent)).encode(), out)
        written = _write_lock(path, merged)
    if arguments.json:
        console.print_json(_json(path, merged, learned, written=written))
    else:
        _show(path, merged, learned, held_back=not writes, written=written)
        if writes and arguments.policy is not None:
            console.note(f"wrote {arguments.policy}")
    if any(item.unreadable for item in learned.unlearned):
        return EXIT_INCONCLUSIVE
    differs = (merged.changed and not arguments.replace) or (arguments.diff and merged.new)
    return EXIT_DENIED if learned.unlearned or differs else EXIT_DONE


def _old(path: Path) -> dict[str, Pinned]:
    from attest.policy.publisher_lock import load

    return dict(load(path).packages) if path.exists() else {}


def _observed(targets: Targets, named: Sequence[Named], known: LearningFrom, now: datetime) -> Iterator[list[Observed]]:
    from attest.cli.targets import computed_subject
    from attest.errors import StoreError
    from attest.policy.learn import Observed, observe
    from attest.stores.parallel import in_parallel

    trust, roots = known.trust, known.roots

    def observed(item: Named) -> list[Observed]:
        try:
            found = targets.read(item)
        except StoreError as error:
            subject = computed_subject(item)
            if subject is None:
                raise
            return [Observed(subject, (), unreadable=str(error))]
        return [observe(at.store, at.repository, at.subject, trust, roots, now=now) for at in found]

    return in_parallel(observed, named)


def _write_lock(path: Path, merged: Merged) -> bool:
    """Whether there was anything to write."""
    from attest.cli import output
    from attest.policy.publisher_lock import write

    data = write(merged.packages)
    if not merged.packages or (path.exists() and path.read_bytes() == data):
        return False
    output.write(data, path)
    return True


def _show(path: Path, merged: Merged, learned: Learned, *, held_back: bool, written: bool) -> None:
    import sys

    from attest.cli import console
    from attest.report.style import Style

    style = Style.of(sys.stdout, colour=False)
    for change in merged.new:
        print(style.safe(f"+ {_told(change)}"))
    for change in merged.changed:
        print(style.safe(f"! {_told(change)}"))
    if merged.packages and not held_back:
        count = f"{len(merged.packages)} package{'' if len(merged.packages) == 1 else 's'}"
        print(style.safe(f"{path}: {count}{'' if written else ', as before'}"))
    for item in learned.unlearned:
        console.note(_left(item))
    if merged.changed and held_back:
        console.note(f"{path} was not written: look at what changed, then write it with --replace")


def _told(change: Change) -> str:
    if change.field is None:
        return f"{change.package}: {change.new}"
    if change.old is None and change.field.startswith("lines.") and change.field.count(".") < 2:
        return f"{change.package}: {change.field}: {change.new}"
    return f"{change.package}: {change.field}: {change.old or 'none'} -> {change.new or 'none'}"


def _left(item: Unlearned) -> str:
    choice = "; take one of them with --signer: " if item.candidates else ""
    return f"{item.package}: not learned: {item.why}{choice}{', '.join(item.candidates)}"


def _json(path: Path, merged: Merged, learned: Learned, *, written: bool) -> dict[str, Any]:
    def change(item: Change) -> dict[str, Any]:
        return {"package": item.package, "field": item.field, "old": item.old, "new": item.new}

    return {
        "lock": str(path),
        "written": written,
        "packages": len(merged.packages),
        "new": [change(item) for item in merged.new],
        "changed": [change(item) for item in merged.changed],
        "unlearned": [
            {"package": item.package, "why": item.why, "candidates": list(item.candidates)}
            for item in learned.unlearned
        ],
    }
