"""The commands by which others verify what was released, to be copied as they stand."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

from attest import names
from attest.cli.options import store_texts
from attest.cli.release_files import Version
from attest.cli.release_steps import Signed
from attest.cli.targets import Home
from attest.oci.digest import Digest
from attest.signing.bundle import Bundle
from attest.signing.key_files import ELSEWHERE
from attest.signing.sign import KeySigner, StatementSigner

POLICY: Final = "POLICY"
"""Where the commands have whoever verifies name a policy, because the release was held against none."""
_TYPES: Final = {
    names.PREDICATE_CYCLONEDX: "cyclonedx",
    names.PREDICATE_SPDX: "spdxjson",
    names.PREDICATE_SLSA_V1: "slsaprovenance1",
}
"""cosign's names for what it verifies by `verify-attestation`."""


def commands(
    arguments: argparse.Namespace, signer: StatementSigner, version: Version, home: Home, signed: Sequence[Signed]
) -> list[str]:
    """`attest verify` of all files; then, where a registry has them, `cosign verify` of each anchor, and
    `cosign verify-attestation` of what is said about it."""
    files = [str(file.found.path) for file in version.files]
    policies = [word for name in arguments.policy or [POLICY] for word in ("--policy", name)]
    if arguments.policy_key is not None:
        policies += ["--policy-key", arguments.policy_key]
    own = shlex.join(["attest", "verify", *files, *policies, "--store", store_texts(arguments)[0]])
    if home.host is None:
        return [own]
    who = list(_key(arguments.key, signer) if isinstance(signer, KeySigner) else _certificate(arguments, signed))
    return [
        own,
        *(shlex.join(["cosign", *words, *who, reference]) for words, reference in _checks(version, home, signed)),
    ]


def _checks(version: Version, home: Home, signed: Iterable[Signed]) -> Iterator[tuple[Sequence[str], str]]:
    """The command of cosign, and the anchor by its reference."""
    said: dict[Digest, list[str]] = {}
    for item in signed:
        for subject in item.piece.subjects:
            said.setdefault(subject.manifest.digest, []).append(item.piece.predicate_type)
    for file in version.files:
        anchor = file.subject.manifest.digest
        reference = f"{home.host}/{home.repository}@{anchor}"
        yield ("verify",), reference
        for kind in said[anchor]:
            if kind in _TYPES:
                yield ("verify-attestation", "--type", _TYPES[kind]), reference


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
    made = next(item.bundle for item in signed if item.bundle is not None)
    author = author_of(load(Material.of(Bundle.parse(made)).certificates[0]))
    yield from ("--certificate-identity", author.subject, "--certificate-oidc-issuer", author.issuer)
