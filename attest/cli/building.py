"""Facts of a build: the options that say them, and who says the rest."""

from __future__ import annotations

import argparse
import os
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from datetime import datetime

    from attest.statements.builds.facts import Facts

CIS: Final = ("github", "gitlab", "jenkins", "tekton", "buildkite", "none")

SAID: Final = """\
What a run of GitHub Actions, GitLab CI, Jenkins, Tekton or Buildkite says of itself is taken from variables that its
documentation names, and from no others; options say the rest, or something else. No SLSA level is claimed: with which
one a builder is trusted is what a policy says."""
"""What the examples of a command end with."""

_TEXTS: Final = {
    "builder": ("--builder-id", "URI", "who built it; policies trust builders by this"),
    "build_type": ("--build-type", "URI", "how the parameters are to be read"),
    "source": ("--source", "URL", "the repository that the commit is of"),
    "ref": ("--ref", "REF", "the whole ref, such as refs/tags/v1.0"),
    "commit": ("--commit", "HEX", "the commit that was built"),
    "workflow": ("--workflow", "PATH", "the file in the repository that says how it is built"),
    "invocation": ("--invocation", "TEXT", "the run, such as its address"),
}


def add(parser: Any) -> None:
    """The options that say facts."""
    group = parser.add_argument_group("the build, where it is no CI run or says something else")
    for name, (option, metavar, text) in _TEXTS.items():
        group.add_argument(option, dest=f"fact_{name}", metavar=metavar, help=text)
    group.add_argument(
        "--param",
        dest="fact_params",
        action="append",
        metavar="KEY=VALUE",
        help="an input of the build, for everybody to read",
    )
    group.add_argument(
        "--started-on", dest="fact_started", metavar="TIME", help="when it began, as 2026-01-31T12:00:00Z"
    )
    group.add_argument("--finished-on", dest="fact_finished", metavar="TIME", help="when it ended")
    group.add_argument("--ci", choices=CIS, help="whose variables to read (default: whichever service runs this)")


def is_given(arguments: argparse.Namespace) -> bool:
    """Whether an option says something of the build."""
    return any(value is not None for name, value in vars(arguments).items() if name.startswith("fact_"))


def is_ci_run(arguments: argparse.Namespace) -> bool:
    """Whether a service says something of the build."""
    from attest.statements.builds.detect import detect

    return arguments.ci not in (None, "none") or (arguments.ci is None and detect(os.environ) is not None)


def facts(arguments: argparse.Namespace) -> Facts:
    """All facts of the build. Raises `UsageError` for what nobody said, and for what cannot be."""
    from attest.statements.builds import detect

    service = detect.detect(os.environ) if arguments.ci is None else detect.SERVICES.get(arguments.ci)
    return detect.facts(service, os.environ, _given(arguments))


def _given(arguments: argparse.Namespace) -> Facts:
    from attest.statements.builds.facts import Facts

    given = Facts(
        **{name: getattr(arguments, f"fact_{name}") for name in _TEXTS},
        inputs=_inputs(arguments.fact_params or ()),
        started=_moment(arguments, "started"),
        finished=_moment(arguments, "finished"),
    )
    return given.checked({name: option for name, (option, _, _) in _TEXTS.items()})


def _moment(arguments: argparse.Namespace, name: str) -> datetime | None:
    from attest.statements.moments import parse_time

    text = getattr(arguments, f"fact_{name}")
    return None if text is None else parse_time(text, f"--{name}-on")


def _inputs(texts: Any) -> dict[str, str]:
    from attest.errors import UsageError

    found: dict[str, str] = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not key or not equals or key in found:
            raise UsageError(
                "not KEY=VALUE" if key not in found else f"{key} is given twice", where="--param", why=text
            )
        found[key] = value
    return found
