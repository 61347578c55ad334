"""Only `attest.evidence.verify` can make a `Verified`."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import attest
from attest.evidence.binding import Binding
from attest.evidence.model import Candidate, Kind
from attest.evidence.verify import Proven, Verified
from attest.oci.descriptor import EMPTY
from attest.oci.manifest import write_image
from attest.signing.proof import CertificateAuthor, Format, Proof
from attest.statements.statement import Statement
from attest.stores.protocol import Found


def test_nobody_else_can_make_one() -> None:
    raw = b'{"_type":"https://in-toto.io/Statement/v1","subject":[{"digest":{"sha256":"%s"}}],"predicateType":"x:y"}'
    statement = Statement.parse(raw % (b"ab" * 32))
    proof = Proof(CertificateAuthor("https://issuer.example", "dev@acme.example", {}), Format.BUNDLE)
    candidate = Candidate(Found(EMPTY, ()), write_image(artifact_type="a/b", config=EMPTY, layers=[EMPTY]), None, None)
    with pytest.raises(TypeError, match="is made by attest"):
        Verified(Found(EMPTY, ()), statement, Kind.SIGNATURE, None, (), Binding.ANCHOR, proof, False, made=object())
    with pytest.raises(TypeError, match="is made by attest"):
        Proven(candidate, proof, (), statement, None, made=object())


def test_nobody_else_tries() -> None:
    source = Path(attest.__file__).parent
    makers = [
        path.relative_to(source).as_posix()
        for path in source.rglob("*.py")
        if re.search(
            r"\b(?:Verified|Proven)\(|_CHECKED\b", path.read_text(encoding="utf-8").replace("class Verified", "")
        )
    ]
    assert makers == ["evidence/verify.py"]
