"""What plugins are asked, and which of their answers are taken. They are shell scripts, which start fast."""

from __future__ import annotations

import base64
import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import attest
from attest import limits, names
from attest.errors import KeyFileError, UsageError
from attest.signing.notation.algorithms import ALGORITHMS
from attest.signing.notation.envelope import write_payload
from attest.signing.notation.plugin import Metadata, Plugin, plugin_directory, plugin_signer
from attest.signing.notation.sign import EnvelopeSigner, Request
from tests.signing.notation.conftest import sign, target
from tests.signing.notation.pki import ACME, DAY, NOW, root

METADATA: dict[str, Any] = {
    "name": "acme",
    "version": "1.2.3",
    "supportedContractVersions": ["0.9", "1.0"],
    "capabilities": ["OTHER", "SIGNATURE_GENERATOR.RAW"],
}
KEY = {"keyId": "k", "keySpec": "EC-384"}
SIGNATURE: dict[str, Any] = {
    "keyId": "k",
    "signature": base64.b64encode(b"signature").decode(),
    "signingAlgorithm": "ECDSA-SHA-384",
    "certificateChain": [base64.b64encode(item).decode() for item in (b"leaf", b"root")],
}
WHOLE = METADATA | {"capabilities": ["SIGNATURE_GENERATOR.ENVELOPE"]}


def script(folder: Path, body: str, **more: Any) -> Plugin:
    program = folder / "acme" / "notation-acme"
    program.parent.mkdir(exist_ok=True)
    program.write_text(f"#!/bin/sh\ncd '{folder}'\n{body}\n")
    program.chmod(0o755)
    return Plugin("acme", program, **more)


def answering(folder: Path, answers: Mapping[str, Any], config: Mapping[str, str] | None = None) -> Plugin:
    """What it is asked stands in files afterwards: `asked`."""
    for command, answer in answers.items():
        (folder / f"{command}.answer").write_text(json.dumps(answer))
    return script(folder, 'cat > "$1.asked"\ncat "$1.answer"', config=config or {})


def asked(folder: Path, command: str) -> Any:
    return json.loads((folder / f"{command}.asked").read_bytes())


def raw(folder: Path, **changed: Any) -> Plugin:
    answers = {"get-plugin-metadata": METADATA, "describe-key": KEY, "generate-signature": SIGNATURE}
    return answering(folder, answers | {name.replace("_", "-"): value for name, value in changed.items()})


def why(error: pytest.ExceptionInfo[KeyFileError]) -> tuple[str, str | None]:
    assert error.value.where == "plugin acme"
    return error.value.what, error.value.why


def test_what_it_is_asked(tmp_path: Path) -> None:
    plugin = answering(tmp_path, {"get-plugin-metadata": METADATA, "other": {"a": "b"}}, {"vault": "blue"})
    assert plugin.metadata() == Metadata("acme", "1.2.3", ("OTHER", "SIGNATURE_GENERATOR.RAW"))
    assert asked(tmp_path, "get-plugin-metadata") == {"contractVersion": "1.0", "pluginConfig": {"vault": "blue"}}
    assert plugin.call("other", {"x": 1}).value == {"a": "b"}
    assert asked(tmp_path, "other") == {"contractVersion": "1.0", "x": 1, "pluginConfig": {"vault": "blue"}}
    answering(tmp_path, {}).call("other", {})
    assert asked(tmp_path, "other") == {"contractVersion": "1.0"}


def test_a_raw_signature(tmp_path: Path) -> None:
    signer = plugin_signer(raw(tmp_path), "k")
    assert isinstance(signer, EnvelopeSigner)
    assert signer.raw.algorithm is ALGORITHMS[4]
    assert signer.raw.agent == f"attest/{attest.__version__} acme/1.2.3"
    assert signer.timestamper is None
    assert signer.raw.sign(b"message") == (b"signature", (b"leaf", b"root"))
    assert asked(tmp_path, "describe-key") == {"contractVersion": "1.0", "keyId": "k"}
    assert asked(tmp_path, "generate-signature") == {
        "contractVersion": "1.0",
        "keyId": "k",
        "keySpec": "EC-384",
        "hashAlgorithm": "SHA-384",
        "payload": base64.b64encode(b"message").decode(),
    }
    stamped = plugin_signer(raw(tmp_path), "k", bytes.upper)
    assert isinstance(stamped, EnvelopeSigner)
    assert stamped.timestamper is bytes.upper


