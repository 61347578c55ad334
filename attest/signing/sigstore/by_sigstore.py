"""What the `sigstore` package can verify is verified by it; this module says what that is, and where the two differ.

The package knows one form of each thing: one log entry, one source of time, a P-256 key, a certificate. For everything
else, and for the words of a refusal, there are own steps (`attest.signing.sigstore.verify`). Both have to come to the
same answer; `DIFFERENCES` is the whole list of exceptions, and the tests hold the two against each other by it.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from attest.signing.bundle import Bundle
from attest.signing.sigstore.content import Content
from attest.signing.sigstore.material import Material
from attest.signing.sigstore.trusted_root import CLASSIC_MEDIA_TYPE, TrustedRoot

if TYPE_CHECKING:
    from cryptography.x509 import Certificate
    from sigstore.verify import Verifier


@dataclass(frozen=True, slots=True)
class Difference:
    """Where one accepts what the other refuses: ``step`` is how the refusal begins, ``why`` the reason."""

    accepted_by: str
    step: str
    why: str


LAST_SECOND: Final = Difference(
    "attest",
    "not enough sources of verified time",
    "A `TimeRange` is closed at both ends (sigstore_common.proto), so a timestamp of the last second holds; the "
    "package takes the end of a timestamp authority to be outside.",
)
DIFFERENCES: Final = (
    LAST_SECOND,
    Difference(
        "attest",
        "failed to load bundle",
        "protojson reads base64 with and without padding, int64 as text and as number, and what is left out as zero; "
        "the package reads one spelling. Members that nobody knows yet are passed over; it refuses them.",
    ),
    Difference(
        "sigstore",
        "log entry: the time of its log",
        "A log's key counts within its `validFor` only; the package verifies with keys of any time.",
    ),
    Difference(
        "sigstore",
        "log entry: how many logs hold the signature",
        "An entry is of the log that it names; the package tries all keys for a name that it does not know.",
    ),
    Difference(
        "sigstore",
        "log entry: the checkpoint's signer",
        "A signed note's signature is by name and key (C2SP signed-note); the package compares keys only.",
    ),
    Difference(
        "sigstore",
        "log entry: the checkpoint's tree",
        "A checkpoint is over the size of the tree as well (C2SP tlog-checkpoint); the package compares roots only.",
    ),
    Difference(
        "sigstore",
        "checkpoint: ",
        "Every line below the blank one is a signature; the package skips those that are none.",
    ),
    Difference(
        "sigstore",
        "certificate: the time of its authority",
        "An authority is trusted within its `validFor` only; the package takes its certificates at any time.",
    ),
    Difference(
        "sigstore",
        "certificate: which log of certificates has seen it",
        "So is a log of certificates, and one that the trusted root does not name has no key to be tried.",
    ),
    Difference(
        "sigstore",
        "identity: ",
        "A certificate names one identity and one issuer; the package leaves that to its caller's policy.",
    ),
    Difference(
        "sigstore",
        "signature: the digest beside it",
        "The digest is one by the hash that it names; the package compares the bytes alone.",
    ),
    Difference(
        "sigstore",
        "bundle",
        "JSON is read strictly: no key twice, base64 without line breaks or bits left over, one kind of material and "
        "of content, and no more than the limits.",
    ),
    Difference(
        "sigstore",
        "entry body",
        "So is the JSON in a log entry's body, where only what is compared has to be there.",
    ),
)


@dataclass(frozen=True, slots=True)
class Judgement:
    """``refusal`` is what the package says against the bundle; None if it holds."""

    refusal: str | None = None


def judge(
    bundle: Bundle, material: Material, content: Content, leaf: Certificate, root: TrustedRoot
) -> Judgement | None:
    """What the package says; None where it cannot verify a bundle of this form, or is not installed."""
    if not knows(bundle, material, content, root) or not _has_p256_key(leaf) or not _installed():
        return None
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.x509 import ExtensionNotFound
    from sigstore.errors import Error, VerificationError
    from sigstore.models import Bundle as SigstoreBundle
    from sigstore.models import InvalidBundle

    verifier = _verifier(root.raw)
    if verifier is None:
        return None
    try:
        theirs = SigstoreBundle.from_json(bundle.raw)
        if content.envelope is not None:
            verifier.verify_dsse(theirs, _AnyIdentity())
        else:
            verifier.verify_artifact(_hashed(content.artifact.digest("sha256") or b""), theirs, _AnyIdentity())
    except InvalidBundle:
        return None  # not read; own steps say what is wrong, if anything is
    except VerificationError as error:
        return Judgement(str(error) or "no reason given")
    except (Error, ValueError, TypeError, ExtensionNotFound, UnsupportedAlgorithm) as error:
        return Judgement(f"{type(error).__name__}: {error}")
    return Judgement()


def is_explained(judgement: Judgement, material: Material, root: TrustedRoot) -> bool:
    """Whether own steps may accept what the package refused."""
    if judgement.refusal is None or not judgement.refusal.startswith(LAST_SECOND.step):
        return False
    from rfc3161_client import decode_timestamp_response

    times = [decode_timestamp_response(data).tst_info.gen_time for data in material.timestamps]
    return any(authority.window.end in times for authority in root.timestamp_authorities)


def knows(bundle: Bundle, material: Material, content: Content, root: TrustedRoot) -> bool:
    """Whether the package has a word for every part of the bundle."""
    if root.media_type != CLASSIC_MEDIA_TYPE or len(material.entries) != 1:
        return False
    (entry,) = material.entries
    signed_time = entry.promise is not None and entry.integrated_time > 0
    return (
        (entry.kind, entry.version, content.envelope is None) in _KINDS
        and entry.proof is not None
        and (entry.promise is None or signed_time)
        and signed_time + len(material.timestamps) == 1
        and ("certificate" in bundle.material) == (bundle.version == "0.3")
        and (
            content.artifact.digest("sha256") is not None
            if content.envelope is None
            else content.envelope.payload_type.isascii()  # of others it counts characters where DSSE counts bytes
        )
    )


_KINDS: Final = frozenset(
    {
        ("hashedrekord", "0.0.1", True),
        ("hashedrekord", "0.0.2", True),
        ("hashedrekord", "0.0.2", False),
        ("dsse", "0.0.1", False),
    }
)
"""Kind, version, whether it is for a file."""


def _has_p256_key(leaf: Certificate) -> bool:
    from cryptography.hazmat.primitives.asymmetric import ec

    key = leaf.public_key()
    return isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1)


@cache
def _installed() -> bool:
    return find_spec("sigstore") is not None


@lru_cache(maxsize=8)
def _verifier(root: bytes) -> Verifier | None:
    """One verifier a trusted root. The package reads roots from files only, and makes its keys anew for each bundle."""
    from sigstore.errors import Error
    from sigstore.models import TrustedRoot as SigstoreRoot
    from sigstore.verify import Verifier

    class Root(SigstoreRoot):
        """Keeps what it has read."""

        @cache  # noqa: B019 - lives as long as the verifier
        def rekor_keyring(self, purpose: Any) -> Any:
            return super().rekor_keyring(purpose)

        @cache  # noqa: B019
        def ct_keyring(self, purpose: Any) -> Any:
            return super().ct_keyring(purpose)

        @cache  # noqa: B019
        def get_timestamp_authorities(self) -> Any:
            return super().get_timestamp_authorities()

    with tempfile.TemporaryDirectory(prefix="attest-") as folder:
        path = Path(folder) / "trusted_root.json"
        path.write_bytes(root)
        try:
            return Verifier(trusted_root=Root.from_file(str(path)))
        except (Error, ValueError):
            return None


class _AnyIdentity:
    """A `VerificationPolicy`: whose the certificate is, is for the caller to judge."""

    def verify(self, cert: Certificate) -> None:
        """Accept it."""


def _hashed(digest: bytes) -> Any:
    from sigstore.hashes import Hashed

    return Hashed.model_validate({"algorithm": "SHA2_256", "digest": digest})
