"""Trust roots: kept fresh by TUF, used without a network, and refused when they are too old or do not hold."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from pathlib import Path

import pytest
from securesystemslib.signer import CryptoSigner

from attest.errors import StoreRefused, StoreUnavailable, TrustError
from attest.signing.sigstore import roots
from attest.signing.sigstore.deployment import load_deployment
from attest.signing.sigstore.roots import PUBLIC_GOOD, STAGING, choose, load_root
from attest.signing.sigstore.updates import TRUSTED_ROOT, Published, Updates
from tests.signing.sigstore.tuf_repository import ROLES, TufRepository, served

SHIPPED = Published(b"shipped", b"{}", checked=None)
MONTH = timedelta(days=30)


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def repository(tmp_path: Path) -> TufRepository:
    repository = TufRepository(tmp_path / "repository")
    repository.publish(b"first")
    return repository


@pytest.fixture
def updates(repository: TufRepository, tmp_path: Path) -> Iterator[Updates]:
    with served(repository.folder) as url:
        yield Updates(url, repository.first_root, tmp_path / "kept")


def unreachable(updates: Updates) -> Updates:
    return Updates("http://127.0.0.1:9", updates.first_root, updates.folder)


def chosen(updates: Updates, *, offline: bool = False, max_age: timedelta | None = None, days: float = 0) -> bytes:
    """What is chosen ``days`` from now."""
    then = now() + timedelta(days=days)
    return choose(updates, SHIPPED, offline=offline, max_age=max_age, now=then).published.trusted_root


def test_a_fresh_one_is_fetched_and_kept(updates: Updates) -> None:
    before = now().replace(microsecond=0)
    published = updates.refresh()
    assert published == updates.kept()
    assert published.trusted_root == b"first"
    assert published.checked is not None
    assert before <= published.checked <= now()


def test_a_new_version_is_taken_after_a_day(updates: Updates, repository: TufRepository) -> None:
    assert chosen(updates) == b"first"
    repository.publish(b"second")
    assert chosen(updates, days=0.9) == b"first"
    assert chosen(updates, offline=True, days=900) == b"first"
    assert chosen(updates, days=1.1) == b"second"


def test_a_short_maximal_age_asks_sooner(updates: Updates, repository: TufRepository) -> None:
    assert chosen(updates) == b"first"
    repository.publish(b"second")
    with pytest.raises(TrustError, match="asked just now"):  # in an hour, it was confirmed an hour ago
        chosen(updates, max_age=timedelta(minutes=1), days=1 / 24)
    assert updates.kept() is not None
    assert chosen(updates, offline=True) == b"second"


def test_without_a_network_the_last_one_is_used(updates: Updates) -> None:
    updates.refresh()
    away = unreachable(updates)
    current = choose(away, SHIPPED, offline=False, max_age=MONTH, now=now() + timedelta(days=29))
    assert current.published.trusted_root == b"first"
    assert "cannot refresh the trust root" in (current.problem or "")
    assert choose(away, SHIPPED, offline=True, max_age=MONTH, now=now()).problem is None


@pytest.mark.parametrize("offline", [True, False])
def test_too_old_is_refused(updates: Updates, offline: bool) -> None:
    updates.refresh()
    with pytest.raises(TrustError, match="not known to be fresh enough") as raised:
        chosen(unreachable(updates), offline=offline, max_age=MONTH, days=31)
    text = str(raised.value)
    assert "at most 30 days" in text
    assert ("nothing was asked, offline" if offline else "cannot refresh the trust root") in text


def test_what_is_shipped_has_no_age(updates: Updates) -> None:
    assert chosen(updates, offline=True) == b"shipped"
    assert chosen(unreachable(updates)) == b"shipped"
    with pytest.raises(TrustError, match="its age is unknown"):
        chosen(updates, offline=True, max_age=timedelta(days=10_000))


def test_a_new_root_key_is_followed(updates: Updates, repository: TufRepository) -> None:
    updates.refresh()
    repository.rotate_root()
    repository.publish(b"second")
    assert updates.refresh().trusted_root == b"second"


def refresh_often(updates: Updates) -> list[bytes]:
    return [updates.refresh().trusted_root for _ in range(5)]


@pytest.mark.slow
def test_many_processes_refresh_at_once(updates: Updates, repository: TufRepository) -> None:
    """While new versions are published. Each sees them in the order in which they were."""
    with ProcessPoolExecutor(3, mp_context=get_context("spawn")) as pool:
        running = [pool.submit(refresh_often, updates) for _ in range(3)]
        for number in range(10):
            repository.publish(b"%04d" % number * 1000)
            time.sleep(0.05)
        seen = [future.result() for future in running]
    assert all(answers == sorted(answers) for answers in ([a for a in answers if a != b"first"] for answers in seen))
    assert updates.refresh().trusted_root == b"0009" * 1000


def refused(updates: Updates, repository: TufRepository, *, kept: bytes | None = b"first") -> str:
    """A refresh is refused, however it is asked for, and what was good stays."""
    with pytest.raises(TrustError, match="says what does not hold") as raised:
        updates.refresh()
    with pytest.raises(TrustError, match="says what does not hold"):
        chosen(updates, days=2)
    left = updates.kept()
    assert (None if left is None else left.trusted_root) == kept
    return str(raised.value)


def test_expired_metadata(updates: Updates, repository: TufRepository) -> None:
    updates.refresh()
    repository.publish(b"second", days=-1)
    assert "expired" in refused(updates, repository)


def test_a_rollback(updates: Updates, repository: TufRepository) -> None:
    older = repository.folder.with_name("older")
    shutil.copytree(repository.folder, older)
    repository.publish(b"second")
    updates.refresh()
    for path in older.iterdir():
        if path.is_file():
            shutil.copy(path, repository.folder)
    assert "version" in refused(updates, repository, kept=b"second")


@pytest.mark.parametrize("role", ROLES)
def test_a_wrong_key(updates: Updates, repository: TufRepository, role: str) -> None:
    updates.refresh()
    if role == "root":
        repository.rotate_root(by_the_old_key=False)
    else:
        repository.signers[role] = CryptoSigner.generate_ecdsa()
    repository.publish(b"second")
    assert "signed" in refused(updates, repository)


def test_a_document_that_was_changed(updates: Updates, repository: TufRepository) -> None:
    updates.refresh()
    repository.publish(b"second")
    for path in (repository.folder / "targets").glob(f"*.{TRUSTED_ROOT}"):
        path.write_bytes(path.read_bytes().swapcase())
    assert "match" in refused(updates, repository)


def test_another_repository(updates: Updates, repository: TufRepository, tmp_path: Path) -> None:
    """One that is right in itself, but not of the keys that were trusted first."""
    other = TufRepository(tmp_path / "other")
    other.publish(b"other")
    with served(other.folder) as url:
        mirror = Updates(url, updates.first_root, updates.folder)
        assert "signed" in refused(mirror, repository, kept=None)


def test_a_missing_document(updates: Updates, repository: TufRepository) -> None:
    for path in (repository.folder / "targets").glob(f"*.{TRUSTED_ROOT}"):
        path.unlink()
    with pytest.raises(StoreUnavailable):
        updates.refresh()
    assert updates.kept() is None


@pytest.mark.parametrize("text", ["", "{}", '{"checked": "soon"}', '{"checked": 99999999999999999999}', "\0"])
def test_what_was_kept_and_is_damaged(updates: Updates, text: str) -> None:
    updates.refresh()
    (updates.folder / "kept.json").write_text(text)
    with pytest.raises(TrustError, match="damaged"):
        chosen(updates, offline=True)


def test_nowhere_to_keep_it(updates: Updates) -> None:
    """A home that cannot be written, as in many containers, is like a network that is not there."""
    updates.folder.write_text("a file")
    with pytest.raises(StoreRefused, match="cannot keep the trust root"):
        updates.refresh()
    assert chosen(updates) == b"shipped"
    with pytest.raises(TrustError, match="cannot keep the trust root"):
        chosen(updates, max_age=MONTH)


@pytest.mark.parametrize("name", [PUBLIC_GOOD, STAGING])
def test_the_instances_that_sigstore_runs(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    root = load_root(name, offline=True, max_age=None, now=now())
    assert root.logs
    assert root.authorities
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(TrustError, match="its age is unknown"):
        load_root(name, offline=True, max_age=MONTH, now=now())
    deployment = load_deployment(name, offline=True, now=now())
    assert deployment.public
    config, _ = deployment.client_trust_config()
    assert config.signing_config.get_oidc_url().startswith("https://")


def test_a_file(tmp_path: Path) -> None:
    raw = roots.shipped_with_sigstore(roots.INSTANCES[STAGING]).published.trusted_root
    (tmp_path / "root.json").write_bytes(raw)
    assert load_root(tmp_path / "root.json", offline=False, max_age=None, now=now()).raw == raw
    assert load_root(str(tmp_path / "root.json"), offline=False, max_age=None, now=now()).raw == raw
    with pytest.raises(TrustError, match="age of a trusted root in a file is not known"):
        load_root(tmp_path / "root.json", offline=False, max_age=MONTH, now=now())


@pytest.mark.parametrize(
    "content", [None, b"", b"{}", b"[]", json.dumps({"mediaType": "x"}).encode(), b" " * (1 << 21)]
)
def test_a_file_that_is_no_root(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "root.json").write_bytes(content)
    with pytest.raises(TrustError):
        load_root(tmp_path / "root.json", offline=True, max_age=None, now=now())
