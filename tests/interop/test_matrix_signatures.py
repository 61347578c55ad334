"""The table in README, "Who verifies whose signatures": each cell is what is seen when the programs run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.interop.signing import KINDS, NOT_MADE, PROGRAMS, Signed, sign
from tests.interop.verifying import NO_SIGNATURE, WRONG_AUTHOR, verify
from tests.interop.workshop import Ran, Workshop
from tests.private_sigstore.stack import PrivateSigstore
from tests.stores.registry import real

pytestmark = [
    pytest.mark.slow,
    pytest.mark.peer("cosign", "ctlog", "fulcio", "notation", "olareg", "oras", "rekor-server", "tsa"),
]

README = Path(__file__).resolve().parent.parent.parent / "README.md"
YES, NO, NOT = "yes", "no", "–"


def table() -> dict[tuple[str, str, str], str]:
    """The cells of README's table by maker, kind and verifier; footnote marks are left out."""
    _, _, after = README.read_text(encoding="utf-8").partition("### Who verifies whose signatures\n")
    section, _, _ = after.partition("\n#")
    lines = [line.strip("|").split("|") for line in section.splitlines() if line.startswith("|")]
    rows = [[cell.strip(" ¹²") for cell in line] for line in lines]
    (_, _, *verifiers), _, *cells = rows
    return {(row[0], row[1], name): cell for row in cells for name, cell in zip(verifiers, row[2:], strict=True)}


CELLS = table()


class Makers:
    """Each maker signs once with each kind, when the first cell asks for it."""

    def __init__(self, shop: Workshop) -> None:
        self.shop = shop
        self._made: dict[tuple[str, str], Signed | Ran] = {}

    def __call__(self, maker: str, kind: str) -> Signed | Ran:
        if (maker, kind) not in self._made:
            self._made[maker, kind] = sign(self.shop, maker, kind)
        return self._made[maker, kind]


@pytest.fixture(scope="module")
def makers(private_sigstore: PrivateSigstore, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Makers]:
    with real.olareg(tmp_path_factory.mktemp("registry")) as host:
        shop = Workshop(tmp_path_factory.mktemp("workshop"), host, private_sigstore)
        shop.prepare()
        yield Makers(shop)


def test_the_table_has_every_cell() -> None:
    assert set(CELLS) == {(maker, kind, verifier) for maker in PROGRAMS for kind in KINDS for verifier in PROGRAMS}
    assert set(CELLS.values()) == {YES, NO, NOT}
    assert {(maker, kind) for (maker, kind, _), cell in CELLS.items() if cell == NOT} == set(NOT_MADE)


@pytest.mark.parametrize(("maker", "kind"), NOT_MADE, ids=lambda value: str(value))
def test_what_a_program_cannot_make(makers: Makers, maker: str, kind: str) -> None:
    ran = makers(maker, kind)
    assert isinstance(ran, Ran)
    assert NOT_MADE[maker, kind] in ran.said
    assert {CELLS[maker, kind, verifier] for verifier in PROGRAMS} == {NOT}


@pytest.mark.parametrize(
    ("maker", "kind", "verifier"), [cell for cell, shown in CELLS.items() if shown != NOT], ids=lambda value: str(value)
)
def test_what_a_program_makes_of_it(makers: Makers, maker: str, kind: str, verifier: str) -> None:
    signed = makers(maker, kind)
    assert isinstance(signed, Signed), signed
    right = verify(makers.shop, verifier, signed, right=True)
    assert CELLS[maker, kind, verifier] == (YES if right.code == 0 else NO), right.said
    assert "Traceback" not in right.said
    if right.code == 0:  # then somebody else's signature would not do
        wrong = verify(makers.shop, verifier, signed, right=False)
        assert wrong.code != 0
        assert WRONG_AUTHOR[verifier, kind] in wrong.said
    else:
        assert said_of(verifier, maker, kind) in right.said


def said_of(verifier: str, maker: str, kind: str) -> str:
    wanted = [(verifier, maker, kind), (verifier, "*", kind), (verifier, "*", "*")]
    return next(NO_SIGNATURE[key] for key in wanted if key in NO_SIGNATURE)
