"""Where an imported attestation belongs, which form a document has, and what PyPI takes back."""

from __future__ import annotations

import base64
import copy
import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from attest import limits, names
from attest.errors import UsageError
from attest.evidence.binding import Binding
from attest.evidence.imports.export import export
from attest.evidence.imports.hang import referrer_of
from attest.evidence.imports.model import Form, Item, Malformed
from attest.evidence.imports.place import Placement, place
from attest.evidence.imports.pypi import write_attestation
from attest.evidence.imports.read import read
from attest.evidence.lookup import subject_of
from attest.evidence.model import Candidate, Subject
from attest.evidence.signed import SignedBundle, SimplySigned
from attest.packages.digest import ArtifactDigest
from attest.packages.purl import Purl
from attest.signing.bundle import Bundle
from tests.evidence import published
from tests.evidence_factory import CYCLONEDX, SUBJECT, bundle_of, signed, unsigned
from tests.signing.sigstore import forge
from tests.signing.sigstore.forge import keyless

GEM = b"the bytes of a gem"
BY_SHA256 = ArtifactDigest("sha256", hashlib.sha256(GEM).hexdigest())
BY_SHA512 = ArtifactDigest("sha512", hashlib.sha512(GEM).hexdigest())
HERE = subject_of(Purl.parse("pkg:gem/a@1"), BY_SHA256, read_from_file=True)
NPM_HERE = subject_of(Purl.parse("pkg:npm/a@1.0.0"), BY_SHA512, read_from_file=True)
SIGSTORE = forge.Sigstore()


def parts(value: Any) -> tuple[Item | Malformed, ...]:
    return read(value if isinstance(value, bytes) else json.dumps(value).encode(), "source").parts


def only(value: Any) -> Item:
    (part,) = parts(value)
    assert isinstance(part, Item), part
    return part


def over_gem(edit: Callable[[dict[str, Any]], None] = lambda _: None) -> Item:
    value = copy.deepcopy(published.message_bundle(GEM))
    edit(value)
    return Item("w", Bundle.parse(json.dumps(value).encode()))


def bindings(item: Item, *subjects: Subject) -> list[Binding] | str:
    found = place(item, subjects)
    return found if isinstance(found, str) else [item.binding for item in found]


def by_digest(algorithm: str, digest: bytes) -> Callable[[dict[str, Any]], None]:
    def edit(value: dict[str, Any]) -> None:
        value["verificationMaterial"]["tlogEntries"] = []
        value["messageSignature"]["messageDigest"] = {
            "algorithm": algorithm,
            "digest": base64.b64encode(digest).decode(),
        }

    return edit


def test_by_what_it_says_it_is_over() -> None:
    assert bindings(over_gem(by_digest("SHA2_256", hashlib.sha256(GEM).digest())), HERE) == [Binding.BYTES]
    assert bindings(over_gem(by_digest("SHA2_512", hashlib.sha512(GEM).digest())), NPM_HERE) == [Binding.BYTES]
    for algorithm in ("SHA2_384", "SHA3_256", ""):
        reason = bindings(over_gem(by_digest(algorithm, b"x" * 48)), HERE)
        assert str(reason).startswith("not a digest of what is signed")


def test_a_file_signature_says_nothing_about_an_image() -> None:
    image = replace(HERE, purl=None, digest=None)
    assert bindings(over_gem(), image) == f"it signs {BY_SHA256}, which says nothing about None"


def without_digest(value: dict[str, Any]) -> None:
    del value["messageSignature"]["messageDigest"]


def without_entries(value: dict[str, Any]) -> None:
    del value["verificationMaterial"]["tlogEntries"]


def without_body(value: dict[str, Any]) -> None:
    del value["verificationMaterial"]["tlogEntries"][0]["canonicalizedBody"]


def with_entries(*entries: object) -> Callable[[dict[str, Any]], None]:
    return lambda value: value["verificationMaterial"].update(tlogEntries=list(entries))


def logged(algorithm: str, encoded: str) -> Callable[[dict[str, Any]], None]:
    body = {"spec": {"data": {"hash": {"algorithm": algorithm, "value": encoded}}}}

    def edit(value: dict[str, Any]) -> None:
        entry = value["verificationMaterial"]["tlogEntries"][0]
        entry["canonicalizedBody"] = base64.b64encode(json.dumps(body).encode()).decode()

    return edit


def both(*edits: Callable[[dict[str, Any]], None]) -> Callable[[dict[str, Any]], None]:
    def edit(value: dict[str, Any]) -> None:
        for one in edits:
            one(value)

    return edit


