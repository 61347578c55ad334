"""Logging in to real registries: what is kept, where, who else can use it, and that no secret is shown."""

from __future__ import annotations

import base64
import io
import json
import os
import pty
import stat
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from attest.stores.registry.credentials import Credential, UserCredentials
from attest.stores.registry.keeping import forget, keep
from tests.cli.conftest import Result, Workplace
from tests.cli.test_cosign import cosign
from tests.peers import peer
from tests.stores.programs import run
from tests.stores.registry import real
from tests.stores.registry.guarded import ALICE, IDENTITY, Behind, behind_password, behind_tokens
from tests.stores.registry.scripted import Answer, Scripted, error

WHEEL = "dist/acme-1.0-py3-none-any.whl"
WRONG = "tr0ub4dor-and-3"
PAIR = base64.b64encode(f"{ALICE.username}:{ALICE.password}".encode()).decode()
HELPER = """\
#!/bin/sh
kept="$(dirname "$0")/../kept"
case "$1" in
    store) cat > "$kept" ;;
    get) [ -e "$kept" ] && cat "$kept" || { echo "credentials not found in native keychain"; exit 1; } ;;
    erase) [ -e "$kept" ] && rm "$kept" || { echo "credentials not found in native keychain"; exit 1; } ;;
esac
"""


class Docker:
    """Docker's configuration, for this test alone, and what is typed to `attest login`."""

    def __init__(self, attest: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
        self.attest = attest
        self.file = attest.directory / "docker" / "config.json"
        self._monkeypatch = monkeypatch
        monkeypatch.setenv("DOCKER_CONFIG", str(self.file.parent))

    @property
    def config(self) -> Any:
        return json.loads(self.file.read_text(encoding="utf-8"))

    def write(self, text: str) -> None:
        self.attest.write("docker/config.json", text)

    def helper(self) -> Path:
        """A helper that keeps one entry; where it keeps that."""
        program = self.attest.write("bin/docker-credential-test", HELPER)
        program.chmod(0o700)
        self._monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
        return self.attest.directory / "kept"

    def login(self, host: str, secret: str = ALICE.password, *, user: str = "alice", end: str = "\n") -> Result:
        self._monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(f"{secret}{end}".encode())))
        result = self.attest("login", host, "--username", user, "--password-stdin")
        assert secret not in result.out + result.err
        assert result.out == ""
        return result


@pytest.fixture
def docker(attest: Workplace, monkeypatch: pytest.MonkeyPatch) -> Docker:
    return Docker(attest, monkeypatch)


@pytest.fixture(scope="module")
def behind(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Behind]:
    with behind_tokens(tmp_path_factory.mktemp("token")) as behind:
        yield behind


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with behind_password(tmp_path_factory.mktemp("htpasswd"), real.docker_registry) as host:
        yield host


@pytest.fixture(params=["tokens", "passwords"])
def host(request: pytest.FixtureRequest) -> str:
    if request.param == "passwords":
        return str(request.getfixturevalue("guarded"))
    behind: Behind = request.getfixturevalue("behind")
    return behind.host


# --- with real registries ---


def test_in_and_out(docker: Docker, host: str) -> None:
    store = f"{host}/private"
    docker.attest.refused("anchor", WHEEL, "--store", store, code=3)
    said = docker.login(host)
    assert (said.code, said.err) == (0, f"logged in to {host}; the credentials are kept in {docker.file}\n")
    assert docker.config == {"auths": {host: {"auth": PAIR}}}
    assert stat.S_IMODE(docker.file.stat().st_mode) == 0o600
    assert stat.S_IMODE(docker.file.parent.stat().st_mode) == 0o700
    assert os.listdir(docker.file.parent) == ["config.json"]
    docker.attest.ok("anchor", WHEEL, "--store", store)
    assert docker.attest.ok("logout", host).err == f"forgot the credentials for {host}\n"
    assert docker.config == {"auths": {}}
    assert "attest login HOST" in docker.attest.refused("list", WHEEL, "--store", store, code=3)
    assert docker.attest.ok("logout", host).err == f"attest: no credentials for {host} were kept by a login\n"


