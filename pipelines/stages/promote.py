"""Compare the challenger with the champion, ask the rules, and move the alias `champion` or not."""

from collections.abc import Mapping
from typing import Any

from experiments.spec import ExperimentSpec
from pipelines import log, registry, storage, tracking
from pipelines.verdict import EXIT_CODES, MOVES, WORDS, Verdict
from pipelines.workspace import Workspace


def run(spec: ExperimentSpec, workspace: Workspace) -> int:
    """Decide once for a challenger, write `decision.json`, and give the exit code of the verdict."""
    client = tracking.client(workspace.root)
    tracking.use(workspace.root)
    version = str(storage.read_json(workspace.registration)["version"])
    champion = registry.champion(client, spec.name)
    before = str(champion.version) if champion else None
    cohort = storage.read_json(workspace.evaluation / "report.json")["cohort"]["hash"]
    asked = {"challenger_version": version, "compared_with": before, "cohort": cohort}
    earlier = _earlier(workspace, asked)
    if before == version:
        decision = {**(earlier or {"figures": {}, "findings": [], "pairs": {}}), **_no_change(asked)}
    elif earlier:
        decision = earlier
    else:
        from pipelines import decisions  # not at the top: what was decided already needs no statistics

        judged = decisions.judge(spec, workspace, version=version, champion=champion)
        decision = decisions.decided(asked, judged, spec)
        if Verdict(decision["verdict"]) in MOVES:
            client.set_registered_model_alias(spec.name, registry.CHAMPION, version)
    storage.write_json(workspace.decision, decision)
    log.done("promote", spec.name, verdict=decision["verdict"], words=decision["words"])
    return EXIT_CODES[Verdict(decision["verdict"])]


def _earlier(workspace: Workspace, asked: Mapping[str, Any]) -> dict[str, Any] | None:
    """The decision that was made on this very question, if it was."""
    found = storage.read_json(workspace.decision) if workspace.decision.exists() else {}
    same = all(found.get(key) == value for key, value in asked.items())
    promoted = found.get("champion_version") == asked["challenger_version"] == found.get("challenger_version")
    return found if found and (same or (promoted and found.get("cohort") == asked["cohort"])) else None


def _no_change(asked: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **asked,
        "champion_version": asked["challenger_version"],
        "verdict": Verdict.NO_CHANGE.value,
        "words": WORDS[Verdict.NO_CHANGE],
    }
