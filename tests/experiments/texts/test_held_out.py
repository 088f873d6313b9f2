import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.texts.held_out import digest_of, judging

NEVER = np.datetime64("NaT", "us")


def times(days: list[int]) -> np.ndarray:
    return np.datetime64("2024-01-01", "us") + np.array(days, dtype="timedelta64[D]").astype("timedelta64[us]")


def test_the_latest_judge() -> None:
    texts = [f"text {k}" for k in range(10)]
    assert judging(texts, times(list(range(10))), share=0.3).tolist() == [False] * 7 + [True] * 3
    assert judging(texts[::-1], times(list(range(10)))[::-1], share=0.3).tolist() == [True] * 3 + [False] * 7


def test_a_text_that_was_known_early_teaches_in_its_later_copies_too() -> None:
    texts = ["same", "b", "c", "d", "same"]
    assert judging(texts, times([0, 1, 2, 3, 4]), share=0.4).tolist() == [False, False, True, True, False]


@given(
    st.lists(st.tuples(st.sampled_from("abcdefgh"), st.integers(0, 20)), min_size=1, max_size=60),
    st.floats(0.05, 0.95),
    st.randoms(use_true_random=False),
)
def test_laws_of_the_split(rows: list[tuple[str, int]], share: float, random: object) -> None:
    """Equal texts on one side; at most the share judges; none that judges was known before one that teaches."""
    texts, days = [one for one, _ in rows], [day for _, day in rows]
    found = judging(texts, times(days), share=share)
    assert all(len(set(found[[text == one for text in texts]])) == 1 for one in set(texts))
    assert found.sum() <= share * len(texts)
    first = {one: min(day for text, day in rows if text == one) for one in set(texts)}
    teach, judge = (
        [first[text] for text, out in zip(texts, found, strict=True) if out == is_out] for is_out in (False, True)
    )
    assert not judge or not teach or max(teach) <= min(judge)
    order = list(range(len(rows)))
    random.shuffle(order)  # type: ignore[attr-defined]
    again = judging([texts[k] for k in order], times([days[k] for k in order]), share=share)
    assert again.tolist() == found[order].tolist()


def test_without_times_a_text_stays_on_its_side_when_others_come() -> None:
    texts = [f"text {k}" for k in range(4000)]
    never = np.full(4000, NEVER)
    found = judging(texts, never, share=0.2)
    assert judging(texts[:100], never[:100], share=0.2).tolist() == found[:100].tolist()
    assert abs(found.mean() - 0.2) < 4 * np.sqrt(0.2 * 0.8 / 4000)


@pytest.mark.parametrize(("one", "other"), [("a", "b"), ("a", "a "), ("", " ")])
def test_digests_tell_texts_apart(one: str, other: str) -> None:
    assert digest_of(one) != digest_of(other)
    assert digest_of("a") == "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"
