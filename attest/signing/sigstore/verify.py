"""Verify Sigstore bundles: who signed, what, and when at the latest (client-spec.md §4).

A bundle with a certificate proves the identity that Fulcio saw; one with a key, that whoever has the key signed.
Neither says that the payload is a statement about anything wanted: payload type and subjects are the caller's to check.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from attest.errors import KeyFileError, VerificationError
from attest.signing.bundle import Bundle
from attest.signing.keys import PublicKey
from attest.signing.proof import Format, KeyAuthor, Proof
from attest.signing.sigstore.artifact import Artifact
from attest.signing.sigstore.by_sigstore import is_explained, judge
from attest.signing.sigstore.certificate import check_authority, load, verify_path, verify_profile
from attest.signing.sigstore.content import Content
from attest.signing.sigstore.entry_body import check_body
from attest.signing.sigstore.identity import author_of
from attest.signing.sigstore.log_entry import check_root, integrated_time, verify_entry
from attest.signing.sigstore.material import Material
from attest.signing.sigstore.sct import check_sct_times, verify_scts
from attest.signing.sigstore.timestamp import VerifiedTime, time_of, verify_timestamps
from attest.signing.sigstore.trusted_root import Log, TrustedRoot

if TYPE_CHECKING:
    from cryptography.x509 import Certificate


@dataclass(frozen=True, slots=True)
class Requirements:
    """How many distinct transparency logs must hold the signature, and how many distinct authorities or logs must
    prove a time for it."""

    log: int = 1
    timestamp: int = 1


_KEYLESS = Requirements()


def verify(
    bundle: Bundle, root: TrustedRoot, requirements: Requirements = _KEYLESS, *, artifact: Artifact | None = None
) -> Proof:
    """Verify a bundle with a certificate. ``artifact`` is what a message signature is over; a DSSE envelope needs none.

    Raises `VerificationError`; `FormatError` where the material is malformed; `UsageError` where the artifact is not
    enough.
    """
    material = Material.of(bundle)
    if not material.certificates:
        raise VerificationError(
            "verification material",
            expected="a certificate",
            found="a hint of a public key",
            next_step="name the key: --key",
        )
    content = Content.of(bundle, artifact)
    leaf = load(material.certificates[0])
    judgement = judge(bundle, material, content, leaf, root) if requirements == _KEYLESS else None
    if judgement is not None and judgement.refusal is None:
        first = _check_what_is_left(material, leaf, root)
    else:
        first = _own_steps(material, content, leaf, root, requirements)
        if judgement is not None and not is_explained(judgement, material, root):
            raise VerificationError(
                "verification by the sigstore package",
                expected="the same answer as own steps give",
                found=judgement.refusal or "",
            )
    return Proof(author_of(leaf), Format.BUNDLE, first)


def _own_steps(
    material: Material, content: Content, leaf: Certificate, root: TrustedRoot, requirements: Requirements
) -> datetime | None:
    """The whole of client-spec.md §4 for a certificate; gives the earliest verified time."""
    # 1. Log entries and times that somebody trusted vouches for (§4.2, §4.4).
    vouched = _vouched(material, content, root)
    _enough(vouched, requirements, least=1)  # without a time a certificate is not valid
    # 2. The certificate: its path at each of these times, its profile, its own log (§4.3).
    others = [load(der) for der in material.certificates[1:]]
    issuer = verify_path(leaf, others, root, [item.time for item in vouched.times])
    verify_profile(leaf)
    verify_scts(leaf, issuer, root)
    # 3. The entries are for this very content, and the signature is over it (§4.4, §4.5).
    _verify_content(material, content, _key_of(leaf), material.certificates[0])
    return vouched.first


def _check_what_is_left(material: Material, leaf: Certificate, root: TrustedRoot) -> datetime | None:
    """What `sigstore` has not looked at (`by_sigstore.DIFFERENCES`); gives the one time that it verified."""
    (entry,) = material.entries
    time = integrated_time(entry) or time_of(material.timestamps[0])
    known = root.logs.get(entry.log_id, ())
    _enough(_Vouched((entry.log_id,) if known else (), (VerifiedTime(time, "sigstore"),)), _KEYLESS, least=1)
    check_root(entry, _trusted_then(known, [time]))
    check_authority(leaf, root, time)
    check_sct_times(leaf, root)
    return time


def verify_with_key(
    bundle: Bundle,
    key: PublicKey,
    *,
    root: TrustedRoot | None,
    requirements: Requirements,
    artifact: Artifact | None = None,
) -> Proof:
    """Verify a bundle signed with a key of one's own. Without a ``root`` no log and no time is demanded or believed.

    Raises `VerificationError`; `FormatError` where the material is malformed; `UsageError` where the artifact is not
    enough.
    """
    material = Material.of(bundle)
    if material.certificates:
        raise VerificationError(
            "verification material",
            expected="a public key",
            found="a certificate",
            next_step="name the identity: --identity and --issuer",
        )
    content = Content.of(bundle, artifact)
    vouched = _Vouched((), ())
    if root is not None:
        vouched = _vouched(material, content, root)
        _enough(vouched, requirements, least=0)
    _verify_content(material, content, key, key.spki)
    return Proof(KeyAuthor(key), Format.BUNDLE, vouched.first)


@dataclass(frozen=True, slots=True)
class _Vouched:
    """Ids of the distinct logs that hold the signature, and verified times."""

    logs: tuple[bytes, ...]
    times: tuple[VerifiedTime, ...]

    @property
    def first(self) -> datetime | None:
        return min((item.time for item in self.times), default=None)


def _vouched(material: Material, content: Content, root: TrustedRoot) -> _Vouched:
    """Check the timestamps and log entries by those that ``root`` names; others prove nothing and are passed over."""
    times = verify_timestamps(material.timestamps, content.signature, root)
    stamped = [item.time for item in times]
    logs: dict[bytes, None] = {}
    for entry in material.entries:
        known = root.logs.get(entry.log_id)
        if known is None:
            continue
        moment = integrated_time(entry)
        verify_entry(entry, _trusted_then(known, stamped if moment is None else [moment]))
        logs[entry.log_id] = None
        if moment is not None:
            times.append(VerifiedTime(moment, f"log {entry.log_id.hex()}"))
    return _Vouched(tuple(logs), tuple(times))


def _trusted_then(logs: Sequence[Log], times: Sequence[datetime]) -> list[Log]:
    """The keys of the log that are trusted for these times; with no time at all, those that are trusted still."""
    trusted = [
        log for log in logs if (all(moment in log.window for moment in times) if times else log.window.end is None)
    ]
    if not trusted:
        raise VerificationError(
            "log entry: the time of its log",
            expected=" or ".join(str(log.window) for log in logs),
            found=", ".join(f"{moment:%Y-%m-%dT%H:%M:%SZ}" for moment in times) or "no verified time",
        )
    return trusted


def _enough(vouched: _Vouched, requirements: Requirements, *, least: int) -> None:
    if len(vouched.logs) < requirements.log:
        raise VerificationError(
            "log entry: how many logs hold the signature",
            expected=f"at least {requirements.log} that the trusted root names",
            found=str(len(vouched.logs)),
        )
    wanted = max(requirements.timestamp, least)
    if (found := len({item.source for item in vouched.times})) < wanted:
        raise VerificationError(
            "time: how many vouch for one",
            expected=f"at least {wanted}, a timestamp authority or a log with a promise, that the trusted root names",
            found=str(found),
        )


def _verify_content(material: Material, content: Content, key: PublicKey, signer: bytes) -> None:
    recorded = {check_body(entry, content, signer) for entry in material.entries} - {None}
    for hash_name in recorded or {None}:
        content.verify(key, hash_name)


def _key_of(leaf: Certificate) -> PublicKey:
    try:
        return PublicKey.of(leaf.public_key())
    except KeyFileError as error:
        raise VerificationError("certificate: its key", expected="a kind that is used here", found=str(error)) from None
