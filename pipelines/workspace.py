"""The paths of all files of a spec."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Workspace:
    """The paths of one spec under the root of the repository; nothing is created before it is written."""

    root: Path
    spec: str

    @property
    def specs(self) -> Path:
        """Every spec."""
        return self.root / "experiments" / "specs"

    @property
    def alerts(self) -> Path:
        """The files of rules of warnings, one for each name."""
        return self.specs / "alerts"

    @property
    def playbooks(self) -> Path:
        """The playbooks, one file for each name."""
        return self.specs / "playbooks"

    @property
    def spec_file(self) -> Path:
        """The spec's YAML file."""
        return self.specs / f"{self.spec}.yaml"

    @property
    def raw(self) -> Path:
        """Raw files as they were added, tracked by DVC."""
        return self.root / "data" / "raw" / self.spec

    @property
    def reader(self) -> Path:
        """The pinned reader of texts, with `version.json` that says which; a note alone where none is pinned."""
        return self.root / "data" / "readers" / self.spec

    @property
    def tables(self) -> Path:
        """The canonical tables: one folder each, one Parquet file per part."""
        return self.root / "data" / "tables" / self.spec

    @property
    def texts(self) -> Path:
        """The texts of a reader's spec: one table, and what was left out."""
        return self.root / "data" / "texts" / self.spec

    @property
    def matrix(self) -> Path:
        """Feature rows: `learn/`, `score/` and the contract."""
        return self.root / "data" / "matrix" / self.spec

    @property
    def artifacts(self) -> Path:
        """The results of stages and commands."""
        return self.root / "artifacts" / self.spec

    @property
    def validation(self) -> Path:
        """The results of the validation."""
        return self.artifacts / "validation"

    @property
    def tuning(self) -> Path:
        """The best parameters, and every trial."""
        return self.artifacts / "tuning"

    @property
    def model(self) -> Path:
        """The challenger in its served form, and what judging it needs."""
        return self.artifacts / "model"

    @property
    def evaluation(self) -> Path:
        """The reports, the gate rows and the plots' data."""
        return self.artifacts / "evaluation"

    @property
    def registration(self) -> Path:
        """The receipt of `register`."""
        return self.artifacts / "registration.json"

    @property
    def decision(self) -> Path:
        """The receipt of `promote`."""
        return self.artifacts / "decision.json"

    @property
    def decision_page(self) -> Path:
        """The decision's page."""
        return self.artifacts / "decision.html"

    @property
    def report_page(self) -> Path:
        """The report with the verdict on top, beside the decision; `evaluation` holds it without."""
        return self.artifacts / "report.html"

    @property
    def curves(self) -> Path:
        """The curves of the last comparison, which are not in the ledger."""
        return self.artifacts / "decision_curves.json"

    @property
    def ranked_list(self) -> Path:
        """The folder of the ranked list and the receipt of `score`."""
        return self.artifacts / "ranked_list"

    @property
    def monitoring(self) -> Path:
        """What `monitor` found, for machines."""
        return self.artifacts / "monitoring.json"

    @property
    def monitoring_page(self) -> Path:
        """The same as a page."""
        return self.artifacts / "monitoring.html"

    @property
    def simulation(self) -> Path:
        """What `simulate` found, for machines."""
        return self.artifacts / "simulation.json"

    @property
    def simulation_page(self) -> Path:
        """The same as a page."""
        return self.artifacts / "simulation.html"

    @property
    def alerts_backtest(self) -> Path:
        """The folder with the page and the figures of the rules on past dates."""
        return self.artifacts / "alerts"

    @property
    def warnings_file(self) -> Path:
        """Whom the rules are true of today."""
        return self.artifacts / "warnings.csv"

    @property
    def kpis(self) -> Path:
        """The retention figures."""
        return self.artifacts / "kpis.json"

    @property
    def kpis_page(self) -> Path:
        """The page of the retention figures."""
        return self.artifacts / "kpis.html"

    @property
    def rounds(self) -> Path:
        """The lists of rounds, a folder for each date."""
        return self.artifacts / "rounds"

    @property
    def treatments(self) -> Path:
        """All rounds as rows of the table `treatments`."""
        return self.artifacts / "treatments.parquet"

    @property
    def whatif(self) -> Path:
        """What another playbook or other limits would have earned in past rounds."""
        return self.artifacts / "whatif.json"

    @property
    def state(self) -> Path:
        """Internal state between runs: the study, the last failure."""
        return self.root / "state" / self.spec

    @property
    def partitions(self) -> Path:
        """The keys of the matrix's partitions."""
        return self.state / "partitions.json"

    @property
    def failure(self) -> Path:
        """The last failure of a stage, for the command that ran the graph."""
        return self.state / "failure.json"
