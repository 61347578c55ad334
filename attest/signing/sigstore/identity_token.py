"""Who signs without a key: an OpenID Connect token from the CI run, from a login in a browser, or given.

What a token says is not checked here: Fulcio does that, and puts the name into a certificate.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from attest.errors import StoreUnavailable, UsageError
from attest.regular_file import open_regular

if TYPE_CHECKING:
    from sigstore.oidc import IdentityToken

_LIMIT: Final = 64 * 1024  # bytes; real tokens have 1 to 3 KiB


@dataclass(frozen=True, slots=True)
class Identity:
    """A token that may be used now, and whom it names. The token is a secret."""

    token: IdentityToken

    @classmethod
    def of(cls, text: str, *, where: str) -> Identity:
        """Read a token. Raises `UsageError` for one that is malformed, expired, or made for another service."""
        from sigstore.oidc import IdentityError, IdentityToken

        try:
            return cls(IdentityToken(text.strip()))
        except IdentityError as error:
            raise UsageError(
                "the identity token cannot be used",
                where=where,
                why=str(error.__cause__ or error),
                next_step="get a new one, for the audience `sigstore`",
            ) from None

    def __str__(self) -> str:
        return f"{self.token.identity} ({self.token.federated_issuer})"


def from_file(path: Path) -> Identity:
    """The token that a file holds. Raises `UsageError`."""
    try:
        with open_regular(path) as file:
            raw = file.read(_LIMIT + 1)
    except OSError as error:
        raise UsageError("cannot read the identity token", where=str(path), why=error.strerror or str(error)) from None
    if len(raw) > _LIMIT or not raw.isascii():
        raise UsageError("not an identity token", where=str(path), next_step="name a file that holds a JWT and no more")
    return Identity.of(raw.decode("ascii"), where=str(path))


def from_environment() -> Identity | None:
    """The identity of the CI run that this is (GitHub, GitLab, Buildkite, CircleCI, Google Cloud); None if it is none.

    Raises `UsageError` for a run that may not have one.
    """
    from sigstore.oidc import IdentityError, detect_credential

    try:
        text = detect_credential()
    except IdentityError as error:
        raise UsageError(
            "this CI run gives no identity",
            why=str(error),
            next_step="allow it to; on GitHub with `permissions: id-token: write`",
        ) from None
    return None if text is None else Identity.of(text, where="the CI run's identity token")


def from_login(oidc_url: str) -> Identity:
    """Have a person log in, in a browser here or, where there is none, in one elsewhere whose code is typed in.

    Raises `UsageError` if they do not, `StoreUnavailable` if the issuer does not answer.
    """
    from sigstore.errors import Error, NetworkError
    from sigstore.oidc import Issuer, IssuerError

    try:
        return Identity(Issuer(oidc_url).identity_token())
    except (NetworkError, IssuerError) as error:
        raise StoreUnavailable("cannot log in", where=oidc_url, why=str(error.__cause__ or error)) from None
    except (LookupError, ValueError, OSError) as error:  # `sigstore` does not look whether all members are there
        raise StoreUnavailable("the login's answer is not one", where=oidc_url, why=repr(error)) from None
    except (Error, EOFError) as error:
        raise UsageError("nobody logged in", where=oidc_url, why=str(error)) from None
