"""Compare a reader of texts with the champion, write the ledger, and move the alias `champion` if it is better."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mlflow.entities.model_registry import ModelVersion

from experiments.texts.spec import TextsSpec
from pipelines.champion import ledger_writer, loading, model_versions
from pipelines.champion.succession import Standing
from pipelines.files import storage
from pipelines.gate import text_contest
from pipelines.gate.promotion import Compared, Promotion
from pipelines.gate.text_contest import TextContest
from pipelines.workspace import Workspace


@dataclass(frozen=True)
class ReaderGate(Promotion):
    """A reader of texts at its gate; kept are the versions that were downloaded already."""

    spec: TextsSpec
    kept: loading.Kept

    def same(self, challenger: ModelVersion, champion: ModelVersion, standing: Standing) -> str | None:
        """On all held-out texts."""
        return TextContest(self.spec, self.workspace, standing, challenger, champion, self.kept).same()

    def compared(
        self, standing: Standing, models: tuple[ModelVersion, ModelVersion | None], known: Mapping[str, Any] | None
    ) -> Compared:
        """The decision on macro-F1, with hashes of files and reports."""
        challenger, champion = models
        contest = TextContest(self.spec, self.workspace, standing, challenger, champion, self.kept)
        look = known or contest.next_look()
        judged = text_contest.judged(contest, alpha=look["alpha"])
        reports = {
            "challenger": storage.digest(self.workspace.evaluation / "report.json"),
            "champion": model_versions.report_digest(champion) if champion else None,
        }
        files = self.kept.files_of(challenger, standing) if judged.clean else {}
        seen = look if judged.found["figures"] else None
        return Compared({**judged.found, "look": seen, "reports": reports, "files": files}, judged.clean, {})

    def keep(self, body: Mapping[str, Any], curves: Mapping[str, Any]) -> None:
        """Nothing: the page shows what the ledger holds."""


def run(spec: TextsSpec, workspace: Workspace, *, force: str = "") -> int:
    """Decide once on a reader; write ledger, `decision.json` and its page; give the verdict's exit code.

    force is the reason of a person who overrules the rules.
    """
    version = str(storage.read_json(workspace.registration)["version"])
    with ledger_writer.writing(spec.name, workspace.root) as writer, loading.Kept() as kept:
        return ReaderGate(workspace, writer, version, force, spec, kept).run()
