"""What policies say of what nothing pins: which of them are asked, and whose word it is in the end."""

from __future__ import annotations

import pytest

from attest.packages.lockfiles.lock import Entry
from attest.packages.purl import Purl
from attest.policy.codes import Code
from attest.policy.document import Policy
from attest.policy.rules.rule import Mode
from attest.policy.undigested import judge
from attest.policy.verdict import Finding, Outcome
from tests.policy.conftest import HEAD, Read

POLICIES = {
    "npm": ("pkg:npm/*", "deny"),
    "npm-warns": ("pkg:npm/*", "warn"),
    "npm-too": ("pkg:npm/*", "warn"),
    "pypi": ("pkg:pypi/*", "deny"),
    "pypi-warns": ("pkg:pypi/*", "warn"),
}
NPM = Purl.parse("pkg:npm/left-pad@1.3.0")


def policy(read: Read, name: str) -> Policy:
    applies, undigested = POLICIES[name]
    rules = "rules:\n  - {id: signed, require: signature, by: [release]}\n"
    head = HEAD.replace("name: gate", f"name: {name}").replace("pkg:npm/*", applies)
    return read(f"{head}{rules}undigested: {undigested}\n")


@pytest.mark.parametrize(
    ("names", "purl", "told", "mode"),
    [
        (["npm"], NPM, "npm", Mode.ENFORCE),
        (["npm-warns"], NPM, "npm-warns", Mode.WARN),
        (["npm-warns", "npm-too"], NPM, "npm-warns", Mode.WARN),
        (["npm-too", "npm-warns"], NPM, "npm-too", Mode.WARN),
        (["npm-warns", "npm"], NPM, "npm", Mode.ENFORCE),
        (["pypi", "npm-warns"], NPM, "npm-warns", Mode.WARN),
        (["pypi-warns", "pypi"], NPM, "pypi", Mode.ENFORCE),
        (["pypi-warns"], NPM, "pypi-warns", Mode.WARN),
        (["npm-warns", "pypi"], None, "pypi", Mode.ENFORCE),
        (["npm-warns", "pypi-warns"], None, "npm-warns", Mode.WARN),
    ],
)
def test_whose_word_it_is(read: Read, names: list[str], purl: Purl | None, told: str, mode: Mode) -> None:
    entry = Entry("left-pad", "line 1", purl, gap="a git dependency")
    assert judge([policy(read, name) for name in names], entry) == Finding(
        told,
        None,
        Code.SUBJECT_UNDIGESTED,
        Outcome.DENIED,
        mode,
        "a git dependency",
        remedy="pin it by a digest that the registry gives, or let the policy say undigested: warn",
    )
