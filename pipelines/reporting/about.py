"""What stands on top of both pages: verdict, version, date, commit, data version, and what lies beside the page."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pipelines.messages.numbers import day, days

Found = Mapping[str, Any]

SHORT = 12  # so many characters of a hash are enough to find it by


@dataclass(frozen=True)
class Made:
    """Where a version was made: commit, data version and MLflow run, each "" where it is not known.

    beside: the pages and lists that lie beside this page, by name, each with its address from there.
    """

    commit: str = ""
    data: str = ""
    run: str = ""
    beside: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class About:
    """Lines of name, text and the whole of what the text shortens; the links, by what they lead to."""

    lines: tuple[tuple[str, str, str], ...]
    beside: Mapping[str, str]


NOTHING = Made()


def of_report(found: Found, decision: Found | None, *, made: Made = NOTHING, verdict: str = "") -> About:
    """The top of a report; without a decision it says that there was none."""
    extracted = found["lineage"]["tables"]["extracted_at"]
    lines = {
        "Verdict": verdict or "Not decided when this page was made",
        "Version": decision["challenger_version"] if decision else "",
        "Decided": _when(decision),
        "Data as of": day(extracted) if extracted else "",
        "Judged on": days(found["cohort"]["dates"]) if found["cohort"]["dates"] else "",
    }
    return _about(lines, found["cohort"]["hash"], made)


def of_decision(decision: Found, *, made: Made) -> About:
    """The top of a decision's page, under the verdict."""
    cohort = decision.get("cohort") or {}
    lines = {
        "Version": decision["challenger_version"],
        "Compared with": f"version {decision['compared_with']}" if decision["compared_with"] else "",
        "Decided": _when(decision),
        "Judged on": days(cohort["dates"]) if cohort.get("dates") else "",
    }
    return _about(lines, (decision["look"] or {}).get("cohort", ""), made)


def _about(lines: Mapping[str, str], cohort: str, made: Made) -> About:
    hashes = {"Data version": made.data, "Customers judged": cohort, "Code": made.commit, "MLflow run": made.run}
    told = [(name, text, text) for name, text in lines.items() if text]
    told += [(name, _short(text), text) for name, text in hashes.items() if text]
    return About(tuple(told), made.beside)


def _short(text: str) -> str:
    """The beginning of a hash, with the word on changed files that follows that of a commit."""
    number, plus, changes = text.partition("+")
    return f"{number[:SHORT]}{' with changed files' if plus and changes else ''}"


def _when(decision: Found | None) -> str:
    at = decision.get("decided_at") if decision else None
    return f"{day(at)}, {at[11:16]} UTC" if at else ""
