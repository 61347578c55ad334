"""Jenkins, by the variables of a build (its page `/pipeline-syntax/globals`) and those of its git plugin.

The builder is the controller, by its address. The repository is the one that was checked out, as git was given it.
"""

from __future__ import annotations

from typing import Final

from attest.statements.builds.facts import Facts, without_secrets
from attest.statements.builds.service import Service, Variables

BUILD_TYPE: Final = "https://attest.dev/build-types/jenkins/v1"
_REMOTE: Final = "origin/"


def _read(variables: Variables) -> Facts:
    job, page = variables.get("JOB_NAME"), variables.get("BUILD_URL")
    return Facts(
        builder=variables.get("JENKINS_URL"),
        build_type=BUILD_TYPE,
        source=variables.get("GIT_URL"),
        ref=_ref(variables),
        commit=variables.get("GIT_COMMIT"),
        external={"job": job} if job else {},
        invocation=without_secrets(page) if page else None,
    )


def _ref(variables: Variables) -> str | None:
    """A tag, else a branch; the name of a change request is arbitrary, and no ref."""
    tag, branch, remote = (variables.get(name) for name in ("TAG_NAME", "BRANCH_NAME", "GIT_BRANCH"))
    if tag:
        return f"refs/tags/{tag}"
    if "CHANGE_ID" in variables:
        return None
    if branch:
        return f"refs/heads/{branch}"
    return f"refs/heads/{remote.removeprefix(_REMOTE)}" if remote and remote.startswith(_REMOTE) else None


JENKINS: Final = Service(
    "jenkins",
    "Jenkins",
    (
        "JENKINS_URL",
        "BUILD_URL",
        "JOB_NAME",
        "GIT_URL",
        "GIT_COMMIT",
        "GIT_BRANCH",
        "BRANCH_NAME",
        "TAG_NAME",
        "CHANGE_ID",
    ),
    {"builder": "JENKINS_URL", "source": "GIT_URL", "commit": "GIT_COMMIT"},
    lambda variables: "JENKINS_URL" in variables and "BUILD_URL" in variables,
    _read,
)
