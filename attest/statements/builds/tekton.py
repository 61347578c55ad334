"""Tekton, by variables that the Task has to set: Tekton itself sets none.

It substitutes `$(context.taskRun.uid)` and the like in a step's `env` (tekton.dev, "Variable substitutions"), and the
results of the task that cloned the source. `docs/decisions/0025-making-evidence.md` has the lines to copy. Tekton
Chains, which watches from outside, can say more, and is the better witness where it runs.
"""

from __future__ import annotations

from typing import Final

from attest.statements.builds.facts import Facts
from attest.statements.builds.service import Service, Variables

BUILD_TYPE: Final = "https://attest.dev/build-types/tekton/v1"
_EXTERNAL: Final = {"pipeline": "TEKTON_PIPELINE", "task": "TEKTON_TASK"}
_INTERNAL: Final = {
    "namespace": "TEKTON_NAMESPACE",
    "taskrun": "TEKTON_TASKRUN",
    "taskrun_uid": "TEKTON_TASKRUN_UID",
    "pipelinerun": "TEKTON_PIPELINERUN",
    "pipelinerun_uid": "TEKTON_PIPELINERUN_UID",
}


def _read(variables: Variables) -> Facts:
    return Facts(
        builder=variables.get("TEKTON_BUILDER_ID"),
        build_type=BUILD_TYPE,
        source=variables.get("TEKTON_GIT_URL"),
        ref=variables.get("TEKTON_GIT_REF"),
        commit=variables.get("TEKTON_GIT_COMMIT"),
        external={key: variables[name] for key, name in _EXTERNAL.items() if name in variables},
        internal={"tekton": {key: variables[name] for key, name in _INTERNAL.items() if name in variables}},
        invocation=variables.get("TEKTON_PIPELINERUN_UID") or variables.get("TEKTON_TASKRUN_UID"),
    )


TEKTON: Final = Service(
    "tekton",
    "Tekton",
    (
        "TEKTON_BUILDER_ID",
        "TEKTON_GIT_URL",
        "TEKTON_GIT_REF",
        "TEKTON_GIT_COMMIT",
        *_EXTERNAL.values(),
        *_INTERNAL.values(),
    ),
    {"builder": "TEKTON_BUILDER_ID", "source": "TEKTON_GIT_URL", "commit": "TEKTON_GIT_COMMIT"},
    lambda variables: "TEKTON_TASKRUN_UID" in variables,
    _read,
)
