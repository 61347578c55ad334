"""What goes along with a policy into a registry and comes out of it, how much of it at most, and from where not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from attest import limits, names
from attest.errors import FormatError, PolicyError, UsageError, VerificationError
from attest.evidence.attach import attach_bundle
from attest.evidence.model import Candidate, Subject
from attest.oci.descriptor import EMPTY, EMPTY_BYTES, Descriptor
from attest.oci.digest import Digest
from attest.oci.manifest import Manifest, write_image
from attest.policy import publisher_lock
from attest.policy.carried import check_inside, needed
from attest.policy.fetching import Fetching
from attest.policy.published import check_signed, pull, push
from attest.policy.publisher_lock import write
from attest.statements.lifecycle import Evidence, Revocation
from attest.stores.memory import MemoryStore
from tests.evidence_factory import NOW, PURL, bundle_of, key, signed
from tests.policy.conftest import HEAD, PINNED
from tests.policy.test_absence import said as lifecycle_statement

SIGNED = "rules:\n  - {id: signed, require: signature, by: [release]}\n"
REPOSITORY = "team/policy"

Put = Callable[..., Path]


@pytest.fixture
def put(tmp_path: Path) -> Put:
    """Files in a folder, where the keys of `HEAD` lie, too; the first of them."""
    folder = tmp_path / "own"
    folder.mkdir()
    for name in ("release", "security", "builder"):
        (folder / f"{name}.pub").write_bytes(key(name).public.pem())

    def write_all(files: dict[str, str]) -> Path:
        for name, text in files.items():
            (folder / name).parent.mkdir(exist_ok=True, parents=True)
            (folder / name).write_text(text, "utf-8")
        return folder / next(iter(files))

    return write_all


def told(policy: Path) -> list[str]:
    """The names of all that is needed, in order."""
    return [path.relative_to(policy.parent.resolve()).as_posix() for path in needed(policy)]


def test_the_policy_is_first_and_then_what_it_names(put: Put) -> None:
    path = put({"gate.yaml": HEAD + SIGNED})
    assert told(path) == ["gate.yaml", "release.pub", "security.pub", "builder.pub"]
    assert needed(path)[path.resolve()] == path.read_bytes()
    assert needed(path)[path.parent.resolve() / "release.pub"] == key("release").public.pem()


def test_what_is_in_a_registry_stays_there_and_what_follows_is_still_named(put: Put) -> None:
    elsewhere = f"oci:registry.example/x@sha256:{'0' * 64}"
    path = put({"gate.yaml": f'version: 1\nname: g\nextends: ["{elsewhere}", base.yaml]\n', "base.yaml": HEAD + SIGNED})
    assert told(path) == ["gate.yaml", "base.yaml", "release.pub", "security.pub", "builder.pub"]


def test_a_directory_of_policies_and_one_of_certificates(put: Put) -> None:
    store = f"{HEAD}  notary: {{x509: 'C=US, ST=WA, O=Acme', ca: certificates}}\n{SIGNED}"
    path = put(
        {
            "gate.yaml": "version: 1\nname: g\nextends: parts\n",
            "parts/b.yaml": "version: 1\nname: b\n",
            "parts/a.yml": store.replace(".pub", ".pub").replace("{key: ", "{key: ../"),
            "parts/notes.txt": "not a policy",
            "parts/certificates/x/one.pem": "1",
            "parts/certificates/two.pem": "2",
        }
    )
    assert told(path) == [
        "gate.yaml",
        "parts/a.yml",
        "release.pub",
        "security.pub",
        "builder.pub",
        "parts/certificates/two.pem",
        "parts/certificates/x/one.pem",
        "parts/b.yaml",
    ]


ROOTED = HEAD.replace("{keys_only: true}", "{root: trust/root.json}") + SIGNED


def test_a_trust_root_in_a_file_goes_along(put: Put) -> None:
    path = put({"gate.yaml": ROOTED, "trust/root.json": "{}"})
    assert told(path) == ["gate.yaml", "trust/root.json", "release.pub", "security.pub", "builder.pub"]
    named = put({"named.yaml": ROOTED.replace("trust/root.json", "public-good")})
    assert told(named) == ["named.yaml", "release.pub", "security.pub", "builder.pub"]


def test_a_trust_root_is_not_whatever_lies_here(put: Put, tmp_path: Path) -> None:
    (tmp_path / "root.json").write_text("{}")
    for written, what in (("../root.json", "a path leads out"), ("none.json", "came without a file")):
        path = put({"gate.yaml": ROOTED.replace("trust/root.json", written)})
        with pytest.raises(PolicyError, match=what) as refused:
            check_inside(path, path.parent, "oci:x")
        assert (refused.value.where, refused.value.why) == ("oci:x/gate.yaml:4", written)


def test_a_lock_goes_along_where_it_is_looked_into(put: Put) -> None:
    lock = {publisher_lock.FILE: write({PURL.package: PINNED}).decode()}
    by_name = HEAD + SIGNED.replace("[release]", "publisher")
    keys = ["release.pub", "security.pub", "builder.pub"]
    assert told(put({"gate.yaml": HEAD + SIGNED, **lock})) == ["gate.yaml", *keys]
    assert told(put({"named.yaml": by_name})) == ["named.yaml", *keys, publisher_lock.FILE]


def test_a_lock_is_not_read_as_a_policy(put: Put, monkeypatch: pytest.MonkeyPatch) -> None:
    """It may be larger than one; whether it is there is asked by whoever reads the policy."""
    by_name = HEAD + SIGNED.replace("[release]", "publisher")
    assert told(put({"named.yaml": by_name})) == ["named.yaml", "release.pub", "security.pub", "builder.pub"]
    lock = write({replace(PURL, name=f"p{number}").package: PINNED for number in range(9)})
    path = put({"named.yaml": by_name, publisher_lock.FILE: lock.decode()})
    monkeypatch.setattr(limits, "POLICY", len(by_name))
    assert len(lock) > 3 * len(by_name)
    assert needed(path)[path.parent.resolve() / publisher_lock.FILE] == lock


def test_a_policy_that_names_itself_is_needed_once(put: Put) -> None:
    tree = "  - {id: parts, require: dependencies, by: [release], policy: gate.yaml}\n"
    path = put({"gate.yaml": HEAD + SIGNED + tree})
    assert told(path) == ["gate.yaml", "release.pub", "security.pub", "builder.pub"]


def test_links_to_directories_are_not_followed(put: Put) -> None:
    text = f"{HEAD}  notary: {{x509: 'C=US, ST=WA, O=Acme', ca: certificates}}\n{SIGNED}"
    path = put({"gate.yaml": text, "certificates/one.pem": "1", "other/two.pem": "2"})
    for name, to in (("again", "certificates"), ("other", "other")):
        (path.parent / "certificates" / name).symlink_to(path.parent / to)
    assert told(path) == ["gate.yaml", "release.pub", "security.pub", "builder.pub", "certificates/one.pem"]


def test_how_many_and_how_much(put: Put, monkeypatch: pytest.MonkeyPatch) -> None:
    path = put({"gate.yaml": HEAD + SIGNED})
    size = sum(map(len, needed(path).values()))
    monkeypatch.setattr(limits, "POLICY_FILES", 4)
    monkeypatch.setattr(limits, "POLICY_CARRIED", size)
    assert len(needed(path)) == 4
    monkeypatch.setattr(limits, "POLICY_FILES", 3)
    with pytest.raises(PolicyError, match="needs too many files") as refused:
        needed(path)
    assert refused.value.why == f"at most 3 with {size} bytes"
    assert refused.value.where == f"{path.resolve()}:8"
    monkeypatch.setattr(limits, "POLICY_FILES", 4)
    monkeypatch.setattr(limits, "POLICY_CARRIED", size - 1)
    with pytest.raises(PolicyError, match="needs too many files"):
        needed(path)


def test_a_large_file_is_refused_and_not_cut(put: Put, monkeypatch: pytest.MonkeyPatch) -> None:
    path = put({"gate.yaml": HEAD + SIGNED})
    monkeypatch.setattr(limits, "POLICY_CARRIED", len(path.read_bytes()) + 1)
    (path.parent / "release.pub").write_bytes(b"x" * 10_000)
    with pytest.raises(PolicyError, match="needs too many files"):
        needed(path)


def test_what_is_not_there(put: Put) -> None:
    path = put({"gate.yaml": HEAD.replace("release.pub", "none.pub") + SIGNED})
    with pytest.raises(PolicyError, match="cannot read what the policy names") as refused:
        needed(path)
    assert refused.value.where == f"{path.resolve()}:6"
    assert refused.value.why == f"{path.parent.resolve()}/none.pub: No such file or directory"


def test_what_is_pulled_needs_nothing_from_elsewhere(put: Put, tmp_path: Path) -> None:
    path = put({"gate.yaml": HEAD + SIGNED})
    check_inside(path, path.parent, "oci:x")
    (tmp_path / "stray.pub").write_bytes(key("release").public.pem())
    for written in ("../stray.pub", str(tmp_path / "stray.pub")):
        put({"gate.yaml": HEAD.replace("release.pub", written) + SIGNED})
        with pytest.raises(PolicyError, match="a path leads out of the policy") as refused:
            check_inside(path, path.parent, "oci:x")
        assert (refused.value.where, refused.value.why) == ("oci:x/gate.yaml:6", written)
    put({"gate.yaml": HEAD.replace("release.pub", f"{path.parent}/release.pub") + SIGNED})
    with pytest.raises(PolicyError, match="an absolute path"):
        check_inside(path, path.parent, "oci:x")
    (path.parent / "link.pub").symlink_to(tmp_path / "stray.pub")
    put({"gate.yaml": HEAD.replace("release.pub", "link.pub") + SIGNED})
    with pytest.raises(PolicyError, match="a path leads out of the policy"):
        check_inside(path, path.parent, "oci:x")


def test_there_and_back(tmp_path: Path) -> None:
    store, files = MemoryStore(), {"z.pub": b"z", "keys/a.pub": b"a"}
    manifest = push(store, REPOSITORY, ("deep/gate.yaml", b"policy"), files)
    titles = [layer.annotations[names.ANNOTATION_TITLE] for layer in manifest.layers]
    assert titles == ["deep/gate.yaml", "keys/a.pub", "z.pub"]
    assert [layer.media_type for layer in manifest.layers] == [names.POLICY_DOCUMENT, *[names.POLICY_FILE] * 2]
    assert (manifest.artifact_type, manifest.layers[0].size) == (names.POLICY, 6)
    assert push(store, REPOSITORY, ("deep/gate.yaml", b"policy"), files).digest == manifest.digest
    for folder in (tmp_path / "1", tmp_path / "2"):
        folder.mkdir()
        assert pull(store, REPOSITORY, manifest.descriptor(), folder) == folder / "deep/gate.yaml"
        assert {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*.*")} == {
            "deep/gate.yaml": b"policy",
            **files,
        }


def layer(title: str, media_type: str = names.POLICY_FILE, data: bytes = b"x") -> Descriptor:
    return Descriptor(media_type, Digest.of(data), len(data), {names.ANNOTATION_TITLE: title})


def refused(*layers: Descriptor, artifact_type: str = names.POLICY) -> FormatError:
    store = MemoryStore()
    store.push(REPOSITORY, EMPTY, EMPTY_BYTES)
    for item in layers:
        store.push(REPOSITORY, item.plain(), b"x" * item.size)
    manifest = write_image(artifact_type=artifact_type, config=EMPTY, layers=layers or [EMPTY])
    store.push(REPOSITORY, manifest.descriptor(), manifest.raw)
    with pytest.raises(FormatError) as error:
        pull(store, REPOSITORY, manifest.descriptor(), Path("/nonexistent"))
    return error.value


FIRST = layer("gate.yaml", names.POLICY_DOCUMENT)


def test_what_is_no_policy() -> None:
    assert refused(FIRST, artifact_type="application/x").what == "not a policy"
    assert refused(layer("gate.yaml")).what == "not a policy"
    assert refused().what == "not a policy"
    assert refused(FIRST, layer("a", "application/x")).what == "a policy with a layer of another type"
    assert refused(FIRST, layer("gate.yaml")).what == "a policy with two files of one name"
    assert refused(FIRST, layer("a", names.POLICY_DOCUMENT)).what == "a policy with a layer of another type"


@pytest.mark.parametrize("title", ["../a", "a/../b", "/a", ".", "", "a//b", "a/", "./a", "a\\b", "a\0b", "a/.."])
def test_titles_that_are_no_relative_paths(title: str) -> None:
    error = refused(FIRST, layer(title))
    assert (error.what, error.why) == ("not a relative path", repr(title))


def test_how_much_is_carried(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(limits, "POLICY_FILES", 2)
    monkeypatch.setattr(limits, "POLICY_CARRIED", 6)
    store = MemoryStore()
    manifest = push(store, REPOSITORY, ("gate.yaml", b"policy"), {"a": b""})
    pull(store, REPOSITORY, manifest.descriptor(), tmp_path)
    with pytest.raises(FormatError, match="the policy carries too much") as many:
        push(store, REPOSITORY, ("gate.yaml", b"x"), {"a": b"", "b": b""})
    assert many.value.why == "3 files with 1 bytes; at most 2 and 6"
    with pytest.raises(FormatError, match="the policy carries too much"):
        push(store, REPOSITORY, ("gate.yaml", b"policy"), {"a": b"1"})


def about(manifest: Manifest, make: Callable[[Subject], Candidate], store: MemoryStore) -> Digest:
    """Attach what is made about the policy; by which digest it is found."""
    candidate = make(Subject(manifest.descriptor(), name=str(manifest.digest)))
    return attach_bundle(
        store,
        REPOSITORY,
        manifest.descriptor(),
        bundle_of(candidate).raw,
        predicate_type=candidate.claims or "",
        created=NOW,
    ).digest


def test_whose_signature_is_wanted() -> None:
    store = MemoryStore()
    manifest = push(store, REPOSITORY, ("gate.yaml", b"policy"), {})
    wanted = key("release").public

    def check() -> None:
        check_signed(store, REPOSITORY, manifest.descriptor(), wanted, now=NOW)

    def said() -> str | None:
        with pytest.raises(VerificationError, match="is not signed by the key that was named") as error:
            check()
        assert error.value.expected == f"a signature by key sha256:{wanted.fingerprint}"
        return error.value.found

    assert said() == "nothing attached"
    about(manifest, lambda subject: signed("builder", subject=subject), store)
    assert said() == "1 that are none"
    about(manifest, lambda subject: signed("release", "https://acme.example/other", {}, subject=subject), store)
    assert said() == "2 that are none"
    good = about(manifest, lambda subject: signed("release", subject=subject), store)
    check()
    taken_back = Revocation(NOW, (Evidence(good, None),), "the key leaked")
    about(manifest, lambda _: lifecycle_statement("security", taken_back, anchors=(manifest.digest,)), store)
    check()
    about(manifest, lambda _: lifecycle_statement("release", taken_back, anchors=(manifest.digest,)), store)
    assert said() == "5 that are none"


def test_a_reference_needs_a_digest_and_a_network() -> None:
    with Fetching(offline=True) as fetching:
        with pytest.raises(UsageError, match="a policy in a registry without a digest") as tagged:
            fetching.fetch("oci:registry.example/a/b:v1")
        assert tagged.value.where == "oci:registry.example/a/b:v1"
        with pytest.raises(UsageError, match="needs a network"):
            fetching.fetch(f"oci:registry.example/a/b@sha256:{'0' * 64}")
        with pytest.raises(UsageError, match="needs a network"):
            fetching.fetch_signed("oci:registry.example/a/b:v1", key("release").public, NOW)
        with pytest.raises(UsageError) as malformed:
            fetching.fetch("oci:registry.example/A B")
        assert malformed.value.next_step == "write oci:HOST/REPO@sha256:…"


def test_a_policy_that_is_not_there(put: Put) -> None:
    path = put({"gate.yaml": "version: 1\nname: g\nextends: none.yaml\n"})
    for missing in (path, path.parent / "other.yaml"):
        with pytest.raises(PolicyError, match="cannot read the policy") as error:
            needed(missing)
        assert error.value.why == "No such file or directory"
