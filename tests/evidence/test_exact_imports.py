"""Documents of ecosystems, one rule at a time: what an import says of a signature, of its time, and of its keys."""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from attest import names
from attest.errors import EnvelopeError, FormatError
from attest.evidence.binding import Binding
from attest.evidence.imports import github, npm, npm_keys
from attest.evidence.imports.hang import referrer_of
from attest.evidence.imports.model import Item, Malformed
from attest.evidence.imports.place import Placement
from attest.evidence.lookup import subject_of
from attest.packages.digest import ArtifactDigest
from attest.packages.purl import Purl
from attest.signing.bundle import Bundle
from tests.evidence_factory import key

NPM = Purl.parse("pkg:npm/%40acme/x@1.0.0")
DIGEST = ArtifactDigest("sha512", "ab" * 64)
INTEGRITY = "sha512-" + base64.b64encode(bytes.fromhex("ab" * 64)).decode()
SUBJECT = subject_of(NPM, DIGEST)
NOW = datetime(2026, 11, 21, tzinfo=UTC)
SIGNATURE = {"keyid": "SHA256:x", "sig": "c2ln"}


def version(signatures: Any) -> dict[str, Any]:
    return {"name": "@acme/x", "version": "1.0.0", "dist": {"integrity": INTEGRITY, "signatures": signatures}}


def test_the_registry_signs_no_other_digest() -> None:
    sha256 = ArtifactDigest("sha256", "ab" * 32)
    signature = json.dumps(
        {
            "mediaType": names.BUNDLE_V03,
            "verificationMaterial": {"publicKey": {"hint": "x"}},
            "messageSignature": {
                "messageDigest": {
                    "algorithm": "SHA2_256",
                    "digest": base64.b64encode(hashlib.sha256(npm.message(NPM, sha256)).digest()).decode(),
                },
                "signature": "c2ln",
            },
        }
    )
    assert not npm.signs_message(Bundle.parse(signature.encode()), NPM, sha256)


@pytest.mark.parametrize("signatures", [None, [], {}, "x"])
def test_a_version_without_signatures(signatures: Any) -> None:
    with pytest.raises(EnvelopeError, match="no signature"):
        npm.read_signatures(version(signatures), "w")


def test_a_registrys_signature() -> None:
    (item,) = npm.read_signatures(version([SIGNATURE]), "w")
    assert isinstance(item, Item)
    digest = hashlib.sha256(f"@acme/x@1.0.0:{INTEGRITY}".encode()).digest()
    assert json.loads(item.bundle.raw) == {
        "mediaType": names.BUNDLE_V03,
        "verificationMaterial": {"publicKey": {"hint": "SHA256:x"}},
        "messageSignature": {
            "messageDigest": {"algorithm": "SHA2_256", "digest": base64.b64encode(digest).decode()},
            "signature": "c2ln",
        },
    }
    assert item.package == (NPM, DIGEST)
    assert npm.signs_message(item.bundle, NPM, DIGEST)
    assert not npm.signs_message(item.bundle, NPM, ArtifactDigest("sha512", "ac" * 64))
    assert not npm.signs_message(item.bundle, Purl.parse("pkg:npm/%40acme/y@1.0.0"), DIGEST)
    assert not npm.signs_message(item.bundle, Purl.parse("pkg:generic/%40acme/x@1.0.0"), DIGEST)
    assert not npm.signs_message(item.bundle, NPM, ArtifactDigest("sha256", "ab" * 32))


@pytest.mark.parametrize("signature", ["x", 1, [], None, {}, {"keyid": "x"}, {"sig": "c2ln"}])
def test_one_bad_signature_hides_no_good_one(signature: Any) -> None:
    first, second = npm.read_signatures(version([signature, SIGNATURE]), "w")
    assert (isinstance(first, Malformed), isinstance(second, Item)) == (True, True)


@pytest.mark.parametrize("value", ["x", 1, [], None])
def test_what_is_no_attestation(value: Any) -> None:
    for read in (npm.read_attestations, github.read_attestations):
        (found,) = read([value], "w")
        assert isinstance(found, Malformed)
        assert "not an attestation: it is no JSON object" in str(found)


SPKI = key("registry").public
DER = "".join(SPKI.pem().decode().splitlines()[1:-1])


