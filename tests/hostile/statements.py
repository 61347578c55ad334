"""What the statement is: other kinds given out for signatures, and JSON that two readers understand differently."""

from __future__ import annotations

from attest import names
from tests.hostile.case import Case, denied
from tests.hostile.documents import revocation, summary
from tests.hostile.making import SIGN, by, unsigned

MISSING = {"signed": "signature-missing"}


def _twice(honest: bytes) -> bytes:
    """An SBOM for who takes the first of two members, a signature for who takes the last."""
    sbom = b'{"predicateType":"https://cyclonedx.org/bom",'
    return sbom + honest.removeprefix(b"{")


def _deep(honest: bytes) -> bytes:
    depth = 20_000
    return honest.replace(b'"predicate":{}', b'"predicate":{"a":' + b"[" * depth + b"]" * depth + b"}")


def _wide_number(honest: bytes) -> bytes:
    return honest.replace(b'"predicate":{}', b'"predicate":{"n":' + b"9" * 5_000 + b"}")


def cases() -> list[Case]:
    return [
        denied(
            "sbom-for-a-signature",
            "signed",
            by("release", names.PREDICATE_CYCLONEDX, {"bomFormat": "CycloneDX", "specVersion": "1.6"}),
            findings=MISSING,
            trick="the releaser signed an SBOM of the package, and has not released it",
            naive="counts every statement by the right key: cosign verify does",
        ),
        denied(
            "failed-summary-for-a-signature",
            "signed",
            by("release", names.PREDICATE_VSA, summary("FAILED")),
            findings=MISSING,
            trick="the releaser signed that the verification failed, in in-toto's own payload type",
            naive="counts every statement by the right key: cosign verify does",
        ),
        denied(
            "revocation-as-statement",
            "signed",
            by("release", names.PREDICATE_REVOCATION, revocation("sha256:" + "00" * 32)),
            findings=MISSING,
            trick="a revocation in the payload type of ordinary statements",
            naive="counts what takes away as what grants",
        ),
        denied(
            "signature-as-revocation",
            "signed",
            by("release", payload_type=names.REVOCATION_PAYLOAD),
            findings=MISSING,
            trick="a signature in the payload type of revocations",
            naive="does not hold payload type and predicate type against each other",
        ),
        denied(
            "longer-predicate-type",
            "signed",
            by("release", f"{SIGN}0", claims=SIGN),
            findings=MISSING,
            trick="a predicate type that begins as that of signatures does, annotated as one",
            naive="compares predicate types by their beginning, or believes the annotation",
        ),
        denied(
            "annotation-says-signature",
            "signed",
            by("release", names.PREDICATE_SLSA_V1, {"buildDefinition": {}, "runDetails": {}}, claims=SIGN),
            findings=MISSING,
            trick="signed provenance, whose manifest is annotated as a signature",
            naive="filters by the manifest's annotation and never looks at the statement's type",
        ),
        denied(
            "unsigned-statement",
            "signed",
            unsigned(names.IN_TOTO_PAYLOAD, {"_type": names.STATEMENT_V1, "predicateType": SIGN, "predicate": {}}),
            findings=MISSING,
            trick="a statement without an envelope: it says that it is a signature",
            naive="reads statements wherever they lie",
        ),
        denied(
            "member-twice",
            "signed",
            by("release", payload=_twice),
            findings=MISSING,
            trick="the signed JSON has its predicate type twice: an SBOM for some, a signature for others",
            naive="takes the last, as most JSON readers do, where the signer's tool took the first",
        ),
        denied(
            "deep-json",
            "signed",
            by("release", payload=_deep),
            findings=MISSING,
            trick="20,000 arrays within each other",
            naive="runs out of stack, and the exception is taken for something else",
        ),
        denied(
            "long-number",
            "signed",
            by("release", payload=_wide_number),
            findings=MISSING,
            trick="a number of 5,000 digits",
            naive="spends its time on it, or reads infinity",
        ),
    ]
