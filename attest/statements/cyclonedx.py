"""CycloneDX 1.2 to 1.7 in JSON (ECMA-424): components. Vulnerabilities in it are read by `attest.statements.scan`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from attest.errors import FormatError
from attest.oci.strict_json import Fields
from attest.statements.bom import Component, License, Sbom, collected
from attest.statements.moments import parse_time

VERSIONS: Final = tuple(f"1.{minor}" for minor in range(2, 8))
_PACKAGES: Final = ("application", "framework", "library")
"""Types that are packages; a `file`, a `device` or a `platform` names none."""
_NO_SOFTWARE: Final = ("cryptographic-asset", "data", "file")


def read(document: Mapping[str, Any]) -> Sbom:
    """Raises `FormatError`."""
    version = document.get("specVersion")
    if document.get("bomFormat") != "CycloneDX" or version not in VERSIONS:
        raise FormatError("not CycloneDX 1.x", why=f"specVersion is {version!r:.40}")
    fields = Fields(document, "sbom")
    metadata = fields.optional_object("metadata") or Fields({}, "sbom.metadata")
    main = metadata.optional_object("component")
    time = metadata.optional_string("timestamp")
    described = () if main is None else (_component(main),)
    inside = [] if main is None else main.objects("components")
    return Sbom(
        "CycloneDX",
        str(version),
        described,
        tuple(_component(item) for item in _flat([*inside, *fields.objects("components")])),
        None if time is None else parse_time(time, f"{metadata.path}.timestamp"),
        tuple(_authors(metadata)),
        frozenset(
            ref
            for item in fields.objects("dependencies")
            if item.value.get("dependsOn") or item.value.get("provides")
            for ref in (item.string("ref"),)
        ),
    )


def _flat(items: list[Fields]) -> Iterator[Fields]:
    """Components and those inside them, to any depth."""
    pending = list(reversed(items))
    while pending:
        item = pending.pop()
        yield item
        pending.extend(reversed(item.objects("components")))


def _component(fields: Fields) -> Component:
    name, group, purl = map(fields.optional_string, ("name", "group", "purl"))
    supplier = fields.optional_object("supplier") or fields.optional_object("manufacturer")
    hashes = [(item.string("alg"), item.string("content")) for item in fields.objects("hashes")]
    return Component(
        name=f"{group}/{name}" if group and name else name or None,
        version=fields.optional_string("version") or None,
        purl=purl or None,
        supplier=(supplier.optional_string("name") if supplier else fields.optional_string("publisher")) or None,
        licenses=tuple(map(_license, fields.objects("licenses"))),
        digests=collected(hashes, f"{fields.path}.hashes") if hashes else {},
        ref=fields.optional_string("bom-ref"),
        identified=bool(purl or fields.optional_string("cpe") or fields.optional_object("swid")),
        is_package=fields.value.get("type") in _PACKAGES,
        is_software=fields.value.get("type") not in _NO_SOFTWARE,
    )


def _license(fields: Fields) -> License:
    expression = fields.optional_string("expression")
    if expression is not None:
        return License(expression)
    choice = fields.object("license")
    identifier = choice.optional_string("id")
    return License(identifier) if identifier is not None else License(choice.string("name"), is_expression=False)


def _authors(metadata: Fields) -> Iterator[str]:
    """Who made it: people, an organisation, or else a tool, as the minimum elements allow."""
    found = [*metadata.objects("authors")]
    found += [item for key in ("manufacturer", "manufacture", "supplier") if (item := metadata.optional_object(key))]
    tools = metadata.value.get("tools")
    if isinstance(tools, dict):
        inner = metadata.object("tools")
        found += [*inner.objects("components"), *inner.objects("services")]
    else:
        found += metadata.objects("tools")
    yield from (name for item in found if (name := item.optional_string("name") or item.optional_string("email")))
