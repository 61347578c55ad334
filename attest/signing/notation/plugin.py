"""Signing with notation's plugins: child processes that speak JSON (plugin-extensibility.md, contract 1.0)."""

from __future__ import annotations

import base64
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from stat import S_ISREG
from typing import IO, Any, Final

from attest import limits, names
from attest.errors import EnvelopeError, FormatError, JSONError, KeyFileError, UsageError
from attest.oci import strict_json
from attest.oci.strict_json import Fields
from attest.signing.notation.algorithms import ALGORITHMS, Algorithm
from attest.signing.notation.envelope import Envelope, write_payload
from attest.signing.notation.sign import AGENT, EnvelopeSigner, NotationSigner, Request, Signed, Timestamper, checked

CONTRACT: Final = "1.0"
SECONDS: Final = 300.0
"""How long one command may take: some ask a person, or a service far away."""

_NAME: Final = re.compile(r"[A-Za-z0-9_.-]{1,128}", re.ASCII)


class Capability(StrEnum):
    """What a plugin can do, as far as it is used here."""

    RAW = "SIGNATURE_GENERATOR.RAW"
    ENVELOPE = "SIGNATURE_GENERATOR.ENVELOPE"


@dataclass(frozen=True, slots=True)
class Metadata:
    """What a plugin says about itself."""

    name: str
    version: str
    capabilities: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Plugin:
    """An executable ``notation-NAME``. ``config`` is passed to it as it is."""

    name: str
    program: Path
    config: Mapping[str, str] = field(default_factory=dict, hash=False)
    seconds: float = SECONDS

    @classmethod
    def find(cls, name: str, config: Mapping[str, str], directory: Path | None = None) -> Plugin:
        """The plugin below ``directory``, which is notation's own unless given. Raises `UsageError`."""
        if not _NAME.fullmatch(name) or name in (".", ".."):
            raise UsageError("not the name of a plugin", why=name[:80])
        program = (directory or plugin_directory()) / name / f"notation-{name}"
        try:
            regular = S_ISREG(program.lstat().st_mode)
        except OSError as error:
            raise UsageError("no such plugin", where=str(program), why=error.strerror) from None
        if not regular or not os.access(program, os.X_OK):
            raise UsageError("not a plugin", where=str(program), why="not a regular file that can be executed")
        return cls(name, program, config)

    def metadata(self) -> Metadata:
        """Ask what the plugin is. Raises `KeyFileError`."""
        answer = self.call("get-plugin-metadata", {})
        if (name := answer.string("name")) != self.name:
            raise self._refuse("the plugin has another name", name[:80])
        versions = answer.value.get("supportedContractVersions")
        if not isinstance(versions, list) or CONTRACT not in versions:
            raise self._refuse("the plugin speaks another version of the contract", str(versions)[:80])
        capabilities = answer.value.get("capabilities")
        if not isinstance(capabilities, list) or not all(isinstance(item, str) for item in capabilities):
            raise self._refuse("the plugin does not say what it can do", None)
        return Metadata(name, answer.string("version"), tuple(capabilities))

    def call(self, command: str, request: Mapping[str, Any]) -> Fields:
        """Run one command. Raises `KeyFileError` where it fails, does not end, or gives no JSON object."""
        message = {"contractVersion": CONTRACT, **request}
        if self.config:
            message["pluginConfig"] = dict(self.config)
        code, output, errors = self._run(command, strict_json.write(message))
        if code != 0:
            raise self._refuse(f"{command} failed", _reason(code, errors))
        try:
            return Fields(strict_json.read_object(output, where=command, limit=limits.PLUGIN_OUTPUT), command)
        except JSONError as error:
            raise self._refuse(f"{command} gave no answer that can be read", str(error)) from None

    def _run(self, command: str, request: bytes) -> tuple[int, bytes, bytes]:
        with tempfile.TemporaryFile() as given:
            given.write(request)
            given.seek(0)
            try:
                process = subprocess.Popen(
                    [self.program, command],
                    stdin=given,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    start_new_session=True,
                )
            except OSError as error:
                raise self._refuse("the plugin cannot be run", error.strerror) from None
        assert process.stdout is not None
        assert process.stderr is not None
        output, errors = _Reader(process.stdout, process), _Reader(process.stderr, process)
        try:
            process.wait(self.seconds)
        except subprocess.TimeoutExpired:
            raise self._refuse(f"{command} did not end within {self.seconds:g} seconds", None) from None
        finally:
            _stop(process)
            output.join()
            errors.join()
        if output.too_long or errors.too_long:
            raise self._refuse(f"{command} wrote too much", f"more than {limits.PLUGIN_OUTPUT} bytes")
        return process.returncode, output.data, errors.data

    def _refuse(self, what: str, why: str | None) -> KeyFileError:
        return KeyFileError(what, where=f"plugin {self.name}", why=why)


