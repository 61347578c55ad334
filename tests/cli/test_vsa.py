"""``attest verify --vsa``: what is signed of a verdict, and who may take it for what."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from attest import names
from attest.oci import strict_json
from attest.oci.digest import Digest
from tests.cli.conftest import POLICY, Workplace
from tests.cli.test_cosign import OFFLINE, cosign
from tests.cli.test_cosign import WHEEL as WHEEL
from tests.stores.programs import olareg

VERIFIER = "https://acme.example/verifier"
KEY = ("--key", "release.key")
BY = ("--verifier", VERIFIER, "--key", "verifier.key")
TRUSTING = f"""\
version: 1
name: trusting
applies_to: ["pkg:pypi/**"]
trust: {{keys_only: true}}
identities:
  verifier: {{key: verifier.pub}}
rules:
  - {{id: verified, require: vsa, by: [verifier], verifier: "{VERIFIER}", max_age: 1d}}
"""
BUILT = (
    POLICY.replace("rules:", "builders:\n  own: {identity: release, id: https://acme.example/builder, slsa: 2}\nrules:")
    + "  - {id: built, require: provenance, by: [release], builders: [own], slsa: 2}\n"
)


@pytest.fixture(autouse=True)
def verifier(attest: Workplace) -> None:
    attest.ok("key", "generate", "verifier")
    attest.write("gate.yaml", POLICY)
    attest.write("trusting.yaml", TRUSTING)


def envelopes(path: Path) -> list[tuple[str, dict[str, Any]]]:
    """Of every bundle in a file the payload type and the statement."""
    found = [json.loads(line)["dsseEnvelope"] for line in path.read_text().splitlines()]
    return [(item["payloadType"], json.loads(base64.b64decode(item["payload"]))) for item in found]


def test_what_is_signed(attest: Workplace) -> None:
    attest.ok("sign", WHEEL, *KEY)
    attest.ok("sign", WHEEL, "--key", "verifier.key")  # who is nobody to the policy
    result = attest("verify", WHEEL, "--policy", "gate.yaml", "--json", "--vsa", "acme.vsa", *BY)
    assert (result.code, result.err) == (0, "")
    (verdict,) = result.json["verdicts"]
    ((payload_type, statement),) = envelopes(attest.directory / "acme.vsa")
    assert payload_type == names.IN_TOTO_PAYLOAD
    anchor = attest.ok("anchor", WHEEL, "--dry-run").out.split()[1]
    own = Digest.of(Path(WHEEL).read_bytes()).encoded
    assert statement["subject"] == [
        {"name": "pkg:pypi/acme@1.0", "digest": {"sha256": anchor.partition(":")[2]}},
        {"name": "pkg:pypi/acme@1.0", "digest": {"sha256": own}},
    ]
    predicate = statement["predicate"]
    extension = predicate.pop(names.EXTENSION_VERDICT)
    version = predicate["verifier"].pop("version")
    assert list(version) == ["attest"]
    assert predicate == {
        "verifier": {"id": VERIFIER},
        "timeVerified": verdict["now"],
        "resourceUri": "pkg:pypi/acme@1.0",
        "policy": {"uri": f"{VERIFIER}#gate", "digest": {"sha256": Digest.of(POLICY.encode()).encoded}},
        "inputAttestations": [{"digest": {"sha256": digest[7:]}} for digest in verdict["findings"][0]["evidence"]],
        "verificationResult": "PASSED",
        "verifiedLevels": [],
        "slsaVersion": "1.1",
    }
    assert (len(predicate["inputAttestations"]), len(verdict["evidence"])) == (1, 2)
    assert extension == {
        "digest": {"sha256": Digest.of(strict_json.write(verdict)).encoded},
        "policies": verdict["policies"],
        "listing": verdict["listing"],
        "waivers": [],
    }


def test_a_level_is_one_that_a_rule_has_asked_for_and_found(attest: Workplace) -> None:
    attest.write("gate.yaml", BUILT)
    attest.ok("sign", WHEEL, *KEY)
    provenance = {
        "buildDefinition": {"buildType": "https://acme.example/build", "externalParameters": {}},
        "runDetails": {"builder": {"id": "https://acme.example/builder"}},
    }
    attest.write("built.json", json.dumps(provenance))
    attest.ok("attach", WHEEL, "built.json", "--type", "slsaprovenance1", *KEY)

    def levels() -> Any:
        attest("verify", WHEEL, "--policy", "gate.yaml", "--vsa", "acme.vsa", *BY)
        return envelopes(attest.directory / "acme.vsa")[0][1]["predicate"]["verifiedLevels"]

    assert levels() == ["SLSA_BUILD_LEVEL_2"]
    attest.write("gate.yaml", BUILT.replace("slsa: 2}\n", "slsa: 1}\n").replace("slsa: 2}", "slsa: 4}"))
    assert levels() == ["SLSA_BUILD_LEVEL_1"]
    attest.write("gate.yaml", BUILT.replace("slsa: 2", "slsa: 4"))
    assert levels() == ["SLSA_BUILD_LEVEL_3"]
    attest.write("gate.yaml", BUILT.replace("builders: [own], slsa: 2", "builders: [own]"))
    assert levels() == []
    attest.write("gate.yaml", BUILT.replace("/builder, slsa", "/other, slsa"))
    assert levels() == ["FAILED"]
    digest = f"sha256:{Digest.of(Path(WHEEL).read_bytes()).encoded}"
    waiver = (
        f"{{rule: built, subject: 'pkg:pypi/acme@1.0', digest: '{digest}', reason: r, owner: o, expires: 2099-01-01}}"
    )
    attest.write("gate.yaml", BUILT.replace("/builder, slsa", "/other, slsa") + f"waivers:\n  - {waiver}\n")
    assert levels() == []
    (_, statement), *_ = envelopes(attest.directory / "acme.vsa")
    (waived,) = statement["predicate"][names.EXTENSION_VERDICT]["waivers"]
    assert (waived["policy"], waived["rule"], waived["owner"], waived["holds"]) == ("gate", "built", "o", True)


def test_several_policies_have_one_digest_together(attest: Workplace) -> None:
    attest.ok("sign", WHEEL, *KEY)
    attest.write("second.yaml", POLICY.replace("name: gate", "name: a second, one"))
    policies = ("--policy", "gate.yaml", "--policy", "second.yaml")
    (verdict,) = attest("verify", WHEEL, *policies, "--json", "--vsa", "acme.vsa", *BY).json["verdicts"]
    ((_, statement),) = envelopes(attest.directory / "acme.vsa")
    named = [{key: policy[key] for key in ("name", "digest", "files")} for policy in verdict["policies"]]
    assert statement["predicate"]["policy"] == {
        "uri": f"{VERIFIER}#gate,a%20second%2C%20one",
        "digest": {"sha256": Digest.of(strict_json.write({"policies": named})).encoded},
    }


@pytest.mark.peer("cosign", "olareg")
def test_who_trusts_the_verifier_goes_by_it_and_never_by_one_that_failed(attest: Workplace) -> None:
    other = attest.wheel("other")
    attest.ok("sign", WHEEL, *KEY)
    attest.ok("anchor", other)
    result = attest("verify", WHEEL, other, "--policy", "gate.yaml", "--attach-vsa", "--vsa", "all.vsa", *BY)
    assert result.code == 1
    assert [line.split()[:2] for line in result.err.splitlines()] == [
        ["attached", "pkg:pypi/acme@1.0"],
        ["attached", "pkg:pypi/other@1.0"],
    ]
    said = [
        (payload_type, statement["predicate"]["verificationResult"], statement["predicate"]["verifiedLevels"])
        for payload_type, statement in envelopes(attest.directory / "all.vsa")
    ]
    assert said == [
        (names.IN_TOTO_PAYLOAD, "PASSED", []),
        (names.FAILED_VSA_PAYLOAD, "FAILED", ["FAILED"]),
    ]
    verdicts = attest("verify", WHEEL, other, "--policy", "trusting.yaml", "--json").json["verdicts"]
    assert [(item["outcome"], item["findings"][0]["code"]) for item in verdicts] == [
        ("admitted", "vsa-verified"),
        ("denied", "vsa-failed"),
    ]
    with olareg(Path(".attest")) as registry:
        for wheel, name, code in ((Path(WHEEL), "acme", 0), (other, "other", 1)):
            anchor = attest.ok("anchor", wheel, "--dry-run").out.split()[1]
            reference = f"{registry.host}/pypi/{name}@{anchor}"
            cosign(
                attest,
                "verify-attestation",
                "--key",
                "verifier.pub",
                "--type",
                names.PREDICATE_VSA,
                *OFFLINE,
                reference,
                code=code,
            )
            cosign(attest, "verify", "--key", "verifier.pub", *OFFLINE, reference, code=code)


def test_nothing_is_signed_of_what_could_not_be_decided(attest: Workplace) -> None:
    attest.write("gate.yaml", POLICY + "  - {id: kept, require: no-revocation, by: [release], absence: seal}\n")
    attest.ok("sign", WHEEL, *KEY)
    result = attest("verify", WHEEL, "--policy", "gate.yaml", "--vsa", "acme.vsa", "--attach-vsa", *BY)
    assert result.code == 3
    assert result.err == "pkg:pypi/acme@1.0: no verification summary, for nothing was decided\n"
    assert Path("acme.vsa").read_bytes() == b""
    assert names.PREDICATE_VSA not in attest.ok("list", WHEEL).out


def test_an_image_is_named_by_its_digest(attest: Workplace) -> None:
    attest.ok("sign", WHEEL, *KEY)
    attest.write("gate.yaml", POLICY.replace('["pkg:pypi/**"]', '["**"]'))
    with olareg(Path(".attest")) as registry:
        anchor = attest.ok("anchor", WHEEL, "--dry-run").out.split()[1]
        named = f"{registry.host}/pypi/acme"
        attest.write("gate.yaml", POLICY.replace("pkg:pypi/**", named))
        attest.ok("verify", f"{named}@{anchor}", "--policy", "gate.yaml", "--vsa", "acme.vsa", "--attach-vsa", *BY)
        attest.write("trusting.yaml", TRUSTING.replace("pkg:pypi/**", named))
        attest.ok("verify", f"{named}@{anchor}", "--policy", "trusting.yaml")
    ((_, statement),) = envelopes(attest.directory / "acme.vsa")
    assert statement["predicate"]["resourceUri"] == f"{named}@{anchor}"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--vsa", "x"], "nobody is named who signs the verification summary"),
        (["--vsa", "x", "--key", "verifier.key"], "--verifier: a verification summary names its verifier"),
        (["--vsa", "x", "--key", "verifier.key", "--verifier", "acme"], "a verification summary names its verifier"),
        (["--vsa", "x", "--key", "verifier.key", "--verifier", "https://a/#b"], "a verification summary names"),
        (["--vsa", "x", "--key", "verifier.key", "--verifier", "https://[/"], "a verification summary names"),
        (["--key", "verifier.key"], "--key, --keyless and --verifier go with --vsa or --attach-vsa"),
        (["--verifier", VERIFIER], "--key, --keyless and --verifier go with --vsa or --attach-vsa"),
        (["--staging"], "--staging is for --keyless"),
    ],
)
def test_options_that_do_not_go_together(attest: Workplace, options: list[str], said: str) -> None:
    assert said in attest.refused("verify", WHEEL, "--policy", "gate.yaml", *options)
    assert not Path("x").exists()


@pytest.mark.parametrize("option", ["--vsa", "--receipt"])
def test_where_nothing_can_be_written_nothing_is_judged(attest: Workplace, option: str) -> None:
    signing = [] if option == "--receipt" else ["--verifier", "https://acme.example/verifier", "--key", "release.key"]
    asked = ("verify", WHEEL, "--policy", "policy.yaml", *signing, option)
    assert "make the directory none first" in attest.refused(*asked, "none/x")
    assert "it is a directory" in attest.refused(*asked, "dist")
