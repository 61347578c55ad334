"""Whose signatures are looked at when one learns, and when it may be that one is only out of reach."""

from __future__ import annotations

import pytest

from attest.errors import PolicyError, UsageError
from attest.policy.learn import Anybody, Observed, learn
from tests.evidence_factory import SUBJECT
from tests.policy.conftest import HEAD, Read
from tests.policy.test_learn import KEY, RELEASE, at, seen


def test_anybody_is_whoever_has_a_certificate() -> None:
    assert Anybody("anybody").differs(RELEASE) is None
    assert Anybody("anybody").differs(KEY) == "anybody has a certificate of Sigstore's"


def test_a_name_is_refused_only_where_all_was_read() -> None:
    read = Observed(SUBJECT, (seen(RELEASE),))
    unread = Observed(at("1.3.1"), (), unreadable="connection refused")
    with pytest.raises(UsageError, match="'nobody' published nothing of this"):
        learn([read], ["nobody"])
    for some in ([read, unread], [unread, read], [unread]):
        assert [item.unreadable for item in learn(some, ["nobody"]).unlearned] == [True]


@pytest.mark.parametrize("by", ["[[publisher]]", "[{publisher: x}]", "{publisher: x}", "[release, [publisher]]"])
def test_whom_a_rule_names_is_a_name(read: Read, by: str) -> None:
    with pytest.raises(PolicyError) as refused:
        read(f"{HEAD}rules:\n  - {{id: a, require: signature, by: {by}}}\n")
    assert refused.value.where == "gate.yaml:10"
