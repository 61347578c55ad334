"""Provenance: who built, how well, from what."""

from __future__ import annotations

from attest import names
from tests.hostile.case import Case, admitted, denied
from tests.hostile.documents import provenance
from tests.hostile.making import Json, Piece, by

V1 = names.PREDICATE_SLSA_V1


def built(predicate: Json, *, who: str = "platform", kind: str = V1) -> Piece:
    return by(who, kind, predicate)


def _two_sources() -> Json:
    said = provenance()
    del said["buildDefinition"]["externalParameters"]["workflow"]["repository"]
    uris = ("git+https://github.com/acme/app@refs/tags/v1", "git+https://github.com/acme-evil/app")
    said["buildDefinition"]["resolvedDependencies"] = [{"uri": uri} for uri in uris]
    return said


def cases() -> list[Case]:
    def refused(name: str, code: str, piece: Piece, trick: str, naive: str) -> Case:
        return denied(name, "built", piece, findings={"built": f"provenance-{code}"}, trick=trick, naive=naive)

    lesser = {"id": "https://ci.example/shared"}
    return [
        admitted(
            "built-as-it-must-be",
            "built",
            built(provenance()),
            findings={"built": "provenance-verified"},
            trick="none: by the hosted builder, from a tag of acme/app",
        ),
        admitted(
            "bad-build-beside-a-good-one",
            "built",
            built(provenance(builder=lesser)),
            built({"buildDefinition": 7}),
            built(provenance()),
            findings={"built": "provenance-verified"},
            trick="a worse and a malformed one hang beside a good one",
            naive="takes the first it finds, or lets one bad attachment hide a good one",
        ),
        refused(
            "provenance-by-a-stranger",
            "missing",
            built(provenance(), who="mallory"),
            "the right content, signed by a stranger",
            "reads predicates without asking who signed them",
        ),
        refused(
            "malformed-provenance",
            "malformed",
            built({"builder": {"id": "https://ci.example/hosted"}, "buildType": "x", "invocation": {}}),
            "a predicate of version 0.2 under the type of version 1",
            "looks for the members that it needs wherever they may stand",
        ),
        refused(
            "no-builder",
            "builder-missing",
            built(provenance(builder={})),
            "no builder is named",
            "compares a missing id with what is trusted, and missing is not untrusted",
        ),
        refused(
            "builder-of-another-signer",
            "builder",
            built(provenance(), who="laptop"),
            "somebody who may speak for a laptop says that the hosted builder built it",
            "trusts a builder's id whoever signs it: a predicate says what its author likes",
        ),
        refused(
            "builder-look-alike",
            "builder",
            built(provenance(builder={"id": "https://ci.example/hosted/../shared"})),
            "a builder id that begins as the trusted one does",
            "compares beginnings",
        ),
        refused(
            "level-by-its-own-word",
            "level",
            built(provenance(builder=lesser, slsaBuildLevel=4, metadata={"slsaLevel": "SLSA_BUILD_LEVEL_3"})),
            "a builder that is trusted with level 2 writes level 3 into the predicate",
            "takes the level from the predicate",
        ),
        refused(
            "two-sources",
            "source-missing",
            built(_two_sources()),
            "two git repositories among what was built from, and none is said to be the source",
            "takes the one that fits",
        ),
        refused(
            "look-alike-source",
            "source",
            built(provenance(workflow={"repository": "https://github.com/acme-evil/app"})),
            "built from acme-evil/app",
            "matches acme*, or looks for 'acme' within",
        ),
        refused(
            "source-with-a-tail",
            "source",
            built(provenance(workflow={"repository": "https://github.com/acme/app-evil"})),
            "built from acme/app-evil",
            "compares beginnings",
        ),
        refused(
            "source-before-the-at",
            "source",
            built(provenance(workflow={"repository": "https://github.com@evil.example/acme/app"})),
            "github.com is the user's name here, and the host is evil.example",
            "takes what stands before the first slash for the host",
        ),
        refused(
            "another-workflow",
            "workflow",
            built(provenance(workflow={"path": ".ci/nightly.yml"})),
            "built by another workflow of the right repository, which anybody may start",
            "asks for the repository only",
        ),
        refused(
            "built-from-a-branch",
            "ref",
            built(provenance(workflow={"ref": "refs/heads/v1"})),
            "built from a branch that is called like a tag",
            "compares the end of the ref",
        ),
        refused(
            "another-build-type",
            "build-type",
            built(provenance(build_type="https://ci.example/type/v10")),
            "another build type, whose parameters mean something else",
            "compares beginnings",
        ),
        refused(
            "another-parameter",
            "parameters",
            built(provenance(target="debug")),
            "built with target: debug",
            "does not look at parameters",
        ),
    ]
