"""Buildkite, by the variables of a job (buildkite.com/docs, "Environment variables").

The builder is the organisation, whose agents run it. Buildkite's own build type wants the command of the step, which
may hold a secret: it is not used.
"""

from __future__ import annotations

from typing import Final

from attest.statements.builds.facts import Facts, without_secrets
from attest.statements.builds.service import Service, Variables

BUILD_TYPE: Final = "https://attest.dev/build-types/buildkite/v1"
SERVER: Final = "https://buildkite.com/"
_EXTERNAL: Final = {"pipeline": "BUILDKITE_PIPELINE_SLUG", "step": "BUILDKITE_STEP_KEY"}
_INTERNAL: Final = {
    "organization_id": "BUILDKITE_ORGANIZATION_ID",
    "pipeline_id": "BUILDKITE_PIPELINE_ID",
    "build_id": "BUILDKITE_BUILD_ID",
    "agent_id": "BUILDKITE_AGENT_ID",
    "compute_type": "BUILDKITE_COMPUTE_TYPE",
    "source": "BUILDKITE_SOURCE",
}


def _read(variables: Variables) -> Facts:
    organization, page, job = (
        variables.get(f"BUILDKITE_{name}") for name in ("ORGANIZATION_SLUG", "BUILD_URL", "JOB_ID")
    )
    return Facts(
        builder=SERVER + organization if organization else None,
        build_type=BUILD_TYPE,
        source=variables.get("BUILDKITE_REPO"),
        ref=_ref(variables),
        commit=variables.get("BUILDKITE_COMMIT"),
        external={key: variables[name] for key, name in _EXTERNAL.items() if name in variables},
        internal={"buildkite": {key: variables[name] for key, name in _INTERNAL.items() if name in variables}},
        invocation=f"{without_secrets(page)}#{job}" if page and job else None,
    )


def _ref(variables: Variables) -> str | None:
    """A tag, else a branch; the branch of a pull request may be one of another repository."""
    tag, branch = variables.get("BUILDKITE_TAG"), variables.get("BUILDKITE_BRANCH")
    if tag:
        return f"refs/tags/{tag}"
    is_own = variables.get("BUILDKITE_PULL_REQUEST", "false") == "false"
    return f"refs/heads/{branch}" if branch and is_own else None


BUILDKITE: Final = Service(
    "buildkite",
    "Buildkite",
    (
        "BUILDKITE",
        "BUILDKITE_ORGANIZATION_SLUG",
        "BUILDKITE_REPO",
        "BUILDKITE_COMMIT",
        "BUILDKITE_TAG",
        "BUILDKITE_BRANCH",
        "BUILDKITE_PULL_REQUEST",
        "BUILDKITE_BUILD_URL",
        "BUILDKITE_JOB_ID",
        *_EXTERNAL.values(),
        *_INTERNAL.values(),
    ),
    {"builder": "BUILDKITE_ORGANIZATION_SLUG", "source": "BUILDKITE_REPO", "commit": "BUILDKITE_COMMIT"},
    lambda variables: variables.get("BUILDKITE") == "true",
    _read,
)
