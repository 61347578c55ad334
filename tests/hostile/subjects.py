"""What is asked about: without a digest, only the store says what it is."""

from __future__ import annotations

import json

from tests.hostile.case import Case, denied, doubtful
from tests.hostile.making import by


def cases() -> list[Case]:
    lock = {
        "name": "app",
        "version": "1.0.0",
        "lockfileVersion": 3,
        "packages": {
            "": {"name": "app", "version": "1.0.0"},
            "node_modules/left": {"version": "1.0.0", "resolved": "git+ssh://git@example.test/left.git#abc"},
        },
    }
    return [
        doubtful(
            "no-digest",
            "signed",
            by("release"),
            findings={"signed": "signature-verified", "-": "subject-unresolved"},
            ask=False,
            trick="asked by name only: the store chooses which artifact it shows, and leaves out the others",
            naive="admits what the store chose",
        ),
        denied(
            "pinned-by-nothing",
            "signed",
            findings={"-": "subject-undigested"},
            lock=json.dumps(lock, indent=2) + "\n",
            trick="a lockfile whose entry is a git address without a digest",
            naive="skips entries that it cannot look up",
        ),
    ]
