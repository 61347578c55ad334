"""The commands by which others verify what was released, to be copied as they stand."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from attest.cli.options import store_texts
from attest.cli.releasing import Signed, Version
from attest.cli.targets import Home
from attest.oci.digest import Digest
from attest.signing.bundle import Bundle
from attest.signing.key_files import ELSEWHERE
from attest.signing.sign import KeySigner, StatementSigner

_POLICY: Final = "policy.yaml"


def commands(
    arguments: argparse.Namespace, signer: StatementSigner, version: Version, home: Home, signed: Iterable[Signed]
) -> list[str]:
    """`attest verify` of all files; then, where a registry has them, `cosign verify` of each anchor."""
    files = [str(file.package.file) for file in version.files]
    own = ["attest", "verify", *files, "--policy", _POLICY, "--store", store_texts(arguments)[0]]
    anchors = [str(file.subject.manifest.digest) for file in version.files]
    if home.host is None:
        return [shlex.join(own)]
    who = list(_key(arguments.key, signer) if isinstance(signer, KeySigner) else _certificate(arguments, signed))
    return [
        shlex.join(own),
        *(shlex.join(["cosign", "verify", *who, f"{home.host}/{home.repository}@{anchor}"]) for anchor in anchors),
    ]


def _key(name: str, signer: KeySigner) -> Iterator[str]:
    """The public half, beside the private one if it is there; no key's signature is in a log."""
    from attest.signing.sigstore.content import own_hash

    elsewhere = name.partition(":")[0] in ELSEWHERE
    yield from ("--key", name if elsewhere else str(Path(name).with_suffix(".pub")))
    hashed = own_hash(signer.key.public)
    if hashed not in (None, "sha256"):
        yield f"--signature-digest-algorithm={hashed}"
    yield "--insecure-ignore-tlog"


def _certificate(arguments: argparse.Namespace, signed: Iterable[Signed]) -> Iterator[str]:
    """Whom the certificates name; a deployment of one's own has a root of its own."""
    from attest.signing.sigstore.certificate import load
    from attest.signing.sigstore.identity import author_of
    from attest.signing.sigstore.material import Material

    if arguments.trust_config or arguments.staging:
        yield from ("--trusted-root", "trusted_root.json")
    made = next(item.made for item in signed if not isinstance(item.made, Digest))
    author = author_of(load(Material.of(Bundle.parse(made)).certificates[0]))
    yield from ("--certificate-identity", author.subject, "--certificate-oidc-issuer", author.issuer)
