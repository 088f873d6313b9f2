"""The spec of a reader of texts: `kind: texts` in `experiments/specs/NAME.yaml`, read once and frozen."""

from datetime import datetime, time
from typing import Annotated, Any, Literal, Protocol

from pydantic import BeforeValidator, Field, model_validator

from experiments.sections.section import HasName, Section, Seed, once
from features.file_format import PLAIN, FileFormat, Formats
from features.section import Moment, Name

KIND = "texts"
SpecName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]*$")]


def _texts(said: Any) -> Any:
    """Labels as texts: YAML reads `1` and `yes` as something else."""
    several = said if isinstance(said, list | tuple) else [said]
    return tuple(str(one) if not isinstance(one, bool) else {True: "true", False: "false"}[one] for one in several)


Labels = Annotated[tuple[str, ...], BeforeValidator(_texts)]


class TextLabels(Section):
    """Which labels in column mean bad, indifferent and good; a class may have none, two classes have some."""

    column: Name
    bad: Labels = ()
    indifferent: Labels = ()
    good: Labels = ()

    @property
    def names(self) -> dict[str, tuple[str, ...]]:
        """The labels of each class, in the order of `reading.CLASSES`: to import that takes pandas and OpenCC along."""
        return {"bad": self.bad, "indifferent": self.indifferent, "good": self.good}

    @model_validator(mode="after")
    def _mean_something(self) -> "TextLabels":
        once(tuple(label for labels in self.names.values() for label in labels))
        if sum(bool(labels) for labels in self.names.values()) < 2:
            raise ValueError(f"labels of at least two of {', '.join(self.names)} are needed")
        return self


class TableTexts(Section):
    """Texts of a file with labels: text, label.column, known_at and key are its columns.

    known_at says when a text was known; without it, whoever writes the spec answers for known_before. key names a text
    in messages: without it, the number of its row does.
    """

    kind: Literal["table"]
    file: Name
    format: FileFormat = PLAIN
    text: Name
    label: TextLabels
    known_at: Name | None = None
    key: Name | None = None

    @property
    def formats(self) -> Formats:
        """How the file is read."""
        return {} if self.format == PLAIN else {self.file: self.format}

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that are read."""
        return tuple(one for one in (self.text, self.label.column, self.known_at, self.key) if one is not None)


class SurveyTexts(Section):
    """Comments in the table `surveys` of another spec's data; scores from 0 to 10 are the labels.

    bad_to is the highest score of a bad comment, good_from the lowest of a good one; those between are indifferent.
    """

    kind: Literal["surveys"]
    spec: SpecName
    bad_to: float = Field(6.0, ge=0, le=10)
    good_from: float = Field(9.0, ge=0, le=10)

    @model_validator(mode="after")
    def _bands_are_apart(self) -> "SurveyTexts":
        if self.bad_to >= self.good_from:
            raise ValueError(f"bad_to is {self.bad_to:g} and must be below good_from, {self.good_from:g}")
        return self


class TextSplit(Section):
    """Which texts judge: the latest share of them where they have times, otherwise a share chosen by their hash."""

    share: float = Field(0.25, gt=0, lt=1)


class TextTuning(Section):
    """How many trials Optuna makes, judged on folds of the training texts; seed is of the trials and the folds."""

    trials: int = Field(4, ge=1, le=10_000)
    folds: int = Field(3, ge=2, le=20)
    seed: Seed = 0


class TextGate(Section):
    """When a reader may become champion.

    alpha: the probability that worthless readers are promoted, see docs/gate.md. minimum_texts: how many held-out texts
    of each class there must be. approval: nothing is promoted until somebody approves it.
    """

    alpha: float = Field(0.05, gt=0, le=0.25)
    minimum_texts: int = Field(20, ge=1, le=10**9)
    approval: bool = False


class TextsSpec(Section):
    """A reader of texts: what it learns from, which texts were known, and how it is judged.

    known_before: no text known at or after this time is learned from or judges, so that whoever pins the reader and
    begins to judge then is not shown the future.
    """

    kind: Literal["texts"]
    name: Name
    title: Name
    source: TableTexts | SurveyTexts
    known_before: Moment
    split: TextSplit
    tuning: TextTuning
    gate: TextGate = Field(default_factory=TextGate)

    @property
    def refit(self) -> bool:
        """Whether a champion is fitted again on all rows: a reader is not."""
        return False

    @property
    def known_until(self) -> str:
        """known_before as text, a date where it is midnight."""
        moment = self.known_before
        return str(moment.date()) if moment.time() == time() else moment.isoformat()


SOURCES: dict[str, type[TableTexts] | type[SurveyTexts]] = {"table": TableTexts, "surveys": SurveyTexts}


class HasTexts(HasName, Protocol):
    """A spec as far as it says which texts there are."""

    @property
    def source(self) -> TableTexts | SurveyTexts:
        """The section."""

    @property
    def known_before(self) -> datetime:
        """When the texts had to be known."""

    @property
    def split(self) -> TextSplit:
        """The section."""


class HasTuning(HasName, Protocol):
    """A spec as far as it says how parameters are searched."""

    @property
    def tuning(self) -> TextTuning:
        """The section."""