@pytest.mark.parametrize(
    ("changed", "what", "told"),
    [
        ({"name": "x" * 100}, "the plugin has another name", "x" * 80),
        ({"supportedContractVersions": ["2.0"]}, "the plugin speaks another version of the contract", "['2.0']"),
        ({"supportedContractVersions": "1.0"}, "the plugin speaks another version of the contract", "1.0"),
        ({"capabilities": None}, "the plugin does not say what it can do", None),
        ({"capabilities": ["SIGNATURE_GENERATOR.RAW", 1]}, "the plugin does not say what it can do", None),
        ({"capabilities": ["A", "B"]}, "the plugin cannot sign", "A, B"),
    ],
)
def test_what_it_must_be(tmp_path: Path, changed: dict[str, Any], what: str, told: str | None) -> None:
    with pytest.raises(KeyFileError) as error:
        plugin_signer(raw(tmp_path, get_plugin_metadata=METADATA | changed), "k")
    assert why(error) == (what, told)


@pytest.mark.parametrize(
    ("changed", "what"),
    [
        ({"keyId": "other"}, "the plugin speaks about another key"),
        ({"keyId": None}, "not the answer of a plugin"),
        ({"keySpec": "EC-512"}, "a key that cannot sign"),
        ({"keySpec": 1}, "not the answer of a plugin"),
    ],
)
def test_what_a_key_must_be(tmp_path: Path, changed: dict[str, Any], what: str) -> None:
    with pytest.raises(KeyFileError) as error:
        plugin_signer(raw(tmp_path, describe_key=KEY | changed), "k")
    assert why(error)[0] == what


@pytest.mark.parametrize(
    ("changed", "what"),
    [
        ({"keyId": "other"}, "the plugin speaks about another key"),
        ({"signingAlgorithm": "ECDSA-SHA-256"}, "the plugin used another algorithm"),
        ({"certificateChain": None}, "no certificate chain"),
        ({"certificateChain": "bGVhZg=="}, "no certificate chain"),
        ({"certificateChain": ["bGVhZg==", 1]}, "no certificate chain"),
        ({"certificateChain": ["!"]}, "not the answer of a plugin"),
        ({"signature": "!"}, "not the answer of a plugin"),
        ({"signature": None}, "not the answer of a plugin"),
    ],
)
def test_what_a_signature_must_be(tmp_path: Path, changed: dict[str, Any], what: str) -> None:
    signer = plugin_signer(raw(tmp_path, generate_signature=SIGNATURE | changed), "k")
    assert isinstance(signer, EnvelopeSigner)
    with pytest.raises(KeyFileError) as error:
        signer.raw.sign(b"message")
    assert why(error)[0] == what


def whole(folder: Path, **changed: Any) -> Plugin:
    envelope = base64.b64encode(sign(root().issue(ACME), "jws", target())).decode()
    answer = {"signatureEnvelope": envelope, "signatureEnvelopeType": names.NOTATION_JWS}
    return answering(folder, {"get-plugin-metadata": WHOLE, "generate-envelope": answer | changed})


def test_a_whole_envelope(tmp_path: Path) -> None:
    signer = plugin_signer(whole(tmp_path), "k")
    signed = signer.sign(Request(target(), names.NOTATION_JWS, NOW))
    assert (signed.media_type, len(signed.thumbprints), signed.annotations) == (names.NOTATION_JWS, 2, {})
    expected = {
        "contractVersion": "1.0",
        "keyId": "k",
        "payload": base64.b64encode(write_payload(target())).decode(),
        "payloadType": names.NOTATION_PAYLOAD,
        "signatureEnvelopeType": names.NOTATION_JWS,
    }
    assert asked(tmp_path, "generate-envelope") == expected
    late = NOW + DAY + timedelta(microseconds=999_999)
    noted = plugin_signer(whole(tmp_path, annotations={"a": "b"}), "k").sign(
        Request(target(), names.NOTATION_JWS, NOW, late)
    )
    assert noted.annotations == {"a": "b"}
    assert asked(tmp_path, "generate-envelope") == {**expected, "expiryDurationInSeconds": 86_400}


