"""What goes wrong between a signer and the services of a deployment, in the words of `attest.errors`.

The clients in `sigstore` raise classes that are not part of its interface, so they are told by the package they are of.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from attest.errors import AttestError, StoreUnavailable, TrustError, UsageError
from attest.oci import strict_json
from attest.signing.sigstore.deployment import Deployment
from attest.signing.sigstore.identity_token import Identity


@contextmanager
def getting_a_certificate(identity: Identity, deployment: Deployment) -> Iterator[None]:
    """Inside, Fulcio is asked. Raises `UsageError` if it refuses ``identity``, `TrustError` if its certificate is not
    in the log of certificates, `StoreUnavailable` if it does not answer."""
    from sigstore.errors import VerificationError

    try:
        yield
    except VerificationError as error:
        raise TrustError(
            "the certificate is not one of this deployment", where=deployment.name, why=str(error)
        ) from None
    except Exception as error:
        if not _is_of_a_service(error):
            raise
        status, said = _answer(error)
        if status is not None and 400 <= status < 500:
            raise UsageError(
                f"Fulcio refuses the identity {identity}",
                where=deployment.name,
                why=said,
                next_step="get a token from an issuer that this deployment knows",
            ) from None
        raise _unavailable("Fulcio gave no certificate", deployment, said) from None


@contextmanager
def logging_a_signature(deployment: Deployment) -> Iterator[None]:
    """Inside, a timestamp is asked for and an entry is logged. Raises `StoreUnavailable`.

    A timestamp authority that does not answer is only a warning of `sigstore` until the bundle turns out incomplete.
    """
    from sigstore.errors import Error

    logger, heard = logging.getLogger("sigstore"), _Heard()
    logger.addHandler(heard)
    try:
        yield
    except Error as error:
        why = "; ".join(heard.warnings) or str(error)
        raise _unavailable("the signature cannot be completed", deployment, why) from None
    except Exception as error:
        if not _is_of_a_service(error):
            raise
        raise _unavailable("Rekor did not log the signature", deployment, _answer(error)[1]) from None
    finally:
        logger.removeHandler(heard)


class _Heard(logging.Handler):
    """Keeps warnings instead of printing them."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.warnings: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.warnings.append(record.getMessage())


def _is_of_a_service(error: Exception) -> bool:
    """No connection, an answer that says no, or one that cannot be read."""
    return isinstance(error, OSError | ValueError) or type(error).__module__.partition(".")[0] == "sigstore"


def _answer(error: Exception) -> tuple[int | None, str]:
    """The HTTP status if there was an answer, and what it said."""
    response = getattr(error.__cause__ or error.__context__, "response", None)
    if response is None:
        return None, str(error)
    try:
        message = strict_json.read_object(response.content, where="answer", limit=1 << 16).get("message")
    except AttestError:
        message = None
    return response.status_code, f"HTTP {response.status_code}" + (f", {message}" if message else "")


def _unavailable(what: str, deployment: Deployment, why: str) -> StoreUnavailable:
    return StoreUnavailable(what, where=deployment.name, why=why, next_step="run it again; what was stored stays")
