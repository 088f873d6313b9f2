"""Multiplicity correction for everything that a report may claim of actions: one Holm family per report.

The family is everything that the report would otherwise put in a word: what each action changes, also of further
outcomes, whom it helps, what the advice earns, by how much it beats each rival, and what a contact may cost. Three
actions without any effect would else show *helps* or *harms* in one world of eight.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any

from scipy.stats import norm

from experiments.statistics.holm import rejected

ALPHA = 0.05
# The rival whose place the advice is compared with anyway: it would be the claim on the advice itself, twice.
NOBODY = "treat_none"
NEVER: Mapping[str, Any] = {"established": False}

Figure = Mapping[str, Any]


@dataclass(frozen=True)
class Claim:
    """A figure (value, standard_error) that is tested against `against`; kind and of identify the claim."""

    kind: str
    of: str
    figure: Figure
    against: float = 0.0

    @property
    def name(self) -> str:
        """The claim's identifier: its kind (effect, outcome, ranking, advice, rival or contact) and what it is of."""
        return name(self.kind, self.of)

    @property
    def p(self) -> float:
        """The two-sided p-value of the figure being `against`, by the normal distribution; 1 where it is undefined."""
        apart, error = abs(self.figure["value"] - self.against), self.figure["standard_error"]
        if not isfinite(apart + error):
            return 1.0
        if not error:
            return 0.0 if apart else 1.0
        return float(2 * norm.sf(apart / error))

    @property
    def is_open(self) -> bool:
        """Whether the figure varies by chance at all: a policy that contacts nobody earns exactly zero."""
        return bool(self.figure["standard_error"] or self.figure["value"] != self.against)


def name(kind: str, of: str) -> str:
    """What a claim is called: its kind (effect, outcome, ranking, advice, rival or contact) and what it is of."""
    return f"{kind}: {of}"


def with_claims(found: Mapping[str, Any], *, randomised: bool) -> dict[str, Any]:
    """The report with its corrected claims (`claims`), and `ranking_established` of each action.

    found has uplift and policy as the evaluation gives them. claims holds alpha, family (how many claims are held
    together) and, by name, p and established (whether Holm's procedure over the family rejects it). Where the actions
    were not randomised nothing may be claimed, and the family is empty.
    """
    held = [one for one in family(found) if one.is_open] if randomised else []
    stands = rejected([one.p for one in held], alpha=ALPHA)
    made = {one.name: {"p": one.p, "established": stood} for one, stood in zip(held, stands, strict=True)}
    actions = {
        action: {**one, "ranking_established": _is_up(one) and made.get(name("ranking", action), NEVER)["established"]}
        for action, one in found["uplift"]["actions"].items()
    }
    claims = {"alpha": ALPHA, "family": len(held), "made": made}
    return {**found, "uplift": {**found["uplift"], "actions": actions}, "claims": claims}


def _is_up(action: Mapping[str, Any]) -> bool:
    return bool(action["figures"]["qini"]["value"] > 0)


def family(found: Mapping[str, Any]) -> Iterator[Claim]:
    """Every claim that the report could make of actions; empty where no action was tried."""
    uplift, policy = found["uplift"], found["policy"]
    yield from (Claim("effect", action, one) for action, one in uplift["trial"].items())
    for column, outcome in uplift["outcomes"].items():
        yield from (Claim("outcome", f"{column}, {action}", one) for action, one in outcome["trial"].items())
    yield from (Claim("ranking", action, one["figures"]["qini"]) for action, one in uplift["actions"].items())
    if not policy:
        return
    yield Claim("advice", "policy", policy["value"])
    against = {rival: one for rival, one in policy["against"].items() if rival != NOBODY}
    yield from (Claim("rival", rival, one["advantage"]) for rival, one in against.items())
    prices = {action: one for action, one in policy["break_even"].items() if "value" in one}
    yield from (Claim("contact", action, one, one["cost"]) for action, one in prices.items())
