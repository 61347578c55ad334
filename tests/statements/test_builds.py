"""Provenance out of CI runs: what each service says, what is missing told by name, and never a word more."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attest import names
from attest.errors import FormatError, UsageError
from attest.statements.builds import detect
from attest.statements.builds.facts import Facts, without_secrets
from attest.statements.provenance import Provenance, validate
from tests.statements.ci_runs import BUILDKITE, CANARY, GITHUB, GITLAB, JENKINS, RUNS, SECRETS, SHA, TEKTON

GIVEN = Facts("https://build.test", "https://build.test/make/v1", "https://git.test/acme/app", commit=SHA)


def predicate(environment: dict[str, str], given: Facts = Facts()) -> dict[str, Any]:  # noqa: B008 - it is frozen
    made = detect.facts(detect.detect(environment), environment, given).predicate()
    assert isinstance(json.loads(json.dumps(made)), dict)
    return made


def read(environment: dict[str, str], given: Facts = Facts()) -> Provenance:  # noqa: B008
    return validate(names.PREDICATE_SLSA_V1, predicate(environment, given))


def refused(environment: dict[str, str], given: Facts = Facts()) -> str:  # noqa: B008
    with pytest.raises(UsageError) as refusal:
        predicate(environment, given)
    return str(refusal.value)


def test_github() -> None:
    assert predicate(GITHUB) == {
        "buildDefinition": {
            "buildType": "https://slsa-framework.github.io/github-actions-buildtypes/workflow/v1",
            "externalParameters": {
                "workflow": {
                    "ref": "refs/heads/feature-branch-1",
                    "repository": "https://github.com/octocat/Hello-World",
                    "path": ".github/workflows/my-workflow.yml",
                }
            },
            "internalParameters": {
                "github": {
                    "event_name": "workflow_dispatch",
                    "repository_id": "123456789",
                    "repository_owner_id": "1234567",
                }
            },
            "resolvedDependencies": [
                {
                    "uri": "git+https://github.com/octocat/Hello-World@refs/heads/feature-branch-1",
                    "digest": {"gitCommit": SHA},
                }
            ],
        },
        "runDetails": {
            "builder": {"id": "https://github.com/actions/runner/github-hosted"},
            "metadata": {
                "invocationId": "https://github.com/octocat/Hello-World/actions/runs/1658821493/attempts/3",
            },
        },
    }


@pytest.mark.parametrize(
    ("name", "builder", "source", "ref", "workflow"),
    [
        (
            "gitlab",
            "https://gitlab.com/acme/app/-/runners/12270807",
            "https://gitlab.com/acme/app",
            "refs/heads/main",
            ".gitlab-ci.yml",
        ),
        (
            "jenkins",
            "http://ci.example.test:8080/jenkins/",
            "https://git.example.test/acme/app",
            "refs/heads/main",
            None,
        ),
        (
            "tekton",
            "https://tekton.example.test/builders/release",
            "https://git.example.test/acme/app",
            "refs/tags/v1.0",
            None,
        ),
        (
            "buildkite",
            "https://buildkite.com/acme-inc",
            "ssh://github.com/acme-inc/my-project",
            "refs/heads/main",
            None,
        ),
    ],
)
def test_what_others_say(name: str, builder: str, source: str, ref: str, workflow: str | None) -> None:
    found = read(dict(RUNS[name]))
    assert (found.builder, found.source, found.ref, found.workflow) == (builder, source, ref, workflow)
    assert found.build_type == f"https://attest.dev/build-types/{name}/v1"


@pytest.mark.parametrize(
    ("name", "invocation"),
    [
        ("gitlab", "https://gitlab.com/acme/app/-/jobs/50"),
        ("jenkins", "http://ci.example.test:8080/jenkins/job/foo/15/"),
        ("tekton", "1aa04ff2-9c2a-47f5-9c75-ed43d259649a"),
        (
            "buildkite",
            "https://buildkite.com/acme-inc/my-project/builds/1514#e44f9784-e20e-4b93-a21d-f41fd5869db9",
        ),
    ],
)
def test_the_run_is_named(name: str, invocation: str) -> None:
    assert predicate(dict(RUNS[name]))["runDetails"]["metadata"]["invocationId"] == invocation


def test_when_a_job_began_is_known_of_gitlab_alone() -> None:
    assert read(GITLAB).time == datetime(2026, 11, 20, 12, tzinfo=UTC)
    assert {name for name, run in RUNS.items() if read(dict(run)).time is not None} == {"gitlab"}
    with pytest.raises(FormatError, match="CI_JOB_STARTED_AT: not a time"):
        predicate({**GITLAB, "CI_JOB_STARTED_AT": "yesterday"})


@pytest.mark.parametrize("name", RUNS)
def test_each_run_is_of_one_service(name: str) -> None:
    found = detect.detect(RUNS[name])
    assert found is not None
    assert found.key == name
    assert set(found.told_by) <= set(detect.OPTIONS)


def test_no_run_and_two_runs() -> None:
    assert detect.detect({"CI": "true", "PATH": "/bin"}) is None
    with pytest.raises(
        UsageError, match=r"could be a run of GitHub Actions or of Buildkite.*--ci github or --ci buildkite"
    ):
        detect.detect({**GITHUB, **BUILDKITE})


@pytest.mark.parametrize("lookalike", ["GITEA_ACTIONS", "FORGEJO_ACTIONS"])
def test_who_only_sets_githubs_variables_is_not_github(lookalike: str) -> None:
    assert detect.detect({**GITHUB, lookalike: "true"}) is None


@pytest.mark.parametrize(
    ("run", "without", "said"),
    [
        (
            GITHUB,
            ("RUNNER_ENVIRONMENT", "GITHUB_SHA"),
            "GitHub Actions does not say everything: it did not set RUNNER_ENVIRONMENT, GITHUB_SHA (next: give "
            "--builder-id, --commit)",
        ),
        (GITLAB, ("CI_RUNNER_ID",), "it did not set CI_PROJECT_URL and CI_RUNNER_ID (next: give --builder-id)"),
        (JENKINS, ("GIT_URL", "GIT_COMMIT"), "it did not set GIT_URL, GIT_COMMIT (next: give --source, --commit)"),
        (TEKTON, ("TEKTON_BUILDER_ID",), "it did not set TEKTON_BUILDER_ID (next: give --builder-id)"),
        (BUILDKITE, ("BUILDKITE_REPO",), "it did not set BUILDKITE_REPO (next: give --source)"),
    ],
)
def test_what_is_missing_is_named(run: dict[str, str], without: tuple[str, ...], said: str) -> None:
    assert said in refused({name: value for name, value in run.items() if name not in without})
    assert said in refused({name: "" if name in without else value for name, value in run.items()})


def test_without_a_service_everything_is_asked_for() -> None:
    assert "give --builder-id, --build-type, --source, --commit" in refused({"PATH": "/bin"})
    assert "give --commit" in refused({}, Facts(GIVEN.builder, GIVEN.build_type, GIVEN.source))


def test_what_is_given_needs_no_service_and_comes_first() -> None:
    alone = predicate({}, GIVEN)
    assert alone == {
        "buildDefinition": {
            "buildType": "https://build.test/make/v1",
            "externalParameters": {"workflow": {"repository": "https://git.test/acme/app"}},
            "resolvedDependencies": [{"uri": "git+https://git.test/acme/app", "digest": {"gitCommit": SHA}}],
        },
        "runDetails": {"builder": {"id": "https://build.test"}},
    }
    moment = datetime(2026, 11, 20, tzinfo=UTC)
    both = read(GITHUB, Facts(builder="https://build.test", inputs={"target": "prod"}, finished=moment))
    assert (both.builder, both.source) == ("https://build.test", "https://github.com/octocat/Hello-World")
    assert (both.parameters["inputs.target"], both.time) == ("prod", moment)


def test_what_is_given_makes_up_for_what_a_service_says_badly() -> None:
    run = {**BUILDKITE, "BUILDKITE_COMMIT": "HEAD"}
    assert "BUILDKITE_COMMIT: not a commit: 'HEAD' is not 40 or 64" in refused(run)
    assert predicate(run, Facts(commit=SHA))["buildDefinition"]["resolvedDependencies"][0]["digest"] == {
        "gitCommit": SHA
    }


@pytest.mark.parametrize("event", ["pull_request", "schedule", "issues", "repository_dispatch", ""])
def test_githubs_build_type_is_for_four_events(event: str) -> None:
    run = {**GITHUB, "GITHUB_EVENT_NAME": event}
    assert "GITHUB_EVENT_NAME (one of create, push, release, workflow_dispatch)" in refused(run)
    assert read(run, Facts(build_type="https://build.test/nightly/v1")).build_type == "https://build.test/nightly/v1"


@pytest.mark.parametrize(
    ("workflow", "path"),
    [
        ("octocat/Hello-World/.github/workflows/a@b.yml@refs/heads/x@y", ".github/workflows/a@b.yml"),
        ("octocat/Hello-World/octocat/Hello-World/a.yml@refs/heads/x@y", "octocat/Hello-World/a.yml"),
        ("octocat/other/.github/workflows/a.yml@refs/heads/x@y", None),
        ("octocat/Hello-World/.github/workflows/a.yml@refs/heads/main", None),
        ("octocat/Hello-World/@refs/heads/x@y", None),
    ],
)
def test_the_path_of_a_workflow(workflow: str, path: str | None) -> None:
    run = {**GITHUB, "GITHUB_REF": "refs/heads/x@y", "GITHUB_WORKFLOW_REF": workflow}
    if path is None:
        assert "GITHUB_WORKFLOW_REF (of this repository and ref)" in refused(run)
    else:
        assert (read(run).workflow, read(run).ref) == (path, "refs/heads/x@y")


@pytest.mark.parametrize(
    ("run", "more", "ref"),
    [
        (GITLAB, {"CI_COMMIT_BRANCH": "", "CI_COMMIT_TAG": "v1.0"}, "refs/tags/v1.0"),
        (
            GITLAB,
            {"CI_COMMIT_BRANCH": "", "CI_MERGE_REQUEST_REF_PATH": "refs/merge-requests/1/head"},
            "refs/merge-requests/1/head",
        ),
        (JENKINS, {"TAG_NAME": "v1.0", "BRANCH_NAME": "v1.0"}, "refs/tags/v1.0"),
        (JENKINS, {"BRANCH_NAME": "PR-7", "CHANGE_ID": "7"}, None),
        (JENKINS, {"BRANCH_NAME": ""}, "refs/heads/main"),
        (JENKINS, {"BRANCH_NAME": "", "GIT_BRANCH": "upstream/main"}, None),
        (JENKINS, {"BRANCH_NAME": "", "GIT_BRANCH": ""}, None),
        (BUILDKITE, {"BUILDKITE_TAG": "v1.2.3"}, "refs/tags/v1.2.3"),
        (BUILDKITE, {"BUILDKITE_PULL_REQUEST": "123"}, None),
        (TEKTON, {"TEKTON_GIT_REF": ""}, None),
    ],
)
def test_the_ref(run: dict[str, str], more: dict[str, str], ref: str | None) -> None:
    assert read({**run, **more}).ref == ref


@pytest.mark.parametrize(
    "path", ["ci.yml@acme/other", "https://ci.test/b.yml", "HTTPS://ci.test/b.yml?t=x", "b.yml?t=x", "two words"]
)
def test_a_pipeline_from_elsewhere_is_no_path_in_the_repository(path: str) -> None:
    assert read({**GITLAB, "CI_CONFIG_PATH": path}).workflow is None


@pytest.mark.parametrize("name", RUNS)
def test_nothing_but_the_listed_variables_is_looked_at(name: str) -> None:
    service = detect.SERVICES[name]
    hostile = {**dict.fromkeys(SECRETS, CANARY), **RUNS[name]}
    unlisted = {key: CANARY if key not in service.variables else value for key, value in hostile.items()}
    unlisted["GITHUB_EVENT_PATH"] = CANARY
    assert not set(SECRETS) & set(service.variables)
    assert set(service.of(hostile)) <= set(service.variables)
    made = service.read(service.of(unlisted)).checked(service.told_by).predicate()
    assert CANARY not in json.dumps(made)
    assert json.dumps(made) == json.dumps(predicate(dict(RUNS[name])))


@pytest.mark.parametrize(
    ("run", "variable", "url"),
    [
        (GITHUB, "GITHUB_SERVER_URL", "https://x-access-token:{}@github.com"),
        (GITLAB, "CI_PROJECT_URL", "https://gitlab-ci-token:{}@gitlab.com/acme/app"),
        (GITLAB, "CI_JOB_URL", "https://gitlab.com/acme/app/-/jobs/50?private_token={}"),
        (JENKINS, "GIT_URL", "https://{}:x-oauth-basic@git.example.test/acme/app.git"),
        (JENKINS, "GIT_URL", "https://git.example.test/acme/app.git?token={}#{}"),
        (JENKINS, "JENKINS_URL", "http://admin:{}@ci.example.test:8080/jenkins/"),
        (JENKINS, "BUILD_URL", "http://admin:{}@ci.example.test/job/15/?token={}"),
        (TEKTON, "TEKTON_GIT_URL", "git+https://{}@git.example.test/acme/app"),
        (TEKTON, "TEKTON_BUILDER_ID", "https://bot:{}@tekton.example.test/b"),
        (BUILDKITE, "BUILDKITE_REPO", "https://{}@github.com/acme-inc/my-project"),
        (BUILDKITE, "BUILDKITE_REPO", "{}@github.com:acme-inc/my-project.git"),
        (BUILDKITE, "BUILDKITE_BUILD_URL", "https://{}@buildkite.com/acme-inc/my-project/builds/1514"),
    ],
)
def test_credentials_in_addresses_do_not_get_out(run: dict[str, str], variable: str, url: str) -> None:
    made = json.dumps(predicate({**run, variable: url.replace("{}", CANARY)}))
    assert CANARY not in made
    assert len(made) > 500


@pytest.mark.parametrize(
    ("fact", "text", "said"),
    [
        ("source", "/home/user/app", "not a repository"),
        ("source", "file:///home/user/app", "not a repository"),
        ("source", "C:\\app", "not a repository"),
        ("source", "https://[::1/app", "not a repository"),
        ("source", "app", "not a repository"),
        ("source", "https://git.test", "not a repository"),
        ("commit", "HEAD", "not a commit"),
        ("commit", SHA[:12], "not a commit"),
        ("commit", SHA.upper(), "not a commit"),
        ("ref", "main", "not a whole ref"),
        ("ref", "refs/heads/a b", "not a whole ref"),
        ("ref", "refs/heads/a..b", "not a whole ref"),
        ("ref", "refs/heads/a\n", "not a whole ref"),
        ("builder", "me", "not a URI"),
        ("builder", "https://a b", "not a URI"),
        ("build_type", "make", "not a URI"),
    ],
)
def test_facts_that_cannot_be(fact: str, text: str, said: str) -> None:
    changed: dict[str, Any] = {fact: text}
    with pytest.raises(UsageError, match=rf"^--given: {said}"):
        replace(GIVEN, **changed).checked({fact: "--given"})


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("https://GitHub.com/acme/app.git", "https://github.com/acme/app"),
        ("git+https://github.com/acme/app", "https://github.com/acme/app"),
        ("git@github.com:acme/app.git", "ssh://github.com/acme/app"),
        ("ssh://git@git.test:2222/acme/app.git", "ssh://git.test:2222/acme/app"),
        ("host:path/to/app/", "ssh://host/path/to/app"),
    ],
)
def test_one_form_of_a_repository(text: str, source: str) -> None:
    assert Facts(source=text).checked({}).source == source


def test_a_ref_that_a_uri_cannot_hold_is_escaped_there() -> None:
    made = predicate({}, replace(GIVEN, ref="refs/heads/fix-#7%"))
    definition = made["buildDefinition"]
    assert definition["externalParameters"]["workflow"]["ref"] == "refs/heads/fix-#7%"
    assert definition["resolvedDependencies"][0]["uri"] == "git+https://git.test/acme/app@refs/heads/fix-%237%25"


@given(st.text(st.characters(codec="utf-8"), max_size=40), st.text(st.characters(codec="utf-8"), max_size=40))
def test_no_user_and_no_query_survives(user: str, query: str) -> None:
    found = without_secrets(f"https://{user}{CANARY}@host.test/path?{query}{CANARY}")
    if "/" in user or "?" in user or "#" in user or "\\" in user:  # then it is no user
        return
    assert CANARY not in found


@pytest.mark.parametrize("name", RUNS)
def test_no_level_is_claimed(name: str) -> None:
    assert not re.search(r"slsa.{0,3}[1-4]\b|level", json.dumps(predicate(dict(RUNS[name]))), re.IGNORECASE)


@given(st.sampled_from(sorted(RUNS)), st.data())
def test_whatever_a_variable_says_it_is_refused_or_well_formed(name: str, data: st.DataObject) -> None:
    changed = data.draw(
        st.dictionaries(st.sampled_from(detect.SERVICES[name].variables), st.text(max_size=30), max_size=3)
    )
    service = detect.SERVICES[name]
    try:
        made = detect.facts(service, {**RUNS[name], **changed}, Facts()).predicate()
    except (UsageError, FormatError):
        return
    found = validate(names.PREDICATE_SLSA_V1, made)
    assert (found.builder is None, found.source is None) == (False, False)
