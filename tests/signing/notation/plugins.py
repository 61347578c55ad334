"""Plugins of notation as small programs, each right or wrong in one way."""

from __future__ import annotations

import sys
from pathlib import Path

NAME = "acme"

_PROGRAM = """#!{python}
import base64, json, os, subprocess, sys, time

HOME = {home!r}
command = sys.argv[1]
request = json.loads(sys.stdin.buffer.read())
with open(os.path.join(HOME, "requests.jsonl"), "a") as log:
    log.write(json.dumps([command, request]) + "\\n")


def fail(code, message):
    print(json.dumps({{"errorCode": code, "errorMessage": message}}), file=sys.stderr)
    sys.exit(1)


def answer(value):
    print(json.dumps(value))
    sys.exit(0)


{body}
"""

_METADATA = """
if command == "get-plugin-metadata":
    answer({{"name": "acme", "description": "d", "version": "1.2.3", "url": "https://acme.example",
            "supportedContractVersions": ["1.0"], "capabilities": {capabilities!r}}})
"""

_RAW = """
sys.path.insert(0, {repository!r})
from cryptography.hazmat.primitives.serialization import load_pem_private_key, Encoding
from cryptography import x509
from attest.signing.notation import algorithms
key = load_pem_private_key(open(os.path.join(HOME, "signer.key"), "rb").read(), None)
chain = x509.load_pem_x509_certificates(open(os.path.join(HOME, "signer.crt"), "rb").read())
row = algorithms.algorithm_of(key.public_key())
if command == "describe-key":
    answer({"keyId": request["keyId"], "keySpec": row.key_spec})
if command == "generate-signature":
    signature = algorithms.sign(row, key, base64.b64decode(request["payload"]))
    answer({"keyId": request["keyId"], "signature": base64.b64encode(signature).decode(),
            "signingAlgorithm": row.signing_algorithm,
            "certificateChain": [base64.b64encode(c.public_bytes(Encoding.DER)).decode() for c in chain]})
"""

_ENVELOPE = """
if command == "generate-envelope":
    answer({"signatureEnvelope": base64.b64encode(open(os.path.join(HOME, "envelope"), "rb").read()).decode(),
            "signatureEnvelopeType": request["signatureEnvelopeType"], "annotations": {"acme.run": "7"}})
"""

REPOSITORY = str(Path(__file__).resolve().parents[3])
RAW = _METADATA.format(capabilities=["SIGNATURE_GENERATOR.RAW"]) + _RAW.replace("{repository!r}", repr(REPOSITORY))
ENVELOPE = _METADATA.format(capabilities=["SIGNATURE_GENERATOR.ENVELOPE"]) + _ENVELOPE


def install(plugins: Path, home: Path, body: str, name: str = NAME) -> Path:
    """Write the program where notation looks for it below ``plugins``; it reads its files in ``home``."""
    program = plugins / name / f"notation-{name}"
    program.parent.mkdir(parents=True, exist_ok=True)
    program.write_text(_PROGRAM.format(python=sys.executable, home=str(home), body=body))
    program.chmod(0o755)
    return program
