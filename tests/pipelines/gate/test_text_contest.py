from typing import Any

import numpy as np
import pandas as pd
import pytest

from experiments.statistics.intervals import Interval
from experiments.texts.spec import TextsSpec
from pipelines.champion.ledger import Entry
from pipelines.champion.succession import Standing
from pipelines.gate import text_contest
from pipelines.ruling.verdict import Verdict

SPEC = TextsSpec.model_validate(
    {
        "kind": "texts",
        "name": "tone",
        "title": "Tone",
        "source": {"kind": "surveys", "spec": "demo"},
        "known_before": "2025-07-01",
        "split": {},
        "tuning": {},
    }
)


def rows(names: list[str]) -> pd.DataFrame:
    return pd.DataFrame({"digest": names, "truth": "bad"})


def after(standing: Standing, look: dict[str, Any]) -> Standing:
    """The state once a comparison is written down."""
    body = {"kind": "decision", "look": look, "cohort": {}, "champion_version": None, "compared_with": None}
    return Standing("tone", (*standing.entries, Entry.after(standing.entries, "tone", body)))


def test_looks_at_the_same_texts_share_alpha_and_new_texts_bring_more() -> None:
    """1, 2, 3 looks at the same spend alpha / (k (k + 1)) each; as many new texts bring a whole alpha."""
    same, standing, spent = rows([f"{k:x}" for k in range(300)]), Standing("tone"), []
    for _ in range(3):
        look = text_contest.next_look(SPEC, standing, same)
        spent.append(look["alpha"])
        standing = after(standing, look)
    assert spent == pytest.approx([0.05 / (k * (k + 1)) for k in (1, 2, 3)])
    new = text_contest.next_look(SPEC, standing, rows([f"new {k}" for k in range(300)]))
    assert new["units"]["new"] == pytest.approx(300)
    assert new["alpha"] > 0.05 / 2


def test_equal_texts_are_one_unit() -> None:
    look = text_contest.next_look(SPEC, Standing("tone"), rows(["a", "a", "b"]))
    assert look["units"]["of"] == pytest.approx(2)


@pytest.mark.parametrize(
    ("low", "high", "first", "later"),
    [
        (0.01, 0.2, Verdict.FIRST_CHAMPION, Verdict.PROMOTE),
        (-0.01, 0.2, Verdict.INCONCLUSIVE, Verdict.INCONCLUSIVE),
        (0.0, 0.2, Verdict.INCONCLUSIVE, Verdict.INCONCLUSIVE),
        (-0.2, 0.0, Verdict.NO_CHAMPION, Verdict.KEEP),
        (-0.2, -0.1, Verdict.NO_CHAMPION, Verdict.KEEP),
    ],
)
def test_the_interval_rules(low: float, high: float, first: Verdict, later: Verdict) -> None:
    gain = Interval((low + high) / 2, low, high, 0.1, "normal")
    assert text_contest._ruled(gain, alpha=0.025, floor="bad")[0] is first
    verdict, words = text_contest._ruled(gain, alpha=0.025, floor="")
    assert verdict is later
    assert f"{low:+.4f}" in words


def test_a_worthless_challenger_is_promoted_no_more_often_than_alpha() -> None:
    """Two readers that are equally bad: the one-sided bound is above 0 in alpha of the samples, but for chance."""
    from experiments.texts.judging import macro_f1_difference

    rng, alpha, n_worlds = np.random.default_rng(0), 0.05, 200
    promoted = 0
    for _ in range(n_worlds):
        truth, one, other = rng.integers(0, 3, (3, 150))
        texts = [str(k) for k in range(150)]
        gain = macro_f1_difference(texts, truth, challenger=one, champion=other, seed=0, draws=200, level=1 - 2 * alpha)
        promoted += gain.low > 0
    assert promoted / n_worlds < alpha + 3 * np.sqrt(alpha * (1 - alpha) / n_worlds)
