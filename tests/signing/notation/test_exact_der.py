"""DER: every form of a length, and what is refused at each byte."""

from __future__ import annotations

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.x509.oid import NameOID, ObjectIdentifier
from hypothesis import given
from hypothesis import strategies as st

from attest.errors import EnvelopeError, UsageError
from attest.signing.notation import der
from attest.signing.notation.distinguished_name import DistinguishedName, ExactName, subject_attributes
from tests.signing.notation.pki import root


@pytest.mark.parametrize(
    ("size", "head"),
    [
        (0, "0400"),
        (1, "0401"),
        (0x7F, "047f"),
        (0x80, "048180"),
        (0xFF, "0481ff"),
        (0x100, "04820100"),
        (0xFFFF, "0482ffff"),
        (0x10000, "0483010000"),
    ],
)
def test_lengths(size: int, head: str) -> None:
    """X.690 §8.1.3, §10.1: the fewest bytes."""
    raw = der.encode(der.OCTET_STRING, b"x" * size)
    assert raw[: len(raw) - size].hex() == head
    assert der.read(raw) == der.Element(der.OCTET_STRING, b"x" * size, raw)


def test_a_length_of_four_bytes() -> None:
    """Longer than it needs to be, but clear."""
    assert der.read(bytes.fromhex("048100")).content == b""
    assert der.read(bytes.fromhex("0484000000017a")).content == b"z"


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        ("", "0 elements, not one"),
        ("04", "it ends in the middle, or has a long tag"),
        ("0401", "it ends in the middle"),
        ("040178" + "04", "it ends in the middle, or has a long tag"),
        ("040178" + "0500", "2 elements, not one"),
        ("1f0100", "it ends in the middle, or has a long tag"),
        ("bf0100", "it ends in the middle, or has a long tag"),
        ("0480", "a length that is not definite"),
        ("04800000", "a length that is not definite"),
        ("0485000000000178", "a length that is not definite"),
        ("0482", "a length that is not definite"),
        ("048200", "a length that is not definite"),
        ("04820002" + "78", "it ends in the middle"),
    ],
)
def test_what_is_refused(raw: str, why: str) -> None:
    with pytest.raises(EnvelopeError, match="not DER") as refused:
        der.read(bytes.fromhex(raw))
    assert refused.value.why == why


def test_a_tag_of_one_byte() -> None:
    assert der.read(bytes.fromhex("1e0178")).tag == 0x1E
    assert der.read(bytes.fromhex("300178")).expect(der.SEQUENCE).content == b"x"
    with pytest.raises(EnvelopeError, match="not the DER that was expected"):
        der.read(bytes.fromhex("310178")).expect(der.SEQUENCE)


@given(st.lists(st.tuples(st.sampled_from([der.SEQUENCE, der.SET, der.OCTET_STRING]), st.binary(max_size=300))))
def test_what_is_written_is_read(parts: list[tuple[int, bytes]]) -> None:
    encoded = [der.encode(tag, content) for tag, content in parts]
    children = der.read(der.encode(der.SEQUENCE, *encoded)).children()
    assert [(child.tag, child.content, child.raw) for child in children] == [
        (tag, content, raw) for (tag, content), raw in zip(parts, encoded, strict=True)
    ]


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("Acme", "Acme"),
        (" ", "\\ "),
        ("  ", "\\ \\ "),
        ("a ", "a\\ "),
        (" a", "\\ a"),
        ("a  ", "a \\ "),
        ("#a", "\\#a"),
        ("a#", "a#"),
        ('",+;<>\\', '\\"\\,\\+\\;\\<\\>\\\\'),
        ("\0", "\\00"),
    ],
)
def test_how_a_value_is_written(value: str, written: str) -> None:
    """RFC 4514 §2.4."""
    assert str(DistinguishedName((("O", value),))) == f"O={written}"
    assert DistinguishedName.parse(f"C=US,ST=WA,O={written}").attributes[2] == ("O", value)


def test_where_a_name_is_wrong() -> None:
    for text, why in (("", "expected TYPE=VALUE at character 1"), ("C=US,x", "expected TYPE=VALUE at character 6")):
        with pytest.raises(UsageError) as refused:
            DistinguishedName.parse(text)
        assert refused.value.why == why


def test_an_exact_name_is_all_of_a_subject() -> None:
    written = (("C", "US"), ("O", "Acme"))
    plain, exact = DistinguishedName(written), ExactName(written)
    for subject, part, whole in (
        (written, True, True),
        (written[::-1], True, True),
        ((*written, ("CN", "x")), True, False),
        (written[:1], False, False),
        ((("C", "US"), ("O", "Else")), False, False),
        ((*written, ("O", "Acme")), False, False),
    ):
        assert (plain.matches(subject), exact.matches(subject)) == (part, whole)


def test_a_value_that_is_no_text() -> None:
    """A bit string, which no public name of `cryptography` makes: so the bytes of a certificate are changed."""
    written = root("C=US,ST=WA,O=ab").certificate.public_bytes(serialization.Encoding.DER)
    changed = written.replace(b"\x55\x04\x0a\x0c\x02ab", b"\x55\x04\x2d\x03\x02\x01\xfe")
    subject = x509.load_der_x509_certificate(changed).subject
    assert subject_attributes(subject)[-1] == ("2.5.4.45", "01fe")


@given(st.text(st.sampled_from(' #,+;<>\\"=aé\0'), min_size=1, max_size=4))
def test_a_name_is_read_as_it_is_written(value: str) -> None:
    name = DistinguishedName((("C", "US"), ("ST", "WA"), ("O", value)))
    assert DistinguishedName.parse(str(name)) == name


def test_the_short_names_of_attributes() -> None:
    """RFC 4514 §3, and two more that notation prints."""
    known = {
        NameOID.COMMON_NAME: "CN",
        NameOID.SERIAL_NUMBER: "SERIALNUMBER",
        NameOID.COUNTRY_NAME: "C",
        NameOID.LOCALITY_NAME: "L",
        NameOID.STATE_OR_PROVINCE_NAME: "ST",
        NameOID.STREET_ADDRESS: "STREET",
        NameOID.ORGANIZATION_NAME: "O",
        NameOID.ORGANIZATIONAL_UNIT_NAME: "OU",
        NameOID.POSTAL_CODE: "POSTALCODE",
        NameOID.USER_ID: "UID",
        NameOID.DOMAIN_COMPONENT: "DC",
        NameOID.EMAIL_ADDRESS: "1.2.840.113549.1.9.1",
        ObjectIdentifier("1.2.3"): "1.2.3",
    }
    attributes = subject_attributes(x509.Name([x509.NameAttribute(oid, "US") for oid in known]))
    assert attributes == tuple((name, "US") for name in known.values())


@pytest.mark.parametrize(
    ("one", "other", "both"),
    [
        ("C=US,ST=WA,O=Acme", "C=US,ST=WA,O=Acme", True),
        ("C=US,ST=WA,O=Acme", "C=US,ST=WA,O=Acme,CN=x", True),
        ("C=US,ST=WA,O=Acme,CN=x", "C=US,ST=WA,O=Acme", True),
        ("C=US,ST=WA,O=Acme,CN=x", "C=US,ST=WA,O=Acme,OU=x", False),
    ],
)
def test_names_that_overlap(one: str, other: str, both: bool) -> None:
    assert DistinguishedName.parse(one).overlaps(DistinguishedName.parse(other)) is both
