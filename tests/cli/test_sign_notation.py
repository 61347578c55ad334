"""``attest sign --format notation-…`` through the command line, as notation sees it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from attest import names
from attest.oci.manifest import Manifest
from tests.cli.conftest import Workplace
from tests.signing.notation.pki import ACME, CA, TSA, Entity, pem, root
from tests.signing.notation.plugins import RAW, install
from tests.signing.notation.program import Notation
from tests.signing.notation.tsa import Authority
from tests.stores.programs import olareg

WHEEL = "dist/acme-1.0-py3-none-any.whl"
STORE = "oci:store/{package}"
FORMATS = ("notation-jws", "notation-cose")


@pytest.fixture
def notation(attest: Workplace) -> Notation:
    home = attest.directory / "config" / "notation"
    home.mkdir(parents=True)
    return Notation(home)


@pytest.fixture
def entity(attest: Workplace) -> Entity:
    entity = root().issue("C=US,ST=WA,O=Acme,CN=Issuing", CA, which=2).issue(ACME)
    entity.write(attest.directory, "x509")
    return entity


@pytest.mark.peer("notation", "olareg")
@pytest.mark.parametrize("format", FORMATS)
def test_notation_accepts_what_attest_signed(
    attest: Workplace, notation: Notation, entity: Entity, format: str
) -> None:
    signing = ("--format", format, "--key", "x509.key", "--certificate-chain", "x509.crt")
    written = attest.ok("sign", WHEEL, *signing, "--store", STORE, "--json").json["written"][0]
    assert written["type"] == names.NOTATION_SIGNATURE
    with olareg(Path("store")) as registry:
        reference = f"{registry.host}/{written['repository']}@{written['manifest']}"
        notation.trust({"ca:acme": [entity.above[-1]]}, trustedIdentities=["x509.subject: C=US, ST=WA, O=Acme"])
        assert notation.accepts(reference)
        notation.trust({"ca:acme": [root(which=7).certificate]})
        assert not notation.accepts(reference)


@pytest.mark.peer("notation", "olareg")
def test_a_plugin_signs(attest: Workplace, notation: Notation, entity: Entity, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(notation.home.parent))
    entity.write(attest.directory, "signer")
    install(notation.home / "plugins", attest.directory, RAW)
    signing = ("--format", "notation-jws", "--plugin", "acme", "--id", "key-1", "--plugin-config", "vault=blue")
    written = attest.ok("sign", WHEEL, *signing, "--store", STORE, "--json").json["written"][0]
    requests = [json.loads(line) for line in Path("requests.jsonl").read_text().splitlines()]
    assert requests[-1][0] == "generate-signature"
    assert requests[-1][1]["pluginConfig"] == {"vault": "blue"}
    with olareg(Path("store")) as registry:
        reference = f"{registry.host}/{written['repository']}@{written['manifest']}"
        notation.trust({"ca:acme": [entity.above[-1]]})
        assert notation.accepts(reference)


def test_the_referrer_is_as_the_specification_has_it(attest: Workplace, entity: Entity) -> None:
    signing = ("--format", "notation-jws", "--key", "x509.key", "--certificate-chain", "x509.crt")
    written = attest.ok("sign", WHEEL, *signing, "--store", STORE, "--json").json["written"][0]
    algorithm, _, digest = written["referrer"].partition(":")
    raw = (Path("store") / written["repository"] / "blobs" / algorithm / digest).read_bytes()
    manifest = Manifest.parse(raw)
    assert manifest.artifact_type == names.NOTATION_SIGNATURE
    assert manifest.config is not None
    assert manifest.config.media_type == names.OCI_EMPTY
    assert [layer.media_type for layer in manifest.layers] == [names.NOTATION_JWS]
    thumbprints = json.loads(manifest.annotations[names.ANNOTATION_THUMBPRINTS])
    assert [len(item) for item in thumbprints] == [64, 64, 64]


@pytest.mark.parametrize(
    ("arguments", "refusal"),
    [
        (("--key", "x509.key"), "needs --certificate-chain FILE"),
        (("--key", "x509.key", "--certificate-chain", "missing.crt"), "missing.crt"),
        (("--key", "release.key", "--certificate-chain", "x509.crt"), "the first certificate is not the key's"),
        (("--key", "x509.key", "--certificate-chain", "x509.crt", "--expires-in", "1y"), "expected as 12h or 90d"),
        (("--key", "x509.key", "--certificate-chain", "x509.crt", "--timestamp-url", "http://x"), "go together"),
        (
            (
                "--key",
                "x509.key",
                "--certificate-chain",
                "x509.crt",
                "--timestamp-url",
                "x",
                "--timestamp-root",
                "x509.crt",
            ),
            "not the address of a timestamp authority",
        ),
        (("--keyless",), "needs a key with an X.509 certificate"),
        (("--plugin", "acme"), "--plugin needs --id KEYID"),
        (("--plugin", "acme", "--id", "1", "--certificate-chain", "x509.crt"), "--certificate-chain is for --key"),
        (("--plugin", "absent", "--id", "1"), "no such plugin"),
        (("--plugin", "acme", "--id", "1", "--plugin-config", "x"), "not KEY=VALUE"),
        (("--key", "x509.key", "--certificate-chain", "x509.crt", "--id", "1"), "--id is for --plugin"),
    ],
)
def test_what_does_not_fit_is_refused(
    attest: Workplace, entity: Entity, arguments: tuple[str, ...], refusal: str
) -> None:
    assert refusal in attest.refused("sign", WHEEL, "--format", "notation-jws", *arguments)


@pytest.mark.parametrize("option", [("--certificate-chain", "x509.crt"), ("--id", "1"), ("--plugin-config", "a=b")])
def test_options_of_notation_are_refused_for_bundles(attest: Workplace, option: tuple[str, ...]) -> None:
    refusal = attest.refused("sign", WHEEL, "--key", "release.key", *option)
    assert f"{option[0]} is for --format notation-jws or notation-cose" in refusal


@pytest.mark.peer("notation", "olareg")
def test_it_expires_and_is_timestamped(attest: Workplace, notation: Notation, entity: Entity) -> None:
    clock = root("C=US,ST=WA,O=Time,CN=Root", which=20)
    authority = Authority(attest.directory / "tsa", clock.issue("C=US,ST=WA,O=Time,CN=Clock", TSA, which=22))
    attest.write("clock.pem", pem([clock.certificate]))
    attest.write("other.pem", pem([root(which=7).certificate]))
    signing = ["--format", "notation-cose", "--key", "x509.key", "--certificate-chain", "x509.crt", "--store", STORE]
    with authority.served() as url:
        stamped = ("--expires-in", "90d", "--timestamp-url", url, "--timestamp-root")
        refused = attest.refused("sign", WHEEL, *signing, *stamped, "other.pem")
        assert "the timestamp does not hold" in refused
        written = attest.ok("sign", WHEEL, *signing, *stamped, "clock.pem", "--json").json["written"][0]
    with olareg(Path("store")) as registry:
        reference = f"{registry.host}/{written['repository']}@{written['manifest']}"
        notation.trust({"ca:acme": [entity.above[-1]], "tsa:clock": [clock.certificate]})
        assert notation.accepts(reference)
        assert "timestamp" in notation("inspect", "--insecure-registry", reference)
        assert "expiry" in notation("inspect", "--insecure-registry", reference)
    attest.write("acme.pem", pem([entity.above[-1]]))
    attest.write("x509.yaml", POLICY.replace("ca: acme.pem", "ca: acme.pem, tsa: clock.pem"))
    attest.ok("verify", WHEEL, "--policy", "x509.yaml", "--store", STORE)
    gone = attest("sign", WHEEL, *signing, *stamped, "clock.pem")
    assert gone.code == 3
    assert gone.err.count("\n") == 1


POLICY = """\
version: 1
name: gate
applies_to: ["pkg:pypi/**"]
trust: {keys_only: true}
identities:
  release: {x509: "C=US, ST=WA, O=Acme, CN=Release", ca: acme.pem}
