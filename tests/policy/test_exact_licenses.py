"""Licences by name and by expression under allow and deny lists, operator by operator."""

from __future__ import annotations

import pytest

from attest.errors import PolicyError
from attest.policy import yaml_nodes
from attest.policy.fields import Fields
from attest.policy.licenses import Licenses, read_licenses
from attest.statements.bom import Component, License, Sbom


def objections(licenses: Licenses, *written: License) -> list[str]:
    component = Component("a", "1", "pkg:npm/a@1", licenses=written)
    return list(licenses.objections(Sbom("CycloneDX", "1.6", (component,), ())))


def allow(*names: str) -> Licenses:
    return Licenses(allow=frozenset(names))


def deny(*names: str) -> Licenses:
    return Licenses(deny=frozenset(names))


CLASSPATH = "GPL-2.0-only WITH Classpath-exception-2.0"


@pytest.mark.parametrize(
    ("licenses", "text", "holds"),
    [
        (allow("MIT"), "MIT", True),
        (allow("MIT"), "ISC", False),
        (allow("MIT"), "MIT OR ISC", True),
        (allow("MIT"), "ISC OR MIT", True),
        (allow("MIT"), "MIT AND ISC", False),
        (allow("MIT"), "ISC AND MIT", False),
        (allow("MIT", "ISC"), "MIT AND ISC", True),
        (allow("MIT", "ISC"), "MIT AND (ISC OR GPL-2.0-only)", True),
        (allow("MIT"), "(MIT AND ISC) OR (ISC AND MIT)", False),
        (allow("GPL-2.0-only"), CLASSPATH, True),
        (allow(CLASSPATH), CLASSPATH, True),
        (allow(CLASSPATH), "GPL-2.0-only", False),
        (allow("MIT"), CLASSPATH, False),
        (deny("MIT"), "MIT", False),
        (deny("MIT"), "ISC", True),
        (deny("MIT"), "MIT OR ISC", True),
        (deny("MIT"), "MIT AND ISC", False),
        (deny("MIT"), "ISC AND GPL-2.0-only", True),
        (deny("GPL-2.0-only"), CLASSPATH, False),
        (deny(CLASSPATH), CLASSPATH, False),
        (deny(CLASSPATH), "GPL-2.0-only", True),
        (deny("LicenseRef-x"), "LicenseRef-x", False),
        (deny("MIT"), "LicenseRef-x", True),
        (allow("LicenseRef-x"), "LicenseRef-x", True),
    ],
)
def test_expressions(licenses: Licenses, text: str, holds: bool) -> None:
    verb = "denied" if licenses.allow is None else "not allowed"
    told = [] if holds else [f"pkg:npm/a@1 is {text}, which is {verb}"]
    assert objections(licenses, License(text)) == told


@pytest.mark.parametrize(
    ("licenses", "name", "told"),
    [
        (allow("MIT"), "MIT", None),
        (allow("MIT"), "mit", None),
        (allow("ISC"), "mit", "is mit, which is not allowed"),
        (allow("MIT"), "Acme's own", 'has a licence that is no SPDX id: "Acme\'s own"'),
        (allow("MIT"), "Acme", "has a licence that is no SPDX id: 'Acme'"),
        (allow("MIT"), "x" * 100, f"has a licence that is no SPDX id: '{'x' * 80}'"),
        (deny("MIT"), "MIT", "is MIT, which is denied"),
        (deny("MIT"), "mit", "is mit, which is denied"),
        (deny("MIT"), "ISC", None),
        (deny("MIT"), "Acme's own", None),
        (deny("MIT"), "Acme", None),
    ],
)
def test_names(licenses: Licenses, name: str, told: str | None) -> None:
    assert objections(licenses, License(name, False)) == ([] if told is None else [f"pkg:npm/a@1 {told}"])


DEEP = "(MIT OR (ISC AND " * 800 + "MIT" + "))" * 800


