import optuna
import pytest

from experiments.texts import search
from experiments.texts.spec import TextTuning
from tests.text_worlds import texts_of

optuna.logging.set_verbosity(optuna.logging.WARNING)


def test_a_study_that_was_stopped_goes_on_as_if_it_had_not_been() -> None:
    texts, classes = texts_of(240, language="en", seed=1)
    studies = [optuna.create_study(direction="maximize") for _ in range(2)]
    asked = TextTuning(trials=3, folds=2, seed=5)
    for trials in (1, 2, 3):
        best = search.tuned(
            studies[0], texts, classes, asked=asked.model_copy(update={"trials": trials}), on_trial=lambda _: None
        )
    whole = search.tuned(studies[1], texts, classes, asked=asked, on_trial=lambda _: None)
    one, other = ([(trial.params, trial.value) for trial in search.ended(study)] for study in studies)
    assert one == other
    assert search.params_of(best) == search.params_of(whole)
    assert search.value_of(best) == max(value for _, value in one)
    assert one[0][0] == search.STARTING_POINTS[0]


def test_trials_that_are_there_are_not_repeated() -> None:
    texts, classes = texts_of(240, language="en", seed=1)
    study, told = optuna.create_study(direction="maximize"), []
    for _ in range(2):
        search.tuned(study, texts, classes, asked=TextTuning(trials=1, folds=2), on_trial=told.append)
    assert len(told) == 1


@pytest.mark.parametrize("seed", [0, 1])
def test_parameters_are_rounded_and_in_their_ranges(seed: int) -> None:
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=seed))
    for _ in range(20):
        found = search.search(study.ask())
        assert found == {name: float(f"{value:.5e}") for name, value in found.items()}
        assert 0.03 <= found["C"] <= 3
