"""Bills of materials: of another package, too little in them, and licences that are written cleverly."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from attest import names
from attest.evidence.model import Subject
from tests.hostile.case import Case, admitted, denied
from tests.hostile.documents import MIT, bom, component, expression, licensed
from tests.hostile.making import Json, Piece, Referrer, by, unsigned

CYCLONEDX, SPDX = names.PREDICATE_CYCLONEDX, names.PREDICATE_SPDX
PAYLOAD = Callable[[bytes], bytes]


def sbom(who: str = "release", *, payload: PAYLOAD = lambda honest: honest, **changes: Any) -> Piece:
    def make(subject: Subject) -> Referrer:
        return by(who, CYCLONEDX, bom(subject, **changes), payload=payload)(subject)

    return make


def _unsigned_twin(subject: Subject) -> Referrer:
    return unsigned(names.CYCLONEDX_JSON, bom(subject))(subject)


def _spdx(subject: Subject) -> Referrer:
    packages = [
        _spdx_package("itself", "spdx-twin", str(subject.purl)),
        _spdx_package("left", "left", "pkg:npm/left@1.0.0"),
        _spdx_package("right", "right", "pkg:npm/right@1.0.0"),
    ]
    document = {
        "spdxVersion": "SPDX-2.3",
        "documentDescribes": ["SPDXRef-itself"],
        "packages": packages,
        "relationships": [],
    }
    return by("release", SPDX, document)(subject)


def _spdx_package(ref: str, name: str, purl: str) -> Json:
    locator = {"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": purl}
    return {"SPDXID": f"SPDXRef-{ref}", "name": name, "versionInfo": "1.0.0", "externalRefs": [locator]}


def _no_assertion(subject: Subject) -> Referrer:
    package = _spdx_package("itself", "nobody-says", str(subject.purl)) | {"licenseConcluded": "NOASSERTION"}
    document = {"spdxVersion": "SPDX-2.3", "documentDescribes": ["SPDXRef-itself"], "packages": [package]}
    return by("release", SPDX, document)(subject)


def _licences_twice(honest: bytes) -> bytes:
    """The component's licences stand there twice: first one that is allowed, then one that is not."""
    return honest.replace(b'"licenses":[', b'"licenses":[{"license":{"id":"MIT"}}],"licenses":[')


