"""Compare challenger and champion, apply the rules, write the ledger, and move the alias `champion` if accepted."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlflow.entities.model_registry import ModelVersion

from experiments.spec import ExperimentSpec
from pipelines.champion import announcing, describing, entry_kinds, ledger_writer, loading, model_versions
from pipelines.champion.ledger import TakenError
from pipelines.champion.ledger_writer import LedgerWriter
from pipelines.champion.succession import Standing
from pipelines.files import storage
from pipelines.gate import decision_page_file
from pipelines.messages import log
from pipelines.models import provenance
from pipelines.ruling.verdict import EXIT_CODES, Verdict
from pipelines.workspace import Workspace

if TYPE_CHECKING:
    from pipelines.gate.decisions import JudgedChallenger

# What was lacking then may be there now, so these answers are not taken from the ledger.
ASKED_AGAIN = (Verdict.CONTRACT_FAIL, Verdict.INSUFFICIENT_DATA)


@dataclass(frozen=True)
class Gate:
    """A challenger, where it is judged and recorded, and the reason if forced (else empty)."""

    spec: ExperimentSpec
    workspace: Workspace
    registrar: LedgerWriter
    version: str
    force: str


def run(spec: ExperimentSpec, workspace: Workspace, *, force: str = "") -> int:
    """Decide once on a challenger; write ledger, `decision.json` and its page; give the verdict's exit code.

    force is the reason of a person who overrules the rules. The entry is written first, then the receipt, then the
    alias moves: who is stopped between is finished by the next run.
    """
    version = str(storage.read_json(workspace.registration)["version"])
    with ledger_writer.writing(spec.name, workspace.root) as writer:
        decision = _decision(Gate(spec, workspace, writer, version, force))
        storage.write_json(workspace.decision, decision)
        writer.project()
        decision_page_file.write_page(spec, workspace, decision)
        if decision["verdict"] != Verdict.NO_CHANGE:
            describing.decided(writer.client, spec, workspace, decision)
    log.done("promote", spec.name, verdict=decision["verdict"], words=decision["words"])
    return EXIT_CODES[Verdict(decision["verdict"])]


def again(spec: ExperimentSpec, workspace: Workspace, decided: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The decision that the next run would repeat if nothing changes; None where it would judge again.

    Raises ContractError where the champion cannot be served.
    """
    gate = Gate(spec, workspace, ledger_writer.reading(spec.name, workspace.root), decided["challenger_version"], "")
    standing, _ = gate.registrar.agreed()
    gate.registrar.check_champion(standing)
    is_known = decided["verdict"] == Verdict.NO_CHANGE
    return _settled(gate, standing, _asked(gate, standing)) or (decided if is_known else None)


def _decision(gate: Gate) -> dict[str, Any]:
    """The decision; after losing a race with another gate, the challenger is judged against the new champion."""
    while True:
        with suppress(TakenError):
            standing, finished = gate.registrar.reconciled()
            head = standing.decided
            finished = finished or announcing.is_untold(gate.workspace, standing, gate.version)
            announcing.begin(gate.workspace, standing)
            if finished and head and head.body["verdict"] and head.body["challenger_version"] == gate.version:
                return head.receipt
            gate.registrar.check_champion(standing)
            asked = _asked(gate, standing)
            return _settled(gate, standing, asked) or _judged(gate, standing, asked)


def _asked(gate: Gate, standing: Standing) -> dict[str, Any]:
    """The identity of a question: equal challenger, champion, spec and rows get the same answer."""
    rows = storage.digest(gate.workspace.evaluation / "gate.parquet")
    question = f"{provenance.spec_hash(gate.spec)}-{rows}"
    return {"challenger_version": gate.version, "compared_with": standing.champion, "question": question}


def _settled(gate: Gate, standing: Standing, asked: dict[str, Any]) -> dict[str, Any] | None:
    """An answer that needs no comparison and changes nothing: the ledger is not written."""
    known, answer = standing.about(gate.version), standing.answer(asked)
    if known and standing.champion == gate.version:
        return entry_kinds.unchanged(known, asked)
    if gate.force:
        return None
    if known and gate.version in standing.withdrawn:
        return entry_kinds.withdrawn(known, standing.withdrawn[gate.version], asked)
    if answer is None or answer.body["verdict"] in ASKED_AGAIN or not standing.holds(answer):
        return None
    return answer.receipt


def _judged(gate: Gate, standing: Standing, asked: dict[str, Any]) -> dict[str, Any]:
    """Judge and write the ledger; a repeated question is not a new comparison or entry."""
    from pipelines.gate.same_predictions import compared  # not at the top: what was decided already needs no model

    spec, answer, writer = gate.spec, standing.answer(asked), gate.registrar
    challenger = model_versions.version(writer.client, spec.name, gate.version)
    digest, champion = model_versions.digest_of(challenger), None
    if standing.champion:
        champion = model_versions.version(writer.client, spec.name, standing.champion)
        alike = compared(gate.spec, gate.workspace, (challenger, champion), standing)
        if alike:
            return entry_kinds.same(asked, writer.signed, digest=digest, compared=alike)
    found, judged = _compared(gate, standing, (challenger, champion), answer.body["look"] if answer else None)
    body = entry_kinds.decision(asked, found, writer.signed, digest=digest, approval=spec.gate.approval)
    decision_page_file.keep_curves(gate.workspace, body, judged.curves)
    if gate.force and judged.clean:
        body = entry_kinds.forced(body, writer.signed, reason=gate.force)
    elif answer and answer.body["verdict"] == body["verdict"] and standing.holds(answer):
        return answer.receipt
    return writer.write(standing, body).receipt


def _compared(
    gate: Gate, standing: Standing, models: tuple[ModelVersion, ModelVersion | None], known: dict[str, Any] | None
) -> tuple[dict[str, Any], "JudgedChallenger"]:
    """The decision of the rules at the next comparison, or at a known one, with hashes of files and reports."""
    from pipelines.gate import alpha_spending, decisions  # not at the top: what was decided already needs no statistics
    from pipelines.gate.contest import Contest

    spec, workspace, client = gate.spec, gate.workspace, gate.registrar.client
    challenger, champion = models
    anchor = model_versions.first_of(client, spec.name, standing.anchors)
    contest = Contest.of(spec, workspace, version=challenger, ledger=standing, champion=champion, anchor=anchor)
    look = known or alpha_spending.next_look(
        standing, contest.unseen, spec.label, cohort=contest.cohort.digest, alpha=spec.gate.alpha
    )
    judged = decisions.judge(contest, alpha=look["alpha"])
    reports = {
        "challenger": storage.digest(workspace.evaluation / "report.json"),
        "champion": model_versions.report_digest(champion) if champion else None,
    }
    files = loading.files_of(challenger, standing) if judged.clean else {}
    compared = look if judged.evidence.figures else None
    return {**decisions.decided(judged, spec), "look": compared, "reports": reports, "files": files}, judged
