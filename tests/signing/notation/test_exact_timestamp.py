"""What a timestamp token proves, and what each of its parts must be; tokens are put together by hand, part by part."""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import timedelta

import pytest

from attest import limits
from attest.errors import EnvelopeError, VerificationError
from attest.signing.notation import der, timestamp
from attest.signing.notation.timestamp import Timestamp
from tests.signing.notation import tokens
from tests.signing.notation.pki import CA, DAY, NOW, TSA, Entity, root
from tests.signing.notation.tokens import BASELINE, HASHES, Token, algorithm, integer, named, octets, oid, seq

ROOT = root("C=US,ST=WA,O=Time,CN=Root", which=20)
ISSUING = ROOT.issue("C=US,ST=WA,O=Time,CN=Issuing", CA, which=21)
LOWER = ISSUING.issue("C=US,ST=WA,O=Time,CN=Lower", CA, which=23)
CLOCK = ROOT.issue("C=US,ST=WA,O=Time,CN=Clock", TSA, which=22)
DEEP = LOWER.issue("C=US,ST=WA,O=Time,CN=Clock", TSA, which=22)
ALONE = root("C=US,ST=WA,O=Time,CN=Alone", TSA, which=24)
OTHER = root("C=US,ST=WA,O=Other,CN=Root", which=25)
GOOD = Token(CLOCK)
MILLI, MICRO = 0x80, 0x81


def verify(token: Token | bytes, *trusted: Entity, signature: bytes = b"signature") -> Timestamp:
    raw = token if isinstance(token, bytes) else token.made()
    return timestamp.verify(raw, signature, [entity.certificate for entity in trusted or (ROOT,)])


def refused(token: Token, *trusted: Entity) -> tuple[str, str, str]:
    with pytest.raises(VerificationError) as error:
        verify(token, *trusted)
    return error.value.step, error.value.expected, error.value.found


def malformed(token: Token | bytes) -> str:
    with pytest.raises(EnvelopeError) as error:
        verify(token)
    return str(error.value)


def test_what_it_proves() -> None:
    assert verify(GOOD) == Timestamp(NOW, NOW, CLOCK.chain)
    assert verify(replace(GOOD, moment=NOW - DAY / 2)).latest == NOW - DAY / 2


@pytest.mark.parametrize("imprint", ["sha256", "sha384", "sha512"])
def test_hashes_of_what_is_stamped(imprint: str) -> None:
    assert verify(replace(GOOD, imprint=imprint)).chain == CLOCK.chain
    assert refused(replace(GOOD, imprint=imprint, signature=b"another")) == (
        "timestamp",
        "a token over this signature",
        "one over something else",
    )


def test_another_hash_of_what_is_stamped() -> None:
    assert refused(replace(GOOD, imprint="sha1")) == ("timestamp", "SHA-256, -384 or -512", HASHES["sha1"])


@pytest.mark.parametrize(
    ("policy", "written", "accuracy"),
    [
        ("1.2.3", b"", timedelta()),
        ("1.2.3", seq(integer(2)), timedelta(seconds=2)),
        ("1.2.3", seq(integer(7, MILLI)), timedelta(milliseconds=7)),
        ("1.2.3", seq(integer(7, MICRO)), timedelta(microseconds=7)),
        (
            "1.2.3",
            seq(integer(1), integer(500, MILLI), integer(9, MICRO)),
            timedelta(seconds=1, milliseconds=500, microseconds=9),
        ),
        (BASELINE, b"", timedelta(seconds=1)),
        (BASELINE, seq(), timedelta(seconds=1)),
        (BASELINE, seq(integer(0)), timedelta(seconds=1)),
        (BASELINE, seq(integer(3)), timedelta(seconds=3)),
    ],
)
def test_how_exact_it_is(policy: str, written: bytes, accuracy: timedelta) -> None:
    """RFC 3628 §5.2: one second, where the baseline policy is followed and nothing else said."""
    found = verify(replace(GOOD, policy=policy, accuracy=written))
    assert (found.earliest, found.latest) == (NOW - accuracy, NOW + accuracy)


def test_whose_signature_it_is() -> None:
    for forged in (replace(GOOD, by=OTHER), replace(GOOD, by=ROOT)):
        step, expected, _ = refused(forged)
        assert (step, expected) == ("timestamp", "a token that its authority signed")


def test_up_to_which_root() -> None:
    assert verify(Token(DEEP)).chain == DEEP.chain
    assert verify(Token(DEEP), OTHER, ROOT).chain == DEEP.chain
    assert verify(Token(DEEP, carried=DEEP.chain[:-1])).chain == DEEP.chain
    assert verify(Token(DEEP, carried=[*DEEP.chain, OTHER.certificate])).chain == DEEP.chain
    assert verify(Token(ALONE), ALONE).chain == ALONE.chain


def test_where_no_chain_leads() -> None:
    for token, trusted in (
        (Token(DEEP), OTHER),
        (Token(ALONE), ROOT),
        (Token(DEEP, carried=DEEP.chain[:1]), ROOT),
        (Token(DEEP, carried=DEEP.chain[:2]), ROOT),
        (Token(DEEP, carried=[DEEP.certificate, ISSUING.certificate]), ROOT),
        (Token(DEEP), CLOCK),
    ):
        issuer = token.entity.certificate.issuer.rfc4514_string()
        assert refused(token, trusted) == ("timestamp", "a chain up to a trusted root of a tsa store", issuer)


