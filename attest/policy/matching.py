"""How many distinct names have signed with as many distinct keys: a maximum matching in a bipartite graph.

One key under two names is one signer, and so is one name with two keys: a threshold counts pairs of a name and a key
in which no name and no key stands twice.
"""

from __future__ import annotations

from collections.abc import Iterable

from attest.evidence.identity import Signer


def distinct(signers: Iterable[Signer]) -> int:
    """The largest number of ``signers`` that share neither name nor principal (Kuhn's algorithm)."""
    principals: dict[str, list[str]] = {}
    for signer in sorted(set(signers)):
        principals.setdefault(signer.name, []).append(signer.principal)
    taken: dict[str, str] = {}

    def place(name: str, tried: set[str]) -> bool:
        for principal in principals[name]:
            if principal not in tried:
                tried.add(principal)
                if principal not in taken or place(taken[principal], tried):
                    taken[principal] = name
                    return True
        return False

    return sum(place(name, set()) for name in principals)
