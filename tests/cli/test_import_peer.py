"""Real cosign and what was imported: it verifies the bundles, and nothing of theirs hides a signature from it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from attest.evidence.imports.model import Item
from attest.evidence.imports.read import read
from tests.cli.conftest import Workplace
from tests.cli.test_cosign import OFFLINE, cosign
from tests.evidence import published
from tests.material import sigstore_go
from tests.stores.programs import olareg

STORE = "oci:store/{package}"
WORKFLOW = "https://github.com/trailofbits/pypi-attestations/.github/workflows/release.yml@refs/tags/v0.0.19"
ISSUER = "https://token.actions.githubusercontent.com"


@pytest.mark.peer("cosign")
@pytest.mark.parametrize(
    ("document", "predicate_type"),
    [
        (published.PUBLISH, "https://docs.pypi.org/attestations/publish/v1"),
        (published.SLSA, "https://slsa.dev/provenance/v1"),
    ],
)
def test_cosign_verifies_a_bundle_made_of_pypis_attestation(
    attest: Workplace, document: str, predicate_type: str
) -> None:
    (item,) = read(json.dumps(published.pypi(document)).encode(), "source").parts
    assert isinstance(item, Item)
    attest.write("bundle.sigstore.json", item.bundle.raw)
    shutil.copy(sigstore_go("examples/trusted-root-public-good.json"), "root.json")
    common = ("--bundle", "bundle.sigstore.json", "--trusted-root", "root.json", "--type", predicate_type)
    digest = published.PYPI_ATTESTATIONS_DIGEST.removeprefix("sha256:")

    def verify(identity: str, digest: str, code: int) -> str:
        who = ("--certificate-identity", identity, "--certificate-oidc-issuer", ISSUER)
        what = ("--digest", digest, "--digestAlg", "sha256")
        return cosign(attest, "verify-blob-attestation", *common, *who, *what, code=code)

    assert "Verified OK" in verify(WORKFLOW, digest, 0)
    verify(WORKFLOW.replace("trailofbits", "mallory"), digest, 1)
    verify(WORKFLOW, "00" * 32, 1)


@pytest.mark.peer("cosign", "olareg")
def test_what_is_imported_hides_no_signature_from_cosign(attest: Workplace) -> None:
    """Of all forms: bundles of v0.3 and older ones, message signatures, originals."""
    key = published.registry_key()
    attest.write("npm.json", json.dumps(published.npm_attestations()))
    attest.write("version.json", json.dumps(published.npm_version(key)))
    attest.ok("import", "npm.json", "version.json", "--store", STORE)
    about = ("pkg:npm/sigstore@1.3.0", "--digest", f"sha512:{published.SIGSTORE_JS_SHA512}")
    anchor = attest.ok("anchor", *about, "--store", STORE).out.split()[1]
    key_file = attest.write("registry.pub", key.public.pem())
    with olareg(Path("store")) as registry:
        reference = f"{registry.host}/npm/sigstore@{anchor}"
        # none of it is a signature of an image for cosign, not even by the registry's key
        cosign(attest, "verify", "--key", str(key_file), *OFFLINE, reference, code=1)
    attest.ok("sign", *about, "--key", "release.key", "--store", STORE)
    with olareg(Path("store")) as registry:
        reference = f"{registry.host}/npm/sigstore@{anchor}"
        assert anchor in cosign(attest, "verify", "--key", "release.pub", *OFFLINE, reference)
        cosign(attest, "verify", "--key", str(key_file), *OFFLINE, reference, code=1)