def test_a_root_is_self_signed() -> None:
    step, expected, _ = refused(Token(DEEP), ISSUING)
    assert (step, expected.partition(",")[0]) == ("certificate chain", "a chain up to its root")


def test_the_signer_is_there_once() -> None:
    one, none = "the signer's certificate in the token", "none"
    assert refused(replace(GOOD, carried=[ROOT.certificate])) == ("timestamp", one, none)
    assert refused(replace(GOOD, carried=[DEEP.certificate, *DEEP.above])) == ("timestamp", one, none)
    assert refused(replace(GOOD, signers=2)) == ("timestamp", "one signer", "2")


def test_how_many_certificates() -> None:
    strangers = [OTHER.issue(f"C=US,O=Other,CN={number}").certificate for number in range(limits.CERTIFICATE_CHAIN)]
    assert verify(replace(GOOD, carried=[*CLOCK.chain, *strangers[2:]])).chain == CLOCK.chain
    crowded = replace(GOOD, carried=[*CLOCK.chain, *strangers[1:]])
    assert f"{limits.CERTIFICATE_CHAIN + 1} certificates: more than the limit" in malformed(crowded)


CERTIFICATE = CLOCK.certificate
SERIAL = seq(seq(), integer(7))
SHA384, SHA512 = named(CERTIFICATE, "sha384"), named(CERTIFICATE, "sha512")


NAMES = {
    "by default": named(CERTIFICATE),
    "sha256": named(CERTIFICATE, default=False),
    "sha384": SHA384,
    "sha512": SHA512,
    "with its serial number": named(CERTIFICATE, "sha256", SERIAL),
    "sha512 with its serial number": named(CERTIFICATE, "sha512", SERIAL),
    "with parameters": seq(algorithm("sha384", b"\x05\x00"), der.read(SHA384).children()[1].raw),
}


@pytest.mark.parametrize("way", NAMES)
def test_how_the_signer_is_named(way: str) -> None:
    """RFC 5035 §4: SHA-256 is not written, issuer and serial number may follow; so may policies (§3)."""
    names, more = NAMES[way], named(ROOT.certificate)
    for value in (seq(seq(names)), seq(seq(names, more)), seq(seq(names), seq(seq(oid("1.2.3"))))):
        assert verify(replace(GOOD, names=value)).chain == CLOCK.chain


def test_how_the_signer_is_not_named() -> None:
    expected = f"the hash of {CERTIFICATE.subject.rfc4514_string()} in signing-certificate-v2"
    for names, found in (
        (b"", "no such attribute"),
        (seq(seq(named(ROOT.certificate))), "that of another certificate"),
        (seq(seq(named(ROOT.certificate), named(CERTIFICATE))), "that of another certificate"),
        (seq(seq(named(CERTIFICATE, "sha1"))), "a hash of another kind"),
    ):
        assert refused(replace(GOOD, names=names)) == ("timestamp", expected, found)


@pytest.mark.parametrize(
    "names",
    [
        seq(),
        seq(seq()),
        seq(seq(seq())),
        seq(seq(seq(seq()))),
        seq(seq(seq(algorithm("sha256")))),
    ],
)
def test_names_that_cannot_be_read(names: bytes) -> None:
    """They are signed, by an authority that is trusted; and still they are refused in words."""
    assert "not a signing-certificate-v2" in malformed(replace(GOOD, names=names))


def test_names_of_another_form() -> None:
    assert "not the DER that was expected" in malformed(replace(GOOD, names=seq(seq(seq(integer(1))))))
    reversed_parts = seq(octets(b"x"), algorithm("sha256"))
    assert refused(replace(GOOD, names=seq(seq(reversed_parts))))[2] == "that of another certificate"


def test_what_is_no_token() -> None:
    kind, explicit = der.read(GOOD.made()).children()
    assert "3 elements, not 2" in malformed(seq(kind.raw, explicit.raw, b"\x05\x00"))
    assert "0 elements, not 1" in malformed(seq(kind.raw, der.encode(explicit.tag)))
    assert "not a timestamp token" in malformed(replace(GOOD, accuracy=octets(b"")))
    assert "not a timestamp token of version 1" in malformed(replace(GOOD, version=2))


@pytest.mark.parametrize("byte", [b"\x00", b"\x05", b"\x30"])
def test_a_signer_that_cannot_be_read(byte: bytes) -> None:
    """Its issuer is a name in which something is no text."""
    raw, name = GOOD.made(), CERTIFICATE.issuer.public_bytes()
    place = raw.rindex(name)  # the same name stands in the certificates before it
    for wrong in (name.replace(b"\x0c", byte, 1), name[:-1] + b"\xff"):
        assert "timestamp: not a timestamp token" in malformed(raw[:place] + wrong + raw[place + len(name) :])


def test_without_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rfc3161_client", None)
    assert "timestamps cannot be read here: rfc3161-client is not installed" in malformed(GOOD)


def test_certificates_in_any_order() -> None:
    """OpenSSL writes them as they come."""
    parts = der.read(GOOD.signed_data()).children()
    carried = [item.raw for item in parts[3].children()]
    for order in (carried, carried[::-1]):
        data = seq(*(part.raw for part in parts[:3]), der.encode(tokens.IMPLICIT[0], *order), parts[4].raw)
        kind, _ = der.read(GOOD.made()).children()
        assert verify(seq(kind.raw, der.encode(tokens.IMPLICIT[0], data))).chain == CLOCK.chain
