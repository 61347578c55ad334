"""Publishers and release lines, as `attest.lock` has them: names that changed hands, and versions that got worse."""

from __future__ import annotations

import base64
import json

from attest import names
from tests.hostile.case import Case, admitted, denied, package
from tests.hostile.documents import provenance
from tests.hostile.formats import APP, WORKFLOW, keyless, run
from tests.hostile.keys import NamedKey
from tests.hostile.making import Json, Piece, by
from tests.signing.sigstore.forge import fulcio, utf8_string

V1 = names.PREDICATE_SLSA_V1
REPOSITORY, OWNER = 15, 17
"""Fulcio's extensions for the ids of the repository and of its owner."""
LAST = "1.0.0"
_WORKFLOWS = ("pinned", "name-taken-over", "repository-made-anew", "publisher-left-the-repository")
_LINES = (
    "as-before",
    "provenance-left-out",
    "another-signer",
    "another-builder",
    "another-source",
    "worse-twin",
    "no-longer-provenance",
    "another-line",
)


def lock() -> bytes:
    """What `attest policy learn` would have written before the tricks."""
    workflow = {
        "issuer": "https://issuer.example",
        "workflow": WORKFLOW.partition("@")[0],
        "source_repository": APP,
        "source_repository_identifier": "1001",
        "source_repository_owner_identifier": "77",
    }
    packages: Json = {f"pkg:npm/%40acme/{name}": {"publisher": workflow} for name in _WORKFLOWS}
    packages["pkg:npm/%40acme/publisher-of-another"] = {"publisher": _key("alice")}
    last = {
        "version": LAST,
        "signer": f"key:sha256:{NamedKey('platform').public.fingerprint}",
        "builder": "https://ci.example/hosted",
        "source": APP,
    }
    packages |= {f"pkg:npm/%40acme/{name}": {"publisher": _key("platform"), "lines": {"1": last}} for name in _LINES}
    return f"{json.dumps({'version': 1, 'packages': dict(sorted(packages.items()))}, indent=2)}\n".encode()


def _key(name: str) -> Json:
    public = NamedKey(name).public
    return {"key": f"sha256:{public.fingerprint}", "spki": base64.b64encode(public.spki).decode()}


def _run(repository: str = "1001", owner: str = "77", san: str = WORKFLOW) -> Piece:
    ids = (fulcio(REPOSITORY, utf8_string(repository)), fulcio(OWNER, utf8_string(owner)))
    return keyless(identity=(*run(san), *ids))


def cases() -> list[Case]:
    missing = {"signed": "signature-missing"}
    hosted = by("platform", V1, provenance())
    lesser = by("platform", V1, provenance(builder={"id": "https://ci.example/shared"}))

    def worse(name: str, code: str, *pieces: Piece, trick: str, naive: str, version: str = "1.0.1") -> Case:
        return denied(
            name,
            "same",
            *pieces,
            subject=package(name, version=version),
            findings={"same": f"downgrade-{code}"},
            trick=trick,
            naive=naive,
        )

    return [
        admitted(
            "pinned",
            "published",
            _run(),
            findings={"signed": "signature-verified"},
            trick="none: the workflow that is pinned, at another tag",
        ),
        denied(
            "name-taken-over",
            "published",
            _run(owner="78", repository="2002"),
            findings=missing,
            trick="the owner's account was deleted, and somebody has registered its name: all names are the same",
            naive="pins names",
        ),
        denied(
            "repository-made-anew",
            "published",
            _run(repository="2002"),
            findings=missing,
            trick="the repository was deleted, and another one with its name was made",
            naive="pins names",
        ),
        denied(
            "publisher-left-the-repository",
            "published",
            keyless(),
            findings=missing,
            trick="the right names, in a certificate without ids",
            naive="lets what is missing pass: missing is not different",
        ),
        denied(
            "publisher-of-another",
            "published",
            _run(),
            findings=missing,
            trick="signed by the workflow that is pinned for other packages",
            naive="trusts whoever is pinned for anything",
        ),
        denied(
            "Pinned",
            "published",
            _run(),
            findings={"signed": "publisher-unknown"},
            trick="a package whose name differs in case from one that is pinned",
            naive="looks names up without case, or takes whoever comes first for the publisher",
        ),
        admitted(
            "as-before",
            "same",
            hosted,
            subject=package("as-before", version="1.0.1"),
            findings={"same": "downgrade-absent"},
            trick="none: signer, builder and source are those of 1.0.0",
        ),
        worse(
            "provenance-left-out",
            "missing",
            by("platform"),
            trick="signed by the right key, and without provenance, which the version before had",
            naive="asks for provenance where there is some",
        ),
        worse(
            "no-longer-provenance",
            "malformed",
            by("platform", V1, {"buildDefinition": {}}),
            trick="provenance of the right type and signer with nothing in it",
            naive="asks whether there is provenance",
        ),
        worse(
            "another-signer",
            "signer",
            by("laptop", V1, provenance()),
            trick="signed by somebody whom the policy trusts as well, but who never published this line",
            naive="takes any trusted key",
        ),
        worse(
            "another-builder",
            "builder",
            lesser,
            trick="built by a lesser builder than the version before",
            naive="looks at each version by itself",
        ),
        worse(
            "another-source",
            "source",
            by("platform", V1, provenance(workflow={"repository": "https://github.com/acme-evil/app"})),
            trick="built from another repository than the version before",
            naive="looks at each version by itself",
        ),
        worse(
            "worse-twin",
            "builder",
            hosted,
            lesser,
            trick="provenance as before, and beside it one by a lesser builder for the same bytes",
            naive="is content with one that fits",
        ),
        worse(
            "another-line",
            "unknown",
            hosted,
            version="2.0.0",
            trick="the first version of a new line, with which nothing can be compared",
            naive="lets what has no predecessor pass, so that a new major version may come from anybody",
        ),
    ]
