"""The words for what data can show of effects are read from old workspaces as they are from new ones."""

import json
from pathlib import Path

import pytest

from pipelines.ruling import effect_evidence
from pipelines.ruling.answers import is_observational
from pipelines.stages.score import rank
from tests.pipelines.stages.test_score import customers, spec

BEFORE = Path(__file__).parents[1] / "workspace_before" / "club.json"


def test_the_tags_of_an_older_workspace_are_read_as_those_of_today() -> None:
    tags = [version["tags"]["uplift"] for version in json.loads(BEFORE.read_text())["versions"]]
    assert set(tags) == {"by lot"}
    assert {effect_evidence.current(tag) for tag in tags} == {effect_evidence.RANDOMISED}


@pytest.mark.parametrize("word", ["not measured", "observational", "randomised"])
def test_the_words_of_today_stay(word: str) -> None:
    assert effect_evidence.current(word) == word


@pytest.mark.parametrize("word", ["by lot", "randomised"])
def test_a_champion_of_a_randomised_trial_recommends_actions_whichever_word_its_tag_has(word: str) -> None:
    rows, scored = customers()
    listed = rank(rows, scored, spec=spec(), version="1", uplift=effect_evidence.current(word))
    assert {"call", "coupon"} & set(listed["action"])
    assert not is_observational({"primary": "auc", "uplift": word})
