"""The check that some learner of a spec can use each of its families."""

from experiments import families, learners
from experiments.spec import ExperimentSpec
from features.errors import SpecError
from features.plugins import file_of, plugin

# What a family may leave out, and some learners need.
OPTIONAL = ("regress", "prepare_jointly", "fit_jointly")


def check(spec: ExperimentSpec) -> None:
    """Raise SpecError, which says what to write, when no learner of a spec can use one of its families.

    Families take a second to import, so that one whose file names all that it may leave out is taken at its word.
    """
    for name in spec.tuning.families:
        text = file_of(families, name).read_text(encoding="utf-8")
        if not all(f"{function}=" in text for function in OPTIONAL):
            _check(spec, name)


def _check(spec: ExperimentSpec, name: str) -> None:
    from experiments.family import Family
    from experiments.uplift.learner import Learner, able_to_use

    there = [plugin(learners, learner, Learner) for learner in spec.tuning.learners]
    try:
        able_to_use(plugin(families, name, Family), there)
    except SpecError as error:
        raise SpecError(f"spec '{spec.name}': {error}") from error
