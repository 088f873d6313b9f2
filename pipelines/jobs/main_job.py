"""Run everything for a spec: the stages that changed, then register, promote and score.

With --unregistered it ends after `evaluate`: nothing is registered, decided or listed. That is what `try` runs.

group: work
writes: data/readers/SPEC, data/tables/SPEC, data/matrix/SPEC, artifacts/SPEC, state/SPEC
writes: dvc.lock, and params.yaml for a new spec
writes: trials, versions and the ledger, in mlflow.db and mlartifacts, or where MLFLOW_TRACKING_URI says
codes: 0 done: promoted, refreshed, first champion, forced, awaiting approval, or nothing to do; 3; 4; 5
example: python -m pipelines run demo
example: python -m pipelines run telco --verbose
"""

from collections.abc import Mapping
from typing import Any

from experiments.spec import ExperimentSpec
from pipelines.jobs import repeated_runs
from pipelines.messages import log
from pipelines.processes.stopping import Command
from pipelines.ruling.verdict import EXIT_CODES, Verdict
from pipelines.workspace import Workspace


def run(spec: ExperimentSpec, workspace: Workspace, command: Command) -> int:
    """Run the graph, register, promote and score; print a short table and give the exit code of the decision.

    command does one command: the stages are commands of forks of this process.
    """
    _take_in(spec, workspace)
    if (known := repeated_runs.answer(workspace)) is not None:
        log.detail("nothing was touched since the last run, which noted this answer")
        repeated_runs.leave(workspace, known)
        print(known.told)  # noqa: T201 - the command's answer
        return known.code
    # Not at the top: where nothing was touched, nobody waits for MLflow.
    from pipelines.champion import announcing, ledger
    from pipelines.files import storage
    from pipelines.jobs import readers, stage_graph
    from pipelines.specs.options import source_of

    ledger.address(workspace.root)  # where promotions are written must be known before the first minute of work
    source, _ = source_of(spec)
    if not source.needs_files:
        stage_graph.put(spec.name, workspace.root)
    first = repeated_runs.first_look(workspace)  # before anybody asks MLflow, which sets a variable of its own
    readers.hold(spec, workspace, command)
    stage_graph.reproduce(workspace, command)
    from pipelines.stages import promote, register

    with log.stage("register", spec.name):
        register.run(spec, workspace)
    with log.stage("promote", spec.name):
        code = promote.run(spec, workspace)
    if spec.refit:
        from pipelines.jobs import refitting

        with log.stage("refit", spec.name):
            refitting.run(spec, workspace)
    decided = repeated_runs.registry_look(workspace)
    decision = storage.read_json(workspace.decision)
    again = promote.again(spec, workspace, decision)
    if decision["champion_version"] is not None and decision["verdict"] != Verdict.CONTRACT_FAIL:
        _list(spec, workspace)
    print(summary(decision, workspace), flush=True)  # noqa: T201 - the command's answer
    announcing.told(workspace)
    if again:
        answer = _answer(spec, workspace, again)
        repeated_runs.note(workspace, answer, first=first, decided=decided)
    return code


def _take_in(spec: ExperimentSpec, workspace: Workspace) -> None:
    """Bring the received events, and the rounds that the spec's source maps, up to date."""
    if spec.source.get("received"):
        from pipelines.jobs import collecting  # not at the top, as above

        collecting.refresh(spec, workspace)
    if spec.treatment and "rounds.parquet" in str(spec.source):
        from pipelines.jobs import own_rounds  # not at the top, as above

        own_rounds.refresh(spec, workspace)


def _list(spec: ExperimentSpec, workspace: Workspace) -> None:
    """The ranked list, and whom the rules of warnings are true of."""
    from pipelines.stages import score

    with log.stage("score", spec.name):
        score.run(spec, workspace)
    if spec.alerts:
        from pipelines.outreach import preview

        with log.stage("warnings", spec.name):
            preview.write(spec, workspace)


def evaluated(spec: ExperimentSpec, workspace: Workspace, command: Command) -> int:
    """Run the graph only; the exit code is 0, since faults raise."""
    from pipelines.jobs import readers, stage_graph  # not at the top, as above
    from pipelines.specs.options import source_of

    if not source_of(spec)[0].needs_files:
        stage_graph.put(spec.name, workspace.root)
    readers.hold(spec, workspace, None)  # whose run would register a reader
    stage_graph.reproduce(workspace, command)
    return 0


def _answer(spec: ExperimentSpec, workspace: Workspace, decision: Mapping[str, Any]) -> repeated_runs.RepeatedAnswer:
    """The run's answer, and its files, for a decision that changes nothing."""
    from pipelines.gate import decision_page_file

    said, code = summary(decision, workspace), EXIT_CODES[Verdict(decision["verdict"])]
    page, report = (
        decision_page_file.page(spec, workspace, decision),
        decision_page_file.report_page(workspace, decision),
    )
    return repeated_runs.RepeatedAnswer(said, code, decision, page, report)


def summary(decision: Mapping[str, Any], workspace: Workspace) -> str:
    """The short table: verdict, both models' figures with intervals, and where to look."""
    from pipelines.champion import freezing
    from pipelines.ruling import answers
    from pipelines.servers import addresses

    verdict, *reasons = answers.lines_of(decision)
    lines = [("verdict", f"{answers.verdict_of(decision)}: {verdict}"), *(("", reason) for reason in reasons)]
    lines += [("frozen", freezing.words(decision["freeze"]))] if decision.get("freeze") else []
    for who in ("challenger", "champion"):
        version, figures = decision[f"{who}_version"], decision["figures"].get(who, {})
        lines.append((who, f"version {version}" if version else "none"))
        shown = answers.shown_figures(decision, figures)
        lines += [(f"  {name}", _interval(figure)) for name, figure in shown.items()]
        lines += [("  effects of actions", answers.NOT_SHOWN)] if len(shown) < len(figures) else []
    lines += [(name, _shown(path, workspace)) for name, path in _places(workspace) if path.exists()]
    lines.append(("MLflow", addresses.where_to_look(workspace.root)))
    width = max(len(name) for name, _ in lines)
    return "\n".join(f"{name:<{width}}  {text}" for name, text in lines)


def _interval(figure: dict[str, Any]) -> str:
    return f"{figure['value']:.4f}  [{figure['low']:.4f}, {figure['high']:.4f}]"


def _places(workspace: Workspace) -> list[tuple[str, Any]]:
    return [
        ("report", workspace.report_page),
        ("decision", workspace.decision_page),
        ("list", workspace.ranked_list / "ranked_list.csv"),
        ("warnings", workspace.warnings_file),
    ]


def _shown(path: Any, workspace: Workspace) -> str:
    return str(path.relative_to(workspace.root))
