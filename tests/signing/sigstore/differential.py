"""Hold `attest` against the `sigstore` package: the same bundle, changed at random, the same answer.

`attest` is asked twice: as it is used, and its own steps alone. Where an answer differs there has to be a reason in
`by_sigstore.DIFFERENCES`, for the very words of the refusal. Nothing but a refusal may come out.
"""

from __future__ import annotations

import base64
import copy
import json
import random
import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sigstore.errors import Error as SigstoreError
from sigstore.hashes import Hashed
from sigstore.models import Bundle as SigstoreBundle
from sigstore.models import TrustedRoot as SigstoreRoot
from sigstore.verify import Verifier
from sigstore.verify.policy import UnsafeNoOp

from attest.errors import AttestError
from attest.signing.bundle import Bundle
from attest.signing.proof import CertificateAuthor, Proof
from attest.signing.sigstore import by_sigstore
from attest.signing.sigstore.content import Content
from attest.signing.sigstore.material import Material
from attest.signing.sigstore.trusted_root import TrustedRoot
from attest.signing.sigstore.verify import Requirements, verify
from tests.signing.sigstore.cases import Case

OWN_STEPS = Requirements(log=1, timestamp=0)
"""Demands what the default does, as a certificate needs a time anyway; but the package is not asked."""


@lru_cache(maxsize=4)
def verifier(root: TrustedRoot) -> Verifier:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "trusted_root.json"
        path.write_bytes(root.raw)
        return Verifier(trusted_root=SigstoreRoot.from_file(str(path)))


def of_sigstore(raw: bytes, case: Case) -> str | None:
    """Why `sigstore` refuses; None if it accepts. What it raises besides its own errors is a refusal as well."""
    try:
        bundle = SigstoreBundle.from_json(raw)
        if case.artifact is None:
            verifier(case.root).verify_dsse(bundle, UnsafeNoOp())
        else:
            digest = case.artifact.digest("sha256")
            hashed = Hashed.model_validate({"algorithm": "SHA2_256", "digest": digest})
            verifier(case.root).verify_artifact(hashed, bundle, UnsafeNoOp())
    except SigstoreError as error:
        return str(error) or type(error).__name__
    except Exception as error:  # noqa: BLE001 - theirs to mend
        return f"traceback: {error!r}"
    return None


def of_attest(raw: bytes, case: Case, requirements: Requirements) -> str | Proof:
    """What is proven, or why it is refused."""
    try:
        return verify(Bundle.parse(raw), case.root, requirements, artifact=case.artifact)
    except AttestError as error:
        return str(error)


def complaint(raw: bytes, case: Case) -> str | None:
    """What is wrong with the answers to ``raw``; None if they agree, or a written reason says why they do not."""
    theirs = of_sigstore(raw, case)
    used, own = of_attest(raw, case, Requirements()), of_attest(raw, case, OWN_STEPS)
    if isinstance(used, Proof) and isinstance(own, Proof) and (used, _claims(used)) != (own, _claims(own)):
        return f"attest: {used}; its own steps: {own}"
    for name, ours in (("attest", used), ("its own steps", own)):
        refused = isinstance(ours, str)
        if refused == (theirs is not None):
            continue
        accepted_by, refusal = ("sigstore", ours) if isinstance(ours, str) else ("attest", theirs or "")
        if not is_explained(accepted_by, refusal, raw, case):
            return f"{name}: {ours}; sigstore: {theirs or 'verified'}"
    return None


def _claims(proof: Proof) -> object:
    return proof.author.claims if isinstance(proof.author, CertificateAuthor) else None


def is_explained(accepted_by: str, refusal: str, raw: bytes, case: Case) -> bool:
    if any(item.accepted_by == accepted_by and refusal.startswith(item.step) for item in by_sigstore.DIFFERENCES):
        return True
    # Forms that the package does not have at all are no difference of opinion.
    if accepted_by == "sigstore":
        return False
    bundle = Bundle.parse(raw)
    return not by_sigstore.knows(bundle, Material.of(bundle), Content.of(bundle, case.artifact), case.root)


def mutations(case: Case, draw: random.Random) -> Iterator[bytes]:
    """Endless changes of the bundle: bits, whole values, members left out, moved or taken from a log's body."""
    while True:
        kind = draw.randrange(4)
        if kind == 0:
            changed = bytearray(case.raw)
            for _ in range(draw.choice((1, 1, 2, 8))):
                changed[draw.randrange(len(changed))] ^= 1 << draw.randrange(8)
            yield bytes(changed)
        else:
            value = json.loads(case.raw)
            for _ in range(draw.choice((1, 1, 2))):
                _change(value, draw)
            yield json.dumps(value).encode()


def _change(value: Any, draw: random.Random) -> None:
    places = list(_places(value))
    if not places:
        return
    container, key = draw.choice(places)
    found = container[key]
    choice = draw.randrange(7)
    if choice == 0:
        del container[key]
    elif choice == 1:
        container[key] = draw.choice((None, 0, "", "0", [], {}, True, "-1", "1" * 30, [found], {"x": found}))
    elif choice == 2:
        other, name = draw.choice(places)
        container[key] = copy.deepcopy(other[name])
    elif choice == 3 and isinstance(found, str):
        container[key] = draw.choice((found + "\n", found.rstrip("="), found + "=", found.upper(), f" {found}"))
    elif choice == 4 and isinstance(found, str) and found.isdigit():
        container[key] = str(max(0, int(found) + draw.choice((-1, 1, 2**32))))
    elif choice == 5 and isinstance(key, str):
        container[re.sub("([A-Z])", lambda match: "_" + match[1].lower(), key)] = container.pop(key)
    elif isinstance(found, str):
        container[key] = _inside(found, draw)


def _inside(text: str, draw: random.Random) -> str:
    """The bytes that a text is base64 of, one bit changed, or the JSON in them."""
    try:
        data = bytearray(base64.b64decode(text, validate=True))
    except ValueError:
        return text[::-1]
    try:
        inner = json.loads(bytes(data))
        _change(inner, draw)
        return base64.b64encode(json.dumps(inner, separators=(",", ":"), sort_keys=True).encode()).decode()
    except ValueError:
        pass
    if data:
        data[draw.randrange(len(data))] ^= 1 << draw.randrange(8)
    return base64.b64encode(bytes(data)).decode()


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield value, key
            yield from _places(item)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield value, index
            yield from _places(item)
