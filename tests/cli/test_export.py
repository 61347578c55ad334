"""`attest export`, as users have it."""

from __future__ import annotations

import json

from tests.cli.conftest import Workplace
from tests.evidence import published

SDIST = ("pkg:pypi/pypi-attestations@0.0.19", "--digest", published.PYPI_ATTESTATIONS_DIGEST)


def test_files_beside_the_distribution_or_an_array(attest: Workplace) -> None:
    values = [published.pypi(published.PUBLISH), published.pypi(published.SLSA)]
    attest.ok("import", attest.write("a.json", json.dumps(values)))
    assert attest.ok("export", "pypi", *SDIST).json == values
    folder = attest.directory / "dist"
    paths = attest.ok("export", "pypi", *SDIST, "-o", folder).out.split()
    assert [json.loads((attest.directory / path).read_text()) for path in paths] == values
    attest.ok("export", "pypi", *SDIST, "-o", folder)
    (attest.directory / paths[0]).write_text("{}")
    assert "the file exists with other content" in attest.refused("export", "pypi", *SDIST, "-o", folder)
    assert "cannot write the file" in attest.refused("export", "pypi", *SDIST, "-o", folder / "missing")


def test_what_has_no_such_form_is_named(attest: Workplace) -> None:
    wheel = attest.directory / "dist" / "acme-1.0-py3-none-any.whl"
    attest.ok("sign", wheel, "--key", "release.key")
    result = attest("export", "pypi", wheel)
    assert (result.code, result.json) == (1, [])
    assert "left out: sha256:" in result.err
    assert "it has no single certificate" in result.err
    assert "nothing is attached to pkg:pypi/acme@1.0 that PyPI takes" in result.err


def test_only_distributions_of_pypi(attest: Workplace) -> None:
    for subject in ("pkg:npm/a@1", "pkg:pypi/a@1"):
        digest = ("--digest", "sha512:" + "00" * 64) if "npm" in subject else ()
        assert "not a distribution of PyPI" in attest.refused("export", "pypi", subject, *digest)
