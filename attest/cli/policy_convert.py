"""``attest policy convert``: policies of other engines, as policies of this one."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from attest.policy.convert.model import Converted, Left, Options

EXAMPLES = """\
  attest policy convert cluster-image-policy.yaml --output policies
  attest policy convert verify-images.yaml --output policies --partial --keys-without-log
  attest policy convert ~/.config/notation/trustpolicy.json --output policies --images 'registry.example/**'"""


def add(actions: Any) -> None:
    parser = actions.add_parser(
        "convert",
        help="read policies of Sigstore's policy-controller, Kyverno and notation",
        description=(
            "Read a ClusterImagePolicy, Kyverno's image rules (ClusterPolicy, ImageValidatingPolicy) or a notation "
            "trust policy and write policies that never admit what it denies. What cannot be carried over is said, "
            "with its line; what it belongs to is left out."
        ),
        epilog=(
            f"examples:\n{EXAMPLES}\n\nexit codes: 0 converted, 1 something was left out (with --partial: everything), "
            "2 usage or malformed input"
        ),
    )
    parser.add_argument("file", metavar="FILE", help="a policy of another engine (YAML, or trustpolicy.json)")
    parser.add_argument("--output", metavar="DIR", default=".", help="where policies and keys go (default: here)")
    parser.add_argument("--partial", action="store_true", help="write what can be carried over, although not all can")
    parser.add_argument(
        "--images",
        action="append",
        metavar="PATTERN",
        help="take these where it means every image, as HOST/REPO or HOST/**",
    )
    parser.add_argument("--trust-root", metavar="FILE", help="the trust root of the Fulcio and the log that it names")
    parser.add_argument(
        "--keys-without-log", action="store_true", help="take keys, though no log entry is asked for with them"
    )
    parser.add_argument("--json", action="store_true", help="print JSON, and only JSON, to stdout")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    import os

    from attest.cli import console
    from attest.errors import EXIT_DENIED, EXIT_DONE
    from attest.policy.convert.convert import convert
    from attest.policy.files import content

    file, output = Path(arguments.file), Path(arguments.output)
    options = _options(arguments, output)
    beside = Path(os.path.relpath(file.parent, output)).as_posix()
    found = convert(content(file), where=str(file), directory=file.parent, beside=beside, options=options)
    left = [item for converted in found for item in converted.left]
    written: list[str] = []
    if arguments.partial or not left:
        written, refused = _write([item for item in found if item.exists], options, str(file), output)
        left += refused
    if arguments.json:
        console.print_json({"written": written, "left": [{"where": item.where, "why": item.why} for item in left]})
    else:
        for name in written:
            console.say(name)
    for item in left:
        console.note(str(item))
    if left and not written:
        console.note(
            "nothing was written" + ("" if arguments.partial else ": --partial writes what can be carried over")
        )
    return EXIT_DONE if written and (arguments.partial or not left) else EXIT_DENIED


def _options(arguments: argparse.Namespace, output: Path) -> Options:
    import os

    from attest.evidence.patterns import parse_pattern
    from attest.policy.convert.model import Options

    images = tuple(dict.fromkeys(arguments.images or ()))
    for image in images:
        parse_pattern(image)
    root = arguments.trust_root
    return Options(
        images, None if root is None else Path(os.path.relpath(root, output)).as_posix(), arguments.keys_without_log
    )


def _write(found: Sequence[Converted], options: Options, origin: str, output: Path) -> tuple[list[str], list[Left]]:
    """The policies that our own reader takes, and why it does not take the others. Raises `UsageError`."""
    from collections import Counter

    from attest.errors import PolicyError, UsageError
    from attest.policy.convert.model import Left, write
    from attest.policy.document import load

    made = [
        (converted, {output / name: data for name, data in write(converted, options, origin).items()})
        for converted in found
    ]
    paths = Counter(path for _, files in made for path in files)
    for path, count in paths.items():
        if count > 1 or path.exists():
            why = "two policies have this name" if count > 1 else "it is there already"
            raise UsageError(
                "the file would be overwritten",
                where=str(path),
                why=why,
                next_step="name another directory: --output DIR",
            )
    written: list[str] = []
    refused: list[Left] = []
    for converted, files in made:
        _create(files)
        policy = output / converted.file_name
        try:
            load(policy)
        except PolicyError as error:
            for path in files:
                path.unlink()
            refused.append(Left(origin, f"{converted.name}: {error.what}: {error.why}"))
        else:
            written.append(str(policy))
    return written, refused


def _create(files: Mapping[Path, bytes]) -> None:
    from attest.errors import UsageError

    for path, data in files.items():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("xb") as file:
                file.write(data)
        except OSError as error:
            raise UsageError("cannot write the file", where=str(path), why=error.strerror) from None
