"""Past rounds with what was known when they were drawn, what was drawn, and what became of their customers."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import sqlalchemy as sa

from experiments.effects.assigned import Assigned, assigned
from experiments.effects.assigned_checks import PROBABILITY
from experiments.money import limits, policy
from experiments.playbooks.proposals import BY_MODEL
from experiments.sections.policy import EVERY_ACTION
from experiments.spec import ExperimentSpec
from features.errors import UsageError
from pipelines.champion import ledger_writer, loading, model_versions
from pipelines.matrix import matrices
from pipelines.outreach import champion_scores, champion_today, cuts_in_use, round_draw
from pipelines.outreach import reasons as reason_texts
from pipelines.outreach.champion_today import ChampionToday
from pipelines.outreach.columns import SCORE_CHANGE
from pipelines.outreach.open_warnings import SHOWN
from pipelines.outreach.operations import clock, opt_outs, rounds
from pipelines.outreach.operations.assignment_rows import NONE
from pipelines.outreach.operations.opt_outs import OptedOut
from pipelines.outreach.operations.rounds import Round
from pipelines.outreach.round_draw import Absent
from pipelines.workspace import Workspace

# Who was not drawn for these reasons could get no action at all.
BARRED = (limits.TOO_OFTEN, round_draw.WITHHELD, round_draw.CONTACTED)


@dataclass(frozen=True)
class PastRound:
    """A round whose outcomes are known.

    kept are its assignments, and today.rows the same customers, row by row, with the features of that date, churned
    and value; gone are the assignments of customers who are not in the data any more. today.scored holds the risk that
    was logged. opted_out is what had been recorded when the round was written.
    """

    round_: Round
    kept: pd.DataFrame
    today: ChampionToday
    gone: pd.DataFrame
    opted_out: OptedOut


def read(spec: ExperimentSpec, workspace: Workspace, engine: sa.Engine) -> tuple[list[PastRound], int]:
    """The rounds of a spec at dates whose outcomes are known, and how many others there are.

    Effects are told again by the version that each round was drawn with. Raises UsageError for a spec without dates,
    whose table does not say what was known then.
    """
    if spec.observations is None:
        raise UsageError(f"spec '{spec.name}' is a table without dates; it does not say what was known in past rounds.")
    heads = rounds.all_of(engine, spec.name)
    there = set(matrices.dates(workspace.matrix, matrices.LEARN))
    asked = [head for head in heads if f"as_of={head.as_of}" in there]
    return list(_each(spec, workspace, engine, asked)), len(heads) - len(asked)


def _each(spec: ExperimentSpec, workspace: Workspace, engine: sa.Engine, heads: list[Round]) -> Iterator[PastRound]:
    reader = ledger_writer.reading(spec.name, workspace.root)
    standing, _ = reader.agreed()
    models: dict[str, tuple[Any, Any]] = {}
    for head in heads:
        number = str(head.versions["model"])
        if number not in models:
            found = model_versions.version(reader.client, spec.name, number)
            models[number] = found, loading.predictor(spec.name, number, loading.seal_of(found, standing))
        version, model = models[number]
        kept = rounds.found(engine, spec.name, head.as_of)
        if kept is None:
            continue
        rows = matrices.of_date(workspace.matrix, matrices.LEARN, f"as_of={head.as_of}").to_pandas()
        both, rows = together(kept[1], rows)
        risk = both["risk"].to_numpy(dtype=float)
        scored = loading.predict_in_parts(model, rows).reset_index(drop=True).assign(churn_probability=risk)
        change = champion_scores.since_last(rows, risk, engine, spec, on=head.as_of)
        established = {**champion_today.established(version, spec.actions), **_decided_on(kept[1])}
        rows = rows.assign(**{SCORE_CHANGE: change})
        today = as_then(both, rows, scored, established=established, version=number)
        cuts = cuts_in_use.of_version(spec.score, version.tags)
        gone = kept[1][~kept[1]["customer_id"].isin(both["customer_id"])]
        out = opt_outs.then(engine, clock.text(clock.shown(head.written_at, spec.clocks)))
        yield PastRound(head, both, ChampionToday(**{**today, "cuts": cuts}), gone, out)


def together(kept: pd.DataFrame, rows: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The assignments and the rows of the matrix of the same customers, both in the order of the rows."""
    rows = rows.assign(customer_id=rows["customer_id"].astype(str))
    both = rows[["customer_id"]].merge(kept, on="customer_id", how="inner", validate="one_to_one")
    here = rows[rows["customer_id"].isin(both["customer_id"])].reset_index(drop=True)
    return both.reset_index(drop=True), here


def as_then(
    kept: pd.DataFrame, rows: pd.DataFrame, scored: pd.DataFrame, *, established: Mapping[str, bool], version: str
) -> dict[str, Any]:
    """What a draft is told of a past date, but for the cuts of levels; the warnings are those that were open then."""
    warned = [
        {"customer_id": customer, **{name: one.get(name) for name in SHOWN}}
        for customer, some in zip(kept["customer_id"], kept["warnings"], strict=True)
        for one in some
    ]
    return {
        "rows": rows,
        "scored": scored,
        "version": version,
        "established": established,
        "reasons": pd.DataFrame("", index=rows.index, columns=reason_texts.columns()),
        "warned": pd.DataFrame(warned, columns=["customer_id", *SHOWN], dtype=object),
    }


def _decided_on(kept: pd.DataFrame) -> dict[str, bool]:
    """The actions on which the model decided in a round: their effects were established then."""
    return dict.fromkeys(map(str, kept.loc[kept["because"] == BY_MODEL, "proposed"].unique()), True)


