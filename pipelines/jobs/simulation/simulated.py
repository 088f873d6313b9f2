"""A simulated year of a spec under every policy: figures by month, and measured effects beside the true ones."""

from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from experiments.playbooks.playbook_file import PlaybookFile
from experiments.spec import ExperimentSpec
from features.errors import SpecError
from features.play import played
from features.play.played import World
from features.sources.simulated import SOURCE, SimulatedOptions
from features.world import campaigns
from pipelines.jobs.simulation import learned, measured, plain_policies, year
from pipelines.jobs.simulation.learned import Model
from pipelines.jobs.simulation.policies import Ours, PlaybookAlone, RiskiestFirst
from pipelines.jobs.simulation.seen import Seen
from pipelines.jobs.simulation.year import Money, MonthKept, Policy, Worth
from pipelines.messages import log
from pipelines.outreach import outreach_files
from pipelines.specs.options import source_of
from pipelines.workspace import Workspace

OURS, ORACLE, RISKIEST = "ours", "oracle", "riskiest_first"
RISKIEST_GETS, EVERYBODY_GETS = "call", "coupon"
RELEARNED_AFTER = 2
"""So many rounds pass between two searches."""
PRICE = "price"
"""The feature that a world knows of every customer in every month."""


def simulated(
    spec: ExperimentSpec, workspace: Workspace, scratch: Path, *, months: int, seed: int | None
) -> dict[str, Any]:
    """The figures of so many months after those of the spec's world, by policy; scratch is an empty folder.

    seed is the world's, None for the spec's own. The rounds are at the spec's observation dates. Raises SpecError for a
    spec without a simulated world, DataError for a world too small to learn from.
    """
    options, every = _options(spec)
    seed, worth = options.seed if seed is None else seed, _worth(spec)
    spec = _without_texts(spec)
    world, parts = played.begun(seed=seed, customers=options.customers, months=options.months, start=options.start)
    first = Seen(spec, _folder(scratch, spec, "start"))
    first.with_parts(parts, end=world.next_month, must_be_enough=True)
    del parts
    model = learned.learned(spec, first.workspace, trial_until=np.datetime64(world.next_month.begins, "us").item())
    book, cost = outreach_files.playbook(spec, workspace), _costs(spec)
    money = Money(cost, spec.cost_of_churn.margin_share if spec.cost_of_churn else 1.0, worth)
    ours = Ours(first.copied(_folder(scratch, spec, OURS)), model, book, RELEARNED_AFTER, _day(world))
    policies = _policies(first, model, book, scratch) | {OURS: ours}
    lived = {
        name: year.lived(world, policy, months=months, every_months=every, money=money)
        for name, policy in log.track(list(policies.items()), "simulate", unit="policy", total=len(policies))
    }
    # More often, and the outcomes of a round are those of the next one's actions too.
    apart = list(zip(ours.worlds, ours.drafts.values(), strict=True)) if every >= played.MONTHS_AT_WORK else []
    return {
        "spec": spec.name,
        "title": spec.title,
        "currency": spec.currency,
        "seed": seed,
        "customers": options.customers,
        "months": months,
        "rounds_every_months": every,
        "established": model.established,
        "policies": {name: _plain(one) for name, (one, _) in lived.items()},
        "gain": _gains({name: one for name, (one, _) in lived.items()}),
        "effects": measured.measured(apart, lived[OURS][1], currency=spec.currency, cost=cost),
    }


def _policies(first: Seen, model: Model, book: PlaybookFile | None, scratch: Path) -> dict[str, Policy]:
    """The policies to compare with, by name; each that looks at features has a workspace of its own."""
    spec = first.spec
    cost = np.array([_costs(spec)[name] for name in spec.actions])
    riskiest, alone = (first.copied(_folder(scratch, spec, name)) for name in (RISKIEST, "playbook_alone"))
    return {
        "nothing": plain_policies.Nothing(),
        RISKIEST: RiskiestFirst(riskiest, model, RISKIEST_GETS),
        "coupon_for_all": plain_policies.Everybody(EVERYBODY_GETS),
        "playbook_alone": PlaybookAlone(alone, model, book),
        ORACLE: plain_policies.Oracle(spec.actions, cost, spec.policy, _worth(spec)),
    }


def _folder(scratch: Path, spec: ExperimentSpec, name: str) -> Workspace:
    return Workspace(scratch / name, spec.name)


def _day(world: World) -> date:
    return date.fromisoformat(f"{world.next_month.name}-01")


def _costs(spec: ExperimentSpec) -> dict[str, float]:
    return {name: arm.cost for name, arm in spec.treatment.arms.items()} if spec.treatment else {}


def _worth(spec: ExperimentSpec) -> Worth:
    """What a customer is worth by the spec. Raises SpecError for a column that the world does not know each month."""
    if spec.value.column not in (None, PRICE):
        raise SpecError(
            f"spec '{spec.name}': value.column is '{spec.value.column}'; a simulated year knows the '{PRICE}' of every"
            f" customer in every month and no other column: write {PRICE}, or leave the column out."
        )
    return Worth(spec.value.constant, by_price=spec.value.column == PRICE)


def _gains(lived: dict[str, list[MonthKept]]) -> dict[str, Any]:
    """What each policy keeps beyond doing nothing, by month, and ours as a share of the oracle's lead."""
    kept = {name: year.kept_until_now(one) for name, one in lived.items()}
    share = year.share_of_oracle(kept[OURS], kept[RISKIEST], kept[ORACLE])
    gains = {name: (one - kept["nothing"]).round(2).tolist() for name, one in kept.items()}
    return {**gains, "share_of_oracle": [None if np.isnan(one) else round(float(one), 4) for one in share]}


def _plain(months: list[MonthKept]) -> list[dict[str, Any]]:
    return [
        {
            "month": one.month,
            "margin": round(one.margin, 2),
            "cost": round(one.cost, 2),
            "ahead": round(one.ahead, 2),
            "contacts": dict(one.contacts),
            "left": one.left,
        }
        for one in months
    ]


def _options(spec: ExperimentSpec) -> tuple[SimulatedOptions, int]:
    """The world of a spec and how often it has rounds. Raises SpecError where nothing can be played forward."""
    kind = spec.source["kind"]
    if kind != SOURCE.kind:
        raise SpecError(f"spec '{spec.name}' is of source '{kind}'; only kind 'simulated' can be played forward.")
    options: SimulatedOptions = source_of(spec)[1]
    if spec.observations is None:
        raise SpecError(f"spec '{spec.name}' has no observations; a year needs the dates of its rounds.")
    lacking = sorted({RISKIEST_GETS, EVERYBODY_GETS} - set(spec.actions))
    if unknown := sorted(set(spec.actions) - set(campaigns.ARMS[1:])) or lacking:
        raise SpecError(
            f"spec '{spec.name}': treatment.arms are {list(spec.actions)}; the world knows {list(campaigns.ARMS[1:])}"
            f" and the year needs {RISKIEST_GETS} and {EVERYBODY_GETS} among them: correct {unknown}."
        )
    return options, spec.observations.every_months


def _without_texts(spec: ExperimentSpec) -> ExperimentSpec:
    """The spec without a reader of texts: its model is trained apart, and the year takes no tones from it."""
    kept = tuple(theme for theme in spec.features if theme != "tone")
    return spec.model_copy(update={"texts": None, "features": kept, "alerts": None})