@pytest.mark.parametrize(
    ("changed", "what"),
    [
        ({"signatureEnvelopeType": "x" * 100}, "the plugin made another envelope"),
        ({"signatureEnvelopeType": None}, "not the answer of a plugin"),
        ({"signatureEnvelope": "!"}, "not the answer of a plugin"),
        ({"annotations": ["a"]}, "annotations that are none"),
        ({"annotations": {"a": 1}}, "annotations that are none"),
    ],
)
def test_what_a_whole_envelope_must_be(tmp_path: Path, changed: dict[str, Any], what: str) -> None:
    signer = plugin_signer(whole(tmp_path, **changed), "k")
    with pytest.raises(KeyFileError) as error:
        signer.sign(Request(target(), names.NOTATION_JWS, NOW))
    assert why(error)[0] == what


def test_whole_envelopes_have_timestamps_of_their_own(tmp_path: Path) -> None:
    with pytest.raises(KeyFileError) as error:
        plugin_signer(whole(tmp_path), "k", bytes.upper)
    assert why(error) == ("the plugin makes whole envelopes", "so it asks for timestamps itself")


def fails(code: str, message: str | None) -> str:
    text = {"errorCode": code} | ({} if message is None else {"errorMessage": message})
    return f"echo '{json.dumps(text)}' >&2; exit 1"


@pytest.mark.parametrize(
    ("body", "what", "told"),
    [
        (fails("DENIED", "no such role"), "x failed", "DENIED: no such role"),
        (fails("D" * 100, "m" * 400), "x failed", f"{'D' * 80}: {'m' * 320}"),
        (fails("DENIED", None), "x failed", "DENIED: "),
        ("echo boom >&2; exit 3", "x failed", "exit code 3: boom"),
        (f"echo {'b' * 400} >&2; exit 3", "x failed", f"exit code 3: {'b' * 320}"),
        ("echo '{}' >&2; exit 3", "x failed", "exit code 3: {}"),
        ("printf '\\377' >&2; exit 3", "x failed", "exit code 3: \N{REPLACEMENT CHARACTER}"),
        ("exit 4", "x failed", "exit code 4"),
        ("kill -9 $$", "x failed", "exit code -9"),
        ("echo '{}'; exit 1", "x failed", "exit code 1"),
    ],
)
def test_how_it_fails(tmp_path: Path, body: str, what: str, told: str) -> None:
    with pytest.raises(KeyFileError) as error:
        script(tmp_path, body).call("x", {})
    assert why(error) == (what, told)


@pytest.mark.parametrize("output", ["", "x", "[]", "{} {}", '{"a": 1, "a": 2}'])
def test_answers_that_cannot_be_read(tmp_path: Path, output: str) -> None:
    with pytest.raises(KeyFileError) as error:
        script(tmp_path, f"echo '{output}'").call("x", {})
    assert why(error)[0] == "x gave no answer that can be read"


@pytest.mark.parametrize("pipe", ["", ">&2"])
def test_how_much_it_may_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pipe: str) -> None:
    answer = '{"a": "' + "x" * 91 + '"}'
    monkeypatch.setattr(limits, "PLUGIN_OUTPUT", len(answer))
    plugin = script(tmp_path, f"printf '%s' '{answer}' {pipe}; {'echo {}' if pipe else ''}")
    assert plugin.call("x", {}).value == ({} if pipe else {"a": "x" * 91})
    monkeypatch.setattr(limits, "PLUGIN_OUTPUT", len(answer) - 1)
    with pytest.raises(KeyFileError) as error:
        plugin.call("x", {})
    assert why(error) == ("x wrote too much", f"more than {len(answer) - 1} bytes")
    waiting = script(tmp_path, f"printf '%s' '{answer}' {pipe}; exec sleep 60", seconds=15)
    with pytest.raises(KeyFileError, match="x wrote too much"):
        waiting.call("x", {})
    endless = script(tmp_path, f"while true; do echo x {pipe}; done")
    with pytest.raises(KeyFileError, match="x wrote too much"):
        endless.call("x", {})


