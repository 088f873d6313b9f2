"""Policies of a simulated year that need a model: ours, the riskiest first, and the playbook alone."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np
import pandas as pd

from experiments.money import limits
from experiments.money.policy import NOBODY
from experiments.money.simple_policies import highest_risk_first
from experiments.playbooks.playbook_file import PlaybookFile
from experiments.playbooks.proposals import Customers, propose
from experiments.spec import ExperimentSpec
from features.play.played import Done, World
from features.source import Part
from features.world import campaigns
from features.world.arrays import Codes, Positions
from pipelines.jobs.simulation import learned, year
from pipelines.jobs.simulation.learned import Model
from pipelines.jobs.simulation.plain_policies import certain
from pipelines.jobs.simulation.seen import Seen
from pipelines.outreach import columns as known_columns
from pipelines.outreach import cuts_in_use, open_warnings, round_book, round_draw
from pipelines.outreach.champion_today import ChampionToday
from pipelines.outreach.columns import LEVEL, SCORE

NO_WARNINGS = pd.DataFrame({name: [] for name in (*open_warnings.SHOWN, "customer_id")}, dtype=object)


@dataclass
class Ours:
    """The rounds of `round`: model where an effect is established, else playbook, with control and exploration.

    every: after so many rounds the model is learned anew, from the rounds' own rows too. drafts are the lists so
    far, worlds those in which they were drawn, for whoever holds the rounds against the truth.
    """

    seen: Seen
    model: Model
    playbook: PlaybookFile | None
    every: int
    trial_until: date
    drafts: dict[date, pd.DataFrame] = field(default_factory=dict)
    worlds: list[World] = field(default_factory=list)

    def acts(self, world: World, known: Sequence[Part]) -> Done:
        """The round of the month."""
        spec, as_of = self.seen.spec, _first_day(world)
        _look(self.seen, world, known)
        if self.drafts and len(self.drafts) % self.every == 0:
            began = pd.Timestamp(self.trial_until).to_pydatetime()
            self.model = learned.learned(spec, self.seen.workspace, trial_until=began)
        today = _today(self.seen, self.model)
        withheld, contacted, seed = self._withheld(as_of), self._contacted(as_of), round_draw.seed_of(spec, as_of)
        drawn = round_draw.drafted(spec, today, self.playbook, held_back=withheld, contacted=contacted, seed=seed)
        self.drafts[as_of] = drawn
        self.worlds.append(world)
        return _of_draft(world, drawn[drawn["proposed"] != "none"])

    def _withheld(self, as_of: date) -> frozenset[str]:
        spec = self.seen.spec
        still = [one for day, one in self.drafts.items() if round_draw.window_closes(spec, day) > as_of]
        return frozenset(name for one in still for name in one.loc[one["withheld"], "customer_id"])

    def _contacted(self, as_of: date) -> frozenset[str]:
        rest = timedelta(days=self.seen.spec.round.rest_days)
        still = [one for day, one in self.drafts.items() if day + rest > as_of]
        return frozenset(name for one in still for name in one.loc[one["action"] != "none", "customer_id"])


@dataclass(frozen=True)
class RiskiestFirst:
    """The highest risks get one action, as many as the limits allow; the risk is that of our first model."""

    seen: Seen
    model: Model
    action: str

    def acts(self, world: World, known: Sequence[Part]) -> Done:
        """The action for the highest risks."""
        spec = self.seen.spec
        _look(self.seen, world, known)
        today = _today(self.seen, self.model)
        place, cost = spec.actions.index(self.action), _costs(spec)
        within = limits.limits_of(spec.policy, actions=spec.actions, n_rows=len(today.rows))
        chosen = highest_risk_first(
            risk=today.scored["churn_probability"].to_numpy(dtype=float),
            n_contacts=within.affords(place, cost=cost, wanted=within.contacts),
            ids=today.rows["customer_id"].to_numpy().astype(str),
            may_contact=limits.open_to(today.rows, spec.policy, spec.actions)[:, place],
        )
        some = _positions(today.rows.loc[chosen > 0, "customer_id"])
        return certain(world, some, np.full(len(some), campaigns.ARMS.index(self.action)))


@dataclass(frozen=True)
class PlaybookAlone:
    """The playbook's actions within the limits, the highest risk times value first; no control, no uplift."""

    seen: Seen
    model: Model
    playbook: PlaybookFile | None

    def acts(self, world: World, known: Sequence[Part]) -> Done:
        """What the playbook says."""
        spec = self.seen.spec
        _look(self.seen, world, known)
        today = _today(self.seen, self.model)
        risk = today.scored["churn_probability"].to_numpy(dtype=float)
        rows = today.rows.assign(**{SCORE: risk, LEVEL: known_columns.levels(today.rows, risk, today.cuts)})
        nowhere = np.zeros((len(rows), len(spec.actions)))
        proposed = propose(
            Customers(
                rows["customer_id"].to_numpy().astype(str),
                rows["value"].to_numpy(dtype=float),
                risk,
                nowhere,
                limits.barred(rows, spec.policy),
                limits.open_to(rows, spec.policy, spec.actions),
            ),
            round_book.read(self.playbook, rows, spec.actions, NO_WARNINGS).first,
            cost=_costs(spec),
            established=np.zeros(len(spec.actions), dtype=bool),
            limits=limits.limits_of(spec.policy, actions=spec.actions, n_rows=len(rows)),
        )
        some = proposed.action != NOBODY
        arms = np.array([campaigns.ARMS.index(name) for name in spec.actions])[proposed.action[some]]
        return certain(world, _positions(rows.loc[some, "customer_id"]), arms)


def _look(seen: Seen, world: World, known: Sequence[Part]) -> None:
    """Take in what came since the last time; the first time all is there already."""
    if known:
        seen.with_parts(known, end=world.next_month)


def _today(seen: Seen, model: Model) -> ChampionToday:
    rows = seen.to_score().reset_index(drop=True)
    no_reasons = pd.DataFrame(index=rows.index)
    cuts = cuts_in_use.of_version(seen.spec.score, {})
    return ChampionToday(rows, model.scored(rows), "simulated", model.established, no_reasons, cuts, NO_WARNINGS)


def _costs(spec: ExperimentSpec) -> np.ndarray:
    arms = spec.treatment.arms if spec.treatment else {}
    return np.array([arms[name].cost for name in spec.actions], dtype=float)


def _first_day(world: World) -> date:
    return date.fromisoformat(f"{world.next_month.name}-01")


def _positions(customers: pd.Series) -> Positions:
    return customers.astype(str).str[1:].to_numpy(dtype=np.int64) - 1


def _of_draft(world: World, drawn: pd.DataFrame) -> Done:
    """The draw as what is done: who is withheld is in the control."""
    names = ("none", *campaigns.ARMS[1:])
    done = year.nothing(world)
    customers = _positions(drawn["customer_id"])
    arms: Codes = np.array([names.index(action) for action in drawn["action"]], dtype=np.int64)
    done.arms[customers] = arms
    done.probability[customers] = [[one.get(name, 0.0) for name in names] for one in drawn["probabilities"]]
    return done
