"""One verdict in every form that there is, and as a program: what came in files, written as digests of all forms."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from attest.evidence.model import Candidate, Rejected
from attest.oci import strict_json
from attest.policy.document import Policy, parse
from attest.policy.evaluate import Hearing, evaluate_all
from attest.policy.verdict import Verdict
from attest.report import vsa
from attest.report.answer import Asked, Tally, Writer, piece
from attest.report.explain import ExplainWriter
from attest.report.json import JsonWriter
from attest.report.junit import JunitWriter
from attest.report.markdown import MarkdownWriter
from attest.report.sarif import SarifWriter
from attest.report.text import TextWriter
from tests.evidence_factory import NOW, evidence, packed
from tests.policy.conftest import HEAD

BY = "by: [release, security]"
STRICT = (
    HEAD
    + f"""\
builders:
  ci: {{identity: release, id: "https://ci.example/builder", slsa: 2}}
rules:
  - {{id: signed, require: signature, {BY}, threshold: 2}}
  - {{id: built, require: provenance, {BY}, builders: [ci], slsa: 2}}
  - {{id: bom, require: sbom, {BY}, licenses: {{deny: [ISC]}}, absence: listing}}
  - {{id: scanned, require: scan, {BY}, match: latest, absence: listing, max_score: 6, vex: {{by: [builder]}}}}
  - {{id: answered, require: vex, by: [builder, security], absence: listing}}
  - {{id: summed, require: vsa, {BY}, verifier: "https://acme.example/v"}}
  - {{id: kept, require: no-revocation, {BY}, absence: listing}}
  - {{id: stands, require: no-withdrawal, {BY}, absence: listing, mode: warn}}
  - {{id: parts, require: dependencies, {BY}, policy: parts.yaml, absence: listing, mode: audit}}
  - {{id: together, check: "bom.author == built.author", mode: warn}}
"""
)
MILD = (
    HEAD.replace("name: gate", "name: mild")
    + f"rules:\n  - {{id: any, require: signature, {BY}}}\n  - {{id: seen, require: scan, {BY}, mode: audit}}\n"
)
WRITERS: Mapping[str, Callable[[Asked, Sequence[Policy]], Writer]] = {
    "text": lambda asked, policies: TextWriter(asked),
    "text explained": lambda asked, policies: TextWriter(asked, explain=True, policies=policies),
    "json": lambda asked, policies: JsonWriter(asked),
    "json explained": lambda asked, policies: ExplainWriter(policies),
    "sarif": lambda asked, policies: SarifWriter(asked),
    "junit": lambda asked, policies: JunitWriter(asked, NOW),
    "markdown": lambda asked, policies: MarkdownWriter(asked),
}


def policies(keys: Path) -> tuple[Policy, Policy]:
    """The strict one and the mild one, whose keys lie there."""
    strict, mild = (
        parse(text.encode(), where=where, base=keys) for where, text in (("gate.yaml", STRICT), ("mild.yaml", MILD))
    )
    return strict, mild


def judged(by: Iterable[Policy], candidates: Sequence[Candidate], rejected: Sequence[Rejected] = ()) -> Verdict:
    return evaluate_all(
        [Hearing(policy, evidence(candidates, policy.identities.values(), rejected=rejected)) for policy in by], now=NOW
    )


def every_form(verdict: Verdict, by: Sequence[Policy]) -> dict[str, bytes]:
    """What is written, by the name of the form; the summary is what is signed, or empty where nothing was decided."""
    written = {}
    for name, make in WRITERS.items():
        asked = Asked(tuple(policy.name for policy in by))
        writer, tally = make(asked, by), Tally(asked)
        written[name] = "".join(writer.whole(tally.counted([piece(writer, verdict)]), tally)).encode()
    summary = vsa.predicate(verdict, by, verifier="https://acme.example/v")
    return {**written, "vsa": b"" if summary is None else strict_json.write(summary)}


def main(keys: Path) -> None:
    """Of the bundles in ``bundles.json`` beside the keys, each with its predicate type."""
    items = json.loads((keys / "bundles.json").read_text("utf-8"))
    candidates = [packed(bundle.encode(), claims) for claims, bundle in items]
    by = policies(keys)
    forms = every_form(judged(by, candidates), by)
    print(json.dumps({name: hashlib.sha256(data).hexdigest() for name, data in forms.items()}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
