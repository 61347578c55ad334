"""Which engine's policy a file is, and what becomes of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

from attest import limits
from attest.errors import PolicyError
from attest.formats.strict_yaml import Entries
from attest.policy import yaml_nodes
from attest.policy.convert import cluster_image_policy, kyverno, kyverno_cel
from attest.policy.convert.model import Converted, Left, Options
from attest.policy.convert.source import Source

_BOUNDARY: Final = re.compile(rb"^---[ \t]*(?:#[^\n]*)?\r?$", re.MULTILINE)
_KNOWN: Final = (
    "ClusterImagePolicy, Kyverno's ClusterPolicy, Policy and ImageValidatingPolicy, Notation's trustpolicy.json"
)


def convert(data: bytes, *, where: str, directory: Path, beside: str, options: Options) -> list[Converted]:
    """Every policy in a file. ``directory`` is the file's, ``beside`` how the policies that are made name it.

    Raises `PolicyError`.
    """
    if len(data) > limits.POLICY:
        raise PolicyError(f"{len(data)} bytes", where=where, why=f"more than the limit of {limits.POLICY}")
    if data.lstrip().startswith(b"{"):
        from attest.policy.convert import trust_policy

        return list(trust_policy.convert(data, where, directory, beside, options))
    return [_told(item, document) for document in _documents(data, where) for item in _document(document, options)]


def _told(converted: Converted, document: Source) -> Converted:
    """What cannot be written has a reason, if only that it asks for nothing."""
    if converted.exists or converted.left:
        return converted
    return replace(converted, left=(Left(document.where, f"{converted.name}: nobody has to sign anything"),))


def _documents(data: bytes, where: str) -> Iterator[Source]:
    """Each YAML document, with the lines that it has in the whole."""
    starts = [0, *(match.end() for match in _BOUNDARY.finditer(data))]
    ends = [*(match.start() for match in _BOUNDARY.finditer(data)), len(data)]
    for start, end in zip(starts, ends, strict=True):
        part = data[start:end]
        if any(line.strip() and not line.lstrip().startswith(b"#") for line in part.splitlines()):
            node = yaml_nodes.read(b"\n" * data.count(b"\n", 0, start) + part, where=where)
            if not isinstance(node, Entries):
                raise PolicyError("not a policy of a known engine", where=node.where, why=f"known: {_KNOWN}")
            yield Source(node, "policy")


def _document(document: Source, options: Options) -> Iterator[Converted]:
    group, kind = (document.text("apiVersion") or "").partition("/")[0], document.text("kind")
    match group, kind:
        case "policy.sigstore.dev", "ClusterImagePolicy":
            yield cluster_image_policy.convert(document, options)
        case "kyverno.io", "ClusterPolicy" | "Policy":
            yield from kyverno.convert(document, options)
        case "policies.kyverno.io", "ImageValidatingPolicy" | "NamespacedImageValidatingPolicy":
            yield kyverno_cel.convert(document, options)
        case _:
            raise PolicyError(
                "not a policy of a known engine", where=document.where, why=f"{group} {kind}; known: {_KNOWN}"
            )
