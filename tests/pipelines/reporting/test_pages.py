import json
import re
from typing import Any

import pytest

from pipelines.reporting import decision_page, page_header, report
from pipelines.reporting.explaining import explained
from pipelines.reporting.page_header import Provenance, Run
from pipelines.reporting.pages import _labelled
from pipelines.reporting.terms import GlossaryTerm
from tests.pipelines.reporting.decision_world import BETTER, CHAMPION, LIKE, WORSE, decided, spec
from tests.pipelines.reporting.report_world import Page, judged

RISK_ONLY, RANDOMISED = json.dumps(judged(with_actions=False)), json.dumps(judged(with_actions=True))
RUN = Run("5eed", command="mlflow ui")
MADE = Provenance("0123456789abcdef+changes", "da7a0123456789ff", RUN, {"Decision": "decision.html", "List": "a/b.csv"})
LIFT = GlossaryTerm("Lift", 'How many "times" more.', ("lift",))
AUC = GlossaryTerm("AUC", "How well <ranked>.")


def _report(found: dict[str, Any], decision: dict[str, Any]) -> str:
    told = page_header.of_report(found, decision, made=MADE)
    return report.render(found, told)


def _decision(knows: float) -> str:
    found, curves = decided(knows)
    return decision_page.render(found, spec=spec(with_actions=True).model_dump(mode="json"), curves=curves, made=MADE)


PAGES = {
    "risk only": lambda: report.render(json.loads(RISK_ONLY)),
    "randomised": lambda: _report(json.loads(RANDOMISED), decided(BETTER)[0]),
    "better": lambda: _decision(BETTER),
    "worse": lambda: _decision(WORSE),
    "like": lambda: _decision(LIKE),
}
EVERY = pytest.mark.parametrize("name", PAGES)


def test_the_first_mention_of_a_term_is_explained_and_no_other() -> None:
    page = '<h1>AUC</h1><p>The AUC, the AUC; lifts</p><code>lift</code><p title="lift">A lift.</p>'
    told = explained(page, [LIFT, AUC])
    assert told.count('class="term"') == 2
    assert (
        '<h1>AUC</h1><p>The <a class="term" href="#term-auc" title="How well &lt;ranked&gt;.">AUC</a>, the AUC;' in told
    )
    assert '<code>lift</code><p title="lift">A <a class="term" href="#term-lift"' in told
    assert "&quot;times&quot;" in told


def test_a_term_that_nothing_mentions_is_not_in_the_glossary() -> None:
    glossary = '<dl><dt id="term-lift">Lift</dt><dd>How\nmany.</dd>\n<dt id="term-auc">AUC</dt><dd>Well.</dd>\n</dl>'
    assert explained(f"<p>AUC</p>{glossary}", [LIFT, AUC]).count("<dt") == 1


def test_each_cell_bears_the_head_of_its_column_wherever_cells_span_several() -> None:
    table = (
        "<table><thead><tr><th>Name</th><th>A <b>b</b> &lt; c</th><th>D</th><th>E</th></tr></thead><tbody>"
        '<tr><th>one</th><td class="x">1</td><td>2</td><td>3</td></tr>'
        '<tr><th>two</th><td colspan="2">few</td><td>4</td></tr></tbody></table>'
    )
    told = re.findall(r"<td([^>]*)>([^<]*)", _labelled(table))
    assert told == [
        (' class="x" data-label="A b &lt; c"', "1"),
        (' data-label="D"', "2"),
        (' data-label="E"', "3"),
        (' colspan="2" data-label="A b &lt; c"', "few"),
        (' data-label="E"', "4"),
    ]


@EVERY
def test_every_cell_of_every_table_says_of_what_it_is(name: str) -> None:
    cells = [attributes for tag, attributes in Page(PAGES[name]()).elements if tag == "td"]
    assert cells
    assert all(attributes.get("data-label") for attributes in cells)


@EVERY
def test_every_term_of_the_glossary_is_explained_where_it_is_first_met(name: str) -> None:
    page = PAGES[name]()
    keys = re.findall(r'<dt id="(term-[^"]+)">', page)
    links = re.findall(r'<a class="term" href="#(term-[^"]+)" title="[^"]{20,}">', page)
    assert len(keys) > 5
    assert sorted(keys) == sorted(links) == sorted(set(links))


@EVERY
def test_contents_name_every_section_and_nothing_else(name: str) -> None:
    page = PAGES[name]()
    contents = page[page.index('<nav class="contents"') : page.index("</nav>")]
    sections = re.findall(r'<section id="([^"]+)">', page)
    assert re.findall(r'href="#([^"]+)"', contents) == sections


@EVERY
def test_what_is_folded_has_a_word_on_it_and_is_opened_in_print(name: str) -> None:
    page = PAGES[name]()
    assert page.count("<details>") == page.count("<details><summary>") > 1
    assert "details::details-content { content-visibility: visible" in page


@EVERY
def test_no_name_of_code_is_read_where_people_read(name: str) -> None:
    """But for columns of the data, which stand as code, and what the library calls its parameters."""
    page = re.sub(r"<(code|style|svg)\b.*?</\1>", "", PAGES[name](), flags=re.DOTALL)
    page = re.sub(r'<section id="lineage">.*?</section>', "", page, flags=re.DOTALL)
    text = Page(page).text
    assert not re.findall(r"(?<![\w.])[a-z]+_[a-z_0-9]+", text)
    assert not re.search(r"\bR0\d\d(?! \()", text)


