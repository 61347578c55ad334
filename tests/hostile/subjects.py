"""What is asked about: without a digest, only the store says what it is."""

from __future__ import annotations

import json

from tests.hostile.case import Case, admitted, denied, doubtful, package
from tests.hostile.dependencies import released
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
    said = package("a-release-without-digest")
    return [
        admitted(
            "a-release-without-digest",
            "released",
            by("release"),
            released(said),
            findings={"signed": "signature-verified"},
            ask=False,
            trick="none: no digest is given, and the releaser says which file it is",
        ),
        doubtful(
            "no-digest-and-a-hidden-release",
            "released",
            by("release"),
            findings={"signed": "signature-verified", "-": "subject-unresolved"},
            ask=False,
            trick="no digest is given, and the store does not show which files the releaser says there are",
            naive="takes the files that it is shown, for the policy lets pass what nobody can resolve",
        ),
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
