"""Signed packs: a policy from a pack counts for those who trust the key that signed it, and for nobody else."""

from __future__ import annotations

import io
import json
import socket
import tarfile
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import jsonschema
import pytest

from attest import names
from attest.evidence import pack, pack_signature
from attest.evidence.attach import attach_bundle
from attest.evidence.pack import Pack
from attest.oci.digest import Digest
from attest.oci.manifest import Manifest
from attest.oci.reference import Reference
from attest.report.schemas import schema
from attest.signing.key_files import load_private
from attest.signing.keys import PrivateKey
from attest.signing.sign import KeySigner, sign_statement
from attest.statements.statement import Subject, write_statement
from attest.stores.archive import ArchiveStore
from attest.stores.directory import DirectoryStore
from tests.cli.conftest import PASSWORD, POLICY, Workplace

WHEEL = "dist/acme-1.0-py3-none-any.whl"
OTHER = "dist/other-1.0-py3-none-any.whl"
PACK = ("--store", "oci-archive:evidence.pack")
BY_PACKER = (*PACK, "--pack-key", "packer.pub")

Members = dict[str, bytes]


@pytest.fixture
def packed(attest: Workplace) -> Workplace:
    """A pack with a policy, signed by a key that the policy does not know; the policy itself is elsewhere."""
    attest.wheel("other")
    for name in ("packer", "stranger"):
        attest.ok("key", "generate", name)
    attest.ok("sign", WHEEL, OTHER, "--key", "release.key")
    policy = ("--policy", "policy.yaml")
    attest.ok("pack", WHEEL, OTHER, "--output", "evidence.pack", *policy, "--key", "packer.key")
    attest.ok("pack", WHEEL, OTHER, "--output", "unsigned.pack", *policy)
    attest.ok("pack", OTHER, "--output", "other.pack", *policy, "--key", "packer.key")
    Path(".attest").rename("original")
    for name in ("policy.yaml", "release.pub"):
        Path(name).rename(f"kept-{name}")
    return attest


def private(name: str) -> PrivateKey:
    return load_private(Path(name), lambda: PASSWORD.encode())


def opened(file: str = "evidence.pack") -> ArchiveStore:
    return ArchiveStore(Path(file), f"oci-archive:{file}")


def found(store: ArchiveStore) -> Pack:
    made = pack.find(store)
    assert made is not None
    return made


def contents(file: str) -> Members:
    with tarfile.open(file) as tar:
        return {name: data.read() for name in tar.getnames() if (data := tar.extractfile(name)) is not None}


def written(members: Members, file: str = "evidence.pack") -> None:
    with tarfile.open(file, "w") as tar:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))


def signature_paths(file: str = "evidence.pack") -> set[str]:
    with closing(opened(file)) as store:
        return set(pack_signature.members(store, found(store).manifest))


def test_whoever_trusts_the_key_needs_nothing_else(packed: Workplace) -> None:
    done = packed.ok("verify", WHEEL, OTHER, *BY_PACKER, "--json").json
    assert [item["outcome"] for item in done["verdicts"]] == ["admitted"] * 2
    packed.ok("unpack", "evidence.pack", "oci:back/{package}", "--pack-key", "packer.pub")
    assert sorted(path.name for path in Path("back/pypi").iterdir()) == ["acme", "other"]


