"""Trust stores and trust policies: read strictly, and accepted or refused as the real notation does."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attest.errors import TrustError, VerificationError
from attest.evidence.attach_signature import attach_signature
from attest.oci.manifest import Manifest
from attest.signing.notation.sign import Signed
from attest.signing.notation.trust_policy import Action, Check, TrustPolicy
from attest.signing.notation.trust_store import NamedStores, StoreKind, StoreName
from attest.signing.notation.verify import Outcome, verify_signature
from attest.stores.registry import RegistryOptions, RegistryStore
from tests.signing.notation.conftest import MEDIA, sign, subject, target
from tests.signing.notation.pki import ACME, CA, NOW, der, pem, root
from tests.signing.notation.program import Notation, policy_statement
from tests.stores.registry import real

REPOSITORY = "acme/app"
ROOT = root()
LEAF = ROOT.issue(ACME)
SUBJECT = "x509.subject: C=US, ST=WA, O=Acme"


def document(*statements: dict[str, Any], **changed: Any) -> dict[str, Any]:
    return {"version": "1.0", "trustPolicies": list(statements), **changed}


def one(**changed: Any) -> dict[str, Any]:
    """A document with one statement, changed."""
    return document({**policy_statement(), **changed})


def verification(level: str = "strict", **more: Any) -> dict[str, Any]:
    return {"signatureVerification": {"level": level, **more}}


SKIP: dict[str, Any] = {**verification("skip"), "trustStores": [], "trustedIdentities": []}

GOOD: dict[str, Any] = {
    "plain": one(),
    "permissive": one(**verification("permissive")),
    "override": one(**verification(override={"expiry": "log", "revocation": "skip"})),
    "timestamps after expiry": one(**verification(verifyTimestamp="afterCertExpiry")),
    "a subject": one(trustedIdentities=[SUBJECT]),
    "two subjects": one(trustedIdentities=[f"{SUBJECT}, OU=x", f"{SUBJECT}, CN=Release"]),
    "a port in a scope": document(policy_statement(), policy_statement(name="b", registryScopes=["a.example:80/b/c"])),
    "a scope of one name": document(policy_statement(), policy_statement(name="b", registryScopes=["local/layout"])),
    "skipped elsewhere": document(
        policy_statement(), {**policy_statement(name="b"), **SKIP, "registryScopes": ["a.b/c"]}
    ),
}
BAD: dict[str, Any] = {
    "no version": {"trustPolicies": [policy_statement()]},
    "another version": one() | {"version": "2.0"},
    "no statement": document(),
    "no statements": {"version": "1.0"},
    "a name twice": document(policy_statement(), policy_statement(registryScopes=["a.b/c"])),
    "no name": one(name=""),
    "no scope": one(registryScopes=[]),
    "scopes missing": one(registryScopes=None),
    "a scope twice": document(policy_statement(), policy_statement(name="b")),
    "any scope and another": one(registryScopes=["*", "a.b/c"]),
    "a scope with a star": one(registryScopes=["a.b/*"]),
    "a scope with a scheme": one(registryScopes=["https://a.b/c"]),
    "a scope with a tag": one(registryScopes=["a.b/c:1"]),
    "a scope in capitals": one(registryScopes=["a.b/C"]),
    "a scope without a repository": one(registryScopes=["a.b"]),
    "an unknown level": one(**verification("lax")),
    "no level": one(signatureVerification={}),
    "no verification": one(signatureVerification=None),
    "an unknown check": one(**verification(override={"luck": "log"})),
    "an unknown action": one(**verification(override={"expiry": "ignore"})),
    "integrity logged": one(**verification(override={"integrity": "log"})),
    "integrity enforced": one(**verification(override={"integrity": "enforce"})),
    "expiry skipped": one(**verification(override={"expiry": "skip"})),
    "authenticity skipped": one(**verification(override={"authenticity": "skip"})),
    "skip overridden": one(**{**SKIP, **verification("skip", override={"expiry": "log"}), "registryScopes": ["a.b/c"]}),
    "skip with stores": one(**{**SKIP, "trustStores": ["ca:acme"], "registryScopes": ["a.b/c"]}),
    "no stores": one(trustStores=[]),
    "no identities": one(trustedIdentities=[]),
    "a store without a kind": one(trustStores=["acme"]),
    "a store of an unknown kind": one(trustStores=["pgp:acme"]),
    "a store elsewhere": one(trustStores=["ca:../acme"]),
    "a store without a name": one(trustStores=["ca:"]),
    "anybody and somebody": one(trustedIdentities=["*", SUBJECT]),
    "an identity without a kind": one(trustedIdentities=["acme"]),
    "an empty identity": one(trustedIdentities=[""]),
    "a subject without an organisation": one(trustedIdentities=["x509.subject: C=US, ST=WA"]),
    "an empty subject": one(trustedIdentities=["x509.subject:"]),
    "a joined subject": one(trustedIdentities=[f"{SUBJECT}+OU=x"]),
    "a subject in hex": one(trustedIdentities=["x509.subject: C=US, ST=WA, O=#1303414243"]),
    "overlapping subjects": one(trustedIdentities=[SUBJECT, f"{SUBJECT}, OU=x"]),
    "the same subject": one(trustedIdentities=[SUBJECT, SUBJECT]),
    "timestamps sometimes": one(**verification(verifyTimestamp="sometimes")),
    "stores a text": one(trustStores="ca:acme"),
}
STRICTER: dict[str, Any] = {
    "skip for everything": one(**SKIP),
    "an unknown key": one(comment="x"),
    "an unknown top key": one() | {"comment": "x"},
    "an unknown kind of identity": one(trustedIdentities=["did.web: acme.example", SUBJECT]),
}
"""What notation takes and the specification or we do not: nothing is guessed about what is not understood."""


def parse(value: Any) -> TrustPolicy:
    return TrustPolicy.parse(json.dumps(value).encode(), where="trustpolicy.json", stores=Path("truststore"))


@pytest.mark.parametrize("case", GOOD)
def test_good_policies(case: str) -> None:
    assert parse(GOOD[case]).statement("127.0.0.1:5000/acme/app") is not None


@pytest.mark.parametrize("case", BAD | STRICTER)
def test_bad_policies(case: str) -> None:
    with pytest.raises(TrustError) as error:
        parse((BAD | STRICTER)[case])
    assert error.value.where is not None


@pytest.mark.parametrize("text", ["", "[]", "{", '{"version":"1.0","version":"1.0"}', "\ufeff{}"])
def test_what_is_no_policy(text: str) -> None:
    with pytest.raises(TrustError):
        TrustPolicy.parse(text.encode(), where="x", stores=Path())


@given(st.recursive(st.none() | st.booleans() | st.text(max_size=5), lambda inner: st.lists(inner, max_size=3)))
def test_any_value_anywhere_is_refused_in_words(value: Any) -> None:
    for key in policy_statement():
        try:
            parse(one(**{key: value}))
        except TrustError:
            continue
        assert key == "name" or value == [] or isinstance(value, list)


def test_levels() -> None:
    found = parse(one(**verification("permissive", override={"expiry": "enforce", "revocation": "skip"}))).statement(
        "a.b/c"
    )
    assert found is not None
    assert found.actions == {
        Check.INTEGRITY: Action.ENFORCE,
        Check.AUTHENTICITY: Action.ENFORCE,
        Check.AUTHENTIC_TIMESTAMP: Action.LOG,
        Check.EXPIRY: Action.ENFORCE,
        Check.REVOCATION: Action.SKIP,
    }


def test_the_exact_scope_wins() -> None:
    policy = parse(
        document(
            policy_statement(name="exact", registryScopes=["a.example/b", "a.example/c"]),
            policy_statement(name="any"),
        )
    )
    for scope, expected in [("a.example/b", "exact"), ("a.example/c", "exact"), ("a.example/b/c", "any")]:
        found = policy.statement(scope)
        assert found is not None
        assert found.name == expected
    only = parse(document(policy_statement(registryScopes=["a.example/b"])))
    assert only.statement("a.example/c") is None


def test_a_skipped_scope_needs_no_signature() -> None:
    policy = parse(document({**policy_statement(), **SKIP, "registryScopes": ["a.example/b"]}))
    statement = policy.statement("a.example/b")
    assert statement is not None
    found = verify_signature(b"garbage", "garbage", target(), statement, now=NOW)
    assert found.proof is None
    assert {item.outcome for item in found.results} == {Outcome.SKIPPED}


def test_an_audited_signature_names_nobody_who_is_not_trusted() -> None:
    statement = parse(one(**verification("audit"))).statement("a.b/c")
    assert statement is not None
    found = verify_signature(sign(LEAF, "jws", target()), MEDIA["jws"], target(), statement, now=NOW)
    assert found.proof is None
    outcomes = {item.check: (item.action, item.outcome) for item in found.results}
    assert outcomes[Check.AUTHENTICITY] == (Action.LOG, Outcome.INCONCLUSIVE)
    assert outcomes[Check.INTEGRITY] == (Action.ENFORCE, Outcome.PASSED)


class TestStores:
    """Directories of certificates."""

    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        folder = tmp_path / "x509" / "ca" / "acme"
        folder.mkdir(parents=True)
        return folder

    def read(self, tmp_path: Path, kind: StoreKind = StoreKind.CA) -> int:
        return len(NamedStores(tmp_path, (StoreName(kind, "acme"),)).certificates(kind))

    def test_files_in_pem_and_der(self, tmp_path: Path, folder: Path) -> None:
        (folder / "a.pem").write_bytes(pem([ROOT.certificate, root(which=5).certificate]))
        (folder / "b.crt").write_bytes(der(root(which=6).certificate))
        assert self.read(tmp_path) == 3
        other = NamedStores(tmp_path, (StoreName(StoreKind.CA, "acme"),))
        assert other.certificates(StoreKind.TSA) == ()
        assert not other.has(StoreKind.TSA)

    def test_an_intermediate_may_be_trusted_and_a_leaf_may_not(self, tmp_path: Path, folder: Path) -> None:
        intermediate = ROOT.issue("C=US,ST=WA,O=Acme,CN=Issuing", CA, which=2)
        (folder / "a.pem").write_bytes(pem([intermediate.certificate]))
        assert self.read(tmp_path) == 1
        (folder / "b.pem").write_bytes(pem([LEAF.certificate]))
        with pytest.raises(TrustError, match="not a root certificate"):
            self.read(tmp_path)

    def test_authorities_of_time_are_roots(self, tmp_path: Path) -> None:
        folder = tmp_path / "x509" / "tsa" / "acme"
        folder.mkdir(parents=True)
        (folder / "a.pem").write_bytes(pem([ROOT.issue("C=US,ST=WA,O=Acme,CN=Issuing", CA, which=2).certificate]))
        with pytest.raises(TrustError, match="not a root certificate"):
            self.read(tmp_path, StoreKind.TSA)

    @pytest.mark.parametrize(
        "content", [b"", b"garbage", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"]
    )
    def test_what_is_no_certificate(self, tmp_path: Path, folder: Path, content: bytes) -> None:
        (folder / "a.pem").write_bytes(content)
        with pytest.raises(TrustError, match="not a certificate"):
            self.read(tmp_path)

    def test_what_is_no_store(self, tmp_path: Path, folder: Path) -> None:
        with pytest.raises(TrustError, match="no certificate in the trust store"):
            self.read(tmp_path)
        (folder / "sub").mkdir()
        with pytest.raises(TrustError, match="not a certificate file"):
            self.read(tmp_path)
        (folder / "sub").rmdir()
        (tmp_path / "root.pem").write_bytes(pem([ROOT.certificate]))
        (folder / "link.pem").symlink_to(tmp_path / "root.pem")
        with pytest.raises(TrustError, match="not a certificate file"):
            self.read(tmp_path)
        (folder / "link.pem").unlink()
        folder.rename(tmp_path / "elsewhere")
        with pytest.raises(TrustError, match="cannot read the trust store"):
            self.read(tmp_path)
        folder.symlink_to(tmp_path / "elsewhere")
        with pytest.raises(TrustError, match="not a trust store"):
            self.read(tmp_path)


def test_the_newer_file_wins_and_links_are_refused(tmp_path: Path) -> None:
    with pytest.raises(TrustError, match="no trust policy"):
        TrustPolicy.load(tmp_path)
    (tmp_path / "trustpolicy.json").write_text(json.dumps(one(name="old")))
    assert TrustPolicy.load(tmp_path).scopes["*"].name == "old"
    (tmp_path / "trustpolicy.oci.json").write_text(json.dumps(one(name="new")))
    assert TrustPolicy.load(tmp_path).scopes["*"].name == "new"
    (tmp_path / "trustpolicy.oci.json").rename(tmp_path / "elsewhere.json")
    (tmp_path / "trustpolicy.oci.json").symlink_to(tmp_path / "elsewhere.json")
    with pytest.raises(TrustError, match="a symbolic link"):
        TrustPolicy.load(tmp_path)


@pytest.fixture(scope="module")
def signed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Manifest, bytes]]:
    """The repository of a manifest with one good signature."""
    with real.olareg(tmp_path_factory.mktemp("registry")) as host:
        store = RegistryStore(host, name=host, options=RegistryOptions())
        manifest = subject(store, REPOSITORY)
        raw = sign(LEAF, "jws", manifest.descriptor())
        attach_signature(store, REPOSITORY, manifest.descriptor(), Signed(raw, MEDIA["jws"], ("0" * 64,)), created=NOW)
        yield f"{host}/{REPOSITORY}", manifest, raw


@pytest.mark.slow
@pytest.mark.peer("notation", "olareg")
def test_notation_judges_policies_alike(notation: Notation, signed: tuple[str, Manifest, bytes]) -> None:
    repository, manifest, raw = signed
    notation.trust({"ca:acme": [ROOT.certificate]})
    differing: dict[str, tuple[bool, bool]] = {}
    for case, value in (GOOD | BAD | STRICTER).items():
        (notation.home / "trustpolicy.json").write_text(json.dumps(value))
        theirs = notation.accepts(f"{repository}@{manifest.digest}")
        try:
            statement = TrustPolicy.load(notation.home).statement(repository)
            assert statement is not None
            verify_signature(raw, MEDIA["jws"], manifest.descriptor(), statement, now=NOW)
            mine = True
        except (TrustError, VerificationError):
            mine = False
        assert mine == (case in GOOD)
        if mine != theirs:
            differing[case] = mine, theirs
    assert differing == dict.fromkeys(STRICTER, (False, True))
