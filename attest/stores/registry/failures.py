"""From a registry's refusal to the project's errors (distribution-spec "Error Codes")."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from attest import limits
from attest.errors import FormatError, NotFound, StoreError, StoreRefused, StoreUnavailable
from attest.oci import strict_json
from attest.stores.registry.messages import LOG_IN, Response, clean

_TYPE_CODES: Final = frozenset({"MANIFEST_INVALID", "UNSUPPORTED", "MANIFEST_UNVERIFIED", "BLOB_UPLOAD_INVALID"})
_ERRORS_LIMIT: Final = 64 * limits.KIB


def codes(response: Response, scrub: Callable[[str], str] = str) -> tuple[tuple[str, str], ...]:
    """The code and message of each error in the body; none where it is not the specification's form.

    ``scrub`` sees the text whole: half a secret would not be recognised.
    """
    try:
        value = strict_json.read_object(response.body, where="error", limit=_ERRORS_LIMIT)
    except FormatError:
        return ()
    errors = value.get("errors")
    found = [item for item in errors if isinstance(item, dict)] if isinstance(errors, list) else []
    return tuple((_text(item.get("code"), 40, scrub), _text(item.get("message"), 200, scrub)) for item in found[:5])


def has_code(response: Response, code: str) -> bool:
    return any(code == found for found, _ in codes(response))


def failure(
    response: Response, what: str, *, where: str, writing: bool = False, scrub: Callable[[str], str] = str
) -> StoreError:
    """The error that says what the registry answered.

    What was not found is `NotFound` for readers; a write that was not taken is `StoreRefused`, also when what it needs
    is missing; 429 and 5xx say nothing about the content and are `StoreUnavailable`.
    """
    why = _why(response, scrub)
    status = response.status
    if status == 429 or status >= 500 or status == 408:
        return StoreUnavailable(what, where=where, why=why, next_step="try again later")
    if status in (401, 403):
        kind = StoreRefused if writing else StoreUnavailable
        return kind(what, where=where, why=why, next_step=LOG_IN)
    if not writing:
        return (NotFound if status == 404 else StoreUnavailable)(what, where=where, why=why)
    found = {code for code, _ in codes(response)}
    if status == 413:
        return StoreRefused(what, where=where, why=why)
    if status in (405, 406, 415) or found & _TYPE_CODES:
        return StoreRefused(what, where=where, why=why, next_step="see what this registry can do: attest doctor")
    if status == 404 and "NAME_UNKNOWN" in found:
        return StoreRefused(what, where=where, why=why, next_step="create the repository first")
    return StoreRefused(what, where=where, why=why)


def _why(response: Response, scrub: Callable[[str], str]) -> str:
    said = "; ".join(f"{code}: {message}" if message else code for code, message in codes(response, scrub))
    return f"{response.status} {said}".strip() if said else f"it answered {response.status}"


def _text(value: object, longest: int, scrub: Callable[[str], str]) -> str:
    return clean(scrub(value), longest) if isinstance(value, str) else ""
