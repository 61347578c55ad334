"""``python -m tests.hostile`` writes `fixtures/hostile/`; the same bytes every time."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from attest.evidence.model import Subject
from tests.hostile import (
    attachments,
    bindings,
    builds,
    composed,
    dependencies,
    exceptions,
    expressions,
    images,
    lifecycles,
    listings,
    publishers,
    sboms,
    scans,
    signers,
    statements,
    statuses,
    subjects,
    summaries,
    thresholds,
    workflows,
)
from tests.hostile.case import NOW, Case
from tests.hostile.formats import OURS, authority
from tests.hostile.keys import NamedKey
from tests.hostile.making import Shelf
from tests.signing.notation import pki

FIXTURES = Path(__file__).parents[2] / "fixtures" / "hostile"
KEYS = (
    "alice",
    "bob",
    "elsewhere",
    "ended",
    "laptop",
    "platform",
    "release",
    "security",
    "verifier",
)
_GROUPS = (
    signers,
    bindings,
    statements,
    thresholds,
    workflows,
    builds,
    publishers,
    sboms,
    dependencies,
    scans,
    statuses,
    summaries,
    expressions,
    lifecycles,
    exceptions,
    composed,
    listings,
    attachments,
    images,
    subjects,
)


def groups() -> dict[str, list[Case]]:
    return {module.__name__.rpartition(".")[2]: module.cases() for module in _GROUPS}


def made() -> Mapping[str, bytes]:
    """All files but the policies, by path."""
    files: dict[str, bytes] = {}
    rows = []
    for group, cases in groups().items():
        shared = Shelf()
        for case in cases:
            rows.append({"group": group, **case.row(group)})
            shelf = Shelf() if case.spoil else shared
            _fill(shelf, case)
            if case.spoil:
                case.spoil(shelf, case.subject)
                files[f"stores/{case.name}.tar"] = shelf.tar()
            if case.lock is not None:
                files[f"locks/{case.name}/package-lock.json"] = case.lock.encode()
        if shared.files:
            files[f"stores/{group}.tar"] = shared.tar()
    table = {"now": NOW, "cases": rows}
    files["corpus.json"] = json.dumps(table, indent=2, ensure_ascii=True).encode() + b"\n"
    for name in KEYS:
        files[f"policies/keys/{name}.pub"] = NamedKey(name).public.pem()
    files["policies/attest.lock"] = publishers.lock()
    files["policies/keys/acme-ca.pem"] = pki.pem([authority("acme-ca")])
    files["policies/keys/trusted-root.json"] = json.dumps(OURS.root_json(), indent=2).encode() + b"\n"
    return files


def _fill(shelf: Shelf, case: Case) -> None:
    subject: Subject = case.subject
    if subject.purl is None:
        images.store_image(shelf, case.name)
    else:
        shelf.subject(subject)
    for piece in case.pieces:
        shelf.add(piece(subject))


def main() -> int:
    for folder in ("stores", "locks", "policies/keys"):
        shutil.rmtree(FIXTURES / folder, ignore_errors=True)
    for path, data in made().items():
        (FIXTURES / path).parent.mkdir(parents=True, exist_ok=True)
        (FIXTURES / path).write_bytes(data)
    return 0


if __name__ == "__main__":
    sys.exit(main())
