"""Which bundles the `sigstore` package is asked about, and which of its refusals is explained."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from attest.signing.sigstore import by_sigstore
from attest.signing.sigstore.artifact import Artifact
from attest.signing.sigstore.by_sigstore import LAST_SECOND, Judgement, is_explained, judge, knows
from attest.signing.sigstore.certificate import load
from attest.signing.sigstore.content import Content
from attest.signing.sigstore.material import Material
from attest.signing.sigstore.timestamp import time_of
from tests.signing.notation.tsa import Authority
from tests.signing.sigstore.forge import FILE, Forged, Sigstore, keyless
from tests.signing.sigstore.test_exact_timestamp import SIGNATURE, Clock, Made, root

SIGSTORE = Sigstore()
ROOT = SIGSTORE.root()


@pytest.mark.parametrize(
    ("kind", "for_a_file", "for_a_statement"),
    [
        ("hashedrekord 0.0.1", True, False),
        ("hashedrekord 0.0.2", True, True),
        ("dsse 0.0.1", False, True),
        ("dsse 0.0.2", False, False),
        ("intoto 0.0.2", False, False),
    ],
)
def test_which_entries_the_package_knows(kind: str, for_a_file: bool, for_a_statement: bool) -> None:
    for file, known in ((FILE, for_a_file), (None, for_a_statement)):
        bundle = keyless(SIGSTORE, kind=kind, file=file).bundle()
        content = Content.of(bundle, None if file is None else Artifact.of_bytes(file))
        assert knows(bundle, Material.of(bundle), content, ROOT) is known


def judged(forged: Forged) -> Judgement | None:
    bundle = forged.bundle()
    material = Material.of(bundle)
    return judge(bundle, material, Content.of(bundle, None), load(material.certificates[0]), ROOT)


@pytest.fixture
def looked_for() -> Iterator[None]:
    """Whether the package is there is found out once; here it is found out anew."""
    by_sigstore._installed.cache_clear()
    yield
    by_sigstore._installed.cache_clear()


@pytest.mark.usefixtures("looked_for")
def test_the_package_is_asked_where_it_is() -> None:
    assert judged(keyless(SIGSTORE)) == Judgement()


@pytest.mark.usefixtures("looked_for")
def test_own_steps_decide_where_it_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(by_sigstore, "find_spec", lambda _: None)
    assert judged(keyless(SIGSTORE)) is None


def test_the_last_second_of_an_authority(tmp_path: Path) -> None:
    entity = Clock("Time", 60).entity
    stamp = Made(entity, Authority(tmp_path / "one", entity, chain=False)).stamp(SIGNATURE)
    material, time = Material((), (), (stamp,)), time_of(stamp)
    last, later = root(entity.chain, end=time), root(entity.chain, end=time + timedelta(seconds=1))
    refusal = f"{LAST_SECOND.step}: 0 of 1"
    assert is_explained(Judgement(refusal), material, last) is True
    assert is_explained(Judgement(refusal), material, later) is False
    assert is_explained(Judgement(f"because: {refusal}"), material, last) is False
    assert is_explained(Judgement(), material, last) is False
    assert is_explained(Judgement(refusal), Material((), (), ()), last) is False