def bundle(*times: object) -> Bundle:
    material: dict[str, Any] = {"publicKey": {"hint": "x"}}
    if times:
        material["tlogEntries"] = [{"integratedTime": time} for time in times]
    message = {"signature": "c2ln"}
    document = {"mediaType": names.BUNDLE_V03, "verificationMaterial": material, "messageSignature": message}
    return Bundle.parse(json.dumps(document).encode())


@pytest.mark.parametrize(
    ("times", "written"),
    [
        ((), None),
        (("1700000000",), "2023-11-14T22:13:20Z"),
        ((1700000000,), "2023-11-14T22:13:20Z"),
        (("1700000001", "1700000000", "x"), "2023-11-14T22:13:20Z"),
        (("0", 1700000000), "2023-11-14T22:13:20Z"),
        (("100000000000",), "5138-11-16T09:46:40Z"),
        (("253402300799",), "9999-12-31T23:59:59Z"),
        (("0001700000000",), None),
        (("999999999999",), None),
        (("٣",), None),
        (("-1",), None),
        ((None,), None),
    ],
)
def test_when_it_was_logged(times: tuple[object, ...], written: str | None) -> None:
    item = Item("w", bundle(*times))
    manifest, layer = referrer_of(Placement(item, SUBJECT, Binding.NAME, None))
    assert manifest.annotations.get("org.opencontainers.image.created") == written
    assert manifest.annotations["dev.sigstore.bundle.content"] == "message-signature"
    assert layer.data == item.bundle.raw


def test_what_hangs_says_what_it_is() -> None:
    manifest, _ = referrer_of(Placement(Item("w", bundle()), SUBJECT, Binding.NAME, "https://x.example/v1"))
    assert dict(manifest.annotations) == {
        "dev.sigstore.bundle.content": "dsse-envelope",
        "dev.sigstore.bundle.predicateType": "https://x.example/v1",
    }
    assert manifest.effective_artifact_type == names.BUNDLE_V03


def keys(*items: dict[str, Any]) -> tuple[npm_keys.RegistryKey, ...]:
    return npm_keys.read_keys(json.dumps({"keys": list(items)}).encode(), "keys")


def of_tuf(window: object, usage: str = "npm:signatures") -> dict[str, Any]:
    public = {"rawBytes": DER} | ({} if window is None else {"validFor": window})
    return {"keyId": "SHA256:x", "keyUsage": usage, "publicKey": public}


def test_when_a_key_ends() -> None:
    end = datetime(2025, 1, 29, tzinfo=UTC)
    written = {"keyid": "SHA256:x", "key": DER}
    assert [item.end for item in keys({**written, "expires": "2025-01-29T00:00:00.000Z"})] == [end]
    assert [item.end for item in keys({**written, "expires": None})] == [None]
    assert [item.end for item in keys(of_tuf(None))] == [None]
    assert [item.end for item in keys(of_tuf({"start": "1999-01-01T00:00:00Z"}))] == [None]
    assert [item.end for item in keys(of_tuf({"end": "2025-01-29T00:00:00Z"}))] == [end]
    assert keys(of_tuf(None, "npm:attestations")) == ()
    for time in ("2025-01-29T00:00:00", "yesterday"):
        with pytest.raises(FormatError):
            keys({**written, "expires": time})
    with pytest.raises(EnvelopeError, match="no keys of a registry"):
        keys()


def test_a_key_that_has_ended_proves_nothing() -> None:
    signature = key("registry").sign(npm.message(NPM, DIGEST))
    (item,) = npm.read_signatures(version([{"keyid": "SHA256:x", "sig": base64.b64encode(signature).decode()}]), "w")
    assert isinstance(item, Item)
    known = npm_keys.RegistryKey("SHA256:x", SPKI, NOW)
    before = datetime(2026, 11, 20, 23, 59, 59, tzinfo=UTC)
    assert npm_keys.check(item.bundle, NPM, DIGEST, (known,), before) is None
    ended = npm_keys.check(item.bundle, NPM, DIGEST, (known,), NOW)
    assert ended == "key SHA256:x ended on 2026-11-21, and nothing proves that it was signed before"
    missing = npm_keys.check(item.bundle, NPM, DIGEST, (), NOW)
    assert missing == "signed with key SHA256:x, which is not among those given"
    other = npm_keys.RegistryKey("SHA256:x", key("other").public, None)
    assert "does not hold" in str(npm_keys.check(item.bundle, NPM, DIGEST, (other,), NOW))
