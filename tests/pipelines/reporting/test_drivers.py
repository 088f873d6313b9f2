import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from pipelines.reporting import report
from pipelines.reporting.drivers import MOST_OF_A_THEME, MOST_THEMES, drivers
from tests.pipelines.reporting.report_world import Page, judged

FOUND = json.dumps(judged(with_actions=False))


def _found(change: Callable[[dict[str, Any]], None] = lambda _: None) -> dict[str, Any]:
    found = json.loads(FOUND)
    change(found)
    return found


def _section(found: dict[str, Any]) -> str:
    page = report.render(found)
    text = Page(page[page.index('<section id="drivers">') : page.index('<section id="earliness">')]).text
    return " ".join(text.replace("\u00a0", " ").split())


def test_every_factor_shown_is_an_established_one_and_read_to_within_its_standard_error() -> None:
    found = _found()
    figures, by_name = Page(report.render(found)).figures, {one["feature"]: one for one in found["drivers"]}
    shown = {one.feature: one for _, members in drivers(found).groups for one in members}
    assert set(shown) == {name for name, one in by_name.items() if one["established"]} == {*by_name} - {"noise"}
    for one in shown.values():
        exact = one.effect.exact
        assert exact in {other["effect"] for other in found["drivers"]}
        error = (by_name[one.feature]["high"] - by_name[one.feature]["low"]) / 3.92
        assert float(figures[exact].split("\u00a0")[0].replace("\u2212", "-")) == pytest.approx(exact, abs=error)


def test_a_break_is_told_in_words_with_its_exact_figures() -> None:
    found = _found()
    figures = Page(report.render(found)).figures
    minutes = next(one for one in found["drivers"] if one["threshold"] is not None)
    for name in ("threshold", "leaving_high", "leaving_low"):
        assert minutes[name] in figures
    high, low = (f"{100 * minutes[f'leaving_{side}']:.0f} %" for side in ("high", "low"))
    assert f"{high} left above {minutes['threshold']:g} minutes, {low} below" in _section(found)


@pytest.mark.parametrize(
    ("unit", "value", "said"),
    [
        ("days", 1.0, "1 day"),
        ("count", 34.0, "34"),
        ("currency", 38.1, "EUR 38.1"),
        ("share", 0.25, "25 %"),
        (None, -0.5, "\u22120.5"),
    ],
)
def test_a_cut_is_told_in_its_unit(unit: str | None, value: float, said: str) -> None:
    def change(found: dict[str, Any]) -> None:
        next(one for one in found["drivers"] if one["threshold"] is not None).update(
            unit=unit, threshold=value, leaving_high=0.31, leaving_low=0.12
        )

    assert f"31 % left above {said}, 12 % below" in _section(_found(change))


def test_it_is_what_goes_with_leaving_and_never_what_causes_it() -> None:
    text = _section(_found())
    assert "Drivers of leaving" in text
    assert "These are associations, not causes" in text
    assert text.count("cause") == 1
    assert "4 of 5 factors differ by more than chance; on average at most 5 in 100 of such findings are luck" in text
    assert "Drivers of “did not visit”" in _section(
        _found(lambda found: found["spec"]["label"].update(bad="did not visit"))
    )


def test_factors_stand_under_theme_and_touchpoint_and_the_strongest_first() -> None:
    groups = drivers(_found()).groups
    # What has no theme is a theme by itself.
    assert {name for name, _ in groups} == {"X", "Paper", "Experience: after sales", "Support"}
    strengths = [[abs(one.effect.exact) for one in members] for _, members in groups]
    assert all(members == sorted(members, reverse=True) for members in strengths)
    assert [members[0] for members in strengths] == sorted((members[0] for members in strengths), reverse=True)


def test_of_a_category_with_two_values_one_is_told() -> None:
    told = [one.words for _, members in drivers(_found()).groups for one in members if one.feature == "paper"]
    assert told == ["Bill on paper: yes"]


def test_of_many_factors_the_strongest_of_each_theme_are_shown() -> None:
    def change(found: dict[str, Any]) -> None:
        one = next(one for one in found["drivers"] if one["established"])
        found["drivers"] = [
            copy.deepcopy(one) | {"feature": f"x{number}", "theme": f"theme {number % 20}"} for number in range(200)
        ]

    shown = drivers(_found(change))
    assert [len(members) for _, members in shown.groups] == [MOST_OF_A_THEME] * MOST_THEMES
    assert [members[0].feature for _, members in shown.groups] == [f"x{number}" for number in range(MOST_THEMES)]
    assert (shown.shown, shown.established, shown.examined) == (MOST_THEMES * MOST_OF_A_THEME, 200, 200)
    text = _section(_found(change))
    assert "shows the strongest of each theme" in text
    assert f"All {shown.shown} factors shown, theme by theme, of 200 established" in text


def test_means_are_told_in_the_unit_of_the_factor_and_shares_of_a_category_in_per_cent() -> None:
    found = _found()
    told = {one.feature: one for _, members in drivers(found).groups for one in members}
    exact = {one["feature"]: one for one in found["drivers"] if one["value"] in (None, "yes")}
    for name, ends in (("minutes", "\u00a0minutes"), ("score_after_sales", "\u00a0points"), ("paper", "\u00a0%")):
        one, factor = exact[name], told[name]
        assert (one["mean_left"] > one["mean_stayed"]) == (one["effect"] > 0)
        for written, mean in ((factor.left, one["mean_left"]), (factor.stayed, one["mean_stayed"])):
            assert written is not None
            assert written.exact == mean
            assert str(written).endswith(ends)
            number = float(str(written).removesuffix(ends)) / (100 if name == "paper" else 1)
            # The error of a mean in its unit is that of the effect in standard deviations, times one of these.
            scale = abs((one["mean_left"] - one["mean_stayed"]) / one["effect"])
            assert number == pytest.approx(mean, abs=scale * (one["high"] - one["low"]) / 3.9)


def test_a_report_of_before_means_were_kept_has_none() -> None:
    def change(found: dict[str, Any]) -> None:
        for one in found["drivers"]:
            del one["mean_left"], one["mean_stayed"]

    assert all(one.left is one.stayed is None for _, members in drivers(_found(change)).groups for one in members)
    assert "Mean, left" in _section(_found(change))


def test_effects_have_one_precision() -> None:
    effects = [one.effect for _, members in drivers(_found()).groups for one in members]
    decimals = {len(number.partition(".")[2]) for one in effects for number in (one.number, *one.range.split(" to "))}
    assert len(decimals) == 1


def test_nothing_established_and_nothing_examined_are_told_so() -> None:
    def none_established(found: dict[str, Any]) -> None:
        for one in found["drivers"]:
            one["established"] = False

    assert "0 of 5 factors differ by more than chance. A factor" in _section(_found(none_established))
    assert "Too few customers left to find drivers." in _section(_found(lambda found: found["drivers"].clear()))


def test_the_bars_of_all_factors_share_one_scale() -> None:
    members = [one for _, group in drivers(_found()).groups for one in group]
    assert len({one.bar.reference for one in members}) == 1
    for one in members:
        assert 0 <= one.bar.low < one.bar.value < one.bar.high <= 100
        assert (one.bar.value > one.bar.reference) is (one.effect.exact > 0)
