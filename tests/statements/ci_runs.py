"""Environments of CI runs, with values that each service's documentation gives as examples, and what is secret there.

GitHub: "Variables reference". GitLab: "Predefined CI/CD variables reference". Jenkins: `/pipeline-syntax/globals` and
the git plugin. Tekton: "Variable substitutions", set by the Task. Buildkite: "Environment variables".
"""

from __future__ import annotations

from collections.abc import Mapping

SHA = "ffac537e6cbbf934b08745a378932722df287a53"
CANARY = "s3cr3t-canary"

GITHUB = {
    "CI": "true",
    "GITHUB_ACTIONS": "true",
    "GITHUB_ACTOR": "octocat",
    "GITHUB_EVENT_NAME": "workflow_dispatch",
    "GITHUB_EVENT_PATH": "/github/workflow/event.json",
    "GITHUB_REF": "refs/heads/feature-branch-1",
    "GITHUB_REF_NAME": "feature-branch-1",
    "GITHUB_REPOSITORY": "octocat/Hello-World",
    "GITHUB_REPOSITORY_ID": "123456789",
    "GITHUB_REPOSITORY_OWNER_ID": "1234567",
    "GITHUB_RUN_ATTEMPT": "3",
    "GITHUB_RUN_ID": "1658821493",
    "GITHUB_SERVER_URL": "https://github.com",
    "GITHUB_SHA": SHA,
    "GITHUB_WORKFLOW_REF": "octocat/Hello-World/.github/workflows/my-workflow.yml@refs/heads/feature-branch-1",
    "RUNNER_ENVIRONMENT": "github-hosted",
    "RUNNER_NAME": "Hosted Agent",
}
GITLAB = {
    "CI": "true",
    "GITLAB_CI": "true",
    "CI_COMMIT_AUTHOR": "A Person <person@example.test>",
    "CI_COMMIT_BRANCH": "main",
    "CI_COMMIT_REF_NAME": "main",
    "CI_COMMIT_REF_PROTECTED": "true",
    "CI_COMMIT_SHA": SHA,
    "CI_CONFIG_PATH": ".gitlab-ci.yml",
    "CI_JOB_ID": "50",
    "CI_JOB_NAME": "release",
    "CI_JOB_STARTED_AT": "2026-11-20T12:00:00Z",
    "CI_JOB_URL": "https://gitlab.com/acme/app/-/jobs/50",
    "CI_PIPELINE_ID": "1000",
    "CI_PIPELINE_SOURCE": "push",
    "CI_PROJECT_ID": "34",
    "CI_PROJECT_NAMESPACE_ID": "7",
    "CI_PROJECT_URL": "https://gitlab.com/acme/app",
    "CI_RUNNER_ID": "12270807",
    "CI_SERVER_URL": "https://gitlab.com",
}
JENKINS = {
    "BRANCH_NAME": "main",
    "BUILD_NUMBER": "15",
    "BUILD_URL": "http://ci.example.test:8080/jenkins/job/foo/15/",
    "GIT_BRANCH": "origin/main",
    "GIT_COMMIT": SHA,
    "GIT_URL": "https://git.example.test/acme/app.git",
    "JENKINS_URL": "http://ci.example.test:8080/jenkins/",
    "JOB_NAME": "foo",
    "NODE_NAME": "linux",
}
TEKTON = {
    "TEKTON_BUILDER_ID": "https://tekton.example.test/builders/release",
    "TEKTON_GIT_COMMIT": SHA,
    "TEKTON_GIT_REF": "refs/tags/v1.0",
    "TEKTON_GIT_URL": "https://git.example.test/acme/app",
    "TEKTON_NAMESPACE": "builds",
    "TEKTON_PIPELINE": "release",
    "TEKTON_PIPELINERUN": "release-x7k2p",
    "TEKTON_PIPELINERUN_UID": "1aa04ff2-9c2a-47f5-9c75-ed43d259649a",
    "TEKTON_TASK": "attest",
    "TEKTON_TASKRUN": "release-x7k2p-attest",
    "TEKTON_TASKRUN_UID": "e1b5bee2-f039-4023-b60a-8a47f7977380",
}
BUILDKITE = {
    "BUILDKITE": "true",
    "BUILDKITE_AGENT_ID": "1d4b6f9c-0d1d-4bd4-8a2e-7d1c9e3b5a11",
    "BUILDKITE_BRANCH": "main",
    "BUILDKITE_BUILD_ID": "4735ba57-80d0-46e2-8fa0-b28223a86586",
    "BUILDKITE_BUILD_URL": "https://buildkite.com/acme-inc/my-project/builds/1514",
    "BUILDKITE_COMMAND": "script/buildkite/specs",
    "BUILDKITE_COMMIT": SHA,
    "BUILDKITE_COMPUTE_TYPE": "self-hosted",
    "BUILDKITE_JOB_ID": "e44f9784-e20e-4b93-a21d-f41fd5869db9",
    "BUILDKITE_ORGANIZATION_ID": "2a1d7c3e-5a1f-4c1c-9d61-0d0a3c6ce0aa",
    "BUILDKITE_ORGANIZATION_SLUG": "acme-inc",
    "BUILDKITE_PIPELINE_ID": "4735ba57-80d0-46e2-8fa0-b28223a86586",
    "BUILDKITE_PIPELINE_SLUG": "my-project",
    "BUILDKITE_PULL_REQUEST": "false",
    "BUILDKITE_REPO": "git@github.com:acme-inc/my-project.git",
    "BUILDKITE_SOURCE": "webhook",
    "BUILDKITE_STEP_KEY": "release",
}
RUNS: Mapping[str, Mapping[str, str]] = {
    "github": GITHUB,
    "gitlab": GITLAB,
    "jenkins": JENKINS,
    "tekton": TEKTON,
    "buildkite": BUILDKITE,
}

SECRETS = (
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
    "ACTIONS_RUNTIME_TOKEN",
    "ATTEST_PASSWORD",
    "AWS_SECRET_ACCESS_KEY",
    "BUILDKITE_AGENT_ACCESS_TOKEN",
    "BUILDKITE_BUILD_CREATOR_EMAIL",
    "BUILDKITE_COMMAND",
    "BUILDKITE_MESSAGE",
    "CI_JOB_TOKEN",
    "CI_REGISTRY_PASSWORD",
    "CI_REPOSITORY_URL",
    "GITHUB_TOKEN",
    "GITLAB_USER_EMAIL",
    "GIT_AUTHOR_EMAIL",
    "GITHUB_EVENT_PATH",
    "HOME",
    "JENKINS_HOME",
    "PATH",
    "SIGSTORE_ID_TOKEN",
    "WORKSPACE",
)
"""Variables of real runs that hold secrets, addresses of people, or paths of the machine."""
