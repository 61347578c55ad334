"""The policy that is written of what was observed, line for line."""

from __future__ import annotations

from dataclasses import replace

import pytest

from attest.errors import UsageError
from attest.evidence.model import Kind
from attest.policy.learn import Observed, Seen
from attest.policy.learned_policy import Files, write_policy
from attest.policy.publishers import KeyPublisher
from attest.signing.proof import Author, CertificateAuthor, KeyAuthor, X509Author
from tests.evidence_factory import SUBJECT, key
from tests.policy.test_learn import at

ONE, TWO = (KeyAuthor(key(name).public) for name in ("release", "security"))
FILES = Files(
    {"keys_only": True},
    {ONE.key.fingerprint: "keys/one.pub", TWO.key.fingerprint: "keys/two.pub"},
    {"aa": "a.pem", "bb": "b.pem"},
)
HEAD = [
    "# Written by attest policy learn: exactly what was observed.",
    "version: 1",
    'name: "mine"',
    'applies_to: ["pkg:npm/left-pad"]',
    "trust: {keys_only: true}",
    "identities:",
]
PUBLISHER_1 = ["  publisher-1:", '    key: "keys/one.pub"', '    for: ["pkg:npm/left-pad"]']
SIGNED = "  - {id: signed, require: signature, by: [publisher-1]}"


def signed(author: Author) -> Seen:
    return Seen(Kind.SIGNATURE, author, KeyPublisher(ONE.key))


def built(author: Author, builder: str | None = None, source: str | None = None) -> Seen:
    return Seen(Kind.PROVENANCE, author, KeyPublisher(ONE.key), builder, source)


def written(*items: Observed, files: Files = FILES) -> list[str]:
    text = write_policy("mine", items, files)
    assert text.endswith("\n")
    return text[:-1].split("\n")


def of(*seen: Seen, version: str = "1.3.0", name: str = "left-pad") -> Observed:
    return Observed(at(version, name), seen)


def test_signatures_by_a_key() -> None:
    assert written(of(signed(ONE))) == [*HEAD, *PUBLISHER_1, "rules:", SIGNED]


@pytest.mark.parametrize(
    ("seen", "builders", "rule"),
    [
        ([built(ONE)], [], "by: [publisher-1]"),
        (
            [built(ONE, "b")],
            ['  builder-1: {identity: publisher-1, id: "b"}'],
            "by: [publisher-1], builders: [builder-1]",
        ),
        (
            [built(ONE, "b"), built(ONE, "a")],
            ['  builder-1: {identity: publisher-1, id: "a"}', '  builder-2: {identity: publisher-1, id: "b"}'],
            "by: [publisher-1], builders: [builder-1, builder-2]",
        ),
        ([built(ONE, "b"), built(ONE)], ['  builder-1: {identity: publisher-1, id: "b"}'], "by: [publisher-1]"),
        ([built(ONE, None, "https://a.example/b")], [], 'by: [publisher-1], source: "https://a.example/b"'),
        ([built(ONE, None, "https://a.example/b"), built(ONE)], [], "by: [publisher-1]"),
    ],
)
def test_provenance(seen: list[Seen], builders: list[str], rule: str) -> None:
    assert written(of(*seen)) == [
        *HEAD,
        *PUBLISHER_1,
        *(["builders:", *builders] if builders else []),
        "rules:",
        f"  - {{id: built, require: provenance, {rule}}}",
    ]


def test_of_what_not_all_have_nothing_is_written() -> None:
    assert written(of(signed(ONE), built(ONE, "b", "s")), of(signed(ONE), version="1.4.0")) == [
        *HEAD,
        *PUBLISHER_1,
        "rules:",
        SIGNED,
    ]


def test_a_signature_and_provenance() -> None:
    assert written(of(signed(ONE), built(ONE, "b", "s")))[len(HEAD + PUBLISHER_1) :] == [
        "builders:",
        '  builder-1: {identity: publisher-1, id: "b"}',
        "rules:",
        SIGNED,
        '  - {id: built, require: provenance, by: [publisher-1], builders: [builder-1], source: "s"}',
    ]


