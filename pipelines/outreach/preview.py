"""Dry run of the alert rules: writes the customers who match today to a file, and raises no warnings."""

from typing import Any

import numpy as np
import pandas as pd

from experiments.logic import truth
from experiments.spec import ExperimentSpec
from pipelines.champion import ledger_writer
from pipelines.files import spreadsheet, storage
from pipelines.matrix import matrices
from pipelines.messages import log
from pipelines.models import provenance
from pipelines.outreach import alert_run, backtest, champion_scores
from pipelines.outreach import columns as known_columns
from pipelines.outreach.operations import clock, database
from pipelines.workspace import Workspace

COLUMNS = ("rule", "customer_id", "level", "owner", "reason", "reason_zh")


def write(spec: ExperimentSpec, workspace: Workspace) -> None:
    """Write `warnings.csv`, unless it is of the same rules, rows and champion already.

    Raises SpecError where a rule is wrong.
    """
    file, columns, _ = backtest.checked(spec, workspace)
    standing, _ = ledger_writer.reading(spec.name, workspace.root).agreed()
    receipt, question = (
        workspace.artifacts / "warnings.json",
        {
            "rules": storage.digest(workspace.alerts / f"{spec.alerts}.yaml"),
            "rows": matrices.digest(workspace.matrix, matrices.SCORE),
            "data": provenance.data_hash(workspace),
            "version": standing.serving,
            "score": spec.score.model_dump(mode="json"),
            "campaign": spec.evaluation.campaign.model_dump(mode="json"),
        },
    )
    if workspace.warnings_file.exists() and storage.read_receipt(receipt) == question:
        return
    engine = database.opened(workspace.root) if database.exists(workspace.root) else None
    rows, _, _ = champion_scores.todays(spec, workspace, engine, file=file, now=clock.now(spec.clocks))
    found: list[dict[str, Any]] = []
    for name, rule in file.rules.items():
        values = known_columns.values(rows, rule.when.columns(), columns)
        holds = rows[np.asarray(rule.when.truth(values) == truth.TRUE)]
        told = {"rule": name, "level": rule.level, "reason": rule.says["en"], "reason_zh": rule.says["zh"]}
        owners = alert_run.owners(file, rule, holds)
        found += [
            {**told, "customer_id": customer, "owner": owner}
            for customer, owner in zip(holds["customer_id"], owners, strict=True)
        ]
    spreadsheet.write(workspace.warnings_file, pd.DataFrame(found, columns=list(COLUMNS)))
    storage.write_json(receipt, question)
    log.done("warnings", spec.name, rules=len(file.rules), true_today=len(found))
