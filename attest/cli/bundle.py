"""``attest bundle``: Sigstore bundles in files, no store needed."""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from attest.cli import options

if TYPE_CHECKING:
    from attest.signing.bundle import Bundle
    from attest.signing.proof import Proof
    from attest.signing.sigstore.artifact import Artifact
    from attest.signing.sigstore.trusted_root import TrustedRoot

_DIGEST: Final = re.compile(r"(sha256|sha384|sha512):([0-9a-f]+)")

_VERIFYING = """\
  attest bundle verify --bundle acme.sigstore.json acme-1.0.tar.gz \\
      --identity https://github.com/acme/app/.github/workflows/release.yml@refs/tags/v1.0 \\
      --issuer https://token.actions.githubusercontent.com
  attest bundle verify --bundle acme.sigstore.json --key release.pub sha256:9f4…"""
_INSPECTING = "  attest bundle inspect acme.sigstore.json"
_UPGRADING = "  attest bundle upgrade old.sigstore -o acme.sigstore.json"
_RULES = """\
A bundle over a statement is about the file if the file's digest is one of the statement's subjects. Identity and issuer
are compared exactly. With a key, a log entry is demanded only where a trusted root is named.

exit codes: 0 verified, 1 refused, 2 usage or malformed input"""


def add(commands: Any) -> None:
    parser = commands.add_parser(
        "bundle",
        help="verify, show and convert Sigstore bundles in files",
        description="Verify, show and convert Sigstore bundles in files; no store is needed.",
        epilog=f"examples:\n{_VERIFYING}\n{_INSPECTING}\n{_UPGRADING}\n\n{_RULES}",
    )
    actions = parser.add_subparsers(title="actions", metavar="ACTION", dest="action", required=True)
    verify = actions.add_parser(
        "verify",
        help="check who signed a file, and when at the latest",
        description="Check by a bundle who signed a file, and when at the latest.",
        epilog=f"examples:\n{_VERIFYING}\n\n{_RULES}",
    )
    verify.add_argument("--bundle", metavar="B", required=True, help="the bundle, a file")
    signer = verify.add_mutually_exclusive_group(required=True)
    signer.add_argument("--identity", metavar="I", help="e-mail address or URI in the certificate, exact")
    signer.add_argument("--key", metavar="K", help="public key in PEM, for a bundle without a certificate")
    verify.add_argument("--issuer", metavar="U", help="who vouched for the identity, exact; goes with --identity")
    root = verify.add_mutually_exclusive_group()
    root.add_argument(
        "--trusted-root", metavar="F", help="trusted root in a file (default: Sigstore's public instance)"
    )
    root.add_argument("--staging", action="store_true", help="trust Sigstore's staging instance instead")
    verify.add_argument(
        "--offline", action="store_true", help="trust what is known already; ask nobody for newer roots"
    )
    verify.add_argument("artifact", metavar="FILE", help="what was signed: a file, or its digest as sha256:HEX")
    options.add_json(verify)
    verify.set_defaults(run=run_verify)
    inspect = actions.add_parser(
        "inspect",
        help="show what a bundle says, without verifying any of it",
        description="Show what a bundle says, without verifying any of it.",
        epilog=f"example:\n{_INSPECTING}",
    )
    inspect.add_argument("bundle", metavar="B", help="the bundle, a file")
    options.add_json(inspect)
    inspect.set_defaults(run=run_inspect)
    upgrade = actions.add_parser(
        "upgrade",
        help="rewrite a bundle of version 0.1 or 0.2 as 0.3",
        description="Rewrite a bundle of version 0.1 or 0.2 as 0.3. Nothing is verified.",
        epilog=f"example:\n{_UPGRADING}",
    )
    upgrade.add_argument("bundle", metavar="B", help="the older bundle, a file")
    upgrade.add_argument("-o", "--output", metavar="F", help="where to write it (default: stdout)")
    upgrade.set_defaults(run=run_upgrade)


