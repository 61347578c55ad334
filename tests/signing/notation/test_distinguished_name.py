"""Distinguished names: read as RFC 4514 has them, compared as values, whatever they look like."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attest.errors import UsageError
from attest.signing.notation.distinguished_name import DistinguishedName, subject_attributes
from tests.signing.notation.pki import name

ACME = (("C", "US"), ("ST", "WA"), ("O", "Acme"))


def read(text: str) -> dict[str, str]:
    return dict(DistinguishedName.parse(f"C=US,ST=WA,{text}").attributes)


@pytest.mark.parametrize(
    "text",
    [
        "C=US,ST=WA,O=Acme",
        "C=US, ST=WA, O=Acme",
        "  C = US ;  ST =  WA ,O=Acme  ",
        "C=US,S=WA,O=Acme",
        "C=\\55\\53,ST=WA,O=\\41cme",
    ],
)
def test_one_name_in_many_spellings(text: str) -> None:
    assert DistinguishedName.parse(text).attributes == ACME


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("O=a\\,b", "a,b"),
        ("O=a\\;b", "a;b"),
        ("O=a\\+b", "a+b"),
        ("O=a\\\\b", "a\\b"),
        ('O=a\\"b', 'a"b'),
        ("O=\\#a", "#a"),
        ("O=a=b", "a=b"),
        ("O=a\\=b", "a=b"),
        ("O=\\ a\\ ", " a "),
        ("O= a b ", "a b"),
        ("O=a\\2Cb", "a,b"),
        ("O=\\C3\\A9", "é"),
        ("O=é", "é"),
        ("O=a\\  ", "a "),
    ],
)
def test_escapes(written: str, meant: str) -> None:
    assert read(written)["O"] == meant


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "expected TYPE=VALUE"),
        ("C=US", "ST, O is missing"),
        ("C=US,ST=WA,O=", "O has no value"),
        ("C=US,ST=WA,O=   ", "O has no value"),
        ("C=US,ST=WA,O=a,O=b", "O stands twice"),
        ("C=US,ST=WA,S=WA,O=a", "ST stands twice"),
        ("C=US,ST=WA,O=a+OU=b", "joined by"),
        ("C=US,ST=WA,O=#1303", "values in hex"),
        ("C=US,ST=WA,O=a\\", "a backslash must escape"),
        ("C=US,ST=WA,O=a\\zz", "a backslash must escape"),
        ("C=US,ST=WA,O=a\\FF", "not UTF-8"),
        ('C=US,ST=WA,O="a"', "must be escaped"),
        ("C=US,ST=WA,O=a<b", "must be escaped"),
        ("C=US,ST=WA,O=a\0b", "must be escaped"),
        ("C=US,ST=WA,O=a,", "expected TYPE=VALUE at character"),
        ("C=US,,ST=WA,O=a", "expected TYPE=VALUE at character 6"),
        ("c=US,st=WA,o=a", "C, ST, O is missing"),
        ("C=US,ST=WA,O=a,=b", "expected TYPE=VALUE"),
        ("*", "expected TYPE=VALUE"),
    ],
)
def test_what_is_no_name(text: str, why: str) -> None:
    with pytest.raises(UsageError, match=why):
        DistinguishedName.parse(text)


TEXT = st.text(st.characters(blacklist_categories=["Cs"]), min_size=1, max_size=12).filter(lambda text: text.strip())


@given(st.lists(TEXT, min_size=3, max_size=3), TEXT)
def test_what_is_printed_is_read_again(values: list[str], unit: str) -> None:
    written = DistinguishedName((*zip(("C", "ST", "O"), values, strict=True), ("OU", unit)))
    assert DistinguishedName.parse(str(written)) == written


@given(TEXT, TEXT)
def test_only_the_same_value_matches(mine: str, theirs: str) -> None:
    wanted = DistinguishedName((("C", "US"), ("ST", "WA"), ("O", mine)))
    assert wanted.matches((("O", theirs), ("C", "US"), ("ST", "WA"), ("CN", mine))) == (mine == theirs)


@pytest.mark.parametrize(
    ("subject", "matches"),
    [
        ("C=US,ST=WA,O=Acme", True),
        ("O=Acme,CN=x,ST=WA,C=US", True),
        ("C=US,ST=WA,O=Acme+CN=x", True),
        ("C=US,ST=WA,O=Acme,E=a@b.example", True),
        ("C=US,ST=WA,O=Acme,O=Evil", False),
        ("C=US,ST=WA,O=Evil,O=Acme", False),
        ("C=US,ST=WA,O=Evil,OU=Acme", False),
        ("C=US,ST=WA,O=acme", False),
        ("C=US,ST=WA,O=Acmе", False),  # a Cyrillic letter
        ("C=US,ST=WA,O=Acme ", False),
        ("C=US,ST=WA,CN=O=Acme", False),
        ("C=US,O=Acme", False),
    ],
)
def test_subjects(subject: str, matches: bool) -> None:
    assert DistinguishedName(ACME).matches(subject_attributes(name(subject))) == matches


def test_overlaps() -> None:
    acme, unit = DistinguishedName(ACME), DistinguishedName((*ACME, ("OU", "x")))
    assert acme.overlaps(unit)
    assert unit.overlaps(acme)
    assert not unit.overlaps(DistinguishedName((*ACME, ("OU", "y"))))
