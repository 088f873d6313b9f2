"""Compare the challenger with the champion, ask the rules, and move the alias `champion` or not."""

from collections.abc import Mapping
from typing import Any

from experiments.spec import ExperimentSpec
from pipelines import log, provenance, registry, storage, tracking
from pipelines.verdict import EXIT_CODES, MOVES, WORDS, Verdict
from pipelines.workspace import Workspace


def run(spec: ExperimentSpec, workspace: Workspace) -> int:
    """Decide once for a challenger, write `decision.json`, and give the exit code of the verdict.

    The receipt is written before the alias moves: a run that is killed between the two decides the same again.
    """
    client = tracking.client(workspace.root)
    tracking.use(workspace.root)
    version = str(storage.read_json(workspace.registration)["version"])
    with tracking.answering(workspace.root), tracking.alone(workspace.root, f"promote-{spec.name}"):
        champion = registry.champion(client, spec.name)
        before = str(champion.version) if champion else None
        asked = {"challenger_version": version, "compared_with": before, "question": _question(spec, workspace)}
        earlier = storage.read_json(workspace.decision) if workspace.decision.exists() else {}
        if _was_decided(asked, earlier):
            decision = earlier
        elif before == version == earlier.get("challenger_version"):
            decision = {**earlier, **asked, "verdict": Verdict.NO_CHANGE.value, "words": WORDS[Verdict.NO_CHANGE]}
        else:
            from pipelines import decisions  # not at the top: what was decided already needs no statistics

            against = None if before == version else champion
            judged = decisions.judge(spec, workspace, version=version, champion=against)
            decision = decisions.decided(asked, judged, spec, verdict=Verdict.NO_CHANGE if before == version else None)
        storage.write_json(workspace.decision, decision)
        if Verdict(decision["verdict"]) in MOVES:
            client.set_registered_model_alias(spec.name, registry.CHAMPION, version)
    log.done("promote", spec.name, verdict=decision["verdict"], words=decision["words"])
    return EXIT_CODES[Verdict(decision["verdict"])]


def _question(spec: ExperimentSpec, workspace: Workspace) -> str:
    """A hash of the spec and of the judged rows: the same question has the same answer."""
    return f"{provenance.spec_hash(spec)}-{storage.digest(workspace.evaluation / 'gate.parquet')}"


def _was_decided(asked: Mapping[str, Any], earlier: Mapping[str, Any]) -> bool:
    """Whether this very question was answered, and with a verdict that moved nothing."""
    same = all(earlier.get(key) == value for key, value in asked.items())
    return same and Verdict(earlier["verdict"]) not in MOVES