def run_verify(arguments: argparse.Namespace) -> int:
    from attest.cli import console
    from attest.errors import EXIT_DONE, UsageError

    if (arguments.identity is None) != (arguments.issuer is None):
        raise UsageError("--identity and --issuer go together", why="the same name can be vouched for by anyone else")
    bundle = _read(arguments.bundle)
    artifact = _artifact(arguments.artifact)
    with console.waiting("verifying"):
        if arguments.key is None:
            proof = _verify_identity(bundle, artifact, arguments)
        else:
            proof = _verify_key(bundle, artifact, arguments)
    _check_subject(bundle, artifact)
    if arguments.json:
        console.print_json(_proof_json(bundle, proof))
    else:
        time = "at an unknown time" if proof.time is None else f"by {proof.time:%Y-%m-%dT%H:%M:%SZ}"
        console.say(f"verified {arguments.artifact}: signed by {proof.author} {time}")
    return EXIT_DONE


def run_inspect(arguments: argparse.Namespace) -> int:
    import sys

    from attest.cli import console
    from attest.errors import EXIT_DONE
    from attest.report.style import Style

    found = _description(_read(arguments.bundle))
    if arguments.json:
        console.print_json(found)
        return EXIT_DONE
    console.note("read, not verified:")
    style = Style.of(sys.stdout, colour=False)
    for name, value in found.items():
        for item in value if isinstance(value, list) else [value]:
            text = "  ".join(f"{key} {part}" for key, part in item.items()) if isinstance(item, dict) else str(item)
            print(f"{name:<14} {style.safe(text)}")
    return EXIT_DONE


def run_upgrade(arguments: argparse.Namespace) -> int:
    import sys

    from attest.errors import EXIT_DONE, UsageError
    from attest.signing.sigstore.upgrade import upgrade

    data = upgrade(_read(arguments.bundle))
    if arguments.output is None:
        sys.stdout.write(data.decode("utf-8"))
        return EXIT_DONE
    try:
        Path(arguments.output).write_bytes(data)
    except OSError as error:
        raise UsageError("cannot write the bundle", where=arguments.output, why=error.strerror) from None
    return EXIT_DONE


def _read(path: str) -> Bundle:
    from attest import limits
    from attest.errors import UsageError
    from attest.regular_file import open_regular
    from attest.signing.bundle import Bundle

    try:
        with open_regular(Path(path)) as file:
            raw = file.read(limits.EVIDENCE_BLOB + 1)  # one byte too many is what `Bundle.parse` refuses
    except OSError as error:
        raise UsageError("cannot read the bundle", where=path, why=error.strerror or str(error)) from None
    return Bundle.parse(raw)


def _artifact(text: str) -> Artifact:
    from attest.errors import UsageError
    from attest.signing.sigstore.artifact import Artifact

    match = _DIGEST.fullmatch(text)
    if match is None:
        return Artifact.of_file(Path(text))
    if len(match[2]) * 4 != int(match[1].removeprefix("sha")):
        raise UsageError(f"not a {match[1]} digest", where=text, why=f"it has {len(match[2])} hex digits")
    return Artifact.of_digest(match[1], match[2])


def _verify_identity(bundle: Bundle, artifact: Artifact, arguments: argparse.Namespace) -> Proof:
    from attest.errors import VerificationError
    from attest.signing.proof import CertificateAuthor
    from attest.signing.sigstore.verify import verify

    proof = verify(bundle, _root(arguments), artifact=artifact)
    author = proof.author
    assert isinstance(author, CertificateAuthor)
    for what, expected, found in (
        ("issuer", arguments.issuer, author.issuer),
        ("identity", arguments.identity, author.subject),
    ):
        if found != expected:
            raise VerificationError(f"identity: its {what}", expected=repr(expected), found=repr(found))
    return proof


def _verify_key(bundle: Bundle, artifact: Artifact, arguments: argparse.Namespace) -> Proof:
    """Where no root is named nothing has to be logged; but an entry of the public log has to hold if there is one."""
    from attest.signing.key_files import load_public
    from attest.signing.sigstore.verify import Requirements, verify_with_key

    key = load_public(arguments.key)
    named = arguments.trusted_root is not None or arguments.staging
    root = _root(arguments) if named or bundle.material.get("tlogEntries") else None
    return verify_with_key(bundle, key, root=root, requirements=Requirements(int(named), 0), artifact=artifact)


def _root(arguments: argparse.Namespace) -> TrustedRoot:
    from datetime import UTC, datetime

    from attest.signing.sigstore.roots import PUBLIC_GOOD, STAGING, load_root

    name = arguments.trusted_root and Path(arguments.trusted_root)
    return load_root(
        name or (STAGING if arguments.staging else PUBLIC_GOOD),
        offline=arguments.offline,
        max_age=None,
        now=datetime.now(UTC),
    )


