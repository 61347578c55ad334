"""What a CI service is here: how a run of it is recognised, and the facts that its variables say."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from attest.statements.builds.facts import Facts

Variables = Mapping[str, str]
"""Those of an environment that a service lists, and that are not empty: nothing else is ever looked at."""


@dataclass(frozen=True, slots=True)
class Service:
    """``told_by`` names, for each fact that the service has to know, the variables that say it."""

    key: str
    name: str
    variables: tuple[str, ...]
    told_by: Mapping[str, str] = field(hash=False)
    runs: Callable[[Variables], bool]
    read: Callable[[Variables], Facts]

    def of(self, environment: Mapping[str, str]) -> Variables:
        """What it may see of an environment."""
        return {name: value for name in self.variables if (value := environment.get(name))}
