"""Where Go, Cargo and Maven get packages from, out of their own configuration; and the real ones, npm and pip agree."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from attest.errors import UsageError
from attest.stores.services.cargo_configuration import cargo_index
from attest.stores.services.configuration import npm_registry, pip_index
from attest.stores.services.go_configuration import go_proxy
from attest.stores.services.maven_configuration import maven_repository
from tests.packages.lockfiles.tools import REAL_HOME, program

NO_PROGRAMS = {"PATH": ""}


def written(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


# --- Go ---


@pytest.mark.parametrize(
    ("value", "url"),
    [
        ("https://a.example", "https://a.example/"),
        ("https://a.example,direct", "https://a.example/"),
        ("https://a.example|https://b.example", "https://a.example/"),
        (" , https://a.example/x/ ,off", "https://a.example/x/"),
    ],
)
def test_gos_proxy_is_the_first(tmp_path: Path, value: str, url: str) -> None:
    assert go_proxy({**NO_PROGRAMS, "GOPROXY": value}, tmp_path).url == url


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("direct", "GOPROXY is direct"),
        ("off", "GOPROXY is off"),
        (",", "GOPROXY is off"),
        ("", "go is not there to be asked"),
        ("file:///proxy", "not the address of a service"),
    ],
)
def test_go_without_a_proxy(tmp_path: Path, value: str, why: str) -> None:
    with pytest.raises(UsageError, match=why):
        go_proxy({**NO_PROGRAMS, "GOPROXY": value}, tmp_path)


def test_gos_file_is_weaker_than_the_environment(tmp_path: Path) -> None:
    usual = written(tmp_path / ".config" / "go" / "env", "# mine\nGOPROXY=https://file.example\nGOPRIVATE=a.example\n")
    assert go_proxy(NO_PROGRAMS, tmp_path).url == "https://file.example/"
    assert go_proxy({**NO_PROGRAMS, "GOPROXY": "https://env.example"}, tmp_path).url == "https://env.example/"
    other = written(tmp_path / "other", "GOPROXY=https://other.example\n")
    assert go_proxy({**NO_PROGRAMS, "GOENV": str(other)}, tmp_path).url == "https://other.example/"
    moved = written(tmp_path / "xdg" / "go" / "env", usual.read_text().replace("file", "xdg"))
    assert go_proxy({**NO_PROGRAMS, "XDG_CONFIG_HOME": str(moved.parents[1])}, tmp_path).url == "https://xdg.example/"
    with pytest.raises(UsageError, match="no proxy is configured"):
        go_proxy({**NO_PROGRAMS, "GOENV": "off"}, tmp_path)


@pytest.mark.parametrize(
    ("patterns", "module", "private"),
    [
        ("a.example", "a.example/x/y", True),
        ("*.a.example,b.example/team", "git.a.example/x", True),
        ("*.a.example,b.example/team", "b.example/team/x", True),
        ("b.example/team", "b.example/teams", False),
        ("b.example/team", "b.example", False),
        ("b.example/*/x", "b.example/y/z", False),
        ("", "b.example/x", False),
    ],
)
def test_a_private_module_is_asked_of_no_proxy(tmp_path: Path, patterns: str, module: str, private: bool) -> None:
    environment = {**NO_PROGRAMS, "GOPROXY": "https://p.example", "GOPRIVATE": patterns}
    if private:
        with pytest.raises(UsageError, match="is private"):
            go_proxy(environment, tmp_path, module)
        environment["GONOPROXY"] = "none.example"
    assert go_proxy(environment, tmp_path, module).url == "https://p.example/"


@pytest.mark.slow
def test_go_itself_agrees(tmp_path: Path) -> None:
    go = program("go")
    own = {"PATH": f"{Path(go).parent}:/usr/bin:/bin", "HOME": str(tmp_path), "GOTOOLCHAIN": "local"}

    def said(**environment: str) -> str:
        done = subprocess.run(
            [go, "env", "GOPROXY"], env={**own, **environment}, capture_output=True, text=True, check=True
        )
        return done.stdout.strip().split(",")[0].rstrip("/") + "/"

    assert go_proxy(own, tmp_path).url == said()  # its default, which only go knows
    subprocess.run([go, "env", "-w", "GOPROXY=https://w.example|direct"], env=own, check=True)
    assert go_proxy(own, tmp_path).url == "https://w.example/"
    assert said().startswith("https://w.example|")
    both = {"GOPROXY": "https://e.example/sub"}
    assert go_proxy({**own, **both}, tmp_path).url == said(**both)


# --- Cargo ---

MIRROR = """\
[source.crates-io]
replace-with = "mirror"
[source.mirror]
registry = "sparse+https://mirror.example/index/"
"""


def test_cargos_source_replacement(tmp_path: Path) -> None:
    home, project = tmp_path / "home", tmp_path / "work" / "project"
    project.mkdir(parents=True)
    with pytest.raises(UsageError, match="nothing replaces Cargo's own"):
        cargo_index({}, home, project)
    written(home / ".cargo" / "config.toml", MIRROR)
    assert cargo_index({}, home, project).url == "https://mirror.example/index/"
    written(tmp_path / "own" / "config.toml", MIRROR.replace("mirror.example", "own.example"))
    assert cargo_index({"CARGO_HOME": str(tmp_path / "own")}, home, project).url == "https://own.example/index/"
    written(tmp_path / "work" / ".cargo" / "config.toml", '[source.mirror]\nregistry = "https://above.example/git"\n')
    assert cargo_index({}, home, project).url == "https://above.example/git/"
    written(project / ".cargo" / "config.toml", '[source.crates-io]\nreplace-with = "vendored"\n')
    with pytest.raises(UsageError, match="has no index of vendored"):
        cargo_index({}, home, project)
    written(
        project / ".cargo" / "config",
        '[source]\nvendored = {directory = "vendor"}\ncrates-io = {replace-with="vendored"}\n',
    )
    with pytest.raises(UsageError, match="the source vendored is a directory"):
        cargo_index({}, home, project)


def test_cargos_other_registries(tmp_path: Path) -> None:
    written(
        tmp_path / ".cargo" / "config.toml",
        '[source.crates-io]\nreplace-with = "acme-inc"\n[registries]\nacme-inc.index = "sparse+https://acme.example/"\n',
    )
    assert cargo_index({}, tmp_path, tmp_path).url == "https://acme.example/"
    assert cargo_index({}, tmp_path, tmp_path, "acme-inc").url == "https://acme.example/"
    environment = {"CARGO_REGISTRIES_ACME_INC_INDEX": "sparse+https://env.example/"}
    assert cargo_index(environment, tmp_path, tmp_path, "acme-inc").url == "https://env.example/"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('[source.crates-io]\nreplace-with = "a"\n[source.a]\nreplace-with = "crates-io"\n', "replace each other"),
        ("[source", "cannot read Cargo's configuration"),
        ('[source.crates-io]\nreplace-with = "a"\n[source.a]\nregistry = "file:///index"\n', "not the address"),
        ('[registries.crates-io]\nindex = "https://a.example"\n', "nothing replaces"),
        ('source = "x"\n', "nothing replaces"),
    ],
)
def test_bad_configuration_of_cargo(tmp_path: Path, text: str, why: str) -> None:
    written(tmp_path / ".cargo" / "config.toml", text)
    with pytest.raises(UsageError, match=why):
        cargo_index({}, tmp_path, tmp_path)


# --- Maven ---


def settings(inner: str) -> str:
    return f"<settings>{inner}</settings>"


def mirror(of: str, url: str) -> str:
    return f"<mirror><id>m</id><mirrorOf>{of}</mirrorOf><url>{url}</url></mirror>"


@pytest.mark.parametrize(
    ("of", "covers"),
    [
        ("central", True),
        ("*", True),
        ("external:*", True),
        ("snapshots, central", True),
        ("*,!central", False),
        ("external:http:*", False),
        ("snapshots", False),
        ("", False),
    ],
)
def test_a_mirror_of_mavens_central(tmp_path: Path, of: str, covers: bool) -> None:
    written(tmp_path / ".m2" / "settings.xml", settings(f"<mirrors>{mirror(of, 'https://m.example/r')}</mirrors>"))
    if covers:
        assert maven_repository({}, tmp_path).url == "https://m.example/r/"
    else:
        with pytest.raises(UsageError, match="no repository is configured"):
            maven_repository({}, tmp_path)


def test_which_of_mavens_settings_counts(tmp_path: Path) -> None:
    installed = {"MAVEN_HOME": str(tmp_path / "maven")}
    everything = written(
        tmp_path / "maven" / "conf" / "settings.xml",
        settings(f"<mirrors>{mirror('*', 'https://global.example')}</mirrors>"),
    )
    assert maven_repository(installed, tmp_path).url == "https://global.example/"
    mine = tmp_path / ".m2" / "settings.xml"
    written(mine, settings(f"<mirrors>{mirror('external:*', 'https://mine.example')}</mirrors>"))
    assert maven_repository(installed, tmp_path).url == "https://mine.example/"
    written(everything, settings(f"<mirrors>{mirror('central', 'https://exact.example')}</mirrors>"))
    assert maven_repository(installed, tmp_path).url == "https://exact.example/"
    program = written(tmp_path / "maven" / "bin" / "mvn", "#!/bin/sh\n")
    program.chmod(0o755)
    linked = tmp_path / "bin" / "mvn"
    linked.parent.mkdir()
    linked.symlink_to(program)
    assert maven_repository({"PATH": str(linked.parent)}, tmp_path).url == "https://exact.example/"
    written(mine, settings(f"<mirrors>{mirror('central', 'https://${env.HOST}/r')}</mirrors>"))
    assert maven_repository({"HOST": "h.example"}, tmp_path).url == "https://h.example/r/"


PROFILE = """
<profiles><profile><id>inside</id>{activation}
<repositories><repository><id>central</id><url>https://p.example</url></repository></repositories>
</profile></profiles>{active}"""


@pytest.mark.parametrize(
    ("activation", "active", "counts"),
    [
        ("", "<activeProfiles><activeProfile>inside</activeProfile></activeProfiles>", True),
        ("<activation><activeByDefault>true</activeByDefault></activation>", "", True),
        ("<activation><jdk>21</jdk></activation>", "", False),
        ("", "<activeProfiles><activeProfile>other</activeProfile></activeProfiles>", False),
    ],
)
def test_a_profile_that_names_central(tmp_path: Path, activation: str, active: str, counts: bool) -> None:
    text = settings(PROFILE.format(activation=activation, active=active))
    written(tmp_path / ".m2" / "settings.xml", text)
    if counts:
        assert maven_repository({}, tmp_path).url == "https://p.example/"
    else:
        with pytest.raises(UsageError, match="no repository is configured"):
            maven_repository({}, tmp_path)


@pytest.mark.parametrize("text", ["<settings>", "no XML", '<!DOCTYPE settings [<!ENTITY a "b">]><settings/>'])
def test_bad_settings_of_maven(tmp_path: Path, text: str) -> None:
    written(tmp_path / ".m2" / "settings.xml", text)
    with pytest.raises(UsageError, match="cannot read Maven's settings"):
        maven_repository({}, tmp_path)


# --- what the real programs ask ---


@contextmanager
def listening() -> Iterator[tuple[str, list[str]]]:
    """A server that has nothing, its address, and what it was asked."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/", asked
        server.shutdown()


