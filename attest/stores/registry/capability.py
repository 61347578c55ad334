"""What is known about the referrers API, host by host and repository by repository.

Only a proven "no" is kept, and only for a while: a registry may learn. A missing repository, a refusal, an overload or
a malformed answer prove nothing.
"""

from __future__ import annotations

import threading
from enum import Enum

from attest import names
from attest.stores.registry.failures import has_code
from attest.stores.registry.messages import Response
from attest.stores.registry.options import Clock


class Api(Enum):
    """What an answer to ``GET /v2/<name>/referrers/<digest>`` says about the API."""

    YES = "yes"
    NO = "no"
    NO_REPOSITORY = "no repository"
    NOT_FOR_THIS = "not for this subject"
    UNKNOWN = "unknown"


def classify(response: Response) -> Api:
    """Registries say no by 404, but also by a redirect to a web page or by HTML (GHCR, artifacthub/hub#4785)."""
    status = response.status
    if status == 200:
        return Api.YES if response.media_type == names.OCI_INDEX else Api.NO
    if 300 <= status < 400 or status in (405, 406, 410, 501):
        return Api.NO
    if status == 404 and has_code(response, "NAME_UNKNOWN"):
        return Api.NO_REPOSITORY
    if status == 400 or (status == 404 and has_code(response, "MANIFEST_UNKNOWN")):
        return Api.NOT_FOR_THIS
    if status == 404:
        return Api.NO
    return Api.UNKNOWN


class Capabilities:
    """Which repositories are known to be without the API. Safe for many threads."""

    def __init__(self, clock: Clock, seconds: float) -> None:
        self._clock = clock
        self._seconds = seconds
        self._without: dict[str, float] = {}
        self._lock = threading.Lock()

    def learn(self, repository: str, answer: Api) -> None:
        with self._lock:
            if answer is Api.NO:
                self._without[repository] = self._clock.monotonic() + self._seconds
            elif answer is Api.YES:
                self._without.pop(repository, None)

    def is_without_api(self, repository: str) -> bool:
        with self._lock:
            return self._clock.monotonic() < self._without.get(repository, 0.0)
