"""Policies in packs: put in with the files that they need, taken out for those who know the pack's digest or signer."""

from __future__ import annotations

import argparse
import os
import tempfile
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from attest.cli.options import store_texts
from attest.errors import FormatError, UsageError
from attest.evidence import pack
from attest.evidence.pack import Pack
from attest.oci.digest import Digest
from attest.policy.carried import needed
from attest.policy.document import Policy, load
from attest.stores.archive import ArchiveStore
from attest.stores.location import Location, Scheme

if TYPE_CHECKING:
    from attest.signing.keys import PublicKey


def read_files(policy: str | None) -> tuple[tuple[str, bytes] | None, dict[str, bytes]]:
    """The policy, and all that it needs, by their paths below the folder that they have in common.

    Raises `PolicyError`.
    """
    if policy is None:
        return None, {}
    found = needed(Path(policy))
    base = Path(os.path.commonpath([path.parent for path in found]))
    first, *others = ((path.relative_to(base).as_posix(), data) for path, data in found.items())
    return first, dict(others)


def load_policy(store: ArchiveStore, found: Pack, by: Digest | PublicKey) -> Policy:
    """The policy in a pack. Raises what `pack.vouch` raises unless ``by`` vouches for it, and `UsageError` without
    one."""
    contents = pack.files(store, found, by)
    if found.policy is None:
        raise UsageError("there is no policy in the pack", where=store.name, next_step="give one with --policy FILE")
    with tempfile.TemporaryDirectory() as folder:
        for title, data in contents.items():
            path = Path(folder, title)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        return load(Path(folder, found.policy))


def policy_of_store(arguments: argparse.Namespace) -> Policy:
    """The policy in the pack that is the store, if ``--pack-digest`` is its digest or ``--pack-key`` signed it.

    Raises `UsageError`, `KeyFileError`, `PolicyError`, and what `load_policy` raises.
    """
    by = vouching(arguments)
    assert by is not None
    locations = [Location.parse(text) for text in store_texts(arguments)]
    if len(locations) != 1 or locations[0].scheme is not Scheme.ARCHIVE:
        raise UsageError("a policy is taken from one pack", next_step="name it with --store oci-archive:FILE")
    with closing(ArchiveStore(Path(locations[0].root), locations[0].text)) as store:
        return load_policy(store, open_pack(store, by), by)


def vouching(arguments: argparse.Namespace) -> Digest | PublicKey | None:
    """What ``--pack-digest`` says, or the key in the file that ``--pack-key`` names.

    Raises `UsageError` and `KeyFileError`.
    """
    if arguments.pack_key is not None:
        from attest.signing.key_files import load_public

        return load_public(arguments.pack_key)
    if arguments.pack_digest is None:
        return None
    try:
        return Digest.parse(arguments.pack_digest)
    except FormatError as error:
        raise UsageError(error.what, where="--pack-digest", why=error.why) from None


def open_pack(store: ArchiveStore, by: Digest | PublicKey | None) -> Pack:
    """The pack that an archive is, held against its list and, where something vouches for it, against that.

    Raises `UsageError` for an archive that is none, `StoreUnavailable` for one that is damaged, and what `pack.vouch`
    raises.
    """
    found = pack.complete(store)
    if found is None:
        raise UsageError("not a pack", where=store.name, next_step="make one with attest pack, or use attest copy")
    if by is not None:
        pack.vouch(store, found, by)
    return found
