"""Signing through plugins: child processes that may be slow, loud, wrong or hostile."""

from __future__ import annotations

import base64
import json
import time
from pathlib import Path
from typing import Any

import pytest

from attest import limits, names
from attest.errors import KeyFileError, UsageError
from attest.signing.notation.plugin import Plugin, plugin_directory, plugin_signer
from attest.signing.notation.sign import Request
from attest.signing.notation.trust_policy import Statement
from attest.signing.notation.trust_store import GivenAnchors
from attest.signing.notation.verify import verify_signature
from tests.signing.notation.conftest import MEDIA, sign, target
from tests.signing.notation.pki import ACME, DAY, KINDS, NOW, Entity, root
from tests.signing.notation.plugins import ENVELOPE, NAME, RAW, install

METADATA: dict[str, Any] = {
    "name": NAME,
    "description": "d",
    "version": "1.2.3",
    "url": "https://acme.example",
    "supportedContractVersions": ["1.0"],
    "capabilities": ["SIGNATURE_GENERATOR.RAW"],
}


@pytest.fixture
def entity(tmp_path: Path) -> Entity:
    entity = root().issue(ACME)
    entity.write(tmp_path, "signer")
    return entity


def plugin(folder: Path, body: str, **config: str) -> Plugin:
    install(folder / "plugins", folder, body)
    return Plugin.find(NAME, config, folder / "plugins")


def answering(folder: Path, answers: dict[str, Any]) -> Plugin:
    """A plugin with these answers, by command."""
    return plugin(folder, f"answer(json.loads({json.dumps(json.dumps(answers))})[command])")


def requests(folder: Path) -> list[tuple[str, dict[str, Any]]]:
    return [tuple(json.loads(line)) for line in (folder / "requests.jsonl").read_text().splitlines()]


@pytest.mark.parametrize("media", MEDIA)
@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "rsa-4096"])
def test_a_raw_plugin_signs(tmp_path: Path, kind: str, media: str) -> None:
    authority = root()
    entity = authority.issue(ACME, kind=kind)
    entity.write(tmp_path, "signer")
    signer = plugin_signer(plugin(tmp_path, RAW, vault="blue"), "key-1")
    signed = signer.sign(Request(target(), MEDIA[media], NOW))
    statement = Statement("acme", GivenAnchors((authority.certificate,)))
    assert verify_signature(signed.envelope, MEDIA[media], target(), statement, now=NOW).proof is not None
    commands = [command for command, _ in requests(tmp_path)]
    assert commands == ["get-plugin-metadata", "describe-key", "generate-signature"]
    for _, request in requests(tmp_path):
        assert request["contractVersion"] == "1.0"
        assert request["pluginConfig"] == {"vault": "blue"}
    assert requests(tmp_path)[2][1]["keyId"] == "key-1"


@pytest.mark.parametrize("media", MEDIA)
def test_an_envelope_plugin_signs(tmp_path: Path, entity: Entity, media: str) -> None:
    (tmp_path / "envelope").write_bytes(sign(entity, media, target()))
    signer = plugin_signer(plugin(tmp_path, ENVELOPE), "key-1")
    signed = signer.sign(Request(target(), MEDIA[media], NOW, NOW + DAY))
    assert signed.annotations == {"acme.run": "7"}
    (_, request) = requests(tmp_path)[-1]
    assert request["expiryDurationInSeconds"] == 86_400
    assert request["payloadType"] == names.NOTATION_PAYLOAD
    assert json.loads(base64.b64decode(request["payload"]))["targetArtifact"]["size"] == target().size


def test_an_envelope_over_something_else_is_refused(tmp_path: Path, entity: Entity) -> None:
    (tmp_path / "envelope").write_bytes(sign(entity, "jws", target("another")))
    signer = plugin_signer(plugin(tmp_path, ENVELOPE), "key-1")
    with pytest.raises(KeyFileError, match="signed target"):
        signer.sign(Request(target(), names.NOTATION_JWS, NOW))


def test_an_envelope_of_another_type_is_refused(tmp_path: Path, entity: Entity) -> None:
    (tmp_path / "envelope").write_bytes(sign(entity, "jws", target()))
    signer = plugin_signer(plugin(tmp_path, ENVELOPE), "key-1")
    with pytest.raises(KeyFileError, match="does not hold"):
        signer.sign(Request(target(), names.NOTATION_COSE, NOW))


@pytest.mark.parametrize(
    ("changed", "refusal"),
    [
        ({"name": "other"}, "another name: other"),
        ({"supportedContractVersions": ["2.0"]}, "another version of the contract"),
        ({"supportedContractVersions": None}, "another version of the contract"),
        ({"capabilities": "SIGNATURE_GENERATOR.RAW"}, "what it can do"),
        ({"capabilities": ["SIGNATURE_VERIFIER.TRUSTED_IDENTITY"]}, "cannot sign"),
    ],
)
def test_metadata_must_fit(tmp_path: Path, changed: dict[str, Any], refusal: str) -> None:
    with pytest.raises(KeyFileError, match=refusal):
        plugin_signer(answering(tmp_path, {"get-plugin-metadata": METADATA | changed}), "key-1")


