"""Compare the challenger with the champion, ask the rules, and move the alias `champion` or not."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from experiments.spec import ExperimentSpec
from features.plugins import discover
from pipelines import decisions, log, registry, rules, storage, tracking
from pipelines.decisions import Judged
from pipelines.rule import Finding, Rule, Status, Verdict, decide
from pipelines.workspace import Workspace

EXIT_CODES = {
    Verdict.FIRST_CHAMPION: 0,
    Verdict.PROMOTE: 0,
    Verdict.REFRESH: 0,
    Verdict.NO_CHANGE: 0,
    Verdict.KEEP: 3,
    Verdict.INCONCLUSIVE: 4,
    Verdict.INSUFFICIENT_DATA: 5,
    Verdict.CONTRACT_FAIL: 5,
}
MOVES = (Verdict.FIRST_CHAMPION, Verdict.PROMOTE, Verdict.REFRESH)
WORDS = {
    Verdict.FIRST_CHAMPION: "there was no champion, and every floor is met",
    Verdict.PROMOTE: "better on the primary figure and no worse on the others",
    Verdict.REFRESH: "the same spec on newer data, no worse on anything",
    Verdict.NO_CHANGE: "the challenger is the champion",
}


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
        decision = _decide(asked, decisions.judge(spec, workspace, version=version, champion=champion), spec)
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


def _decide(asked: Mapping[str, Any], judged: Judged, spec: ExperimentSpec) -> dict[str, Any]:
    """Ask every rule of the mode and put the decision in plain data."""
    evidence = judged.evidence
    findings = {
        rule: rule.judge(evidence, spec.gate) for rule in discover(rules, Rule).values() if evidence.mode in rule.modes
    }
    verdict = decide(evidence.mode, findings)
    moved = verdict in MOVES
    figures = dict(judged.figures)
    if moved:
        figures["champion"] = figures["challenger"]
    return {
        **asked,
        "champion_version": asked["challenger_version"] if moved else asked["compared_with"],
        "verdict": verdict.value,
        "words": WORDS.get(verdict) or _reasons(findings),
        "mode": evidence.mode.value,
        "primary": evidence.primary,
        "findings": [
            {"rule": rule.code, "demands": rule.meaning, "status": finding.status.value, "reason": finding.reason}
            for rule, finding in findings.items()
        ],
        "pairs": decisions.plain(evidence.figures),
        "figures": figures,
        "gate": spec.gate.model_dump(mode="json"),
        "decided_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def _reasons(findings: Mapping[Rule, Finding]) -> str:
    """The rules that did not hold, with what they found."""
    return "; ".join(
        f"{rule.code} {one.status.value}: {one.reason}"
        for rule, one in findings.items()
        if one.status is not Status.HOLDS
    )
