"""What a JWS may not be, member by member; what it is: `test_exact_envelope`."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest

from attest import limits
from attest.errors import FormatError
from attest.signing.notation import jws
from attest.signing.notation.algorithms import ALGORITHMS
from attest.signing.notation.envelope import AGENT, SCHEME, TIMESTAMP, Attributes, Scheme
from tests.signing.notation.pki import NOW

ATTRIBUTES = Attributes("text/x", Scheme.X509, NOW)
PROTECTED = jws.protect(ATTRIBUTES, ALGORITHMS[0])
GOOD = jws.write(PROTECTED, b"payload", b"signature", [b"leaf"], agent="a", timestamp=None)
Change = Callable[[dict[str, Any]], None]


def refused(change: Change) -> str:
    value = json.loads(GOOD)
    change(value)
    with pytest.raises(FormatError) as error:
        jws.read(json.dumps(value).encode())
    return str(error.value)


def header(**members: Any) -> Change:
    return lambda value: value["header"].update(members)


def protected(**members: Any) -> Change:
    def change(value: dict[str, Any]) -> None:
        known = json.loads(base64.urlsafe_b64decode(PROTECTED + "==")) | members
        value["protected"] = base64.urlsafe_b64encode(json.dumps(known).encode()).rstrip(b"=").decode()

    return change


def put(**members: Any) -> Change:
    return lambda value: value.update(members)


LONG = ["bGVhZg=="] * (limits.CERTIFICATE_CHAIN + 1)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (put(more=1, extra=1), "a member that a flattened JWS does not have: extra"),
        (put(payload=None), "expected a string"),
        (put(header=[]), "expected an object"),
        (put(protected="W10"), "not a JSON object"),
        (put(payload="a_-b*"), "not base64url: "),
        (put(payload="YQ=="), "not base64url: "),
        (put(signature="YR"), "not base64url: padding, or bits left over at the end"),
        (put(signature="Y"), "not base64url: "),
        (protected(alg="none"), "protected header.alg: not an algorithm that may sign: none"),
        (protected(alg="x" * 100), f"not an algorithm that may sign: {'x' * 80}"),
        (protected(alg=None), "not an algorithm that may sign"),
        (protected(alg=["PS256"]), "not an algorithm that may sign"),
        (protected(crit=None), "no list of critical attributes"),
        (protected(crit=[SCHEME, "alg"]), "a critical attribute is not there: alg"),
        (protected(crit=[SCHEME, "cty"]), "a critical attribute is not there: cty"),
        (protected(crit=[SCHEME, "crit"]), "a critical attribute is not there: crit"),
        (header(alg="PS256"), "alg stands in the unsigned header"),
        (header(**{SCHEME: "notary.x509"}), f"{SCHEME} stands in the unsigned header"),
        (header(x5c=None), "header.x5c: no certificate chain"),
        (header(x5c="bGVhZg=="), "header.x5c: no certificate chain"),
        (header(x5c=[]), "header.x5c: 0 certificates"),
        (header(x5c=LONG), f"header.x5c: {len(LONG)} certificates"),
        (header(x5c=[1]), "header.x5c: a certificate is not a text"),
        (header(x5c=["bGVhZg==", None]), "header.x5c: a certificate is not a text"),
        (header(x5c=["bGVhZg"]), "header.x5c: not base64: "),
        (header(x5c=["bGVhZh=="]), "header.x5c: not base64: bits are left over at the end"),
        (header(**{TIMESTAMP: 1}), "expected a string"),
        (header(**{TIMESTAMP: "_w=="}), "not base64: "),
        (header(**{AGENT: 1}), "string"),
    ],
)
def test_what_is_refused(change: Change, says: str) -> None:
    assert says in refused(change)


@pytest.mark.parametrize(
    "change", [header(x5c=["bG*VhZg=="]), header(x5c=["bGVhZg==\n"]), header(x5c=["bGVh Zg=="]), put(payload="bGVh*")]
)
def test_nothing_is_passed_over(change: Change) -> None:
    """Characters that are no base64 are named as such, not skipped."""
    told = refused(change)
    assert "not base64" in told
    assert "left over" not in told


def test_what_is_read() -> None:
    found = jws.read(GOOD)
    assert (found.timestamp, found.agent, found.attributes) == (None, "a", ATTRIBUTES)
    assert found.message == f"{PROTECTED}.{base64.urlsafe_b64encode(b'payload').rstrip(b'=').decode()}".encode()