def bound(spec: ExperimentSpec, past: PastRound, *, named: frozenset[str]) -> dict[str, Any]:
    """What bound a round when it was drawn, as `round_draw.drafted` takes it, for the policy of a spec.

    Whom other rounds withheld or had contacted, who had opted out, and what customers used of the limits who are gone.
    An action that the round did not know was open to nobody, unless the policy asks for it by name.
    """
    kept = past.kept
    held, rest = (_because(kept, reason) for reason in (round_draw.WITHHELD, round_draw.CONTACTED))
    out = _opted_out(spec, past)
    for action in spec.actions:
        if action not in named and not _shares(pd.concat([kept, past.gone]), action).notna().any():
            out[action] = frozenset(kept["customer_id"].astype(str))
    return {"held_back": held, "contacted": rest, "opted_out": out, "absent": _absent(spec, past)}


def _opted_out(spec: ExperimentSpec, past: PastRound) -> dict[str, frozenset[str]]:
    """Who had opted out of each action, and of all: what was recorded by then, corrected by what was drawn.

    Whoever could be drawn had not opted out. Whoever could get other actions and not this one had, and so had who was
    not drawn for this reason, where no opt-out of single actions explains it.
    """
    kept, ids = past.kept, past.kept["customer_id"].astype(str)
    drawn = (kept["proposed"] != NONE).to_numpy(dtype=bool)
    found: dict[str, frozenset[str]] = {}
    for action in spec.actions:
        share = _shares(kept, action).to_numpy(dtype=float)
        refused = ids[drawn & (share == 0)] if past.round_.explore > 0 else ids[:0]
        found[action] = past.opted_out.get(action, frozenset()) - set(ids[drawn & (share > 0)]) | set(refused)
    by_data = np.asarray(~limits.open_to(past.today.rows, spec.policy, spec.actions).all(axis=1), dtype=bool)
    single = frozenset(ids[by_data]).union(*found.values())
    every = past.opted_out.get(EVERY_ACTION, frozenset()) | (_because(kept, limits.OPTED_OUT) - single)
    return {**found, EVERY_ACTION: every - set(ids[drawn])}


def _absent(spec: ExperimentSpec, past: PastRound) -> Absent:
    """What the customers who are gone were proposed, and what they could get, as far as the round tells it."""
    gone, n_actions = past.gone, len(spec.actions)
    ids, place = gone["customer_id"].astype(str), {name: index for index, name in enumerate(spec.actions)}
    action = np.array([place.get(name, policy.NOBODY) for name in gone["proposed"]], dtype=np.intp)
    refused = [ids.isin(opt_outs.of_action(past.opted_out, name)).to_numpy(dtype=bool) for name in spec.actions]
    out = np.array(refused, dtype=bool).reshape(n_actions, len(gone)).T
    # Who opted out, and of nothing that was recorded, did so in the data: of all actions, as far as is known.
    of_all = (gone["because"] == limits.OPTED_OUT).to_numpy(dtype=bool) & ~out.any(axis=1)
    barred = gone["because"].isin(BARRED).to_numpy(dtype=bool) | of_all
    shares = [(_shares(gone, name) > 0).to_numpy(dtype=bool) for name in spec.actions]
    drawn = np.array(shares, dtype=bool).reshape(n_actions, len(gone)).T
    undrawn = (action == policy.NOBODY) & ~barred
    return Absent(action, drawn | (undrawn[:, None] & ~out))


def _because(kept: pd.DataFrame, reason: str) -> frozenset[str]:
    return frozenset(kept.loc[kept["because"] == reason, "customer_id"].astype(str))


def _shares(kept: pd.DataFrame, action: str) -> pd.Series:
    """The logged probability of an action, shape (n_rows,); NaN where the round did not know it."""
    return pd.Series([row.get(action, np.nan) for row in kept["probabilities"]], index=kept.index, dtype=float)


def as_assigned(spec: ExperimentSpec, past: list[PastRound]) -> Assigned:
    """The rows of past rounds, in order, as effects are computed from them.

    Whether a contact was made is not asked, and each action costs what the spec says. Raises UsageError for an action
    that the spec has no longer.
    """
    arms = spec.treatment.arms if spec.treatment else {}
    parts = []
    for one in past:
        drawn = {name for row in one.kept["probabilities"] for name, share in row.items() if share > 0}
        if gone := sorted(drawn - {NONE, *arms}):
            raise UsageError(f"the round of {one.round_.as_of} drew {gone}, which spec '{spec.name}' has no longer.")
        shares = {
            f"{PROBABILITY}{name}": [row.get(name, 0.0) for row in one.kept["probabilities"]] for name in (NONE, *arms)
        }
        plain = {
            "round": str(one.round_.as_of),
            "as_of": str(one.round_.as_of),
            "customer": one.kept["customer_id"].to_numpy(),
            "stratum": (one.kept["level"].astype(str) + " " + one.kept["proposed"].astype(str)).to_numpy(),
            "action": one.kept["action"].to_numpy(),
            **shares,
            "risk": one.kept["risk"].to_numpy(dtype=float),
            "reached": np.nan,
            "churned": one.today.rows["churned"].to_numpy(dtype=float),
            # Nobody of negative value is contacted under any policy.
            "value": np.maximum(one.today.rows["value"].to_numpy(dtype=float), 0.0),
            "cost": [arms[name].cost if name in arms else 0.0 for name in one.kept["action"]],
            "currency": spec.currency,
            "mature": True,
        }
        parts.append(pd.DataFrame(plain))
    return assigned(pd.concat(parts, ignore_index=True))
