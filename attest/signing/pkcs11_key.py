"""Keys on PKCS#11 tokens (HSM, smart card, SoftHSM), named as RFC 7512 says, through `python-pkcs11`.

The module and the PIN may stand in the URI (`module-path`, `pin-value`), else they come from the environment.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote, unquote_to_bytes

from attest.errors import KeyFileError
from attest.signing.keys import PublicKey
from attest.signing.remote_keys import RemoteKey, answered, client_library, hash_name

if TYPE_CHECKING:
    import pkcs11

MODULE_VARIABLES: Final = ("ATTEST_PKCS11_MODULE", "COSIGN_PKCS11_MODULE_PATH")
PIN_VARIABLES: Final = ("ATTEST_PKCS11_PIN", "COSIGN_PKCS11_PIN")

_TOKEN: Final = ("token", "manufacturer", "model", "serial", "slot-id")
_KEY: Final = ("object", "id", "type")
_QUERY: Final = ("module-path", "pin-value")


def open_token(uri: str, password: Callable[[], bytes]) -> RemoteKey:
    """``pkcs11:token=…;object=…;id=…?module-path=…&pin-value=…``: ECDSA and RSA keys whose public half is there too.

    ``password`` is asked for the PIN that stands in neither URI nor environment. Raises `KeyFileError`.
    """
    path, _, query = uri.removeprefix("pkcs11:").partition("?")
    where = f"pkcs11:{path}"  # never the query, where a PIN may stand
    wanted = _attributes(path, ";", (*_TOKEN, *_KEY), where)
    settings = _attributes(query, "&", _QUERY, where)
    if not wanted.keys() & {"object", "id"}:
        raise KeyFileError("no key is named", where=where, next_step="add object=LABEL or id=%HH to the URI")
    if wanted.get("type", "private") != "private":
        raise KeyFileError("not a private key", where=where, why=f"the URI says type={wanted['type']}")
    with client_library("pkcs11", where):
        import pkcs11
        from pkcs11.exceptions import PKCS11Error
    module = unquote(settings.get("module-path", "")) or _environment(MODULE_VARIABLES)
    if not module:
        raise KeyFileError(
            "no PKCS#11 module is named",
            where=where,
            next_step=f"add ?module-path=FILE to the URI, or set {MODULE_VARIABLES[0]}",
        )
    with answered(f"the PKCS#11 module {module} cannot be used", where, PKCS11Error, RuntimeError, OSError):
        slots = pkcs11.lib(module).get_slots(token_present=True)
        tokens = [token for slot in slots if (token := _token(slot, wanted)) is not None]
    if len(tokens) != 1:
        raise KeyFileError(
            f"{len(tokens)} tokens fit" if tokens else "no token fits",
            where=where,
            why=f"there are {', '.join(repr(token.label) for token in tokens)}" if tokens else None,
            next_step="name one with token=LABEL or serial=NUMBER",
        )
    pin = unquote(settings.get("pin-value", "")) or _environment(PIN_VARIABLES) or os.fsdecode(password())
    with _session(tokens[0], pin, where) as session:
        _find(session, pkcs11.ObjectClass.PRIVATE_KEY, wanted, where)
        native = _public(_find(session, pkcs11.ObjectClass.PUBLIC_KEY, wanted, where), where)
    hashed = hash_name(native)

    def ask(data: bytes) -> bytes:
        with _session(tokens[0], pin, where) as session:
            return _sign(_find(session, pkcs11.ObjectClass.PRIVATE_KEY, wanted, where), data, hashed, where)

    return RemoteKey(where, PublicKey.of(native, where=where), ask)


def _attributes(text: str, separator: str, known: tuple[str, ...], where: str) -> Mapping[str, str]:
    """Attributes as written, still percent-encoded. One that is not understood could mean another key."""
    found: dict[str, str] = {}
    for part in text.split(separator) if text else ():
        name, equals, value = part.partition("=")
        if name not in known or not equals or name in found:
            why = "it stands twice" if name in found else f"known: {', '.join(known)}"
            raise KeyFileError(f"the attribute {name[:80]!r} cannot be used", where=where, why=why)
        found[name] = value
    return found


def _environment(names: tuple[str, ...]) -> str | None:
    return next((value for name in names if (value := os.environ.get(name))), None)


def _token(slot: pkcs11.Slot, wanted: Mapping[str, str]) -> pkcs11.Token | None:
    """The slot's token if it is initialised and all that the URI says of it is so."""
    import pkcs11

    token = slot.get_token()
    facts = {
        "token": token.label,
        "manufacturer": token.manufacturer_id,
        "model": token.model,
        "serial": token.serial.decode("utf-8", "replace").rstrip("\0 "),
        "slot-id": str(slot.slot_id),
    }
    fits = all(unquote(wanted[name]) == facts[name] for name in _TOKEN if name in wanted)
    return token if fits and pkcs11.TokenFlag.TOKEN_INITIALIZED in token.flags else None


@contextmanager
def _session(token: pkcs11.Token, pin: str, where: str) -> Iterator[pkcs11.Session]:
    """One at a time, closed at once: who is logged in is so in the whole process."""
    from pkcs11.exceptions import PKCS11Error

    with answered("the token did not let us in", where, PKCS11Error):
        session = token.open(user_pin=pin)
    with session:
        yield session


def _find(session: pkcs11.Session, kind: pkcs11.ObjectClass, wanted: Mapping[str, str], where: str) -> Any:
    from pkcs11 import Attribute
    from pkcs11.exceptions import PKCS11Error

    terms: dict[Attribute, Any] = {Attribute.CLASS: kind}
    if "object" in wanted:
        terms[Attribute.LABEL] = unquote(wanted["object"])
    if "id" in wanted:
        terms[Attribute.ID] = unquote_to_bytes(wanted["id"])
    with answered("the token cannot be searched", where, PKCS11Error):
        found = list(session.get_objects(terms))
    if len(found) != 1:
        what = kind.name.lower().replace("_", " ")
        raise KeyFileError(f"{len(found)} such {what}s on the token" if found else f"no such {what}", where=where)
    return found[0]


def _public(key: Any, where: str) -> Any:
    import pkcs11
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers
    from cryptography.hazmat.primitives.serialization import load_der_public_key
    from pkcs11.exceptions import PKCS11Error
    from pkcs11.util.ec import encode_ec_public_key

    with answered("the public key cannot be used", where, PKCS11Error, ValueError, UnsupportedAlgorithm):
        if key.key_type is pkcs11.KeyType.EC:
            return load_der_public_key(encode_ec_public_key(key))
        if key.key_type is pkcs11.KeyType.RSA:
            exponent, modulus = (
                int.from_bytes(key[name], "big")
                for name in (pkcs11.Attribute.PUBLIC_EXPONENT, pkcs11.Attribute.MODULUS)
            )
            return RSAPublicNumbers(exponent, modulus).public_key()
    raise KeyFileError("only ECDSA and RSA keys on tokens can be used", where=where, why=f"it is {key.key_type!r}")


def _sign(private: Any, data: bytes, hashed: str | None, where: str) -> bytes:
    import pkcs11
    from pkcs11.exceptions import PKCS11Error
    from pkcs11.util.ec import encode_ecdsa_signature

    with answered("the token did not sign", where, PKCS11Error):
        if private.key_type is pkcs11.KeyType.RSA:
            return bytes(private.sign(data, mechanism=pkcs11.Mechanism.SHA256_RSA_PKCS))
        digest = hashlib.new(str(hashed), data).digest()
        return encode_ecdsa_signature(private.sign(digest, mechanism=pkcs11.Mechanism.ECDSA))
