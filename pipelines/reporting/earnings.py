"""Money on the page: cost of churn, acceptable churn rate, expected profit, break-even cost."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from experiments.evaluation import claims
from pipelines.messages.numbers import PERCENT, PLAIN, POINTS, Unit, Written, aligned, amount, count, money, written
from pipelines.reporting.effects import NOT_ESTABLISHED, claimed, is_randomised
from pipelines.reporting.judged_figures import JudgedFigure, Tone, Words, in_column, judged

Found = Mapping[str, Any]

_BEARS = Words("Pays", "Too dear", NOT_ESTABLISHED)
_LEAVES = Words("Too many", "Acceptable", NOT_ESTABLISHED)
_TURNED: Mapping[Tone, Tone] = {"good": "bad", "bad": "good", "open": "open"}
_PARTS = {
    "margin": ("Lost margin", "what the customer would have brought in {months:g} months"),
    "expansion": ("Lost expansion", "what the customer would have bought beside, {share:g} % of the margin"),
    "acquisition": ("Winning another", "what it costs to put a new customer in place"),
    "total": ("Together", "what one customer who {bad} costs"),
}
_PROFITS = {
    "auc": "of one customer who {bad} and one who {good}, how often the first has the higher risk",
    "expected_profit": "profit per customer of the best such campaign, where the share who accept is uncertain (EMPC)",
    "maximum_profit": "the same where exactly {taken:.3g} in 100 accept (MPC); at most the expected "
    "profit, as a campaign can make use of a share that varies",
}


@dataclass(frozen=True)
class CostLine:
    """A figure with its name and what it means."""

    name: str
    figure: Written
    meaning: str


@dataclass(frozen=True)
class AcceptableChurn:
    """The churn rate at which winning customers just pays; within, observed and verdict need a horizon."""

    monthly: Written
    margin: Written
    acquisition: str
    within: Written | None
    observed: Written | None
    verdict: JudgedFigure | None


@dataclass(frozen=True)
class Cost:
    """The cost of churn: its parts, their sum per leaver and per customer, and the acceptable churn rate."""

    parts: tuple[CostLine, ...]
    total: Written
    per_customer: Written
    acceptable_churn: AcceptableChurn


@dataclass(frozen=True)
class BreakEven:
    """The cost of a contact, and its break-even cost for so many contacts; None where nobody would be contacted."""

    action: str
    contacts: str
    costs: str
    at_most: JudgedFigure | None


def cost(found: Found) -> Cost | None:
    """The cost of churn; None where the spec does not define it."""
    told = found["cost_of_churn"]
    if not told:
        return None
    unit, asked = _money(found), found["spec"]["cost_of_churn"]
    words = {"months": asked["months"], "share": 100 * asked["expansion_share"], "bad": found["spec"]["label"]["bad"]}
    measured = told["per_leaver"]
    figures = dict(zip(measured, aligned([written(one, unit) for one in measured.values()]), strict=True))
    figures["acquisition"] = Written(told["acquisition"], "", amount(told["acquisition"], unit), "", "as the spec says")
    parts = tuple(CostLine(name, figures[part], meaning.format(**words)) for part, (name, meaning) in _PARTS.items())
    return Cost(parts, figures["total"], written(told["per_customer"], unit), _acceptable_churn(told, unit))


def _money(found: Found) -> Unit:
    """Amounts with two decimals: where all customers have the same value, there is no error to round by."""
    return replace(money(found["spec"]["currency"]), decimals=2)


def _acceptable_churn(told: Found, unit: Unit) -> AcceptableChurn:
    monthly, margin = written(told["acceptable_monthly"], PERCENT), written(told["margin_a_month"], unit)
    acquisition = amount(told["acquisition"], unit)
    if "excess" not in told:
        return AcceptableChurn(monthly, margin, acquisition, None, None, None)
    verdict = judged("churn above the acceptable rate", told["excess"], _LEAVES, POINTS)
    # Elsewhere a figure above 0 is good; here it is bad.
    verdict = replace(verdict, tone=_TURNED[verdict.tone])
    within, observed = written(told["acceptable"], PERCENT), written(told["observed"], PERCENT)
    return AcceptableChurn(monthly, margin, acquisition, within, observed, verdict)


def profits(found: Found) -> tuple[CostLine, ...]:
    """The AUC, and the two profits of a campaign by the ranking."""
    unit, label = money(found["spec"]["currency"]), found["spec"]["label"]
    names = {"auc": "AUC", "expected_profit": "Expected profit", "maximum_profit": "Maximum profit"}
    return tuple(
        CostLine(
            names[name],
            written(found["risk"][name], PLAIN if name == "auc" else unit),
            meaning.format(bad=label["bad"], good=label["good"], taken=_taken(found)),
        )
        for name, meaning in _PROFITS.items()
        if found["risk"][name]["value"] is not None
    )


def campaign(found: Found) -> str:
    """The assumptions behind the two profits, in a phrase."""
    asked, unit = found["spec"]["evaluation"]["campaign"], _money(found)
    contact, offer, kept = (amount(asked[name], unit) for name in ("contact_cost", "offer_cost", "lifetime_value"))
    return (
        f"a contact costs {contact}, an offer {offer}, a customer kept is worth {kept}, and about "
        f"{_taken(found):.0f} in 100 who would leave accept the offer"
    )


def _taken(found: Found) -> float:
    """How many of 100 who would leave accept the offer on average, as the spec assumes."""
    asked = found["spec"]["evaluation"]["campaign"]
    return float(100 * asked["alpha"] / (asked["alpha"] + asked["beta"]))


def break_even(found: Found) -> tuple[BreakEven, ...]:
    """The break-even cost of each action; empty where no action was tried in a randomised trial."""
    if not is_randomised(found):
        return ()
    unit, prices = money(found["spec"]["currency"]), found["policy"]["break_even"]
    known = {action: _at_most(found, action, one) for action, one in prices.items() if "value" in one}
    told = dict(zip(known, in_column(list(known.values())), strict=True))
    return tuple(
        BreakEven(action, count(one["contacts"]), amount(one["cost"], unit), told.get(action))
        for action, one in prices.items()
    )


def _at_most(found: Found, action: str, one: Found) -> JudgedFigure:
    claim, unit = claims.name("contact", action), money(found["spec"]["currency"])
    return claimed(found, claim, one, _BEARS, unit, of=action, against=one["cost"])
