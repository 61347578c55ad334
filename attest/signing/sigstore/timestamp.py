"""RFC 3161 timestamps over the signature, by authorities of the trusted root (client-spec.md §4.2.1)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from attest.errors import UsageError, VerificationError, install
from attest.signing.sigstore.trusted_root import Authority, TrustedRoot

if TYPE_CHECKING:
    from rfc3161_client import TimeStampResponse

_STEP: Final = "time: the signed timestamps"


@dataclass(frozen=True, slots=True)
class VerifiedTime:
    """``source`` is unique for each log and each authority, however many of its timestamps there are."""

    time: datetime
    source: str


def verify_timestamps(timestamps: Sequence[bytes], signature: bytes, root: TrustedRoot) -> list[VerifiedTime]:
    """The times that authorities of ``root`` vouch for; timestamps by others prove nothing and are passed over.

    Raises `VerificationError` for what is no timestamp at all, or stands there twice.
    """
    if len(set(timestamps)) != len(timestamps):
        raise VerificationError(_STEP, expected="each one once", found="the same one twice")
    verified = []
    for data in timestamps:
        response, moment = _decode(data)
        for position, authority in enumerate(root.timestamp_authorities):
            if moment in authority.window and _holds(response, signature, authority):
                verified.append(VerifiedTime(moment, f"authority {position}"))
                break
    return verified


def time_of(timestamp: bytes) -> datetime:
    """The time in a timestamp, whoever it is by. Raises `VerificationError` for what is no timestamp."""
    return _decode(timestamp)[1]


def _decode(data: bytes) -> tuple[TimeStampResponse, datetime]:
    try:
        from rfc3161_client import decode_timestamp_response
    except ModuleNotFoundError:
        raise UsageError(
            "timestamps cannot be verified here",
            why="the rfc3161-client package is not installed",
            next_step=install("sigstore"),
        ) from None
    try:
        response = decode_timestamp_response(data)
        return response, response.tst_info.gen_time
    except ValueError as error:
        raise VerificationError(_STEP, expected="an RFC 3161 response", found=str(error)[:160]) from None


def _holds(response: TimeStampResponse, signature: bytes, authority: Authority) -> bool:
    from cryptography.x509 import InvalidVersion
    from rfc3161_client import VerificationError as TimestampError
    from rfc3161_client import VerifierBuilder

    signer, *between, anchor = authority.chain if len(authority.chain) > 1 else (None, authority.chain[0])
    builder = VerifierBuilder().add_root_certificate(anchor)
    if signer is not None:
        builder = builder.tsa_certificate(signer)
    for item in between:
        builder = builder.add_intermediate_certificate(item)
    try:
        builder.build().verify_message(response, signature)
    except (TimestampError, ValueError, InvalidVersion):  # the status, and certificates beside it, are read only here
        return False
    return True
