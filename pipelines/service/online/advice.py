"""What to do about a customer now, by the rounds: nobody who is withheld is advised anything, the drawn get theirs."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

import pandas as pd
import sqlalchemy as sa

from experiments.money.limits import OPTED_OUT
from pipelines.outreach.operations import opt_outs, rounds
from pipelines.outreach.operations.assignment_rows import NONE

WITHHELD = "withheld: an open round leaves this customer alone, so that its effect can be measured"
DRAWN = "drawn by the round"
NOT_DRAWN = "the round proposed nothing"
NO_ROUND = "in no open round; the next one decides"


@dataclass(frozen=True)
class Advice:
    """The action, or `none`, and why; round is the date of the list that gives it, withheld_until a date, too."""

    action: str
    because: str
    round: str | None = None
    withheld_until: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """As plain data."""
        return asdict(self)


def of_customers(engine: sa.Engine, spec: str, customers: Sequence[str], on: date) -> list[Advice]:
    """The advice for each of these customers on a date, in their order."""
    drawn = rounds.of_customers(engine, customers, on)
    out = opt_outs.now(engine, customers)
    by_customer = {str(who): rows for who, rows in drawn.groupby("customer_id", sort=False)}
    return [_advice(spec, who, by_customer.get(who, drawn.iloc[:0]), out) for who in customers]


def _advice(spec: str, customer: str, drawn: pd.DataFrame, out: opt_outs.OptedOut) -> Advice:
    withheld = drawn[drawn["withheld"].astype(bool)]
    if len(withheld):
        return Advice(NONE, WITHHELD, withheld_until=str(withheld["window_closes_at"].max()))
    mine = drawn[drawn["spec"] == spec]
    if mine.empty:
        return Advice(NONE, NO_ROUND)
    newest = mine.iloc[0]
    if newest["action"] == NONE:
        return Advice(NONE, str(newest["because"]) or NOT_DRAWN, str(newest["as_of"]))
    if customer in opt_outs.of_action(out, str(newest["action"])):
        return Advice(NONE, OPTED_OUT, str(newest["as_of"]))
    return Advice(str(newest["action"]), DRAWN, str(newest["as_of"]))
