"""What the formats' own tools say of a document."""

from __future__ import annotations

import json

from attest.sboms.make import Form


def complaints(document: bytes, form: Form) -> list[str]:
    """Of CycloneDX's strict JSON schema, or of SPDX's own reader and its rules; nothing for a valid document."""
    if form is Form.CYCLONEDX:
        from cyclonedx.schema import SchemaVersion
        from cyclonedx.validation.json import JsonStrictValidator

        found = JsonStrictValidator(SchemaVersion.V1_6).validate_str(document.decode())
        return [] if found is None else [str(found)[:400]]
    from spdx_tools.spdx.parser.jsonlikedict.json_like_dict_parser import JsonLikeDictParser
    from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document

    parsed = JsonLikeDictParser().parse(json.loads(document))  # type: ignore[no-untyped-call]
    return [message.validation_message for message in validate_full_spdx_document(parsed)]
