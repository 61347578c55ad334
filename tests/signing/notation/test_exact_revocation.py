"""Whom a certificate names to be asked about it, in which order they are asked, and what is told of their answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import AuthorityInformationAccessOID, NameOID

from attest.errors import NotFound
from attest.signing.notation.revocation import Revocation, Status, check
from tests.signing.notation.pki import ACME, CA, CODE, NOW, Entity, Extensions, root
from tests.signing.notation.test_exact_crl import revocations
from tests.signing.notation.test_exact_ocsp import REVOKED, UNKNOWN, Answer

ROOT = root()
SAYS = "http://{}.example"
OCSP, ISSUERS = AuthorityInformationAccessOID.OCSP, AuthorityInformationAccessOID.CA_ISSUERS
DIRECTORY = x509.DirectoryName(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "http://one.example")]))
RELATIVE = x509.RelativeDistinguishedName([x509.NameAttribute(NameOID.COMMON_NAME, "http://one.example")])
Asked = tuple[str, bool]
Names = Sequence[x509.GeneralName] | None


def uri(name: str) -> x509.UniformResourceIdentifier:
    return x509.UniformResourceIdentifier(SAYS.format(name))


def responders(*names: str) -> tuple[x509.ExtensionType, bool]:
    return x509.AuthorityInformationAccess([x509.AccessDescription(OCSP, uri(name)) for name in names]), False


def points(*names: Names) -> tuple[x509.ExtensionType, bool]:
    made = [x509.DistributionPoint(item, None if item else RELATIVE, None, None) for item in names]
    return x509.CRLDistributionPoints(made), False


class Web:
    """Answers by name; nothing is there by any other."""

    def __init__(self, pages: Mapping[str, bytes]) -> None:
        self._pages = {SAYS.format(name): page for name, page in pages.items()}
        self.asked: list[Asked] = []

    def fetch(self, url: str, body: bytes | None) -> bytes:
        self.asked.append((url.removeprefix("http://").removesuffix(".example"), body is not None))
        if url not in self._pages:
            raise NotFound("nothing there", where=url)
        return self._pages[url]


def leaf(*extensions: tuple[x509.ExtensionType, bool], subject: str = ACME) -> Entity:
    return ROOT.issue(subject, (*CODE, *extensions))


def asked(entity: Entity, pages: Mapping[str, bytes]) -> tuple[Revocation, list[Asked]]:
    web = Web(pages)
    return check(entity.chain, web.fetch, now=NOW, signed_at=None), web.asked


def listing(entity: Entity) -> bytes:
    """A list with this certificate in it."""
    builder = x509.CertificateRevocationListBuilder(ROOT.certificate.subject, NOW, NOW)
    entry = x509.RevokedCertificateBuilder(entity.certificate.serial_number, NOW).build()
    digest = entity.certificate.signature_hash_algorithm
    assert digest is not None
    return builder.add_revoked_certificate(entry).sign(ROOT.key, digest).public_bytes(Encoding.DER)  # type: ignore[arg-type]


EMPTY = revocations(by=ROOT).public_bytes(Encoding.DER)
NAME = leaf().certificate.subject.rfc4514_string()


def nothing(name: str) -> str:
    return f"http://{name}.example: http://{name}.example: nothing there"


def test_responders_are_asked_until_one_knows() -> None:
    both = leaf(responders("one", "two"))
    good, bad, unsure = (Answer(both, status, ROOT).made() for status in (b"\x80\x00", REVOKED, UNKNOWN))
    first, second = ("one", True), ("two", True)
    refused = Revocation(Status.REVOKED, f"{NAME}, says http://two.example")
    for pages, expected, order in (
        ({"one": good, "two": bad}, Revocation(Status.GOOD), [first]),
        ({"two": bad}, refused, [first, second]),
        ({"one": unsure, "two": bad}, refused, [first, second]),
        ({"two": good}, Revocation(Status.GOOD), [first, second]),
        (
            {"one": unsure},
            Revocation(
                Status.UNKNOWN,
                f"{NAME}: http://one.example: the OCSP responder does not know the certificate; {nothing('two')}",
            ),
            [first, second],
        ),
    ):
        assert asked(both, pages) == (expected, order)


def test_all_lists_are_asked() -> None:
    both = leaf(points([uri("one")], [uri("two")]))
    bad = listing(both)
    first, second = ("one", False), ("two", False)
    for pages, expected, order in (
        ({"one": EMPTY, "two": EMPTY}, Revocation(Status.GOOD), [first, second]),
        ({"one": bad}, Revocation(Status.REVOKED, f"{NAME}, says http://one.example"), [first]),
        ({"one": EMPTY, "two": bad}, Revocation(Status.REVOKED, f"{NAME}, says http://two.example"), [first, second]),
        ({"one": EMPTY}, Revocation(Status.UNKNOWN, f"{NAME}: {nothing('two')}"), [first, second]),
        ({"two": EMPTY}, Revocation(Status.UNKNOWN, f"{NAME}: {nothing('one')}"), [first]),
    ):
        assert asked(both, pages) == (expected, order)


def test_lists_are_asked_after_responders() -> None:
    both = leaf(responders("one"), points([uri("two")]))
    order = [("one", True), ("two", False)]
    why = f"{NAME}: {nothing('one')}; {nothing('two')}"
    assert asked(both, {}) == (Revocation(Status.UNKNOWN, why), order)
    assert asked(both, {"two": EMPTY}) == (Revocation(Status.GOOD), order)
    assert asked(both, {"one": Answer(both, issuer=ROOT).made()}) == (Revocation(Status.GOOD), order[:1])
    alone = leaf(responders("one"))
    assert asked(alone, {}) == (Revocation(Status.UNKNOWN, f"{NAME}: {nothing('one')}"), order[:1])


@pytest.mark.parametrize(
    ("access", "order"),
    [
        ([(OCSP, uri("one"))], ["one"]),
        ([(ISSUERS, uri("one"))], []),
        ([(OCSP, DIRECTORY)], []),
        ([(ISSUERS, DIRECTORY)], []),
        ([(ISSUERS, uri("one")), (OCSP, DIRECTORY), (OCSP, uri("two")), (OCSP, uri("three"))], ["two", "three"]),
    ],
)
def test_which_responders_are_named(
    access: Sequence[tuple[x509.ObjectIdentifier, x509.GeneralName]], order: list[str]
) -> None:
    extension = x509.AuthorityInformationAccess([x509.AccessDescription(*item) for item in access])
    assert asked(leaf((extension, False)), {})[1] == [(name, True) for name in order]


@pytest.mark.parametrize(
    ("named", "order"),
    [
        ([[uri("one")]], ["one"]),
        ([[DIRECTORY]], []),
        ([None], []),
        ([None, [DIRECTORY, uri("one"), uri("two")], [uri("three")]], ["one", "two", "three"]),
    ],
)
def test_which_lists_are_named(named: Sequence[Names], order: list[str]) -> None:
    pages = dict.fromkeys(("one", "two", "three"), EMPTY)
    assert asked(leaf(points(*named)), pages) == (Revocation(Status.GOOD), [(name, False) for name in order])


def test_the_worst_of_a_chain_counts() -> None:
    """Revoked before unknown, unknown before good, wherever it stands; the root is not asked about."""
    extensions: Extensions = (*CA, responders("above"))
    issuing = root(extensions=(*CA, responders("root"))).issue("C=US,ST=WA,O=Acme,CN=Issuing", extensions, which=2)
    below = issuing.issue(ACME, (*CODE, responders("leaf")))
    top = Entity(ROOT.key, issuing.above[0])
    leaves = {"good": Answer(below, issuer=issuing), "bad": Answer(below, REVOKED, issuing)}
    authorities = {"good": Answer(issuing, issuer=top), "bad": Answer(issuing, REVOKED, top)}
    for one, other, expected, told in (
        ("good", "good", Status.GOOD, ""),
        ("good", "none", Status.UNKNOWN, "CN=Issuing"),
        ("none", "good", Status.UNKNOWN, "CN=Release"),
        ("good", "bad", Status.REVOKED, "CN=Issuing"),
        ("none", "bad", Status.REVOKED, "CN=Issuing"),
        ("bad", "none", Status.REVOKED, "CN=Release"),
    ):
        pages = {
            name: of[which].made()
            for name, of, which in (("leaf", leaves, one), ("above", authorities, other))
            if which in of
        }
        found, order = asked(below, pages)
        assert found.status is expected
        assert found.reason.startswith(told)
        assert ("root", True) not in order


def test_what_is_told_is_short() -> None:
    long = leaf(
        responders(*(f"{'x' * 60}-{number}" for number in range(5))),
        subject="C=US,CN=" + "n" * 64 + ",O=" + "o" * 64 + ",OU=" + "u" * 64,
    )
    name = long.certificate.subject.rfc4514_string()
    assert check(long.chain, None, now=NOW, signed_at=None).reason == f"{name[:160]}: nothing is fetched"
    assert len(asked(long, {})[0].reason) == 160 + len(": ") + 320
