"""Which CI service runs this, what it says, and whether that is enough."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from attest.errors import UsageError
from attest.statements.builds.buildkite import BUILDKITE
from attest.statements.builds.facts import REQUIRED, Facts
from attest.statements.builds.github import GITHUB
from attest.statements.builds.gitlab import GITLAB
from attest.statements.builds.jenkins import JENKINS
from attest.statements.builds.service import Service
from attest.statements.builds.tekton import TEKTON

SERVICES: Final[Mapping[str, Service]] = {item.key: item for item in (GITHUB, GITLAB, JENKINS, TEKTON, BUILDKITE)}
OPTIONS: Final[Mapping[str, str]] = {
    "builder": "--builder-id",
    "build_type": "--build-type",
    "source": "--source",
    "ref": "--ref",
    "commit": "--commit",
    "workflow": "--workflow",
}


def detect(environment: Mapping[str, str]) -> Service | None:
    """The service whose run this environment is of. Raises `UsageError` where it could be of several."""
    found = [service for service in SERVICES.values() if service.runs(service.of(environment))]
    if len(found) > 1:
        raise UsageError(
            f"this could be a run of {' or of '.join(service.name for service in found)}",
            next_step=f"say which: --ci {' or --ci '.join(service.key for service in found)}",
        )
    return found[0] if found else None


def facts(service: Service | None, environment: Mapping[str, str], given: Facts) -> Facts:
    """What is ``given``, which is checked, and the rest as the service says it.

    Raises `UsageError` for what is malformed, and for what nobody said, with the variables that would.
    """
    known = given
    if service is not None:
        said = service.read(service.of(environment)).checked(service.told_by, but=given)
        known = given.over(said)
    told_by = {} if service is None else service.told_by
    wanted = dict.fromkeys((*REQUIRED, *told_by))
    missing = [name for name in wanted if getattr(known, name) is None]
    if not missing:
        return known
    options = ", ".join(OPTIONS[name] for name in missing)
    if service is None:
        nothing = all(getattr(known, name) is None for name in REQUIRED)
        raise UsageError(
            "nobody says who built this" if nothing else "not all is said of the build that provenance needs",
            why="this is no run of a CI service that is known",
            next_step=f"give {options}",
        )
    variables = ", ".join(told_by[name] for name in missing)
    raise UsageError(
        f"{service.name} does not say everything", why=f"it did not set {variables}", next_step=f"give {options}"
    )
