"""Expressions over several pieces of evidence: of two runs, without a value, or without an end."""

from __future__ import annotations

from attest import limits, names
from attest.evidence.model import Subject
from tests.hostile.case import Case, admitted, denied, doubtful
from tests.hostile.documents import bom, provenance
from tests.hostile.formats import keyless, run
from tests.hostile.making import Json, Piece, Referrer, by
from tests.signing.sigstore.forge import fulcio, utf8_string

V1, CYCLONEDX = names.PREDICATE_SLSA_V1, names.PREDICATE_CYCLONEDX
RUN = 21
"""Fulcio's extension for the address of a run."""


def _address(number: int) -> str:
    return f"https://github.com/acme/app/actions/runs/{number}/attempts/1"


def _by_run(number: int | None, kind: str, predicate: Json | None = None) -> Piece:
    """A statement by that run; an SBOM of the package itself where no predicate is given."""
    more = () if number is None else (fulcio(RUN, utf8_string(_address(number))),)

    def make(subject: Subject) -> Referrer:
        said = bom(subject) if predicate is None else predicate
        return keyless(kind, said, identity=(*run(), *more), key=f"run {number}")(subject)

    return make


def _sbom(note: str = "") -> Piece:
    return lambda subject: by("release", CYCLONEDX, bom(subject), note=note)(subject)


def cases() -> list[Case]:
    held = {"built": "provenance-verified", "sbom": "sbom-verified"}
    many = range(int(limits.EXPRESSION_TRIES**0.5) + 1)
    when = provenance(build_type="2027-01-01T00:00:00Z")
    return [
        admitted(
            "of-one-run",
            "same-run",
            _by_run(7, V1, provenance()),
            _by_run(7, CYCLONEDX),
            findings=held | {"same-run": "check-holds"},
            trick="none: both were signed by one run",
        ),
        denied(
            "of-two-runs",
            "same-run",
            _by_run(7, V1, provenance()),
            _by_run(8, CYCLONEDX),
            findings=held | {"same-run": "check-false"},
            trick="the SBOM comes from another run of the same workflow, of another commit",
            naive="looks at each piece of evidence by itself",
        ),
        denied(
            "run-by-its-own-word",
            "same-run",
            _by_run(7, V1, provenance(metadata={"invocationId": _address(8)})),
            _by_run(8, CYCLONEDX),
            findings=held | {"same-run": "check-false"},
            trick="the provenance says that it is of the run that made the SBOM, its signer's certificate says another",
            naive="takes the run from the predicate, which the workflow wrote as it liked",
        ),
        denied(
            "no-run-on-either-side",
            "same-run",
            _by_run(None, V1, provenance()),
            _by_run(None, CYCLONEDX),
            findings=held | {"same-run": "check-value"},
            trick="neither says from which run it is",
            naive="finds that nothing equals nothing",
        ),
        denied(
            "nothing-to-compare",
            "same-run",
            _by_run(7, V1, provenance()),
            findings=held | {"sbom": "sbom-missing", "same-run": "check-rule"},
            trick="no SBOM, so that there is nothing to compare",
            naive="is content with every pair that there is: there is none",
        ),
        denied(
            "no-time-at-all",
            "before",
            by("release", V1, provenance()),
            _sbom(),
            findings=held | {"before": "check-error"},
            trick="the expression asks for a time, and the predicate has an address there",
            naive="takes an error for an answer",
        ),
        doubtful(
            "too-many-to-try",
            "before",
            *(by("release", V1, when, note=str(number)) for number in many),
            *(_sbom(str(number)) for number in many),
            findings=held | {"before": "check-tries"},
            trick="so many statements of both kinds that there are more than a thousand pairs",
            naive="tries them all, and somebody else's next million",
        ),
    ]
