"""Header of the pages of models and of readers of texts: verdict, version, date, commit, data version and links."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from pipelines.messages.numbers import day, days, moment
from pipelines.reporting import decision_words
from pipelines.reporting.judged_figures import Tone

Found = Mapping[str, Any]

SHORT = 12  # so many characters of a hash are enough to find it by
UNDECIDED = "Not decided when this page was made"
OLD = 31  # data that are older than so many days at the decision are said to be


@dataclass(frozen=True)
class Run:
    """An MLflow run, and where to view it: the address of its page, or the command that starts a server."""

    name: str
    address: str = ""
    command: str = ""

    @property
    def short(self) -> str:
        """The beginning of its name, enough to identify it."""
        return self.name[:SHORT]


@dataclass(frozen=True)
class Provenance:
    """The origin of a version: commit, data version and MLflow run, each "" where it is not known.

    beside holds links to related pages and lists: relative addresses by name.
    """

    commit: str = ""
    data: str = ""
    run: Run | None = None
    beside: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class PageHeader:
    """The content of a header: the verdict and its tone, lines of (name, text), MLflow run and links.

    origin holds hashes, as (name, text, full text); they stand behind a fold, with the MLflow run.
    now says what happens next, in sentences with commands in backticks; empty where nothing was decided.
    """

    verdict: str
    mark: Tone
    lines: tuple[tuple[str, str], ...]
    origin: tuple[tuple[str, str, str], ...]
    run: Run | None
    beside: Mapping[str, str]
    now: tuple[str, ...] = ()


NOTHING = Provenance()


def of_report(found: Found, decision: Found | None, *, made: Provenance = NOTHING) -> PageHeader:
    """The header of a report; without a decision it says that there was none."""
    extracted = found["lineage"]["tables"]["extracted_at"]
    lines = {
        "Version": decision["challenger_version"] if decision else "",
        "Decided": _when(decision),
        "Data as of": f"{day(extracted)}{_age(extracted, decision)}" if extracted else "",
        "Judged on": days(found["cohort"]["dates"]) if found["cohort"]["dates"] else "",
    }
    origin = _origin(found["cohort"]["hash"], made)
    if not decision:
        return PageHeader(UNDECIDED, "open", _told(lines), origin, made.run, made.beside)
    told = decision_words.words(decision, found["spec"])
    return PageHeader(told.headline, told.mark, _told(lines), origin, made.run, made.beside, told.now)


def of_decision(decision: Found, told: decision_words.DecisionText, *, made: Provenance) -> PageHeader:
    """The header of a decision's page."""
    cohort = decision.get("cohort") or {}
    lines = {
        "Version": decision["challenger_version"],
        "Compared with": f"version {decision['compared_with']}" if decision["compared_with"] else "",
        "Decided": _when(decision),
        "Compared on": days(cohort["dates"]) if cohort.get("dates") else "",
    }
    origin = _origin((decision["look"] or {}).get("cohort", ""), made)
    return PageHeader(told.headline, told.mark, _told(lines), origin, made.run, made.beside, told.now)


def of_reader(told: Found, decision: Found | None, *, made: Provenance = NOTHING) -> PageHeader:
    """The header of the report of a reader of texts; told is that report, decision None where nothing was decided."""
    judged = told.get("judged") or {}
    lines = {
        "Version": decision["challenger_version"] if decision else "",
        "Decided": _when(decision),
        "Texts known before": day(told["spec"]["known_before"]),
        "Judged on texts from": f"{day(judged['first'])} to {day(judged['last'])}" if judged else "",
    }
    shown, origin = _told(lines), _origin("", made)
    if not decision:
        return PageHeader(UNDECIDED, "open", shown, origin, made.run, made.beside)
    return PageHeader(
        decision_words.headline(decision), decision_words.mark(decision), shown, origin, made.run, made.beside
    )


def of_reader_decision(decision: Found, *, made: Provenance) -> PageHeader:
    """The header of the decision on a reader of texts."""
    lines = {
        "Version": decision["challenger_version"],
        "Compared with": f"version {decision['compared_with']}" if decision.get("compared_with") else "",
        "Decided": _when(decision),
        "By": str(decision.get("by", "")),
    }
    headline, tone = decision_words.headline(decision), decision_words.mark(decision)
    return PageHeader(headline, tone, _told(lines), _origin("", made), made.run, made.beside)


def _told(lines: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple((name, text) for name, text in lines.items() if text)


def _origin(cohort: str, made: Provenance) -> tuple[tuple[str, str, str], ...]:
    hashes = {"Data version": made.data, "Hash of the customers": cohort, "Code": made.commit}
    return tuple((name, _short(text), text) for name, text in hashes.items() if text)


def _age(extracted: str, decision: Found | None) -> str:
    """How old the data were at the decision, where that is more than a month; else ""."""
    at = decision.get("decided_at") if decision else None
    old = (date.fromisoformat(at[:10]) - date.fromisoformat(extracted[:10])).days if at else 0
    return f", {old:,} days before the decision" if old > OLD else ""


def _short(text: str) -> str:
    """The beginning of a hash, with a note where the code had uncommitted changes."""
    number, plus, changes = text.partition("+")
    return f"{number[:SHORT]}{' and uncommitted changes' if plus and changes else ''}"


def _when(decision: Found | None) -> str:
    at = decision.get("decided_at") if decision else None
    return moment(at) if at else ""
