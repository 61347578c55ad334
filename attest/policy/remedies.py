"""What to type next when a rule does not hold."""

from __future__ import annotations

import shlex
from collections.abc import Set
from typing import Final

from attest.evidence.model import Kind, Subject
from attest.policy.codes import Code
from attest.policy.rules.rule import Rule

_FILES: Final = {Kind.PROVENANCE: "provenance.json", Kind.SBOM: "sbom.json"}
_ADVICE: Final = {
    Code.PROVENANCE_BUILDER: "build with a builder that the policy names",
    Code.PROVENANCE_LEVEL: "build with a builder that the policy trusts with that level",
    Code.PROVENANCE_SOURCE: "build from the source that the policy names",
    Code.SBOM_OTHER_PACKAGE: "make an SBOM of this package",
}


def after(rule: Rule, code: Code, subject: Subject, signed: Set[str]) -> str:
    """The next command, with whose key it is to be run; ``signed`` have done so already."""
    if subject.purl is not None and subject.digest is not None:
        named = f"{shlex.quote(str(subject.purl))} --digest {subject.digest}"
    else:
        named = shlex.quote(str(subject))
    document = _FILES.get(rule.kind)
    command = f"attest attach {named} {document} --key KEY" if document else f"attest sign {named} --key KEY"
    others = " or ".join(name for name in rule.by if name not in signed)
    advice = _ADVICE.get(code)
    return f"{f'{advice}, then ' if advice else ''}{command} (KEY: the private key of {others})"