@pytest.mark.parametrize(
    ("edit", "found"),
    [
        (without_digest, [Binding.BYTES]),
        (without_entries, [Binding.BYTES]),
        (without_body, [Binding.BYTES]),
        (with_entries(1, "x", None), [Binding.BYTES]),
        (with_entries({"canonicalizedBody": "!!"}, {"canonicalizedBody": "e30="}), [Binding.BYTES]),
        (both(without_digest, without_entries), "it does not say what it signs"),
        (both(without_digest, without_body), "it does not say what it signs"),
        (logged("sha256", "1a" * 32), f"it signs sha256:{'1a' * 32} and {BY_SHA256}, not {BY_SHA256}"),
        (
            logged("sha512", BY_SHA512.hex),
            f"it signs {BY_SHA256} and {BY_SHA512}, which says nothing about {BY_SHA256}",
        ),
        (both(without_digest, logged("sha512", BY_SHA512.hex)), f"it signs {BY_SHA512}, which says nothing"),
        (logged("sha1", "1a" * 20), "not a digest of what is signed"),
        (logged("sha256", "xy"), "not a digest of what is signed"),
    ],
)
def test_a_log_entry_and_the_bundle_say_the_same_or_nothing(
    edit: Callable[[dict[str, Any]], None], found: list[Binding] | str
) -> None:
    answer = bindings(over_gem(edit), HERE)
    if isinstance(found, str):
        assert isinstance(answer, str)
        assert answer.startswith(found)
    else:
        assert answer == found


def says(*subjects: dict[str, Any]) -> Item:
    statement = {
        "_type": names.STATEMENT_V1,
        "subject": list(subjects),
        "predicateType": "https://x.example/v1",
        "predicate": {},
    }
    return Item("w", keyless(SIGSTORE, payload=json.dumps(statement).encode()).bundle())


def test_packages_that_signed_content_names_itself() -> None:
    named = {"name": "pkg:gem/a@1", "digest": {"sha256": BY_SHA256.hex}}
    other = {"name": "pkg:npm/b@1.0.0", "digest": {"sha256": "2b" * 32}}
    found = place(says(other, named, {"name": "a-1.gem", "digest": {"sha256": "1a" * 32}}), [])
    assert isinstance(found, list)
    assert [str(item.subject) for item in found] == ["pkg:gem/a@1"]
    assert bindings(says(other)) == "the signed content names no package; say which one it is about"
    assert bindings(says({"name": "a-1.gem", "digest": {"sha256": BY_SHA256.hex}})) == (
        "the signed content names no package; say which one it is about"
    )


def test_repairs_are_made_entry_by_entry() -> None:
    value = published.message_bundle(GEM)
    (entry,) = value["verificationMaterial"]["tlogEntries"]
    value["verificationMaterial"]["tlogEntries"] = [entry, {**entry, "logIndex": "2"}]
    value["verificationMaterial"]["tlogEntries"][0]["kindVersion"] = {"kind": "as it says", "version": "0.0.7"}
    bad = copy.deepcopy(value)
    del bad["verificationMaterial"]["tlogEntries"][1]["kindVersion"]
    item = only([bad])
    assert json.loads(item.bundle.raw)["verificationMaterial"] == value["verificationMaterial"]
    assert item.notes == ("repaired: a log entry did not say its kind",)
    bad["verificationMaterial"]["tlogEntries"].insert(0, 1)
    assert [type(part) for part in parts([bad, value])] == [Malformed, Item]


def test_what_is_no_attestation_object_hides_none() -> None:
    good = published.pypi(published.RFC8785)
    first, second = parts([good, 1])
    assert isinstance(first, Item)
    assert second == Malformed("source[1]", "not an attestation object: it is no JSON object")


def test_an_index_that_says_nothing_of_the_publisher() -> None:
    provenance = published.pypi(published.PROVENANCE)
    del provenance["attestation_bundles"][0]["publisher"]
    assert only(provenance).notes == ()


def test_what_is_signed_is_no_statement_of_pypis() -> None:
    with pytest.raises(UsageError, match="it holds no in-toto statement"):
        write_attestation(keyless(SIGSTORE, kind="hashedrekord 0.0.1", file=b"x").bundle())
    with pytest.raises(UsageError, match="it holds no in-toto statement"):
        write_attestation(keyless(SIGSTORE, payload_type="text/x").bundle())


def test_only_a_timestamp_would_be_lost_on_the_way_to_pypi() -> None:
    (item,) = parts(published.pypi(published.RFC8785))
    assert isinstance(item, Item)
    value = json.loads(item.bundle.raw)
    nothing: list[dict[str, list[str]]] = [{}, {"rfc3161Timestamps": []}]
    for timestamps in nothing:
        value["verificationMaterial"]["timestampVerificationData"] = timestamps
        assert write_attestation(Bundle.parse(json.dumps(value).encode())) == published.pypi(published.RFC8785)
    value["verificationMaterial"]["timestampVerificationData"] = {"rfc3161Timestamps": [{"signedTimestamp": "MAA="}]}
    with pytest.raises(UsageError, match="it has timestamps, which would be lost"):
        write_attestation(Bundle.parse(json.dumps(value).encode()))


