"""A decision of the gate: both models on the gate cohort, the evidence, and the rules applied to it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from math import nan
from typing import Any

from experiments.evaluation import comparison
from experiments.evaluation.cohort import Cohort
from experiments.evaluation.comparison import Pair
from experiments.evaluation.model_figures import Predictions
from experiments.metrics.auc import METRIC as AUC
from experiments.metrics.policy_value import METRIC as POLICY_VALUE
from experiments.metrics.qini import METRIC as QINI
from experiments.spec import ExperimentSpec
from features.errors import SpecError
from pipelines.gate import decision_data
from pipelines.gate.contest import Contest
from pipelines.gate.first_line import first_line
from pipelines.ruling.champion_for import Claims
from pipelines.ruling.effect_evidence import NOT_MEASURED, OBSERVATIONAL, RANDOMISED
from pipelines.ruling.evidence import Evidence, Mode, shown_claims, unbeaten
from pipelines.ruling.rule import Finding, Rule, Status, decide
from pipelines.ruling.verdict import MOVES, Verdict
from pipelines.specs.applicable_rules import asked, needed, of_mode


@dataclass(frozen=True)
class JudgedChallenger:
    """The evidence, whether the challenger's own artifact is clean, and each model's figures with intervals.

    rows says who was judged; curves holds those of both models, as `comparison.curves` gives them; renewed what a
    challenger of the champion's own recipe learnt from, in words.
    """

    evidence: Evidence
    clean: bool
    figures: Mapping[str, Mapping[str, Any]]
    rows: Mapping[str, Any] = field(default_factory=dict)
    curves: Mapping[str, Any] = field(default_factory=dict)
    renewed: str = "newer data"


@dataclass(frozen=True)
class ComparedModels:
    """What the models of a comparison say of the same rows, and what is known of them.

    champion is the prior model where there is none, and None where it does not predict; floor is the prior model,
    which contacts nobody. recorded is what the champion is for, None where the ledger does not say.
    """

    mode: Mode
    is_randomised: bool
    challenger: Predictions
    champion: Predictions | None
    floor: Predictions
    recorded: Claims | None = None
    anchor: Predictions | None = None
    anchor_version: str | None = None


def judge(contest: Contest, *, alpha: float) -> JudgedChallenger:
    """Collect the evidence on a challenger against the champion, or against the prior model where there is none.

    alpha is what this look at the cohort spends: bounds are one-sided at it. Raises SpecError where the spec allows to
    lose more money than the champion's policy earns.
    """
    cohort, faults, clean = contest.cohort, list(contest.faults), not contest.faults
    if not cohort.can_judge:
        return JudgedChallenger(_too_little(contest), clean, {})
    against: Predictions | None = contest.floor
    if contest.champion is not None:
        against, fault = contest.predictions(contest.champion)
        faults += [fault] if fault else []
    models = ComparedModels(
        contest.mode,
        contest.is_randomised,
        challenger=Predictions.of(contest.unseen, cohort.actions),
        champion=against,
        floor=contest.floor,
        recorded=contest.recorded,
        anchor=contest.predictions(contest.anchor)[0] if contest.anchor else None,
        anchor_version=contest.anchor.version if contest.anchor else None,
    )
    evidence = replace(evidence_on(cohort, models, alpha=alpha), seen_rows=contest.seen_rows, faults=tuple(faults))
    _check_margin(contest.spec, evidence)
    figures = {"challenger": figures_of(cohort, models.challenger)}
    if contest.champion is not None and against is not None:
        figures["champion"] = figures_of(cohort, against)
    told = decision_data.cohort(cohort, left_out=len(contest.everything) - len(contest.unseen))
    curves = comparison.curves(cohort, models.challenger, against) if against else {}
    return JudgedChallenger(evidence, clean, figures, told, curves, contest.renewed)


def evidence_on(cohort: Cohort, models: ComparedModels, *, alpha: float) -> Evidence:
    """Every figure of the models on the cohort with its limits; alpha as for `judge`."""
    gate, champion = cohort.spec.gate, models.champion
    used_for = _used_for(cohort, models, alpha)
    share = gate.value_share if models.mode is Mode.REFRESH else None

    def against(other: Predictions | None) -> dict[str, Pair]:
        found = other and comparison.compare(
            cohort, models.challenger, other, alpha=alpha, share=share, asked=needed(models.mode, gate)
        )
        return found or {}

    slices = comparison.compare_slices(cohort, models.challenger, champion, alpha=alpha) if champion else ()
    return Evidence(
        mode=models.mode,
        primaries=_primaries(models.is_randomised, used_for),
        figures=against(champion),
        worth=comparison.worth(cohort, models.challenger, models.floor, randomised=models.is_randomised, alpha=alpha),
        rarer=cohort.rarer,
        events_per_arm=cohort.events_per_arm,
        champion_for=used_for,
        anchor=against(models.anchor),
        anchor_version=models.anchor_version,
        calibration=comparison.calibration(cohort, models.challenger, alpha=gate.alpha),
        floors=comparison.floors(cohort, models.challenger, alpha=alpha),
        slices=slices if models.mode is not Mode.FIRST else (),
        dates=cohort.rows["as_of"].nunique(),
        trial_rows=int(cohort.in_trial.sum()),
        alpha=alpha,
    )


def _too_little(contest: Contest) -> Evidence:
    """The evidence where no unseen rows remain, or none of an arm or an outcome."""
    cohort = contest.cohort
    found = Evidence(contest.mode, ("auc",), {}, {}, cohort.rarer, cohort.events_per_arm)
    floors = {name: Pair(nan) for name in contest.spec.evaluation.floors}
    found = replace(found, seen_rows=contest.seen_rows, forgotten=contest.forgotten)
    return replace(found, faults=contest.faults, floors=floors)


def _used_for(cohort: Cohort, models: ComparedModels, alpha: float) -> Claims:
    """What the champion is used for: by the ledger, or else by these rows; the risk at the least."""
    if models.recorded is not None or models.mode is Mode.FIRST or models.champion is None:
        return models.recorded or Claims()
    worth = comparison.worth(cohort, models.champion, models.floor, randomised=models.is_randomised, alpha=alpha)
    shown = shown_claims(worth, alpha=alpha)
    return shown if shown.risk or shown.uplift else Claims()


def _primaries(is_randomised: bool, champion_for: Claims) -> tuple[str, ...]:
    """The figures that a replacement has to improve; the AUC alone where the champion's policy claims nothing."""
    if not is_randomised:
        return ("auc",)
    return ("policy_value",) if champion_for.uplift else ("policy_value", "auc")


