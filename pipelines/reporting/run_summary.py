"""The summary of an unattended run: what was decided, on which figures, what was refused, what moved."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from pipelines.messages import help_pages
from pipelines.messages.numbers import NO_BREAK, Written, number
from pipelines.reporting import decision_words, differences
from pipelines.reporting.judged_figures import Tone
from pipelines.reporting.page_header import Provenance
from pipelines.ruling import answers
from pipelines.ruling.rule import Status
from pipelines.ruling.verdict import EXIT_CODES, Verdict
from pipelines.validation import findings

Found = Mapping[str, Any]
Outcome = Literal["passed", "failed", "warned", "skipped"]

REFUSED = 5
# For those who count tests; a rule that is unclear on these rows, or not asked, neither passed nor failed.
OUTCOMES: Mapping[str, Outcome] = {Status.HOLDS: "passed", Status.BROKEN: "failed"}
MOST_DRIFTS = 5


@dataclass(frozen=True)
class ComparedRow:
    """A figure of both models as text, with the interval of the difference; "" where there is none."""

    figure: str
    challenger: str
    champion: str
    difference: str
    rule: str


@dataclass(frozen=True)
class Examined:
    """Something that was examined: a rule of the gate, a leak check or an expectation on the data."""

    kind: str
    name: str
    outcome: Outcome
    sentence: str


@dataclass(frozen=True)
class RunSummary:
    """The summary; errors are the last lines of the run, drifts those that `monitor` measured, largest first."""

    spec: str
    code: int
    meaning: str
    verdict: str
    headline: str
    tone: Tone
    sentences: tuple[str, ...]
    next_steps: tuple[str, ...]
    errors: tuple[str, ...]
    figures: tuple[ComparedRow, ...]
    examined: tuple[Examined, ...]
    drifts: tuple[str, ...]
    origin: Mapping[str, str]
    links: Mapping[str, str]

    def to_dict(self) -> dict[str, Any]:
        """All of it as plain data."""
        return asdict(self)


@dataclass(frozen=True)
class RunFiles:
    """What a run left behind, as plain data; each is empty where it left none.

    decision is `decision.json`, validation the result of `validate`, report that of `evaluate`, monitoring that of
    `monitor`; made is where the challenger comes from.
    """

    decision: Found
    validation: Found
    report: Found
    monitoring: Found
    made: Provenance


def of_run(spec: Found, files: RunFiles, *, code: int, errors: Sequence[str] = ()) -> RunSummary:
    """The summary of a run that ended with this exit code; spec is the spec as plain data."""
    decision = files.decision if _is_of_this_run(files.decision, code, errors) else {}
    told = decision_words.words(decision, spec) if decision and not _of_reader(spec) else None
    return RunSummary(
        spec=str(spec["name"]),
        code=code,
        meaning=help_pages.CODES.get(code, "ended by a signal"),
        verdict=answers.verdict_of(decision) if decision else "",
        headline=decision_words.headline(decision) if decision else _without_decision(code),
        tone=decision_words.mark(decision) if decision else "bad",
        sentences=(told.sentence, *told.reasons) if told else tuple(answers.lines_of(decision)) if decision else (),
        next_steps=told.now if told else (),
        errors=() if decision else tuple(errors),
        figures=tuple(_figures(decision, spec)) if decision else (),
        examined=(*_expectations(files.validation), *(_leaks(files.report) if decision else ()), *_rules(decision)),
        drifts=tuple(_drifts(files.monitoring)),
        origin=_origin(decision, files.made),
        links=_links(files.made) if decision else {},
    )


def _is_of_this_run(decision: Found, code: int, errors: Sequence[str]) -> bool:
    """Whether a run with this code made the decision: data that are refused (5) leave that of a run before."""
    return bool(decision) and EXIT_CODES[Verdict(decision["verdict"])] == code and not (code == REFUSED and errors)


def _of_reader(spec: Found) -> bool:
    return spec.get("kind") == "texts"


def _without_decision(code: int) -> str:
    if code == REFUSED:
        return "Refused: the data are not in order, so nothing was trained on them"
    return "No decision: the run ended before one"


def _figures(decision: Found, spec: Found) -> Iterable[ComparedRow]:
    """Both models' figures with the interval of their difference."""
    if _of_reader(spec):
        yield from _figures_of_reader(decision)
        return
    for row in differences.compared_figures(decision, str(spec["currency"])):
        before = str(row.champion) if row.champion else ""
        yield ComparedRow(row.words, str(row.challenger), before, _difference(row.difference), row.rule)


def _figures_of_reader(decision: Found) -> Iterable[ComparedRow]:
    """The same of readers, each figure with its own interval."""
    before = decision["figures"].get("champion", {})
    for name, figure in decision["figures"]["challenger"].items():
        difference = decision["pairs"].get(name)
        yield ComparedRow(name, _between(figure), _between(before.get(name)), _between(difference), "")


def _difference(found: Written | None) -> str:
    return f"{found} ({found.range})" if found and found.range else str(found or "")


def _between(pair: Found | None) -> str:
    if pair is None:
        return ""
    value, low, high = (number(pair[part], 3) for part in ("value", "low", "high"))
    return f"{value} ({low} to {high})"


def _expectations(validation: Found) -> Iterable[Examined]:
    """All that the data must meet: one line where they do, each fault where they do not."""
    if not validation:
        return
    if validation["passed"]:
        yield Examined("data", "expectations", "passed", f"All {validation['expectations']:,} expectations are met.")
    for broken in validation["broken"]:
        name = f"{broken['table']} {broken['column']} {broken['expectation']}"
        yield Examined("data", name, "failed", findings.sentence(broken))


def _leaks(report: Found) -> Iterable[Examined]:
    """Each check of the challenger's report; what refuses a run leaves no report, so a finding here is a warning."""
    for check in report.get("checks", ()):
        found = " ".join(str(one["sentence"]) for one in check["findings"])
        outcome: Outcome = "skipped" if check["off"] else "warned" if found else "passed"
        yield Examined("leak check", str(check["code"]), outcome, found or str(check["off"] or check["meaning"]))


def _rules(decision: Found) -> Iterable[Examined]:
    for one in decision.get("findings", ()):
        yield Examined("rule", str(one["rule"]), OUTCOMES.get(one["status"], "skipped"), str(one["reason"]))


def _drifts(monitoring: Found) -> Iterable[str]:
    """What asks for retraining, and else the largest changes against their thresholds, in which order they come."""
    changes = monitoring.get("changes", ())
    asking = [str(one["sentence"]) for one in changes if one["asks"]]
    return asking or [f"{one['kind']}: {one['subject']}: {one['words']}" for one in changes[:MOST_DRIFTS]]


def _origin(decision: Found, made: Provenance) -> dict[str, str]:
    """Where the challenger and the decision come from, without what is not known."""
    ledger = decision.get("ledger") or {}
    told = {
        "version": decision.get("challenger_version"),
        "decided at": decision.get("decided_at"),
        "ledger entry": ledger.get("number"),
        "commit": made.commit,
        "data": made.data,
        "MLflow run": made.run.name if made.run else "",
    }
    return {name: str(value) for name, value in told.items() if value} if decision else {}


def _links(made: Provenance) -> dict[str, str]:
    run = {f"MLflow run{NO_BREAK}{made.run.short}": made.run.address} if made.run and made.run.address else {}
    return {**made.beside, **run}
