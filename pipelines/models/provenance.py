"""The provenance of a model as tags: commit, data version, spec, validation and study."""

import ast
import hashlib
import json
import platform
import subprocess
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from experiments import families, learners
from experiments.money.risk_levels import BY_PROFIT
from experiments.spec import ExperimentSpec
from experiments.texts.spec import TextsSpec
from features import definitions, labels, sources
from features.plugins import file_of, names, plugin
from features.source import Source
from pipelines.dvc import lock_file
from pipelines.files import storage
from pipelines.workspace import Workspace

# The tag of risk cuts that were derived by profit, as JSON; where the spec says them there is none.
RISK_CUTS = "risk_cuts"
PROCESSOR = "processor"
# What a run writes itself; which data it had, its data hash says.
WRITTEN = ("dvc.lock", "params.yaml", "data")
# Where a file that git does not know may change a result, as a plug-in or a spec.
CODE = ("pipelines", "experiments", "features")


def tags(spec: ExperimentSpec, workspace: Workspace) -> dict[str, str]:
    """The provenance tags of a version; every value is a string."""
    validation = storage.read_json(workspace.validation / "result.json")
    from pipelines.reporting.effects import (
        effect_evidence,  # not at the top: what is registered already needs no statistics
    )

    report = storage.read_json(workspace.evaluation / "report.json")
    best, about = (storage.read_json(path) for path in (workspace.tuning / "best.json", workspace.model / "about.json"))
    return {
        "git_commit": git_commit(workspace.root),
        PROCESSOR: processor(),
        "data_hash": data_hash(workspace),
        "spec_hash": spec_hash(spec),
        "recipe": recipe(spec),
        "trained_until": str(about["trained_until"]),
        "validation": f"{'passed' if validation['passed'] else 'failed'}, {validation['expectations']} expectations",
        "study": str(best["study"]),
        "uplift": effect_evidence(report),
        "family": str(about["family"]),
        "learner": str(about["learner"]),
        **risk_cuts(report),
        **of_reader(workspace),
    }


def risk_cuts(report: Mapping[str, Any]) -> dict[str, str]:
    """The tag of a report's derived cuts of risk levels; nothing where the spec says the cuts."""
    used = report.get("levels", {}).get("in_use", {})  # reports of before have no levels
    return {RISK_CUTS: json.dumps([used["medium_from"], used["high_from"]])} if used.get("origin") == BY_PROFIT else {}


def of_reader(workspace: Workspace) -> dict[str, str]:
    """The tags of the reader of texts that the tables were made with; none without one."""
    found = storage.read_json(workspace.tables / "about.json").get("reader")
    return {"reader": f"{found['model']} {found['version']}", "reader_digest": str(found["digest"])} if found else {}


def spec_hash(spec: ExperimentSpec | TextsSpec) -> str:
    """A hash of the spec."""
    plain = json.dumps(spec.model_dump(mode="json"), sort_keys=True)
    return hashlib.sha256(plain.encode()).hexdigest()[:16]


def recipe(spec: ExperimentSpec) -> str:
    """A hash of everything that determines how a model is trained, apart from the data.

    That is the spec, how it reads its source and texts included, and the code of the features, the label, the families
    and the learners it names, but for comments and layout; on how many dates a model is judged is no part of it. Two
    models of one recipe are a champion and its refresh; a model of another wants to replace it.
    """
    sections = {"label", "observations", "features", "treatment", "value", "policy", "split", "tuning", "texts"}
    plain = spec.model_dump(mode="json", include=sections)
    # On how many dates a model is judged does not make it another.
    del plain["split"]["gate_dates"]
    source = plugin(sources, spec.source["kind"], Source)
    plain["source"] = _without({k: v for k, v in spec.source.items() if k not in source.beside}, source.newer)
    plain["code"] = _code(spec)
    return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()[:16]


def _without(options: Any, names: Collection[str]) -> Any:
    """Options without those of these names, at any depth."""
    if isinstance(options, Mapping):
        return {key: _without(value, names) for key, value in options.items() if key not in names}
    return [_without(one, names) for one in options] if isinstance(options, list) else options


def _code(spec: ExperimentSpec) -> dict[str, str]:
    """The plug-ins that a spec names, as syntax trees; all themes where it names none."""
    themes = list(spec.features) or names(definitions) if spec.observations else []
    named = {definitions: themes, labels: [spec.label.kind], families: spec.tuning.families}
    named |= {learners: spec.tuning.learners if spec.treatment else ()}
    files = [file_of(package, name) for package, wanted in named.items() for name in wanted]
    return {file.stem: ast.dump(ast.parse(file.read_text())) for file in files}


def git_commit(root: Path) -> str:
    """The commit of the checkout, with `+changes` where files differ from it, or `none` outside git.

    Code and specs that git does not know differ from it, too. DVC's lock, the list of specs and the data count for no
    change: a run writes them, and they are committed after it.
    """
    asked = subprocess.run(["git", "rev-parse", "HEAD"], cwd=root, capture_output=True, text=True, check=False)  # noqa: S607
    if asked.returncode != 0:
        return "none"
    left_out = [f":(exclude){name}" for name in WRITTEN]
    tracked = _status(root, "--untracked-files=no", "--", ":/", *left_out)
    differs = tracked or "??" in _status(root, "--untracked-files=normal", "--", *CODE)
    return asked.stdout.strip() + ("+changes" if differs else "")


def _status(root: Path, *options: str) -> str:
    command = ["git", "status", "--porcelain", *options]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, check=False).stdout.strip()


def processor() -> str:
    """The kind of processor, such as `x86_64, AMD EPYC 7763`."""
    try:
        told = Path("/proc/cpuinfo").read_text()
    except OSError:  # no Linux
        told = ""
    names = [line.partition(":")[2].strip() for line in told.splitlines() if line.startswith("model name")]
    return ", ".join([platform.machine(), *names[:1]])


def data_hash(workspace: Workspace) -> str:
    """DVC's hash of the canonical tables, or our own where DVC did not run the stage."""
    outs = lock_file.stages(workspace.root).get(f"ingest@{workspace.spec}", {}).get("outs", [])
    return str(outs[0]["md5"]) if outs else storage.digest(workspace.tables)
