"""About what it was signed: other packages, versions, platforms, names that look alike, digests of another kind."""

from __future__ import annotations

import base64
from hashlib import sha256

from attest import names
from attest.evidence.model import Subject
from attest.oci import strict_json
from attest.oci.descriptor import EMPTY_BYTES, Descriptor
from attest.oci.manifest import write_image
from attest.packages.anchors import version_anchor
from tests.hostile.case import Case, admitted, artifact, denied, package
from tests.hostile.keys import NamedKey
from tests.hostile.making import SIGN, About, Json, Referrer, Shelf, attached, by, itself

MISSING = {"signed": "signature-missing"}
GOOD = {"signed": "signature-verified"}


def of(other: Subject) -> About:
    """A statement about another package."""
    return lambda _: itself(other)


def named(name: str | None) -> About:
    """A statement about these very bytes under another name, or none; no anchor."""

    def make(subject: Subject) -> list[Json]:
        assert subject.digest is not None
        entry: Json = {"digest": {subject.digest.algorithm: subject.digest.hex}}
        return [entry if name is None else {"name": name, **entry}]

    return make


def _crossed(subject: Subject) -> list[Json]:
    """Our name with other bytes, and our bytes with another name."""
    assert subject.digest is not None
    return [
        {"name": str(subject), "digest": {"sha512": "00" * 64}},
        {"name": "pkg:npm/%40acme-evil/crossed@1.0.0", "digest": {"sha512": subject.digest.hex}},
    ]


def _other_algorithm(subject: Subject) -> list[Json]:
    assert subject.digest is not None
    return [{"name": str(subject), "digest": {"sha256": subject.digest.hex[:64], "sha1": subject.digest.hex[:40]}}]


def _as_a_file(subject: Subject) -> Referrer:
    """A message signature over the artifact's bytes, which are its purl."""
    data = str(subject).encode()
    raw = strict_json.write(
        {
            "mediaType": names.BUNDLE_V03,
            "verificationMaterial": {"publicKey": {"hint": NamedKey("release").public.hint}},
            "messageSignature": {
                "messageDigest": {"algorithm": "SHA2_256", "digest": base64.b64encode(sha256(data).digest()).decode()},
                "signature": base64.b64encode(NamedKey("release").sign(data)).decode(),
            },
        }
    )
    return attached(raw, subject, SIGN)


def _altered_anchor(shelf: Shelf, subject: Subject) -> None:
    """An anchor with one annotation more, signed by the releaser, under the version's tag."""
    assert subject.purl is not None
    empty = Descriptor.of(names.OCI_EMPTY, EMPTY_BYTES, inline=True)
    altered = write_image(
        artifact_type=names.ANCHOR,
        config=empty,
        layers=[empty],
        subject=version_anchor(subject.purl).descriptor(),
        annotations={
            names.ANNOTATION_PURL: str(subject.purl),
            names.ANNOTATION_DIGEST: str(subject.digest),
            "dev.attest.url": "https://mirror.example/",
        },
    )
    shelf.manifest(altered, "1.0.0")
    about = Subject(altered.descriptor(), name="altered")
    shelf.add(by("release", about=lambda _: itself(about))(about))


def _hung_on(subject: Subject) -> Referrer:
    """A manifest that says that it is about us, around a statement that is not."""
    return by("release", about=of(package("victim")))(subject)


