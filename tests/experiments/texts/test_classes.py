import pytest

from experiments.texts.classes import classes_of
from features.errors import SpecError


def test_labels_become_classes_and_a_class_may_have_none_or_two() -> None:
    names = {"bad": ["0", "awful"], "indifferent": [], "good": ["1"]}
    assert classes_of([0, 1, "awful"], names).tolist() == [0, 2, 0]


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ({"ugly": ["0"], "good": ["1"]}, "unknown"),
        ({"bad": ["0"], "good": ["0"]}, "twice"),
        ({"bad": ["0"], "good": []}, "at least two"),
        ({"bad": ["0"], "good": ["2"]}, "mean no class"),
    ],
)
def test_wrong_names_are_refused(names: dict[str, list[str]], said: str) -> None:
    with pytest.raises(SpecError, match=said):
        classes_of(["0", "1"], names)
