"""Policies out of registries, while one is read: each in a directory of its own, which goes with the reading."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack, closing
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from attest.errors import StoreError, UsageError
from attest.oci.reference import Reference
from attest.policy.files import REGISTRY, Fetched

if TYPE_CHECKING:
    from datetime import datetime

    from attest.signing.keys import PublicKey

_FORM = f"write {REGISTRY}HOST/REPO@sha256:…"


class Fetching:
    """``offline``, every registry is refused."""

    def __init__(self, *, offline: bool) -> None:
        self._offline = offline
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def fetch(self, name: str, *, otherwise: str = "") -> Fetched:
        """The policy with the digest that stands in ``name``; ``otherwise`` is what else could be done without one.

        Raises `UsageError`, `FormatError`, `PolicyError` and `StoreError`.
        """
        if self._parse(name).digest is None:
            raise UsageError(
                "a policy in a registry without a digest",
                where=name,
                why="a tag may mean another one tomorrow",
                next_step=f"{_FORM}{otherwise}",
            )
        return self._fetch(name, None)

    def fetch_signed(self, name: str, key: PublicKey, now: datetime) -> Fetched:
        """The policy that ``name`` means now, if ``key`` signed it; where that is a tag, if it signed it for this tag.

        Raises what `fetch` raises, and `VerificationError`.
        """
        return self._fetch(name, (key, now))

    def _fetch(self, name: str, signed: tuple[PublicKey, datetime] | None) -> Fetched:
        from attest.policy import carried, published
        from attest.stores.location import Location, open_store

        reference = self._parse(name)
        if self._offline:
            raise UsageError(
                "a policy in a registry needs a network", where=name, why="--offline says that there is none"
            )
        try:
            with closing(open_store(Location.of(reference), create=False)) as store:
                descriptor = store.resolve(reference)
                if signed is not None:
                    key, now = signed
                    meant = str(reference) if reference.digest is None else None
                    published.check_signed(store, reference.repository, descriptor, key, now=now, name=meant)
                folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory()))
                path = published.pull(store, reference.repository, descriptor, folder)
        except OSError as error:
            raise StoreError("cannot read the policy", where=name, why=str(error)) from None
        digest = f"{REGISTRY}{reference.host}/{reference.repository}@{descriptor.digest}"
        carried.check_inside(path, folder, digest)
        return Fetched(digest, path, folder)

    def _parse(self, name: str) -> Reference:
        text = name.removeprefix(REGISTRY)
        try:
            return Reference.parse(text)
        except UsageError as error:
            raise UsageError(error.what, where=name, why=error.why, next_step=_FORM) from None
