"""Keeping and forgetting credentials where docker keeps them: its file, or the credential helper that the file names.

In the file only the registry's own entry changes, and no other byte; it is replaced at once, readable by its owner
only. A link to it stays a link.
"""

from __future__ import annotations

import base64
import os
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from attest.errors import UsageError
from attest.oci.reference import hub
from attest.stores import durable
from attest.stores.registry import helper, json_text
from attest.stores.registry.credentials import (
    TOKEN_USER,
    Credential,
    docker_config,
    helper_of,
    is_key_of,
    read_file,
    server_key,
)

_AUTHS: Final = "auths"


def keep(host: str, credential: Credential, environment: Mapping[str, str], home: Path) -> str:
    """Keep ``credential`` for all of ``host``; where: a file's path, or a helper's name. Raises `UsageError`."""
    host, path = hub(host), docker_config(environment, home)
    key = server_key(host)
    read = read_file(path)
    suffix = None if read is None else helper_of(read[1], host, "")
    if suffix is None:
        entry = _entry(credential)
        _edit(path, lambda text, value: json_text.put(_without(text, value, host, but=key), (_AUTHS, key), entry))
        return str(path)
    secret = credential.identity_token or credential.password
    username = TOKEN_USER if credential.identity_token else credential.username
    helper.store(suffix, key, username, secret, environment)
    _edit(path, lambda text, value: _without(text, value, host))  # what lay there in plain text before
    return helper.program(suffix)


def forget(host: str, environment: Mapping[str, str], home: Path) -> bool:
    """Forget what is kept for all of ``host``; False when nothing was. Raises `UsageError`."""
    host, path = hub(host), docker_config(environment, home)
    read = read_file(path)
    if read is None:
        return False
    suffix = helper_of(read[1], host, "")
    erased = suffix is not None and helper.erase(suffix, server_key(host), environment)
    return _edit(path, lambda text, value: _without(text, value, host)) or erased


def _entry(credential: Credential) -> dict[str, str]:
    if credential.identity_token:
        return {"identitytoken": credential.identity_token}
    pair = f"{credential.username}:{credential.password}"
    return {"auth": base64.b64encode(pair.encode()).decode("ascii")}


def _without(text: str, value: Mapping[str, Any], host: str, *, but: str = "") -> str:
    """``text`` without the entries of ``host``, however they spell it, ``but`` one."""
    entries = value.get(_AUTHS)
    for key in entries if isinstance(entries, dict) else ():
        if is_key_of(key, host) and key != but:
            text = json_text.drop(text, (_AUTHS, key))
    return text


def _edit(path: Path, change: Callable[[str, Mapping[str, Any]], str]) -> bool:
    """Replace the file by what ``change`` makes of its text; False when that is the same. Two at once take turns."""
    try:
        place = path.resolve()
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder = os.open(place.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            with durable.locked(folder, "."):
                text, value = read_file(place) or ("{}", {})
                changed = change(text, value)
                if changed != text:
                    _replace(place, changed.encode())
        finally:
            os.close(folder)
    except (OSError, RuntimeError) as error:  # a RuntimeError is how `resolve` tells links that lead in a circle
        why = error.strerror if isinstance(error, OSError) else str(error)
        raise UsageError("cannot write credentials", where=str(path), why=why) from None
    return changed != text


def _replace(path: Path, data: bytes) -> None:
    temporary = path.with_name(f"{path.name}.{secrets.token_hex(8)}.tmp")
    number = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(number, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(number)
        os.replace(temporary, path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
