"""``attest policy push``: a policy, with all that it needs, into a registry."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from attest.cli import options

if TYPE_CHECKING:
    from attest.oci.descriptor import Descriptor
    from attest.oci.reference import Reference
    from attest.signing.sign import SigningKey
    from attest.stores.protocol import Store

EXAMPLES = """\
  attest policy push gate.yaml registry.example/policies/gate:v1 --key policy.key
  attest verify dist/* --policy oci:registry.example/policies/gate:v1 --policy-key policy.pub"""


def add(actions: Any) -> None:
    parser = actions.add_parser(
        "push",
        help="put a policy into a registry",
        description=(
            "Put a policy into a registry, with the keys, CAs and policies that it names, and its attest.lock; what "
            "its tests need stays here. Others name it by digest, or by tag if it is signed."
        ),
        epilog=f"examples:\n{EXAMPLES}",
    )
    parser.add_argument("file", metavar="FILE", help="a policy (YAML)")
    parser.add_argument("reference", metavar="HOST/REPO[:TAG]", help="where to put it")
    parser.add_argument("--key", metavar="KEY", help="sign it: a private key's file, or the URI of one elsewhere")
    options.add_plain_http(parser)
    options.add_json(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    import os
    from contextlib import closing
    from pathlib import Path

    from attest.cli import console
    from attest.errors import EXIT_DONE, UsageError
    from attest.oci.reference import Reference
    from attest.policy import carried, published
    from attest.policy.document import load
    from attest.policy.files import REGISTRY
    from attest.signing.password import password_for
    from attest.signing.remote_keys import load_signing_key
    from attest.stores.location import Location, open_store

    reference = Reference.parse(arguments.reference.removeprefix(REGISTRY))
    if reference.digest is not None:
        raise UsageError("a digest is what comes of it", where=arguments.reference, next_step="write HOST/REPO[:TAG]")
    path = Path(arguments.file)
    load(path)
    needed = carried.needed(path)
    key = None if arguments.key is None else load_signing_key(arguments.key, password_for(arguments.key))
    base = Path(os.path.commonpath([item.parent for item in needed]))
    (name, data), *others = ((item.relative_to(base).as_posix(), data) for item, data in needed.items())
    with closing(open_store(Location.of(reference), create=True)) as store:
        manifest = published.push(store, reference.repository, (name, data), dict(others))
        if key is not None:
            _sign(store, reference, manifest.descriptor(), key)
        if reference.tag is not None:
            store.tag(reference, manifest.descriptor())
    named = f"{REGISTRY}{reference.host}/{reference.repository}@{manifest.digest}"
    if arguments.json:
        signed_by = None if key is None else f"sha256:{key.public.fingerprint}"
        files = [name, *(other for other, _ in others)]
        console.print_json({"policy": named, "tag": reference.tag, "files": files, "signedBy": signed_by})
    else:
        console.say(f"pushed {named}")
    if key is None and reference.tag is not None:
        console.note(
            f"nobody can take it by the tag {reference.tag}: that needs --key, and --policy-key where it is used"
        )
    return EXIT_DONE


def _sign(store: Store, reference: Reference, manifest: Descriptor, key: SigningKey) -> None:
    """As `attest sign` signs any manifest, by the name under which it is asked for."""
    from attest import names
    from attest.evidence.attach import attach_bundle, creation_time, statement_subjects
    from attest.evidence.model import Subject
    from attest.signing.sign import KeySigner, sign_statement
    from attest.statements.statement import write_statement

    subject = Subject(manifest, name=str(reference))
    statement = write_statement(statement_subjects(subject), names.PREDICATE_COSIGN_SIGN, {})
    bundle = sign_statement(statement, KeySigner(key))
    attach_bundle(
        store,
        reference.repository,
        manifest,
        bundle,
        predicate_type=names.PREDICATE_COSIGN_SIGN,
        created=creation_time(),
    )