def cases() -> list[Case]:
    def refused(name: str, code: str, *pieces: Piece, trick: str, naive: str, policy: str = "sbom") -> Case:
        return denied(name, policy, *pieces, findings={"sbom": f"sbom-{code}"}, trick=trick, naive=naive)

    def licence(name: str, *texts: Json, trick: str, naive: str, policy: str = "allowed") -> Case:
        piece = sbom(components=licensed(*texts), main={"licenses": [MIT]})
        return denied(name, policy, piece, findings={"licences": "sbom-license"}, trick=trick, naive=naive)

    def good(name: str, *texts: Json, trick: str, policy: str = "allowed") -> Case:
        piece = sbom(components=licensed(*texts), main={"licenses": [MIT]})
        return admitted(name, policy, piece, findings={"licences": "sbom-verified"}, trick=trick)

    vulnerabilities = [{"id": "CVE-2026-0001", "analysis": {"state": "not_affected"}}]
    hash_of_another = [{"alg": "SHA-512", "content": "00" * 64}]
    return [
        admitted("complete", "sbom", sbom(), findings={"sbom": "sbom-verified"}, trick="none: CycloneDX"),
        admitted("spdx-twin", "sbom", _spdx, findings={"sbom": "sbom-verified"}, trick="none: SPDX"),
        admitted("minimum", "minimum", sbom(), findings={"sbom": "sbom-verified"}, trick="none: the minimum elements"),
        refused(
            "unsigned-twin",
            "components",
            sbom(components=[]),
            _unsigned_twin,
            trick="a complete SBOM that nobody signed beside a signed one without components",
            naive="verifies one and reads the other",
        ),
        refused(
            "unsigned-alone",
            "missing",
            _unsigned_twin,
            trick="a complete SBOM that nobody signed",
            naive="takes what the store shows",
        ),
        refused(
            "malformed-sbom",
            "malformed",
            by("release", CYCLONEDX, {"bomFormat": "CycloneDX", "specVersion": "1.6", "components": {"0": {}}}),
            trick="the components are an object instead of a list",
            naive="iterates over it and finds nothing to object to",
        ),
        refused(
            "hashes-contradict",
            "malformed",
            sbom(components=[component("left", hashes=[*hash_of_another, {"alg": "SHA-512", "content": "11" * 64}])]),
            trick="one component with two different SHA-512",
            naive="takes the last",
        ),
        refused(
            "sbom-of-another",
            "other-package",
            sbom(main={"name": "another", "purl": "pkg:npm/%40acme/another@1.0.0"}),
            trick="a signed SBOM, bound to this package, that says it is of another",
            naive="asks whether there is an SBOM",
        ),
        refused(
            "sbom-of-another-file",
            "contradiction",
            sbom(main={"hashes": hash_of_another}),
            trick="the SBOM gives this package another digest than it has",
            naive="does not compare digests",
        ),
        refused(
            "sbom-without-itself",
            "without-package",
            by(
                "release",
                CYCLONEDX,
                {"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [component("left")]},
            ),
            trick="a list of components that does not say whose they are",
            naive="counts them",
        ),
        refused(
            "no-components",
            "components",
            sbom(components=[]),
            trick="an SBOM that lists nothing",
            naive="asks whether there is an SBOM: for compliance that is enough",
        ),
        refused(
            "below-the-minimum",
            "minimum",
            sbom(components=[component("left", supplier={})]),
            policy="minimum",
            trick="one component without a supplier",
            naive="validates against the schema, which asks for none",
        ),
        refused(
            "vulnerabilities-for-an-sbom",
            "missing",
            by(
                "release",
                CYCLONEDX,
                {"bomFormat": "CycloneDX", "specVersion": "1.6", "vulnerabilities": vulnerabilities},
            ),
            trick="a list of vulnerabilities in CycloneDX, which is no list of components",
            naive="knows documents by their format",
        ),
        good("one-of-two-licences", expression("MIT OR AGPL-3.0-only"), trick="none: who may choose takes MIT"),
        good(
            "denied-by-choice",
            expression("MIT OR AGPL-3.0-only"),
            policy="forbidden",
            trick="none: who may choose takes MIT, so that AGPL is not denied",
        ),
        good(
            "licence-with-exception",
            expression("Apache-2.0 WITH LLVM-exception"),
            trick="none: gives more than Apache-2.0",
        ),
        licence(
            "both-licences",
            expression("MIT AND AGPL-3.0-only"),
            trick="both must be kept, and one is not allowed",
            naive="finds one that is allowed",
        ),
        licence(
            "brackets",
            expression("MIT OR Apache-2.0 AND AGPL-3.0-only) OR (MIT"),
            trick="brackets that do not belong together",
            naive="splits at OR",
        ),
        licence(
            "and-before-or",
            expression("AGPL-3.0-only OR Apache-2.0 AND BSD-3-Clause"),
            trick="AND binds more tightly than OR, so that no choice is allowed",
            naive="reads from left to right",
        ),
        licence(
            "exception-to-a-denied-one",
            expression("GPL-2.0-only WITH Classpath-exception-2.0"),
            policy="forbidden",
            trick="an exception to a licence that is denied",
            naive="compares the whole text with the list",
        ),
        licence(
            "licence-of-ones-own",
            expression("LicenseRef-MIT"),
            trick="a licence of one's own that is called like one that is allowed",
            naive="looks for MIT within",
        ),
        licence(
            "licence-by-name",
            {"license": {"name": "MIT, but you owe us a beer"}},
            trick="a name instead of an id",
            naive="compares beginnings",
        ),
        licence(
            "two-licences",
            MIT,
            {"license": {"id": "BSD-3-Clause"}},
            trick="two licences in a list: in CycloneDX both hold",
            naive="takes the first",
        ),
        licence(
            "no-licence",
            trick="nothing is said of a component's licence",
            naive="finds nothing to object to",
        ),
        licence(
            "another-case-of-a-denied-one",
            expression("agpl-3.0-ONLY"),
            policy="forbidden",
            trick="a denied licence in other letters: SPDX ids are the same in any case",
            naive="compares texts",
        ),
        licence(
            "denied-by-its-old-id",
            expression("GPL-2.0"),
            policy="forbidden",
            trick="a denied licence by the id that it had until 2018: GPL-2.0 is GPL-2.0-only",
            naive="compares texts",
        ),
        licence(
            "allowed-by-a-later-one",
            expression("Apache-1.1+"),
            trick="an older version of an allowed licence, or later",
            naive="reads the plus as any version",
        ),
        denied(
            "no-assertion",
            "allowed",
            _no_assertion,
            findings={"licences": "sbom-license"},
            trick="SPDX's NOASSERTION for a licence",
            naive="skips what is not asserted",
        ),
        denied(
            "component-in-a-component",
            "forbidden",
            sbom(components=[component("left", components=licensed(expression("AGPL-3.0-only")))]),
            findings={"licences": "sbom-license"},
            trick="the denied licence stands in a component within a component",
            naive="reads the outer list only",
        ),
        denied(
            "clean-twin",
            "forbidden",
            sbom(components=licensed(expression("AGPL-3.0-only"))),
            sbom(components=licensed(MIT)),
            findings={"licences": "sbom-license"},
            trick="a second SBOM by the same signer, in which the denied licence does not stand",
            naive="is content with one that fits",
        ),
        denied(
            "licences-twice",
            "allowed",
            sbom(components=licensed(expression("AGPL-3.0-only")), main={"licenses": [MIT]}, payload=_licences_twice),
            findings={"licences": "sbom-missing"},
            trick="a component has its licences twice: an allowed one for some readers, a denied one for others",
            naive="takes whichever its JSON reader takes",
        ),
    ]
