"""Entries of signature logs: promised or proven to be in the log (rekor-spec.md, rekor-v2-spec.md §4.1)."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from attest.errors import VerificationError
from attest.signing.sigstore.checkpoint import Checkpoint
from attest.signing.sigstore.material import InclusionProof, LogEntry
from attest.signing.sigstore.merkle import root_from_path
from attest.signing.sigstore.trusted_root import Log

_TIMELESS: Final = (("hashedrekord", "0.0.2"), ("dsse", "0.0.2"))
"""Kinds of Rekor v2, which vouches for no time."""

_TIME_MAX: Final = 253_402_300_799  # the last second of the year 9999


def integrated_time(entry: LogEntry) -> datetime | None:
    """When the log says that it took the entry: signed only where there is a promise, and by Rekor v1 only.

    Raises `VerificationError`.
    """
    if entry.promise is None or entry.integrated_time == 0:
        return None
    if (entry.kind, entry.version) in _TIMELESS:
        raise VerificationError(
            "log entry: its time", expected="none for a kind of Rekor v2", found="one with a promise"
        )
    if entry.integrated_time > _TIME_MAX:
        raise VerificationError(
            "log entry: its time", expected="a year of four digits", found=str(entry.integrated_time)
        )
    return datetime.fromtimestamp(entry.integrated_time, tz=UTC)


def verify_entry(entry: LogEntry, logs: Sequence[Log]) -> None:
    """Check that the log whose keys are ``logs`` holds the entry. Raises `VerificationError`."""
    # 1. The signed entry timestamp, if there is one: the log's promise, over the entry and its time.
    if entry.promise is not None:
        _verify_promise(entry, entry.promise, logs)
    # 2. The inclusion proof, if there is one: the path from the entry to the root of the tree …
    if entry.proof is not None:
        _verify_inclusion(entry.body, entry.proof)
        # 3. … and the log's signature over that root.
        _verify_root(entry.proof, logs)


def _verify_promise(entry: LogEntry, promise: bytes, logs: Sequence[Log]) -> None:
    # RFC 8785 of these four: names in order, no space, and nothing in base64 or hex that would be escaped.
    signed = (
        f'{{"body":"{base64.b64encode(entry.body).decode()}","integratedTime":{entry.integrated_time},'
        f'"logID":"{entry.log_id.hex()}","logIndex":{entry.index}}}'
    ).encode()
    if not any(log.key.verify(promise, signed) for log in logs):
        raise VerificationError(
            "log entry: the signed entry timestamp",
            expected=f"one by the log {logs[0].url or entry.log_id.hex()} over this entry",
            found="a signature that does not hold",
        )


def _verify_inclusion(body: bytes, proof: InclusionProof) -> None:
    root = root_from_path(body, proof.index, proof.size, proof.hashes)
    if root != proof.root:
        raise VerificationError(
            "log entry: the inclusion proof",
            expected=f"a path to the root {proof.root.hex()}",
            found="no path" if root is None else f"one to {root.hex()}",
        )


def _verify_root(proof: InclusionProof, logs: Sequence[Log]) -> None:
    checkpoint = _checkpoint(proof)
    log, signature = checkpoint.signature_by(logs)
    if not log.key.verify(signature, checkpoint.text):
        raise VerificationError(
            "log entry: the checkpoint's signature",
            expected=f"one by the log {log.url or log.id.hex()}",
            found="one in its name that does not hold",
        )


def check_root(entry: LogEntry, logs: Sequence[Log]) -> None:
    """Of an entry whose signatures hold: the checkpoint is in the log's name, and over the size of the tree as well.

    Raises `VerificationError`.
    """
    if entry.proof is not None:
        _checkpoint(entry.proof).signature_by(logs)


def _checkpoint(proof: InclusionProof) -> Checkpoint:
    """The checkpoint, which is over the very tree of the proof."""
    checkpoint = Checkpoint.parse(proof.checkpoint or "")
    if (checkpoint.size, checkpoint.root) != (proof.size, proof.root):
        raise VerificationError(
            "log entry: the checkpoint's tree",
            expected=f"that of the inclusion proof, {proof.size} entries with the root {proof.root.hex()}",
            found=f"one of {checkpoint.size} with the root {checkpoint.root.hex()}",
        )
    return checkpoint