def test_a_wrong_password_is_not_kept(docker: Docker, host: str) -> None:
    said = docker.login(host, WRONG)
    assert said.code == 3
    assert said.err.startswith(f"attest: {host}: the credentials are not accepted: ")
    assert not docker.file.exists()


def test_others_use_what_we_kept(docker: Docker, host: str, guarded: str) -> None:
    docker.login(host)
    anchor = docker.attest.ok("anchor", WHEEL, "--store", f"{host}/others").out.split()[1]
    run("oras", "discover", "--plain-http", f"{host}/others@{anchor}", "--format", "json")
    if host == guarded:  # crane does not go to a token service on loopback
        assert "subject" in json.loads(run("crane", "manifest", "--insecure", f"{host}/others@{anchor}"))
        assert anchor in cosign(docker.attest, "tree", f"{host}/others@{anchor}")
    run("oras", "logout", host)
    docker.attest.refused("list", WHEEL, "--store", f"{host}/others", code=3)


@pytest.mark.parametrize("program", ["oras", "crane"])
def test_we_use_what_others_kept(docker: Docker, host: str, program: str) -> None:
    login = ("login", "--plain-http") if program == "oras" else ("auth", "login")
    docker.file.parent.mkdir()
    arguments = (*login, "--username", "alice", "--password-stdin", host)
    subprocess.run([peer(program), *arguments], input=ALICE.password, text=True, check=True, capture_output=True)
    docker.attest.ok("anchor", WHEEL, "--store", f"{host}/ours")
    docker.attest.ok("logout", host)
    assert host not in docker.config.get("auths", {})


def test_a_helper_keeps_them_for_all(docker: Docker, host: str, guarded: str) -> None:
    kept = docker.helper()
    docker.write(json.dumps({"auths": {host: {"auth": PAIR}, "other": {}}, "credsStore": "test"}))
    said = docker.login(host)
    assert said.err == f"logged in to {host}; the credentials are kept in docker-credential-test\n"
    assert json.loads(kept.read_text()) == {"ServerURL": host, "Username": "alice", "Secret": ALICE.password}
    assert docker.config == {"auths": {"other": {}}, "credsStore": "test"}
    anchor = docker.attest.ok("anchor", WHEEL, "--store", f"{host}/helper").out.split()[1]
    run("oras", "discover", "--plain-http", f"{host}/helper@{anchor}", "--format", "json")
    if host == guarded:
        run("crane", "manifest", "--insecure", f"{host}/helper@{anchor}")
    docker.attest.ok("logout", host)
    assert not kept.exists()
    assert "no credentials" in docker.attest.ok("logout", host).err


def test_an_identity_token(docker: Docker, behind: Behind) -> None:
    assert docker.login(behind.host, "stolen", user="<token>").code == 3
    assert docker.login(behind.host, IDENTITY.identity_token, user="<token>").code == 0
    assert b"scope" not in behind.tokens.scripted.asked[-1].body  # nothing is asked for yet, which is not an empty wish
    assert docker.config == {"auths": {behind.host: {"identitytoken": IDENTITY.identity_token}}}
    anchor = docker.attest.ok("anchor", WHEEL, "--store", f"{behind.host}/private").out.split()[1]
    run("oras", "discover", "--plain-http", f"{behind.host}/private@{anchor}", "--format", "json")
    kept = docker.helper()
    docker.write(json.dumps({"credHelpers": {behind.host: "test"}}))
    assert docker.login(behind.host, IDENTITY.identity_token, user="<token>").code == 0
    assert json.loads(kept.read_text())["Username"] == "<token>"
    docker.attest.ok("anchor", WHEEL, "--store", f"{behind.host}/private")


def test_at_a_terminal_nothing_is_echoed(docker: Docker, guarded: str) -> None:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "attest", "login", guarded],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    shown = b""
    try:
        for question, answer in ((b"User name", b"alice\n"), (b"Password", ALICE.password.encode() + b"\n")):
            while question not in shown:
                shown += os.read(ours, 1000)
            os.write(ours, answer)
        while b"logged in" not in shown:
            shown += os.read(ours, 1000)
    finally:
        process.kill() if process.poll() is None and b"logged in" not in shown else process.wait(20)
        os.close(ours)
    assert process.returncode == 0
    assert b"alice" in shown
    assert ALICE.password.encode() not in shown
    assert docker.config["auths"] == {guarded: {"auth": PAIR}}


