"""GitHub Actions, by its default variables (docs.github.com, "Variables reference").

The build type is the one that npm writes, too: it has the workflow and its inputs, and is for four events only.
"""

from __future__ import annotations

from typing import Final

from attest.statements.builds.facts import Facts, without_secrets
from attest.statements.builds.service import Service, Variables

BUILD_TYPE: Final = "https://slsa-framework.github.io/github-actions-buildtypes/workflow/v1"
BUILDER: Final = "https://github.com/actions/runner/"
_EVENTS: Final = ("create", "push", "release", "workflow_dispatch")
"""Those that the build type is for; "it MUST NOT be used for any other event type"."""
_LOOKALIKES: Final = ("GITEA_ACTIONS", "FORGEJO_ACTIONS")
"""Services that set GitHub's variables and are not GitHub."""
_INTERNAL: Final = {
    "event_name": "GITHUB_EVENT_NAME",
    "repository_id": "GITHUB_REPOSITORY_ID",
    "repository_owner_id": "GITHUB_REPOSITORY_OWNER_ID",
}


def _runs(variables: Variables) -> bool:
    return variables.get("GITHUB_ACTIONS") == "true" and not any(name in variables for name in _LOOKALIKES)


def _read(variables: Variables) -> Facts:
    server, name = variables.get("GITHUB_SERVER_URL"), variables.get("GITHUB_REPOSITORY")
    runner, ref = variables.get("RUNNER_ENVIRONMENT"), variables.get("GITHUB_REF")
    run, attempt = variables.get("GITHUB_RUN_ID"), variables.get("GITHUB_RUN_ATTEMPT")
    source = without_secrets(f"{server}/{name}") if server and name else None
    return Facts(
        builder=BUILDER + runner if runner else None,
        build_type=BUILD_TYPE if variables.get("GITHUB_EVENT_NAME") in _EVENTS else None,
        source=source,
        ref=ref,
        commit=variables.get("GITHUB_SHA"),
        workflow=_path(variables.get("GITHUB_WORKFLOW_REF", ""), f"{name}/", f"@{ref}"),
        internal={"github": {key: variables[name] for key, name in _INTERNAL.items() if name in variables}},
        invocation=f"{source}/actions/runs/{run}/attempts/{attempt}" if source and run and attempt else None,
    )


def _path(workflow: str, repository: str, ref: str) -> str | None:
    """``owner/name/path@ref`` without what stands around the path, in which either may occur again.

    One that lies elsewhere, or at another ref, is not in the commit that is built.
    """
    if not workflow.startswith(repository) or not workflow.endswith(ref):
        return None
    return workflow[len(repository) : -len(ref)] or None


GITHUB: Final = Service(
    "github",
    "GitHub Actions",
    (
        "GITHUB_ACTIONS",
        "GITHUB_SERVER_URL",
        "GITHUB_REPOSITORY",
        "GITHUB_REF",
        "GITHUB_SHA",
        "GITHUB_WORKFLOW_REF",
        "GITHUB_RUN_ID",
        "GITHUB_RUN_ATTEMPT",
        "RUNNER_ENVIRONMENT",
        *_INTERNAL.values(),
        *_LOOKALIKES,
    ),
    {
        "builder": "RUNNER_ENVIRONMENT",
        "build_type": f"GITHUB_EVENT_NAME (one of {', '.join(_EVENTS)})",
        "source": "GITHUB_SERVER_URL and GITHUB_REPOSITORY",
        "ref": "GITHUB_REF",
        "commit": "GITHUB_SHA",
        "workflow": "GITHUB_WORKFLOW_REF (of this repository and ref)",
    },
    _runs,
    _read,
)