def _check_margin(spec: ExperimentSpec, evidence: Evidence) -> None:
    margin, pair = spec.gate.value_margin, evidence.figures.get("policy_value")
    if (
        margin is None
        or evidence.mode is Mode.FIRST
        or not evidence.is_randomised
        or pair is None
        or pair.champion is None
    ):
        return
    if margin > pair.champion:
        raise SpecError(
            f"spec '{spec.name}': gate.value_margin is {margin:g} {spec.currency} a customer, but the champion's policy"
            f" earns {pair.champion:.4f} on these rows, so that a refresh could lose all of it. Take value_margin out"
            " (then gate.value_share of what it earns is kept), or state a smaller one."
        )


def figures_of(cohort: Cohort, model: Predictions) -> dict[str, dict[str, Any]]:
    """AUC, the QINI of each action and the policy's value, each with its 95 % interval."""
    if cohort.one_row_a_customer:
        auc = cohort.auc_intervals(model.score[:, None], level=0.95)[0]
    else:
        auc = cohort.risk(AUC, model.score).interval()
    found = {"AUC": auc.to_dict()}
    for action in cohort.actions:
        found[f"QINI {action}"] = cohort.uplift(QINI, model.uplift[action], action).interval().to_dict()
    if cohort.actions:
        earned = cohort.realised(cohort.choice(model.uplift))
        name = f"policy value a customer ({cohort.spec.currency})"
        found[name] = cohort.estimate(POLICY_VALUE, earned, mask=cohort.in_trial).interval().to_dict()
    return found


def decided(judged: JudgedChallenger, spec: ExperimentSpec) -> dict[str, Any]:
    """Apply every rule of the mode; gives the decision and its basis as plain data."""
    evidence = judged.evidence
    findings = {rule: asked(rule, evidence, spec.gate) for rule in of_mode(evidence.mode)}
    verdict = decide(evidence.mode, findings)
    reasons = [first_line(verdict, evidence, findings, renewed=judged.renewed), *_reasons(verdict, evidence, findings)]
    return {
        "verdict": verdict.value,
        "reasons": reasons,
        "mode": evidence.mode.value,
        "renewed": judged.renewed,
        "uplift": _uplift(evidence),
        "primary": evidence.primaries[0],
        "primaries": list(evidence.primaries),
        "claims": asdict(_claims(verdict, evidence)),
        "champion_for": asdict(evidence.champion_for) if evidence.mode is not Mode.FIRST else None,
        "findings": [
            {
                "rule": rule.code,
                "demands": rule.meaning,
                "status": finding.status.value,
                "otherwise": rule.otherwise.value,
                "remark": finding.remark,
                "reason": finding.reason,
                "thresholds": [asdict(one) for one in finding.thresholds],
            }
            for rule, finding in findings.items()
        ],
        "pairs": decision_data.pairs(evidence.figures),
        "worth": decision_data.pairs(evidence.worth),
        "floors": decision_data.pairs(evidence.floors),
        "unbeaten": unbeaten(evidence),
        "anchor": {"version": evidence.anchor_version, "pairs": decision_data.pairs(evidence.anchor)},
        "slices": decision_data.slices(evidence, spec.gate),
        "cohort": dict(judged.rows),
        "figures": dict(judged.figures),
        "gate": spec.gate.model_dump(mode="json"),
    }


def _uplift(evidence: Evidence) -> str:
    """What the data can show about effects."""
    if evidence.is_randomised:
        return RANDOMISED
    return OBSERVATIONAL if "policy_value" in evidence.figures else NOT_MEASURED


def _claims(verdict: Verdict, evidence: Evidence) -> Claims:
    """What the challenger was shown to be good for; after a champion by the rules, its claims are kept."""
    shown, kept = shown_claims(evidence.worth, alpha=evidence.alpha), evidence.champion_for
    if verdict not in (Verdict.PROMOTE, Verdict.REFRESH):
        return shown
    return Claims(shown.risk or kept.risk, shown.uplift or kept.uplift)


def _reasons(verdict: Verdict, evidence: Evidence, findings: Mapping[Rule, Finding]) -> list[str]:
    """The findings that were broken or unclear; where there are none, also those on the primary figure."""
    primary = {*evidence.primaries, "worth"} if verdict in MOVES else set()
    return [
        f"{rule.code} {one.status.value}: {one.reason}"
        for rule, one in findings.items()
        if one.status not in (Status.HOLDS, Status.NOT_APPLICABLE) or primary & set(rule.needs)
    ]