def test_each_speaks_for_what_it_published() -> None:
    keys = {ONE.key.fingerprint: "one.pub", TWO.key.fingerprint: "two.pub"}
    names = {author: f"publisher-{number}" for number, author in enumerate(sorted((ONE, TWO), key=str), 1)}
    lines = written(of(signed(ONE)), of(signed(TWO), name="right-pad"), files=replace(FILES, keys=keys))
    assert lines[3] == 'applies_to: ["pkg:npm/left-pad", "pkg:npm/right-pad"]'
    identities = [
        (f"  {names[ONE]}:", '    key: "one.pub"', '    for: ["pkg:npm/left-pad"]'),
        (f"  {names[TWO]}:", '    key: "two.pub"', '    for: ["pkg:npm/right-pad"]'),
    ]
    assert lines[6:] == [
        *(line for part in sorted(identities) for line in part),
        "rules:",
        "  - {id: signed, require: signature, by: [publisher-1, publisher-2]}",
    ]


def test_the_trust_root_is_a_name_or_a_file() -> None:
    for root in ("public-good", "würzel/root.json"):
        assert written(of(signed(ONE)), files=replace(FILES, trust={"root": root}))[4] == f'trust: {{root: "{root}"}}'


def workload(**claims: str) -> CertificateAuthor:
    return CertificateAuthor("https://i.example", "https://h.example/app", claims)


def test_two_of_one_subject_with_other_claims_are_two() -> None:
    one, two = workload(source_repository="a", run_invocation_uri="1"), workload(source_repository="b")
    again = workload(source_repository="a", run_invocation_uri="2")
    lines = written(of(signed(two), signed(one), signed(again)))
    assert [line for line in lines if "claims" in line] == [
        '    claims: {source_repository: "a"}',
        '    claims: {source_repository: "b"}',
    ]
    assert lines[-1] == "  - {id: signed, require: signature, by: [publisher-1, publisher-2]}"


def test_a_certificate_without_claims() -> None:
    assert written(of(signed(workload(run_invocation_uri="1"))))[6:] == [
        "  publisher-1:",
        '    issuer: "https://i.example"',
        '    subject: "https://h.example/app"',
        '    for: ["pkg:npm/left-pad"]',
        "rules:",
        SIGNED,
    ]


def named(root: str, key: str = "00") -> X509Author:
    return X509Author("CN=Release,O=Acme", (("C", "US"), ("ST", "WA"), ("O", "Acme")), root, key)


def test_whom_a_ca_names() -> None:
    assert written(of(signed(named("aa", "01")), signed(named("aa", "02"))))[6:] == [
        "  publisher-1:",
        '    x509: "C=US, ST=WA, O=Acme"',
        '    ca: "a.pem"',
        '    for: ["pkg:npm/left-pad"]',
        "rules:",
        SIGNED,
    ]


def test_one_name_under_two_cas_is_two() -> None:
    """Neither may speak for what only the other one was seen to publish."""
    lines = written(of(signed(named("aa"))), of(signed(named("bb")), name="right-pad"))
    assert [line.strip() for line in lines[6:14]] == [
        "publisher-1:",
        'x509: "C=US, ST=WA, O=Acme"',
        'ca: "a.pem"',
        'for: ["pkg:npm/left-pad"]',
        "publisher-2:",
        'x509: "C=US, ST=WA, O=Acme"',
        'ca: "b.pem"',
        'for: ["pkg:npm/right-pad"]',
    ]


@pytest.mark.parametrize(
    ("items", "lacking"),
    [
        ((), "nothing"),
        ((of(built(ONE)), of(signed(ONE), version="1.4.0")), f"{SUBJECT}"),
        ((of(signed(ONE)), of(built(ONE), version="1.4.0")), "pkg:npm/left-pad@1.4.0"),
    ],
)
def test_nothing_in_common(items: tuple[Observed, ...], lacking: str) -> None:
    with pytest.raises(UsageError, match="no policy fits all of these") as error:
        written(*items)
    assert error.value.why == f"{lacking} has no signature by its publisher, and not all have provenance"


@pytest.mark.parametrize(
    "item",
    [
        of(signed(workload(source_repository="a*"))),
        of(signed(CertificateAuthor("https://i.example", "*", {}))),
        of(signed(CertificateAuthor("*", "x", {}))),
        of(built(ONE, "b", "https://a.example/*")),
    ],
)
def test_no_pattern_is_written(item: Observed) -> None:
    with pytest.raises(UsageError, match="it would be a pattern in a policy"):
        written(item)
