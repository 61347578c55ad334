"""RPM: the vendor is the namespace, the version is VERSION-RELEASE."""

from __future__ import annotations

from typing import Final

from attest.packages.row import Ecosystem


def _version(version: str) -> str:
    if ":" in version:
        raise ValueError(f"{version!r} has an epoch, which is no part of VERSION-RELEASE")
    number, dash, release = version.rpartition("-")
    if not (number and dash and release):
        raise ValueError(f"{version!r} is not VERSION-RELEASE, such as 7.50.3-1.fc25")
    return version


ROW: Final = Ecosystem(
    "rpm", namespace="the vendor, such as fedora", namespace_min=1, namespace_max=1, version=_version
)