rules:
  - {id: signed, require: signature, by: [release]}
"""


@pytest.mark.parametrize("format", FORMATS)
def test_a_policy_names_a_subject_and_its_ca(attest: Workplace, entity: Entity, format: str) -> None:
    attest.write("acme.pem", pem([entity.above[-1]]))
    attest.write("x509.yaml", POLICY.replace("", ""))
    attest.ok("sign", WHEEL, "--format", format, "--key", "x509.key", "--certificate-chain", "x509.crt")
    shown = attest.ok("verify", WHEEL, "--policy", "x509.yaml").out
    assert "signature by release" in shown
    assert "C=US" in attest.ok("tree", "pkg:pypi/acme@1.0").out
    attest.write("acme.pem", pem([root(which=7).certificate]))
    denied = attest("verify", WHEEL, "--policy", "x509.yaml")
    assert denied.code == 1
    assert "a chain with a trusted certificate of kind ca" in denied.out


@pytest.mark.peer("notation", "olareg")
@pytest.mark.parametrize("format", FORMATS)
def test_attest_accepts_what_notation_signed(
    attest: Workplace, notation: Notation, entity: Entity, format: str
) -> None:
    attest.write("acme.pem", pem([entity.above[-1]]))
    attest.write("x509.yaml", POLICY.replace("", ""))
    anchor = attest.ok("anchor", WHEEL, "--store", STORE).out.split()[1]
    with olareg(Path("store")) as registry:
        notation.sign(f"{registry.host}/pypi/acme@{anchor}", entity, format.removeprefix("notation-"))
        store = f"{registry.host}/{{package}}"
        verdict = attest.ok("verify", WHEEL, "--policy", "x509.yaml", "--store", store, "--json").json["verdicts"][0]
        assert [finding["code"] for finding in verdict["findings"]] == ["signature-verified"]
        attest.write("x509.yaml", POLICY.replace("", "").replace("CN=Release", "CN=Other"))
        assert attest("verify", WHEEL, "--policy", "x509.yaml", "--store", store).code == 1