def _check_subject(bundle: Bundle, artifact: Artifact) -> None:
    """A statement has to be about the artifact: client-spec.md §4.5."""
    from attest import names
    from attest.errors import VerificationError
    from attest.signing.dsse import Envelope
    from attest.signing.sigstore.artifact import ALGORITHMS
    from attest.statements.statement import Statement

    if not isinstance(bundle.content, Envelope):
        return
    if bundle.content.payload_type != names.IN_TOTO_PAYLOAD:
        raise VerificationError(
            "statement: its payload type", expected=names.IN_TOTO_PAYLOAD, found=bundle.content.payload_type[:160]
        )
    known = {name: digest.hex() for name in ALGORITHMS if (digest := artifact.digest(name)) is not None}
    subjects = Statement.parse(bundle.content.payload).subjects
    for subject in subjects:
        said = known.keys() & subject.digests.keys()
        if said and all(subject.matches(name, known[name]) for name in said):
            return
    digests = [f"{name}:{digest}" for subject in subjects[:3] for name, digest in subject.digests.items()]
    raise VerificationError(
        "statement: its subjects",
        expected=" or ".join(f"{name}:{digest}" for name, digest in known.items())[:400],
        found=", ".join(digests)[:400],
    )


def _proof_json(bundle: Bundle, proof: Proof) -> dict[str, Any]:
    from attest.signing.proof import CertificateAuthor

    author = proof.author
    who: dict[str, Any]
    if isinstance(author, CertificateAuthor):
        who = {"issuer": author.issuer, "identity": author.subject, "claims": dict(author.claims)}
    else:
        who = {"key": str(author).removeprefix("key ")}
    return {
        "verified": True,
        **who,
        "time": None if proof.time is None else proof.time.isoformat(),
        **_content(bundle),
    }


def _content(bundle: Bundle) -> dict[str, Any]:
    from attest.errors import FormatError
    from attest.signing.dsse import Envelope
    from attest.statements.statement import Statement

    content = bundle.content
    if not isinstance(content, Envelope):
        digest = None if content.digest is None else f"{content.algorithm} {content.digest.hex()}"
        return {"content": "message signature", "digest": digest}
    found: dict[str, Any] = {"content": "statement", "payload_type": content.payload_type}
    try:
        statement = Statement.parse(content.payload)
    except FormatError as error:
        return found | {"payload": f"{len(content.payload)} bytes that are no statement: {error}"}
    subjects = [{"name": item.name, **item.digests} for item in statement.subjects]
    return found | {"predicate_type": statement.predicate_type, "subjects": subjects}


def _description(bundle: Bundle) -> dict[str, Any]:
    """What the bundle says of itself."""
    from datetime import UTC, datetime

    from attest.errors import VerificationError
    from attest.signing.sigstore.certificate import load
    from attest.signing.sigstore.identity import author_of
    from attest.signing.sigstore.material import Material

    material = Material.of(bundle)
    found: dict[str, Any] = {"version": bundle.version, **_content(bundle)}
    if material.certificates:
        leaf = load(material.certificates[0])
        try:
            author = author_of(leaf)
            found |= {"identity": author.subject, "issuer": author.issuer}
            found["claims"] = [{name: value} for name, value in author.claims.items()]
        except VerificationError as error:
            found["identity"] = str(error)
        found["valid"] = (
            f"{leaf.not_valid_before_utc:%Y-%m-%dT%H:%M:%SZ} to {leaf.not_valid_after_utc:%Y-%m-%dT%H:%M:%SZ}"
        )
    else:
        found["key_hint"] = bundle.key_hint
    found["log_entries"] = [
        {
            "kind": f"{entry.kind} {entry.version}",
            "log": entry.log_id.hex(),
            "index": entry.index,
            "time": (
                datetime.fromtimestamp(entry.integrated_time, UTC).isoformat()
                if 0 < entry.integrated_time < 2**37
                else None
            ),
            "promise": entry.promise is not None,
            "proof": entry.proof is not None,
        }
        for entry in material.entries
    ]
    found["timestamps"] = len(material.timestamps)
    return found
