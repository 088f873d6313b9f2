"""Risk cuts by profit: what contacting everybody from a probability on earns, and the cut that earns most.

By the campaign of the spec (`evaluation.campaign`; Verbraken, Verbeke & Baesens 2013, section 3) a contacted customer
who would leave brings g (lifetime_value - offer_cost) - contact_cost, g the share of leavers who accept, and one who
would stay costs offer_cost + contact_cost. The profit of a cut c is the weighted mean over all customers of what those
with a probability of c or more bring. docs/statistics.md has the formula.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import betaincinv

from experiments.metric import Numbers
from experiments.sections.evaluation import CampaignSpec

# Cuts are looked for among whole thousandths: a level is to be read.
STEPS = 1000
# The risk is medium where contacting pays if more accept than the campaign expects: with a chance of one in ten.
HOPED = 0.9


@dataclass(frozen=True)
class Offer:
    """What a contact earns, in the spec's currency: with one who would leave, and with one who would stay."""

    leaver: float
    stayer: float

    @classmethod
    def of(cls, campaign: CampaignSpec, accepted: float | None = None) -> "Offer":
        """That of a campaign, where this share of leavers accepts; on average, unless said."""
        mean = campaign.alpha / (campaign.alpha + campaign.beta)
        share = mean if accepted is None else accepted
        kept = share * (campaign.lifetime_value - campaign.offer_cost)
        return cls(kept - campaign.contact_cost, -campaign.offer_cost - campaign.contact_cost)

    def earned(self, churned: Numbers) -> Numbers:
        """What contacting each customer earns, shape (n_rows,); churned is 1 or 0."""
        return np.where(churned == 1, self.leaver, self.stayer)


def grid() -> Numbers:
    """The cuts that are looked at, shape (STEPS,), rising from a thousandth to 1."""
    return np.arange(1, STEPS + 1) / STEPS


def profits(cuts: Numbers, probability: Numbers, earned: Numbers, weights: Numbers) -> Numbers:
    """The profit per customer of contacting everybody with a probability of a cut or more; shape of cuts.

    probability, earned (see `Offer.earned`) and weights have shape (n_rows,).
    """
    order = np.argsort(probability, kind="stable")
    from_here = np.append(np.cumsum((weights * earned)[order][::-1])[::-1], 0.0)
    found: Numbers = from_here[np.searchsorted(probability[order], cuts, side="left")] / weights.sum()
    return found


def best(probability: Numbers, earned: Numbers, weights: Numbers) -> float:
    """The cut of the grid with the highest profit; of equal ones the highest, which contacts fewest."""
    cuts = grid()
    found = profits(cuts, probability, earned, weights)
    # Sums of one and the same rows may differ by rounding.
    return float(cuts[np.flatnonzero(found >= found.max() - 1e-12 * np.abs(earned).max())[-1]])


def derived(*, probability: Numbers, churned: Numbers, weights: Numbers, campaign: CampaignSpec) -> tuple[float, float]:
    """The cuts from which a risk is medium, and high; the first is never above the second.

    High is the cut of the highest profit; medium the same where the share who accept is the campaign's 90 % quantile:
    there a contact pays if more accept than expected. Arrays have shape (n_rows,).
    """
    hoped = float(betaincinv(campaign.alpha, campaign.beta, HOPED))
    mean = campaign.alpha / (campaign.alpha + campaign.beta)
    high, medium = (
        best(probability, Offer.of(campaign, share).earned(churned), weights) for share in (mean, max(hoped, mean))
    )
    return medium, high
