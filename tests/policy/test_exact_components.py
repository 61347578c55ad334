"""Which file each component of an SBOM is, in whose words it is told, and in which order."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from attest.packages.digest import ArtifactDigest
from attest.packages.purl import Purl
from attest.policy.components import Answer, Components, Decided, Part, parts_of
from attest.statements.bom import Component, Sbom
from tests.evidence_factory import DIGEST, PURL, SUBJECT

SHA256, SHA512 = ArtifactDigest("sha256", "cd" * 32), ArtifactDigest("sha512", "ef" * 64)
POLICY, OTHER = Path("/policies/parts.yaml"), Path("/policies/other.yaml")


def parts(*components: Component) -> tuple[Part, ...]:
    return parts_of(Sbom("CycloneDX", "1.6", (), components), SUBJECT)


def component(purl: str | None = None, name: str = "dep", **digests: str) -> Component:
    return Component(name, "1", purl, digests=digests)


@pytest.mark.parametrize(
    ("purl", "digests", "artifact"),
    [
        ("pkg:npm/dep@1", (SHA256, SHA512), SHA512),
        ("pkg:npm/dep@1", (SHA256,), None),
        ("pkg:pypi/dep@1", (SHA256, SHA512), SHA256),
        ("pkg:pypi/dep@1", (SHA512,), None),
        ("pkg:unheard-of/dep@1", (SHA256,), SHA256),
        ("pkg:npm/dep@1", (), None),
        (None, (SHA256, SHA512), None),
    ],
)
def test_the_digest_by_which_its_ecosystem_names_it(
    purl: str | None, digests: tuple[ArtifactDigest, ...], artifact: ArtifactDigest | None
) -> None:
    assert Part("dep", None if purl is None else Purl.parse(purl), digests).artifact == artifact


def test_only_strong_digests_are_kept_and_those_that_are_some() -> None:
    given = {"sha1": "ab" * 20, "sha512": SHA512.hex, "sha256": SHA256.hex, "md5": "ab" * 16}
    (found,) = parts(component("pkg:npm/dep@1", **given))
    assert found.digests == (SHA256, SHA512)
    (broken,) = parts(component("pkg:npm/dep@1", sha256="cd", sha512=SHA512.hex))
    assert broken.digests == (SHA512,)


@pytest.mark.parametrize(
    ("purl", "digest", "inside"),
    [
        (str(PURL), {"sha512": DIGEST.hex}, False),
        (str(PURL), {}, False),
        (str(PURL), {"sha256": SHA256.hex}, False),
        (str(PURL), {"sha512": SHA512.hex}, True),
        (f"{PURL}?arch=x", {"sha512": DIGEST.hex}, False),
        ("pkg:npm/left-pad@1.3.1", {"sha512": DIGEST.hex}, True),
        (None, {"sha512": DIGEST.hex}, True),
    ],
)
def test_the_subject_is_no_part_of_itself(purl: str | None, digest: dict[str, str], inside: bool) -> None:
    assert bool(parts(component(purl, **digest))) is inside


IMAGE = replace(SUBJECT, purl=None, digest=None, name="registry.example/app:1", image="registry.example/app")


@pytest.mark.parametrize(
    ("purl", "of_package", "of_image"),
    [
        (None, False, False),
        ("pkg:oci/app@sha256:ab", True, False),
        ("pkg:docker/app@1", True, False),
        ("pkg:npm/app@1", True, True),
        (str(PURL), False, True),
        ("not a purl", True, True),
    ],
)
def test_what_alone_is_described_is_the_subject_if_it_could_be(
    purl: str | None, of_package: bool, of_image: bool
) -> None:
    """Everything else stands in it."""
    for subject, inside in ((SUBJECT, of_package), (IMAGE, of_image)):
        dep = component("pkg:npm/dep@1")
        one = parts_of(Sbom("CycloneDX", "1.6", (component(purl, "app"),), (dep,)), subject)
        assert len(one) == 1 + inside
        two = parts_of(Sbom("CycloneDX", "1.6", (component(purl, "app"), dep), ()), subject)
        assert len(two) == 1 + (purl != str(PURL) or subject is IMAGE)


def test_each_stands_there_once_in_order() -> None:
    found = parts(component("pkg:npm/b@1"), component("pkg:npm/a@1"), component("pkg:npm/b@1?arch=x"))
    assert [part.name for part in found] == ["pkg:npm/b@1", "pkg:npm/a@1"]


def test_by_what_it_is_told() -> None:
    told = [parts(item)[0].name for item in (component("pkg:npm/A@1#x"), component(), component("no purl"))]
    assert told == ["pkg:npm/A@1", str(component()), str(component("no purl"))]
    (long,) = parts(component(name="x" * 300))
    assert long.name == "x" * 240


def test_what_came_of_each_by_policy_and_name() -> None:
    one, two, three = Part("a", None, (SHA256,)), Part("a", None, (SHA512,)), Part("b", None)
    yes, no = Decided(Answer.ADMITTED), Decided(Answer.DENIED, "why")
    found = Components({(POLICY, three): no, (OTHER, one): no, (POLICY, two): yes, (POLICY, one): yes})
    assert list(found.by(POLICY)) == [(one, yes), (two, yes), (three, no)]
    assert list(found.by(OTHER)) == [(one, no)]
    assert (found.of(OTHER, one), found.of(POLICY, one)) == (no, yes)
    unseen = found.of(OTHER, two)
    assert (unseen.answer, unseen.why) == (
        Answer.INCONCLUSIVE,
        "it was not looked at: there are too many components, or too deep",
    )


def test_answers_stand_in_the_order_of_how_bad_they_are() -> None:
    assert list(Answer) == [Answer.ADMITTED, Answer.INCONCLUSIVE, Answer.UNRESOLVED, Answer.DENIED]


@pytest.mark.parametrize("purl", [None, "pkg:npm/dep@1", "not a purl"])
@pytest.mark.parametrize("software", [True, False])
def test_what_is_no_software_is_a_part_by_its_purl_only(purl: str | None, software: bool) -> None:
    found = parts(Component("dep", "1", purl, is_software=software))
    assert bool(found) is (software or purl is not None)
