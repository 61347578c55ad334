"""``attest verify --vsa``: sign what was decided, so that others may go by it who trust whoever verified."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from attest.cli import signers

if TYPE_CHECKING:
    from attest.cli.subjects import Named
    from attest.policy.document import Policy
    from attest.policy.verdict import Verdict
    from attest.signing.sign import StatementSigner


def add(parser: Any) -> None:
    """The options."""
    group = parser.add_argument_group("verification summaries (SLSA VSA), signed")
    group.add_argument("--vsa", metavar="FILE", help="write a Sigstore bundle with the summary of each verdict, a line")
    group.add_argument("--attach-vsa", action="store_true", help="attach the summary of each verdict to its package")
    group.add_argument("--verifier", metavar="URI", help="for whom it is verified: what a rule vsa has as 'verifier'")
    signers.add(group, required=False)


class Summaries:
    """Made by the options alone, before anything is verified; nothing is written until all is decided."""

    def __init__(self, arguments: argparse.Namespace, policies: Sequence[Policy]) -> None:
        self._arguments = arguments
        self._policies = policies
        self._signer = signers.signer(arguments) if _wanted(arguments) else None
        self._kept: dict[Named, Sequence[Verdict]] = {}

    @property
    def wanted(self) -> bool:
        """Whether there is anything to keep."""
        return self._signer is not None

    def keep(self, named: Named, verdicts: Sequence[Verdict]) -> None:
        """Verdicts to write, by what was named. Safe for many threads."""
        self._kept[named] = verdicts

    def write(self, order: Iterable[Named]) -> None:
        """Sign all that were decided, and put them where the options say. Raises `UsageError` and `StoreError`."""
        if self._signer is None:
            return
        from attest.cli import console, output
        from attest.report.vsa import predicate

        decided: list[tuple[Named, Verdict, bytes]] = []
        kept = [(named, verdict) for named in dict.fromkeys(order) for verdict in self._kept[named]]
        for named, verdict in kept:
            summary = predicate(verdict, self._policies, verifier=self._arguments.verifier)
            if summary is None:
                console.note(f"{verdict.subject}: no verification summary, for nothing was decided")
            else:
                decided.append((named, verdict, _signed(verdict, summary, self._signer)))
        if self._arguments.vsa is not None:
            output.write(b"".join(bundle + b"\n" for _, _, bundle in decided), self._arguments.vsa)
        if self._arguments.attach_vsa:
            _attach(decided, self._arguments)


def _wanted(arguments: argparse.Namespace) -> bool:
    """Raises `UsageError` where options do not go together."""
    from urllib.parse import urlsplit

    from attest.errors import UsageError

    wanted = arguments.vsa is not None or arguments.attach_vsa
    signed = arguments.key is not None or arguments.keyless
    if not wanted:
        if signed or arguments.verifier is not None:
            raise UsageError("--key, --keyless and --verifier go with --vsa or --attach-vsa")
        signers.refuse_keyless(arguments)
        return False
    if not signed:
        raise UsageError("nobody is named who signs the verification summary", next_step="add --key KEY or --keyless")
    try:
        parts = urlsplit(arguments.verifier or "")
    except ValueError:
        parts = urlsplit("")
    if not parts.scheme or not (parts.netloc or parts.path) or parts.fragment:
        raise UsageError(
            "a verification summary names its verifier",
            where="--verifier",
            why="it is a URI without fragment: who trusts you knows you by it",
            next_step="write one such as --verifier https://acme.example/verifier",
        )
    return True


def _signed(verdict: Verdict, summary: dict[str, Any], signer: StatementSigner) -> bytes:
    """One that failed is of a payload type that nobody takes for a signature (design.md §3.9)."""
    from attest import names
    from attest.evidence.attach import statement_subjects
    from attest.signing.sign import sign_statement
    from attest.statements import lifecycle
    from attest.statements.statement import Statement, write_statement

    statement = write_statement(statement_subjects(verdict.about), names.PREDICATE_VSA, summary)
    return sign_statement(statement, signer, payload_type=lifecycle.payload_type_of(Statement.parse(statement)))


def _attach(decided: Sequence[tuple[Named, Verdict, bytes]], arguments: argparse.Namespace) -> None:
    from attest import names
    from attest.cli import console, written
    from attest.cli.targets import Targets
    from attest.evidence.attach import creation_time

    with Targets(arguments, create=True) as targets:
        for named, verdict, bundle in decided:
            exact = _exact(named, verdict)
            if exact is None:
                console.note(f"{verdict.subject}: no artifact to attach a verification summary to")
                continue
            done = written.attach_signed(targets.write(exact), bundle, names.PREDICATE_VSA, created=creation_time())
            console.note(f"attached {done.subject} {done.referrer}")


def _exact(named: Named, verdict: Verdict) -> Named | None:
    """The very artifact or manifest that was decided about, whatever a tag or a listing says by now."""
    from attest.cli.subjects import Image, Package

    about = verdict.about
    if isinstance(named, Image):
        return replace(named, reference=replace(named.reference, tag=None, digest=about.manifest.digest))
    return None if about.purl is None or about.digest is None else Package(about.purl, about.digest)
