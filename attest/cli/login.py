"""``attest login`` and ``attest logout``: credentials for a registry, kept where docker and others keep theirs."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any, Final

from attest.cli import options

if TYPE_CHECKING:
    from attest.stores.registry.credentials import Credential

_LONGEST: Final = 64 * 1024
_SCRIPTS: Final = "in scripts: --username USER --password-stdin"

_IN_EXAMPLES = """\
examples:
  attest login registry.example                       asks for user name and password
  attest login registry.example --username ci --password-stdin < token.txt
  attest login registry.example --username '<token>' --password-stdin      for an identity token

The registry is asked whether it accepts the credentials before they are kept: by the credential helper that docker's
configuration names, else in that file, config.json in $DOCKER_CONFIG or ~/.docker. Docker, oras, crane and cosign read
the same place. There is no option for a password: other users of the machine see the arguments of every program."""

_OUT_EXAMPLES = """\
example:
  attest logout registry.example"""


def add(commands: Any) -> None:
    parser = commands.add_parser(
        "login",
        help="log in to a registry",
        description="Log in to a registry, and keep the credentials for later commands.",
        epilog=_IN_EXAMPLES,
    )
    parser.add_argument("host", metavar="HOST", help="the registry, as HOST[:PORT]")
    parser.add_argument("--username", "-u", metavar="USER", help="the user name (default: asked for)")
    parser.add_argument("--password-stdin", action="store_true", help="read the password from stdin")
    # known only to be refused: an unknown option would be repeated on the terminal, with the password behind it
    parser.add_argument("--password", "-p", dest="shown", nargs="?", const="", help=argparse.SUPPRESS)
    options.add_plain_http(parser)
    parser.set_defaults(run=run_login)
    parser = commands.add_parser(
        "logout",
        help="forget the credentials for a registry",
        description="Forget the credentials for a registry.",
        epilog=_OUT_EXAMPLES,
    )
    parser.add_argument("host", metavar="HOST", help="the registry, as HOST[:PORT]")
    parser.set_defaults(run=run_logout)


def run_login(arguments: argparse.Namespace) -> int:
    import os
    from pathlib import Path

    from attest.cli import console
    from attest.errors import EXIT_DONE
    from attest.stores.registry.credentials import UserCredentials
    from attest.stores.registry.keeping import keep
    from attest.stores.registry.options import RegistryOptions
    from attest.stores.registry.proving import prove

    host = _host(arguments.host)
    credential = _credential(arguments, host)
    if not prove(host, credential, RegistryOptions.from_environment(os.environ)):
        console.note(f"attest: {host} lets anybody in, so these credentials could not be tried")
    place = keep(host, credential, os.environ, Path.home())
    console.note(f"logged in to {host}; the credentials are kept in {place}")
    if UserCredentials(os.environ, Path.home()).lookup(host, "") != credential:
        console.note(f"attest: others come first for {host}: from ATTEST_REGISTRY_PASSWORD or REGISTRY_AUTH_FILE")
    return EXIT_DONE


def run_logout(arguments: argparse.Namespace) -> int:
    import os
    from pathlib import Path

    from attest.cli import console
    from attest.errors import EXIT_DONE
    from attest.stores.registry.credentials import UserCredentials
    from attest.stores.registry.keeping import forget

    host = _host(arguments.host)
    if forget(host, os.environ, Path.home()):
        console.note(f"forgot the credentials for {host}")
    else:
        console.note(f"attest: no credentials for {host} were kept by a login")
    if UserCredentials(os.environ, Path.home()).lookup(host, "") is not None:
        console.note(f"attest: others for {host} remain: in the environment, podman's file, or netrc")
    return EXIT_DONE


def _host(text: str) -> str:
    from attest.errors import UsageError
    from attest.oci.reference import Reference

    try:
        reference = Reference.parse(f"{text}/x")
    except UsageError:
        reference = Reference("")
    if not text or reference.host != text:
        raise UsageError(f"not a registry: {text!r}", next_step="name it as HOST[:PORT]")
    return text


def _credential(arguments: argparse.Namespace, host: str) -> Credential:
    """From stdin or the terminal. Raises `UsageError`."""
    from attest.errors import UsageError
    from attest.stores.registry.credentials import TOKEN_USER, Credential

    if arguments.shown is not None:
        raise UsageError("a password as an argument", where=host, why="everybody sees those", next_step=_SCRIPTS)
    if arguments.password_stdin and arguments.username is None:
        raise UsageError("no user name", where=host, next_step="--username USER goes with --password-stdin")
    username = _ask_name(host) if arguments.username is None else arguments.username
    if not username or not username.isprintable() or (":" in username and username != TOKEN_USER):
        raise UsageError("not a user name", where=host, why="it is one line and has no colon")
    secret = _read_secret(host) if arguments.password_stdin else _ask_secret(host)
    if not secret or not secret.isprintable():
        raise UsageError("not a password", where=host, why="it is one line of at least one character")
    return Credential(identity_token=secret) if username == TOKEN_USER else Credential(username, secret)


def _read_secret(host: str) -> str:
    """Stdin without the line's end."""
    import sys

    from attest.errors import UsageError

    raw = b"" if sys.stdin is None else sys.stdin.buffer.read(_LONGEST + 1)
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        raise UsageError("not a password", where=host, why="it is not UTF-8") from None
    if len(raw) > _LONGEST:
        raise UsageError("not a password", where=host, why=f"more than {_LONGEST} bytes")
    return text.removesuffix("\n").removesuffix("\r")


def _ask_name(host: str) -> str:
    import sys

    _check_terminal(host)
    print(f"User name for {host}: ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip()


def _ask_secret(host: str) -> str:
    """Without showing it; where that cannot be had, not at all."""
    import sys
    import warnings
    from getpass import GetPassWarning, getpass

    from attest.errors import UsageError

    _check_terminal(host)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", GetPassWarning)
            return getpass(f"Password for {host}: ", stream=sys.stderr)
    except (EOFError, GetPassWarning):
        raise UsageError("no password was given", where=host, next_step=_SCRIPTS) from None


def _check_terminal(host: str) -> None:
    import sys

    from attest.errors import UsageError

    if sys.stdin is None or not sys.stdin.isatty():
        raise UsageError("a password is needed and there is no terminal to ask on", where=host, next_step=_SCRIPTS)
