"""`attest attach`: what a file is, whom it is about, and what must not be signed."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from attest import names
from tests.cli.conftest import POLICY, Workplace
from tests.cli.test_cosign import OFFLINE, cosign
from tests.cli.test_provenance import digests, layer
from tests.statements.test_documents import SPECIMENS
from tests.stores.programs import olareg

WHEEL = "dist/acme-1.0-py3-none-any.whl"
KEY = ("--key", "release.key")
GATE = POLICY + "  - {id: sbom, require: sbom, by: [release]}\n"


def bom(purl: str | None = None) -> str:
    component = {"type": "library", "name": "acme", "version": "1.0"} | ({} if purl is None else {"purl": purl})
    return json.dumps(
        {"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "metadata": {"component": component}}
    )


def signed(attest: Workplace, written: Any) -> tuple[str, dict[str, Any]]:
    """The payload type and the statement of what was attached."""
    blobs = attest.directory / ".attest" / written["repository"] / "blobs/sha256"
    envelope = json.loads((blobs / layer(written).partition(":")[2]).read_bytes())["dsseEnvelope"]
    return envelope["payloadType"], json.loads(base64.b64decode(envelope["payload"]))


@pytest.mark.parametrize("name", SPECIMENS)
def test_every_kind_is_attached_as_what_it_is(attest: Workplace, name: str) -> None:
    value, predicate_type, _ = SPECIMENS[name]
    attest.write("document.json", json.dumps(value))
    (written,) = attest.ok("attach", WHEEL, "document.json", *KEY, "--json").json["written"]
    payload_type, statement = signed(attest, written)
    assert (written["type"], payload_type) == (predicate_type, names.IN_TOTO_PAYLOAD)
    assert (statement["predicateType"], statement["predicate"]) == (predicate_type, value)


def test_one_statement_about_several_counts_for_each(attest: Workplace) -> None:
    attest.write("bom.json", json.dumps({"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1}))
    attest.write("gate.yaml", GATE)
    other, third = attest.wheel("other"), attest.wheel("third")
    attest.ok("sign", WHEEL, other, third, *KEY)
    written = attest.ok("attach", WHEEL, other, "bom.json", "--together", *KEY, "--json").json["written"]
    assert len({item["manifest"] for item in written}) == 2
    assert len({layer(item) for item in written}) == 1
    _, statement = signed(attest, written[0])
    assert [item["digest"]["sha256"] for item in statement["subject"]] == digests(attest, WHEEL, other)
    assert attest.ok("verify", WHEEL, other, "--policy", "gate.yaml").out.count("admitted") == 2
    assert attest("verify", third, "--policy", "gate.yaml").code == 1


def test_several_subjects_have_a_statement_each(attest: Workplace) -> None:
    attest.write("bom.json", bom())
    other = attest.wheel("other")
    written = attest.ok("attach", WHEEL, other, "bom.json", *KEY, "--json").json["written"]
    assert [len(signed(attest, item)[1]["subject"]) for item in written] == [2, 2]
    assert len(attest.ok("attach", WHEEL, other, "bom.json", "--unsigned", "--json").json["written"]) == 2
    assert "--together is for signed statements" in attest.refused(
        "attach", WHEEL, other, "bom.json", "--together", "--unsigned"
    )


def test_a_statement_is_about_what_it_names(attest: Workplace) -> None:
    anchor, own = digests(attest, WHEEL)
    statement = {
        "_type": "https://in-toto.io/Statement/v0.1",
        "subject": [{"name": "acme-1.0-py3-none-any.whl", "digest": {"sha256": own}}],
        "predicateType": "https://acme.test/audit/v1",
        "predicate": {"by": "hand"},
    }
    attest.write("audit.json", json.dumps(statement))
    (written,) = attest.ok("attach", WHEEL, "audit.json", *KEY, "--json").json["written"]
    _, found = signed(attest, written)
    assert (found["predicateType"], found["predicate"]) == ("https://acme.test/audit/v1", {"by": "hand"})
    assert found["subject"][0]["digest"] == {"sha256": anchor}
    refusal = attest.refused("attach", attest.wheel("other"), "audit.json", *KEY)
    assert "the statement is not about pkg:pypi/other@1.0: no subject has the digest" in refusal
    assert not Path(".attest/pypi/other").exists()
    statement["subject"] = [{"name": "pkg:pypi/acme@2.0", "digest": {"sha256": own}}]
    attest.write("audit.json", json.dumps(statement))
    assert "names another package: pkg:pypi/acme@2.0" in attest.refused("attach", WHEEL, "audit.json", *KEY)


def test_an_sbom_of_something_else_is_told(attest: Workplace) -> None:
    attest.write("bom.json", bom("pkg:pypi/other@1.0"))
    said = attest.ok("attach", WHEEL, "bom.json", *KEY).err
    assert said == "bom.json says that it describes pkg:pypi/other@1.0, not pkg:pypi/acme@1.0\n"
    for purl in ("pkg:pypi/acme@1.0", "pkg:cargo/inner@1", None):
        attest.write("bom.json", bom(purl))
        assert attest.ok("attach", WHEEL, "bom.json", *KEY).err == ""


def test_what_is_malformed_is_refused_with_its_place(attest: Workplace) -> None:
    attest.write("bom.json", bom().replace('"acme"', "7"))
    said = attest.refused("attach", WHEEL, "bom.json", *KEY)
    why = "sbom.metadata.component.name: expected a string: it is a number"
    assert said == f"attest: bom.json: not a well-formed CycloneDX document: {why}"
    assert said == attest.refused("attach", WHEEL, "bom.json", "--unsigned")
    assert not Path(".attest").exists()


SUMMARIES = {"PASSED": (names.IN_TOTO_PAYLOAD, 0), "FAILED": (names.FAILED_VSA_PAYLOAD, 1)}


def summary(attest: Workplace, result: str) -> Any:
    """A verification summary with this result, attached."""
    attest.write("vsa.json", json.dumps({**SPECIMENS["vsa"][0], "verificationResult": result}))
    (written,) = attest.ok("attach", attest.wheel(result.lower()), "vsa.json", *KEY, "--json").json["written"]
    return written


@pytest.mark.parametrize("result", SUMMARIES)
def test_a_summary_that_says_no_has_a_payload_type_of_its_own(attest: Workplace, result: str) -> None:
    assert signed(attest, summary(attest, result))[0] == SUMMARIES[result][0]


@pytest.mark.peer("cosign", "olareg")
@pytest.mark.parametrize("result", SUMMARIES)
def test_a_summary_that_says_no_is_no_signature(attest: Workplace, result: str) -> None:
    written = summary(attest, result)
    with olareg(Path(".attest")) as registry:
        reference = f"{registry.host}/{written['repository']}@{written['manifest']}"
        cosign(attest, "verify", "--key", "release.pub", *OFFLINE, reference, code=SUMMARIES[result][1])


@pytest.mark.peer("cosign", "olareg")
def test_cosign_reads_each_of_its_types(attest: Workplace) -> None:
    kinds = {
        "cyclonedx": "cyclonedx",
        "spdx": "spdx 2",
        "slsaprovenance1": "slsa v1",
        "vuln": "cosign vuln",
        "openvex": "openvex",
    }
    wheels = {kind: attest.wheel(kind) for kind in (*kinds, "custom", "link")}
    for kind, wheel in wheels.items():
        attest.write("document.json", json.dumps(SPECIMENS[kinds[kind]][0]) if kind in kinds else '{"any": "thing"}')
        attest.ok("attach", wheel, "document.json", "--type", kind, *KEY)
    with olareg(Path(".attest")) as registry:
        for kind, wheel in wheels.items():
            anchor = attest.ok("anchor", wheel, "--dry-run").out.split()[1]
            reference = f"{registry.host}/pypi/{kind}@{anchor}"
            cosign(attest, "verify-attestation", "--key", "release.pub", "--type", kind, *OFFLINE, reference)