@pytest.mark.slow
@pytest.mark.parametrize(
    "text",
    [
        '[source.crates-io]\nreplace-with = "m"\n[source.m]\nregistry = "{there}"\n',
        '[source.crates-io]\nregistry = "{there}"\n',
        '[source.crates-io]\nregistry = "{else}"\nreplace-with = "m"\n[source.m]\nregistry = "{there}"\n',
        '[source.crates-io]\nreplace-with = "m"\n[registries.m]\nindex = "{there}"\n',
        '[source.crates-io]\nreplace-with = "m"\n[registries.m]\nindex = "{else}"\n[source.m]\nregistry = "{there}"\n',
        '[source.crates-io]\nregistry = "{there}"\n[registries.crates-io]\nindex = "{else}"\n',
    ],
)
def test_cargo_asks_there(tmp_path: Path, text: str) -> None:
    cargo = program("cargo")
    written(tmp_path / "src" / "lib.rs", "")
    written(tmp_path / "Cargo.toml", '[package]\nname="x"\nversion="1.0.0"\nedition="2021"\n[dependencies]\nitoa="1"\n')
    with listening() as (url, asked):
        for word in ("there", "else"):
            text = text.replace(f"{{{word}}}", f"sparse+{url}{word}/")
        written(tmp_path / "own" / "config.toml", text)
        own = {"HOME": str(REAL_HOME), "CARGO_HOME": str(tmp_path / "own"), "CARGO_NET_RETRY": "0"}
        environment = {**os.environ, **own}
        done = subprocess.run([cargo, "fetch"], cwd=tmp_path, env=environment, capture_output=True, check=False)
        assert cargo_index(environment, tmp_path, tmp_path).url == f"{url}there/"
    assert done.returncode != 0
    assert {path.split("/")[1] for path in asked} == {"there"}, done.stderr


