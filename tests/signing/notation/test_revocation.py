"""CRLs and OCSP: what is revoked, what is not, and what nobody knows; held against the real notation over HTTP."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID

from attest.errors import NotFound, VerificationError
from attest.evidence.attach_signature import attach_signature
from attest.signing.notation.revocation import Status, check
from attest.signing.notation.sign import Signed
from attest.signing.notation.trust_policy import Action, Check, Level, Statement, TrustPolicy, actions
from attest.signing.notation.trust_store import GivenAnchors
from attest.signing.notation.verify import Outcome, verify_signature
from attest.stores.registry import RegistryOptions, RegistryStore
from tests.signing.notation.conftest import MEDIA, sign, subject, target
from tests.signing.notation.pki import ACME, CODE, DAY, LEAF, NOW, Entity, root
from tests.signing.notation.program import Notation, policy_statement
from tests.stores.registry import real

REPOSITORY = "acme/app"
HOUR = timedelta(hours=1)


@dataclass
class Web:
    """What can be fetched: bytes by path; None means an error."""

    address: str = "http://crl.example"
    pages: dict[str, bytes | None] = field(default_factory=dict)
    asked: list[tuple[str, bool]] = field(default_factory=list)

    def fetch(self, url: str, body: bytes | None) -> bytes:
        path = "/" + url.removeprefix(self.address).strip("/").split("/")[0]
        self.asked.append((path, body is not None))
        found = self.pages.get(path)
        if found is None:
            raise NotFound("nothing there", where=url)
        return found

    def certificate(
        self, issuer: Entity, *, crl: bool = True, responder: bool = False, freshest: bool = False
    ) -> Entity:
        extensions: list[tuple[x509.ExtensionType, bool]] = list(CODE)
        if crl:
            extensions.append((x509.CRLDistributionPoints([self._point("/crl")]), False))
        if freshest:
            extensions.append((x509.FreshestCRL([self._point("/delta")]), False))
        if responder:
            place = x509.UniformResourceIdentifier(f"{self.address}/ocsp")
            access = x509.AccessDescription(AuthorityInformationAccessOID.OCSP, place)
            extensions.append((x509.AuthorityInformationAccess([access]), False))
        return issuer.issue(ACME, extensions)

    def _point(self, path: str) -> x509.DistributionPoint:
        return x509.DistributionPoint([x509.UniformResourceIdentifier(self.address + path)], None, None, None)


def crl(
    issuer: Entity,
    *serials: int,
    reason: x509.ReasonFlags | None = None,
    invalid: datetime | None = None,
    next_update: datetime = NOW + DAY,
    extra: tuple[tuple[x509.ExtensionType, bool], ...] = (),
    number: int = 1,
    by: Entity | None = None,
    digest: Any = None,
    when: datetime = NOW - HOUR,
) -> bytes:
    builder = x509.CertificateRevocationListBuilder(
        issuer.certificate.subject, NOW - 2 * HOUR, next_update
    ).add_extension(x509.CRLNumber(number), False)
    for extension, critical in extra:
        builder = builder.add_extension(extension, critical)
    for serial in serials:
        entry = x509.RevokedCertificateBuilder(serial, when)
        if reason is not None:
            entry = entry.add_extension(x509.CRLReason(reason), False)
        if invalid is not None:
            entry = entry.add_extension(x509.InvalidityDate(invalid.replace(tzinfo=None)), False)
        builder = builder.add_revoked_certificate(entry.build())
    return builder.sign((by or issuer).key, digest or hashes.SHA256()).public_bytes(Encoding.DER)


def answer(
    issuer: Entity,
    about: Entity,
    status: ocsp.OCSPCertStatus = ocsp.OCSPCertStatus.GOOD,
    *,
    by: Entity | None = None,
    next_update: datetime | None = NOW + DAY,
    send: bool = True,
) -> bytes:
    revoked = status is ocsp.OCSPCertStatus.REVOKED
    signer = by or issuer
    builder = (
        ocsp.OCSPResponseBuilder()
        .add_response(
            about.certificate,
            issuer.certificate,
            hashes.SHA1(),
            status,
            NOW - HOUR,
            next_update,
            NOW - HOUR if revoked else None,
            x509.ReasonFlags.key_compromise if revoked else None,
        )
        .responder_id(ocsp.OCSPResponderEncoding.HASH, signer.certificate)
    )
    if by is not None and send:
        builder = builder.certificates([by.certificate])
    return builder.sign(signer.key, hashes.SHA256()).public_bytes(Encoding.DER)


ISSUER = root()
STRANGER = root("C=US,ST=WA,O=Evil,CN=Root", which=9)
TWIN = root(which=9)
RESPONDER = ISSUER.issue(
    "C=US,ST=WA,O=Acme,CN=Responder",
    (*LEAF, (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.OCSP_SIGNING]), False)),
    which=8,
)
IMPOSTOR = TWIN.issue(
    "C=US,ST=WA,O=Acme,CN=Responder",
    (*LEAF, (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.OCSP_SIGNING]), False)),
    which=8,
)
POINT = x509.IssuingDistributionPoint(None, None, True, False, None, False, False)

GOOD, REVOKED, UNKNOWN = Status.GOOD, Status.REVOKED, Status.UNKNOWN
STATUSES = ocsp.OCSPCertStatus
HOLD, BACK = x509.ReasonFlags.certificate_hold, x509.ReasonFlags.remove_from_crl
KEY = x509.ReasonFlags.key_compromise


def pages(case: str, leaf: Entity) -> dict[str, bytes | None]:
    serial = leaf.certificate.serial_number
    delta = ((x509.DeltaCRLIndicator(1), True),)
    made: dict[str, Callable[[], bytes | None]] = {
        "good": lambda: crl(ISSUER),
        "another revoked": lambda: crl(ISSUER, serial + 1),
        "revoked": lambda: crl(ISSUER, serial),
        "revoked with a reason": lambda: crl(ISSUER, serial, reason=KEY),
        "on hold": lambda: crl(ISSUER, serial, reason=HOLD),
        "taken back": lambda: crl(ISSUER, serial, reason=BACK),
        "out of date": lambda: crl(ISSUER, next_update=NOW - HOUR),
        "by a stranger": lambda: crl(STRANGER),
        "by a twin": lambda: crl(ISSUER, by=TWIN),
        "for users only": lambda: crl(ISSUER, extra=((POINT, True),)),
        "unknown critical": lambda: crl(
            ISSUER,
            extra=((x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.99999.7"), b"\x05\x00"), True),),
        ),
        "its delta alone": lambda: crl(ISSUER, extra=delta, number=2),
        "garbage": lambda: b"garbage",
        "nothing": lambda: None,
    }
    found: dict[str, bytes | None] = {}
    if case in made:
        found["/crl"] = made[case]()
    if case.startswith("delta"):
        deltas: dict[str, Callable[[], bytes | None]] = {
            "delta good": lambda: crl(ISSUER, extra=delta, number=2),
            "delta revoked": lambda: crl(ISSUER, serial, extra=delta, number=2),
            "delta older": lambda: crl(ISSUER, extra=delta, number=1),
            "delta without indicator": lambda: crl(ISSUER, number=2),
            "delta missing": lambda: None,
        }
        found["/delta"] = deltas[case]()
    return found


CRLS = {
    "good": GOOD,
    "another revoked": GOOD,
    "revoked": REVOKED,
    "revoked with a reason": REVOKED,
    "on hold": REVOKED,
    "taken back": GOOD,
    "out of date": UNKNOWN,
    "by a stranger": UNKNOWN,
    "by a twin": UNKNOWN,
    "for users only": GOOD,
    "unknown critical": UNKNOWN,
    "its delta alone": UNKNOWN,
    "garbage": UNKNOWN,
    "nothing": UNKNOWN,
}
DELTAS = {
    "delta good": GOOD,
    "delta revoked": REVOKED,
    "delta older": UNKNOWN,
    "delta without indicator": UNKNOWN,
    "delta missing": UNKNOWN,
}


def status(web: Web, leaf: Entity, *, signed_at: datetime | None = None) -> Status:
    return check(leaf.chain, web.fetch, now=NOW, signed_at=signed_at).status


@pytest.mark.parametrize("case", CRLS)
def test_lists(case: str) -> None:
    web = Web()
    leaf = web.certificate(ISSUER)
    web.pages = pages(case, leaf)
    assert status(web, leaf) is CRLS[case]


def with_delta(web: Web, case: str, leaf: Entity) -> None:
    web.pages = pages(case, leaf)
    point = x509.DistributionPoint([x509.UniformResourceIdentifier(f"{web.address}/delta")], None, None, None)
    web.pages["/crl"] = crl(ISSUER, extra=((x509.FreshestCRL([point]), False),))


@pytest.mark.parametrize("case", DELTAS)
def test_deltas(case: str) -> None:
    web = Web()
    leaf = web.certificate(ISSUER)
    with_delta(web, case, leaf)
    assert status(web, leaf) is DELTAS[case]


def test_a_key_that_became_bad_later_was_good() -> None:
    web = Web()
    leaf = web.certificate(ISSUER)
    web.pages = {"/crl": crl(ISSUER, leaf.certificate.serial_number, invalid=NOW)}
    assert status(web, leaf) is REVOKED
    assert status(web, leaf, signed_at=NOW) is REVOKED
    assert status(web, leaf, signed_at=NOW - HOUR) is GOOD


OCSPS: dict[str, tuple[Any, Status]] = {
    "good": (lambda leaf: answer(ISSUER, leaf), GOOD),
    "revoked": (lambda leaf: answer(ISSUER, leaf, STATUSES.REVOKED), REVOKED),
    "unknown": (lambda leaf: answer(ISSUER, leaf, STATUSES.UNKNOWN), UNKNOWN),
    "by a delegate": (lambda leaf: answer(ISSUER, leaf, by=RESPONDER), GOOD),
    "by a delegate, revoked": (lambda leaf: answer(ISSUER, leaf, STATUSES.REVOKED, by=RESPONDER), REVOKED),
    "by a delegate not sent": (lambda leaf: answer(ISSUER, leaf, by=RESPONDER, send=False), UNKNOWN),
    "by a twin's delegate": (lambda leaf: answer(ISSUER, leaf, by=IMPOSTOR), UNKNOWN),
    "by the certificate itself": (lambda leaf: answer(ISSUER, leaf, by=leaf), UNKNOWN),
    "out of date": (lambda leaf: answer(ISSUER, leaf, next_update=NOW - HOUR / 2), UNKNOWN),
    "about another": (lambda leaf: answer(ISSUER, ISSUER.issue(ACME)), UNKNOWN),
    "garbage": (lambda _: b"garbage", UNKNOWN),
    "refusal": (
        lambda _: ocsp.OCSPResponseBuilder.build_unsuccessful(ocsp.OCSPResponseStatus.TRY_LATER).public_bytes(
            Encoding.DER
        ),
        UNKNOWN,
    ),
    "nothing": (lambda _: None, UNKNOWN),
}


@pytest.mark.parametrize("case", OCSPS)
def test_answers(case: str) -> None:
    web = Web()
    leaf = web.certificate(ISSUER, crl=False, responder=True)
    made, expected = OCSPS[case]
    web.pages = {"/ocsp": made(leaf)}
    assert status(web, leaf) is expected
    assert web.asked == [("/ocsp", True)]


@pytest.mark.parametrize(("case", "expected"), [("nothing", REVOKED), ("good", GOOD), ("unknown", REVOKED)])
def test_lists_are_asked_where_the_responder_does_not_know(case: str, expected: Status) -> None:
    web = Web()
    leaf = web.certificate(ISSUER, responder=True)
    web.pages = {"/ocsp": OCSPS[case][0](leaf), "/crl": crl(ISSUER, leaf.certificate.serial_number)}
    assert status(web, leaf) is expected


def test_who_names_nobody_cannot_be_revoked() -> None:
    assert check(ISSUER.issue(ACME).chain, None, now=NOW, signed_at=None).status is GOOD


def test_nothing_fetched_is_nothing_known() -> None:
    """Inconclusive, and not failed: noted where the level only notes, a refusal where it enforces."""
    leaf = Web().certificate(ISSUER)
    raw = sign(leaf, "jws", target())
    anchors = GivenAnchors((ISSUER.certificate,))
    with pytest.raises(VerificationError, match=r"revocation: .*nothing is fetched"):
        verify_signature(raw, MEDIA["jws"], target(), Statement("strict", anchors), now=NOW)
    permissive = Statement("permissive", anchors, actions=actions(Level.PERMISSIVE))
    found = verify_signature(raw, MEDIA["jws"], target(), permissive, now=NOW)
    assert found.proof is not None
    assert {item.check: item.outcome for item in found.results}[Check.REVOCATION] is Outcome.INCONCLUSIVE
    skipping = Statement("x", anchors, actions=actions(Level.STRICT) | {Check.REVOCATION: Action.SKIP})
    found = verify_signature(raw, MEDIA["jws"], target(), skipping, now=NOW)
    assert {item.check: item.outcome for item in found.results}[Check.REVOCATION] is Outcome.SKIPPED


@pytest.fixture
def web() -> Iterator[Web]:
    """The same, over HTTP: for notation."""
    made = Web()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            page = made.pages.get("/" + self.path.strip("/").split("/")[0])
            self.send_response(404 if page is None else 200)
            self.send_header("Content-Length", str(len(page or b"")))
            self.end_headers()
            self.wfile.write(page or b"")

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.do_GET()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        made.address = f"http://127.0.0.1:{server.server_address[1]}"
        try:
            yield made
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.slow
@pytest.mark.peer("notation", "olareg")
def test_notation_judges_alike(web: Web, notation: Notation, tmp_path_factory: pytest.TempPathFactory) -> None:
    judged: dict[str, tuple[bool, bool]] = {}
    with real.olareg(tmp_path_factory.mktemp("registry")) as host:
        registry = RegistryStore(host, name=host, options=RegistryOptions())
        notation.trust({"ca:acme": [ISSUER.certificate]})
        notation.policy([policy_statement(trustStores=["ca:acme"])])
        configured = TrustPolicy.load(notation.home).statement(f"{host}/{REPOSITORY}")
        assert configured is not None
        for case in [*CRLS, *DELTAS, *(f"OCSP {name}" for name in OCSPS)]:
            answered = case.startswith("OCSP ")
            leaf = web.certificate(ISSUER, crl=not answered, responder=answered)
            if answered:
                web.pages = {"/ocsp": OCSPS[case.removeprefix("OCSP ")][0](leaf)}
            elif case in DELTAS:
                with_delta(web, case, leaf)
            else:
                web.pages = pages(case, leaf)
            manifest = subject(registry, REPOSITORY, case)
            raw = sign(leaf, "jws", manifest.descriptor())
            signed = Signed(raw, MEDIA["jws"], ("0" * 64,))
            attach_signature(registry, REPOSITORY, manifest.descriptor(), signed, created=NOW)
            theirs = notation.accepts(f"{host}/{REPOSITORY}@{manifest.digest}")
            try:
                verify_signature(raw, MEDIA["jws"], manifest.descriptor(), configured, now=NOW, fetch=web.fetch)
                mine = True
            except VerificationError:
                mine = False
            judged[case] = mine, theirs
            # notation keeps CRLs by their address
            for kept in notation.home.parent.rglob("crl/*"):
                kept.unlink()
    # notation takes the word of every certificate of the issuer; RFC 6960 §4.2.2.2 only that of those made for OCSP.
    # And it takes a delta for the whole list, in which all who were revoked before are missing.
    differing = {case: both for case, both in judged.items() if both[0] != both[1]}
    assert differing == {"OCSP by the certificate itself": (False, True), "its delta alone": (False, True)}
    assert {case for case, (mine, _) in judged.items() if mine} == {
        *(case for case, expected in (CRLS | DELTAS).items() if expected is GOOD),
        *(f"OCSP {case}" for case, (_, expected) in OCSPS.items() if expected is GOOD),
    }
