"""A condition of an alert rule: how many of a customer's recent texts contain words of a lexicon."""

from collections.abc import Iterator

from pydantic import Field

from experiments.logic import truth
from experiments.logic.condition import Columns, Condition, ConditionKind, Edges, Values, is_missing
from experiments.logic.truth import Truth
from features.section import Name


class WordsCondition(Condition):
    """At least so many texts, known within the last days, hold a word of the lexicon that is not negated."""

    words_of: Name = Field(alias="words")
    days: int = Field(ge=1, le=3_650)
    at_least: int = Field(1, ge=1)

    @property
    def column(self) -> str:
        """The column with the number of such texts."""
        return column_of(self.words_of, self.days)

    def columns(self) -> frozenset[str]:
        """The number of such texts."""
        return frozenset({self.column})

    def truth(self, values: Values) -> Truth:
        """Whether there are so many; never unknown where texts are counted at all."""
        counted = values[self.column].astype(float)
        return truth.of(counted >= self.at_least, known=~is_missing(counted))

    def edges(self) -> Edges:
        """The number asked for."""
        return {self.column: (float(self.at_least),)}

    def mistakes(self, columns: Columns) -> Iterator[str]:
        """A lexicon that there is not."""
        if self.column not in columns:
            yield f"there is no lexicon '{self.words_of}'"

    def words(self) -> str:
        """The lexicon, the days and the number."""
        return f"a word of '{self.words_of}' in at least {self.at_least} of the texts of {self.days} days"


def column_of(lexicon: str, days: int) -> str:
    """The column with the number of a customer's texts of the last days that hold a word of a lexicon."""
    return f"words {lexicon} {days}d"


KIND = ConditionKind(
    "words",
    "a number of texts of some days with a word of a lexicon",
    WordsCondition,
    {"words": "complaint", "days": 30},
)
