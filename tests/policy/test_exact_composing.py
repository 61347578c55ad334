"""What a policy takes over from the files that it extends: trust, packages, leniency, and one `attest.lock`."""

from __future__ import annotations

from pathlib import Path

import pytest

from attest.policy.document import Policy, load
from attest.policy.publisher_lock import FILE
from attest.policy.publisher_lock import write as lock_text
from attest.policy.schema import Leniency
from tests.evidence_factory import PURL
from tests.policy.conftest import PINNED
from tests.policy.test_extends import BASE, CHILD, Write, refused, write

__all__ = ["write"]

ROOT = BASE.replace("keys_only: true", "root: public-good")
PINS = BASE.replace("by: [release]", "by: publisher")
PARTS = PINS.replace("keys/", "../keys/")
OWN = "rules:\n  - {id: own, require: signature, by: publisher}\n"


def test_trust_is_said_once_for_all(write: Write) -> None:
    for files in ({"child": ROOT}, {"base": ROOT, "child": CHILD}):
        root = load(write(**files)).root
        assert root is not None
        assert root.root == "public-good"
    assert load(write(base=BASE, child=CHILD)).root is None


def test_nobody_who_says_nothing_of_trust_trusts_keys_alone(write: Write) -> None:
    silent = BASE.replace("trust: {keys_only: true}\n", "")
    for files in ({"child": silent}, {"base": silent, "child": CHILD}):
        assert refused(write(**files)).what == "policy: 'trust' is missing"


@pytest.mark.parametrize(
    ("child", "patterns"),
    [("", ["pkg:npm/*"]), ('applies_to: ["pkg:npm/a", "pkg:npm/b"]\n', ["pkg:npm/a", "pkg:npm/b"])],
)
def test_its_own_packages_or_those_of_its_parents(write: Write, child: str, patterns: list[str]) -> None:
    policy = load(write(base=BASE, child=CHILD + child))
    assert [str(pattern) for pattern in policy.applies_to] == patterns


def test_it_is_for_some_packages(write: Write) -> None:
    silent = BASE.replace('applies_to: ["pkg:npm/*"]\n', "")
    for files in ({"child": silent}, {"base": silent, "child": CHILD}):
        assert refused(write(**files)).what == "policy: 'applies_to' is missing"


@pytest.mark.parametrize("key", ["unresolved", "undigested"])
@pytest.mark.parametrize("base", ["", "{}: deny\n", "{}: warn\n"])
def test_what_is_denied_may_be_denied_again(write: Write, key: str, base: str) -> None:
    policy = load(write(base=BASE + base.format(key), child=f"{CHILD}{key}: deny\n"))
    assert getattr(policy, key) is Leniency.DENY


def pin(folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    (folder / FILE).write_bytes(lock_text({PURL.package: PINNED}))


def pinning(policy: Policy) -> list[str]:
    return [file.name for file in policy.files if file.name == FILE]


@pytest.mark.parametrize("place", ["", "parts"])
def test_the_lock_lies_beside_the_file_that_looks_into_it_or_beside_the_first(
    write: Write, tmp_path: Path, place: str
) -> None:
    pin(tmp_path / place)
    policy = load(write(parts__base=PARTS, child=CHILD.replace("base", "parts/base")))
    assert pinning(policy) == [FILE]
    assert "publisher" in policy.identities


def test_a_lock_into_which_nobody_looks_is_none_of_the_policy(write: Write, tmp_path: Path) -> None:
    pin(tmp_path)
    policy = load(write(base=BASE, child=CHILD))
    assert pinning(policy) == []
    assert "publisher" not in policy.identities


def test_two_files_may_look_into_one_lock(write: Write, tmp_path: Path) -> None:
    pin(tmp_path)
    assert pinning(load(write(base=PINS, child=CHILD + OWN))) == [FILE]


def test_two_locks_are_refused(write: Write, tmp_path: Path) -> None:
    pin(tmp_path)
    pin(tmp_path / "parts")
    error = refused(write(parts__base=PARTS, child=CHILD.replace("base", "parts/base") + OWN))
    assert error.what == f"two files named {FILE}"
    assert error.why == f"one in each of {(tmp_path / 'parts').resolve()} and {tmp_path.resolve()}"
