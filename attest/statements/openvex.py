"""OpenVEX 0.0.2 and 0.2.0 (openvex/spec, OPENVEX-SPEC.md)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from attest.errors import FormatError
from attest.oci.strict_json import Fields
from attest.statements.moments import parse_time
from attest.statements.vex_statements import Status, Vex, VexStatement

CONTEXT: Final = "https://openvex.dev/ns"
_JUSTIFICATIONS: Final = (
    "component_not_present",
    "vulnerable_code_not_present",
    "vulnerable_code_not_in_execute_path",
    "vulnerable_code_cannot_be_controlled_by_adversary",
    "inline_mitigations_already_exist",
)


def read(document: Mapping[str, Any]) -> Vex:
    """Raises `FormatError`."""
    fields = Fields(document, "vex")
    context = fields.string("@context")
    if context != CONTEXT and not context.startswith(f"{CONTEXT}/"):
        raise FormatError("not OpenVEX", where="vex.@context", why=context[:160])
    time = parse_time(fields.string("timestamp"), "vex.timestamp")
    items = fields.objects("statements")
    if not items:
        raise FormatError("it says nothing", where="vex.statements")
    found = []
    for item in items:
        own = item.optional_string("timestamp")
        products = list(_objects(item, "products"))
        justification = item.optional_string("justification")
        found.append(
            VexStatement(
                vulnerabilities=_vulnerability(item),
                products=frozenset(name for product in products for name in _names(product)),
                status=_status(item),
                justification=justification if justification in _JUSTIFICATIONS else None,
                time=time if own is None else parse_time(own, f"{item.path}.timestamp"),
                parts=frozenset(
                    name for product in products for part in _objects(product, "subcomponents") for name in _names(part)
                ),
            )
        )
    return Vex(time, tuple(found))


def _vulnerability(item: Fields) -> frozenset[str]:
    value = item.value.get("vulnerability")
    if isinstance(value, str) and value:  # as version 0.0.1 had it
        return frozenset((value,))
    vulnerability = item.object("vulnerability")
    return frozenset((vulnerability.string("name"), *vulnerability.texts("aliases")))


def _status(item: Fields) -> Status:
    try:
        return Status(item.string("status"))
    except ValueError:
        raise FormatError("not a status", where=f"{item.path}.status", why=item.string("status")[:80]) from None


def _objects(item: Fields, name: str) -> Iterator[Fields]:
    """Products and parts; the first version wrote plain ids."""
    value = item.value.get(name)
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        yield from (Fields({"@id": one}, f"{item.path}.{name}") for one in value)
    else:
        yield from item.objects(name)


def _names(product: Fields) -> Iterator[str]:
    identifiers = product.strings("identifiers")
    named = [product.optional_string("@id"), identifiers.get("purl")]
    hashes = [
        f"{algorithm.lower().replace('-', '')}:{value.lower()}"
        for algorithm, value in product.strings("hashes").items()
    ]
    found = [name for name in (*named, *hashes) if name]
    if not found:
        raise FormatError("a product without a purl, an id or a hash", where=product.path)
    yield from found
