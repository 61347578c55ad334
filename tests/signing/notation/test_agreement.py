"""`attest` and the real notation judge the same signatures under the same configuration; where they do not agree,
`WRITTEN` says why."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import cbor2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import ExtendedKeyUsageOID, ObjectIdentifier

from attest import names
from attest.errors import AttestError, TrustError
from attest.evidence.attach_signature import attach_signature
from attest.oci.descriptor import Descriptor
from attest.oci.manifest import Manifest
from attest.signing.notation import algorithms, cose, jws
from attest.signing.notation.envelope import AUTHENTIC_TIME, EXPIRY, SCHEME, SIGNING_TIME, write_payload
from attest.signing.notation.sign import Signed
from attest.signing.notation.trust_policy import TrustPolicy
from attest.signing.notation.verify import verify_signature
from attest.stores.registry import RegistryOptions, RegistryStore
from tests.signing.notation.conftest import MEDIA, subject
from tests.signing.notation.pki import ACME, CA, CODE, DAY, LEAF, NOW, Entity, Extensions, der, root, usage
from tests.signing.notation.program import Notation, policy_statement
from tests.stores.registry import real

REPOSITORY = "acme/app"
HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RegistryStore]:
    with real.olareg(tmp_path_factory.mktemp("registry")) as host:
        yield RegistryStore(host, name=host, options=RegistryOptions())


@dataclass(frozen=True)
class Made:
    """A signature put together by hand: ``header`` changes the protected header, ``unsigned`` the other one."""

    entity: Entity
    chain: tuple[x509.Certificate, ...] | None = None
    header: Callable[[dict[Any, Any]], None] = lambda _: None
    unsigned: dict[Any, Any] = field(default_factory=dict)
    payload: Callable[[bytes], bytes] = lambda payload: payload
    after: Callable[[bytes], bytes] = lambda envelope: envelope
    other_target: bool = False
    content_type: str = names.NOTATION_PAYLOAD

    def envelope(self, target: Descriptor, media: str) -> bytes:
        if self.other_target:
            target = Descriptor(target.media_type, target.digest, target.size + 1)
        algorithm = algorithms.algorithm_of(self.entity.key.public_key())
        name = algorithm.jws if algorithm else "PS256"
        number = algorithm.cose if algorithm else -37
        row = algorithm or algorithms.RSA[0]
        chain = [der(item) for item in (self.entity.chain if self.chain is None else self.chain)]
        payload = self.payload(write_payload(target))
        if media == "jws":
            header: dict[Any, Any] = {
                "alg": name,
                "cty": self.content_type,
                "crit": [SCHEME],
                SCHEME: "notary.x509",
                SIGNING_TIME: NOW.strftime("%Y-%m-%dT%H:%M:%SZ"),
            }
            self.header(header)
            protected = jws._encode(json.dumps(header).encode())
            signature = algorithms.sign(row, self.entity.key, jws.message(protected, payload))
            raw = jws.write(protected, payload, signature, chain, agent="test", timestamp=None)
            value = json.loads(raw)
            value["header"].update(self.unsigned)
            return self.after(json.dumps(value).encode())
        labels: dict[Any, Any] = {
            1: number,
            2: [SCHEME],
            3: self.content_type,
            SCHEME: "notary.x509",
            SIGNING_TIME: cbor2.CBORTag(1, int(NOW.timestamp())),
        }
        self.header(labels)
        encoded = cbor2.dumps(labels)
        signature = algorithms.sign(row, self.entity.key, cose.message(encoded, payload))
        unprotected = {33: chain, **self.unsigned}
        return self.after(cbor2.dumps(cbor2.CBORTag(18, [encoded, unprotected, payload, signature])))


def both(labels: dict[str, tuple[Any, Any]], *critical: str) -> Callable[[dict[Any, Any]], None]:
    """Members for JWS and COSE, some of them marked critical."""

    def change(header: dict[Any, Any]) -> None:
        for name, (for_jws, for_cose) in labels.items():
            header[name] = for_jws if "alg" in header else for_cose
        header["crit" if "alg" in header else 2].extend(critical)

    return change


def at(days: float) -> tuple[str, cbor2.CBORTag]:
    moment = NOW + days * DAY
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ"), cbor2.CBORTag(1, int(moment.timestamp()))


def without(*names: Any) -> Callable[[dict[Any, Any]], None]:
    def change(header: dict[Any, Any]) -> None:
        for name in names:
            header.pop(name, None)

    return change


def authority(time: tuple[str, cbor2.CBORTag] | None, *, critical: bool = True) -> Callable[[dict[Any, Any]], None]:
    """The header of a signing authority."""

    def change(header: dict[Any, Any]) -> None:
        del header[SIGNING_TIME]
        labels: dict[str, tuple[Any, Any]] = {SCHEME: ("notary.x509.signingAuthority",) * 2}
        if time is not None:
            labels[AUTHENTIC_TIME] = time
        both(labels, *([AUTHENTIC_TIME] if critical else []))(header)

    return change


ROOT = root()
INTERMEDIATE = ROOT.issue("C=US,ST=WA,O=Acme,CN=Issuing", CA, which=2)
LEAF_ENTITY = INTERMEDIATE.issue(ACME)


def leaf(extensions: Extensions, subject: str = ACME, **more: Any) -> Made:
    return Made(INTERMEDIATE.issue(subject, extensions, **more))


def by(authority: Extensions, **more: Any) -> Made:
    """A leaf whose issuing CA has these extensions."""
    return Made(ROOT.issue("C=US,ST=WA,O=Acme,CN=Issuing", authority, which=2, **more).issue(ACME))


def eku(*usages: ObjectIdentifier, critical: bool = False) -> Extensions:
    return (*LEAF, (x509.ExtendedKeyUsage(list(usages)), critical))


UNKNOWN = x509.UnrecognizedExtension(ObjectIdentifier("1.3.6.1.4.1.99999.1"), b"\x05\x00")
NOT_CRITICAL: Extensions = ((x509.BasicConstraints(ca=True, path_length=None), False), CA[1])

SIGNATURES: dict[str, Made] = {
    "plain": Made(LEAF_ENTITY),
    "directly by the root": Made(ROOT.issue(ACME)),
    "self-signed": Made(root(ACME, CODE, which=3)),
    "expired certificate": leaf(CODE, begin=NOW - 3 * DAY, end=NOW - DAY),
    "certificate not valid yet": leaf(CODE, begin=NOW + DAY),
    "expired intermediate": by(CA, begin=NOW - 3 * DAY, end=NOW - DAY),
    "expired signature": Made(LEAF_ENTITY, header=both({SIGNING_TIME: at(-2), EXPIRY: at(-1)}, EXPIRY)),
    "unexpired signature": Made(LEAF_ENTITY, header=both({EXPIRY: at(1)}, EXPIRY)),
    "expiry not critical": Made(LEAF_ENTITY, header=both({EXPIRY: at(1)})),
    "expiry before signing": Made(LEAF_ENTITY, header=both({EXPIRY: at(-1)}, EXPIRY)),
    "another target": Made(LEAF_ENTITY, other_target=True),
    "another content type": Made(LEAF_ENTITY, content_type="application/json"),
    "no signing time": Made(LEAF_ENTITY, header=without(SIGNING_TIME)),
    "no scheme": Made(LEAF_ENTITY, header=without(SCHEME)),
    "nothing critical": Made(LEAF_ENTITY, header=without("crit", 2)),
    "unknown scheme": Made(LEAF_ENTITY, header=both({SCHEME: ("notary.x510", "notary.x510")})),
    "both signing times": Made(LEAF_ENTITY, header=both({AUTHENTIC_TIME: at(0)}, AUTHENTIC_TIME)),
    "critical that is not there": Made(LEAF_ENTITY, header=both({}, "io.acme.absent")),
    "unknown attribute": Made(LEAF_ENTITY, header=both({"io.acme.note": ("x", "x")})),
    "unknown critical attribute": Made(LEAF_ENTITY, header=both({"io.acme.note": ("x", "x")}, "io.acme.note")),
    "plugin needed": Made(
        LEAF_ENTITY,
        header=both({"io.cncf.notary.verificationPlugin": ("acme", "acme")}, "io.cncf.notary.verificationPlugin"),
    ),
    "signing time critical": Made(LEAF_ENTITY, header=both({}, SIGNING_TIME)),
    "unsigned expiry": Made(LEAF_ENTITY, unsigned={EXPIRY: "2999-01-01T00:00:00Z"}),
    "unknown unsigned attribute": Made(LEAF_ENTITY, unsigned={"io.acme.note": "x"}),
    "chain reordered": Made(LEAF_ENTITY, chain=(LEAF_ENTITY.chain[0], LEAF_ENTITY.chain[2], LEAF_ENTITY.chain[1])),
    "chain upside down": Made(LEAF_ENTITY, chain=LEAF_ENTITY.chain[::-1]),
    "chain without its root": Made(LEAF_ENTITY, chain=LEAF_ENTITY.chain[:2]),
    "chain with a stranger": Made(LEAF_ENTITY, chain=(*LEAF_ENTITY.chain, root(which=6).certificate)),
    "root twice": Made(LEAF_ENTITY, chain=(*LEAF_ENTITY.chain, ROOT.certificate)),
    "leaf twice": Made(LEAF_ENTITY, chain=(LEAF_ENTITY.certificate, *LEAF_ENTITY.chain)),
    "no chain": Made(LEAF_ENTITY, chain=()),
    "another leaf": Made(LEAF_ENTITY, chain=INTERMEDIATE.issue(ACME, which=4).chain),
    "leaf without key usage": leaf((LEAF[0],)),
    "leaf with uncritical key usage": leaf((LEAF[0], (usage("digital_signature"), False))),
    "leaf that encrypts": leaf((LEAF[0], (usage("digital_signature", "key_encipherment"), True))),
    "leaf that agrees": leaf((LEAF[0], (usage("digital_signature", "key_agreement"), True))),
    "leaf that repudiates not": leaf((LEAF[0], (usage("digital_signature", "content_commitment"), True))),
    "leaf that only commits": leaf((LEAF[0], (usage("content_commitment"), True))),
    "leaf that is a CA": leaf(((x509.BasicConstraints(ca=True, path_length=None), True), LEAF[1])),
    "leaf without extended usage": leaf(LEAF),
    "leaf without constraints": leaf((LEAF[1],)),
    "leaf for servers": leaf(eku(ExtendedKeyUsageOID.SERVER_AUTH)),
    "leaf for code and clients": leaf(eku(ExtendedKeyUsageOID.CODE_SIGNING, ExtendedKeyUsageOID.CLIENT_AUTH)),
    "leaf for mail": leaf(eku(ExtendedKeyUsageOID.EMAIL_PROTECTION)),
    "leaf for time": leaf(eku(ExtendedKeyUsageOID.TIME_STAMPING)),
    "leaf for OCSP": leaf(eku(ExtendedKeyUsageOID.OCSP_SIGNING)),
    "leaf for anything": leaf(eku(ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE)),
    "leaf for something else": leaf(eku(ObjectIdentifier("1.3.6.1.4.1.99999.2"))),
    "leaf with an unknown critical extension": leaf((*CODE, (UNKNOWN, True))),
    "CA with an unknown critical extension": by((*CA, (UNKNOWN, True))),
    "CA that is none": by(LEAF),
    "CA with uncritical constraints": by(NOT_CRITICAL),
    "CA with uncritical key usage": by((CA[0], (usage("key_cert_sign"), False))),
    "CA without key usage": by((CA[0],)),
    "CA that signs lists only": by((CA[0], (usage("crl_sign"), True))),
    "CA of length 0": by(((x509.BasicConstraints(ca=True, path_length=0), True), CA[1])),
    "root too short": Made(
        root(extensions=((x509.BasicConstraints(ca=True, path_length=0), True), CA[1]))
        .issue("C=US,ST=WA,O=Acme,CN=Issuing", CA, which=2)
        .issue(ACME)
    ),
    "SHA-384 in the chain": leaf(CODE, digest=hashes.SHA384()),
    "by an authority": Made(LEAF_ENTITY, header=authority(at(0))),
    "by an authority, long ago": Made(
        INTERMEDIATE.issue(ACME, begin=NOW - DAY, end=NOW - DAY / 4), header=authority(at(-0.5))
    ),
    "by an authority, too late": Made(
        INTERMEDIATE.issue(ACME, begin=NOW - DAY, end=NOW - DAY / 4), header=authority(at(0))
    ),
    "by an authority, time not critical": Made(LEAF_ENTITY, header=authority(at(0), critical=False)),
    "by an authority without a time": Made(LEAF_ENTITY, header=authority(None, critical=False)),
    "by an authority, expired": Made(
        LEAF_ENTITY, header=lambda header: (authority(at(-0.5))(header), both({EXPIRY: at(-0.25)}, EXPIRY)(header))[0]
    ),
    "other organisation": leaf(CODE, "C=US,ST=WA,O=Evil,CN=Release"),
    "look-alike organisation": leaf(CODE, "C=US,ST=WA,O=Acmе,CN=Release"),
    "organisation with a comma inside": leaf(CODE, "C=US,ST=WA,O=Acme\\,O=x,CN=Release".replace("\\,", ";")),
    "organisation in other case": leaf(CODE, "C=US,ST=WA,O=ACME,CN=Release"),
    "organisation in spaces": leaf(CODE, "C=US,ST=WA,O=Acme ,CN=Release"),
    "other order": leaf(CODE, "CN=Release,O=Acme,ST=WA,C=US"),
    "joined attributes": leaf(CODE, "C=US,ST=WA,O=Acme+CN=Release"),
    "two organisations": leaf(CODE, "C=US,ST=WA,O=Acme,O=Evil,CN=Release"),
    "two units": leaf(CODE, "C=US,ST=WA,O=Acme,OU=a,OU=b,CN=Release"),
    "no state": leaf(CODE, "C=US,O=Acme,CN=Release"),
    "organisation in the name": leaf(CODE, "C=US,ST=WA,CN=Release"),
    "an address": leaf(CODE, "C=US,ST=WA,O=Acme,CN=Release,E=a@acme.example"),
    "an escape": leaf(CODE, "C=US,ST=WA,O=Acme,CN=Release\\2CO=x"),
    "flipped payload": Made(LEAF_ENTITY, after=lambda raw: raw[: len(raw) // 3] + b"A" + raw[len(raw) // 3 + 1 :]),
    "garbage": Made(LEAF_ENTITY, after=lambda raw: b"garbage"),
    "cut short": Made(LEAF_ENTITY, after=lambda raw: raw[:-10]),
    "followed by more": Made(LEAF_ENTITY, after=lambda raw: raw + b"\x00"),
}

NAMED = {"trustedIdentities": ["x509.subject: C=US, ST=WA, O=Acme"]}
POLICIES: dict[str, dict[str, Any]] = {
    "strict": {},
    "strict for Acme": NAMED,
    "permissive for Acme": {"level": "permissive", **NAMED},
    "audit for Acme": {"level": "audit", **NAMED},
    "strict with expiry and time logged": {
        "verification": {"level": "strict", "override": {"expiry": "log", "authenticTimestamp": "log"}},
        **NAMED,
    },
    "audit with authenticity": {"verification": {"level": "audit", "override": {"authenticity": "enforce"}}, **NAMED},
    "other trust": {"trustStores": ["ca:other"]},
    "other trust, audited": {"level": "audit", "trustStores": ["ca:other"]},
    "missing store": {"trustStores": ["ca:missing"]},
    "missing store, audited": {"level": "audit", "trustStores": ["ca:missing"]},
    "authorities trusted": {"trustStores": ["signingAuthority:acme"]},
    "authorities trusted too": {"trustStores": ["ca:acme", "signingAuthority:acme"], "level": "permissive", **NAMED},
    "intermediate trusted": {"trustStores": ["ca:intermediate"]},
}

ONLY_COSE = frozenset({"both signing times", "signing time critical"})
WRITTEN: dict[str, str] = {
    "CA with uncritical constraints": "the specification asks for critical basicConstraints; notation does not look",
    "leaf for anything": "the specification forbids anyExtendedKeyUsage; notation does not look",
    "unknown critical attribute": "the specification has unknown critical attributes fail; notation lets them pass",
    "unsigned expiry": "an attribute that only counts when signed; RFC 7515 §7.2.1 wants headers disjoint",
    "signing time critical": "the specification forbids it: nobody vouches for it",
    "both signing times": "each belongs to one scheme only; in COSE notation does not look for the other",
    "an address": "notation cannot read subjects with attributes that RFC 4514 has no name for; the others still fit",
}
"""Signatures on which both disagree under some policy, and why. In all but the last `attest` is the stricter one."""


def ours(raw: bytes, media: str, manifest: Manifest, notation: Notation, registry: RegistryStore) -> bool:
    try:
        statement = TrustPolicy.load(notation.home).statement(f"{registry.name}/{REPOSITORY}")
        assert statement is not None
        verify_signature(raw, MEDIA[media], manifest.descriptor(), statement, now=NOW)
    except TrustError:
        raise
    except AttestError:
        return False
    return True


@pytest.mark.slow
@pytest.mark.peer("notation", "olareg")
@pytest.mark.parametrize("media", MEDIA)
def test_both_judge_alike(registry: RegistryStore, notation: Notation, media: str, tmp_path: Path) -> None:
    manifests: dict[str, tuple[Manifest, bytes]] = {}
    for name, made in SIGNATURES.items():
        manifest = subject(registry, REPOSITORY, f"{media} {name}")
        raw = made.envelope(manifest.descriptor(), media)
        signed = Signed(raw, MEDIA[media], ("0" * 64,))
        attach_signature(registry, REPOSITORY, manifest.descriptor(), signed, created=NOW)
        manifests[name] = manifest, raw
    stores = {
        "ca:acme": [
            ROOT.certificate,
            *(SIGNATURES[name].entity.chain[-1] for name in ("self-signed", "root too short")),
        ],
        "signingAuthority:acme": [ROOT.certificate],
        "ca:other": [root(which=5).certificate],
        "ca:intermediate": [INTERMEDIATE.certificate],
    }
    notation.trust(stores)
    disagreements: dict[str, dict[str, bool]] = {}
    accepted = 0
    for policy, changed in POLICIES.items():
        notation.policy([policy_statement(**changed)])
        for name, (manifest, raw) in manifests.items():
            theirs = notation.accepts(f"{registry.name}/{REPOSITORY}@{manifest.digest}")
            mine = ours(raw, media, manifest, notation, registry)
            accepted += mine
            if mine != theirs:
                disagreements.setdefault(name, {})[policy] = mine
    assert accepted > len(POLICIES)
    assert not {name: found for name, found in disagreements.items() if name not in WRITTEN}
    assert disagreements.keys() == WRITTEN.keys() - (ONLY_COSE if media == "jws" else frozenset())
    laxer = {name for name, found in disagreements.items() if any(found.values())}
    assert laxer <= {"an address"}
