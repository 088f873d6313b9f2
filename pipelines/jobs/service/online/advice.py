"""What to do about a customer now, by the rounds: nobody who is withheld is advised anything, the drawn get theirs."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa

from experiments.money.limits import OPTED_OUT
from pipelines.outreach.operations import opt_outs, rounds
from pipelines.outreach.operations.assignment_rows import NONE
from pipelines.outreach.operations.rounds import Drawn

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
    drawn: dict[str, list[Drawn]] = {}
    for one in rounds.of_customers(engine, customers, on):
        drawn.setdefault(one.customer_id, []).append(one)
    out = opt_outs.now(engine, customers)
    return [_advice(spec, who, drawn.get(who, []), out) for who in customers]


def _advice(spec: str, customer: str, drawn: Sequence[Drawn], out: opt_outs.OptedOut) -> Advice:
    if closes := [one.window_closes_at for one in drawn if one.withheld]:
        return Advice(NONE, WITHHELD, withheld_until=max(closes))
    newest = next((one for one in drawn if one.spec == spec), None)
    if newest is None:
        return Advice(NONE, NO_ROUND)
    if newest.action == NONE:
        return Advice(NONE, newest.because or NOT_DRAWN, newest.as_of)
    if customer in opt_outs.of_action(out, newest.action):
        return Advice(NONE, OPTED_OUT, newest.as_of)
    return Advice(newest.action, DRAWN, newest.as_of)
