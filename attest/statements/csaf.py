"""CSAF 2.0 in its VEX profile (OASIS, csaf-v2.0, section 4.5)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from attest.errors import FormatError
from attest.oci.strict_json import Fields
from attest.statements.moments import parse_time
from attest.statements.vex_statements import Status, Vex, VexStatement

_STATUSES: Final = {
    "known_not_affected": Status.NOT_AFFECTED,
    "fixed": Status.FIXED,
    "first_fixed": Status.FIXED,
    "known_affected": Status.AFFECTED,
    "first_affected": Status.AFFECTED,
    "last_affected": Status.AFFECTED,
    "under_investigation": Status.UNDER_INVESTIGATION,
}
_FLAGS: Final = (
    "component_not_present",
    "vulnerable_code_not_present",
    "vulnerable_code_not_in_execute_path",
    "vulnerable_code_cannot_be_controlled_by_adversary",
    "inline_mitigations_already_exist",
)


def read(document: Mapping[str, Any]) -> Vex:
    """Raises `FormatError`. A product without a purl or a hash is one that cannot be recognised."""
    fields = Fields(document, "vex")
    head = fields.object("document")
    if head.string("category") != "csaf_vex" or head.string("csaf_version") != "2.0":
        raise FormatError("not a CSAF 2.0 VEX", where="vex.document.category", why=head.string("category")[:80])
    time = parse_time(head.object("tracking").string("current_release_date"), "vex.document.tracking")
    tree = fields.optional_object("product_tree") or Fields({}, "vex.product_tree")
    products, parts = _products(tree)
    groups = {item.string("group_id"): _ids(item, "product_ids") for item in tree.objects("product_groups")}
    found = []
    for item in fields.objects("vulnerabilities"):
        names = frozenset(_names(item))
        if not names:
            raise FormatError("a vulnerability without an id", where=item.path)
        flags = list(_flags(item, groups))
        statuses = item.optional_object("product_status") or Fields({}, item.path)
        for name, status in _STATUSES.items():
            for product in sorted(_ids(statuses, name)):
                label = next((label for label, of in flags if product in of), None)
                known = products.get(product, frozenset()) or frozenset((f"csaf:{product}",))
                found.append(VexStatement(names, known, status, label, time, parts.get(product, frozenset())))
    return Vex(time, tuple(found))


def _names(item: Fields) -> Iterator[str]:
    cve = item.optional_string("cve")
    yield from () if cve is None else (cve,)
    yield from (one.string("text") for one in item.objects("ids"))


def _flags(item: Fields, groups: Mapping[str, frozenset[str]]) -> Iterator[tuple[str, frozenset[str]]]:
    for flag in item.objects("flags"):
        label = flag.string("label")
        if label in _FLAGS:
            grouped = [groups.get(group, frozenset()) for group in _ids(flag, "group_ids")]
            yield label, _ids(flag, "product_ids").union(*grouped)


def _products(tree: Fields) -> tuple[dict[str, frozenset[str]], dict[str, frozenset[str]]]:
    """What each product id means; and of a component within a product, the component."""
    products: dict[str, frozenset[str]] = {}
    parts: dict[str, frozenset[str]] = {}
    pending = [*tree.objects("branches")]
    full = [*tree.objects("full_product_names")]
    while pending:
        branch = pending.pop()
        pending.extend(branch.objects("branches"))
        product = branch.optional_object("product")
        full += [] if product is None else [product]
    for item in full:
        _add(products, item.string("product_id"), frozenset(_helpers(item)), item.path)
    for relation in tree.objects("relationships"):
        item = relation.object("full_product_name")
        identifier = item.string("product_id")
        whole = products.get(relation.string("relates_to_product_reference"), frozenset())
        _add(products, identifier, whole, item.path)
        part = products.get(relation.string("product_reference"), frozenset())
        parts[identifier] = part or frozenset((f"csaf:{relation.string('product_reference')}",))
    return products, parts


def _add(products: dict[str, frozenset[str]], identifier: str, names: frozenset[str], where: str) -> None:
    if identifier in products:
        raise FormatError(f"two products are {identifier[:160]!r}", where=where)
    products[identifier] = names


def _helpers(item: Fields) -> Iterator[str]:
    helper = item.optional_object("product_identification_helper")
    if helper is None:
        return
    purl = helper.optional_string("purl")
    yield from () if purl is None else (purl,)
    for hashes in helper.objects("hashes"):
        for one in hashes.objects("file_hashes"):
            yield f"{one.string('algorithm').lower().replace('-', '')}:{one.string('value').lower()}"


def _ids(item: Fields, name: str) -> frozenset[str]:
    return frozenset(item.texts(name))