@pytest.mark.parametrize(
    ("write", "form", "number"),
    [
        (lambda one: one, Form.BUNDLE, 1),
        (lambda one: one.replace(b"},", b"}\n,", 1), Form.BUNDLE, 1),
        (lambda one: one.replace(b"{", b"{\n", 1), Form.BUNDLE, 1),
        (lambda one: b"[\n" + one + b"\n]", Form.BUNDLES, 1),
        (lambda one: b"[" + one + b",\n" + one + b"]", Form.BUNDLES, 2),
        (lambda one: one + b"\n" + one, Form.BUNDLES, 2),
        (lambda one: b"\n" + one + b" \r\n " + one + b"\n", Form.BUNDLES, 2),
    ],
)
def test_lines_of_bundles_and_lines_of_one(write: Callable[[bytes], bytes], form: Form, number: int) -> None:
    document = read(write(json.dumps(published.message_bundle(GEM)).encode()), "source")
    assert (document.form, [type(part) for part in document.parts]) == (form, [Item] * number)


def test_what_is_among_attestations_and_none() -> None:
    document = read(json.dumps({"attestations": ["predicateType", 1]}).encode(), "source")
    assert document.form is Form.GITHUB
    assert [type(part) for part in document.parts] == [Malformed, Malformed]


def test_an_empty_line_is_called_so() -> None:
    line = json.dumps(published.message_bundle(GEM)).encode()
    _, _, empty, _ = parts(b"\n".join((line, line, b" ", line)))
    assert empty == Malformed("source: line[2]", "an empty line")


def offered(content: Any) -> Candidate:
    return replace(signed("release"), signed=content)


def test_what_pypi_does_not_take() -> None:
    statement = {
        "_type": names.STATEMENT_V1,
        "subject": [{"name": "left_pad-1.3.0.tar.gz", "digest": {"sha256": BY_SHA256.hex}}],
        "predicateType": names.PREDICATE_PYPI_PUBLISH,
        "predicate": None,
    }
    subject = subject_of(Purl.parse("pkg:pypi/left-pad@1.3.0"), BY_SHA256)

    def of(name: str | None = "left_pad-1.3.0.tar.gz") -> Candidate:
        named = {} if name is None else {"name": name}
        value = {**statement, "subject": [{**named, "digest": {"sha256": BY_SHA256.hex}}]}
        return offered(SignedBundle(keyless(SIGSTORE, payload=json.dumps(value).encode()).bundle()))

    (good,), left = export([of()], subject)
    assert (good.file_name, left) == ("left_pad-1.3.0.tar.gz.publish.attestation", [])
    message = keyless(SIGSTORE, kind="hashedrekord 0.0.1", file=GEM).bundle()
    reasons = {
        "not a signed statement": [
            unsigned("text/x", CYCLONEDX),
            offered(SignedBundle(message)),
            offered(SimplySigned(GEM, message)),
        ],
        "this bundle has no form as an attestation of PyPI: it has no single certificate": [
            offered(SignedBundle(bundle_of(signed("release"))))
        ],
        "its subject is not the name of a distribution: 'x/left_pad-1.3.0.tar.gz'": [of("x/left_pad-1.3.0.tar.gz")],
        "its subject is not the name of a distribution: 'x\\\\left_pad-1.3.0.tar.gz'": [of("x\\left_pad-1.3.0.tar.gz")],
        "its subject is not the name of a distribution: 'left-pad'": [of("left-pad")],
        "its subject is not the name of a distribution: ''": [of(None)],
        "its subject is not the name of a distribution: 'left_pad-1.3.0-1/2-py3-none-any.whl'": [
            of("left_pad-1.3.0-1/2-py3-none-any.whl")
        ],
        "its subject is not the name of a distribution: 'left_pad-1.3.0-1\\\\2-py3-none-any.whl'": [
            of("left_pad-1.3.0-1\\2-py3-none-any.whl")
        ],
        "not about pkg:pypi/left-pad@1.3.0: the signed content names another package: pkg:pypi/right-pad@1.3.0": [
            of("right_pad-1.3.0.tar.gz")
        ],
    }
    for reason, candidates in reasons.items():
        found, left = export([*candidates, of()], subject)
        assert [item.file_name for item in found] == [good.file_name]
        assert left == [f"{item.digest}: {reason}" for item in candidates]


def test_what_is_small_is_written_inline_too(monkeypatch: pytest.MonkeyPatch) -> None:
    item = over_gem()
    for limit, inline in ((len(item.bundle.raw), True), (len(item.bundle.raw) - 1, False)):
        monkeypatch.setattr(limits, "INLINE_DATA", limit)
        _, layer = referrer_of(Placement(item, SUBJECT, Binding.BYTES, None))
        assert (layer.data is not None) is inline
