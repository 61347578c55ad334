"""What a description of a deployment must say to be signed with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from attest.errors import TrustError
from attest.signing.sigstore.deployment import MEDIA_TYPE, Deployment, load_deployment
from tests.private_sigstore.documents import Addresses, client_trust_config, signing_config
from tests.signing.notation.pki import NOW
from tests.signing.sigstore.forge import Sigstore

SIGSTORE = Sigstore()
ADDRESSES = Addresses(
    *(f"https://{name}.example" for name in ("fulcio", "rekor", "ctlog", "tsa", "people")),
)


def described(**changes: Any) -> dict[str, Any]:
    return client_trust_config(SIGSTORE.root_json(), signing_config(ADDRESSES) | changes)


def deployment(**changes: Any) -> Deployment:
    return Deployment("private", public=False, document=json.dumps(described(**changes)).encode())


def logs(*versions: int) -> list[dict[str, Any]]:
    (log,) = signing_config(ADDRESSES)["rekorTlogUrls"]
    return [log | {"url": f"https://rekor-{version}.example", "majorApiVersion": version} for version in versions]


@pytest.mark.parametrize(
    ("versions", "chosen"), [((2,), 2), ((1,), 1), ((1, 2), 2), ((2, 1), 2), ((1, 2, 3), 2), ((1, 3), 1)]
)
def test_which_log_is_used(versions: tuple[int, ...], chosen: int) -> None:
    config, version = deployment(rekorTlogUrls=logs(*versions)).client_trust_config()
    assert version == chosen
    (log,) = config.signing_config.get_tlogs()
    assert type(log).__name__ == {1: "RekorClient", 2: "RekorV2Client"}[chosen]


@pytest.mark.parametrize("changes", [{"rekorTlogUrls": []}, {"rekorTlogUrls": logs(3)}, {"caUrls": []}])
def test_a_deployment_without_what_signing_needs(changes: dict[str, Any]) -> None:
    with pytest.raises(TrustError, match="cannot sign with this deployment") as caught:
        deployment(**changes).client_trust_config()
    assert caught.value.where == "private"


def test_where_people_log_in() -> None:
    assert deployment().oidc_url == "https://people.example"
    with pytest.raises(TrustError, match="nobody can log in here") as caught:
        _ = deployment(oidcUrls=[]).oidc_url
    assert caught.value.where == "private"


def test_whom_it_believes() -> None:
    assert deployment().trusted_root().raw == json.dumps(SIGSTORE.root_json()).encode()


def test_a_file_with_a_description(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_text(json.dumps(described()))
    found = load_deployment(path, offline=True, now=NOW)
    assert found == Deployment(str(path), public=False, document=path.read_bytes())


@pytest.mark.parametrize(
    ("text", "what", "why"),
    [
        ("{", "cannot read the trust configuration", "not JSON"),
        ("[]", "cannot read the trust configuration", None),
        ("{}", "not a trust configuration", f"its mediaType is None, not {MEDIA_TYPE}"),
        (json.dumps(SIGSTORE.root_json()), "not a trust configuration", None),
    ],
)
def test_a_file_without_one(tmp_path: Path, text: str, what: str, why: str | None) -> None:
    (tmp_path / "config.json").write_text(text)
    with pytest.raises(TrustError) as caught:
        load_deployment(tmp_path / "config.json", offline=True, now=NOW)
    assert (caught.value.what, caught.value.where) == (what, str(tmp_path / "config.json"))
    if why is not None:
        assert caught.value.why == why