def test_the_top_of_a_report_has_verdict_version_date_commit_data_and_what_lies_beside() -> None:
    page = PAGES["randomised"]()
    top = page[page.index("<h1>") : page.index("</dl>\n</details>")]
    text = " ".join(re.sub(r"<[^>]+>", " ", top).split())
    for said in (
        "Promoted: version 3 replaces version 2",
        "Version 3",
        "Decided 4 March 2026, 05:06 UTC",
        "Code 0123456789ab and uncommitted changes",
        "Data version da7a01234567",
        "MLflow run 5eed : start mlflow ui , then open /#/runs/5eed there",
    ):
        assert said in text
    assert re.findall(r'href="([^"]+)"', top) == ["decision.html", "a/b.csv"]
    assert 'title="0123456789abcdef+changes"' in top


def test_the_top_of_a_report_that_is_not_decided_says_so_and_leads_nowhere() -> None:
    page = PAGES["risk only"]()
    top = page[page.index("<h1>") : page.index("</dl>")]
    assert "Not decided when this page was made" in top
    assert "href" not in top


def test_the_top_of_a_decision_has_version_opponent_date_commit_and_data() -> None:
    page = _decision(CHAMPION)
    whole = page[page.index('<dl class="about">') : page.index("</dl>\n</details>")]
    top = " ".join(re.sub(r"<[^>]+>", " ", whole).split())
    assert "Version 3 Compared with version 2 Decided 4 March 2026, 05:06 UTC" in top
    assert "Code 0123456789ab and uncommitted changes" in top
    assert page.index("<h1") < page.index('<dl class="about">')


@pytest.mark.parametrize(
    ("run", "links", "commands"),
    [
        (Run("5eed", address="https://mlflow.example/#/runs/5eed"), ["https://mlflow.example/#/runs/5eed"], 0),
        (Run("5eed", command="mlflow ui --backend-store-uri sqlite:///mlflow.db"), [], 2),
        (None, [], 0),
    ],
)
def test_the_run_is_a_link_to_a_server_or_the_command_that_starts_one(
    run: Run | None, links: list[str], commands: int
) -> None:
    decision, curves = decided(BETTER)
    plain, made = spec(with_actions=True).model_dump(mode="json"), Provenance("abc", "def", run, {})
    for page in (
        decision_page.render(decision, spec=plain, curves=curves, made=made),
        report.render(json.loads(RANDOMISED), page_header.of_report(json.loads(RANDOMISED), decision, made=made)),
    ):
        top = page[page.index('<dl class="about">') : page.index("</dl>\n</details>")]
        assert re.findall(r'href="([^"]+)"', top) == links
        assert top.count("<code>") == commands
        assert ("MLflow run" in top) == (run is not None)


@EVERY
def test_every_chart_is_named_and_read_aloud_by_words_of_the_page(name: str) -> None:
    page = PAGES[name]()
    charts = [one for tag, one in Page(page).elements if tag == "svg" and one.get("role") == "img"]
    assert charts
    for one in charts:
        for key in (one["aria-labelledby"] or "").split():
            (words,) = re.findall(rf'id="{key}">([^<]+)<', page)
            assert len(words.strip()) > 5
    others = [one for tag, one in Page(page).elements if tag == "svg" and one.get("role") != "img"]
    assert all(one.get("aria-hidden") == "true" for one in others)


def _graded(auc: float, *floors: tuple[float, float]) -> tuple[str, str]:
    from pipelines.reporting import summary

    found: dict[str, Any] = json.loads(RISK_ONLY)
    found["risk"]["auc"] |= {"value": auc, "low": auc - 0.02, "high": auc + 0.02, "standard_error": 0.01}
    names = ("recency", "spending")
    found["simple_scores"] = {
        name: {"advantage": {"value": gap, "low": gap - error, "high": gap + error, "standard_error": error / 2}}
        for name, (gap, error) in zip(names, floors, strict=False)
    }
    told = summary.graded(found)
    return told.word, told.tone


def test_how_well_it_ranks_is_graded_and_held_against_simple_scores() -> None:
    assert _graded(0.93) == ("Very well", "good")
    assert _graded(0.83, (0.1, 0.05)) == ("Well", "good")
    assert _graded(0.72) == ("Fairly well", "good")
    assert _graded(0.65, (0.1, 0.05)) == ("Weakly", "open")
    assert _graded(0.55) == ("Hardly", "open")
    assert _graded(0.51) == ("No better than guessing", "open")
    assert _graded(0.45) == ("Worse than guessing", "bad")
    assert _graded(0.83, (0.1, 0.05), (0.01, 0.05)) == ("Well, but not shown to beat spending", "open")
    assert _graded(0.83, (-0.1, 0.05), (0.01, 0.05)) == ("Well, but not shown to beat recency and spending", "open")


@pytest.mark.parametrize(
    ("extracted", "said"),
    [
        ("2026-03-01", "Data as of 1 March 2026 Judged"),
        ("2026-02-01", "Data as of 1 February 2026 Judged"),
        ("2025-03-04", "Data as of 4 March 2025, 365 days before the decision Judged"),
    ],
)
def test_data_more_than_a_month_older_than_the_decision_are_said_to_be(extracted: str, said: str) -> None:
    found, (decision, _) = json.loads(RANDOMISED), decided(BETTER)
    found["lineage"]["tables"]["extracted_at"] = f"{extracted}T00:00:00"
    found["cohort"]["dates"] = ["2026-01-01"]
    lines = page_header.of_report(found, decision).lines
    assert said in " ".join(f"{name} {text}" for name, text in lines)