def test_however_deep_it_is_nested() -> None:
    """Whoever writes an SBOM writes what its licences are called, too."""
    for is_expression in (True, False):
        assert objections(allow("MIT"), License(DEEP, is_expression)) == []
        assert objections(allow("BSD-3-Clause"), License(DEEP, is_expression)) == [
            f"pkg:npm/a@1 is {DEEP[:160]}, which is not allowed"
        ]
    unknown = DEEP.replace("ISC AND MIT", "ISC AND Acme")
    assert objections(deny("MIT"), License(unknown, False)) == []
    (told,) = objections(allow("MIT"), License(unknown, False))
    assert told == f"pkg:npm/a@1 has a licence that is no SPDX id: {unknown[:80]!r}"


def read(written: str) -> Licenses:
    return read_licenses(Fields(yaml_nodes.read(f"first: x\n{written}".encode(), where="p"), "it"))


@pytest.mark.parametrize(
    ("written", "licenses"),
    [
        ("allow: [MIT, mit-0, LicenseRef-acme]", allow("MIT", "MIT-0", "LicenseRef-acme")),
        (f"deny: [{CLASSPATH}]", deny(CLASSPATH)),
        ("allow: [GPL-2.0]", allow("GPL-2.0-only")),
    ],
)
def test_what_a_policy_may_name(written: str, licenses: Licenses) -> None:
    assert read(written) == licenses


SUCH = "expected one such as MIT, or LicenseRef-…"


@pytest.mark.parametrize(
    ("written", "where", "what", "why"),
    [
        ("x: y", "p:1", "it: expected one of 'allow' and 'deny'", None),
        ("allow: [MIT]\ndeny: [ISC]", "p:1", "it: expected one of 'allow' and 'deny'", None),
        ("allow: [Acme]", "p:2", "it: 'allow': not an SPDX licence id: 'Acme'", SUCH),
        ("deny: [MIT OR ISC]", "p:2", "it: 'deny': not an SPDX licence id: 'MIT OR ISC'", SUCH),
        ("deny: [MIT WITH Acme]", "p:2", "it: 'deny': not an SPDX licence id: 'MIT WITH Acme'", SUCH),
        ("deny:\n  - MIT\n  - mit", "p:4", "it: 'deny': 'MIT' stands twice", None),
        ("deny: [MIT AND]", "p:2", "it: 'deny': not a licence: 'MIT AND'", None),
        (f"deny: ['{DEEP}']", "p:2", f"it: 'deny': not an SPDX licence id: {DEEP[:80]!r}", SUCH),
    ],
)  # fmt: skip
def test_what_it_may_not(written: str, where: str, what: str, why: str | None) -> None:
    with pytest.raises(PolicyError) as caught:
        read(written)
    assert (caught.value.where, caught.value.what) == (where, what)
    assert why is None or caught.value.why == why


def test_of_several_all_must_hold() -> None:
    assert objections(allow("MIT"), License("MIT"), License("ISC")) == ["pkg:npm/a@1 is ISC, which is not allowed"]
    assert objections(deny("MIT"), License("ISC"), License("MIT")) == ["pkg:npm/a@1 is MIT, which is denied"]
    assert objections(allow("MIT", "ISC"), License("ISC"), License("MIT")) == []


def test_without_any() -> None:
    assert objections(allow("MIT")) == ["pkg:npm/a@1 has no known licence"]
    assert objections(deny("MIT")) == []


def test_every_component_is_looked_at() -> None:
    parts = tuple(Component(name, "1", None, licenses=(License("ISC"),)) for name in ("a", "b"))
    found = list(allow("MIT").objections(Sbom("SPDX", "2.3", parts[:1], parts[1:])))
    assert found == [f"{part} is ISC, which is not allowed" for part in parts]


@pytest.mark.parametrize(("size", "told"), [(16_384, "is "), (16_385, "has a licence that cannot be read: ")])
def test_how_long_an_expression_may_be(size: int, told: str) -> None:
    text = "ISC OR " * (size // 7)
    text = f"{text[:-4]}{' ' * (size - len(text) + 4)}"
    assert len(text) == size
    (found,) = objections(allow("MIT"), License(text))
    assert found.startswith(f"pkg:npm/a@1 {told}")