def test_nothing_but_the_pack_is_needed(packed: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    """No connection is made, and no other store is there."""

    def connect(*arguments: object) -> None:
        raise AssertionError(f"a connection: {arguments}")

    monkeypatch.setattr(socket.socket, "connect", connect)
    monkeypatch.setattr(socket, "getaddrinfo", connect)
    assert packed.ok("verify", WHEEL, *BY_PACKER).out.startswith("admitted")
    packed.ok("list", WHEEL, *PACK)


def test_its_digest_stays_what_it_is_unsigned(packed: Workplace) -> None:
    with closing(opened()) as one, closing(opened("unsigned.pack")) as other:
        digest = found(one).digest
        assert digest == found(other).digest
    assert packed.ok("verify", WHEEL, *PACK, "--pack-digest", str(digest)).out.startswith("admitted")


def test_what_is_printed(packed: Workplace) -> None:
    for key in ((), ("--key", "packer.key")):
        made = packed.ok(
            "pack", WHEEL, "--output", f"{len(key)}.pack", "--store", "oci:original/{package}", *key, "--json"
        )
        jsonschema.Draft202012Validator(schema("pack")).validate(made.json)
        expected = f"sha256:{private('packer.key').public.fingerprint}" if key else None
        assert made.json["signedBy"] == expected


def test_another_key(packed: Workplace) -> None:
    refused = packed.refused("verify", WHEEL, *PACK, "--pack-key", "stranger.pub", code=1)
    assert "not signed by the key that was named" in refused
    assert "1 by others" in refused
    assert "not signed" in packed.refused("unpack", "evidence.pack", "oci:x", "--pack-key", "stranger.pub", code=1)
    assert not Path("x").exists()


def test_an_unsigned_pack(packed: Workplace) -> None:
    store = ("--store", "oci-archive:unsigned.pack", "--pack-key", "packer.pub")
    assert "found none" in packed.refused("verify", WHEEL, *store, code=1)


def test_no_key_is_trusted_because_it_lies_in_the_pack(packed: Workplace) -> None:
    """Nor does a policy that is trusted to judge packages make its identities trusted to sign packs."""
    assert "1 by others" in packed.refused("verify", WHEEL, *PACK, "--pack-key", "kept-release.pub", code=1)
    assert packed("verify", WHEEL, *PACK).code == 2


def test_a_signature_moved_from_another_pack(packed: Workplace) -> None:
    """As it is, and with its manifest made anew so that it refers to this pack."""
    paths = signature_paths("other.pack")
    other = contents("other.pack")
    written(contents("unsigned.pack") | {path: other[path] for path in paths}, "moved.pack")
    store = ("--store", "oci-archive:moved.pack", "--pack-key", "packer.pub")
    assert "was added" in packed.refused("verify", WHEEL, *store, code=3)

    with closing(opened("other.pack")) as origin:
        (signature,) = pack_signature.signatures(origin, found(origin).manifest)
    Path("moved.pack").write_bytes(Path("unsigned.pack").read_bytes())
    moved_into("moved.pack", signature.bundle.raw)
    assert "was added" in packed.refused("verify", WHEEL, *store, code=3)


def moved_into(file: str, bundle: bytes) -> None:
    """Attach a bundle as a pack's signature is attached, whatever it signs."""

    class Copied:
        def bundle(self, payload: bytes, payload_type: str) -> bytes:
            return bundle

    with closing(opened(file)) as store:
        pack_signature.sign(store, found(store).manifest, Copied())


def of_another_payload_type(manifest: Manifest, key: PrivateKey) -> bytes:
    subject = Subject(names.PACK_TAG, {"sha256": manifest.digest.encoded})
    statement = write_statement([subject], names.PREDICATE_PACK, {"artifactType": names.PACK})
    return sign_statement(statement, KeySigner(key))


def of_another_predicate_type(manifest: Manifest, key: PrivateKey) -> bytes:
    subject = Subject(names.PACK_TAG, {"sha256": manifest.digest.encoded})
    statement = write_statement([subject], names.PREDICATE_COSIGN_SIGN, {})
    return sign_statement(statement, KeySigner(key), payload_type=names.PACK_PAYLOAD)


def of_more_than_the_pack(manifest: Manifest, key: PrivateKey) -> bytes:
    subjects = [Subject("one", {"sha256": digest}) for digest in (manifest.digest.encoded, "0" * 64)]
    statement = write_statement(subjects, names.PREDICATE_PACK, {"artifactType": names.PACK})
    return sign_statement(statement, KeySigner(key), payload_type=names.PACK_PAYLOAD)


def of_a_digest_more(manifest: Manifest, key: PrivateKey) -> bytes:
    subject = Subject(names.PACK_TAG, {"sha256": manifest.digest.encoded, "sha512": "0" * 128})
    statement = write_statement([subject], names.PREDICATE_PACK, {"artifactType": names.PACK})
    return sign_statement(statement, KeySigner(key), payload_type=names.PACK_PAYLOAD)


def of_no_statement(manifest: Manifest, key: PrivateKey) -> bytes:
    return sign_statement(b"[]", KeySigner(key), payload_type=names.PACK_PAYLOAD)


@pytest.mark.parametrize(
    "make",
    [
        of_another_payload_type,
        of_another_predicate_type,
        of_more_than_the_pack,
        of_a_digest_more,
        of_no_statement,
    ],
)
def test_only_a_statement_about_this_pack_counts(
    packed: Workplace, make: Callable[[Manifest, PrivateKey], bytes]
) -> None:
    with closing(opened("unsigned.pack")) as store:
        manifest = found(store).manifest
    moved_into("unsigned.pack", make(manifest, private("packer.key")))
    store_and_key = ("--store", "oci-archive:unsigned.pack", "--pack-key", "packer.pub")
    assert "was added" in packed.refused("verify", WHEEL, *store_and_key, code=3)


def test_a_signature_with_a_flipped_bit(packed: Workplace) -> None:
    with closing(opened()) as store:
        (signature,) = pack_signature.signatures(store, found(store).manifest)
    value = json.loads(signature.bundle.raw)
    text = value["dsseEnvelope"]["signatures"][0]["sig"]
    value["dsseEnvelope"]["signatures"][0]["sig"] = text[:20] + ("A" if text[20] != "A" else "B") + text[21:]
    moved_into("unsigned.pack", json.dumps(value).encode())
    store_and_key = ("--store", "oci-archive:unsigned.pack", "--pack-key", "packer.pub")
    assert "1 by others" in packed.refused("verify", WHEEL, *store_and_key, code=1)


def test_nothing_else_gets_in_with_a_signature(packed: Workplace) -> None:
    with closing(opened()) as store:
        (signature,) = pack_signature.signatures(store, found(store).manifest)
        value = json.loads(signature.manifest.raw)
        value["annotations"]["note"] = "something else"
        more = Manifest.parse(json.dumps(value).encode())
        store.push("", more.descriptor(), more.raw)
    assert "was added" in packed.refused("verify", WHEEL, *BY_PACKER, code=3)


def test_several_may_sign(packed: Workplace) -> None:
    with closing(opened()) as store:
        pack_signature.sign(store, found(store).manifest, KeySigner(private("stranger.key")))
    for key in ("packer.pub", "stranger.pub"):
        assert packed.ok("verify", WHEEL, *PACK, "--pack-key", key).out.startswith("admitted")


def some_member(members: Members) -> str:
    """A blob that is evidence, and none of the signature's."""
    own = signature_paths()
    bundles = (path for path, data in members.items() if names.BUNDLE_V03.encode() in data and "blobs/" in path)
    return max(path for path in bundles if path not in own)


def replaced(members: Members) -> str:
    path = some_member(members)
    members[path] = members[path][:-1] + b" "
    return "was changed"


def removed(members: Members) -> str:
    del members[some_member(members)]
    return "is missing"


def added(members: Members) -> str:
    members["blobs/sha256/" + "0" * 64] = b"{}"
    return "was added"


def added_beside_the_signature(members: Members) -> str:
    members["evil.txt"] = b"{}"
    return "evil.txt was added"


def signature_changed(members: Members) -> str:
    for path in signature_paths():
        members[path] = members[path][:-1] + b" "
    return "was added"


def policy_replaced(members: Members) -> str:
    (path,) = (path for path, data in members.items() if b"applies_to" in data)
    members[path] = POLICY.replace("release.pub", "stranger.pub").encode()
    return "was changed"


@pytest.mark.parametrize(
    "change", [replaced, removed, added, added_beside_the_signature, signature_changed, policy_replaced]
)
def test_what_is_not_as_it_was_signed_is_detected(packed: Workplace, change: Callable[[Members], str]) -> None:
    members = contents("evidence.pack")
    says = change(members)
    written(members)
    assert says in packed.refused("verify", WHEEL, *BY_PACKER, code=3)
    assert says in packed.refused("unpack", "evidence.pack", "oci:x", "--pack-key", "packer.pub", code=3)


def test_a_signature_taken_away_leaves_an_unsigned_pack(packed: Workplace) -> None:
    members = contents("evidence.pack")
    for path in signature_paths():
        del members[path]
    index = json.loads(members["index.json"])
    kept = [
        entry for entry in index["manifests"] if f"blobs/sha256/{entry['digest'].removeprefix('sha256:')}" in members
    ]
    members["index.json"] = json.dumps({**index, "manifests": kept}).encode()
    written(members)
    assert "found none" in packed.refused("verify", WHEEL, *BY_PACKER, code=1)


def test_a_list_that_was_made_anew_is_another_pack(packed: Workplace) -> None:
    """Whoever changes members and list makes another manifest, which nobody trusted has signed."""
    packed.write("policy.yaml", POLICY.replace("release.pub", "stranger.pub"))
    source = ("--store", "oci:original/{package}", "--output", "forged.pack")
    packed.ok("pack", OTHER, *source)
    with closing(opened()) as store:
        (signature,) = pack_signature.signatures(store, found(store).manifest)
    moved_into("forged.pack", signature.bundle.raw)
    forged = ("--store", "oci-archive:forged.pack", "--pack-key", "packer.pub")
    assert "was added" in packed.refused("verify", OTHER, *forged, code=3)


def test_a_packs_signature_is_none_of_a_package(packed: Workplace) -> None:
    """By the release key itself, about the wheel's own anchor: for a rule it is no signature."""
    unsigned = packed.wheel("unsigned")
    (shown,) = packed.ok("anchor", unsigned, "--json").json["anchors"]
    Path("kept-release.pub").rename("release.pub")
    packed.write("policy.yaml", POLICY)
    digest = Digest.parse(shown["anchor"])
    subjects = [Subject(shown["purl"], {"sha256": digest.encoded})]
    key = KeySigner(private("release.key"))

    def attach(predicate_type: str, predicate: dict[str, str], payload_type: str) -> None:
        with closing(DirectoryStore(Path(".attest"), "store")) as store:
            anchor = store.resolve(Reference("pypi/unsigned", digest=digest))
            statement = write_statement(subjects, predicate_type, predicate)
            bundle = sign_statement(statement, key, payload_type=payload_type)
            created = datetime(2026, 1, 1, tzinfo=UTC)
            attach_bundle(store, "pypi/unsigned", anchor, bundle, predicate_type=predicate_type, created=created)

    attach(names.PREDICATE_PACK, {"artifactType": names.PACK}, names.PACK_PAYLOAD)
    attach(names.PREDICATE_COSIGN_SIGN, {}, names.PACK_PAYLOAD)
    denied = packed("verify", unsigned, "--policy", "policy.yaml", "--explain")
    assert denied.code == 1
    assert "not an in-toto statement" in denied.out
    assert "2 found, 0 verified, 2 rejected" in denied.out
    attach(names.PREDICATE_PACK, {"artifactType": names.PACK}, names.IN_TOTO_PAYLOAD)
    assert packed("verify", unsigned, "--policy", "policy.yaml").code == 1
    attach(names.PREDICATE_COSIGN_SIGN, {}, names.IN_TOTO_PAYLOAD)
    packed.ok("verify", unsigned, "--policy", "policy.yaml")
