"""`attest.lock`: what it says comes back as written, and nothing that is half understood is read."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attest import limits
from attest.errors import PolicyError, UsageError
from attest.evidence.identity import CertificateIdentity
from attest.evidence.model import Subject
from attest.oci.descriptor import EMPTY
from attest.policy.publisher_lock import (
    Admitted,
    Pinned,
    PinnedIdentity,
    PublisherLock,
    load,
    parse,
    release_line,
    write,
)
from attest.policy.publishers import (
    NAME,
    KeyPublisher,
    Publisher,
    SubjectPublisher,
    WorkflowPublisher,
    X509Publisher,
    of_author,
)
from attest.report.schemas import schema
from attest.signing.proof import CertificateAuthor, KeyAuthor, X509Author
from tests.evidence_factory import GITHUB, SUBJECT, key, workflow
from tests.signing.notation.pki import der, root

VALIDATOR = jsonschema.Draft202012Validator(schema("lock"))
IDS = {"source_repository_identifier": "11", "source_repository_owner_identifier": "7"}
RELEASE = workflow("refs/tags/v1", **IDS)
ROOT = der(root().certificate)
ROOT_DIGEST = sha256(ROOT).hexdigest()
KEY = KeyPublisher(key("release").public)
WORKFLOW = of_author(RELEASE, {})
PERSON = SubjectPublisher("https://accounts.example", "me@acme.example")
X509 = X509Publisher((("C", "US"), ("ST", "WA"), ("O", "Acme"), ("CN", "Release")), ROOT)
LINES = {"1": Admitted("1.3.0", "key:sha256:ab", "https://ci.example/builder", "https://github.com/acme/app")}


def lock(**packages: Publisher) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(write({f"pkg:npm/{name}": Pinned(who) for name, who in packages.items()}))
    return content


def refused(content: Mapping[str, Any] | bytes) -> str:
    data = content if isinstance(content, bytes) else json.dumps(content).encode()
    with pytest.raises(PolicyError) as caught:
        parse(data, where="attest.lock")
    assert caught.value.where is not None
    assert caught.value.where.startswith("attest.lock")
    return str(caught.value)


@pytest.mark.parametrize("publisher", [KEY, WORKFLOW, PERSON, X509], ids=lambda item: type(item).__name__)
def test_what_is_written_is_read(publisher: Publisher) -> None:
    packages = {"pkg:npm/left-pad": Pinned(publisher, LINES), "registry.example/acme/app": Pinned(KEY)}
    data = write(packages)
    VALIDATOR.validate(json.loads(data))
    found = parse(data, where="attest.lock")
    assert dict(found.packages) == packages
    assert {name: dict(item.lines) for name, item in found.packages.items()} == {
        "pkg:npm/left-pad": LINES,
        "registry.example/acme/app": {},
    }
    assert write(found.packages) == data
    assert found.digest == PublisherLock.of(packages).digest
    assert found.digest.encoded == sha256(data).hexdigest()


def test_it_is_sorted_one_fact_a_line() -> None:
    packages = {
        "pkg:npm/b": Pinned(KEY, {"2": replace(LINES["1"], version="2.0"), "1": LINES["1"]}),
        "pkg:npm/a": Pinned(KEY),
    }
    text = write(packages).decode()
    assert text == write(dict(reversed(packages.items()))).decode()
    assert text.index('"pkg:npm/a"') < text.index('"pkg:npm/b"') < text.index('"1": {') < text.index('"2": {')
    assert '          "version": "1.3.0",\n' in text
    assert text.endswith("}\n")


def test_roots_stand_once() -> None:
    content = lock(a=X509, b=X509)
    assert content["roots"] == {f"sha256:{ROOT_DIGEST}": base64.b64encode(ROOT).decode()}
    assert "roots" not in lock(a=KEY)


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        ({"version": 2}, "version 2 is not known"),
        ({"version": True}, "boolean"),
        ({"more": 1}, "unknown key 'more'"),
        ({"packages": []}, "attest.lock.packages"),
        ({"packages": {"pkg:npm/a": 1}}, "attest.lock.packages.pkg:npm/a"),
        ({"packages": {"pkg:npm/a": {}}}, "publisher"),
        ({"packages": {"pkg:npm/a@1": {"publisher": KEY.fields}}}, "without version"),
        ({"packages": {"pkg:npm/@acme/a@1": {"publisher": KEY.fields}}}, "without version"),
        ({"packages": {"pkg:npm/*": {"publisher": KEY.fields}}}, "'*'"),
        ({"packages": {"left-pad": {"publisher": KEY.fields}}}, "pkg:TYPE/NAME"),
        ({"roots": {"sha256:00": base64.b64encode(ROOT).decode()}}, "attest.lock.roots.sha256:00"),
        ({"roots": {f"sha256:{ROOT_DIGEST}": "%"}}, "not the certificate"),
    ],
)
def test_what_is_wrong_is_named(damage: Mapping[str, Any], told: str) -> None:
    content = {**lock(a=KEY), **damage}
    assert told in refused(content)


@pytest.mark.parametrize(
    ("publisher", "told"),
    [
        ({}, "expected one of key, workflow, subject, x509"),
        ({**KEY.fields, "subject": "x", "issuer": "y"}, "expected one of"),
        ({**KEY.fields, "note": "x"}, "note"),
        ({"key": KEY.fields["key"]}, "spki"),
        ({**KEY.fields, "key": "sha256:" + "0" * 64}, "is not the digest of 'spki'"),
        ({**KEY.fields, "spki": "AAAA"}, "no public key"),
        ({**KEY.fields, "spki": "not base64"}, "no public key"),
        ({**KEY.fields, "spki": 1}, "expected a string"),
        ({**WORKFLOW.fields, "source_repository_identifier": " "}, "is empty"),
        ({name: value for name, value in WORKFLOW.fields.items() if "owner" not in name}, "owner"),
        ({"issuer": GITHUB, "subject": ""}, "'subject' is empty"),
        (X509.fields, "'root' is not among the roots"),
    ],
)
def test_what_is_no_publisher(publisher: Mapping[str, Any], told: str) -> None:
    content = {"version": 1, "packages": {"pkg:npm/a": {"publisher": dict(publisher)}}}
    assert told in refused(content)
    if publisher != X509.fields and "sha256:" + "0" * 64 not in publisher.values() and "no public key" not in told:
        assert not VALIDATOR.is_valid(content)


@pytest.mark.parametrize(
    ("line", "entry", "told"),
    [
        ("2", LINES["1"].fields, "not of the release line '2'"),
        ("1", {**LINES["1"].fields, "when": "x"}, "unknown key 'when'"),
        ("1", {"version": "1.0"}, "signer"),
        ("1", {**LINES["1"].fields, "builder": ""}, "empty"),
        ("1", {**LINES["1"].fields, "source": 5}, "source"),
    ],
)
def test_what_is_no_release_line(line: str, entry: Mapping[str, Any], told: str) -> None:
    package = {"publisher": dict(KEY.fields), "lines": {line: dict(entry)}}
    assert told in refused({"version": 1, "packages": {"pkg:npm/a": package}})


@given(
    st.binary(max_size=60)
    | st.recursive(
        st.none() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(st.sampled_from(["version", "packages", "roots", "publisher", "pkg:npm/a"]), inner)
        ),
    ).map(lambda value: json.dumps(value).encode())
)
def test_nothing_else_is_read(data: bytes) -> None:
    refused(data)


def test_a_key_that_stands_twice() -> None:
    assert "twice" in refused(b'{"version": 1, "version": 1, "packages": {}}')


def test_the_largest_and_what_is_larger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = write({"pkg:npm/a": Pinned(KEY)})
    (tmp_path / "attest.lock").write_bytes(data)
    monkeypatch.setattr(limits, "PUBLISHERS", len(data))
    assert load(tmp_path / "attest.lock").digest == PublisherLock.of({"pkg:npm/a": Pinned(KEY)}).digest
    monkeypatch.setattr(limits, "PUBLISHERS", len(data) - 1)
    with pytest.raises(PolicyError, match="more than the limit"):
        load(tmp_path / "attest.lock")


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match="attest policy learn"):
        load(tmp_path / "attest.lock")


@pytest.mark.parametrize(
    ("version", "line"),
    [
        ("7.6.3", "7"), ("7", "7"), ("0.4.1", "0.4"), ("0", "0.0"), ("0-rc1", "0.0"), ("v1.2.3", "1"), ("1!2.0", "1!2"),
        ("1:2.3-4", "1:2"), ("0:0.9", "0:0.9"), ("2.0.0-rc.1", "2"), ("10.1", "10"), ("latest", "other"),
        ("x1", "other"), ("", "other"), ("9" * 5000, "9" * 5000), (f"{'0' * 5000}.7", f"{'0' * 5000}.7"),
    ],
)  # fmt: skip
def test_release_lines(version: str, line: str) -> None:
    assert release_line(version) == line


class TestWhoIsMeant:
    IDENTITY = PinnedIdentity(NAME, lock=PublisherLock.of({"pkg:npm/left-pad": Pinned(WORKFLOW)}))
    OTHER = replace(SUBJECT, purl=replace(SUBJECT.purl, name="right-pad"))  # type: ignore[type-var]

    def test_it_is_looked_up(self) -> None:
        found = self.IDENTITY.about(SUBJECT)
        assert isinstance(found, CertificateIdentity)
        assert found.name == NAME
        assert found.differs(RELEASE) is None

    def test_of_another_package_it_is_nobody(self) -> None:
        found = self.IDENTITY.about(self.OTHER)
        assert found is self.IDENTITY
        assert "attest.lock has no entry for this package" in str(found.differs(RELEASE))

    def test_a_manifest_without_name_has_none(self) -> None:
        assert self.IDENTITY.about(Subject(EMPTY)) is self.IDENTITY

    def test_an_image_by_its_repository(self) -> None:
        lock = PublisherLock.of({"registry.example/acme/app": Pinned(KEY)})
        image = Subject(EMPTY, name="x", image="registry.example/acme/app")
        assert PinnedIdentity(NAME, lock=lock).about(image) is KEY.identity

    @pytest.mark.parametrize(
        "author",
        [
            workflow("refs/heads/main", **IDS),
            workflow("ab" * 20, **IDS),
            replace(RELEASE, claims={**RELEASE.claims, "runner_environment": "self-hosted"}),
        ],
    )
    def test_any_ref_of_the_workflow(self, author: CertificateAuthor) -> None:
        assert WORKFLOW.identity.differs(author) is None

    @pytest.mark.parametrize(
        "author",
        [
            workflow("refs/tags/v1"),
            workflow("refs/tags/v1", **{**IDS, "source_repository_identifier": "12"}),
            workflow("refs/tags/v1", **{**IDS, "source_repository_owner_identifier": "8"}),
            workflow("refs/tags/v1", repository="evil/app", **IDS),
            workflow("refs/tags/v1", name="other", **IDS),
            workflow("main", **IDS),
            workflow("refs/tags/v1\n", **IDS),
            replace(RELEASE, issuer="https://evil.example"),
            replace(RELEASE, subject=RELEASE.subject.partition("@")[0]),
            replace(RELEASE, subject=f"x{RELEASE.subject}"),
            replace(RELEASE, claims={**RELEASE.claims, "source_repository": "https://github.com/acme/renamed"}),
            KeyAuthor(key("release").public),
        ],
    )
    def test_and_nobody_else(self, author: CertificateAuthor | KeyAuthor) -> None:
        assert WORKFLOW.identity.differs(author) is not None

    def test_a_key(self) -> None:
        assert KEY.identity.differs(KeyAuthor(key("release").public)) is None
        assert KEY.identity.differs(KeyAuthor(key("mallory").public)) is not None

    def test_a_subject_without_pattern(self) -> None:
        star = SubjectPublisher("https://accounts.example", "https://ci.example/acme/*")
        assert star.identity.differs(CertificateAuthor(star.issuer, star.subject, {})) is None
        assert star.identity.differs(CertificateAuthor(star.issuer, "https://ci.example/acme/x", {})) is not None

    def test_no_more_attributes_than_pinned(self) -> None:
        trusts = X509.identity.trusts  # type: ignore[attr-defined]
        (name,) = trusts.identities
        assert name.matches(tuple(reversed(X509.attributes)))
        assert not name.matches((*X509.attributes, ("OU", "Other")))
        assert not name.matches(X509.attributes[1:])
        assert trusts.name == NAME


class TestOfAnAuthor:
    def test_a_key(self) -> None:
        assert of_author(KeyAuthor(key("release").public), {}) == KEY

    def test_two_are_the_same_when_their_fields_are(self) -> None:
        other = KeyPublisher(key("mallory").public)
        assert other != KEY
        assert len({KEY, other, WORKFLOW, PERSON, X509, KeyPublisher(key("release").public)}) == 5
        assert dict(KEY.fields) != KEY

    def test_a_workflow_by_its_ids(self) -> None:
        assert dict(WORKFLOW.fields) == {
            "issuer": GITHUB,
            "workflow": "https://github.com/acme/app/.github/workflows/release.yml",
            "source_repository": "https://github.com/acme/app",
            **IDS,
        }

    @pytest.mark.parametrize(
        "author",
        [
            workflow("refs/tags/v1"),
            workflow("v1", **IDS),
            CertificateAuthor("https://i.example", "https://h.example/@alice", dict(RELEASE.claims)),
        ],
    )
    def test_without_ids_or_ref_the_whole_subject(self, author: CertificateAuthor) -> None:
        """What follows an '@' is only left out where it is known to be a ref."""
        assert dict(of_author(author, {}).fields) == {"issuer": author.issuer, "subject": author.subject}

    def test_a_reusable_workflow_is_not_in_the_repository(self) -> None:
        shared = "https://github.com/slsa/gen/.github/workflows/generic.yml"
        found = of_author(replace(RELEASE, subject=f"{shared}@refs/tags/v2.0.0"), {})
        assert isinstance(found, WorkflowPublisher)
        assert found.workflow == shared
        assert found.claims["source_repository"] == "https://github.com/acme/app"

    def test_x509_needs_its_root(self) -> None:
        author = X509Author("CN=Release,O=Acme,ST=WA,C=US", X509.attributes, ROOT_DIGEST, "00")
        assert of_author(author, {f"sha256:{ROOT_DIGEST}": ROOT}) == X509
        with pytest.raises(UsageError, match="not given"):
            of_author(author, {})
        short = replace(author, attributes=(("CN", "Release"),))
        with pytest.raises(UsageError, match="C, ST and O must be there"):
            of_author(short, {f"sha256:{ROOT_DIGEST}": ROOT})