@pytest.mark.slow
def test_maven_asks_there(tmp_path: Path) -> None:
    maven = program("mvn")
    parent = "<parent><groupId>g</groupId><artifactId>a</artifactId><version>1</version><relativePath/></parent>"
    pom = f"<project><modelVersion>4.0.0</modelVersion>{parent}<artifactId>x</artifactId></project>"
    written(tmp_path / "pom.xml", pom)
    with listening() as (url, asked):
        mine = written(
            tmp_path / ".m2" / "settings.xml", settings(f"<mirrors>{mirror('external:*', f'{url}r')}</mirrors>")
        )
        argv: list[str | Path] = [maven, "-B", "-q", "-s", mine, f"-Dmaven.repo.local={tmp_path / 'local'}", "validate"]
        done = subprocess.run(argv, cwd=tmp_path, capture_output=True, check=False)
        assert maven_repository({}, tmp_path).url == f"{url}r/"
    assert done.returncode != 0
    assert asked
    assert {path.split("/")[1] for path in asked} == {"r"}


@pytest.mark.slow
def test_npm_itself_agrees(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    npm = program("npm")
    home, project = tmp_path / "home", tmp_path / "project"
    written(project / "package.json", "{}")
    monkeypatch.chdir(project)
    own = {"PATH": os.environ["PATH"], "HOME": str(home)}

    def agreed(scope: str | None = None, **environment: str) -> str:
        key = f"{scope}:registry" if scope else "registry"
        argv = [npm, "config", "get", key]
        done = subprocess.run(argv, env={**own, **environment}, capture_output=True, text=True, check=True)
        said = done.stdout.strip().rstrip("/") + "/"
        assert npm_registry(environment, home, scope).url == said
        return said

    written(home / ".npmrc", "registry=https://user.example/\n@acme:registry=https://acme.example\n")
    assert agreed() == "https://user.example/"
    assert agreed("@acme") == "https://acme.example/"
    written(project / ".npmrc", "; mine\nregistry = https://${SUB}.example/npm/\n")
    assert agreed(SUB="project") == "https://project.example/npm/"
    assert agreed(npm_config_registry="https://env.example/", SUB="project") == "https://env.example/"


@pytest.mark.slow
def test_pip_itself_agrees(tmp_path: Path) -> None:
    own = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PIP_DISABLE_PIP_VERSION_CHECK": "1"}

    def agreed(**environment: str) -> str:
        """As `pip config list` shows it, the strongest last."""
        argv = [sys.executable, "-m", "pip", "config", "list"]
        done = subprocess.run(argv, env={**own, **environment}, capture_output=True, text=True, check=True)
        shown = dict(line.split("=", 1) for line in done.stdout.splitlines())
        named = shown.get(":env:.index-url") or shown["global.index-url"]
        said = named.strip("'").rstrip("/") + "/"
        assert pip_index(environment, tmp_path).url == said
        return said

    written(tmp_path / ".config" / "pip" / "pip.conf", "[global]\nindex-url = https://user.example/simple\n")
    assert agreed() == "https://user.example/simple/"
    named = written(tmp_path / "named.conf", "[global]\nindex_url: https://named.example/simple/\n")
    assert agreed(PIP_CONFIG_FILE=str(named)) == "https://named.example/simple/"
    assert agreed(PIP_CONFIG_FILE=str(named), PIP_INDEX_URL="https://env.example/s") == "https://env.example/s/"
