"""Show the state of a spec: champion, previous champion, waiting approvals, comparisons made, last decision.

It changes nothing. A look is a comparison on the gate cohort of the last `evaluate`. New customers add alpha, and the
k-th look at the same ones spends alpha / (k (k + 1)) of it. So a worthless challenger is promoted with probability
alpha at most per cohort's worth of new customers, however many are tried. Of people who were erased (`forget`) since
the champion was trained there is a line with their number.

group: look
codes: 5 the ledger is broken
json: champion, serving, alias, before, awaiting, frozen, shadow, looks, erased_since and last as an object
example: python -m pipelines status demo
example: python -m pipelines status demo --json
"""

import argparse
from typing import TYPE_CHECKING, Any

from pipelines.messages.answer import Answer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from experiments.spec import ExperimentSpec
    from experiments.texts.spec import TextsSpec
    from pipelines.champion.ledger import Entry
    from pipelines.champion.succession import Standing
    from pipelines.workspace import Workspace


def arguments(_command: argparse.ArgumentParser) -> None:
    """The spec only."""


def run(spec: "ExperimentSpec | TextsSpec", workspace: "Workspace", _arguments: argparse.Namespace) -> Answer:
    """A line for each."""
    from pipelines.champion import freezing, ledger_writer
    from pipelines.jobs.forgetting import receipts
    from pipelines.ruling import answers
    from pipelines.servers import mlflow_runs

    with mlflow_runs.answering(workspace.root):
        reader = ledger_writer.reading(spec.name, workspace.root)
        standing, alias = reader.seen()
    waiting = [
        {"version": version, "verdict": entry.body["verdict"], "since": entry.body["decided_at"]}
        for version, entry in standing.waiting.items()
    ]
    told = [f"version {one['version']}, {one['verdict']} since {one['since']}" for one in waiting]
    head, looks = standing.head, _looks(spec, workspace, standing)
    erased_since = receipts.of_version(workspace, standing.champion)
    last = _told(head.body, head.number) if head else ["none"]
    freeze = standing.frozen(reader.signed.at)
    began = standing.shadow
    shadow = {"version": began.body["challenger_version"], "since": began.body["decided_at"]} if began else None
    lines = [
        ("champion", _champion(standing, alias)),
        ("before", f"version {standing.before}" if standing.before else "none"),
        ("awaiting approval", "; ".join(told) or "none"),
        *([("frozen", freezing.words(freeze))] if freeze else []),
        *([("shadow", _shadow(shadow))] if shadow else []),
        ("looks", _said(looks, spec)),
        *([("erased since", f"{erased_since} people whose data the champion learned from")] if erased_since else []),
        ("last entry", last[0]),
        *(("", line) for line in last[1:]),
    ]
    plain = {
        "spec": spec.name,
        "champion": standing.champion,
        "serving": standing.serving,
        "alias": alias,
        "before": standing.before,
        "awaiting": waiting,
        "frozen": freeze,
        "shadow": shadow,
        "looks": looks,
        "erased_since": erased_since,
        "last": _last(head) if head else None,
    }
    return Answer(tuple(answers.table(lines)), plain)


def _last(head: "Entry") -> dict[str, Any]:
    """The last entry in short; `history --json` has all of it."""
    from pipelines.ruling import answers

    keys = ("decided_at", "kind", "verdict", "challenger_version", "by", "words")
    return {"entry": head.number, **{key: head.body[key] for key in keys}, "reasons": answers.lines_of(head.body)}


def _told(body: "Mapping[str, Any]", number: int) -> list[str]:
    """An entry: the decision, its version, and the reasons, a line each."""
    from pipelines.ruling import answers

    what, version = answers.verdict_of(body), body["challenger_version"]
    about = f", version {version}" if version else ""
    return [f"{number}, {body['decided_at']}: {what}{about}", *answers.lines_of(body)]


def _shadow(shadow: "Mapping[str, str]") -> str:
    return f"version {shadow['version']} since {shadow['since']}; `shadow` says how far it is"


def _champion(standing: "Standing", alias: str | None) -> str:
    """The ledger's champion, and the alias where it differs."""
    if standing.serving == alias:
        twin = f", which is version {standing.champion} fitted on all rows" if alias != standing.champion else ""
        return f"version {alias}{twin}" if alias else "none"
    shown = f"version {alias}" if alias else "nothing"
    if not standing.entries:
        return f"{shown}, and there is no ledger: see `registry check`"
    remedy = "the next promote finishes" if standing.unfinished(alias) else "see `registry check`"
    return f"version {standing.serving}, but the alias shows {shown}: {remedy}"


def _looks(spec: "ExperimentSpec | TextsSpec", workspace: "Workspace", standing: "Standing") -> dict[str, Any] | None:
    """The comparisons so far, and the alpha that the next one would spend on the last evaluation's gate rows."""
    if not (workspace.evaluation / "gate.parquet").exists():
        return None
    following = _next_look(spec, workspace, standing)
    units = following["units"]
    return {
        "spent": following["number"] - 1,
        "cohort": following["cohort"],
        "new_share": units["new"] / units["of"] if units["of"] else 0.0,
        "next_alpha": following["alpha"],
        "alpha": spec.gate.alpha,
    }


def _next_look(spec: "ExperimentSpec | TextsSpec", workspace: "Workspace", standing: "Standing") -> dict[str, Any]:
    from experiments.evaluation.cohort import Cohort
    from experiments.texts.spec import TextsSpec
    from pipelines.files import storage
    from pipelines.gate import alpha_spending, text_contest

    rows = storage.read_parquet(workspace.evaluation / "gate.parquet").to_pandas()
    if isinstance(spec, TextsSpec):
        return text_contest.next_look(spec, standing, rows)
    cohort = Cohort(rows, spec).digest
    return alpha_spending.next_look(standing, rows, spec.label, cohort=cohort, alpha=spec.gate.alpha)


def _said(looks: "Mapping[str, Any] | None", spec: "ExperimentSpec | TextsSpec") -> str:
    if looks is None:
        return f"nothing is evaluated here yet; run: python -m pipelines run {spec.name}"
    return (
        f"{looks['spent']} on cohort {looks['cohort']}, of which {looks['new_share']:.0%} is new; the next spends at"
        f" most {looks['next_alpha']:.3g} of alpha {looks['alpha']:g}"
    )
