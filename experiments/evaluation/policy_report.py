"""The value of a model's contact policy against simpler policies, and the break-even cost of a contact."""

from typing import Any

import numpy as np

from experiments import metrics
from experiments.evaluation.cohort import Cohort
from experiments.evaluation.model_figures import Predictions, figure
from experiments.metric import Metric, Numbers
from experiments.metrics.policy_value import METRIC as POLICY_VALUE
from experiments.money import policy
from experiments.money.limits import UNLIMITED, Limits, Mask
from experiments.money.simple_policies import comparisons
from experiments.statistics.intervals import Estimate, bootstrap
from features.plugins import discover

SAME_ACTIONS = "the_same_actions"


def policy_report(cohort: Cohort, challenger: Predictions) -> dict[str, Any]:
    """The policy's value per customer, its lead over the simple policies, and the break-even cost of a contact.

    Every policy keeps to the limits and leaves out whom the spec leaves out, but for treat_all, which shows what the
    limits cost. random and highest_risk_first are told with each action alone, for as many as the policy contacts or as
    that action's capacity and the money allow, and, of several actions, with the very numbers that the policy uses.
    figures, where there are any, are the other metrics of what a policy earns.
    """
    choice = cohort.choice(challenger.uplift)
    earned = cohort.realised(choice)
    figures = {
        name: figure(metric, cohort.estimate(metric, earned, mask=cohort.in_trial))
        for name, metric in discover(metrics, Metric).items()
        if metric.kind == "policy" and metric is not POLICY_VALUE
    }
    ours = cohort.estimate(POLICY_VALUE, earned, mask=cohort.in_trial)
    against = {}
    for name, (theirs_earned, n_contacts) in _rivals(cohort, challenger, choice).items():
        theirs = cohort.estimate(POLICY_VALUE, theirs_earned, mask=cohort.in_trial)
        against[name] = {
            "value": theirs.interval().to_dict(),
            "advantage": (ours - theirs).interval().to_dict(),
            "contacts": n_contacts,
        }
    by_action = policy.contacts_by_action(choice, len(cohort.actions))
    return {
        "value": ours.interval().to_dict(),
        "customers": len(choice),
        "may_be_contacted": int(cohort.open_to.any(axis=1).sum()),
        "contacts": policy.contacts(choice),
        "contacts_by_action": dict(zip(cohort.actions, by_action.tolist(), strict=True)),
        "budget_share": cohort.spec.policy.budget_share,
        "limits": _limits(cohort),
        "spent": float(by_action @ cohort.cost),
        "against": against,
        "break_even": {action: _break_even(cohort, challenger, action) for action in cohort.actions},
        **({"figures": figures} if figures else {}),
    }


def _limits(cohort: Cohort) -> dict[str, Any]:
    """The limits that apply to the rows in the trial; None where the spec sets none."""
    found = cohort.limits
    said = {"money": found.money, **{f"capacity_{name}": n for name, n in _named(cohort, found.by_action)}}
    return {"contacts": found.contacts, **{name: n if np.isfinite(n) else None for name, n in said.items()}}


def _named(cohort: Cohort, numbers: tuple[float, ...]) -> list[tuple[str, float]]:
    return list(zip(cohort.actions, numbers, strict=True))


def _rivals(cohort: Cohort, challenger: Predictions, choice: policy.Choice) -> dict[str, tuple[Numbers, int]]:
    """What each simple policy earns by row, and how many contacts it makes."""
    trial, contacts = cohort.in_trial, policy.contacts(choice)

    def earned(mix: Numbers, n_contacts: int, may_contact: Mask) -> dict[str, Numbers]:
        return comparisons(
            mix=mix,
            n_contacts=n_contacts,
            risk=challenger.probability[trial],
            gamma=cohort.gamma,
            value=cohort.value[trial],
            cost=cohort.cost,
            ids=cohort.ids[trial],
            may_contact=may_contact,
        )

    found: dict[str, tuple[Numbers, int]] = {}
    for place, action in enumerate(cohort.actions):
        most = cohort.limits.affords(place, cost=cohort.cost, wanted=contacts)
        may_contact = cohort.open_to[:, place]
        everybody = {"treat_none": 0, "treat_all": int(may_contact.sum())}
        for name, one in earned(np.eye(len(cohort.actions))[place], most, may_contact).items():
            found[name if name == "treat_none" else f"{name}_{action}"] = one, everybody.get(name, most)
    if len(cohort.actions) > 1:
        mix = policy.contacts_by_action(choice, len(cohort.actions)) / max(1, contacts)
        mixed = earned(mix, contacts, np.asarray(cohort.open_to.any(axis=1)))
        found |= {f"{name}_{SAME_ACTIONS}": (mixed[name], contacts) for name in ("random", "highest_risk_first")}
    return found


def _break_even(cohort: Cohort, challenger: Predictions, action: str) -> dict[str, Any]:
    """The highest cost per contact at which the action breaks even on the customers with the highest predicted gain.

    Those are chosen as if this were the only action and a contact free, within the share and the capacity of the spec;
    the cost that all of them bear without a loss is the mean of value * gamma over them (an AIPW estimate, with the
    bootstrap of that ratio). Without the interval where no customer has a positive value.
    """
    place, trial = cohort.actions.index(action), cohort.in_trial
    n_contacts = cohort.limits.affords(place, cost=np.zeros(len(cohort.actions)), wanted=cohort.limits.contacts)
    value = cohort.value[trial]
    choice = policy.choose(
        uplift=challenger.uplift[action][trial][:, None],
        value=value,
        cost=np.zeros(1),
        limits=Limits(n_contacts, (UNLIMITED,)),
        ids=cohort.ids[trial],
        may_contact=cohort.open_to[:, place],
    )
    chosen = (choice != policy.NOBODY).astype(np.float64)
    known = {"cost": float(cohort.cost[place]), "contacts": int(chosen.sum())}
    if not chosen.any():
        return known
    worth = np.column_stack([chosen * value * cohort.gamma[:, place], chosen])
    draws = bootstrap(lambda weights: weights @ worth, counts=cohort.counts, clusters=cohort.clusters_of(trial))
    with np.errstate(invalid="ignore", divide="ignore"):
        found = Estimate(float(worth[:, 0].sum() / worth[:, 1].sum()), draws[:, 0] / draws[:, 1])
    return {**known, **found.interval().to_dict()}
