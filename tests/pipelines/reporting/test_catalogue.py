"""Pages in two languages: every text is in the catalogue, in both, and no page says anything beside it."""

import re
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from experiments.effects import by_assignment, claim, family
from experiments.effects.claim import BeforeAndAfter
from pipelines.jobs.retention import kpis
from pipelines.reporting import catalogue
from pipelines.reporting.catalogue import SAID, Catalogue

PAGES = ("alerts", "effect", "kpis", "round")
CHINESE = re.compile("[\u4e00-\u9fff]")
NAME = re.compile(r"\{(\w+)\}")
# What a template says beside its tags, its expressions and its styles.
MARKUP = re.compile(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}|<style>.*?</style>|<[^>]+>", re.DOTALL)
SAYS = re.compile(r"\b(?:t|plain|both|marked|head|thresholds|lines|term)\(\s*\"(\w+)\"")
BY_PREFIX = ("action", "by", "column", "group", "kind", "level", "part", "rule", "said_driver", "state", "touchpoint")
BY_PREFIX += ("verdict", "word")


def texts(page: str) -> dict[str, dict[str, str]]:
    return dict(catalogue.of_page(page).texts)


def code(root: Path, page: str) -> str:
    """All that may ask for a text of a page: its template, its modules, and what makes its figures."""
    own = [root / f"pipelines/reporting/templates/{page}.html.j2", *(root / "pipelines/reporting").glob(f"{page}_*.py")]
    made = {"effect": "outreach/feedback", "kpis": "jobs/retention"}.get(page)
    others = (root / "pipelines" / made).glob("*.py") if made else ()
    return "\n".join(path.read_text(encoding="utf-8") for path in chain(own, others))


@pytest.mark.parametrize(("page", "key"), [(page, key) for page in PAGES for key in texts(page)])
def test_every_text_is_in_both_languages(page: str, key: str) -> None:
    text = texts(page)[key]
    assert set(text) == {"en", "zh"}
    words = NAME.sub("", text["en"])
    assert not CHINESE.search(words)
    if re.search("[A-Za-z]", words):
        assert CHINESE.search(text["zh"])
    if key.startswith(SAID):  # its Chinese is filled by what the English text holds
        assert sorted(NAME.findall(text["en"])) == sorted(NAME.findall(text["zh"]))


@pytest.mark.parametrize("page", PAGES)
def test_a_page_has_no_text_of_its_own(root: Path, page: str) -> None:
    template = (root / f"pipelines/reporting/templates/{page}.html.j2").read_text(encoding="utf-8")
    assert re.findall(r"[^\W\d_]+", MARKUP.sub(" ", template)) == []
    assert not re.search(r"aria-label=\"[^{]", template)
    scripts = (root / "pipelines/reporting/templates").glob(f"{page}/*.js")
    modules = [*(root / "pipelines/reporting").glob(f"{page}_*.py"), *scripts]
    assert [one.name for one in modules if CHINESE.search(one.read_text(encoding="utf-8"))] == []


@pytest.mark.parametrize("page", PAGES)
def test_what_is_asked_for_is_there_and_what_is_there_is_asked_for(root: Path, page: str) -> None:
    there, asking = texts(page), code(root, page)
    assert set(SAYS.findall(asking)) <= set(there)
    assert {SAID + one for one in re.findall(r"english\(\s*\"(\w+)\"", asking)} <= set(there)
    unused = [
        key
        for key in there
        if f'"{key.removeprefix(SAID)}"' not in asking
        and key.removesuffix("_means") not in there.keys() - {key}
        and not key.startswith(tuple(f"{one}_" for one in (*BY_PREFIX, "chart", "verdict")))
        and not key.startswith(SAID)
    ]
    assert unused == []


@pytest.mark.parametrize(
    ("page", "key"), [(page, key) for page in PAGES for key in texts(page) if key.startswith(SAID)]
)
def test_what_figures_hold_in_english_is_found_in_chinese(page: str, key: str) -> None:
    words = catalogue.of_page(page)
    filled: dict[str, Any] = {name: f"1,23{at}" for at, name in enumerate(NAME.findall(words.texts[key]["en"]))}
    assert words.translated(words.both(key, **filled)[0]) == words.both(key, **filled)


def _of_effects() -> list[str]:
    reasons = [getattr(by_assignment, one) for one in vars(by_assignment) if one.isupper()]
    lacking = [*claim.LACKING.values(), *claim.OF_AN_EFFECT]
    figures = [BeforeAndAfter("Won back", 0.68, 0.81), BeforeAndAfter("kept", change=-0.2), BeforeAndAfter("kept")]
    before = [claim.before_and_after(one).because for one in figures]
    return [one for one in (*reasons, *lacking, *before, family.sentence(7)) if isinstance(one, str)]


def _of_retention() -> list[str]:
    return [kpis.MOVEMENTS, kpis.REVENUE, kpis.LIFETIME, kpis.NPS, kpis.EARLY, kpis.ACTED]


@pytest.mark.parametrize(
    ("page", "text"), [*(("effect", one) for one in _of_effects()), *(("kpis", one) for one in _of_retention())]
)
def test_what_other_rooms_say_is_translated(page: str, text: str) -> None:
    english, chinese = catalogue.of_page(page).translated(text)
    assert english == text
    assert CHINESE.search(chinese)


def test_dates_are_in_words_in_either_language() -> None:
    words = Catalogue({"said_ends": {"en": "it ends at {day}", "zh": "截至{day}"}})
    assert words.translated("it ends at 2026-03-01") == ("it ends at 1 March 2026", "截至2026年3月1日")
    assert words.translated("by A. Nother, 2026-03-01") == ("by A. Nother, 1 March 2026", "by A. Nother, 2026年3月1日")
    assert catalogue.dates([]) == ("none", "无")
    assert catalogue.dates(["2026-03-01", "2026-04-01"]) == ("1 March and 1 April 2026", "2026年3月1日和2026年4月1日")
    assert catalogue.dates(["2026-03-01"] * 3)[1] == "2026年3月1日至2026年3月1日的3个日期"


def test_what_fills_a_text_is_escaped_and_a_pair_fills_by_language() -> None:
    words = Catalogue({"one": {"en": "{a} & {b}", "zh": "{a}和{b}"}})
    assert words.marked("one", a="<b>", b=("cat", "猫")) == '&lt;b&gt; &amp; cat <span lang="zh">&lt;b&gt;和猫</span>'
    assert words.both("one", a="x", b=("cat", "猫")) == ("x & cat", "x和猫")
    assert words.named("one", "x") == ("x", "x")
