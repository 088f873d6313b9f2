"""Descriptions of models and versions on MLflow's pages, with links to report, commit and decision.

Nothing rests on it: the ledger decides, and a description that cannot be written is left out.
"""

import re
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from mlflow import MlflowClient
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException

from experiments.spec import ExperimentSpec
from experiments.texts.spec import TextsSpec
from pipelines.champion import model_versions
from pipelines.files import storage
from pipelines.messages import masking
from pipelines.workspace import Workspace

REPORT, DECISION = "report.html", "decision.html"
SHOWN = (("auc", "AUC"), ("brier", "Brier score"))
_DECIDED = ("- decision: ", "- not decided yet")
REMOTE = re.compile(r"(?:https?://(?:[^@/]*@)?|ssh://git@|git@)([^/:]+)[/:](.+?)(?:\.git)?/?")


def registered(client: MlflowClient, spec: ExperimentSpec, workspace: Workspace, *, version: str) -> None:
    """Describe a newly registered version and its model."""
    with suppress(MlflowException, OSError):
        client.update_registered_model(spec.name, _of_model(spec))
        found = model_versions.version(client, spec.name, version)
        report = storage.read_json(workspace.evaluation / "report.json")
        text = _of_version(found, report, commit_link(workspace.root, found.tags.get("git_commit", "")))
        client.update_model_version(spec.name, version, f"{text}\n- not decided yet")
        client.set_model_version_tag(spec.name, version, "report", f"runs:/{found.run_id}/{REPORT}")


def registered_reader(client: MlflowClient, spec: TextsSpec, workspace: Workspace, *, version: str) -> None:
    """Describe a newly registered version of a reader of texts, and its model."""
    with suppress(MlflowException, OSError):
        client.update_registered_model(spec.name, _of_model(spec))
        found = model_versions.version(client, spec.name, version)
        one = storage.read_json(workspace.evaluation / "report.json")["figures"]["macro_f1"]
        lines = [
            f"reader of texts, macro-F1 {one['value']:.4f} [{one['low']:.4f}, {one['high']:.4f}]",
            "",
            f"- no text was known at or after {found.tags['known_before']}",
            *_whence(found, commit_link(workspace.root, found.tags.get("git_commit", ""))),
            "- not decided yet",
        ]
        client.update_model_version(spec.name, version, "\n".join(lines))
        client.set_model_version_tag(spec.name, version, "report", f"runs:/{found.run_id}/{REPORT}")


def decided(
    client: MlflowClient, spec: ExperimentSpec | TextsSpec, workspace: Workspace, decision: Mapping[str, Any]
) -> None:
    """Add the decision on a version to its description, with a link to its page."""
    with suppress(MlflowException, OSError):
        version = str(decision["challenger_version"])
        found = model_versions.version(client, spec.name, version)
        before = [line for line in str(found.description or "").splitlines() if not line.startswith(_DECIDED)]
        line = f"- decision: {decision['verdict']}, {decision['decided_at']}, {_link(found, DECISION)}"
        if line in str(found.description or ""):
            return
        client.log_artifact(found.run_id, str(workspace.decision_page))
        client.update_model_version(spec.name, version, "\n".join([*before, line]))
        client.set_model_version_tag(spec.name, version, "decision", f"runs:/{found.run_id}/{DECISION}")


def _of_model(spec: ExperimentSpec | TextsSpec) -> str:
    return (
        f"{spec.title}. The alias `champion` shows the version that serves; it moves when the ledger says so:"
        f" `python -m pipelines history {spec.name}`, `python -m pipelines status {spec.name}`."
    )


def _of_version(found: ModelVersion, report: Mapping[str, Any], commit: str) -> str:
    tags = found.tags
    made = tags.get("family", "") + (f" under {tags['learner']}" if report["uplift"]["measured"] else "")
    figures = [
        f"{title} {one['value']:.4f} [{one['low']:.4f}, {one['high']:.4f}]"
        for name, title in SHOWN
        if (one := report["risk"].get(name, {})).get("value") is not None
    ]
    lines = [
        f"{made}: {', '.join(figures)}",
        "",
        *_whence(found, commit),
    ]
    return "\n".join(lines)


def _whence(found: ModelVersion, commit: str) -> list[str]:
    """Where a version comes from, a line each."""
    tags = found.tags
    return [
        f"- report: {_link(found, REPORT)}",
        f"- commit: {commit}",
        f"- data: {tags.get('data_hash', '')}, spec {tags.get('spec_hash', '')}",
        f"- search: {tags.get('study', '')}",
    ]


def _link(found: ModelVersion, file: str) -> str:
    """A link in MLflow's pages to a file of the version's run."""
    return f"[{file}](#/runs/{found.run_id}/artifacts/{file})"


def commit_link(root: Path, commit: str) -> str:
    """A commit, as a link where the checkout's remote has web pages; credentials in its address are left out."""
    asked = subprocess.run(
        ["git", "remote", "get-url", "origin"],  # noqa: S607 - the user's own git
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    match = REMOTE.fullmatch(asked.stdout.strip()) if asked.returncode == 0 else None
    if not match or commit in ("", "none"):
        return commit
    return masking.mask(f"[{commit}](https://{match[1]}/{match[2]}/commit/{commit.partition('+')[0]})")
