"""Several policies at once, and policies that extend others: what one of them says must soften nothing of another."""

from __future__ import annotations

from tests.hostile.case import NOW, Case, admitted, artifact, denied, package, refused
from tests.hostile.making import Piece, by
from tests.hostile.sboms import sbom
from tests.hostile.summaries import verified

HELD, LOST = "signature-verified", "signature-missing"


def cases() -> list[Case]:
    return [*_several(), *_extending()]


def _several() -> list[Case]:
    team, company, signed = "team: signed", "company: signed", "signed: signed"
    return [
        admitted(
            "both-admit",
            "team company",
            by("alice"),
            by("bob"),
            findings={team: HELD, company: HELD},
            trick="none: each policy has the signature that it asks for",
        ),
        denied(
            "one-name-two-keys",
            "team company",
            by("alice"),
            findings={team: HELD, company: LOST},
            trick="two policies call two different keys 'signer', and one of the two has signed",
            naive="puts the identities of all policies together by name, so that one key stands for both",
        ),
        denied(
            "by-the-first-policy-only",
            "signed verified",
            by("release"),
            findings={signed: HELD, "verified: verified": "vsa-missing"},
            trick="the first policy admits it and the second does not",
            naive="is content with one that admits",
        ),
        denied(
            "by-the-last-policy-only",
            "signed verified",
            verified(),
            findings={signed: LOST, "verified: verified": "vsa-verified"},
            trick="the last policy admits it and the first does not",
            naive="answers as the last one does",
        ),
        denied(
            "no-policy-for-it",
            "team company",
            by("alice"),
            by("bob"),
            subject=package("no-policy-for-it", scope="@other"),
            findings={"-": "policy-not-applicable"},
            trick="signed by all, in a scope for which no policy is",
            naive="finds no policy that objects",
        ),
        admitted(
            "one-policy-for-it",
            "team signed",
            by("release"),
            subject=artifact("pkg:pypi/one-policy-for-it@1.0.0"),
            findings={signed: HELD},
            trick="none: only one of two policies is for it, and admits it",
        ),
        denied(
            "for-the-other-policy",
            "team signed",
            by("alice"),
            subject=artifact("pkg:pypi/for-the-other-policy@1.0.0"),
            findings={signed: LOST},
            trick="signed as the policy wants it that is not for it",
            naive="lets any of the policies admit it, or any of their identities",
        ),
        denied(
            "waived-by-one-of-two",
            "waived signed",
            subject=package("waived"),
            findings={"waived: signed": LOST, "waived: sbom": "sbom-missing", signed: LOST},
            now=NOW,
            trick="one policy waives its rule 'signed', another one has a rule of that name too",
            naive="waives rules by their id, in whichever policy they stand",
        ),
        refused(
            "two-policies-of-one-name",
            "signed signed-by-anybody",
            by("alice"),
            error="two policies are named 'signed'",
            trick="a second policy that goes by the name of the first",
            naive="keeps policies by name, so that the later one takes the place of the first",
        ),
    ]


def _extending() -> list[Case]:
    def refuses(name: str, error: str, *pieces: Piece, trick: str, naive: str) -> Case:
        return refused(name, f"child-{name}", *pieces, error=error, trick=trick, naive=naive)

    return [
        admitted(
            "child-adds",
            "child-adds",
            by("release"),
            sbom("security"),
            findings={"signed": HELD, "sbom": "sbom-verified"},
            trick="none: what the parent asks for, and what the child adds",
        ),
        denied(
            "childs-own-only",
            "child-adds",
            sbom("security"),
            findings={"signed": LOST, "sbom": "sbom-verified"},
            trick="it has what the child asks for and not what its parent does",
            naive="lets the child's rules take the place of its parent's",
        ),
        denied(
            "not-for-the-child",
            "child-adds",
            by("release"),
            subject=artifact("pkg:pypi/not-for-the-child@1.0.0"),
            findings={"-": "policy-not-applicable"},
            trick="the parent is for it, the child is not, and the child's rules would not hold",
            naive="asks the parent in the child's place, with the parent's rules alone",
        ),
        refuses(
            "waives",
            "waiver 1: no rule 'signed' in this file",
            trick="a child waives its parent's rule for this package",
            naive="knows rules by their id and not whose they are",
        ),
        refuses(
            "warns",
            "the rule id 'signed' stands twice",
            trick="a child writes its parent's rule anew, with 'mode: warn'",
            naive="lets the later one win",
        ),
        refuses(
            "renames-a-key",
            "the identity 'release' stands in a file that this one extends",
            by("mallory"),
            by("alice"),
            trick="a child calls another key 'release', which its parent's rule trusts",
            naive="lets the later one win, so that the parent's rule means somebody else",
        ),
        refuses(
            "trusts-more",
            "'trust' is another than that of signed.yaml",
            by("release"),
            trick="a child names a trust root where its parent trusts keys only",
            naive="trusts the union: whoever adds a log can prove times to the parent's rules",
        ),
        refuses(
            "unresolved",
            "'unresolved' is softer than what it extends",
            by("release"),
            trick="a child only warns where no digest is given, which its parent denies by saying nothing",
            naive="takes what nobody wrote for something that a child may choose",
        ),
        refuses(
            "of-a-tag",
            "a policy in a registry without a digest",
            trick="a child extends whatever a tag of a registry names today",
            naive="fetches it, and what is asked of packages is up to the registry",
        ),
        refuses(
            "of-itself",
            "the policy extends itself",
            trick="a child extends itself",
            naive="never comes to an end, or is content with no rules",
        ),
    ]
