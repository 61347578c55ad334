"""What a package is made of: components that nobody vouches for, that are other than they say, or without end."""

from __future__ import annotations

from collections.abc import Sequence

from attest import limits, names
from attest.evidence.lookup import version_of
from attest.evidence.model import Subject
from attest.packages.digest import ArtifactDigest
from tests.hostile.case import Case, admitted, artifact, denied, doubtful, package
from tests.hostile.documents import bom, component
from tests.hostile.making import Json, Piece, Referrer, by, itself

CYCLONEDX = names.PREDICATE_CYCLONEDX


def part(subject: Subject, digest: ArtifactDigest | None = None) -> Json:
    """A component with the digest that it has, or with another."""
    assert subject.purl is not None
    found = digest or subject.digest
    assert found is not None
    hashes = [{"alg": found.algorithm.upper().replace("SHA", "SHA-"), "content": found.hex}]
    return component(subject.purl.name, purl=str(subject.purl), hashes=hashes)


def lists(*parts: Json, who: str = "release") -> Piece:
    """An SBOM of whatever it is attached to."""

    def make(subject: Subject) -> Referrer:
        return by(who, CYCLONEDX, bom(subject, parts))(subject)

    return make


def of(subject: Subject, *pieces: Piece) -> Sequence[Piece]:
    """Evidence of another package in the same store."""

    def about(piece: Piece) -> Piece:
        return lambda _: piece(subject)

    return [about(piece) for piece in pieces]


def _nested(outer: Subject, inner: Subject) -> Json:
    return {**part(outer), "components": [part(inner)]}


def released(file: Subject, who: str = "release") -> Piece:
    """The release statement of a version that has this one file, on the version's anchor."""
    assert file.purl is not None
    assert file.digest is not None
    said = {"name": f"{file.purl.name}.tgz", "digest": {file.digest.algorithm: file.digest.hex}}
    version, purl = version_of(file.purl), {"purl": str(file.purl)}
    return lambda _: by(who, names.PREDICATE_RELEASE, purl, about=lambda own: [*itself(own), said])(version)


def _loose(subject: Subject) -> Json:
    """A component without a digest."""
    assert subject.purl is not None
    return component(subject.purl.name, purl=str(subject.purl))


def _describing(*described: Subject, lists: Subject) -> Json:
    """SPDX, which may describe several."""

    def written(subject: Subject) -> Json:
        assert subject.purl is not None
        assert subject.digest is not None
        locator = {
            "referenceCategory": "PACKAGE-MANAGER",
            "referenceType": "purl",
            "referenceLocator": str(subject.purl),
        }
        checksum = {"algorithm": subject.digest.algorithm.upper(), "checksumValue": subject.digest.hex}
        name = subject.purl.name
        return {"SPDXID": f"SPDXRef-{name}", "name": name, "externalRefs": [locator], "checksums": [checksum]}

    return {
        "spdxVersion": "SPDX-2.3",
        "SPDXID": "SPDXRef-DOCUMENT",
        "documentDescribes": [written(subject)["SPDXID"] for subject in described],
        "packages": [written(subject) for subject in (*described, lists)],
    }


def _chain(name: str, length: int) -> list[Subject]:
    return [package(f"{name}-{number}") for number in range(length)]


def _linked(chain: Sequence[Subject]) -> list[Piece]:
    """Each is signed and has the next one for its component, the last the first."""
    pairs = zip(chain, [*chain[1:], chain[0]], strict=True)
    return [piece for above, below in pairs for piece in of(above, by("release"), lists(part(below)))]


