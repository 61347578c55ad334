"""What a `check` may ask of evidence that counted under a rule, by name and type.

A certificate is by somebody else than the document: where both say something, what the certificate says is taken.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from attest.evidence.identity import principal
from attest.policy.expressions import Type, Value, usable
from attest.policy.rules.rule import Rule
from attest.policy.weigh import Weighed
from attest.signing.proof import CertificateAuthor
from attest.statements.provenance import repository

_OF_ALL: Final[Mapping[str, Type]] = MappingProxyType(
    {
        "signers": Type.TEXTS,
        "author": Type.TEXT,
        "time": Type.TIME,
        "type": Type.TEXT,
        "digest": Type.TEXT,
        "run": Type.TEXT,
        "source": Type.TEXT,
        "ref": Type.TEXT,
        "commit": Type.TEXT,
    }
)
_CERTIFIED: Final = {
    "run": "run_invocation_uri",
    "source": "source_repository",
    "ref": "source_repository_ref",
    "commit": "source_repository_digest",
}
"""Fulcio's names of what a certificate says."""


def offered(rule: Rule[Any]) -> Mapping[str, Type]:
    """What may be asked of evidence that counts under ``rule``; nothing where none is wanted."""
    return {**_OF_ALL, **rule.SAYS} if rule.threshold else {}


def of(rule: Rule[Any], weighed: Weighed) -> Mapping[str, Value]:
    """Everything in `offered` that evidence says which counted under ``rule``."""
    item, author = weighed.item, weighed.item.proof.author
    claims = author.claims if isinstance(author, CertificateAuthor) else {}
    certified = {name: claims.get(claim) for name, claim in _CERTIFIED.items()}
    if certified["source"] is not None:
        certified["source"] = repository(certified["source"]) or certified["source"]
    told: Mapping[str, Value | None] = rule.says(rule.content(item))
    found: dict[str, Value | None] = {
        **told,
        **{name: value for name, value in certified.items() if value is not None},
        "signers": tuple(sorted({signer.name for signer in weighed.counts})),
        "author": principal(author),
        "time": weighed.when,
        "type": item.statement.predicate_type,
        "digest": str(item.digest),
    }
    checked = {name: usable(value) for name, value in found.items()}
    return {name: value for name, value in checked.items() if value is not None and value != ""}
