"""The HTML pages beside `decision.json`: the decision's page, the report with the verdict on top, and the curves."""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from experiments.spec import ExperimentSpec
from experiments.texts.spec import TextsSpec
from pipelines.files import storage
from pipelines.servers import addresses
from pipelines.workspace import Workspace

if TYPE_CHECKING:
    from pipelines.reporting.page_header import Provenance

# By these a comparison is known: an approval and a later answer from the ledger have them of the decision they repeat.
COMPARISON = ("challenger_version", "look", "pairs")
BESIDE = {"Report": "report.html", "Decision": "decision.html"}
LIST = "ranked_list/ranked_list.csv"


def keep_curves(workspace: Workspace, decision: Mapping[str, Any], curves: Mapping[str, Any]) -> None:
    """Store a comparison's curves for its page; they are too large for the ledger, and no rule uses them."""
    if curves:
        storage.write_json(workspace.curves, {**_comparison(decision), "curves": curves})


def write_page(spec: ExperimentSpec | TextsSpec, workspace: Workspace, decision: Mapping[str, Any]) -> None:
    """Write `decision.html`, and `report.html` beside it where this challenger's report exists."""
    if isinstance(spec, TextsSpec):
        _write_pages_of_reader(spec, workspace, decision)
        return
    storage.write_bytes(workspace.decision_page, page(spec, workspace, decision).encode())
    if told := report_page(workspace, decision):
        storage.write_bytes(workspace.report_page, told.encode())


def _write_pages_of_reader(spec: TextsSpec, workspace: Workspace, decision: Mapping[str, Any]) -> None:
    from pipelines.reporting import texts_page  # not at the top: most specs are of models of churn

    made = _made(workspace, decision, but="Decision", listed=False)
    page = texts_page.decision(decision, title=spec.title, spec=spec.name, made=made)
    storage.write_bytes(workspace.decision_page, page.encode())
    found = storage.read_receipt(workspace.evaluation / "report.json")
    if found and _registered(workspace, decision):
        made = _made(workspace, decision, but="Report", listed=False)
        told = texts_page.report(found, ruling=decision["words"], decision=decision, made=made)
        storage.write_bytes(workspace.report_page, told.encode())


def page(spec: ExperimentSpec, workspace: Workspace, decision: Mapping[str, Any]) -> str:
    """The page of a decision, without curves where those stored are of another comparison."""
    from pipelines.reporting import decision_page  # not at the top: who only asks what is decided draws nothing

    plain, made = spec.model_dump(mode="json"), _made(workspace, decision, but="Decision")
    return decision_page.render(decision, spec=plain, curves=_curves(workspace, decision), made=made)


def report_page(workspace: Workspace, decision: Mapping[str, Any]) -> str:
    """The report with the verdict on top; "" where the one stored is of another version."""
    found = storage.read_receipt(workspace.evaluation / "report.json")
    if not found or not _registered(workspace, decision):
        return ""
    from pipelines.reporting import page_header, report  # not at the top, as above

    made = _made(workspace, decision, but="Report")
    return report.render(found, page_header.of_report(found, decision, made=made))


def provenance(workspace: Workspace, decision: Mapping[str, Any]) -> "Provenance":
    """Where the challenger of a decision was made; its links are paths from the root of the checkout."""
    made = _made(workspace, decision, but="")
    folder = workspace.artifacts.relative_to(workspace.root)
    return replace(made, beside={name: str(folder / place) for name, place in made.beside.items()})


def _made(workspace: Workspace, decision: Mapping[str, Any], *, but: str, listed: bool = True) -> "Provenance":
    """Where the challenger was made, by its registration; links to all pages but this one, and to the list if any."""
    from pipelines.reporting.page_header import Provenance, Run  # not at the top, as above

    receipt = _registered(workspace, decision)
    there = {name: place for name, place in BESIDE.items() if name != but and (receipt or name != "Report")}
    if listed and (champion := decision["champion_version"]):
        there[f"List of customers to contact, by version {champion} (CSV)"] = LIST
    commit, data, run = (str(receipt.get(name, "")) for name in ("git_commit", "data_hash", "run"))
    seen = Run(run, *addresses.page_of_run(workspace.root, run)) if run else None
    return Provenance(commit, data, seen, there)


def _registered(workspace: Workspace, decision: Mapping[str, Any]) -> Mapping[str, Any]:
    """The challenger's registration; empty where it is of another version, or names no MLflow run."""
    receipt = storage.read_receipt(workspace.registration) or {}
    return receipt if receipt.get("version") == decision["challenger_version"] and "run" in receipt else {}


def _curves(workspace: Workspace, decision: Mapping[str, Any]) -> Mapping[str, Any]:
    kept = storage.read_receipt(workspace.curves) or {}
    found: Mapping[str, Any] = kept["curves"] if kept and _comparison(kept) == _comparison(decision) else {}
    return found


def _comparison(of: Mapping[str, Any]) -> dict[str, Any]:
    return {key: of[key] for key in COMPARISON}