def test_how_long_it_may_take(tmp_path: Path) -> None:
    begun = time.monotonic()
    with pytest.raises(KeyFileError) as error:
        script(tmp_path, "sleep 60 & sleep 60", seconds=0.25).call("x", {})
    assert why(error) == ("x did not end within 0.25 seconds", None)
    assert time.monotonic() - begun < 20
    assert script(tmp_path, "sleep 60 & echo {}").call("x", {}).value == {}
    assert time.monotonic() - begun < 20
    assert Plugin("acme", tmp_path).seconds == 300


def test_nothing_of_it_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is stopped and waited for; and nobody who stops `attest` itself waits for what it still writes."""
    started: list[subprocess.Popen[bytes]] = []
    readers: list[threading.Thread] = []

    class Kept(subprocess.Popen[bytes]):
        def __init__(self, *arguments: Any, **more: Any) -> None:
            super().__init__(*arguments, **more)
            started.append(self)

        def wait(self, timeout: float | None = None) -> int:
            readers.extend(item for item in threading.enumerate() if type(item).__name__ == "_Reader")
            return super().wait(timeout)

    monkeypatch.setattr(subprocess, "Popen", Kept)
    with pytest.raises(KeyFileError, match="did not end within"):
        script(tmp_path, "exec sleep 60", seconds=0.1).call("x", {})
    assert [item.returncode for item in started] == [-signal.SIGKILL]
    assert {item.daemon for item in readers} == {True}
    assert not any(item.is_alive() for item in readers)


def test_what_it_wrote_is_waited_for(tmp_path: Path) -> None:
    """Also where another process writes it, which is in a session of its own and not stopped with it."""
    late = "import os, time; os.setsid(); open('ready', 'x'); time.sleep(0.2); os.write(2, b'late')"
    body = f"""'{sys.executable}' -S -E -c "{late}" > /dev/null &\nwhile [ ! -e ready ]; do sleep 0.01; done\nexit 1"""
    with pytest.raises(KeyFileError) as error:
        script(tmp_path, body).call("x", {})
    assert why(error) == ("x failed", "exit code 1: late")


def test_what_cannot_be_run(tmp_path: Path) -> None:
    with pytest.raises(KeyFileError) as error:
        Plugin("acme", tmp_path / "absent").call("x", {})
    assert why(error) == ("the plugin cannot be run", "No such file or directory")


def test_which_program_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = {"a": "b"}
    made = script(tmp_path, "")
    assert {Plugin.find("acme", config, tmp_path)} == {Plugin("acme", made.program, config)}
    home = tmp_path / "home" / "notation"
    home.mkdir(parents=True)
    (home / "plugins").symlink_to(tmp_path)
    monkeypatch.setattr("attest.signing.notation.plugin.plugin_directory", lambda: home / "plugins")
    assert Plugin.find("acme", {}).program == home / "plugins" / "acme" / "notation-acme"
    for name, says in (
        ("other", "no such plugin"),
        (".", "not the name of a plugin"),
        ("..", "not the name of a plugin"),
        ("", "not the name of a plugin"),
        ("a/b", "not the name of a plugin"),
        ("x" * 128, "no such plugin"),
        ("x" * 129, "not the name of a plugin"),
    ):
        with pytest.raises(UsageError, match=says):
            Plugin.find(name, {}, tmp_path)
    made.program.chmod(0o644)
    with pytest.raises(UsageError, match="not a plugin"):
        Plugin.find("acme", {}, tmp_path)
    made.program.rename(tmp_path / "elsewhere")
    (tmp_path / "elsewhere").chmod(0o755)
    made.program.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UsageError, match="not a plugin"):
        Plugin.find("acme", {}, tmp_path)
    made.program.unlink()
    made.program.mkdir()
    with pytest.raises(UsageError, match="not a plugin"):
        Plugin.find("acme", {}, tmp_path)


def test_where_plugins_lie(monkeypatch: pytest.MonkeyPatch) -> None:
    assert plugin_directory({"XDG_CONFIG_HOME": "/x"}) == Path("/x/notation/plugins")
    for environment in ({}, {"XDG_CONFIG_HOME": ""}):
        assert plugin_directory(environment) == Path.home() / ".config" / "notation" / "plugins"
    monkeypatch.setattr(sys, "platform", "darwin")
    application = Path.home() / "Library" / "Application Support" / "notation" / "plugins"
    assert plugin_directory({"XDG_CONFIG_HOME": "/x"}) == application
