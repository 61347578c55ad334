"""`--keyless` as a person and as a CI run have it, with a whole deployment of Sigstore; cosign reads what comes out."""

from __future__ import annotations

import base64
import json
import os
import pty
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs

import pytest
import requests

from tests.cli.conftest import Workplace
from tests.cli.test_cosign import BOM, STORE, WHEEL, cosign
from tests.private_sigstore.stack import PrivateSigstore
from tests.stores.programs import olareg
from tests.stores.registry import real

pytestmark = [pytest.mark.slow, pytest.mark.peer("ctlog", "fulcio", "rekor-server", "tsa")]

ALICE = "alice@example.test"
TOKEN = "SIGSTORE_ID_TOKEN"


@pytest.fixture
def keyless(private_sigstore: PrivateSigstore) -> tuple[str | Path, ...]:
    return "--keyless", "--trust-config", private_sigstore.client_trust_config


def anchor_of(attest: Workplace) -> str:
    return attest.ok("anchor", WHEEL, "--store", STORE).out.split()[1]


def whom(sigstore: PrivateSigstore, subject: str, issuer: str) -> tuple[str, ...]:
    """cosign's options for one identity."""
    root = str(sigstore.trusted_root)
    return "--trusted-root", root, "--certificate-identity", subject, "--certificate-oidc-issuer", issuer