@pytest.mark.parametrize(
    ("described", "refusal"),
    [
        ({"keyId": "key-2", "keySpec": "EC-256"}, "another key: key-2"),
        ({"keyId": "key-1", "keySpec": "EC-512"}, "a key that cannot sign: EC-512"),
        ({"keyId": "key-1"}, "keySpec"),
        ({"keyId": 1, "keySpec": "EC-256"}, "keyId"),
    ],
)
def test_a_described_key_must_fit(tmp_path: Path, described: dict[str, Any], refusal: str) -> None:
    found = answering(tmp_path, {"get-plugin-metadata": METADATA, "describe-key": described})
    with pytest.raises(KeyFileError, match=refusal):
        plugin_signer(found, "key-1")


@pytest.mark.parametrize(
    ("signature", "refusal"),
    [
        ({"signingAlgorithm": "ECDSA-SHA-384"}, "another algorithm"),
        ({"keyId": "key-2"}, "another key"),
        ({"certificateChain": []}, "does not hold"),
        ({"certificateChain": ["!"]}, "not base64"),
        ({"certificateChain": "x"}, "no certificate chain"),
        ({"signature": "AAAA"}, "does not hold"),
        ({"signature": None}, "signature"),
    ],
)
def test_a_signature_must_hold(tmp_path: Path, signature: dict[str, Any], refusal: str) -> None:
    fitting = {"keyId": "key-1", "signature": "AAAA", "signingAlgorithm": "ECDSA-SHA-256", "certificateChain": ["AAAA"]}
    found = answering(
        tmp_path,
        {
            "get-plugin-metadata": METADATA,
            "describe-key": {"keyId": "key-1", "keySpec": "EC-256"},
            "generate-signature": fitting | signature,
        },
    )
    with pytest.raises(KeyFileError, match=refusal):
        plugin_signer(found, "key-1").sign(Request(target(), names.NOTATION_JWS, NOW))


@pytest.mark.parametrize(
    ("body", "refusal"),
    [
        ('fail("ACCESS_DENIED", "no such role")', "ACCESS_DENIED: no such role"),
        ('print("boom", file=sys.stderr); sys.exit(3)', "exit code 3: boom"),
        ("sys.exit(1)", "exit code 1"),
        ('print("not JSON")', "no answer that can be read"),
        ('print("[]")', "no answer that can be read"),
        ('print("{}"); print("{}")', "no answer that can be read"),
        ("os.kill(os.getpid(), 9)", "exit code -9"),
    ],
)
def test_failures_are_told(tmp_path: Path, body: str, refusal: str) -> None:
    with pytest.raises(KeyFileError, match=refusal) as error:
        plugin(tmp_path, body).metadata()
    assert error.value.where == "plugin acme"


def test_a_plugin_that_does_not_end_is_stopped_with_its_children(tmp_path: Path) -> None:
    body = 'subprocess.Popen(["sleep", "60"]); time.sleep(60)'
    install(tmp_path / "plugins", tmp_path, body)
    slow = Plugin(NAME, tmp_path / "plugins" / NAME / f"notation-{NAME}", seconds=1.0)
    begun = time.monotonic()
    with pytest.raises(KeyFileError, match="did not end within 1 seconds"):
        slow.metadata()
    assert time.monotonic() - begun < 20


def test_a_child_that_holds_the_pipes_open_is_not_waited_for(tmp_path: Path) -> None:
    body = f'subprocess.Popen(["sleep", "60"]); answer(json.loads({json.dumps(json.dumps(METADATA))}))'
    begun = time.monotonic()
    assert plugin(tmp_path, body).metadata().version == "1.2.3"
    assert time.monotonic() - begun < 20


def test_a_plugin_that_writes_without_end_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "PLUGIN_OUTPUT", 1_000_000)
    with pytest.raises(KeyFileError, match="wrote too much"):
        plugin(tmp_path, 'while True: print("x" * 4096)').metadata()


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "../acme", "a b", "é", "x" * 129])
def test_names_are_names(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="not the name of a plugin"):
        Plugin.find(name, {}, tmp_path)


def test_only_regular_programs_are_run(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such plugin"):
        Plugin.find(NAME, {}, tmp_path)
    program = install(tmp_path, tmp_path, "")
    program.chmod(0o644)
    with pytest.raises(UsageError, match="not a plugin"):
        Plugin.find(NAME, {}, tmp_path)
    program.chmod(0o755)
    other = program.rename(tmp_path / "elsewhere")
    program.symlink_to(other)
    with pytest.raises(UsageError, match="not a plugin"):
        Plugin.find(NAME, {}, tmp_path)


def test_plugins_lie_where_notation_keeps_them() -> None:
    assert plugin_directory({"XDG_CONFIG_HOME": "/x"}) == Path("/x/notation/plugins")
    assert plugin_directory({}) == Path.home() / ".config" / "notation" / "plugins"