def cases() -> list[Case]:
    good, bare, strange = package("good-part"), package("bare-part"), package("strange-part")
    other = artifact("pkg:npm/%40acme/good-part@1.0.0", "other bytes")
    foreign = artifact("pkg:cargo/foreign-part@1.0.0")
    signed = of(good, by("release"))

    def refused(name: str, code: str, *pieces: Piece, trick: str, naive: str, policy: str = "parts") -> Case:
        found = {"parts": f"dependencies-{code}"}
        return denied(name, policy, *signed, *pieces, findings=found, trick=trick, naive=naive)

    assert other.digest is not None
    sha256 = ArtifactDigest("sha256", "00" * 32)
    above, below = package("part-above"), package("part-below")
    said, said_bare = package("part-of-a-release"), package("bare-part-of-a-release")
    hidden, strange_word = package("part-of-a-hidden-release"), package("part-of-a-strangers-release")
    round_trip, bare_round = package("in-a-circle"), package("in-a-bare-circle")
    whole = {"signed": "signature-verified"}
    longest = _chain("link", limits.COMPONENT_DEPTH)
    chain = _chain("longer-link", limits.COMPONENT_DEPTH + 1)
    return [
        admitted(
            "parts-signed",
            "parts",
            *signed,
            lists(part(good)),
            findings={"parts": "dependencies-verified"},
            trick="none: its component is signed",
        ),
        admitted(
            "two-lists",
            "parts-two",
            *signed,
            lists(part(good)),
            lists(part(good), who="security"),
            findings={"parts": "dependencies-verified"},
            trick="none: two list the components, who do not know of one another",
        ),
        refused(
            "part-unsigned",
            "denied",
            lists(part(good), part(bare)),
            trick="one of two components is signed by nobody",
            naive="is content with one that holds, or with a signature over the list",
        ),
        refused(
            "part-by-a-stranger",
            "denied",
            *of(strange, by("mallory")),
            lists(part(strange)),
            trick="a stranger has signed the component",
            naive="asks whether it is signed",
        ),
        refused(
            "part-of-other-bytes",
            "denied",
            lists(part(good, other.digest)),
            trick="the component has the name of a signed package, and other bytes",
            naive="looks components up by name and version",
        ),
        refused(
            "part-within-a-part",
            "denied",
            lists(_nested(good, bare)),
            trick="the unsigned component stands within a signed one",
            naive="reads the outer list only",
        ),
        refused(
            "part-under-its-own-name",
            "denied",
            lambda subject: lists(part(good), part(subject, other.digest))(subject),
            trick="other bytes that go by the name of the package itself, of which the SBOM is",
            naive="leaves out what is called as the package is, for that is decided already",
        ),
        refused(
            "part-of-another-kind",
            "denied",
            *of(foreign, by("release")),
            lists(part(foreign)),
            trick="a component from another ecosystem, for which the policy of components is not made",
            naive="lets what no policy speaks of pass",
        ),
        refused(
            "clean-list-twin",
            "denied",
            lists(part(good)),
            lists(part(good), part(bare)),
            trick="a second SBOM by the same signer, in which the unsigned component does not stand",
            naive="is content with one that fits",
        ),
        refused(
            "part-without-digest",
            "unresolved",
            lists(component("good-part", purl=str(good.purl))),
            trick="a component with the name of a signed package, and no digest",
            naive="takes whichever artifact of that name there is",
        ),
        refused(
            "part-by-another-hash",
            "unresolved",
            lists(part(good, sha256)),
            trick="a digest of another algorithm than that by which its ecosystem names it",
            naive="takes it for no digest, and the name for enough",
        ),
        refused(
            "part-without-purl",
            "unresolved",
            lists({"type": "library", "bom-ref": "left", "name": "left", "version": "1.0.0"}),
            trick="a component without a purl, so that nothing can be looked up",
            naive="skips what it cannot look up",
        ),
        refused(
            "part-without-purl-below-it-all",
            "unresolved",
            lists(part(good), {"type": "operating-system", "bom-ref": "os", "name": "os", "version": "1"}),
            trick="an operating system among the components, without a purl",
            naive="looks at libraries only",
        ),
        refused(
            "part-beside-the-package",
            "denied",
            lambda subject: by("release", names.PREDICATE_SPDX, _describing(subject, bare, lists=good))(subject),
            trick="the SBOM describes two packages: the one it is of, and another that is signed by nobody",
            naive="takes all that is described for the package itself",
        ),
        refused(
            "part-in-the-place-of-the-package",
            "unresolved",
            lambda subject: by("release", CYCLONEDX, bom(bare, [part(good)]))(subject),
            trick="the SBOM describes another package, by name alone",
            naive="looks at what is listed, and not at what that is said to be of",
        ),
        admitted(
            "part-said-which-file",
            "parts-released",
            *of(said, by("release")),
            released(said),
            lists(_loose(said)),
            findings={"parts": "dependencies-verified"},
            trick="none: a component without a digest, and the releaser's word which file it is",
        ),
        denied(
            "part-said-to-be-a-bare-file",
            "parts-released",
            released(said_bare),
            lists(_loose(said_bare)),
            findings={"parts": "dependencies-denied"},
            trick="the releaser says which file the component is, and nobody signed that",
            naive="is content with the release statement",
        ),
        doubtful(
            "part-of-which-the-word-is-hidden",
            "parts-released",
            *of(good, by("release")),
            lists(part(good), _loose(hidden)),
            findings={"parts": "dependencies-inconclusive"},
            trick="the store does not show which file a component is, whose file nobody signed",
            naive="takes what it was not shown for what nobody said, which may pass",
        ),
        doubtful(
            "part-of-which-a-stranger-says",
            "parts-released",
            *of(strange_word, by("release")),
            released(strange_word, "mallory"),
            lists(_loose(strange_word)),
            findings={"parts": "dependencies-inconclusive"},
            trick="a stranger says which file a component is",
            naive="asks whether somebody says it",
        ),
        refused(
            "no-parts",
            "malformed",
            lists(),
            trick="an SBOM that lists nothing",
            naive="finds that all of them are admitted: there is none",
        ),
        refused(
            "parts-by-a-stranger",
            "missing",
            lists(part(good), who="mallory"),
            trick="a stranger says what it is made of, and leaves out the rest",
            naive="reads whichever SBOM there is",
        ),
        refused(
            "one-list-twice",
            "threshold",
            lists(part(good)),
            lambda subject: by("release", CYCLONEDX, bom(subject, [part(good)]), note="again")(subject),
            policy="parts-two",
            trick="two SBOMs by one signer, where two signers are asked for",
            naive="counts documents",
        ),
        admitted(
            "in-a-circle",
            "tree",
            by("release"),
            *of(package("circle"), by("release"), lists(part(round_trip))),
            lists(part(package("circle"))),
            findings=whole | {"parts": "dependencies-verified"},
            trick="none: two packages that need one another, both signed",
        ),
        denied(
            "in-a-bare-circle",
            "tree",
            by("release"),
            *of(package("bare-circle"), lists(part(bare_round))),
            lists(part(package("bare-circle"))),
            findings=whole | {"parts": "dependencies-denied"},
            trick="two packages that need one another, of which one is not signed",
            naive="takes for admitted what it is deciding just now, and stays with it",
        ),
        denied(
            "unsigned-far-below",
            "tree",
            by("release"),
            lists(part(above)),
            *of(above, by("release"), lists(part(below))),
            *of(below, by("release"), lists(part(bare))),
            findings=whole | {"parts": "dependencies-denied"},
            trick="what is unsigned is a component of a component of a component",
            naive="looks at one level, or decides from above and stays with it",
        ),
        admitted(
            "deep-enough",
            "tree",
            by("release"),
            lists(part(longest[0])),
            *_linked(longest),
            findings=whole | {"parts": "dependencies-verified"},
            trick="none: components of components, as deep as is looked",
        ),
        doubtful(
            "too-deep",
            "tree",
            by("release"),
            lists(part(chain[0])),
            *_linked(chain),
            findings=whole | {"parts": "dependencies-inconclusive"},
            trick="components of components, deeper than is looked",
            naive="admits what it did not look at, or never comes to an end",
        ),
    ]