# --- registries of other kinds ---


def test_a_registry_that_lets_anybody_in(docker: Docker) -> None:
    with Scripted().running() as registry:
        registry.on("GET", "/v2/", Answer(200, b"{}"))
        said = docker.login(registry.host)
        assert said.code == 0
        assert "lets anybody in" in said.err
        assert "authorization" not in registry.asked[0].headers


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (Answer(404), "not a registry: it answered 404 to GET /v2/"),
        (Answer(302, headers={"Location": "/login.html"}), "not a registry: it answered 302 to GET /v2/"),
        (error(403, "DENIED"), "the credentials are not accepted"),
        (error(429, "TOOMANYREQUESTS", Retry_After="3600"), "cannot log in: 429 TOOMANYREQUESTS"),
    ],
)
def test_what_is_no_login(docker: Docker, answer: Answer, text: str) -> None:
    with Scripted().running() as registry:
        registry.on("GET", "/v2/", answer)
        said = docker.login(registry.host)
    assert said.code == 3
    assert text in said.err
    assert not docker.file.exists()


def test_an_answer_that_repeats_the_password_is_not_shown(docker: Docker) -> None:
    with Scripted().running() as registry:
        wants = error(401, "UNAUTHORIZED", f"{PAIR} {ALICE.password}", WWW_Authenticate="Basic realm=x")
        registry.on("GET", "/v2/", wants)
        said = docker.login(registry.host)
        assert said.code == 3
        assert PAIR not in said.err
        registry.on("GET", "/v2/", wants, error(429, "X", f"{PAIR} {ALICE.password}", Retry_After="3600"))
        said = docker.login(registry.host)
        assert said.code == 3
        assert PAIR not in said.err


# --- what is typed ---


@pytest.mark.parametrize(
    "host", ["", "registry", "https://registry.example", "registry.example/team", "a b.example", "r.example:x"]
)
def test_what_is_no_registry(docker: Docker, host: str) -> None:
    assert "not a registry" in docker.login(host).err
    assert "not a registry" in docker.attest.refused("logout", host)


@pytest.mark.parametrize(
    ("user", "secret", "text"),
    [
        ("", "x1y2", "not a user name"),
        ("a:b", "x1y2", "not a user name"),
        ("a", "x1\ny2", "not a password"),
        ("a", "x1\x1by2", "not a password"),
        ("a", "x1y2" * 20_000, "not a password"),
    ],
)
def test_what_is_no_credential(docker: Docker, user: str, secret: str, text: str) -> None:
    said = docker.login("registry.example", secret, user=user)
    assert said.code == 2
    assert text in said.err


def test_without_a_terminal_it_says_what_to_do(docker: Docker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO()))
    for arguments in (["login", "registry.example"], ["login", "registry.example", "--username", "alice"]):
        assert "--username USER --password-stdin" in docker.attest.refused(*arguments)
    assert "--username USER" in docker.attest.refused("login", "registry.example", "--password-stdin")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"\n")))
    docker.attest.refused("login", "registry.example", "--username", "alice", "--password-stdin")
    monkeypatch.setattr(sys, "stdin", None)
    docker.attest.refused("login", "registry.example")


@pytest.mark.parametrize("option", [["--password", WRONG], [f"--password={WRONG}"], ["-p", WRONG], [f"-p{WRONG}"]])
def test_a_password_among_the_arguments_is_refused_and_not_repeated(docker: Docker, option: list[str]) -> None:
    said = docker.attest.refused("login", "registry.example", "-u", "alice", *option)
    assert "--password-stdin" in said
    assert WRONG not in said


def test_what_comes_first_is_said(docker: Docker, guarded: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ATTEST_REGISTRY_HOST", guarded)
    monkeypatch.setenv("ATTEST_REGISTRY_PASSWORD", "something-else")
    assert "others come first" in docker.login(guarded).err
    assert "others for" in docker.attest.ok("logout", guarded).err


# --- the file ---


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / ".docker").mkdir()
    return tmp_path


def kept(home: Path) -> str:
    return (home / ".docker" / "config.json").read_text(encoding="utf-8")