def cases() -> list[Case]:
    wheel = "pkg:pypi/acme-wheel@1.0.0"
    mac, linux = artifact(wheel, "macosx_11_0_arm64"), artifact(wheel, "manylinux_2_28_x86_64")
    deb = artifact("pkg:deb/debian/acme@1%3A1.0-1")
    return [
        admitted(
            "bound-by-name",
            "signed",
            by("release", about=lambda subject: itself(subject)[1:]),
            findings=GOOD,
            trick="none: the package's own digest under its purl, without the anchor",
        ),
        admitted(
            "bound-by-file-name",
            "signed",
            by("release", about=lambda _: [{"name": "acme_wheel-1.0.0-py3-none-any.whl", **_digest(linux)}]),
            subject=linux,
            findings=GOOD,
            trick="none: the wheel's digest under its file name, as PyPI's publishers write it",
        ),
        admitted(
            "one-of-several",
            "signed",
            by("release", about=lambda subject: [*itself(package("a")), *itself(subject), *itself(package("b"))]),
            findings=GOOD,
            trick="none: one statement about three packages, of which this is the second",
        ),
        denied(
            "none-of-several",
            "signed",
            by("release", about=lambda _: [entry for name in "abc" for entry in itself(package(name))]),
            findings=MISSING,
            trick="a statement about three packages, of which this is none",
            naive="looks at the statement's signature and not at its subjects",
        ),
        denied(
            "replayed-from-another-package",
            "signed",
            _hung_on,
            findings=MISSING,
            trick="the releaser's signature of another package, in a manifest whose subject is this one",
            naive="believes the manifest's subject, which nobody signed",
        ),
        denied(
            "replayed-from-another-version",
            "signed",
            by("release", about=of(package("replayed-from-another-version", version="0.9.0"))),
            findings=MISSING,
            trick="the signature of the version before, which had a hole",
            naive="compares names without versions, and so allows downgrades",
        ),
        denied(
            "replayed-from-another-platform",
            "signed",
            by("release", about=of(linux)),
            subject=mac,
            findings=MISSING,
            trick="the signature of the same version's wheel for another platform",
            naive="compares purls, which are the same for every file of a version",
        ),
        denied(
            "same-bytes-another-name",
            "signed",
            by("release", about=named("pkg:npm/%40acme/another@1.0.0")),
            findings=MISSING,
            trick="signed under another name: the bytes are the same, the package is not",
            naive="compares digests only, so that a test fixture's signature releases a package",
        ),
        denied(
            "same-bytes-older-version",
            "signed",
            by("release", about=named("pkg:npm/%40acme/same-bytes-older-version@0.9.0")),
            findings=MISSING,
            trick="the bytes of the version before, published once more as a new one, with the old signature",
            naive="compares digests only, or names without versions",
        ),
        denied(
            "signed-as-a-file",
            "signed",
            _as_a_file,
            subject=artifact("pkg:pypi/signed-as-a-file@1.0.0"),
            findings=MISSING,
            trick="a bundle over the file itself, which names nobody's package, and the file is not at hand",
            naive="takes a digest for a name",
        ),
        denied(
            "same-bytes-no-name",
            "signed",
            by("release", about=named(None)),
            findings=MISSING,
            trick="only the digest is signed, and the file is not at hand to say whose it is",
            naive="takes a digest for a name",
        ),
        denied(
            "cyrillic-a",
            "signed",
            by("release", about=named("pkg:npm/%40\u0430cme/cyrillic-a@1.0.0")),
            findings=MISSING,
            trick="signed for a scope that is written with a Cyrillic letter",
            naive="shows the name to a person, who sees no difference",
        ),
        denied(
            "another-case",
            "signed",
            by("release", about=named("pkg:npm/%40acme/Another-Case@1.0.0")),
            findings=MISSING,
            trick="signed for a name of another case: npm has old packages that differ in case only",
            naive="compares names without case",
        ),
        denied(
            "longer-name",
            "signed",
            by("release", about=named("pkg:npm/%40acme/longer-name-evil@1.0.0")),
            findings=MISSING,
            trick="signed for a name that begins as this one does",
            naive="looks for the name at the beginning, or anywhere within",
        ),
        denied(
            "shorter-version",
            "signed",
            by("release", about=named("pkg:npm/%40acme/shorter-version@1.0")),
            findings=MISSING,
            trick="signed for version 1.0 of what is 1.0.0: in npm not the same",
            naive="compares versions by value, or by their beginning",
        ),
        denied(
            "purl-of-another-type",
            "signed",
            by("release", about=named("pkg:pypi/purl-of-another-type@1.0.0")),
            findings=MISSING,
            trick="signed for the package of that name in another ecosystem",
            naive="compares name and version only",
        ),
        denied(
            "epoch-left-out",
            "signed",
            by("release", about=named("pkg:deb/debian/acme@1.0-1")),
            subject=deb,
            findings=MISSING,
            trick="signed for 1.0-1, and this is 1:1.0-1",
            naive="leaves the epoch out, as file names do",
        ),
        denied(
            "names-crossed",
            "signed",
            by("release", about=_crossed),
            findings=MISSING,
            trick="two subjects: this name with other bytes, these bytes with another name",
            naive="finds the name in one subject and the digest in the other",
        ),
        denied(
            "another-algorithm",
            "signed",
            by("release", about=_other_algorithm),
            findings=MISSING,
            trick="the beginning of the package's SHA-512, given out for its SHA-256 and SHA-1",
            naive="compares as many digits as there are",
        ),
        denied(
            "look-alike-scope",
            "signed",
            by("release"),
            subject=package("look-alike-scope", scope="@acme-evil"),
            findings={"-": "policy-not-applicable"},
            trick="rightly signed, and the package is one of @acme-evil",
            naive="matches @acme* and admits whoever registers such a scope",
        ),
        denied(
            "altered-anchor",
            "signed",
            findings=MISSING,
            spoil=_altered_anchor,
            trick="the version's tag names an anchor with one annotation more, which is really signed",
            naive="asks the store for the anchor instead of computing it",
        ),
    ]


def _digest(subject: Subject) -> Json:
    assert subject.digest is not None
    return {"digest": {subject.digest.algorithm: subject.digest.hex}}
