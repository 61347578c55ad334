"""What is said of a signer's service that does not do what it is asked."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest
import requests
from sigstore.errors import Error, VerificationError

from attest.errors import AttestError, StoreUnavailable, TrustError, UsageError
from attest.signing.sigstore.deployment import Deployment
from attest.signing.sigstore.failures import getting_a_certificate, logging_a_signature
from attest.signing.sigstore.identity_token import Identity
from tests.private_sigstore.issuer import Issuer


class FulcioClientError(Exception):
    """The clients' own classes are private: what tells them is the package that they are of."""

    __module__ = "sigstore.fulcio"


class RekorClientError(Exception):
    __module__ = "sigstore.rekor"


DEPLOYMENT = Deployment("private", public=False, document=b"{}")
AGAIN = "run it again; what was stored stays"
LARGEST = 1 << 16


@pytest.fixture(scope="module")
def identity() -> Iterator[Identity]:
    issuer = Issuer()
    yield Identity.of(issuer.token("alice@example.test", iss="https://people.example"), where="test")
    issuer.close()


def answered(status: int, content: bytes) -> requests.HTTPError:
    response = requests.Response()
    response.status_code, response._content = status, content
    return requests.HTTPError(response=response)


def of_fulcio(status: int, content: bytes = b'{"message": "who?"}') -> Exception:
    """As its client says it: the answer is the cause."""
    try:
        raise FulcioClientError from answered(status, content)
    except FulcioClientError as error:
        return error


def of_rekor(status: int, content: bytes) -> Exception:
    """As its client says it: the answer was handled when it was raised."""
    try:
        try:
            raise answered(status, content)
        except requests.HTTPError as error:
            raise RekorClientError(error)  # noqa: B904 - as it does
    except RekorClientError as error:
        return error


def certifying(identity: Identity, error: Exception) -> AttestError:
    with pytest.raises(AttestError) as caught, getting_a_certificate(identity, DEPLOYMENT):
        raise error
    assert caught.value.where == "private"
    return caught.value


def signing(error: Exception, *warnings: str) -> AttestError:
    def sign() -> None:
        for warning in warnings:
            logging.getLogger("sigstore.sign").warning(warning)
        logging.getLogger("sigstore.sign").info("nothing to worry about")
        raise error

    with pytest.raises(AttestError) as caught, logging_a_signature(DEPLOYMENT):
        sign()
    assert isinstance(caught.value, StoreUnavailable)
    assert (caught.value.where, caught.value.next_step) == ("private", AGAIN)
    return caught.value


@pytest.mark.parametrize("status", [400, 401, 403, 499])
def test_an_identity_that_is_refused(identity: Identity, status: int) -> None:
    said = certifying(identity, of_fulcio(status))
    assert isinstance(said, UsageError)
    assert said.what == "Fulcio refuses the identity alice@example.test (https://people.example)"
    assert said.why == f"HTTP {status}, who?"
    assert said.next_step == "get a token from an issuer that this deployment knows"


@pytest.mark.parametrize("status", [399, 500, 503])
def test_a_service_that_has_no_certificate(identity: Identity, status: int) -> None:
    said = certifying(identity, of_fulcio(status))
    assert isinstance(said, StoreUnavailable)
    assert (said.what, said.why, said.next_step) == ("Fulcio gave no certificate", f"HTTP {status}, who?", AGAIN)


@pytest.mark.parametrize(
    "error",
    [
        FulcioClientError("the chain is too short"),
        OSError("the chain is too short"),
        requests.ConnectionError("the chain is too short"),
        TimeoutError("the chain is too short"),
        ValueError("the chain is too short"),
    ],
)
def test_a_service_that_did_not_answer(identity: Identity, error: Exception) -> None:
    said = certifying(identity, error)
    assert isinstance(said, StoreUnavailable)
    assert (said.what, said.why) == ("Fulcio gave no certificate", "the chain is too short")
    said = signing(error)
    assert (said.what, said.why) == ("Rekor did not log the signature", "the chain is too short")


def test_a_certificate_of_another_deployment(identity: Identity) -> None:
    said = certifying(identity, VerificationError("not in the log"))
    assert isinstance(said, TrustError)
    assert (said.what, said.why) == ("the certificate is not one of this deployment", "not in the log")


class OwnError(Exception):
    """Of no service."""


def test_what_is_nobody_s_service_is_not_blamed_on_one(identity: Identity) -> None:
    for error in (OwnError("ours"), KeyError("ours"), RuntimeError("ours")):
        with pytest.raises(type(error), match="ours"), getting_a_certificate(identity, DEPLOYMENT):
            raise error
        with pytest.raises(type(error), match="ours"), logging_a_signature(DEPLOYMENT):
            raise error


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b'{"code": 5, "message": "no such log"}', "HTTP 404, no such log"),
        (b'{"code": 5}', "HTTP 404"),
        (b'{"message": ""}', "HTTP 404"),
        (b"[]", "HTTP 404"),
        (b"<html>", "HTTP 404"),
        (b"", "HTTP 404"),
        (json.dumps({"message": "x"}).encode().ljust(LARGEST), "HTTP 404, x"),
        (json.dumps({"message": "x"}).encode().ljust(LARGEST + 1), "HTTP 404"),
    ],
    ids=range(8),
)
def test_what_a_log_says(content: bytes, why: str) -> None:
    said = signing(of_rekor(404, content))
    assert (said.what, said.why) == ("Rekor did not log the signature", why)
    assert signing(of_fulcio(404, content)).why == why


def test_warnings_are_why_a_signature_is_not_complete(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "sigstore")
    before = list(logging.getLogger("sigstore").handlers)
    said = signing(Error("no time"), "no answer from one", "no answer from another")
    assert (said.what, said.why) == (
        "the signature cannot be completed",
        "no answer from one; no answer from another",
    )
    assert signing(Error("no time")).why == "no time"
    assert logging.getLogger("sigstore").handlers == before


def test_nothing_is_said_where_nothing_is_wrong(identity: Identity) -> None:
    with getting_a_certificate(identity, DEPLOYMENT), logging_a_signature(DEPLOYMENT):
        logging.getLogger("sigstore").warning("it took long")
    assert not [handler for handler in logging.getLogger("sigstore").handlers if type(handler).__name__ == "_Heard"]
