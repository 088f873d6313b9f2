"""What the page of a decision says of a version that shadows the champion, in English and Chinese."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from pipelines.messages import numbers
from pipelines.ruling.verdict import Verdict

Both = tuple[str, str]


def notice(decision: Mapping[str, Any]) -> Both | None:
    """Since when a version shadows, until when, and what is known so far, or that it was decided by what came true.

    None where no version shadowed.
    """
    told = decision.get("shadow") or {}
    if "since" not in told:
        return None
    if decision["verdict"] == Verdict.SHADOWING:
        return _goes_on(told)
    if "came_true" in decision:
        return _decided(told, decision["came_true"]["dates"])
    return None


def sentence(decision: Mapping[str, Any]) -> str:
    """The same in English, for a summary; "" where no version shadowed."""
    found = notice(decision)
    return found[0] if found else ""


def _goes_on(told: Mapping[str, Any]) -> Both:
    version, champion, since, known, dates = (told[one] for one in ("version", "champion", "since", "mature", "dates"))
    until = told["until"]
    then = (
        f"It is decided on data until {numbers.day(until)}, or later." if until else "Further dates are to be scored."
    )
    then_chinese = f"数据到{_day(until)}或更晚时作出决定。" if until else "还需为更多日期评分。"
    english = (
        f"Version {version} shadows version {champion} since {numbers.day(since[:10])}: both score the customers, lists"
        f" are made by version {champion} alone, and what comes true decides. Outcomes are known of {len(known)} of"
        f" {dates} dates. {then}"
    )
    chinese = (
        f"版本{version}自{_day(since)}起影子运行：两个模型同时为客户评分，名单只用版本{champion}，"
        f"最终由实际结果决定。所需{dates}个日期中已有{len(known)}个的结果已知。{then_chinese}"
    )
    return english, chinese


def _decided(told: Mapping[str, Any], dates: list[str]) -> Both:
    shown = ", ".join(numbers.day(one) for one in dates)
    english = (
        f"Version {told['version']} shadowed version {told['champion']} since {numbers.day(told['since'][:10])}. Both"
        f" are compared by the scores that were kept then, and by what came true of {shown}."
    )
    chinese = (
        f"版本{told['version']}自{_day(told['since'])}起影子运行（在用版本{told['champion']}）。"
        f"比较依据是当时保存的评分，以及{'、'.join(map(_day, dates))}的实际结果。"
    )
    return english, chinese


def _day(said: str) -> str:
    day = date.fromisoformat(said[:10])
    return f"{day.year}年{day.month}月{day.day}日"
