"""What a registry can do, found out by doing it with a scratch anchor that is removed again.

Only what is wholly its own is written and removed: manifests and blobs with a random label, tags with a random name.
The empty blob, which every anchor of the repository needs, stays. Every question has one answer: `YES`, `NO` when the
registry said so, and `UNKNOWN` when it could not be asked or failed for a reason of its own.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final
from urllib.parse import quote, urljoin

from attest import names
from attest.errors import FormatError, StoreError, StoreRefused, StoreUnavailable
from attest.oci import strict_json
from attest.oci.descriptor import EMPTY, EMPTY_BYTES, Descriptor
from attest.oci.digest import Digest
from attest.oci.manifest import MANIFEST_TYPES, Manifest, write_image
from attest.stores.registry.blobs import Blobs
from attest.stores.registry.capability import Api, classify
from attest.stores.registry.challenge import DELETE, PUSH, Scope
from attest.stores.registry.client import Client
from attest.stores.registry.credentials import Credentials
from attest.stores.registry.failures import codes
from attest.stores.registry.messages import Repeat, Request, Response, next_link
from attest.stores.registry.options import RegistryOptions

_TYPE: Final = "application/vnd.attest.doctor.v1"
_OTHER_TYPE: Final = "application/vnd.attest.doctor.other.v1"
_BINARY: Final = "application/octet-stream"
_CHUNK: Final = 64 * 1024


class Ability(StrEnum):
    """What is asked, in the order of the report."""

    ANCHORS = "anchors"
    EMPTY_CONFIG = "empty config"
    CUSTOM_TYPES = "custom types"
    DATA = "data field"
    SHA512 = "sha512"
    OCI_SUBJECT = "OCI-Subject"
    REFERRERS = "referrers API"
    FILTER = "referrers filter"
    PAGES = "referrers pages"
    CONDITIONAL = "conditional PUT"
    CHUNKED = "chunked upload"
    MOUNT = "mount"
    TAG_PAGES = "tags pages"
    DELETE = "delete"
    DELETE_TAG = "delete tags"


class Answer(StrEnum):
    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Finding:
    """``detail`` is what the registry said, where it said anything worth repeating."""

    ability: Ability
    answer: Answer
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Examination:
    """One finding an ability; ``left`` are the scratch manifests and tags that could not be removed."""

    registry: str
    repository: str
    findings: tuple[Finding, ...]
    left: tuple[str, ...]


def examine(host: str, repository: str, options: RegistryOptions, credentials: Credentials) -> Examination:
    """Ask a registry everything. Raises `StoreRefused` where nothing may be written, and `StoreUnavailable`."""
    client = Client(host, options, credentials)
    try:
        return _Examiner(client, repository, options).run()
    finally:
        client.close()


class _Examiner:
    """The questions, the answers so far, and what has been written."""

    def __init__(self, client: Client, repository: str, options: RegistryOptions) -> None:
        self._client = client
        self._repository = repository
        self._blobs = Blobs(client, options)
        self._label = secrets.token_hex(8)
        self._name = client.scoped(repository)
        self._config: tuple[Descriptor, bytes] = EMPTY, EMPTY_BYTES
        self._found: dict[Ability, Finding] = {}
        self._manifests: list[str] = []
        self._tags: list[str] = []
        self._scratch_blobs: list[Digest] = []

    def run(self) -> Examination:
        self._blobs.push(self._repository, EMPTY, EMPTY_BYTES)
        try:
            self._ask(Ability.ANCHORS, self._anchors)
            self._ask(Ability.EMPTY_CONFIG, lambda: self._put_manifest(self._image("empty")))
            self._ask(Ability.CUSTOM_TYPES, self._custom_types)
            self._choose_form()
            self._ask(Ability.DATA, self._data)
            self._ask(Ability.SHA512, self._sha512)
            self._referrers()
            self._ask(Ability.CHUNKED, self._chunked)
            self._ask(Ability.MOUNT, self._mount)
            self._tagged()
        finally:
            left = self._remove()
        findings = tuple(self._found.get(ability, Finding(ability, Answer.UNKNOWN)) for ability in Ability)
        return Examination(self._client.host, self._repository, findings, left)

    def _ask(self, ability: Ability, question: Callable[[], Response | Answer]) -> Answer:
        """Record the answer: a question that was refused means no, a failure of the registry's own means nothing."""
        try:
            answer = question()
        except StoreUnavailable as error:
            finding = Finding(ability, Answer.UNKNOWN, error.why or error.what)
        except StoreRefused as error:
            finding = Finding(ability, Answer.NO, error.why or error.what)
        except FormatError as error:
            finding = Finding(ability, Answer.NO, str(error))
        else:
            finding = Finding(ability, answer) if isinstance(answer, Answer) else _judged(ability, answer)
        self._found[ability] = finding
        return finding.answer

    # --- what it takes ---

    def _anchors(self) -> Response:
        return self._put_manifest(self._image("anchor", config=replace(EMPTY, data=EMPTY_BYTES)))

    def _custom_types(self) -> Response:
        config = self._blob(_TYPE + "+json", b'{"label":"%s"}' % self._label.encode())
        layer = self._blob(names.BUNDLE_V03, f"bundle {self._label}".encode())
        return self._put_manifest(self._image("custom", config=config, layer=layer))

    def _choose_form(self) -> None:
        """Go on with what it takes; the last resort is what every registry takes, an image."""
        if self._found[Ability.EMPTY_CONFIG].answer is Answer.YES:
            return
        data = b'{"architecture":"unknown","os":"unknown","rootfs":{"type":"layers","diff_ids":[]}}'
        config = Descriptor.of(names.OCI_IMAGE_CONFIG, data)
        self._blobs.push(self._repository, config, data)
        self._config = config, data

    def _data(self) -> Answer | Response:
        layer = replace(EMPTY, data=EMPTY_BYTES)
        manifest = self._image("data", layer=layer)
        response = self._put_manifest(manifest)
        if not response.ok:
            return response
        came = self._send("GET", f"manifests/{manifest.digest}", headers={"Accept": names.OCI_MANIFEST})
        return Answer.YES if came.body == manifest.raw else Answer.NO

    def _sha512(self) -> Response:
        data = f"sha512 {self._label}".encode()
        blob = Descriptor(_BINARY, Digest.of(data, "sha512"), len(data))
        self._blobs.push(self._repository, blob, data)
        self._scratch_blobs.append(blob.digest)
        manifest = self._image("sha512", layer=blob)
        return self._put_manifest(manifest, Digest.of(manifest.raw, "sha512"))

    # --- referrers ---

    def _referrers(self) -> None:
        subject = self._image("subject")
        self._ask(Ability.OCI_SUBJECT, lambda: self._attaches(subject))
        path = f"referrers/{subject.digest}"
        if self._ask(Ability.REFERRERS, lambda: self._lists_both(path)) is not Answer.YES:
            for ability in (Ability.FILTER, Ability.PAGES):
                self._found[ability] = Finding(ability, Answer.NO)
            return
        self._ask(Ability.FILTER, lambda: self._filters(path))
        self._ask(Ability.PAGES, lambda: _said(next_link(self._send("GET", f"{path}?n=1")) is not None))

    def _attaches(self, subject: Manifest) -> Answer | Response:
        """Two referrers of different types; whether the answers named their subject."""
        wanted = [
            self._image(label, of=subject.descriptor(), artifact_type=kind)
            for label, kind in (("one", _TYPE), ("two", _OTHER_TYPE))
        ]
        answers = [self._put_manifest(manifest) for manifest in (subject, *wanted)]
        refused = next((response for response in answers if not response.ok), None)
        if refused is not None:
            return refused
        return _said(all(response.headers.get("oci-subject") == str(subject.digest) for response in answers[1:]))

    def _lists_both(self, path: str) -> Answer | Response:
        response = self._send("GET", path, headers={"Accept": names.OCI_INDEX}, redirects=False)
        if classify(response) is Api.UNKNOWN:
            return response
        return _said(classify(response) is Api.YES and len(self._listed(response)) == 2)

    def _filters(self, path: str) -> Answer:
        response = self._send("GET", f"{path}?artifactType={quote(_TYPE, safe='')}")
        applied = response.headers.get("oci-filters-applied", "")
        types = [item.get("artifactType") for item in self._listed(response)]
        return _said("artifactType" in applied.split(",") and types == [_TYPE])

    def _listed(self, response: Response) -> list[Mapping[str, object]]:
        value = strict_json.read_object(response.body, where=f"{self._client.host}: referrers", limit=_CHUNK)
        entries = value.get("manifests")
        return [item for item in entries if isinstance(item, dict)] if isinstance(entries, list) else []

    # --- uploads ---

    def _chunked(self) -> Answer | Response:
        data = secrets.token_bytes(2 * _CHUNK)
        digest = Digest.of(data)
        response = self._send("POST", "blobs/uploads/", repeat=Repeat.REFUSED)
        for begin in (0, _CHUNK):
            if not response.ok or "location" not in response.headers:
                return response if not response.ok else Answer.NO
            headers = {"Content-Type": _BINARY, "Content-Range": f"{begin}-{begin + _CHUNK - 1}"}
            response = self._send_to("PATCH", response, headers, data[begin : begin + _CHUNK])
        if not response.ok or "location" not in response.headers:
            return response if not response.ok else Answer.NO
        self._scratch_blobs.append(digest)
        return self._send_to("PUT", response, {"Content-Type": _BINARY}, b"", digest=digest)

    def _mount(self) -> Answer:
        # from the repository itself: a second one could never be removed again
        return _said(self._blobs.mount(self._repository, self._config[0].digest, self._repository))

    # --- tags, conditions, removal ---

    def _tagged(self) -> None:
        self._ask(Ability.CONDITIONAL, self._conditional)
        if self._tags:
            self._ask(Ability.TAG_PAGES, lambda: _said(next_link(self._send("GET", "tags/list?n=1")) is not None))
            self._ask(Ability.DELETE_TAG, lambda: self._deletes(self._tags[0]))
        if self._manifests:
            self._ask(Ability.DELETE, lambda: self._deletes(self._manifests[-1]))

    def _conditional(self) -> Answer | Response:
        """Both conditions, or it is of no use: to be the first, and to replace only what was read."""
        tags = [f"attest-doctor-{self._label}-{number}" for number in (1, 2)]
        for response in [self._put_tag(tag, self._image("first")) for tag in tags]:
            if not response.ok:
                return response
        again = self._image("second")
        answers = [
            self._put_tag(tags[0], again, conditions).status
            for conditions in ({"If-None-Match": "*"}, {"If-Match": '"attest-doctor"'})
        ]
        return _said(answers == [412, 412])

    def _deletes(self, target: str) -> Answer | Response:
        response = self._send("DELETE", f"manifests/{target}", repeat=Repeat.REFUSED)
        if not response.ok and response.status < 500:
            return response
        return _said(not self._is_there(target))  # some answer 500 and do it all the same

    def _remove(self) -> tuple[str, ...]:
        """Tags first, for some registries keep what has one; what is left in the end."""
        left = []
        for target in (*self._tags, *reversed(self._manifests)):
            with suppress(StoreError):
                self._send("DELETE", f"manifests/{target}", repeat=Repeat.REFUSED)
        for target in (*self._tags, *self._manifests):
            try:
                there = self._is_there(target)
            except StoreError:
                there = True
            if there:
                left.append(target)
        for digest in self._scratch_blobs:
            with suppress(StoreError):  # most registries collect what nothing names by themselves
                self._send("DELETE", f"blobs/{digest}", repeat=Repeat.REFUSED)
        return tuple(left)

    def _is_there(self, target: str) -> bool:
        return self._send("HEAD", f"manifests/{target}").status != 404

    # --- requests ---

    def _image(
        self,
        label: str,
        *,
        of: Descriptor | None = None,
        artifact_type: str = _TYPE,
        config: Descriptor | None = None,
        layer: Descriptor = EMPTY,
    ) -> Manifest:
        annotations = {"dev.attest.doctor": f"{self._label} {label}"}
        return write_image(
            artifact_type=artifact_type,
            config=config or self._config[0],
            layers=[layer],
            subject=of,
            annotations=annotations,
        )

    def _blob(self, media_type: str, data: bytes) -> Descriptor:
        descriptor = Descriptor.of(media_type, data)
        self._blobs.push(self._repository, descriptor, data)
        self._scratch_blobs.append(descriptor.digest)
        return descriptor

    def _put_manifest(self, manifest: Manifest, digest: Digest | None = None) -> Response:
        target = str(digest or manifest.digest)
        response = self._put(target, manifest)
        if response.ok:
            self._manifests.append(target)
        return response

    def _put_tag(self, tag: str, manifest: Manifest, conditions: Mapping[str, str] | None = None) -> Response:
        response = self._put(tag, manifest, conditions)
        if response.ok:
            self._tags += [tag] if tag not in self._tags else []
            self._manifests += [str(manifest.digest)] if str(manifest.digest) not in self._manifests else []
        return response

    def _put(self, target: str, manifest: Manifest, conditions: Mapping[str, str] | None = None) -> Response:
        headers = {"Content-Type": manifest.media_type, **(conditions or {})}
        repeat = Repeat.SAFE if conditions is None else Repeat.REFUSED
        return self._send("PUT", f"manifests/{target}", headers=headers, body=manifest.raw, repeat=repeat)

    def _send_to(
        self, method: str, after: Response, headers: Mapping[str, str], body: bytes, *, digest: Digest | None = None
    ) -> Response:
        url = urljoin(after.url, after.headers["location"])
        if digest is not None:
            url += f"{'&' if '?' in url else '?'}digest={quote(str(digest), safe='')}"
        return self._checked(Request(method, url, headers, body, repeat=Repeat.REFUSED))

    def _send(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        repeat: Repeat = Repeat.SAFE,
        redirects: bool = True,
    ) -> Response:
        path, question, query = path.partition("?")
        url = self._client.url(self._repository, path) + question + query
        accept = {"Accept": ", ".join(MANIFEST_TYPES)} if method in ("HEAD", "GET") else {}
        return self._checked(Request(method, url, {**accept, **(headers or {})}, body, repeat, redirects=redirects))

    def _checked(self, request: Request) -> Response:
        """The answer, unless it is that we may not ask, which says nothing about the registry."""
        actions = DELETE if request.method == "DELETE" else PUSH
        response = self._client.send(request, (Scope.repository(self._name, actions),))
        if response.status in (401, 403):
            raise self._client.failure(response, "not allowed", self._repository)
        return response


def _judged(ability: Ability, response: Response) -> Finding:
    """From the status: taken, refused, or a failure that proves nothing."""
    if response.ok:
        return Finding(ability, Answer.YES)
    said = "; ".join(" ".join(filter(None, pair)) for pair in codes(response))
    failed = response.status in (408, 429) or response.status >= 500
    return Finding(ability, Answer.UNKNOWN if failed else Answer.NO, f"{response.status} {said}".strip())


def _said(yes: bool) -> Answer:
    return Answer.YES if yes else Answer.NO
