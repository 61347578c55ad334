"""Facts of SLSA provenance: read where they stand, None where they are missing or ambiguous."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attest import names
from attest.errors import FormatError
from attest.statements.provenance import Provenance, read_provenance, repository

APP = "https://github.com/acme/app"
GITHUB_V1 = {
    "buildDefinition": {
        "buildType": "https://actions.github.io/buildtypes/workflow/v1",
        "externalParameters": {
            "workflow": {"ref": "refs/tags/v1", "repository": APP, "path": ".github/workflows/release.yml"}
        },
        "resolvedDependencies": [{"uri": f"git+{APP}@refs/tags/v1", "digest": {"gitCommit": "ab" * 20}}],
    },
    "runDetails": {"builder": {"id": "https://github.com/actions/runner/github-hosted"}, "metadata": {}},
}
V02 = {
    "builder": {"id": "https://gitlab.com/acme/app/-/runners/1"},
    "buildType": "https://gitlab.com/gitlab-org/gitlab-runner",
    "invocation": {"configSource": {"uri": f"git+{APP}.git", "digest": {"sha1": "ab" * 20}, "entryPoint": "build"}},
    "materials": [{"uri": "git+https://github.com/acme/other"}],
}


def test_v1_as_github_writes_it() -> None:
    assert read_provenance(names.PREDICATE_SLSA_V1, GITHUB_V1) == Provenance(
        "https://github.com/actions/runner/github-hosted",
        "https://actions.github.io/buildtypes/workflow/v1",
        APP,
        "refs/tags/v1",
        ".github/workflows/release.yml",
        {"workflow.ref": "refs/tags/v1", "workflow.repository": APP, "workflow.path": ".github/workflows/release.yml"},
    )


def test_v02_as_gitlab_writes_it() -> None:
    assert read_provenance(names.PREDICATE_SLSA_V02, V02) == Provenance(
        "https://gitlab.com/acme/app/-/runners/1",
        "https://gitlab.com/gitlab-org/gitlab-runner",
        APP,
        workflow="build",
    )


def v1(dependencies: Any, parameters: Any = None) -> Provenance:
    definition = {"externalParameters": parameters, "resolvedDependencies": dependencies}
    return read_provenance(names.PREDICATE_SLSA_V1, {"buildDefinition": definition, "runDetails": {}})


@pytest.mark.parametrize(
    ("uris", "source"),
    [
        ([f"git+{APP}@refs/heads/main"], APP),
        ([f"git+{APP}@v1", f"git+{APP}.git@v2"], APP),
        (["pkg:docker/x@1", f"git+{APP}@v1"], APP),
        ([f"git+{APP}@v1", "git+https://github.com/acme/lib@v1"], None),
        ([f"git+{APP}@v1", "git+nonsense"], None),
        (["https://example.com/source.tar.gz"], None),
        ([], None),
    ],
)
def test_v1_takes_the_source_from_its_only_git_dependency(uris: list[str], source: str | None) -> None:
    assert v1([{"uri": uri} for uri in uris]).source == source


def test_v02_takes_the_source_from_its_only_git_material() -> None:
    predicate = {"builder": {"id": "x"}, "materials": [{"uri": f"git+{APP}"}, {"uri": "pkg:deb/x@1"}]}
    assert read_provenance(names.PREDICATE_SLSA_V02, predicate).source == APP


def test_what_the_build_declares_beats_what_it_fetched() -> None:
    declared = {"workflow": {"repository": "https://github.com/evil/app"}}
    assert v1([{"uri": f"git+{APP}"}], declared).source == "https://github.com/evil/app"
    nonsense = {"workflow": {"repository": "nonsense"}}
    assert v1([{"uri": f"git+{APP}"}], nonsense).source is None


@pytest.mark.parametrize("junk", [None, [], "x", 1, [1, None, "x", {}], [{"uri": 1}, {"uri": ""}], {"workflow": []}])
def test_shapes_that_nobody_promised_are_missing_facts(junk: Any) -> None:
    assert v1(junk, junk) == Provenance(None, None, None)
    details = {"buildDefinition": {"buildType": junk}, "runDetails": {"builder": junk}}
    assert read_provenance(names.PREDICATE_SLSA_V1, details).builder is None


@pytest.mark.parametrize(
    ("kind", "predicate"),
    [
        (names.PREDICATE_SLSA_V1, None),
        (names.PREDICATE_SLSA_V1, {}),
        (names.PREDICATE_SLSA_V1, V02),
        (names.PREDICATE_SLSA_V1, {"buildDefinition": [], "runDetails": {}}),
        (names.PREDICATE_SLSA_V02, None),
        (names.PREDICATE_SLSA_V02, GITHUB_V1),
        ("https://slsa.dev/provenance/v0.1", V02),
    ],
)
def test_what_is_not_the_provenance_that_it_claims_to_be(kind: str, predicate: dict[str, Any] | None) -> None:
    with pytest.raises(FormatError):
        read_provenance(kind, predicate)


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        (APP, APP),
        (f"git+{APP}", APP),
        (f"{APP}/", APP),
        (f"git+{APP}.git@refs/tags/v1", APP),
        (f"git+{APP}.git#main", APP),
        ("git+HTTPS://GitHub.COM/acme/app", APP),
        ("git+https://github.com/Acme/App", "https://github.com/Acme/App"),
        ("git+https://token@github.com/acme/app@main", "https://token@github.com/acme/app"),
        ("git+ssh://git@github.com/acme/app.git", "ssh://git@github.com/acme/app"),
        ("https://github.com.evil/acme/app", "https://github.com.evil/acme/app"),
        ("https://github.com/", None),
        ("https://github.com", None),
        ("git@github.com:acme/app.git", None),
        ("acme/app", None),
        (f"{APP}\n", None),
        (f" {APP}", None),
        ("", None),
    ],
)
def test_a_repository_is_named_in_one_way(uri: str, expected: str | None) -> None:
    assert repository(uri) == expected


@given(st.from_regex(r"https://[a-z]{1,8}\.[a-z]{2}/[A-Za-z0-9_-]{1,8}/[A-Za-z0-9_-]{1,8}", fullmatch=True), st.data())
def test_a_ref_never_changes_the_repository(plain: str, data: st.DataObject) -> None:
    ref = data.draw(st.from_regex(r"[A-Za-z0-9/._:@-]{0,12}", fullmatch=True))
    assert repository(f"git+{plain}.git@{ref}") == repository(plain) == plain


@given(st.text(max_size=60))
def test_naming_it_again_changes_nothing(uri: str) -> None:
    once = repository(uri)
    assert once is None or repository(once) in (once, None, once.removesuffix(".git").removesuffix("/"))
