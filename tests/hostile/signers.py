"""Who signed: other keys, ended ones, signatures that were moved, and messages that mean two things."""

from __future__ import annotations

from attest import names
from attest.evidence.model import Subject
from attest.signing.dsse import pae
from tests.hostile.case import Case, admitted, denied
from tests.hostile.formats import tagged
from tests.hostile.keys import NamedKey
from tests.hostile.making import SIGN, Referrer, Shelf, attached, bundle, by, envelope, itself, statement

MISSING = {"signed": "signature-missing"}
GOOD = {"signed": "signature-verified"}
IN_TOTO = names.IN_TOTO_PAYLOAD


def cases() -> list[Case]:
    release = NamedKey("release")

    def flipped(subject: Subject) -> Referrer:
        payload = statement(itself(subject), SIGN)
        signature = bytearray(release.sign(pae(IN_TOTO, payload)))
        signature[-1] ^= 1
        return attached(bundle(envelope(payload, [bytes(signature)]), release.public.hint), subject, SIGN)

    def swapped(subject: Subject) -> Referrer:
        about_another = statement([{"name": "another", "digest": {"sha256": "0" * 64}}], SIGN)
        signature = release.sign(pae(IN_TOTO, about_another))
        return attached(
            bundle(envelope(statement(itself(subject), SIGN), [signature]), release.public.hint), subject, SIGN
        )

    def bare(subject: Subject) -> Referrer:
        payload = statement(itself(subject), SIGN)
        return attached(bundle(envelope(payload, [release.sign(payload)]), release.public.hint), subject, SIGN)

    def in_characters(subject: Subject) -> Referrer:
        kind = "application/vnd.in-toto+jsoné"
        payload = statement(itself(subject), SIGN)
        message = f"DSSEv1 {len(kind)} {kind} {len(payload)} ".encode() + payload
        return attached(bundle(envelope(payload, [release.sign(message)], kind), release.public.hint), subject, SIGN)

    def of_two(subject: Subject) -> Referrer:
        payload = statement(itself(subject), SIGN)
        signatures = [NamedKey(who).sign(pae(IN_TOTO, payload)) for who in ("mallory", "release")]
        return attached(bundle(envelope(payload, signatures), release.public.hint), subject, SIGN)

    def retyped(subject: Subject) -> Referrer:
        payload = statement(itself(subject), SIGN)
        signature = release.sign(pae("text/plain", payload))
        return attached(bundle(envelope(payload, [signature]), release.public.hint), subject, SIGN)

    return [
        admitted(
            "signed-by-release",
            "signed",
            by("release"),
            findings=GOOD,
            trick="none: the honest twin of this group",
        ),
        admitted(
            "strangers-beside-release",
            "signed",
            by("mallory", hint="release"),
            flipped,
            by("release"),
            findings=GOOD,
            trick="a stranger's signature and a damaged one hang beside a good one",
            naive="stops at the first one that fails and refuses what is good",
        ),
        denied(
            "nothing-attached", "signed", findings=MISSING, trick="nothing at all", naive="all of nothing holds: admits"
        ),
        denied(
            "wrong-signer",
            "signed",
            by("mallory"),
            findings=MISSING,
            trick="a valid signature by a key that nobody named",
            naive="asks whether the signature holds, not whose it is",
        ),
        denied(
            "another-hint",
            "signed",
            by("mallory", hint="release"),
            findings=MISSING,
            trick="a stranger signed, and the bundle's key hint names the releaser's key",
            naive="believes the hint, which nobody signed",
        ),
        denied(
            "not-in-the-rule",
            "signed",
            by("security"),
            findings=MISSING,
            trick="signed by somebody whom the policy names, but not in this rule",
            naive="takes any trusted key for any purpose",
        ),
        denied(
            "ended-identity",
            "signed",
            by("ended"),
            findings=MISSING,
            trick="signed with a key whose time was over, without any proof of when",
            naive="has no end for keys, or believes a date that the signer wrote",
        ),
        denied(
            "out-of-scope",
            "signed",
            by("elsewhere"),
            findings=MISSING,
            trick="signed by somebody who may speak for another package only",
            naive="trusts a key for every package as soon as for one",
        ),
        denied(
            "flipped-bit",
            "signed",
            flipped,
            findings=MISSING,
            trick="one bit of the signature is another",
            naive="only looks whether there is a signature",
        ),
        denied(
            "swapped-payload",
            "signed",
            swapped,
            findings=MISSING,
            trick="a real signature of the releaser's, with another statement in the envelope",
            naive="verifies one copy of the payload and reads another",
        ),
        denied(
            "signed-without-type",
            "signed",
            bare,
            findings=MISSING,
            trick="the releaser signed these bytes as a plain file, not as a statement (no PAE)",
            naive="accepts a signature over the payload alone, so that a signed file becomes a signed statement",
        ),
        denied(
            "length-in-characters",
            "signed",
            in_characters,
            findings=MISSING,
            trick="the PAE counts the payload type in characters instead of bytes",
            naive="counts characters, and so accepts two messages for one",
        ),
        denied(
            "another-payload-type",
            "signed",
            retyped,
            findings=MISSING,
            trick="signed as text/plain, and the envelope says in-toto",
            naive="leaves the payload type out of what is verified",
        ),
        denied(
            "foreign-payload-type",
            "signed",
            by("release", payload_type="application/json"),
            findings=MISSING,
            trick="honestly signed as application/json, with content that looks like a statement",
            naive="reads whatever parses, so that any signed JSON can be a statement",
        ),
        denied(
            "two-in-one-bundle",
            "signed",
            of_two,
            findings=MISSING,
            trick="a bundle whose envelope has two signatures, a stranger's first",
            naive="verifies one of them and attributes the statement to the other",
        ),
        denied(
            "message-as-payload",
            "signed",
            findings=MISSING,
            spoil=_message_as_payload,
            trick="the DSSE message of a signed SBOM is shown as a payload of simple signing: the signature holds",
            naive="counts any bytes under a good signature as a signature of the package",
        ),
    ]


def _message_as_payload(shelf: Shelf, subject: Subject) -> None:
    message = pae(IN_TOTO, statement(itself(subject), names.PREDICATE_CYCLONEDX, {"bomFormat": "CycloneDX"}))
    tagged(shelf, subject, message, "release")
