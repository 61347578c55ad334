"""Verifying Sigstore bundles in a process that is warm: `attest` beside the `sigstore` package.

The bundles are made here, with keys of the kinds that the public instance has; each is read anew every time.
"""

from __future__ import annotations

import logging
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from bench.harness import Row, Table

ROUNDS = 41
TARGET = 1.5e-3
"""Seconds for one bundle, at most."""


def measure(tick: Callable[[], None]) -> Table:
    """Medians of turns; an intoto entry, which is what npm has, is not for `sigstore`."""
    logging.disable(logging.WARNING)  # UnsafeNoOp warns each time
    functions = _functions()
    taken: dict[str, list[float]] = {name: [] for name in functions}
    for turn in range(ROUNDS + 3):
        for name, function in functions.items():
            started = time.perf_counter()
            function()
            if turn >= 3:
                taken[name].append(time.perf_counter() - started)
        if turn % 10 == 0:
            tick()
    logging.disable(logging.NOTSET)
    reference = "sigstore, statement"
    base = statistics.median(taken[reference])
    rows = (
        Row(name, median, min(times), median / base, TARGET / base if name.startswith("attest") else None)
        for name, times in taken.items()
        for median in [statistics.median(times)]
    )
    return Table(f"verify one bundle, at most {TARGET * 1e3} ms", reference, tuple(rows), ROUNDS)


def _functions() -> dict[str, Callable[[], object]]:
    from cryptography.hazmat.primitives.asymmetric import ec
    from sigstore.models import Bundle as SigstoreBundle
    from sigstore.models import TrustedRoot as SigstoreRoot
    from sigstore.verify import Verifier
    from sigstore.verify.policy import UnsafeNoOp

    from attest.signing.bundle import Bundle
    from attest.signing.keys import PublicKey
    from attest.signing.sigstore.artifact import Artifact
    from attest.signing.sigstore.verify import Requirements, verify, verify_with_key
    from tests.signing.sigstore.forge import FILE, Forged, Sigstore, keyless

    instance = Sigstore(
        root_key=ec.generate_private_key(ec.SECP384R1()), ca_key=ec.generate_private_key(ec.SECP384R1())
    )
    root, artifact, policy = instance.root(), Artifact.of_bytes(FILE), UnsafeNoOp()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "trusted_root.json"
        path.write_bytes(root.raw)
        verifier = Verifier(trusted_root=SigstoreRoot.from_file(str(path)))
    honest = keyless(instance)
    statement = honest.bundle().raw
    file = replace(honest, kind="hashedrekord 0.0.1", file=FILE).bundle().raw
    npm = replace(honest, kind="intoto 0.0.2").bundle().raw
    own = ec.generate_private_key(ec.SECP256R1())
    key, keyed = PublicKey.of(own.public_key()), Forged(instance, own).bundle().raw
    needs = Requirements(1, 1)
    return {
        "sigstore, statement": lambda: verifier.verify_dsse(SigstoreBundle.from_json(statement), policy),
        "attest, statement": lambda: verify(Bundle.parse(statement), root),
        "sigstore, file": lambda: verifier.verify_artifact(FILE, SigstoreBundle.from_json(file), policy),
        "attest, file": lambda: verify(Bundle.parse(file), root, artifact=artifact),
        "attest, intoto entry": lambda: verify(Bundle.parse(npm), root),
        "attest, managed key": lambda: verify_with_key(Bundle.parse(keyed), key, root=root, requirements=needs),
    }
