"""moto's server, with the one part of KMS added that moto says is missing and every AWS client uses: it signs digests.

Run as ``python -m tests.cli.aws_kms -H 127.0.0.1 -p PORT``.
"""

from __future__ import annotations

import base64
import json
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from moto import server
from moto.kms.responses import KmsResponse

HASHES: dict[str, hashes.HashAlgorithm] = {"256": hashes.SHA256(), "384": hashes.SHA384(), "512": hashes.SHA512()}


def sign(self: KmsResponse) -> str:
    """https://docs.aws.amazon.com/kms/latest/APIReference/API_Sign.html, with `MessageType: DIGEST`."""
    asked: dict[str, Any] = json.loads(self.body)
    algorithm, key_id = str(asked["SigningAlgorithm"]), str(asked["KeyId"])
    assert asked["MessageType"] == "DIGEST"
    key = self.kms_backend.describe_key(key_id)
    native: Any = key.private_key.private_key  # type: ignore[attr-defined]
    digest, hashed = base64.b64decode(asked["Message"]), Prehashed(HASHES[algorithm[-3:]])
    if isinstance(native, rsa.RSAPrivateKey):
        assert algorithm.startswith("RSASSA_PKCS1_V1_5_")
        signature = native.sign(digest, padding.PKCS1v15(), hashed)
    else:
        signature = native.sign(digest, ec.ECDSA(hashed))
    return json.dumps(
        {"KeyId": key.arn, "Signature": base64.b64encode(signature).decode(), "SigningAlgorithm": algorithm}
    )


if __name__ == "__main__":
    KmsResponse.sign = sign  # type: ignore[method-assign]
    server.main()