@pytest.mark.peer("cosign", "olareg")
def test_a_person_signs_and_cosign_accepts(
    attest: Workplace,
    private_sigstore: PrivateSigstore,
    keyless: tuple[str | Path, ...],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(TOKEN, private_sigstore.token(ALICE))
    attest.write("bom.json", BOM)
    people = private_sigstore.issuer.people
    signed = attest.ok("sign", WHEEL, *keyless, "--store", STORE)
    assert signed.err == f"signing as {ALICE} ({people})\n"
    assert signed.out.startswith("signed pkg:pypi/acme@1.0 ")
    attest.ok("attach", WHEEL, "bom.json", *keyless, "--store", STORE)
    alice = whom(private_sigstore, ALICE, people)
    mallory = whom(private_sigstore, "mallory@example.test", people)
    elsewhere = whom(private_sigstore, ALICE, "https://accounts.google.com")
    with olareg(Path("store")) as registry:
        reference = f"{registry.host}/pypi/acme@{anchor_of(attest)}"
        cosign(attest, "verify", *alice, reference)
        cosign(attest, "verify-attestation", "--type", "cyclonedx", *alice, reference)
        for stranger in (mallory, elsewhere):
            cosign(attest, "verify", *stranger, reference, code=1)
            cosign(attest, "verify-attestation", "--type", "cyclonedx", *stranger, reference, code=1)


@pytest.mark.peer("cosign", "distribution")
def test_a_ci_run_signs_into_a_registry_without_referrers(
    attest: Workplace,
    private_sigstore: PrivateSigstore,
    keyless: tuple[str | Path, ...],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    for name, value in private_sigstore.ci_environment("acme/app").items():
        monkeypatch.setenv(name, value)
    ours = whom(private_sigstore, private_sigstore.ci_subject("acme/app"), private_sigstore.issuer.ci)
    theirs = whom(private_sigstore, private_sigstore.ci_subject("acme-evil/app"), private_sigstore.issuer.ci)
    package = ("pkg:golang/example.com/m@v1.0.0", "--digest", "dirHash1:" + "ab" * 32)
    with real.distribution(tmp_path / "registry") as host:
        store = ("--store", f"{host}/{{package}}")
        signed = attest.ok("sign", *package, *keyless, *store, "--json").json["written"][0]
        reference = f"{host}/{signed['repository']}@{signed['manifest']}"
        cosign(attest, "verify", *ours, reference)
        cosign(attest, "verify", *theirs, reference, code=1)


def test_a_policy_names_the_workflow(
    attest: Workplace,
    private_sigstore: PrivateSigstore,
    keyless: tuple[str | Path, ...],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What was signed in one repository is that repository's, whatever else is called like it."""
    monkeypatch.setenv(TOKEN, private_sigstore.ci_token("acme/app", ref="refs/tags/v1.0"))
    attest.ok("sign", WHEEL, *keyless)
    workflow = private_sigstore.ci_subject("acme/app", "refs/tags/*")
    policy = (
        "version: 1\nname: gate\napplies_to: ['pkg:pypi/**']\n"
        f"trust: {{root: '{private_sigstore.trusted_root}'}}\n"
        "identities:\n"
        "  release:\n"
        f"    issuer: {private_sigstore.issuer.ci}\n"
        f"    subject: {workflow}\n"
        "    claims: {source_repository: 'https://github.com/acme/app', runner_environment: github-hosted}\n"
        "rules:\n"
        "  - {id: signed, require: signature, by: [release]}\n"
    )
    attest.write("gate.yaml", policy)
    assert attest.ok("verify", WHEEL, "--policy", "gate.yaml", "--offline").out.startswith("admitted")
    for written, other in (
        ("acme/app/.github", "acme-evil/app/.github"),
        ("'https://github.com/acme/app'", "'https://github.com/acme/other'"),
        ("github-hosted", "self-hosted"),
        ("refs/tags/*", "refs/heads/*"),
        (private_sigstore.issuer.ci, private_sigstore.issuer.people),
        (str(private_sigstore.trusted_root), str(private_sigstore.other_trusted_root)),
    ):
        attest.write("other.yaml", policy.replace(written, other))
        denied = attest("verify", WHEEL, "--policy", "other.yaml", "--offline")
        assert (denied.code, denied.out.startswith("denied")) == (1, True), (other, denied)


def test_a_run_has_one_certificate(
    attest: Workplace,
    private_sigstore: PrivateSigstore,
    keyless: tuple[str | Path, ...],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(TOKEN, private_sigstore.token(ALICE))
    second = attest.wheel("other", "2.0")
    signed = attest.ok("sign", WHEEL, second, *keyless, "--store", STORE, "--json")
    assert signed.err.count("signing as") == 1
    certificates = set()
    for item in signed.json["written"]:
        blobs = Path("store", item["repository"], "blobs", "sha256")
        manifest = json.loads((blobs / item["referrer"].removeprefix("sha256:")).read_text())
        bundle = json.loads((blobs / manifest["layers"][0]["digest"].removeprefix("sha256:")).read_text())
        certificates.add(bundle["verificationMaterial"]["certificate"]["rawBytes"])
    assert len(signed.json["written"]) == 2
    assert len(certificates) == 1


def test_bad_tokens(
    attest: Workplace,
    private_sigstore: PrivateSigstore,
    keyless: tuple[str | Path, ...],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each is refused by name, is not shown, and leaves nothing behind."""
    for token, why in (
        ("x.y.z", "the identity token cannot be used"),
        ("", "Not enough segments"),
        ("\u00e9", "not an identity token"),
        (private_sigstore.token(exp=1), "Signature has expired"),
        (private_sigstore.token(aud="other"), "Audience doesn't match"),
        (private_sigstore.token(nbf=int(time.time()) + 900), "not within its validity period"),
    ):
        attest.write("token", token)
        said = attest.refused("sign", WHEEL, *keyless, "--identity-token", "token")
        assert why in said
        assert not token or token not in said
    said = attest.refused("sign", WHEEL, *keyless, "--identity-token", "nowhere")
    assert "cannot read the identity token" in said
    said = attest.refused("sign", WHEEL, *keyless)
    assert "nobody is named who signs" in said
    stranger = private_sigstore.token(iss="http://127.0.0.1:9")
    monkeypatch.setenv(TOKEN, stranger)
    result = attest("sign", WHEEL, *keyless)
    assert (result.code, result.out) == (2, "")
    assert "Fulcio refuses the identity" in result.err
    assert stranger not in result.err
    assert not Path(".attest").exists()


@pytest.mark.parametrize(
    ("service", "nothing_at_all"), [("fulcio", True), ("rekor", False), ("tsa", False)], ids=["fulcio", "rekor", "tsa"]
)
def test_a_service_that_is_down_is_not_a_signature(
    attest: Workplace,
    private_sigstore: PrivateSigstore,
    monkeypatch: pytest.MonkeyPatch,
    service: str,
    nothing_at_all: bool,
) -> None:
    """The anchor may be there, as it says nothing; no signature hangs on it, whole or half."""
    monkeypatch.setenv(TOKEN, private_sigstore.token(ALICE))
    address = getattr(private_sigstore.addresses, service)
    text = private_sigstore.client_trust_config.read_text()
    attest.write("down.json", text.replace(address, "http://127.0.0.1:9"))
    result = attest("sign", WHEEL, "--keyless", "--trust-config", "down.json", "--store", STORE)
    assert (result.code, result.out) == (3, "")
    assert "Connection refused" in result.err
    assert "Traceback" not in result.err
    assert Path("store").exists() is not nothing_at_all
    if not nothing_at_all:
        blobs = [path.read_bytes() for path in Path("store/pypi/acme/blobs/sha256").iterdir()]
        assert not [blob for blob in blobs if b"sigstore.bundle" in blob]


@pytest.mark.parametrize("option", [("--staging",), ("--trust-config", "x"), ("--identity-token", "x")])
def test_options_that_say_nothing_without_keyless(attest: Workplace, option: tuple[str, ...]) -> None:
    for other in ((), ("--format", "notation-jws", "--certificate-chain", "x")):
        said = attest.refused("sign", WHEEL, "--key", "release.key", *other, *option)
        assert f"{option[0]} is for --keyless" in said


Reply = Callable[[str], str]


def at_a_terminal(
    home: Path, *arguments: str | Path, browser: str, asked: str = "\0", reply: Reply = str
) -> tuple[int, str]:
    """Run `attest` at a terminal of its own, with ``browser`` as the web browser; exit code and all that it shows.

    When ``asked`` appears, ``reply`` to what was shown until then is typed.
    """
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "attest", *map(str, arguments)],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        cwd=home,
        env={**os.environ, "XDG_DATA_HOME": str(home / "data"), "BROWSER": browser},
    ) as process:
        os.close(theirs)
        shown, replied = "", False
        try:
            while chunk := os.read(ours, 4096):
                shown += chunk.decode()
                if asked in shown and not replied:
                    replied = True
                    os.write(ours, reply(shown).encode())
        except OSError:  # Linux: the other side is closed
            pass
        code = process.wait(60)
    os.close(ours)
    return code, shown.replace("\r\n", "\n")


@pytest.fixture
def browser(tmp_path: Path) -> str:
    """One without a person: it follows where it is led."""
    script = tmp_path / "browser"
    script.write_text(
        f"#!/bin/sh\nexec {sys.executable} -c 'import sys, urllib.request as u; u.urlopen(sys.argv[1])' $1\n"
    )
    script.chmod(0o755)
    return f"{script} %s"


def test_a_login_in_a_browser(
    attest: Workplace, private_sigstore: PrivateSigstore, keyless: tuple[str | Path, ...], browser: str
) -> None:
    code, shown = at_a_terminal(attest.directory, "sign", WHEEL, *keyless, browser=browser)
    assert code == 0, shown
    assert f"signing as {private_sigstore.issuer.login} ({private_sigstore.issuer.people})" in shown
    assert "[y/N]" not in shown


def test_a_login_that_brings_nothing(
    attest: Workplace,
    private_sigstore: PrivateSigstore,
    keyless: tuple[str | Path, ...],
    browser: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(private_sigstore.issuer, "login", "")
    code, shown = at_a_terminal(attest.directory, "sign", WHEEL, *keyless, browser=browser)
    assert code == 3
    assert "the login's answer is not one" in shown
    assert "Traceback" not in shown


def code_of(shown: str) -> str:
    """The code to which the address that is shown leads, as a person in another place would get it."""
    address = re.findall(r"http://\S+/login\?\S+", shown)[-1]
    with requests.Session() as session:
        session.trust_env = False
        answer = session.get(address, allow_redirects=False, timeout=20)
    return parse_qs(answer.headers["Location"].partition("?")[2])["code"][0] + "\n"


@pytest.mark.parametrize(("reply", "expected"), [(code_of, 0), (lambda _: "no code\n", 2)], ids=["code", "no code"])
def test_a_login_in_another_place(
    attest: Workplace, private_sigstore: PrivateSigstore, keyless: tuple[str | Path, ...], reply: Reply, expected: int
) -> None:
    """Without a browser the address is shown, and the code that it leads to is typed in."""
    code, shown = at_a_terminal(
        attest.directory, "sign", WHEEL, *keyless, browser="false", asked="Enter verification code: ", reply=reply
    )
    assert code == expected, shown
    if expected:
        assert "nobody logged in" in shown
        assert not (attest.directory / ".attest").exists()
    else:
        assert f"signing as {private_sigstore.issuer.login} " in shown


@pytest.mark.parametrize("answer", ["y\n", "n\n", "\n", "\x04"], ids=["yes", "no", "nothing", "end"])
def test_publishing_a_name_is_asked_for(
    attest: Workplace, private_sigstore: PrivateSigstore, browser: str, answer: str
) -> None:
    """Where everybody could read it. The private deployment stands in for the public one."""
    documents = {
        "checked": int(time.time()),
        "trustedRoot": base64.b64encode(private_sigstore.trusted_root.read_bytes()).decode(),
        "signingConfig": base64.b64encode(private_sigstore.signing_config.read_bytes()).decode(),
    }
    attest.write("data/attest/trust/public-good/kept.json", json.dumps(documents))
    code, shown = at_a_terminal(
        attest.directory, "sign", WHEEL, "--keyless", browser=browser, asked="[y/N] ", reply=lambda _: answer
    )
    login = private_sigstore.issuer.login
    assert f"signing as {login} ({private_sigstore.issuer.people}): everybody will be able to read this name" in shown
    assert "sign and publish it? [y/N]" in shown
    if answer == "y\n":
        assert code == 0, shown
        assert "signed pkg:pypi/acme@1.0 " in shown
    else:
        assert code == 2, shown
        assert "nothing was signed" in shown
        assert not (attest.directory / ".attest").exists()
