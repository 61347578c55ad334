"""GitLab CI, by its predefined variables (docs.gitlab.com, "Predefined CI/CD variables reference").

The builder is the runner, as GitLab's own provenance names it. GitLab's build types want all variables of a job, or
their names: they are not used, for what is secret among them cannot be told from the rest.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final

from attest.statements.builds.facts import Facts, without_secrets
from attest.statements.builds.service import Service, Variables
from attest.statements.moments import parse_time

BUILD_TYPE: Final = "https://attest.dev/build-types/gitlab/v1"
_PATH: Final = re.compile(r"(?!\w[\w+.-]*://)[^@\s?#]+")
"""A file in the repository itself; else it is in another project or at a URL."""
_INTERNAL: Final = {
    "pipeline_source": "CI_PIPELINE_SOURCE",
    "project_id": "CI_PROJECT_ID",
    "namespace_id": "CI_PROJECT_NAMESPACE_ID",
    "pipeline_id": "CI_PIPELINE_ID",
    "ref_protected": "CI_COMMIT_REF_PROTECTED",
}


def _read(variables: Variables) -> Facts:
    project, runner, job = (variables.get(name) for name in ("CI_PROJECT_URL", "CI_RUNNER_ID", "CI_JOB_NAME"))
    config, page = variables.get("CI_CONFIG_PATH", ".gitlab-ci.yml"), variables.get("CI_JOB_URL")
    return Facts(
        builder=f"{project}/-/runners/{runner}" if project and runner else None,
        build_type=BUILD_TYPE,
        source=project,
        ref=_ref(variables),
        commit=variables.get("CI_COMMIT_SHA"),
        workflow=config if _PATH.fullmatch(config) else None,
        external={"job": job} if job else {},
        internal={"gitlab": {key: variables[name] for key, name in _INTERNAL.items() if name in variables}},
        invocation=without_secrets(page) if page else None,
        started=_time(variables),
    )


def _ref(variables: Variables) -> str | None:
    for name, prefix in (("CI_COMMIT_TAG", "refs/tags/"), ("CI_COMMIT_BRANCH", "refs/heads/")):
        if name in variables:
            return prefix + variables[name]
    return variables.get("CI_MERGE_REQUEST_REF_PATH")


def _time(variables: Variables) -> datetime | None:
    text = variables.get("CI_JOB_STARTED_AT")
    return None if text is None else parse_time(text, "$CI_JOB_STARTED_AT")


GITLAB: Final = Service(
    "gitlab",
    "GitLab CI",
    (
        "GITLAB_CI",
        "CI_PROJECT_URL",
        "CI_RUNNER_ID",
        "CI_COMMIT_SHA",
        "CI_COMMIT_TAG",
        "CI_COMMIT_BRANCH",
        "CI_MERGE_REQUEST_REF_PATH",
        "CI_CONFIG_PATH",
        "CI_JOB_NAME",
        "CI_JOB_URL",
        "CI_JOB_STARTED_AT",
        *_INTERNAL.values(),
    ),
    {
        "builder": "CI_PROJECT_URL and CI_RUNNER_ID",
        "source": "CI_PROJECT_URL",
        "ref": "CI_COMMIT_TAG, CI_COMMIT_BRANCH or CI_MERGE_REQUEST_REF_PATH",
        "commit": "CI_COMMIT_SHA",
    },
    lambda variables: variables.get("GITLAB_CI") == "true",
    _read,
)
