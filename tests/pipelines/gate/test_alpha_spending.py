"""What comparisons may spend: of worthless challengers, alpha at most is promoted for a cohort's worth of customers.

Cohorts grow, are corrected, are split anew and roll on by months. What each comparison may spend follows from the
ledger and the rows alone, so it is taken once for each design, and the outcomes are drawn many times.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from experiments.sections.label import LabelSpec
from experiments.statistics.repeated_looks import spent
from pipelines.champion import entry_kinds
from pipelines.champion.authorship import Authorship
from pipelines.champion.ledger import Entry
from pipelines.champion.succession import Standing
from pipelines.gate.alpha_spending import next_look

ALPHA, DAYS, CUSTOMERS, SIMULATIONS = 0.05, 60, 400, 4000
UNDATED = LabelSpec(kind="column")
LABEL = LabelSpec(kind="cancelled", lead_time_days=14, horizon_days=60)
SIGNED = Authorship("ann@office", "2026-03-04T05:06:07+00:00")

Days = list[pd.DataFrame]


def rows(customers: np.ndarray, as_of: str | None = None) -> pd.DataFrame:
    return pd.DataFrame(
        {"customer_id": [f"c{n}" for n in customers], "as_of": pd.Timestamp(as_of) if as_of else pd.NaT}
    )


def growing() -> Days:
    """Twelve new customers a day."""
    return [rows(np.arange(CUSTOMERS + 12 * day)) for day in range(DAYS)]


def corrected() -> Days:
    """The same customers but for one, another each day."""
    return [rows(np.delete(np.arange(CUSTOMERS), day)) for day in range(DAYS)]


def split_anew() -> Days:
    """Another half of the same customers each day."""
    return [rows(np.random.default_rng(day).permutation(CUSTOMERS)[: CUSTOMERS // 2]) for day in range(DAYS)]


def rolling() -> Days:
    """The same customers, observed anew every month."""
    return [rows(np.arange(CUSTOMERS), f"2026-{1 + day // 30:02d}-01") for day in range(DAYS)]


def written(standing: Standing, look: dict[str, Any], dates: list[str] | None = None) -> Standing:
    """The ledger after a comparison that changed nothing."""
    asked = {"challenger_version": str(look.get("place", 1)), "compared_with": None, "question": "q"}
    found = {"verdict": "KEEP", "reasons": ["worthless"], "look": look, "figures": {}, "cohort": {"dates": dates or []}}
    body = entry_kinds.decision(asked, found, SIGNED, digest="d", approval=False)
    return Standing("shop", (*standing.entries, Entry.after(standing.entries, "shop", body)))


def looks(days: Days, label: LabelSpec) -> list[dict[str, Any]]:
    standing, found = Standing("shop"), []
    for day in days:
        look = next_look(standing, day, label, cohort="c", alpha=ALPHA)
        standing = written(standing, look)
        found.append(look)
    return found


def promoted(days: Days, alphas: list[float]) -> float:
    """How often any of the challengers, each as good as the champion, is shown to be better.

    Every challenger has noise of its own in each row, and all share the champion's.
    """
    keys = [set(zip(day["customer_id"], day["as_of"].astype(str), strict=True)) for day in days]
    place = {key: number for number, key in enumerate(sorted(set().union(*keys)))}
    rng = np.random.default_rng(1)
    champion = rng.normal(size=(SIMULATIONS, len(place)))
    won = np.zeros(SIMULATIONS, dtype=bool)
    for key, alpha in zip(keys, alphas, strict=True):
        judged = [place[one] for one in key]
        own = rng.normal(scale=np.sqrt(len(judged)), size=SIMULATIONS)
        won |= (own - champion[:, judged].sum(axis=1)) / np.sqrt(2 * len(judged)) > norm.isf(alpha)
    return float(won.mean())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("design", "label"),
    [(growing, UNDATED), (corrected, UNDATED), (split_anew, UNDATED), (rolling, LABEL)],
    ids=["grow", "are corrected", "are split anew", "roll on"],
)
def test_sixty_worthless_challengers_are_promoted_in_at_most_alpha_per_cohorts_worth(
    design: Callable[[], Days], label: LabelSpec
) -> None:
    days = design()
    found = looks(days, label)
    brought = sum(one["units"]["new"] for one in found) / found[0]["units"]["reference"]
    most = ALPHA * brought
    assert sum(one["alpha"] for one in found) <= most + 1e-12
    assert promoted(days, [one["alpha"] for one in found]) <= most + 3 * np.sqrt(most / SIMULATIONS)
    # Counted by an exact hash of the rows, every day was a first look.
    assert design is rolling or promoted(days, [spent(ALPHA, look=1)] * DAYS) > 2 * most


def test_what_is_corrected_or_split_anew_brings_nothing() -> None:
    for design in (corrected, split_anew):
        found = looks(design(), UNDATED)
        total = sum(one["units"]["new"] for one in found)
        assert total <= CUSTOMERS + 1e-9
        assert found[0]["alpha"] == pytest.approx(spent(ALPHA, look=1))
    # One customer of four hundred came back on the second day.
    assert looks(corrected(), UNDATED)[1]["units"]["new"] == pytest.approx(1)


def test_monthly_retraining_on_one_customer_base_does_not_starve() -> None:
    """Half of each window of 60 days is new every 30 days, and so is half of alpha."""
    months = [rows(np.arange(CUSTOMERS), f"{2026 + m // 12}-{1 + m % 12:02d}-01") for m in range(24)]
    found = looks(months, LABEL)
    assert all(0.45 < one["units"]["new"] / CUSTOMERS < 0.56 for one in found[1:])
    assert found[-1]["alpha"] > 0.4 * ALPHA
    assert all(one["number"] <= 3 for one in found)


def test_comparisons_on_the_same_customers_share_alpha_as_ever() -> None:
    found = looks([rows(np.arange(50))] * 5, UNDATED)
    assert [one["alpha"] for one in found] == pytest.approx([spent(ALPHA, look=k) for k in range(1, 6)])
    assert [one["number"] for one in found] == [1, 2, 3, 4, 5]


def test_no_comparison_spends_more_than_alpha_however_many_customers_are_new() -> None:
    found = looks([rows(np.arange(50)), rows(np.arange(50, 5000))], UNDATED)
    assert found[1]["alpha"] == ALPHA


def old(number: int, cohort: str) -> dict[str, Any]:
    """A comparison as the ledger held it before units were written down."""
    return {"cohort": cohort, "number": number, "alpha": spent(ALPHA, look=number)}


def test_comparisons_of_before_units_count_where_their_dates_meet_these_or_are_not_known() -> None:
    undated = written(written(Standing("shop"), old(1, "a")), old(1, "b"))
    look = next_look(undated, rows(np.arange(50)), UNDATED, cohort="c", alpha=ALPHA)
    assert (look["number"], look["alpha"]) == (3, pytest.approx(spent(ALPHA, look=3)))
    following = next_look(written(undated, look), rows(np.arange(50)), UNDATED, cohort="c", alpha=ALPHA)
    assert (following["number"], following["alpha"]) == (4, pytest.approx(spent(ALPHA, look=4)))
    dated = written(Standing("shop"), old(1, "a"), ["2026-01-01"])
    same, later = (
        next_look(dated, rows(np.arange(50), date), LABEL, cohort="c", alpha=ALPHA)
        for date in ("2026-01-01", "2026-04-01")
    )
    assert (same["number"], later["number"]) == (2, 1)


def test_an_approval_repeats_a_comparison_and_is_none() -> None:
    look = next_look(Standing("shop"), rows(np.arange(50)), UNDATED, cohort="c", alpha=ALPHA)
    standing = written(written(Standing("shop"), look), look)
    assert len(standing.looks()) == 1
