"""The gate cohort: the held-out test rows for every model, with bootstrap draws shared by all models."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from experiments.metric import Metric, Numbers, weighted
from experiments.metrics.auc import METRIC as AUC
from experiments.money import limits, policy
from experiments.rows.balance import Balance
from experiments.rows.gap import left_in_gap
from experiments.rows.minimum_sizes import FEWEST_OF_AN_OUTCOME, rarer_of
from experiments.rows.risk_weights import risk_weights
from experiments.rows.slicing import bands
from experiments.spec import ExperimentSpec
from experiments.statistics.delong import delong
from experiments.statistics.intervals import Estimate, Interval, estimate, multiplicities
from experiments.statistics.miscalibration import Miscalibration, miscalibration
from experiments.statistics.poisson import Clusters, Counts
from experiments.uplift.uplift_curves import aipw_scores, plain_scores
from features.tables import CONTROL, LEFT_IN_GAP

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Cohort:
    """Rows (customer_id, as_of, churned, arm, probability, value, mu_<arm>, features) and how they are judged.

    Rows may hold left_in_gap: the customer left before the label's window opened. For effects they churned like others;
    the risk leaves them out.
    listed is how many customers the ranked list holds, of which budgets and capacities in the spec speak; without it
    they are taken to speak of the rows in the trial. in_file is the share that left in the file (else in these rows).
    """

    rows: pd.DataFrame
    spec: ExperimentSpec
    listed: int | None = None
    in_file: float | None = None

    @cached_property
    def digest(self) -> str:
        """A hash of the rows and their labels; equal hashes mean the same cohort."""
        names = ["customer_id", "as_of", "churned", "arm", *([LEFT_IN_GAP] if self.left_in_gap.any() else [])]
        keys = self.rows[names].astype(str).sort_values(["customer_id", "as_of"])
        return hashlib.sha256(keys.to_csv(index=False).encode()).hexdigest()[:16]

    @property
    def actions(self) -> tuple[str, ...]:
        """The names of the actions; none where no treatment is in the data."""
        return self.spec.actions

    @cached_property
    def _customers(self) -> tuple[Clusters, int]:
        codes, unique = pd.factorize(self.rows["customer_id"], sort=True)
        return codes.astype(np.intp), len(unique)

    @cached_property
    def counts(self) -> Counts:
        """The bootstrap draws: how often each customer is drawn, shape (draws, n_customers)."""
        asked = self.spec.evaluation
        return multiplicities(n_clusters=self._customers[1], draws=asked.draws, seed=asked.seed)

    @cached_property
    def arm(self) -> npt.NDArray[np.object_]:
        """The arm of each row; an empty text where it was in no campaign."""
        return self.rows["arm"].astype(object).fillna("").to_numpy()

    @cached_property
    def untreated(self) -> Mask:
        """Untreated rows whose customer was still there when the window opened; the risk is measured on them."""
        untreated: Mask = ~np.isin(self.arm, np.array(self.actions, dtype=object))
        return untreated & ~self.left_in_gap

    @cached_property
    def left_in_gap(self) -> Mask:
        """Rows of customers who left before the window opened."""
        return left_in_gap(self.rows)

    @cached_property
    def in_trial(self) -> Mask:
        """Rows that were assigned an arm, including the control; uplift is measured on them."""
        return np.asarray(self.arm != "", dtype=np.bool_)

    @cached_property
    def churned(self) -> Numbers:
        """1 where the customer left before the window closed, shape (n_rows,)."""
        return self.rows["churned"].to_numpy(dtype=float)

    @cached_property
    def value(self) -> Numbers:
        """What a good outcome of each customer is worth, shape (n_rows,)."""
        return self.rows["value"].to_numpy(dtype=float)

    @cached_property
    def cost(self) -> Numbers:
        """What each action costs, shape (n_actions,)."""
        return np.array([arm.cost for arm in self.spec.treatment.arms.values()] if self.spec.treatment else [])

    @cached_property
    def ids(self) -> npt.NDArray[np.object_]:
        """The customer ids, which break ties in rankings."""
        return self.rows["customer_id"].astype(object).to_numpy()

    @cached_property
    def gamma(self) -> Numbers:
        """The AIPW scores of the rows in the trial, shape (n_in_trial, n_actions)."""
        trial = self.rows[self.in_trial]
        return aipw_scores(
            arm=self.arm[self.in_trial],
            control=CONTROL,
            actions=self.actions,
            probability=trial["probability"].to_numpy(dtype=float),
            outcome=1.0 - self.churned[self.in_trial],
            nuisances={arm: trial[f"mu_{arm}"].to_numpy(dtype=float) for arm in (CONTROL, *self.actions)},
        )

    def gamma_of(self, outcome: Numbers, mask: Mask | None = None) -> Numbers:
        """The AIPW scores of another outcome, shape (n_rows,), on the trial's rows (of mask): (n_such_rows, n_actions).

        What is predicted of the outcome is the mean of the arm: the mean of the scores is the plain difference.
        """
        chosen = self.in_trial if mask is None else self.in_trial & mask
        arm, y = self.arm[chosen], outcome[chosen]
        probability = self.rows["probability"].to_numpy(dtype=float)[chosen]
        return plain_scores(arm=arm, control=CONTROL, actions=self.actions, probability=probability, outcome=y)

    @cached_property
    def events_per_arm(self) -> dict[str, int]:
        """The number of rows of the rarer outcome (churned or retained) in each arm of the trial."""
        arms = (CONTROL, *self.actions) if self.actions else ()
        return {arm: rarer_of(self.churned[self.arm == arm]) for arm in arms}

    @cached_property
    def rarer(self) -> int:
        """The number of untreated rows of the rarer outcome; it limits the precision of the risk's figures."""
        return rarer_of(self.churned[self.untreated])

    @cached_property
    def can_judge(self) -> bool:
        """Whether the untreated rows hold enough customers of both outcomes, and the trial enough rows of every arm."""
        arms = {CONTROL, *self.actions} if self.actions else set()
        of_each = [len(set(self.ids[self.untreated & (self.churned == outcome)])) for outcome in (0.0, 1.0)]
        return min(of_each) >= FEWEST_OF_AN_OUTCOME and arms <= set(self.arm)

    def clusters_of(self, mask: Mask) -> Clusters:
        """The customer of each row of mask, as an index into the draws."""
        return self._customers[0][mask]

    @property
    def one_row_a_customer(self) -> bool:
        """Whether each customer has one row, so that rows are independent and DeLong's variance holds."""
        return self._customers[1] == len(self.rows)

    def slices(self) -> dict[str, dict[str, Mask]]:
        """The rows of every slice, by dimension and band."""
        return {name: bands(self.rows, one) for name, one in self.spec.evaluation.slices.items()}

    def estimate(self, metric: Metric, *inputs: Numbers, mask: Mask, weights: Numbers | None = None) -> Estimate:
        """A metric on the rows of mask and under every draw; inputs and weights are already restricted to mask."""
        return estimate(metric, *inputs, counts=self.counts, clusters=self.clusters_of(mask), weights=weights)

    @cached_property
    def risk_weights(self) -> Numbers | None:
        """The weight of each untreated row, see `risk_weights`; None where all are equal or nothing was randomised."""
        if self.spec.treatment is None or not self.spec.treatment.randomised:
            return None
        chance = self.rows["probability"].to_numpy(dtype=float, na_value=np.nan)
        return risk_weights(untreated=self.untreated, control=self.arm == CONTROL, chance=chance)

    @cached_property
    def balance(self) -> Balance | None:
        """The stated share and the file's, where the rows were balanced by their outcome (then nothing was tried)."""
        return Balance.of(self.spec.label.prior, self.churned[self.untreated], self.in_file)

    def weights_of(self, mask: Mask, metric: Metric | None = None) -> Numbers | None:
        """The weights of the rows of mask, which are untreated, for a metric; None where it needs none."""
        balance = None if metric and metric.within_classes else self.balance
        found = balance.weights(self.churned) if balance else self.risk_weights
        return None if found is None else found[mask]

    def churned_share(self, mask: Mask) -> float:
        """The weighted share of the rows of mask, which are untreated, that left."""
        return float(np.average(self.churned[mask], weights=self.weights_of(mask)))

    def risk(self, metric: Metric, prediction: Numbers, mask: Mask | None = None) -> Estimate:
        """A weighted metric of the risk on the untreated rows (of mask); prediction has shape (n_rows,)."""
        at = self.untreated if mask is None else self.untreated & mask
        return self.estimate(metric, self.churned[at], prediction[at], mask=at, weights=self.weights_of(at, metric))

    def risk_figure(self, metric: Metric, prediction: Numbers) -> float:
        """A metric of the risk without draws, where no interval is needed; arguments as for `risk`."""
        at, weights = self.untreated, self.weights_of(self.untreated, metric)
        weights = np.ones(int(at.sum())) if weights is None else weights
        return weighted(metric, self.churned[at], prediction[at], weights=weights)

    def uplift(self, metric: Metric, prediction: Numbers, action: str, mask: Mask | None = None) -> Estimate:
        """A metric of one action's uplift on the rows in the trial (of mask); prediction has shape (n_rows,)."""
        chosen = self.in_trial if mask is None else self.in_trial & mask
        gamma = self.gamma[chosen[self.in_trial], self.actions.index(action)]
        return self.estimate(metric, gamma, prediction[chosen], mask=chosen)

    def auc_intervals(self, scores: Numbers, *, level: float) -> list[Interval]:
        """The AUC of each column of scores (n_rows, n_scores) with DeLong's interval; rows must be independent.

        Where rows are weighted, which DeLong knows nothing of, it is the bootstrap's.
        """
        if self.risk_weights is not None:
            return [self.risk(AUC, score).interval(level=level) for score in scores.T]
        found = delong(self.churned[self.untreated], scores[self.untreated])
        return [found.interval(column, level=level) for column in range(scores.shape[1])]

    def miscalibration(self, *probabilities: Numbers) -> Miscalibration:
        """The miscalibration of models on the untreated rows; each of probabilities has shape (n_rows,)."""
        chosen = self.untreated
        told = (probability[chosen] for probability in probabilities)
        clusters, weights = self.clusters_of(chosen), self.weights_of(chosen)
        return miscalibration(self.churned[chosen], *told, clusters=clusters, weights=weights)

    @cached_property
    def limits(self) -> limits.Limits:
        """The contact limits for the rows in the trial."""
        asked, n_rows = self.spec.policy, int(self.in_trial.sum())
        return limits.limits_of(asked, actions=self.actions, n_rows=n_rows, listed=self.listed)

    @cached_property
    def open_to(self) -> Mask:
        """Which actions the rows in the trial may get: not opted out, not contacted too often; (n_rows, n_actions)."""
        return limits.open_to(self.rows[self.in_trial], self.spec.policy, self.actions)

    def choice(self, uplift: Mapping[str, Numbers]) -> policy.Choice:
        """The action that the policy chooses for each row in the trial, by predicted uplift."""
        trial, effects = self.in_trial, [uplift[action] for action in self.actions]
        return policy.choose(
            uplift=np.column_stack(effects)[trial],
            value=self.value[trial],
            cost=self.cost,
            limits=self.limits,
            ids=self.ids[trial],
            may_contact=self.open_to,
        )

    def realised(self, choice: policy.Choice) -> Numbers:
        """What a choice earned in each row of the trial, in the spec's currency (AIPW estimate)."""
        return policy.realised(choice, gamma=self.gamma, value=self.value[self.in_trial], cost=self.cost)
