import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.texts.equal_texts import folds_of, groups_of, held_out
from features.errors import DataError

SOME = st.lists(st.tuples(st.sampled_from(["a", "b", "c", "d", "e", "f"]), st.integers(0, 2)), min_size=1, max_size=40)


@given(SOME, st.integers(0, 5))
def test_equal_texts_are_in_one_fold_and_the_order_changes_nothing(some: list[tuple[str, int]], seed: int) -> None:
    texts, classes = [text for text, _ in some], np.array([one for _, one in some])
    folds = folds_of(texts, classes, n_folds=3, seed=seed)
    assert all(len({int(fold) for text, fold in zip(texts, folds, strict=True) if text == one}) == 1 for one in texts)
    assert (folds_of(texts[::-1], classes[::-1], n_folds=3, seed=seed)[::-1] == folds).all()


def test_every_class_is_held_out_by_its_share() -> None:
    texts, classes = [str(k) for k in range(3000)], np.arange(3000) % 10 // 6
    out = held_out(texts, classes, share=0.2, seed=1)
    assert [round(out[classes == one].mean(), 2) for one in (0, 1)] == [0.2, 0.2]
    assert (groups_of(["b", "a", "b"]) == [1, 0, 1]).all()


@pytest.mark.parametrize("share", [0.0, 1.0, -1.0])
def test_a_share_that_leaves_a_side_empty_is_refused(share: float) -> None:
    with pytest.raises(DataError):
        held_out(["a"], np.array([0]), share=share, seed=0)