def plugin_directory(environment: Mapping[str, str] = os.environ) -> Path:
    """Where notation keeps its plugins (plugin-extensibility.md "Plugin installation path")."""
    if sys.platform == "darwin":
        configuration = Path.home() / "Library" / "Application Support"
    else:
        configuration = Path(environment.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    return configuration / "notation" / "plugins"


def plugin_signer(plugin: Plugin, key_id: str, timestamper: Timestamper | None = None) -> NotationSigner:
    """Whatever the plugin can do: sign bytes, or make whole envelopes. Raises `KeyFileError`."""
    metadata = plugin.metadata()
    if Capability.RAW in metadata.capabilities:
        return EnvelopeSigner(_Raw.describe(plugin, key_id, metadata), timestamper)
    if Capability.ENVELOPE in metadata.capabilities:
        if timestamper is not None:
            raise KeyFileError(
                "the plugin makes whole envelopes",
                where=f"plugin {plugin.name}",
                why="so it asks for timestamps itself",
                next_step="leave --timestamp-url out",
            )
        return _Whole(plugin, key_id)
    raise KeyFileError("the plugin cannot sign", where=f"plugin {plugin.name}", why=", ".join(metadata.capabilities))


@dataclass(frozen=True, slots=True)
class _Raw:
    """Signs bytes with `generate-signature`."""

    plugin: Plugin
    key_id: str
    algorithm: Algorithm
    agent: str

    @classmethod
    def describe(cls, plugin: Plugin, key_id: str, metadata: Metadata) -> _Raw:
        answer = plugin.call("describe-key", {"keyId": key_id})
        _same_key(plugin, answer, key_id)
        spec = _text(plugin, answer, "keySpec")
        for algorithm in ALGORITHMS:
            if algorithm.key_spec == spec:
                return cls(plugin, key_id, algorithm, f"{AGENT} {metadata.name}/{metadata.version}")
        raise KeyFileError("a key that cannot sign", where=f"plugin {plugin.name}", why=spec[:80])

    def sign(self, message: bytes) -> tuple[bytes, tuple[bytes, ...]]:
        answer = self.plugin.call(
            "generate-signature",
            {
                "keyId": self.key_id,
                "keySpec": self.algorithm.key_spec,
                "hashAlgorithm": self.algorithm.hash_name,
                "payload": base64.b64encode(message).decode(),
            },
        )
        _same_key(self.plugin, answer, self.key_id)
        if (used := _text(self.plugin, answer, "signingAlgorithm")) != self.algorithm.signing_algorithm:
            raise KeyFileError("the plugin used another algorithm", where=f"plugin {self.plugin.name}", why=used[:80])
        chain = answer.value.get("certificateChain")
        if not isinstance(chain, list) or not all(isinstance(item, str) for item in chain):
            raise KeyFileError("no certificate chain", where=f"plugin {self.plugin.name}")
        certificates = tuple(_decode(self.plugin, item) for item in chain)
        return _decode(self.plugin, _text(self.plugin, answer, "signature")), certificates


@dataclass(frozen=True, slots=True)
class _Whole:
    """Has whole envelopes made by `generate-envelope`."""

    plugin: Plugin
    key_id: str

    def sign(self, request: Request) -> Signed:
        asked: dict[str, Any] = {
            "keyId": self.key_id,
            "payload": base64.b64encode(write_payload(request.target)).decode(),
            "payloadType": names.NOTATION_PAYLOAD,
            "signatureEnvelopeType": request.media_type,
        }
        if request.expiry is not None:
            asked["expiryDurationInSeconds"] = int((request.expiry - request.signing_time).total_seconds())
        answer = self.plugin.call("generate-envelope", asked)
        if (kind := _text(self.plugin, answer, "signatureEnvelopeType")) != request.media_type:
            raise KeyFileError("the plugin made another envelope", where=f"plugin {self.plugin.name}", why=kind[:80])
        envelope = _decode(self.plugin, _text(self.plugin, answer, "signatureEnvelope"))
        thumbprints = checked(envelope, request)
        self._check_annotations(envelope, request)
        try:
            annotations = answer.strings("annotations")
        except JSONError as error:
            raise KeyFileError(
                "annotations that are none", where=f"plugin {self.plugin.name}", why=str(error)
            ) from None
        return Signed(envelope, request.media_type, thumbprints, annotations)

    def _check_annotations(self, envelope: bytes, request: Request) -> None:
        """A plugin may add to what it signs and must not change it."""
        signed = Envelope.parse(envelope, request.media_type).target()
        for name, value in request.target.annotations.items():
            if signed.annotations.get(name) != value:
                raise KeyFileError(
                    "the plugin changed what it signed", where=f"plugin {self.plugin.name}", why=name[:80]
                )


class _Reader(threading.Thread):
    """Reads one pipe to its end, or kills the process that writes too much."""

    data = b""

    def __init__(self, pipe: IO[bytes], process: subprocess.Popen[bytes]) -> None:
        super().__init__(daemon=True)
        self._pipe = pipe
        self._process = process
        self.too_long = False
        self.start()

    def run(self) -> None:
        with self._pipe:
            self.data = self._pipe.read(limits.PLUGIN_OUTPUT + 1)
            if len(self.data) > limits.PLUGIN_OUTPUT:
                self.too_long = True
                _stop(self._process)


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End the process and what it started, which could hold its pipes open."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _reason(code: int, errors: bytes) -> str:
    """The error that the plugin wrote, else its exit code and the beginning of what it wrote."""
    try:
        fields = Fields(strict_json.read_object(errors, where="stderr", limit=limits.PLUGIN_OUTPUT), "stderr")
        return f"{fields.string('errorCode')[:80]}: {(fields.optional_string('errorMessage') or '')[:320]}"
    except FormatError:
        text = errors[:320].decode(errors="replace").strip()
        return f"exit code {code}: {text}" if text else f"exit code {code}"


def _same_key(plugin: Plugin, answer: Fields, key_id: str) -> None:
    if (found := _text(plugin, answer, "keyId")) != key_id:
        raise KeyFileError("the plugin speaks about another key", where=f"plugin {plugin.name}", why=found[:80])


def _text(plugin: Plugin, answer: Fields, name: str) -> str:
    try:
        return answer.string(name)
    except JSONError as error:
        raise KeyFileError("not the answer of a plugin", where=f"plugin {plugin.name}", why=str(error)) from None


def _decode(plugin: Plugin, text: str) -> bytes:
    from attest.signing.dsse import decode_base64

    try:
        return decode_base64(text, where="answer")
    except EnvelopeError as error:
        raise KeyFileError("not the answer of a plugin", where=f"plugin {plugin.name}", why=str(error)) from None