BEFORE = """\
{ "auths" : {"other.example": {"auth":"bzpw" , "x": 1.50}},
  "HttpHeaders": {"User-Agent": "\\u0041"},\t"credHelpers":{}
}
"""


def test_every_other_byte_of_the_file_stays(home: Path) -> None:
    (home / ".docker" / "config.json").write_text(BEFORE)
    keep("registry.example", ALICE, {}, home)
    added = f', "registry.example": {{\n\t\t\t"auth": "{PAIR}"\n\t\t}}'
    assert kept(home).replace(added.replace(", ", ",", 1), "") == BEFORE
    assert forget("registry.example", {}, home) is True
    assert kept(home) == BEFORE
    assert forget("registry.example", {}, home) is False


def test_other_spellings_of_the_registry_go(home: Path) -> None:
    entries = {
        key: {"auth": "bzpw"} for key in ("https://r.example/v2/", "r.example", "r.example/team", "r.example:5000")
    }
    (home / ".docker" / "config.json").write_text(json.dumps({"auths": entries}))
    keep("r.example", ALICE, {}, home)
    assert json.loads(kept(home))["auths"] == {
        "r.example": {"auth": PAIR},
        "r.example/team": {"auth": "bzpw"},
        "r.example:5000": {"auth": "bzpw"},
    }
    assert UserCredentials({}, home).lookup("r.example", "x") == ALICE


@pytest.mark.parametrize("host", ["docker.io", "index.docker.io", "registry-1.docker.io"])
def test_docker_hub_has_its_own_key(home: Path, host: str) -> None:
    keep(host, ALICE, {}, home)
    assert list(json.loads(kept(home))["auths"]) == ["https://index.docker.io/v1/"]
    assert UserCredentials({}, home).lookup("docker.io", "library/x") == ALICE
    assert forget("docker.io", {}, home) is True


def test_a_link_stays_a_link(home: Path) -> None:
    link = home / ".docker" / "config.json"
    link.symlink_to("../dotfiles/docker.json")
    (home / "dotfiles").mkdir()
    for _ in range(2):  # first what it leads to is missing, then it is there
        keep("registry.example", ALICE, {}, home)
        assert link.is_symlink()
        assert stat.S_IMODE((home / "dotfiles" / "docker.json").stat().st_mode) == 0o600
    assert os.listdir(home / "dotfiles") == ["docker.json"]


def test_a_file_that_others_could_read_is_closed(home: Path) -> None:
    (home / ".docker" / "config.json").write_text("{}")
    (home / ".docker" / "config.json").chmod(0o644)
    keep("registry.example", ALICE, {}, home)
    assert stat.S_IMODE((home / ".docker" / "config.json").stat().st_mode) == 0o600


def test_many_at_once_lose_nothing(home: Path) -> None:
    hosts = [f"r{number}.example" for number in range(24)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda host: keep(host, Credential("u", "p"), {}, home), hosts))
    assert sorted(json.loads(kept(home))["auths"]) == sorted(hosts)


@pytest.mark.parametrize("text", ["{", "[]", "\0"])
def test_a_file_that_cannot_be_read_is_left_alone(docker: Docker, guarded: str, text: str) -> None:
    docker.write(text)
    said = docker.login(guarded)
    assert (said.code, docker.file.read_text()) == (2, text)
    assert "cannot read credentials" in said.err


def test_a_place_that_cannot_be_written(docker: Docker, guarded: str) -> None:
    docker.attest.write("docker", "a file, not a directory")
    said = docker.login(guarded)
    assert said.code == 2
    assert "cannot write credentials" in said.err


def test_links_in_a_circle(docker: Docker, guarded: str) -> None:
    docker.file.parent.mkdir()
    docker.file.symlink_to("config.json")
    assert docker.login(guarded).code == 2


@pytest.mark.parametrize("script", ["cat; exit 1", "cat; echo credentials not found; exit 1"])
def test_a_helper_that_fails_says_no_secret(docker: Docker, guarded: str, script: str) -> None:
    docker.helper()
    docker.attest.write("bin/docker-credential-test", f"#!/bin/sh\n{script}\n")
    docker.write('{"credsStore": "test"}')
    said = docker.login(guarded)
    assert said.code == 2
    assert "docker-credential-test: the credential helper failed" in said.err
