"""Certificates: whom they name, who issued them, when, and what the log says."""

from __future__ import annotations

import copy
from collections.abc import Callable
from datetime import timedelta

from cryptography import x509

from attest import names
from tests.hostile.case import Case, admitted, denied
from tests.hostile.documents import provenance
from tests.hostile.formats import APP, THEIRS, WORKFLOW, keyless, run
from tests.hostile.making import SIGN, Json, by, statement

MISSING = {"signed": "signature-missing"}
GOOD = {"signed": "signature-verified"}
SLSA = names.PREDICATE_SLSA_V1


def _other_entry(bundle: Json, make: Callable[[bytes], Json]) -> Json:
    """The log's entry, proof and promise of another statement by the same certificate: all of it holds."""
    other = make(statement([{"name": "another", "digest": {"sha256": "00" * 32}}], SIGN))
    changed = copy.deepcopy(bundle)
    changed["verificationMaterial"]["tlogEntries"] = other["verificationMaterial"]["tlogEntries"]
    return changed


def _no_entry(bundle: Json, _: Callable[[bytes], Json]) -> Json:
    changed = copy.deepcopy(bundle)
    del changed["verificationMaterial"]["tlogEntries"]
    return changed


def _earlier(bundle: Json, _: Callable[[bytes], Json]) -> Json:
    """The time of the entry set back by hand, so that the certificate was valid."""
    changed = copy.deepcopy(bundle)
    entry = changed["verificationMaterial"]["tlogEntries"][0]
    entry["integratedTime"] = str(int(entry["integratedTime"]) - 3600)
    return changed


def _other_tree(bundle: Json, _: Callable[[bytes], Json]) -> Json:
    changed = copy.deepcopy(bundle)
    entry = changed["verificationMaterial"]["tlogEntries"][0]
    entry["inclusionProof"]["hashes"].reverse()
    return changed


def cases() -> list[Case]:
    evil = "https://github.com/acme-evil/app/.github/workflows/release.yml@refs/tags/v1"
    return [
        admitted("keyless", "keyless", keyless(), findings=GOOD, trick="none: a tag's workflow signed, and was logged"),
        denied(
            "key-beside-workflow",
            "keyless",
            by("mallory"),
            findings=MISSING,
            trick="a signature with a plain key, where only a workflow is named",
            naive="falls back to any signature that holds",
        ),
        denied(
            "another-issuer",
            "keyless",
            keyless(identity=run(issuer="https://issuer.example.evil.example")),
            findings=MISSING,
            trick="the same subject, vouched for by another issuer of identities",
            naive="compares subjects only: anybody can run an issuer",
        ),
        denied(
            "look-alike-owner",
            "keyless",
            keyless(identity=run(evil, source="https://github.com/acme-evil/app")),
            findings=MISSING,
            trick="the workflow of acme-evil/app",
            naive="matches https://github.com/acme.*",
        ),
        denied(
            "look-alike-repository",
            "keyless",
            keyless(identity=run(WORKFLOW.replace("/app/", "/app-evil/"))),
            findings=MISSING,
            trick="the workflow of acme/app-evil",
            naive="matches acme/app*",
        ),
        denied(
            "dot-is-no-dot",
            "keyless",
            keyless(identity=run(WORKFLOW.replace("github.com", "githubXcom"))),
            findings=MISSING,
            trick="a host whose name differs where a regular expression has a dot",
            naive="reads the policy's subject as a regular expression",
        ),
        denied(
            "branch-for-tag",
            "keyless",
            keyless(identity=run(WORKFLOW.replace("tags/v1", "heads/v1"), ref="refs/heads/v1")),
            findings=MISSING,
            trick="the right workflow, run on a branch that is called like the tag",
            naive="compares the end of the ref",
        ),
        denied(
            "tag-with-a-slash",
            "keyless",
            keyless(identity=run(f"{WORKFLOW}/../../heads/evil")),
            findings=MISSING,
            trick="a ref in which the pattern's star would have to stand for slashes and dots",
            naive="lets a star stand for anything",
        ),
        denied(
            "two-names-in-a-certificate",
            "keyless",
            keyless(
                identity=(
                    x509.SubjectAlternativeName(list(map(x509.UniformResourceIdentifier, (evil, WORKFLOW)))),
                    *run()[1:],
                )
            ),
            findings=MISSING,
            trick="a certificate with two subjects, of which the second is ours",
            naive="is content with any of them",
        ),
        denied(
            "own-runner",
            "keyless",
            keyless(identity=run(runner="self-hosted")),
            findings=MISSING,
            trick="the right workflow, on a machine that anybody may own",
            naive="does not compare the certificate's other claims",
        ),
        denied(
            "another-authority",
            "keyless",
            keyless(sigstore=THEIRS),
            findings=MISSING,
            trick="everything right, by a certificate authority of the same name with other keys",
            naive="compares the issuer's name, or takes the chain that the bundle brings",
        ),
        denied(
            "entry-of-another",
            "keyless",
            keyless(change=_other_entry),
            findings=MISSING,
            trick="the log entry, proof and promise of another statement by the same certificate",
            naive="verifies that the entry is in the log, not that it is about this signature",
        ),
        denied(
            "no-entry",
            "keyless",
            keyless(change=_no_entry),
            findings=MISSING,
            trick="no log entry at all, so that nothing proves when it was signed",
            naive="takes the certificate's own time, in which it is always valid",
        ),
        denied(
            "after-its-time",
            "keyless",
            keyless(after=timedelta(minutes=20)),
            findings=MISSING,
            trick="logged ten minutes after the certificate had ended",
            naive="checks the certificate by now, or not at all",
        ),
        denied(
            "time-set-back",
            "keyless",
            keyless(after=timedelta(minutes=61), change=_earlier),
            findings=MISSING,
            trick="the entry's time is set back by hand",
            naive="reads the time without the promise over it",
        ),
        denied(
            "proof-of-nothing",
            "keyless",
            keyless(change=_other_tree),
            findings=MISSING,
            trick="an inclusion proof that leads to another root than the checkpoint has",
            naive="believes the promise and does not compute the proof that is there",
        ),
        admitted(
            "built-by-workflow",
            "keyless-built",
            keyless(SLSA, provenance()),
            findings={"built": "provenance-verified"},
            trick="none: certificate and provenance name the same source and ref",
        ),
        denied(
            "another-source-than-certified",
            "keyless-built",
            keyless(SLSA, provenance(workflow={"repository": "https://github.com/acme/other"})),
            findings={"built": "provenance-certificate"},
            trick="the provenance names another repository than its signer's certificate",
            naive="believes the predicate, which the workflow wrote as it liked",
        ),
        denied(
            "another-ref-than-certified",
            "keyless-built",
            keyless(SLSA, provenance(workflow={"ref": "refs/tags/v9"})),
            findings={"built": "provenance-certificate"},
            trick="the provenance names another tag than its signer's certificate",
            naive="believes the predicate, which the workflow wrote as it liked",
        ),
        denied(
            "certified-for-another-source",
            "keyless-built",
            keyless(SLSA, provenance(), identity=run(source=f"{APP}-evil")),
            findings={"built": "provenance-certificate"},
            trick="the certificate is for acme/app-evil, and the provenance says acme/app",
            naive="compares the predicate with the policy and not with the certificate",
        ),
    ]
