"""Compare challenger and champion, apply the rules, write the ledger, and move the alias `champion` if accepted."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlflow.entities.model_registry import ModelVersion

from experiments.spec import ExperimentSpec
from pipelines.champion import ledger_writer, loading, model_versions
from pipelines.champion.ledger_writer import LedgerWriter
from pipelines.champion.succession import Standing
from pipelines.files import storage
from pipelines.gate import decision_page_file
from pipelines.gate.promotion import Compared, Promotion
from pipelines.messages import log
from pipelines.ruling.verdict import Verdict
from pipelines.workspace import Workspace

if TYPE_CHECKING:
    from pipelines.gate.shadow_decisions import Shadowing


@dataclass(frozen=True)
class Gate(Promotion):
    """A model of churn at its gate."""

    spec: ExperimentSpec

    def same(self, challenger: ModelVersion, champion: ModelVersion, standing: Standing) -> str | None:
        """On gate rows, today's customers and random rows."""
        from pipelines.gate import same_predictions  # not at the top: what was decided already needs no model

        return same_predictions.compared(self.spec, self.workspace, (challenger, champion), standing)

    def compared(
        self, standing: Standing, models: tuple[ModelVersion, ModelVersion | None], known: Mapping[str, Any] | None
    ) -> Compared:
        """The decision of the rules, with hashes of files and reports."""
        from pipelines.gate import alpha_spending, decisions  # nor any statistics
        from pipelines.gate.contest import Contest

        spec, workspace, client = self.spec, self.workspace, self.registrar.client
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
        seen = look if judged.evidence.figures else None
        found = {**decisions.decided(judged, spec), "look": seen, "reports": reports, "files": files}
        return Compared(found, judged.clean, judged.curves)

    def of_shadow(self, standing: Standing) -> Mapping[str, Any] | None:
        """By what came true, where enough of it is known."""
        from pipelines.champion import shadow_entries

        shadowing, freeze = self._shadowing(standing), standing.frozen(self.registrar.signed.at)
        if why := shadowing.ends:
            body = shadow_entries.ended(standing, self.registrar.signed, reason=why, kept_out=False)
            log.note(f"promote {self.spec.name}: {self.registrar.write(standing, body).body['words']}")
            return None
        if known := shadowing.known(freeze):
            return known
        entry = shadowing.judged(freeze)
        return None if entry.body["verdict"] == Verdict.SHADOWING else entry.receipt

    def waits(self, standing: Standing) -> Mapping[str, Any] | None:
        """What the next run says of the version that shadows if nothing changes; None where it does more."""
        shadowing = self._shadowing(standing)
        return None if shadowing.ends else shadowing.known(None)

    def _shadowing(self, standing: Standing) -> "Shadowing":
        from pipelines.gate.shadow_decisions import Shadowing  # not at the top: of most specs nothing shadows

        return Shadowing(self.spec, self.workspace, self.registrar, standing, self.version, self.keep)

    def begins_to_shadow(self, body: Mapping[str, Any], found: Mapping[str, Any]) -> Mapping[str, Any]:
        """Where the spec wants it."""
        if self.spec.gate.shadow is None:
            return body
        from pipelines.gate import shadow_decisions

        return shadow_decisions.begins(self.workspace, body, found, dates=self.spec.gate.shadow.dates)

    def keep(self, body: Mapping[str, Any], curves: Mapping[str, Any]) -> None:
        """The curves."""
        decision_page_file.keep_curves(self.workspace, body, curves)


def run(spec: ExperimentSpec, workspace: Workspace, *, force: str = "") -> int:
    """Decide once on a challenger; write ledger, `decision.json` and its page; give the verdict's exit code.

    force is the reason of a person who overrules the rules.
    """
    version = _newest(workspace)
    with ledger_writer.writing(spec.name, workspace.root) as writer:
        return _gate(spec, workspace, writer, version=version, force=force).run()


def again(spec: ExperimentSpec, workspace: Workspace, decided: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The decision that the next run would repeat if nothing changes; None where it would judge again.

    Raises ContractError where the champion cannot be served.
    """
    reader = ledger_writer.reading(spec.name, workspace.root)
    gate = _gate(spec, workspace, reader, version=_newest(workspace), force="")
    standing, _ = reader.agreed()
    reader.check_champion(standing)
    if standing.frozen(reader.signed.at):
        return None  # it ends by itself, and no file says when
    if standing.shadow:
        return gate.waits(standing)
    is_known = decided["verdict"] == Verdict.NO_CHANGE
    return gate.settled(standing, gate.asked(standing)) or (decided if is_known else None)


def _newest(workspace: Workspace) -> str:
    return str(storage.read_json(workspace.registration)["version"])


def _gate(spec: ExperimentSpec, workspace: Workspace, writer: LedgerWriter, *, version: str, force: str) -> Gate:
    return Gate(workspace, writer, version, force, spec)
