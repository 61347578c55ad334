"""What is kept of a TUF repository's answers, and what is told where there is none."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tuf.api.exceptions import DownloadError
from tuf.ngclient.updater import Updater

from attest import limits
from attest.errors import StoreUnavailable, TrustError
from attest.signing.sigstore import updates as subject
from attest.signing.sigstore.updates import Published, Updates
from tests.signing.sigstore.tuf_repository import TufRepository, served


@pytest.fixture
def repository(tmp_path: Path) -> TufRepository:
    repository = TufRepository(tmp_path / "repository")
    repository.publish(b"first", b'{"a": 1}')
    return repository


@pytest.fixture
def updates(repository: TufRepository, tmp_path: Path) -> Iterator[Updates]:
    with served(repository.folder) as url:
        yield Updates(url, repository.first_root, tmp_path / "kept")


def test_what_is_here_already_is_not_fetched_again(updates: Updates, repository: TufRepository) -> None:
    published = updates.refresh()
    assert (published.trusted_root, published.signing_config) == (b"first", b'{"a": 1}')
    for path in (repository.folder / "targets").iterdir():
        path.unlink()
    again = updates.refresh()
    assert (again.trusted_root, again.signing_config) == (b"first", b'{"a": 1}')


def test_a_document_that_is_not_published(updates: Updates, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subject, "SIGNING_CONFIG", "signing_config.v9.json")
    with pytest.raises(TrustError, match="says what does not hold") as caught:
        updates.refresh()
    assert caught.value.why == "there is no signing_config.v9.json"


def failed(text: str, cause: Exception | None) -> DownloadError:
    error = DownloadError(text)
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (failed("no such host", None), "no such host"),
        (failed("no such host", OSError("its cause")), "no such host"),
        (failed("", OSError("its cause")), "its cause"),
        (failed("", None), ""),
    ],
)
def test_why_nothing_came(
    tmp_path: Path, repository: TufRepository, monkeypatch: pytest.MonkeyPatch, error: DownloadError, why: str
) -> None:
    def refresh(_: Updater) -> None:
        raise error

    monkeypatch.setattr(Updater, "refresh", refresh)
    with pytest.raises(StoreUnavailable, match="cannot refresh the trust root") as caught:
        Updates("https://tuf.example", repository.first_root, tmp_path / "kept").refresh()
    assert caught.value.why == why


def test_how_much_is_read_of_what_was_kept(tmp_path: Path) -> None:
    document = {
        "checked": 1772366400,
        "trustedRoot": base64.b64encode(b"root").decode(),
        "signingConfig": base64.b64encode(b"config").decode(),
    }
    text = json.dumps(document)
    for size in (len(text), 4 * limits.TRUSTED_ROOT):
        (tmp_path / "kept.json").write_text("{" + " " * (size - len(text)) + text[1:])
        found = Updates("https://tuf.example", b"", tmp_path).kept()
        assert found == Published(b"root", b"config", datetime(2026, 3, 1, 12, tzinfo=UTC))
    (tmp_path / "kept.json").write_text(text + " " * (4 * limits.TRUSTED_ROOT + 1 - len(text)))
    with pytest.raises(TrustError, match="what is known of the trust root is damaged"):
        Updates("https://tuf.example", b"", tmp_path).kept()


def test_what_was_kept_and_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "kept.json").mkdir()
    with pytest.raises(TrustError, match="cannot read what is known of the trust root"):
        Updates("https://tuf.example", b"", tmp_path).kept()
    assert Updates("https://tuf.example", b"", tmp_path / "nowhere").kept() is None
