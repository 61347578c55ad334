"""Change bundles at random for a while, and hold `attest` against `sigstore`: ``SECONDS=600 make fuzz``.

Whatever is found is written to a file and ends the run with 1: a traceback, or an answer that differs without a reason
in `attest.signing.sigstore.by_sigstore.DIFFERENCES`. ``SEED=… make fuzz`` makes the same changes again.
"""

from __future__ import annotations

import hashlib
import logging
import os
import random
import sys
import tempfile
import time
import traceback
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import pytest

from tests.signing.sigstore.cases import MADE, REAL, Case
from tests.signing.sigstore.differential import complaint, mutations

SECONDS = 60.0


def main() -> int:
    logging.disable(logging.WARNING)  # the package warns about each bundle
    seconds = float(os.environ.get("SECONDS", SECONDS))
    seed = os.environ.get("SEED") or str(random.SystemRandom().randrange(10**9))
    cases = _cases()
    draws = {name: mutations(case, random.Random(f"{seed} {name}")) for name, case in cases.items()}
    print(f"{len(cases)} bundles, {seconds:g} seconds, SEED={seed}")
    until, number = time.monotonic() + seconds, 0
    while time.monotonic() < until:
        for name, case in cases.items():
            raw = next(draws[name])
            number += 1
            try:
                problem = complaint(raw, case)
            except Exception:  # noqa: BLE001 - every traceback is what is looked for
                problem = traceback.format_exc()
            if problem is not None:
                print(f"after {number} changes, {name}: {_keep(raw)}\n{problem}", file=sys.stderr)
                return 1
    print(f"{number} changed bundles: the same answers, or a written reason")
    return 0


def _cases() -> dict[str, Case]:
    """Those that can be had: the shared material and the Go module may be missing."""
    found = {}
    for name, make in {**REAL, **MADE}.items():
        try:
            found[name] = make()
        except pytest.skip.Exception as why:
            print(f"without {name}: {why}", file=sys.stderr)
    return found


def _keep(raw: bytes) -> Path:
    path = Path(tempfile.gettempdir()) / f"attest-fuzz-{hashlib.sha256(raw).hexdigest()[:16]}.json"
    path.write_bytes(raw)
    return path


if __name__ == "__main__":
    raise SystemExit(main())
